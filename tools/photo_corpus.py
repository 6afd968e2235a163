"""Make artificial photographs of digits, with the faults that real ones have, and judge `sn.read_photo` by them.

`make photos` runs this, for about ten minutes. A digit of `sn.STROKES` is varied, drawn on a sheet, spoilt by one fault
at one of three strengths, and written to a file as a camera would write it. Each file is read in two ways: as chapter
"your-digits" did before `read_photo` existed ("before"), and by `read_photo` ("after"). The network of the book
classifies both results; it also classifies the drawing itself, which shows how many answers could be right at best.
Writes book/photos.csv: for each fault and strength, the number of right answers. `read_photo` was tuned with other
seeds, from 0 on. It was not made for the faults of HELD_OUT; of those, `blinds` and `screen` were tried only when its
numbers were settled.
"""

import csv
import sys
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from common import ROOT
from numpy.typing import NDArray
from PIL import Image

import scratchnet as sn
from scratchnet.types import FloatArray

RESULT = ROOT / "book" / "photos.csv"
NETWORK = sn.load(ROOT / "book" / "network.npz")
STRENGTHS = (1, 2, 3)
EACH = 2  # the number of pictures of each digit, for each fault and strength
SEED = 2000  # the seed of the first picture
HEIGHT, WIDTH = 480, 640

Rng = np.random.Generator
Drawing = NDArray[np.uint8]
Step = Callable[[FloatArray], FloatArray]


@dataclass
class Shot:
    """Everything that decides how a picture looks; a fault changes some of it."""

    high: float  # the height of the digit, in pixels
    pen: float  # the width of the pen, as a fraction of that height
    tilt: float  # the angle by which the digit is turned, in degrees
    place: tuple[float, float] | None = None  # the middle of the digit, as fractions of the sheet; None is at random
    paper: tuple[float, ...] = (0.92, 0.92, 0.92)
    ink: tuple[float, ...] = (0.15, 0.15, 0.15)
    coverage: list[Step] = field(default_factory=list)  # applied in turn to the coverage (height, width) of ink
    light: list[Step] = field(default_factory=list)  # applied in turn to the picture (height, width, 3)
    quality: int | None = None  # the quality of a JPEG; with None, the picture is a PNG
    turned: int = 1  # EXIF's orientation, from 1 to 8
    bits: int = 8
    opacity: float | None = None  # the opacity of the ink in a picture without a background; None has a background


def draw(strokes: Iterable[FloatArray], shot: Shot, rng: Rng) -> tuple[FloatArray, Drawing]:
    """Return the part of each pixel that ink covers, and the drawing of twice the size from which it was computed."""
    width, slant, angle = rng.uniform(0.85, 1.2), rng.uniform(-0.15, 0.3), np.deg2rad(shot.tilt)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    lines = [shot.high * (line - (0.35, 0.5)) @ np.array([[width, 0], [-slant, 1]]) @ turn for line in strokes]
    place = rng.uniform(0.42, 0.58, 2) if shot.place is None else shot.place
    middle = np.array(place) * (WIDTH, HEIGHT)
    pen = max(shot.pen * shot.high, 1.5)
    drawing = sn.render([2 * (line + middle) for line in lines], pen=2 * pen, shape=(2 * HEIGHT, 2 * WIDTH))
    return drawing.reshape(HEIGHT, 2, WIDTH, 2).mean(axis=(1, 3)) / 255, drawing


def smooth(image: FloatArray, reach: float) -> FloatArray:
    """Blur an image (height, width, …) as a lens would, with a Gaussian of this standard deviation."""
    far = int(3 * reach) + 1
    kernel = np.exp(-0.5 * (np.arange(-far, far + 1) / reach) ** 2)
    for _ in range(2):  # down the columns, then along the rows
        wide = np.pad(image, [(far, far), *[(0, 0)] * (image.ndim - 1)], mode="edge")
        blurred = np.zeros_like(image)
        for begin, weight in enumerate(kernel / kernel.sum()):
            blurred += weight * wide[begin : begin + len(image)]
        image = blurred.swapaxes(0, 1)
    return image


def grid() -> tuple[FloatArray, FloatArray]:
    """Return the middles of the pixels: y (height, 1) and x (1, width)."""
    return np.arange(HEIGHT)[:, None] + 0.5, np.arange(WIDTH)[None, :] + 0.5


# --- faults: each changes a shot, at a strength from 1 to 3, at random ------------------------------------------------


