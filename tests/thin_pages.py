"""Built pages without the boxes by which formulas are drawn: those are most elements of a page, and say nothing."""

from pathlib import Path

from common import HTML, pages
from lxml import html


def thin(page: Path) -> str:
    """Return a page without them; what a formula says stands beside them, for screen readers."""
    tree = html.document_fromstring(page.read_text(encoding="utf-8"))
    for boxes in tree.xpath("//span[@class='katex-html']"):
        boxes.drop_tree()
    return str(html.tostring(tree, encoding="unicode", doctype="<!DOCTYPE html>"))


def thin_site(folder: Path) -> Path:
    """Write the pages of the table of contents there, beside the pictures and sheets of the site; return the folder."""
    for name in ("_images", "_static"):
        (folder / name).symlink_to(HTML / name)
    for name in pages():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / f"{name}.html").write_text(thin(HTML / f"{name}.html"), encoding="utf-8")
    return folder
