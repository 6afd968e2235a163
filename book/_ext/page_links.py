"""Give the template the addresses that the theme hides behind three icons: run this page, its notebook, its source.

The menus of the theme need 80 kB of script. The template (templates/layout.html) says the same in words.
"""

from typing import Any

from sphinx.errors import ExtensionError

OF_EVERY_PAGE = {"source": "Repository", "issue": "Open issue"}
OF_A_NOTEBOOK = {"binder": "Binder", "colab": "Colab", "notebook": ".ipynb"}


def addresses(buttons: list[dict[str, Any]]) -> dict[str, str]:
    """Return the addresses behind the theme's menus, by the text of their buttons."""
    flat = [button for group in buttons for button in group.get("buttons", [group])]
    return {button["text"]: button["url"] for button in flat if "url" in button and button.get("text")}


def give_links(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the addresses into the context of a page as `links`. A page without a document, the index, has none."""
    if doctree is None:
        return
    found = addresses(context["header_buttons"])
    is_notebook = app.env.doc2path(pagename).endswith(".ipynb")
    wanted = {**OF_EVERY_PAGE, **(OF_A_NOTEBOOK if is_notebook else {})}
    if missing := set(wanted.values()) - found.keys():
        raise ExtensionError(f"{pagename}: of the buttons {sorted(found)} none is called {sorted(missing)}")
    context["links"] = {name: found[text] for name, text in wanted.items()}


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", give_links, priority=900)  # after the theme has made its buttons
    return {"parallel_read_safe": True, "parallel_write_safe": True}