def shadow(shot: Shot, strength: int, rng: Rng) -> None:
    """A hand's shadow, with a soft edge, that falls across the digit."""
    down, across = grid()
    angle, soft = rng.uniform(0, 2 * np.pi), rng.uniform(5, 30)
    offset = rng.uniform(-60, 60)
    wave = 25 * np.sin(down / rng.uniform(30, 60))
    far = (across - WIDTH / 2) * np.cos(angle) + (down - HEIGHT / 2) * np.sin(angle) + offset + wave
    dark = (0, 0.25, 0.45, 0.6)[strength] / (1 + np.exp(-far / soft * 4))
    shot.light.append(lambda image: image * (1 - dark)[..., None])


def lamp(shot: Shot, strength: int, rng: Rng) -> None:
    """Light that falls off from one side of the sheet to the other."""
    down, across = grid()
    angle, least = rng.uniform(0, 2 * np.pi), (0, 0.6, 0.4, 0.2)[strength]
    far = (across - WIDTH / 2) * np.cos(angle) + (down - HEIGHT / 2) * np.sin(angle)
    far = (far - far.min()) / (far.max() - far.min())
    shot.light.append(lambda image: image * (least + (1 - least) * far)[..., None])


def grey_paper(shot: Shot, strength: int, rng: Rng) -> None:
    """Recycled paper, or an exposure too short."""
    shot.paper = ((0, 0.65, 0.5, 0.35)[strength],) * 3
    shot.ink = (0.1,) * 3


def _rule(shot: Shot, strength: int, rng: Rng, squared: bool) -> None:
    down, across = grid()
    tilt, apart, contrast = rng.uniform(-0.02, 0.02), rng.uniform(24, 44), (0, 0.15, 0.3, 0.45)[strength]
    begin = rng.uniform(0, apart)
    lines = [down + tilt * across, across - tilt * down][: 1 + squared]
    ruled = np.maximum.reduce([np.clip(1.5 - np.abs((line + begin) % apart - 2), 0, 1) for line in lines])
    color = np.array([1, 0.7, 0.4]) * contrast
    shot.light.append(lambda image: np.minimum(image, 0.92 - ruled[..., None] * color))


def ruled(shot: Shot, strength: int, rng: Rng) -> None:
    """Blue lines across, a little askew."""
    _rule(shot, strength, rng, squared=False)


def squared(shot: Shot, strength: int, rng: Rng) -> None:
    """Blue lines across and down."""
    _rule(shot, strength, rng, squared=True)


def specks(shot: Shot, strength: int, rng: Rng) -> None:
    """Crumbs, dust on the lens, holes: dark dots."""
    down, across = grid()
    dots = np.zeros((HEIGHT, WIDTH), bool)
    for _ in range((0, 4, 12, 40)[strength]):
        y, x, r = rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH), rng.uniform(1, 2 + strength)
        dots |= (down - y) ** 2 + (across - x) ** 2 < r * r
    shot.light.append(lambda image: np.where(dots[..., None], 0.1, image))


def noise(shot: Shot, strength: int, rng: Rng) -> None:
    """Little light and a sensitive camera."""
    grain = rng.normal(0, (0, 0.05, 0.1, 0.2)[strength], (HEIGHT, WIDTH, 3))
    shot.light.append(lambda image: image + grain)


def pencil(shot: Shot, strength: int, rng: Rng) -> None:
    """A thin line, faint and grainy."""
    shot.pen = (0, 0.06, 0.045, 0.03)[strength]
    shot.ink = ((0, 0.5, 0.62, 0.74)[strength],) * 3
    grain = smooth(rng.normal(0, 1, (HEIGHT, WIDTH)), 1.0)
    shot.coverage.append(lambda cover: cover * np.clip(1 + 1.2 * grain, 0.2, 1.3))
    shot.light.append(lambda image: image + 0.03 * grain[..., None])


def blur(shot: Shot, strength: int, rng: Rng) -> None:
    """Out of focus."""
    shot.light.append(lambda image: smooth(image, (0, 3, 6, 10)[strength]))


def rotation_tag(shot: Shot, strength: int, rng: Rng) -> None:
    """Stored lying, on its head, or mirrored; a tag says so."""
    shot.turned = int(rng.choice([(), (6, 8), (3, 3), (5, 7)][strength]))
    shot.quality = 90


def transparency(shot: Shot, strength: int, rng: Rng) -> None:
    """Black ink on nothing, from a paint program."""
    shot.opacity, shot.ink = (0, 1, 0.7, 0.4)[strength], (0.0,) * 3


