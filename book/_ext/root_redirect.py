"""Let index.html at the root of the site lead on to the first page, and make it a whole page with title and icon."""

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


def redirect(app: Any, exception: Exception | None) -> None:
    """Replace the redirect that sphinx-external-toc writes, which has neither a title nor a link."""
    if exception or app.builder.name != "html":
        return
    root, target = Path(app.outdir) / "index.html", f"{app.config.root_doc}.html"
    if not root.exists() or target not in root.read_text(encoding="utf-8"):
        raise ExtensionError(
            f"index.html does not lead to {target}: is the root of the book no longer a page in book/?"
        )
    config = app.config
    page = PAGE.format(language=config.language, title=config.project, target=target, address=config.html_baseurl)
    root.write_text(page, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    app.connect("build-finished", redirect, priority=950)  # after sphinx-external-toc
    return {"parallel_read_safe": True, "parallel_write_safe": True}
