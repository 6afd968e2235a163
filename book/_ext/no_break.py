"""Keep together what a narrow column would tear apart: a formula and its comma, a number and its per cent.

A browser may break a line on either side of a formula, so a line on a phone could begin with a full stop. A short
formula and the mark that follows it (or the bracket before it) become one piece; a long one must be able to break.
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
                text.parent.replace(text, nodes.Text(NUMBER.sub("\N{NO-BREAK SPACE}", text)))
        for formula in list(self.document.findall(nodes.math)):
            if len(formula.astext()) <= SHORT and not isinstance(formula.parent, nodes.title):
                keep_together(formula)


def keep_together(formula: nodes.math) -> None:
    """Put a formula and the marks that touch it into one inline node that does not break."""
    parent = formula.parent
    place = parent.index(formula)
    around = [
        parent[k] if 0 <= k < len(parent) and isinstance(parent[k], nodes.Text) else None
        for k in (place - 1, place + 1)
    ]
    before, after = (
        pattern.search(text) if text is not None else None
        for pattern, text in zip((BEFORE, AFTER), around, strict=True)
    )
    if not before and not after:
        return
    piece = nodes.inline(classes=["no-break"])
    parent.replace(formula, piece)
    piece += [nodes.Text(before[0])] if before else []
    piece += formula
    piece += [nodes.Text(after[0])] if after else []
    if before:
        parent.replace(around[0], nodes.Text(around[0][: before.start()]))
    if after:
        parent.replace(around[1], nodes.Text(around[1][after.end() :]))


def setup(app: Any) -> dict[str, bool]:
    app.add_transform(NoBreak)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
