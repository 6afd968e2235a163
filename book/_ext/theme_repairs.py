"""What the theme does that a page of this book must not do, undone. Each repair fails loudly when the theme changes.

- thebe: its script declares one name twice on every page, which is a JavaScript error. The book launches notebooks
  elsewhere and needs none of it.
- external scripts: nothing on a page may come from another host.
"""

from typing import Any

from sphinx.errors import ExtensionError


def source(script: Any) -> str:
    """The address and the text of a script entry."""
    attributes = getattr(script, "attributes", {})
    return f"{getattr(script, 'filename', None) or ''} {attributes.get('body') or ''}"


def repair(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    scripts = context.get("script_files", [])
    kept = [script for script in scripts if "thebe" not in source(script).lower()]
    if scripts and len(kept) == len(scripts) and app.config.html_theme == "sphinx_book_theme":
        raise ExtensionError("the theme puts no thebe script on a page any more: remove this repair")
    for script in kept:
        if source(script).lstrip().startswith(("http:", "https:", "//")):
            raise ExtensionError(f"{pagename}: a script from another host: {source(script)}")
    context["script_files"] = kept


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", repair, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
