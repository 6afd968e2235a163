"""Change what autodoc writes on the page of the module.

Where a docstring names a chapter, such as chapter "sgd", the page has a link. The link says the number of the chapter
and not its title, because a title is a question, and a sentence that ends with it would end with two marks. The fields
of a named tuple are left out, because its docstring explains them. A default that is an empty list is written as [].
"""

import re
from pathlib import Path
from typing import Any

from chapter_zero import number_of

TEXTS = Path(__file__).parents[1] / "text"


def link_chapters(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    def link(words: str, chapter: str) -> str:
        (text,) = TEXTS.glob(f"[0-9]*-{chapter}.md")
        return f":ref:`{words}{number_of(text.stem)} <ch-{chapter}>`"

    def linked(found: re.Match[str]) -> str:
        one, first, second = found.groups()
        return link("chapter ", one) if one else f"chapters {link('', first)} and {link('', second)}"

    named = r'"([\w-]+)"'
    either = rf"chapter\s+{named}|chapters\s+{named}\s+and\s+{named}"
    lines[:] = re.sub(either, linked, "\n".join(lines)).split("\n")


def leave_out_fields(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") else None


def empty_lists(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> Any:
    return (signature and signature.replace("<factory>", "[]")), returns


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", link_chapters, priority=400)  # before napoleon
    app.connect("autodoc-skip-member", leave_out_fields)
    app.connect("autodoc-process-signature", empty_lists)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
