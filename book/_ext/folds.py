"""What a chapter told in two layers has on its page: the directive `bet`, and stable addresses for folds.

A fold for depth is a heading `### Deeper: … · 6 min`; finish_pages.py folds it. The minutes may change, so they are
taken out of the id that Sphinx makes of the heading.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective


class Bet(nodes.General, nodes.Element):
    """A question that the reader answers before reading on."""


class BetDirective(SphinxDirective):
    """A question, with a blank for the answer. Bets of a page are numbered, and known by their number: `data-bet`."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        bet = Bet(number=self.env.new_serialno("bet") + 1)
        self.state.nested_parse(self.content, self.content_offset, bet)
        first = bet[0]
        if not isinstance(first, nodes.paragraph):
            raise self.error("a bet begins with a question in words")
        first.insert(0, [nodes.strong("", "Bet."), nodes.Text(" ")])
        bet += nodes.paragraph("", "Your bet: ____", classes=["bet-answer"])
        return [bet]


def visit_bet(writer: Any, bet: Bet) -> None:
    writer.body.append(f'<div class="bet" data-bet="{bet["number"]}">\n')


def depart_bet(writer: Any, bet: Bet) -> None:
    writer.body.append("</div>\n")


class StableIds(SphinxTransform):
    """Take the minutes out of the ids of folds, before labels are joined to them."""

    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        for section in self.document.findall(nodes.section):
            if not section[0].astext().startswith("Deeper: "):
                continue
            for old in list(section["ids"]):
                new = re.sub(r"-\d+-min$", "", old)
                if new == old:
                    continue
                if new in self.document.ids:
                    raise ExtensionError(f"{self.env.docname}: two headings have the id {new}; give one another title")
                section["ids"][section["ids"].index(old)] = new
                self.document.ids[new] = self.document.ids.pop(old)
                for name, known in self.document.nameids.items():
                    if known == old:
                        self.document.nameids[name] = new


def setup(app: Any) -> dict[str, bool]:
    app.add_node(Bet, html=(visit_bet, depart_bet))
    app.add_directive("bet", BetDirective)
    app.add_transform(StableIds)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
