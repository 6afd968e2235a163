"""The faces of the book: small, complete for what its pages say, and followed by faces of the same measure."""

from collections.abc import Iterator
from pathlib import Path

import fonts
import pytest
from common import HTML
from lxml import html
from playwright.sync_api import Browser, Page

# Signs of mathematics outside formulas, which our faces do not have and a face of the reader's system draws.
ELSEWHERE = set("ŝ\u0302κ⅘∇∝∈‖⊤ᵀᵗᶻⱼ⁻▸")
SAMPLE = "Multiply two lists entry by entry, and add up: one operation carries the whole network. " * 8


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page that has the style sheet of the faces and nothing to read yet."""
    file = tmp_path / "page.html"
    sheet = fonts.sheet().replace("url(fonts/", f"url({fonts.FONTS.as_uri()}/")
    file.write_text(f'<!DOCTYPE html><meta charset="utf-8"><style>{sheet}</style><body>', encoding="utf-8")
    page = browser.new_page(viewport={"width": 600, "height": 900})
    page.goto(file.as_uri())
    yield page
    page.close()


def show(page: Page, name: str, text: str, family: str | None = None) -> None:
    """Let the page be one paragraph in this face."""
    face = fonts.FACES[name]
    style = f"font: {face.style} {face.weight} 18px/1.6 '{family or face.family}', monospace"
    page.evaluate(
        """([style, text]) => {
            const paragraph = Object.assign(document.createElement("p"), {style, textContent: text});
            document.body.replaceChildren(paragraph);
            return document.fonts.ready;
        }""",
        [style, text],
    )


def faces_used(page: Page) -> dict[str, int]:
    """Return how many glyphs of the paragraph came from which face; those of a style sheet are marked with a star."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": "p"})["nodeId"]
    found = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    return {font["familyName"] + "*" * font["isCustomFont"]: font["glyphCount"] for font in found}


def test_the_style_sheet_is_the_one_that_is_written_and_names_every_face_that_is_there() -> None:
    assert fonts.SHEET.read_text(encoding="utf-8") == fonts.sheet(), "run python tools/fonts.py"
    assert {path.name for path in fonts.FONTS.iterdir()} == {*(f"{name}.woff2" for name in fonts.FACES), "LICENSE.txt"}


def test_a_first_page_loads_at_most_90_kilobytes_of_faces_and_their_licence_lies_beside_them() -> None:
    assert sum(path.stat().st_size for path in fonts.FONTS.glob("*.woff2")) <= 90_000
    licence = (fonts.FONTS / "LICENSE.txt").read_text(encoding="utf-8")
    assert all(f"{face.family} is made from: " in licence for face in fonts.FACES.values())
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence


@pytest.mark.site
@pytest.mark.parametrize("name", fonts.FACES)
def test_a_face_draws_every_character_that_it_promises(page: Page, name: str) -> None:
    show(page, name, fonts.CHARACTERS[name.partition("-")[0]])
    assert [used.endswith("*") for used in faces_used(page)] == [True]


@pytest.mark.site
def test_the_faces_have_every_character_of_the_pages_or_leave_it_to_another_on_purpose() -> None:
    missing: dict[str, set[str]] = {"serif": set(), "mono": set()}
    paths = sorted(HTML.rglob("book/*.html"))
    assert paths, "there is no site to look at: run `make book` first"
    for path in paths:
        (article,) = html.fromstring(path.read_text(encoding="utf-8")).xpath("//article")
        for formula in article.xpath(".//span[@class='katex'] | .//script"):
            formula.drop_tree()
        code = "".join(article.xpath(".//*[self::pre or self::code or self::kbd]//text()"))
        text = "".join(article.xpath(".//text()[not(ancestor::pre or ancestor::code or ancestor::kbd)]"))
        for kind, characters in (("mono", code), ("serif", text)):
            missing[kind] |= set(characters) - set(fonts.CHARACTERS[kind]) - ELSEWHERE - set("\n\t\u200b")
    assert missing == {"serif": set(), "mono": set()}


@pytest.mark.site
@pytest.mark.parametrize("name", [name for name in fonts.FACES if name.startswith("serif")])
def test_a_text_is_as_long_and_as_tall_before_its_face_has_arrived_as_after(page: Page, name: str) -> None:
    """Liberation Serif, which is as wide as Times, stands for the reader's system."""
    sizes = []
    for family in (None, "Scratchnet Times"):
        show(page, name, SAMPLE, family)
        (used,) = faces_used(page)
        assert used == "Liberation Serif" or used.endswith("*")
        height = page.locator("p").evaluate("node => node.offsetHeight")
        width = "node => { node.style.whiteSpace = 'nowrap'; return node.scrollWidth }"
        sizes.append([height, page.locator("p").evaluate(width)])
    assert sizes[0] == pytest.approx(sizes[1], rel=0.02)