def light_on_dark(shot: Shot, strength: int, rng: Rng) -> None:
    """Chalk on a board."""
    shot.paper, shot.ink = ((0, 0.1, 0.2, 0.35)[strength],) * 3, ((0, 0.9, 0.75, 0.65)[strength],) * 3
    grain = smooth(rng.normal(0, 1, (HEIGHT, WIDTH)), 1.0)
    shot.light.append(lambda image: image + 0.05 * grain[..., None])


def jpeg(shot: Shot, strength: int, rng: Rng) -> None:
    """Stored in too few bytes."""
    shot.quality = (0, 25, 10, 4)[strength]


def small(shot: Shot, strength: int, rng: Rng) -> None:
    """Small, and near a corner."""
    shot.high = (0, 120, 70, 40)[strength] * rng.uniform(0.9, 1.1)
    corner = rng.choice([-1, 1], 2) * (0.28, 0.25) + rng.uniform(-0.05, 0.05, 2)
    shot.place = (0.5 + corner[0], 0.5 + corner[1])


def color(shot: Shot, strength: int, rng: Rng) -> None:
    """Ink that is not black."""
    blue, red, green, orange, ocher, yellow = (
        (0.1, 0.2, 0.65), (0.6, 0.1, 0.15), (0.1, 0.6, 0.3), (0.9, 0.3, 0.2), (0.95, 0.65, 0.2), (0.95, 0.85, 0.2)
    )  # fmt: skip
    shot.ink = ((), (blue, red), (green, orange), (ocher, yellow))[strength][rng.integers(2)]


def sixteen_bits(shot: Shot, strength: int, rng: Rng) -> None:
    """From a scanner: 16 bits of grey, of which ever fewer are used."""
    shot.bits = 16
    shot.light.append(lambda image: image * (0, 1, 0.5, 0.25)[strength])


def thick(shot: Shot, strength: int, rng: Rng) -> None:
    """A felt pen."""
    shot.pen = (0, 0.17, 0.21, 0.25)[strength]


def tilt(shot: Shot, strength: int, rng: Rng) -> None:
    """The camera held askew."""
    shot.tilt = (0, 6, 10, 15)[strength] * float(rng.choice([-1, 1]))


# --- held-out faults, for which `read_photo` was not tuned ------------------------------------------------------------


def table(shot: Shot, strength: int, rng: Rng) -> None:
    """A dark table beside the sheet."""
    down, across = grid()
    angle, edge = rng.uniform(0, 2 * np.pi), (0, 250, 215, 190)[strength]
    far = (across - WIDTH / 2) * np.cos(angle) + (down - HEIGHT / 2) * np.sin(angle) > edge
    grain = 0.25 + 0.04 * np.sin(across / 9 + down / 50)
    shot.light.append(lambda image: np.where(far[..., None], grain[..., None] * (1.2, 0.9, 0.6), image))


def crease(shot: Shot, strength: int, rng: Rng) -> None:
    """A folded sheet: one side darker, and a line between."""
    down, across = grid()
    angle = rng.uniform(0, 2 * np.pi)
    far = (across - WIDTH / 2) * np.cos(angle) + (down - HEIGHT / 2) * np.sin(angle) + rng.uniform(-120, 120)
    deep = (0, 0.1, 0.2, 0.3)[strength]
    dark = deep * (far > 0) + deep * np.exp(-0.5 * (far / 2) ** 2)
    shot.light.append(lambda image: image * (1 - dark)[..., None])


def vignette(shot: Shot, strength: int, rng: Rng) -> None:
    """Corners darker than the middle."""
    down, across = grid()
    far = ((across / WIDTH - 0.5) ** 2 + (down / HEIGHT - 0.5) ** 2) * 2
    shot.light.append(lambda image: image * (1 - (0, 0.4, 0.65, 0.85)[strength] * far)[..., None])


def warm(shot: Shot, strength: int, rng: Rng) -> None:
    """A candle's light, brightest where it stands."""
    down, across = grid()
    y, x = rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH)
    near = np.exp(-((down - y) ** 2 + (across - x) ** 2) / (2 * (0, 420, 320, 250)[strength] ** 2))
    tint = np.array([(0,) * 3, (1, 0.85, 0.65), (1, 0.75, 0.45), (1, 0.65, 0.3)][strength])
    shot.light.append(lambda image: image * (0.15 + 0.85 * near)[..., None] * tint)


