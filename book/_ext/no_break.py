"""Do not let a line break between a formula and its punctuation, or between a number and its per cent sign.

A browser may break a line on either side of a formula, so a line could begin with a full stop. A short formula is put
into one element with the mark after it and the bracket before it, and no line breaks inside that. A long formula must
be able to break, so the mark after it becomes a part of the formula.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

SHORT = 28  # a formula of so many characters of TeX is at most about 200 pixels wide
BEFORE = re.compile(r"[(\[“‘]+$")
AFTER = re.compile(r"^[,.;:!?)\]”’]+")
NUMBER = re.compile(r"(?<=\d) (?=%|×)|(?<=×) (?=\d)")


class NoBreak(SphinxTransform):
    default_priority = 995  # after straight quotation marks have become round ones, which are looked for here

    def apply(self, **kwargs: Any) -> None:
        for text in list(self.document.findall(nodes.Text)):
            if NUMBER.search(text) and not isinstance(text.parent, nodes.FixedTextElement | nodes.literal | nodes.raw):
                put(text, [nodes.Text(NUMBER.sub("\N{NO-BREAK SPACE}", text))])
        for formula in list(self.document.findall(nodes.math)):
            if not isinstance(formula.parent, nodes.title):
                (keep_together if len(formula.astext()) <= SHORT else take_in)(formula)


def put(old: nodes.Node, new: list[nodes.Node]) -> None:
    """Replace this node, and not another with the same words, as `Element.replace` may: to it, equal texts are one."""
    parent = old.parent
    place = next(k for k, child in enumerate(parent) if child is old)
    parent[place : place + 1] = new


def take(formula: nodes.math, side: int, pattern: re.Pattern[str]) -> str:
    """Take the marks beside a formula out of the text before it (-1) or after it (+1), and return them."""
    siblings = formula.parent.children
    place = siblings.index(formula) + side  # a formula is found as itself; a text would be found by its words
    text = siblings[place] if 0 <= place < len(siblings) else None
    if not isinstance(text, nodes.Text) or not (found := pattern.search(text)):
        return ""
    put(text, [nodes.Text(text[: found.start()] + text[found.end() :])])
    return found[0]


def keep_together(formula: nodes.math) -> None:
    """Put a formula and the marks that touch it into one inline node that does not break."""
    before, after = take(formula, -1, BEFORE), take(formula, 1, AFTER)
    if before or after:
        parts = [nodes.Text(before), formula.deepcopy(), nodes.Text(after)]
        put(formula, [nodes.inline("", "", *(part for part in parts if part.astext()), classes=["no-break"])])


def take_in(formula: nodes.math) -> None:
    """Move the marks that follow a formula to its end."""
    if after := take(formula, 1, AFTER):
        put(formula, [nodes.math("", rf"{formula.astext()}\text{{{after}}}", **formula.attributes)])


def setup(app: Any) -> dict[str, bool]:
    app.add_transform(NoBreak)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
