"""Make the page of a chapter from its text in book/text/, in MyST, with the outputs that its notebooks hold.

The table of contents names the notebook, which is in plain Markdown. When Sphinx reads it, it gets the text instead.
"""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[2]


def read_text(app: Any, docname: str, source: list[str]) -> None:
    """Replace what was read of a notebook by the cells of its text, with the outputs of the notebook."""
    text = Path(app.srcdir, docname).parent / "text" / f"{Path(docname).name}.md"
    if not text.exists():
        return
    chapter = Chapter(book(text.parents[1], app.config.html_baseurl), text)
    if not chapter.take_outputs():
        raise ExtensionError(f"{docname}: the notebook does not have the code of {text.name}; run `make notebooks`")
    for file in (text, chapter.path_of_solutions):
        app.env.note_dependency(str(file))
    for output in (output for cell in chapter.cells for output in cell.get("outputs", [])):
        if shown := output.get("data", {}).get("text/markdown"):  # a listing; the page knows what its letters are
            output.data["text/markdown"] = shown.removeprefix("<samp>").removesuffix("</samp>").strip("\n")
    source[0] = nbformat.writes(nbformat.v4.new_notebook(cells=chapter.cells, metadata=METADATA))


sys.path.insert(0, str(ROOT / "tools"))
from notebooks import METADATA, Chapter  # noqa: E402 — the tools are no package
from plain import Book  # noqa: E402

book = cache(Book)  # Book reads all texts, and once is enough for all pages


def setup(app: Any) -> dict[str, bool]:
    app.connect("source-read", read_text)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
