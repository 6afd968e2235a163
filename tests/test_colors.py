"""One colour for each kind of thing, the same in plots, in interactive figures, on the pages and in the text."""

import re
from pathlib import Path

from scratchnet.plots import COLORS

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "src" / "scratchnet" / "figures"
KINDS = {kind: COLORS[kind].lower() for kind in ("data", "parameters", "activations", "gradients")}


def written(file: Path) -> list[str]:
    return [color.lower() for color in re.findall(r"#[0-9A-Fa-f]{6}\b", file.read_text(encoding="utf-8"))]


def test_the_style_sheets_give_each_kind_of_thing_the_colour_that_plots_give_it() -> None:
    in_figures = re.findall(
        r"--(\w+): var\(--sn-\1, (#\w{6})\)", (FIGURES / "core.css").read_text(encoding="utf-8").lower()
    )
    assert {kind: color for kind, color in in_figures if kind in KINDS} == KINDS
    sheet = (ROOT / "book" / "_static" / "scratchnet.css").read_text(encoding="utf-8").lower()
    light, dark = (
        {kind: color for kind, color in re.findall(r"--sn-(\w+): (#\w{6});", rules) if kind in KINDS}
        for rules in sheet.split('html[data-theme="dark"]')[:2]
    )
    assert light == KINDS
    assert dark.keys() == KINDS.keys()
    notebook = re.findall(r"--sn-(\w+): (#\w{6});", (FIGURES / "core.css").read_text(encoding="utf-8").lower())
    assert {kind: color for kind, color in notebook if kind in KINDS} == dark


def test_colours_that_a_script_a_text_or_a_picture_repeats_are_those_of_plots() -> None:
    pen = re.findall(
        r'strokeStyle = .*"(#\w{6})" : "(#\w{6})"', (FIGURES / "draw_digit.js").read_text(encoding="utf-8")
    )
    assert pen == [(KINDS["parameters"], KINDS["data"])]
    # this page imports nothing of scratchnet
    assert set(written(ROOT / "book" / "text" / "mnist-ml.md")) == {KINDS["data"], KINDS["activations"]}
    assert set(KINDS.values()) - {KINDS["gradients"]} <= set(written(ROOT / "book" / "_static" / "network.svg"))
