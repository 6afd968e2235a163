"""Keep together what a narrow column would tear apart: a formula and its comma, a number and its per cent.

A browser may break a line on either side of a formula, so a line on a phone could begin with a full stop. A short
formula and the mark that follows it (or the bracket before it) become one piece; a long one must be able to break, and
takes the mark into itself.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

SHORT = 28  # characters of TeX: about 200 pixels at most
BEFORE = re.compile(r"[(\[“‘]+$")
AFTER = re.compile(r"^[,.;:!?)\]”’]+")
NUMBER = re.compile(r"(?<=\d) (?=%|×)|(?<=×) (?=\d)")


class NoBreak(SphinxTransform):
    default_priority = 995

    def apply(self, **kwargs: Any) -> None:
        for text in list(self.document.findall(nodes.Text)):
            if NUMBER.search(text) and not isinstance(text.parent, nodes.FixedTextElement | nodes.literal | nodes.raw):
                put(text, [nodes.Text(NUMBER.sub("\N{NO-BREAK SPACE}", text))])
        for formula in list(self.document.findall(nodes.math)):
            if not isinstance(formula.parent, nodes.title):
                (keep_together if len(formula.astext()) <= SHORT else take_in)(formula)


def put(old: nodes.Node, new: list[nodes.Node]) -> None:
    """Replace this very node; `Element.replace` takes the first of equal texts for it."""
    parent = old.parent
    place = next(k for k, child in enumerate(parent) if child is old)
    parent[place : place + 1] = new


def keep_together(formula: nodes.math) -> None:
    """Put a formula and the marks that touch it into one inline node that does not break."""
    siblings = formula.parent.children
    place = siblings.index(formula)  # an element is equal to itself alone
    piece = nodes.inline(classes=["no-break"])
    previous = siblings[place - 1] if place else None
    following = siblings[place + 1] if place + 1 < len(siblings) else None
    before = BEFORE.search(previous) if isinstance(previous, nodes.Text) else None
    after = AFTER.search(following) if isinstance(following, nodes.Text) else None
    if before:
        put(previous, [nodes.Text(previous[: before.start()])])
        piece += nodes.Text(before[0])
    piece += formula.deepcopy()
    if after:
        put(following, [nodes.Text(following[after.end() :])])
        piece += nodes.Text(after[0])
    if before or after:
        put(formula, [piece])


def take_in(formula: nodes.math) -> None:
    """Move the marks that follow a formula to its end."""
    siblings = formula.parent.children
    place = siblings.index(formula)
    following = siblings[place + 1] if place + 1 < len(siblings) else None
    if isinstance(following, nodes.Text) and (after := AFTER.search(following)):
        put(following, [nodes.Text(following[after.end() :])])
        longer = nodes.math("", rf"{formula.astext()}\text{{{after[0]}}}", **formula.attributes)
        put(formula, [longer])


def setup(app: Any) -> dict[str, bool]:
    app.add_transform(NoBreak)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