def shaken(shot: Shot, strength: int, rng: Rng) -> None:
    """The camera moved."""
    angle, far = rng.uniform(0, np.pi), (0, 10, 18, 28)[strength]

    def move(image: FloatArray) -> FloatArray:
        steps = np.rint(np.linspace(-far / 2, far / 2, far)[:, None] * (np.sin(angle), np.cos(angle))).astype(int)
        wide = np.pad(image, ((far, far), (far, far), (0, 0)), mode="edge")
        moved = [wide[far + y : far + y + HEIGHT, far + x : far + x + WIDTH] for y, x in steps]
        return np.add.reduce(moved) / far

    shot.light.append(move)


def stain(shot: Shot, strength: int, rng: Rng) -> None:
    """The ring of a coffee cup."""
    down, across = grid()
    y, x, r = rng.uniform(100, HEIGHT - 100), rng.uniform(100, WIDTH - 100), rng.uniform(90, 140)
    far = np.abs(np.sqrt((down - y) ** 2 + (across - x) ** 2) - r)
    brown = (0, 0.1, 0.2, 0.3)[strength] * np.exp(-0.5 * (far / 5) ** 2)[..., None] * (0.6, 1, 1.5)
    shot.light.append(lambda image: image * (1 - brown))


def salt_and_pepper(shot: Shot, strength: int, rng: Rng) -> None:
    """Pixels of a broken sensor, black or white."""
    chance = rng.random((HEIGHT, WIDTH, 1))
    part = (0, 0.005, 0.02, 0.06)[strength]
    shot.light.append(lambda image: np.where(chance < part / 2, 0, np.where(chance < part, 1, image)))


def shines_through(shot: Shot, strength: int, rng: Rng) -> None:
    """Print on the back of the sheet: rows of small marks."""
    down, across = grid()
    rows = np.abs((down + 0.01 * across) % 34 - 17) < 6
    marks = rows & (smooth(rng.normal(0, 1, (HEIGHT, WIDTH)), 2.5) > 0.05)
    faint = (0, 0.08, 0.14, 0.2)[strength] * smooth(marks.astype(float), 1.5)
    shot.light.append(lambda image: image * (1 - faint)[..., None])


def blinds(shot: Shot, strength: int, rng: Rng) -> None:
    """The sun through a blind: stripes of light, with soft edges."""
    down, across = grid()
    angle, apart = rng.uniform(0, np.pi), rng.uniform(90, 140)
    wave = np.sin(2 * np.pi * (across * np.cos(angle) + down * np.sin(angle)) / apart)
    dark = (0, 0.2, 0.35, 0.5)[strength] / (1 + np.exp(-6 * wave))
    shot.light.append(lambda image: image * (1 - dark)[..., None])


def screen(shot: Shot, strength: int, rng: Rng) -> None:
    """A screen photographed: its rows and columns show, and waves where they meet the camera's."""
    down, across = grid()
    rows, columns = np.sin(2.1 * down + 0.03 * across), np.sin(2.3 * across - 0.02 * down)
    seen = (0, 0.04, 0.08, 0.14)[strength] * (1 + rows + columns + 0.5 * np.sin(0.11 * across + 0.05 * down))
    shot.light.append(lambda image: image * (1 - seen)[..., None])


def dim_noisy_shadow(shot: Shot, strength: int, rng: Rng) -> None:
    """Shadow, little light and its noise, and a JPEG's few bytes, together."""
    shadow(shot, strength, rng)
    shot.light.append(lambda image: 0.6 * image)
    grain = rng.normal(0, (0, 0.01, 0.02, 0.04)[strength], (HEIGHT, WIDTH, 3))
    shot.light.append(lambda image: image + grain)
    shot.quality = (0, 60, 40, 25)[strength]


Fault = Callable[[Shot, int, Rng], None]
NAMED: dict[str, Fault] = {
    "shadow": shadow, "lamp from one side": lamp, "grey paper": grey_paper, "ruled paper": ruled,
    "squared paper": squared, "specks": specks, "noise": noise, "pencil": pencil, "blur": blur,
    "rotation tag": rotation_tag, "transparency": transparency, "light on dark": light_on_dark, "JPEG": jpeg,
    "small, in a corner": small, "coloured ink": color, "16 bits": sixteen_bits, "thick pen": thick, "tilt": tilt,
}  # fmt: skip
HELD_OUT: dict[str, Fault] = {
    "table": table, "crease": crease, "vignette": vignette, "candle": warm, "shaken": shaken, "coffee ring": stain,
    "salt and pepper": salt_and_pepper, "print on the back": shines_through,
    "blinds": blinds, "a screen": screen, "several at once": dim_noisy_shadow,
}  # fmt: skip
FAULTS = NAMED | HELD_OUT


