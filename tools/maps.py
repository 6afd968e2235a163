"""Draw book/maps/: the road from an image to the loss and back, once for each chapter and each part of
the book. What the chapter is about is lit.

    python tools/maps.py

All maps are one drawing. Operations have round corners, and arrays do not. What is lit is filled with a colour and has
white letters; everything else is grey on paper. A map has paper of its own, because the theme of a page does not reach
into a picture.
"""

from itertools import pairwise
from typing import NamedTuple

from common import ROOT

from scratchnet.plots import COLORS

MAPS = ROOT / "book" / "maps"
WIDTH, HEIGHT, LETTERS, BOX = 640, 104, 19, 30  # LETTERS: the size of letters; BOX: the height of a box
FORWARD, BACK = 26, 78  # the y of the way forward and of the way back
PAPER, EDGE = "#FBFAF7", "#DAD7CE"
FOUR = ("0000010", "0100010", "0100010", "0111110", "0000010", "0000010", "0000010")  # the picture of an image


class Part(NamedTuple):
    """A part of the road: its words, the kind of thing, which gives the colour, its middle, and its corners."""

    words: str
    kind: str
    x: int
    y: int
    width: int
    radius: int = 0


PARTS = {
    "image": Part("", "data", 26, FORWARD, 32),
    "X": Part("X", "data", 72, FORWARD, 22),
    "linear 1": Part("linear", "parameters", 136, FORWARD, 68, 15),
    "ReLU": Part("ReLU", "activations", 221, FORWARD, 64, 15),
    "linear 2": Part("linear", "parameters", 306, FORWARD, 68, 15),
    "scores": Part("scores", "activations", 394, FORWARD, 70),
    "softmax": Part("softmax", "activations", 494, FORWARD, 94, 15),
    "P": Part("P", "activations", 568, FORWARD, 22),
    "answer": Part("4", "activations", 613, FORWARD, 26),
    "y": Part("y", "data", 624, BACK, 20),
    "loss": Part("loss", "gradients", 566, BACK, 58, 15),
    "gradients": Part("gradients", "gradients", 464, BACK, 104),
    "check": Part("check", "gradients", 357, BACK, 74, 15),
    "step": Part("step", "parameters", 270, BACK, 62, 15),
    "weights": Part("weights", "parameters", 175, BACK, 86),
    "start": Part("start", "parameters", 80, BACK, 64, 15),
}
AHEAD = ("image", "X", "linear 1", "ReLU", "linear 2", "scores", "softmax", "P")
BEHIND = ("P", "loss", "gradients", "check", "step", "weights")
ROADS: list[tuple[str, ...]] = [AHEAD, BEHIND, ("P", "answer"), ("y", "loss"), ("start", "weights")]
ROADS += [("weights", "linear 1"), ("weights", "linear 2")]

LIT: dict[str, tuple[str, ...]] = {
    "00-refresher": (),
    "01-data": ("image", "X", "y"),
    "02-linear": ("linear 1", "linear 2", "scores"),
    "03-softmax": ("softmax", "P"),
    "04-cross-entropy": ("y", "loss"),
    "05-hidden-layer": ("linear 1", "ReLU", "linear 2"),
    "06-chain-rule": ("loss", "gradients"),
    "07-backprop": ("linear 1", "ReLU", "linear 2", "softmax", "loss", "gradients"),
    "08-gradient-check": ("check",),
    "09-initialisation": ("start", "weights"),
    "10-sgd": ("step",),
    "11-training": (*AHEAD, "y", "loss", "gradients", "step", "weights"),
    "12-results": ("P", "answer"),
    "13-your-digits": ("image",),
    "14-optimizers": ("gradients", "step", "weights"),
    "15-generalisation": ("image", "X", "ReLU", "weights"),
    "16-convolution": ("image", "X", "linear 1"),
    "17-autodiff": (*AHEAD, "y", "loss", "gradients"),
    "18-frameworks": tuple(PARTS),
    "part-1": (*AHEAD, "y", "loss"),
    "part-2": ("loss", "gradients", "check", "step", "weights", "start"),
    "part-3": (*AHEAD, "answer", "y", "loss", "gradients", "step", "weights"),
    "part-4": ("image", "X", "linear 1", "ReLU", "linear 2", "gradients", "step"),
}


def within(part: Part, x: float) -> float:
    """Return the x nearest to this one at which an arrow may touch a part from above or below."""
    room = max(part.width / 2 - 12, 0)
    return min(max(x, part.x - room), part.x + room)


def arrow(start: str, end: str, lit: bool) -> str:
    """Draw an arrow from one part to the next. Between the two ways it turns half-way, where it has to."""
    a, b = PARTS[start], PARTS[end]
    if a.y == b.y:
        side = 1 if b.x > a.x else -1
        tip = b.x - side * (b.width / 2 + 2)
        line = f"M{a.x + side * (a.width / 2 + 3):g} {a.y}H{tip - 6 * side:g}"
        head = f"M{tip - 7 * side:g} {a.y - 4}l{7 * side} 4 {-7 * side} 4z"
    else:
        down = 1 if b.y > a.y else -1
        tip = b.y - down * (BOX / 2 + 2)
        x = within(b, within(a, b.x))
        line = f"M{within(a, b.x):g} {a.y + down * (BOX / 2 + 3):g}V{(a.y + b.y) / 2:g}H{x:g}V{tip - 6 * down:g}"
        head = f"M{x - 4:g} {tip - 7 * down:g}l4 {7 * down} 4 {-7 * down}z"
    color, width = (COLORS["ink"], 2.5) if lit else (COLORS["muted"], 1.5)
    return f'<path d="{line}" stroke="{color}" stroke-width="{width}"/><path d="{head}" fill="{color}"/>'


def box(part: Part, lit: bool) -> str:
    """Draw a part and its name. Around an array that is not lit there is no line."""
    left, top = part.x - part.width / 2, part.y - BOX / 2
    fill, line = (COLORS[part.kind], COLORS[part.kind]) if lit else ("none", COLORS["muted"])
    shape = f'<rect x="{left:g}" y="{top:g}" width="{part.width}" height="{BOX}" rx="{part.radius}"'
    drawn = f'{shape} fill="{fill}" stroke="{line}"/>' if lit or part.radius or not part.words else ""
    color = "#FFFFFF" if lit else COLORS["muted"]
    if part.words:
        return f'{drawn}<text x="{part.x}" y="{part.y + 6.5:g}" fill="{color}">{part.words}</text>'
    pixels = [(row, column) for row in range(7) for column in range(7) if FOUR[row][column] == "1"]
    ink = "".join(f"M{part.x - 12 + 3.5 * column:g} {part.y - 12 + 3.5 * row:g}h3v3h-3z" for row, column in pixels)
    return f'{drawn}<path d="{ink}" fill="{color}"/>'


def draw(name: str) -> str:
    """Return the map of a chapter as SVG."""
    lit = LIT[name]
    words = ", ".join(lit) or "nothing yet"
    steps = [step for road in ROADS for step in pairwise(road)]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="{LETTERS}" text-anchor="middle" fill="none">',
        f"<title>The road from an image to the loss and back. Lit: {words}.</title>",
        f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="10" fill="{PAPER}" stroke="{EDGE}"/>',
        *(arrow(start, end, start in lit and end in lit) for start, end in steps),
        *(box(part, key in lit) for key, part in PARTS.items()),
    ]
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    MAPS.mkdir(exist_ok=True)
    for name in LIT:
        (MAPS / f"{name}.svg").write_text(draw(name), encoding="utf-8")
