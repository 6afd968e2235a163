"""The address of the site itself leads on to the landing page, by a whole page: title, icon, language, a link."""

from pathlib import Path
from typing import Any

from sphinx.errors import ExtensionError

PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="refresh" content="0; url={target}" />
<title>{title}</title>
<link rel="canonical" href="{address}{target}" />
<link rel="icon" href="_static/favicon.svg" />
</head>
<body><p>The book begins at <a href="{target}">{title}</a>.</p></body>
</html>
"""


def open_door(app: Any, exception: Exception | None) -> None:
    """Replace the bare redirect that the table of contents writes."""
    if exception or app.builder.name != "html":
        return
    door, target = Path(app.outdir) / "index.html", f"{app.config.root_doc}.html"
    if not door.exists() or target not in door.read_text(encoding="utf-8"):
        raise ExtensionError(
            f"index.html leads nowhere, or not to {target}: is the root of the book still a page in book/?"
        )
    config = app.config
    page = PAGE.format(language=config.language, title=config.project, target=target, address=config.html_baseurl)
    door.write_text(page, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    app.connect("build-finished", open_door, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
