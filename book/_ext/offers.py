"""What a page offers in words: run this chapter, take the notebook home, say what is wrong.

The theme hides these behind three icons with menus, which need 80 kB of script. We use its addresses, not its menus.
"""

from typing import Any

from sphinx.errors import ExtensionError


def addresses(buttons: list[dict[str, Any]]) -> dict[str, str]:
    """The addresses behind the theme's menus, by what is written on their buttons."""
    flat = [button for group in buttons for button in group.get("buttons", [group])]
    return {button["text"]: button["url"] for button in flat if "url" in button and button.get("text")}


def in_words(found: dict[str, str]) -> str:
    """The line below the title of a chapter."""
    return (
        '<p class="run d-print-none">Run this page, with nothing to install: '
        f'<a href="{found["Binder"]}">in Binder</a> or <a href="{found["Colab"]}">in Colab</a>. '
        f'Or <a href="{found[".ipynb"]}" download>download the notebook</a>.</p>'
    )


def offer(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if "header_buttons" not in context or "body" not in context or doctree is None:
        return
    found = addresses(context["header_buttons"])
    if not {"Repository", "Open issue"} <= found.keys():
        raise ExtensionError(f"{pagename}: the theme names its buttons otherwise: {sorted(found)}")
    context["offers"] = {"repository": found["Repository"], "issue": found["Open issue"].replace("&", "&amp;")}
    if app.env.doc2path(pagename).endswith(".ipynb"):
        if not {"Binder", "Colab", ".ipynb"} <= found.keys() or "</h1>" not in context["body"]:
            raise ExtensionError(f"{pagename}: a notebook without a title or without a place to run: {sorted(found)}")
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{in_words(found)}", 1)


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", offer, priority=900)  # after the theme has made its buttons
    return {"parallel_read_safe": True, "parallel_write_safe": True}
