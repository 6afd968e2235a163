"""Draw book/_static/network.svg: the network of the book reads a digit that it was not trained on.

    python tools/network_picture.py

Everything in the picture is computed from book/network.npz. A square is a pixel, and the darker it is, the more ink the
pixel has. A line stands for a product: of a pixel and its weight, or of an activation and its weight. The larger the
product, the darker the line; the smallest are left out. A disc is the fuller, the larger the activation or the
probability of its unit.

Also draws book/_static/social.png: the same picture and the name of the book. Other sites show it with a link to this.
"""

from pathlib import Path

import numpy as np
from common import ROOT, chromium
from PIL import Image
from playwright.sync_api import sync_playwright

import scratchnet as sn
from scratchnet.plots import COLORS
from scratchnet.types import FloatArray

STATIC = ROOT / "book" / "_static"
DIGIT, LINES = 4, 260
TITLE = "A handwritten four is read by the network"
DESCRIPTION = (
    "A handwritten four of 784 pixels is joined by weights to ten hidden units, and these to ten outputs, one for each "
    "digit. The output for four is lit."
)
LEFT, TOP, CELL = 22, 22, 8  # the corner of the image, and the side of a pixel
HIDDEN, OUTPUT, ROW, RADIUS = 396, 588, 24, 9  # x of the two columns of discs, distance of rows, radius


def example(params: sn.Parameters) -> FloatArray:
    """Return a dev image of DIGIT: the one with the median of the probabilities that the network gives to DIGIT."""
    digits = sn.read_digits(ROOT / "data" / "train.csv.gz")
    X = sn.normalize(digits.images, np.float64)
    _, (X_dev, y_dev) = sn.train_dev_split(X, digits.labels, dev_size=2000, rng=np.random.default_rng(0))
    kind = X_dev[y_dev == DIGIT]
    order = sn.predict_proba(params, kind)[:, DIGIT].argsort()
    return kind[order[len(order) // 2]]


def height(unit: int) -> int:
    """Return the y of a disc's centre."""
    return TOP + 4 + ROW * unit


def lines(strength: FloatArray, starts: list[tuple[float, float]], x: int, count: int) -> list[str]:
    """Draw the `count` strongest of the lines from `starts` to the column of discs at x, in five shades."""
    kept = np.argsort(np.abs(strength).ravel())[-count:]
    largest = np.abs(strength).max()
    shades: dict[int, list[str]] = {}
    for index in kept:
        row, unit = divmod(int(index), strength.shape[1])
        shade = int(np.ceil(5 * abs(strength[row, unit]) / largest))
        shades.setdefault(shade, []).append(f"M{starts[row][0]:g} {starts[row][1]:g}L{x} {height(unit)}")
    return [f'<path d="{"".join(shades[shade])}" opacity=".{2 * shade - 1}"/>' for shade in sorted(shades)]


def disc(x: int, unit: int, fill: float, color: str) -> str:
    """Draw a ring around a disc. The disc fills the part `fill` of the ring's area, between 0 and 1."""
    ring = f'<circle cx="{x}" cy="{height(unit)}" r="{RADIUS}" fill="#fff" stroke="{color}" stroke-width="1.5"/>'
    inner = RADIUS * np.sqrt(fill)  # by area
    return ring + (f'<circle cx="{x}" cy="{height(unit)}" r="{inner:.1f}" fill="{color}"/>' if inner > 0.5 else "")


def draw(params: sn.Parameters, x: FloatArray) -> str:
    """Return the picture as SVG."""
    first, second = params.layers
    A = sn.relu(sn.linear(x[None], first.W, first.b))[0]
    P = sn.predict_proba(params, x[None])[0]
    pixels: dict[int, list[str]] = {}
    centres = []
    for index, ink in enumerate(x):
        row, column = divmod(index, 28)
        centres.append((LEFT + CELL * column + CELL / 2, TOP + CELL * row + CELL / 2))
        corner = f"M{LEFT + CELL * column} {TOP + CELL * row}h7v7h-7z"
        pixels.setdefault(int(np.ceil(4 * ink)), []).append(corner)
    ink = COLORS["ink"]
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 320" role="img" aria-labelledby="title description"'
        ' font-family="system-ui, sans-serif" font-size="19">',
        f'<title id="title">{TITLE}</title><desc id="description">{DESCRIPTION}</desc>',
        '<rect width="660" height="320" rx="14" fill="#FBFAF7"/>',
        f'<path d="{"".join(pixels.pop(0))}" fill="#E8EEF3"/>',
        f'<g stroke="{COLORS["parameters"]}" fill="none">',
        *lines(x[:, None] * first.W, centres, HIDDEN, LINES),
        *lines(A[:, None] * second.W, [(HIDDEN, height(unit)) for unit in range(10)], OUTPUT, 60),
        "</g>",
        *(f'<path d="{"".join(pixels[k])}" fill="{COLORS["data"]}" opacity="{k / 4:g}"/>' for k in sorted(pixels)),
        *(disc(HIDDEN, unit, float(A[unit] / A.max()), COLORS["activations"]) for unit in range(10)),
    ]
    for unit in range(10):
        weight = ' font-weight="700"' if unit == P.argmax() else ""
        parts.append(disc(OUTPUT, unit, float(P[unit]), COLORS["activations"]))
        parts.append(f'<text x="{OUTPUT + 20}" y="{height(unit) + 7}" fill="{ink}"{weight}>{unit}</text>')
    for place, words in ((LEFT + 14 * CELL, "784 pixels"), (HIDDEN, "10 hidden units"), (OUTPUT, "10 digits")):
        parts.append(f'<text x="{place}" y="298" text-anchor="middle" fill="{ink}">{words}</text>')
    return "\n".join([*parts, "</svg>", ""])


def photograph(picture: str, path: Path) -> None:
    """Write the picture and the book's name as a PNG of 1200 by 630 pixels, the size that links are shown at."""
    page = f"""<body style="background: #fbfaf7; color: {COLORS["ink"]}; font: 35px system-ui, sans-serif; margin: 0">
    <div style="padding: 34px 60px 0"><b style="font-size: 64px">scratchnet</b><br>
    How a neural network reads handwritten digits, with nothing hidden</div>
    <div style="margin: 4px auto; width: 880px">{picture}</div></body>"""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1200, "height": 630})
        tab.set_content(page)
        tab.screenshot(path=path)
        browser.close()
    with Image.open(path) as image:
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    params = sn.load(ROOT / "book" / "network.npz")
    picture = draw(params, example(params))
    (STATIC / "network.svg").write_text(picture, encoding="utf-8")
    photograph(picture, STATIC / "social.png")
