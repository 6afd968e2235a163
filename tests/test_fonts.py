"""The faces of the book: small, complete for what its pages say, and followed by faces of the same measure."""

import re
from collections.abc import Iterator
from pathlib import Path

import fonts
import pytest
from bs4 import BeautifulSoup
from common import HTML
from playwright.sync_api import Browser, Page

# What the faces do not have, and a face of the reader's system draws: signs of mathematics that stand outside formulas.
ELSEWHERE = {"serif": "∇∝‖⊤ᵀ⁻", "mono": "∇∝⊤ᵀ"}
CODE = ["pre", "code", "tt", "kbd", "samp"]
SAMPLE = "Multiply two lists entry by entry, and add up: that one operation carries the whole network. " * 8


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page that can use the faces of the book."""
    file = fonts.SHEET.with_name("try-the-fonts.html")
    file.write_text(f'<!DOCTYPE html><meta charset="utf-8"><style>{fonts.sheet()}</style><body>', encoding="utf-8")
    page = browser.new_page(viewport={"width": 700, "height": 900})
    page.goto(file.as_uri())
    yield page
    page.close()
    file.unlink()


def test_the_style_sheet_is_the_one_that_is_written() -> None:
    assert fonts.SHEET.read_text(encoding="utf-8") == fonts.sheet(), "run python tools/fonts.py"
    assert {path.name for path in fonts.FONTS.iterdir()} == {*(f"{name}.woff2" for name in fonts.FACES), "LICENSE.txt"}


def test_a_first_page_loads_at_most_90_kilobytes_of_faces_and_their_licence_lies_beside_them() -> None:
    assert sum(path.stat().st_size for path in fonts.FONTS.glob("*.woff2")) < 90_000
    licence = (fonts.FONTS / "LICENSE.txt").read_text(encoding="utf-8")
    assert all(f"{face.family} is made from: " in licence for face in fonts.FACES.values())
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