# --- one picture ------------------------------------------------------------------------------------------------------


def expose(cover: FloatArray, shot: Shot) -> FloatArray:
    """Return the picture (height, width, 3) that the camera sees, from 0 to 1."""
    for step in shot.coverage:
        cover = step(cover)
    image: FloatArray = np.array(shot.paper) * (1 - cover[..., None]) + np.array(shot.ink) * cover[..., None]
    for step in shot.light:
        image = step(image)
    return np.clip(image, 0, 1)


def store(cover: FloatArray, shot: Shot) -> bytes:
    """Return the picture as a file."""
    image = expose(cover, shot)
    if shot.opacity is not None:
        image = np.concatenate([np.zeros_like(image), shot.opacity * cover[..., None]], axis=2)
    if shot.bits == 16:
        picture = Image.fromarray(np.rint(65535 * image[..., 0]).astype(np.uint16))
    else:
        picture = Image.fromarray(np.rint(255 * image).astype(np.uint8))
    stored = BytesIO()
    if shot.quality is None:
        picture.save(stored, "PNG", compress_level=1)
        return stored.getvalue()
    turn = {3: Image.Transpose.ROTATE_180, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}.get(shot.turned)  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = shot.turned
    (picture if turn is None else picture.transpose(turn)).save(stored, "JPEG", quality=shot.quality, exif=exif)
    return stored.getvalue()


def take(fault: Fault, strength: int, digit: int, seed: int) -> tuple[bytes, Drawing]:
    """Return a picture, as a file, and the drawing that is in it, as it is without the fault."""
    rng = np.random.default_rng([seed, digit])
    strokes = sn.STROKES[digit][rng.integers(len(sn.STROKES[digit]))]
    shot = Shot(high=rng.uniform(150, 300), pen=rng.uniform(0.08, 0.13), tilt=rng.uniform(-4, 4))
    hand = rng.integers(2**32)  # the same hand, with and without the fault
    _, clean = draw(strokes, shot, np.random.default_rng(hand))
    fault(shot, strength, rng)
    cover, _ = draw(strokes, shot, np.random.default_rng(hand))
    return store(cover, shot), clean


def without(file: bytes, faint: float = 0.35) -> Drawing:
    """Return what the few lines in the chapter made of a picture before there was `read_photo`."""
    picture = plt.imread(BytesIO(file), format="png" if file.startswith(b"\x89PNG") else "jpeg")
    picture = picture / 255 if picture.dtype == np.uint8 else picture
    gray = picture if picture.ndim == 2 else picture[..., :3].mean(axis=2)
    ink = np.median(gray) - gray
    if not ink.max() > 0:
        raise ValueError("no ink")
    ink = np.clip(ink / ink.max(), 0, 1)
    return sn.prepare(np.rint(255 * np.where(ink > faint, ink, 0)).astype(np.uint8))


def answer(make: Callable[[], Drawing]) -> int:
    """Return the answer of the book's network, and -1 where there is no image."""
    try:
        return int(sn.predict(NETWORK, make()[None] / 255)[0])
    except ValueError:
        return -1


def judge(fault: Fault, strength: int, each: int = EACH, *, seed: int) -> tuple[int, int, int, int]:
    """Return how many pictures there are of a fault, and how many are right: the drawings, before, and after."""
    right = np.zeros(3, np.int64)
    for digit in range(10):
        for k in range(each):
            file, clean = take(fault, strength, digit, seed + k)
            readers = partial(sn.prepare, clean), partial(without, file), partial(with_it, file)
            right += [answer(reader) == digit for reader in readers]
    drawing, before, after = right.tolist()
    return 10 * each, drawing, before, after


def with_it(file: bytes) -> Drawing:
    """Return what `read_photo` makes of a picture."""
    return sn.read_photo(file).image


def judge_all(names: Container[str] = FAULTS) -> Iterator[tuple[str, str, int, int, int, int, int]]:
    """Yield the lines of the table for these faults; each line has drawings of its own."""
    for number, (name, strength) in enumerate(product(FAULTS, STRENGTHS)):
        if name in names:
            part = "named" if name in NAMED else "held out"
            yield name, part, strength, *judge(FAULTS[name], strength, seed=SEED + EACH * number)


def main() -> int:
    """Judge every fault at every strength, and write the table once all is done."""
    rows = []
    for row in judge_all():
        rows.append(row)
        print(*row, sep="\t", flush=True)
    with RESULT.open("w", newline="") as file:
        header = ("fault", "part", "strength", "pictures", "drawing", "before", "after")
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())
