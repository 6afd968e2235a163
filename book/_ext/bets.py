"""The directive `bet`: a question that the reader answers before reading on.

A bet says what kind of answer it asks for, and which words of the page settle it. From this, `bets.js` makes the blanks
that the reader fills in, and shows guesses beside results at the end. Without scripts a bet is a question with a blank.
"""

import json
from html import escape
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective


class Bet(nodes.General, nodes.Element):
    """A question that the reader answers before reading on."""


def blanks(text: str) -> list[dict[str, Any]]:
    """Read the option `:answer:`, and return what there is to fill in.

    Blanks are separated by semicolons. Each is `words`, `number`, `number UNIT`, or choices with bars between them, and
    may have a label before a colon: `with eight: number of 100; it falls: yes | no`.
    """
    found = []
    for part in text.split(";"):
        label, _, kind = part.rpartition(": ")
        choices = [choice.strip() for choice in kind.split("|")]
        first, _, unit = choices[0].partition(" ")
        blank: dict[str, Any] = {"label": label.strip()}
        if len(choices) > 1:
            blank |= {"kind": "choice", "choices": choices}
        elif first in ("number", "words"):
            blank |= {"kind": first} | ({"unit": unit} if unit else {})
        if "kind" not in blank or not all(choices):
            raise ValueError(f"“{part.strip()}” is neither `words` nor `number`, nor choices with | between them")
        found.append(blank)
    if len(found) > 1 and not all(blank["label"] for blank in found):
        raise ValueError("of several blanks each needs a label: `first: number; second: number`")
    return found


class BetDirective(SphinxDirective):
    """A question, with a blank for the answer. The bets of a page are numbered, and `data-bet` holds the number.

    :answer: what kind of answer the question wants; `words` if the option is left out. :result: words of the page that
    settle it, in pieces with … between them. The build stops where the page does not have these words after the bet.
    """

    has_content = True
    option_spec: ClassVar = {"answer": directives.unchanged_required, "result": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        try:
            kinds = blanks(self.options.get("answer", "words"))
        except ValueError as error:
            raise self.error(f"a bet: {error}") from error
        bet = Bet(number=self.env.new_serialno("bet") + 1, blanks=kinds, result=self.options.get("result", ""))
        self.state.nested_parse(self.content, self.content_offset, bet)
        first = bet[0]
        if not isinstance(first, nodes.paragraph):
            raise self.error("a bet begins with a question in words")
        first.insert(0, [nodes.strong("", "Bet."), nodes.Text(" ")])
        bet += nodes.paragraph("", "Your bet: ____", classes=["bet-answer"])
        return [bet]


def visit_bet(writer: Any, bet: Bet) -> None:
    told = {"bet": bet["number"], "blanks": json.dumps(bet["blanks"], ensure_ascii=False), "result": bet["result"]}
    written = " ".join(f'data-{name}="{escape(str(value))}"' for name, value in told.items() if value)
    writer.body.append(f'<div class="bet" {written}>\n')


def depart_bet(writer: Any, bet: Bet) -> None:
    writer.body.append("</div>\n")


class Results(SphinxTransform):
    """Find where each bet is settled, and give what holds the first words of its result the id `bet-1-result`.

    A result is a quotation, so that it cannot say anything else than the page: the build stops where it is not found
    after its bet.
    """

    default_priority = 870  # after straight quotation marks have become round ones, which results are written with

    def apply(self, **kwargs: Any) -> None:
        kinds = Bet | nodes.paragraph | nodes.literal_block
        told = [
            node for node in self.document.findall() if isinstance(node, kinds) and not isinstance(node.parent, Bet)
        ]
        for place, bet in enumerate(told):
            if isinstance(bet, Bet) and bet["result"]:
                self.settle(bet, [node for node in told[place + 1 :] if not isinstance(node, Bet)])

    def settle(self, bet: Bet, after: list[nodes.Node]) -> None:
        """Find the pieces of the result one after the other, in what stands after the bet."""
        pieces = [spaced(piece) for piece in bet["result"].split("…")]
        holder = None
        for node in after:
            text = spaced(node.astext())
            while pieces and pieces[0] in text:
                text = text.partition(pieces.pop(0))[2]
                holder = holder or node
        if pieces:
            raise ExtensionError(f"{self.env.docname}, bet {bet['number']}: “{pieces[0]}” does not stand after it")
        holder["ids"].append(f"bet-{bet['number']}-result")


def spaced(text: str) -> str:
    """Return a text in which several spaces, or the end of a line, have become one space."""
    return " ".join(text.split())


def setup(app: Any) -> dict[str, bool]:
    app.add_node(Bet, html=(visit_bet, depart_bet))
    app.add_directive("bet", BetDirective)
    app.add_transform(Results)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
