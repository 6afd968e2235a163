"""On a phone a reader sees a displayed formula whole, because half of an equality is hard to read."""

import pytest
from browser_page import Watched
from common import HTML, ROOT

pytestmark = pytest.mark.site

PHONE = 390  # CSS pixels, the width of many phones
CHAPTERS = [path.stem for path in sorted((ROOT / "book" / "text").glob("*.md"))]
# Folds and solutions are opened, and sections laid out that the reader has not come near.
UNFOLDED = ".bd-article section > * { content-visibility: visible !important }"
UNFOLD = """() => {
    document.querySelectorAll("details").forEach(node => { node.open = true });
    return document.fonts.ready.then(() => null);
}"""
WIDTHS = """nodes => nodes.map(node => [node.querySelector("annotation").textContent.trim(),
                                        node.clientWidth, node.scrollWidth])"""


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_displayed_formula_is_wider_than_the_column_of_a_phone(desktop: Watched, name: str) -> None:
    page = desktop.page
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.goto((HTML / "book" / f"{name}.html").as_uri())
    page.add_style_tag(content=UNFOLDED)
    page.evaluate(UNFOLD)
    formulas = page.locator(".katex-display").evaluate_all(WIDTHS)
    assert [source for source, column, _ in formulas if not column] == [], "these were not laid out"
    assert [source for source, column, width in formulas if width > column] == []
