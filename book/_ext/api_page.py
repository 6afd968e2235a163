"""Change what autodoc writes on the page of the module.

Where a docstring names a chapter, such as chapter "sgd", the page has a link. The fields of a named tuple are left out,
because its docstring explains them. A default that is an empty list is written as [].
"""

import re
from typing import Any


def link_chapters(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = re.sub(r'chapter\s+"([\w-]+)"', r":ref:`ch-\1`", "\n".join(lines)).split("\n")


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
