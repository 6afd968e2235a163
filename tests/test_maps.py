"""The maps of the network: one for each chapter, drawn by tools/maps.py, and readable by everyone on every page."""

import re
from itertools import pairwise

import maps
import pytest
from common import ROOT
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from scratchnet.plots import COLORS

PHONE = 340  # pixels: how wide a picture can be on a phone
CHAPTERS = {path.stem for path in (ROOT / "book" / "text").glob("[0-9][0-9]-*.md")}


def brightness(color: str) -> float:
    """Return the relative luminance of a colour as WCAG 2.1 defines it."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted([brightness(one), brightness(other)])
    return (light + 0.05) / (dark + 0.05)


def test_the_maps_that_are_there_are_those_that_are_drawn() -> None:
    written = {path.stem: path.read_text(encoding="utf-8") for path in maps.MAPS.glob("*.svg")}
    assert written == {name: maps.draw(name) for name in maps.LIT}, "run python tools/maps.py"


def test_every_chapter_has_a_map_of_its_own() -> None:
    assert set(maps.LIT) >= CHAPTERS
    assert len(set(maps.LIT.values())) == len(maps.LIT)


def test_what_is_lit_stands_out_without_its_colour_and_every_word_can_be_read() -> None:
    for kind in {part.kind for part in maps.PARTS.values()}:
        assert contrast("#FFFFFF", COLORS[kind]) >= 4.5
    assert contrast(maps.PAPER, COLORS["muted"]) >= 4.5
    lit, dark = maps.draw("18-frameworks"), maps.draw("00-refresher")
    inks = [set(re.findall(r'<text[^>]*fill="(#\w{6})"', drawing)) for drawing in (lit, dark)]
    assert inks == [{"#FFFFFF"}, {COLORS["muted"]}]


@pytest.mark.parametrize("name", maps.PARTS)
def test_words_fit_into_their_part_in_a_wide_face_and_are_tall_enough_on_a_phone(name: str) -> None:
    part = maps.PARTS[name]
    size = TextPath((0, 0), part.words or "0", size=maps.LETTERS, prop=FontProperties(family="DejaVu Sans"))
    room = part.width - (8 if part.radius else 2)
    assert size.get_extents().width <= room
    assert maps.LETTERS * PHONE / maps.WIDTH > 10


def test_no_two_parts_touch_and_none_leaves_the_paper() -> None:
    for y in (maps.FORWARD, maps.BACK):
        row = sorted((part for part in maps.PARTS.values() if part.y == y), key=lambda part: part.x)
        edges = [(part.x - part.width / 2, part.x + part.width / 2) for part in row]
        assert edges[0][0] > 4
        assert edges[-1][1] < maps.WIDTH - 4
        assert all(right[0] - left[1] >= 12 for left, right in pairwise(edges))
