"""A photograph of one handwritten digit made into an image like MNIST's.

Once the pixels are decoded, everything is computed in whole numbers, so that the figure in the browser reaches the same
bytes. The one exception is a quotient in `parting`, which is rounded alike in every language.
Source: chapter "your-digits".
"""

import os
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchnet.handwriting import cut_to_ink, prepare
from scratchnet.types import IntArray

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Photo", "find_digit", "read_photo"]

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
NOTHING = "no digit was found in the picture"
Source = Union[str, os.PathLike[str], bytes, IO[bytes], "Image.Image", ArrayLike]


@dataclass(frozen=True)
class Photo:
    """What `read_photo` found in a picture.

    image: (784,), uint8 from 0 (paper) to 255 (ink), as `prepare` returns it.
    steps: the pictures on the way, in order, uint8: "picture", on white and reduced, (height, width, 3); "paper", what
    it would show without ink, (height, width, 3); "ink", how much of the paper's light the ink takes away, (height,
    width); "digit", 255 where the digit is; "image", (28, 28).
    notes: sentences that say what was done, and what to be careful about.
    """

    image: Bytes
    steps: dict[str, Bytes]
    notes: tuple[str, ...]


def read_photo(source: Source) -> Photo:
    """Find the one handwritten digit in a picture, and make it into an image (784,) as the network was trained on.

    source: the path of a file that Pillow reads (PNG, JPEG, TIFF, BMP, GIF, WebP and more), its bytes, an open file, a
    Pillow image; or an array: (height, width) in grey, or (height, width, channels) with 2 (grey, opacity), 3 (red,
    green, blue) or 4 channels (and opacity). Booleans, whole numbers 0 and 1 or 0 to 255, uint16 up to 65535, and
    floating point from 0 to 1 are told apart by type and range.

    A file is turned as its EXIF tag says; then `find_digit` does the rest. Raises ValueError where no digit can be
    found, and for a file or an array that is no picture; the sentence says what to do.
    """
    if isinstance(source, bytes | str | os.PathLike) or hasattr(source, "read") or hasattr(source, "getexif"):
        return find_digit(*_from_file(source))
    return find_digit(_from_array(np.asarray(source)))


# --- from pixels to the digit -----------------------------------------------------------------------------------------


def find_digit(pixels: Bytes, notes: tuple[str, ...] = ()) -> Photo:
    """Find the digit in pixels (height, width, 4): red, green, blue and opacity, uint8, the right way up.

    The picture is laid on white and reduced. Ink is taken to be dark or light, whichever is rarer, and if no digit is
    found, the other is tried. At each place, paper is what is around the ink, and ink is measured by the part of the
    paper's light that it takes away. Of what is dark enough, the heaviest connected thing is the digit, together with
    the pieces beside it. A thin line is made thicker. The result goes through `prepare`. notes: sentences that the
    notes of the photo begin with.

    Raises ValueError where there is no digit.
    """
    said = list(notes)
    if (pixels[..., 3] < 255).any():
        said.append("The picture is transparent in places, and was laid on white.")
    picture = to_size(pixels)
    light = ink_is_light(picture)
    try:
        return _read(picture, light, said)
    except ValueError:
        kind = "lighter" if light else "darker"
        said.append(f"In what is {kind} than its surroundings, of which there is less, no digit was found.")
        with suppress(ValueError):
            return _read(picture, not light, said, whole=True)
        raise


def _read(picture: IntArray, light: bool, said: list[str], whole: bool = False) -> Photo:
    said = list(said)
    paper, ink = paper_and_ink(255 - picture if light else picture)
    digit = choose(ink, said, whole)
    weigh(digit, ink, light, said)
    drawing = np.where(thickened(cut_to_ink(digit), said), np.uint8(255), np.uint8(0))
    image = prepare(drawing)
    steps = {
        "picture": picture.astype(np.uint8),
        "paper": (255 - paper if light else paper).astype(np.uint8),
        "ink": ink.astype(np.uint8),
        "digit": np.where(digit, np.uint8(255), np.uint8(0)),
        "image": image.reshape(28, 28),
    }
    return Photo(image, steps, tuple(said))


LONGEST, SHORTEST = 512, 256  # pixels, along the longer side of a picture that is looked at
DARKEST = 32  # of 255: darker paper counts as this dark, so that noise in the dark is not taken for ink
FAINT = 20  # per cent of the paper's light: ink that takes away less of it gets a note


def to_size(pixels: Bytes) -> IntArray:
    """Return a picture on white (height, width, 3), from 0 to 255, whose longer side is near LONGEST.

    A larger picture is cut into squares of k × k pixels, of which each becomes one pixel, their mean; the last square
    of a row or column may be narrower. In a picture smaller than SHORTEST each pixel becomes a square.
    """
    height, width = pixels.shape[:2]
    k = -(-max(height, width) // LONGEST)
    rows, columns = np.arange(0, height, k), np.arange(0, width, k)
    area = np.minimum(k, height - rows)[:, None, None] * np.minimum(k, width - columns)[None, :, None]
    bands = (pixels[row : row + k] for row in rows)  # summed one after another, to save memory
    if pixels[..., 3].min() == 255:
        sums = (band[..., :3].sum(axis=0, dtype=np.int64) for band in bands)
    else:
        area, sums = 255 * area, (_on_white(band).sum(axis=0) for band in bands)
    total = np.stack([np.add.reduceat(each, columns, axis=0) for each in sums])
    picture: IntArray = (2 * total + area) // (2 * area)
    times = max(1, SHORTEST // max(height, width))
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def _on_white(pixels: Bytes) -> IntArray:
    """Return 255 times the colour that pixels show on white: the factor keeps the numbers whole."""
    opacity = pixels[..., 3:].astype(np.int64)
    return pixels[..., :3] * opacity + 255 * (255 - opacity)


def ink_is_light(picture: IntArray) -> bool:
    """Tell whether the ink is lighter than what is around it.

    There is more paper than ink, so the mean of a pixel's surroundings is nearly that of the paper, and a pixel that
    differs much from it is ink. The cubes of the differences keep their signs, and in their sum the large differences
    decide. (Their mean is the third moment, on which the skewness is based.)
    """
    gray = picture.sum(axis=2)
    reach = max(gray.shape) // 8
    around = box_sum(gray, reach) // (2 * reach + 1) ** 2
    return bool(((gray - around) ** 3).sum() > 0)


def paper_and_ink(picture: IntArray) -> tuple[IntArray, IntArray]:
    """Return what a picture (height, width, 3) with dark ink would show without it, and the ink, (height, width).

    To find the paper, everything dark that is narrower than a quarter of the picture is filled from its sides. This is
    called a *closing*: each pixel takes the greatest value within reach, and then the least of these within reach. Wide
    shadows stay, with sharp edges. The ink is the part of the paper's light that is missing, from 0 to 255, in the
    colour in which most of it is missing. Both are computed from means of 3 × 3 pixels, because these have less noise.
    """
    smooth = box_sum(picture, 1)
    reach = max(picture.shape) // 8
    paper = np.maximum(carried_outwards(least(greatest(smooth, reach), reach), reach), smooth)
    missing = 255 * (paper - smooth) // np.maximum(paper, 9 * DARKEST)
    return paper // 9, missing.max(axis=2)


def carried_outwards(paper: IntArray, reach: int) -> IntArray:
    """Return paper that near the edges is no lighter than its own trend: a straight line from further inside."""

    def along(a: IntArray) -> IntArray:
        n = min(reach, (len(a) - 1) // 2)
        line = a.copy()
        line[:n] = 2 * a[n] - a[n + 1 : 2 * n + 1][::-1]
        line[len(a) - n :] = 2 * a[-n - 1] - a[len(a) - 2 * n - 1 : len(a) - n - 1][::-1]
        return np.minimum(a, line)

    return _both(paper, along)


def choose(ink: IntArray, said: list[str], whole: bool = False) -> Mask:
    """Return where the digit is in a picture of ink, (height, width), and add sentences to `said`.

    A first threshold, just above what the sheet itself shows, finds all that may be ink, and specks are left out. A
    second threshold separates the ink from what is less dark, such as ruled lines, but keeps ink that is five eighths
    as dark as the rest. Of the connected things above it, the heaviest is the digit. Things that do not touch the edge
    of the picture come first; those that do are considered only if there are no others, and never if the digit has to
    be `whole`. Raises ValueError where nothing is found.
    """
    height, width = ink.shape
    longer = max(height, width)
    order = np.sort(ink, axis=None)
    low, quarter = int(order[order.size // 16]), int(order[order.size // 4])
    faint = quarter + max(6 * (quarter - low), 10)
    maybe = things(ink > faint, ink)
    if not maybe.size.any():
        raise ValueError(f"{NOTHING}: all is paper. Is it blank, or the ink too faint?")
    large = ink[maybe.where(8 * maybe.size >= maybe.size.max())]
    dark = large[large > parting(large)]
    found = things(ink > max(faint, min(parting(large), int(5 * dark.sum() // (8 * dark.size)))), ink)
    edge = (found.top == 0) | (found.left == 0) | (found.bottom == height) | (found.right == width)
    inside = ~edge & (24 * found.size >= longer)
    candidates = inside if whole or inside.any() else edge & (4 * found.size >= longer)
    if not candidates.any():
        raise ValueError(f"{NOTHING}: there are specks only. Come closer, or cut the picture to the digit")
    main = int(np.where(candidates, found.weight, 0).argmax())
    digit = together(found, main, (100 * found.count >= found.count[main]) & (edge == edge[main]))
    if edge[main]:
        said.append("The digit touches the edge of the picture: is all of it there?")
    if (~digit & inside & (5 * found.weight >= found.weight[main])).any():
        said.append("There is more than one thing in the picture: the heaviest was taken for the digit.")
    if 10 * found.size[main] < longer:
        said.append("The digit is small: come closer, or cut the picture to it.")
    return found.where(digit)


def together(found: "Things", main: int, joins: Mask) -> Mask:
    """Return which things, of those that may join, are pieces of the main one, such as the bar of a 5 that is apart.

    A piece is at most an eighth of the main thing's size away. But a thing beside it that is more than half as tall as
    that size is taken for another digit.
    """
    pieces = np.arange(len(found.size)) == main
    near = int(found.size[main]) // 8
    while True:
        top, left = found.top[pieces].min(), found.left[pieces].min()
        bottom, right = found.bottom[pieces].max(), found.right[pieces].max()
        close = (found.top <= bottom + near) & (found.bottom >= top - near)
        close &= (found.left <= right + near) & (found.right >= left - near)
        beside = (found.left >= right) | (found.right <= left)
        another = beside & (2 * (found.bottom - found.top) > found.size[main])
        more = joins & close & ~another & ~pieces
        if not more.any():
            return pieces
        pieces = pieces | more


THICK, RULE = 5, 60  # a line is thick if its thickness is above size / THICK, and a rule if below size / RULE


def weigh(digit: Mask, ink: IntArray, light: bool, said: list[str]) -> None:
    """Refuse what is no line of a pen, and add to `said` how far the ink stands out, and whether it is thick."""
    size, line = max(cut_to_ink(digit).shape), thickness(digit)
    part = int(100 * ink[digit].sum() // (255 * digit.sum()))
    edge = digit[0].any() or digit[-1].any() or digit[:, 0].any() or digit[:, -1].any()
    if 2 * line > size or (THICK * line > size and part < FAINT):
        raise ValueError(f"{NOTHING}: there is a blot or a shadow, and no line")
    if edge and RULE * line < size:
        raise ValueError(f"{NOTHING}: there are only rules or creases, from edge to edge")
    said.append(f"The ink is {'lighter' if light else 'darker'} than what is around it, by {part} %.")
    if part < FAINT:
        said.append("That is faint: see whether all of the line was found.")
    if THICK * line > size:
        said.append("The line is very thick: use a thinner pen, or write larger.")


THIN = 12  # a line is thin if its thickness is below size / THIN


def thickened(digit: Mask, said: list[str]) -> Mask:
    """Return a digit, cut to its box, with its line made thicker if it is thin, and say so in `said`.

    In MNIST's images a line is about an eighth as thick as the digit is long. A much thinner line would almost
    disappear when it is scaled.
    """
    size, line = max(digit.shape), thickness(digit)
    reach = (size - THIN * line + THIN) // (2 * THIN)
    if reach <= 0:
        return digit
    said.append("The line is thin, and was made thicker.")
    return greatest(np.pad(digit, reach), reach)


def thickness(mask: Mask) -> int:
    """Return how thick a line is: the median, over its pixels, of the shorter of the runs across and down."""
    shorter = np.minimum(_runs(mask)[3], _runs(mask.T)[3].T)[mask]
    return int(np.sort(shorter)[shorter.size // 2])


def parting(values: IntArray) -> int:
    """Return the threshold t, from 0 to 254, that best divides whole numbers from 0 to 255: at most t, and above.

    This is Otsu's method (1979), which makes the variance between the two classes as large as it can be. Of N numbers
    with the sum S let n₀, with the sum s₀, be at most t. Then this variance is (n₀ S − N s₀)² / (n₀ (N − n₀)), but for
    a constant factor. In a tie the smallest t wins.
    """
    count = np.bincount(values, minlength=256).astype(np.float64)
    total = count * np.arange(256)
    n, s = count.cumsum()[:-1], total.cumsum()[:-1]
    apart = n * total.sum() - count.sum() * s
    return int((apart * apart / np.maximum(n * (count.sum() - n), 1)).argmax())


# --- windows ----------------------------------------------------------------------------------------------------------


def box_sum(a: IntArray, reach: int) -> IntArray:
    """Return, at each pixel of a (height, width, …), the sum over a square around it that extends `reach` each way.

    Beyond the edges of the picture the outermost pixels are repeated.
    """

    def along(a: IntArray) -> IntArray:
        total = _pad(a, reach + 1, reach).cumsum(axis=0)
        return total[2 * reach + 1 :] - total[: -2 * reach - 1]

    return _both(a, along)


def greatest(a: NDArray[Any], reach: int) -> NDArray[Any]:
    """Return, at each pixel of a (height, width, …), the greatest value in a square that extends `reach` each way."""

    def along(a: NDArray[Any]) -> NDArray[Any]:
        a, have, width = _pad(a, reach, reach), 1, 2 * reach + 1
        while have < width:  # a holds the greatest of `have` neighbours each, and `have` nearly doubles every time
            step = min(have, width - have)
            a, have = np.maximum(a[:-step], a[step:]), have + step
        return a

    return _both(a, along)


def least(a: IntArray, reach: int) -> IntArray:
    """Return, at each pixel of a (height, width, …), the least value in a square that extends `reach` each way."""
    return -greatest(-a, reach)


def _pad(a: NDArray[Any], before: int, after: int) -> NDArray[Any]:
    return np.pad(a, [(before, after), *[(0, 0)] * (a.ndim - 1)], mode="edge")


def _both(a: NDArray[Any], along: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
    """Apply a function that works along the first axis to columns, and then to rows."""
    return along(along(a).swapaxes(0, 1)).swapaxes(0, 1)


# --- connected things -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Things:
    """The n connected things in a mask (height, width), in the order of their first pixels; corners connect too.

    label: (height, width), the number of the thing at each pixel, and n where there is none. All else has shape (n,):
    count, how many pixels a thing has; weight, how much ink; top, bottom, left and right of its box, of which bottom
    and right are excluded; size, the longer side of the box.
    """

    label: IntArray
    count: IntArray
    weight: IntArray
    top: IntArray
    bottom: IntArray
    left: IntArray
    right: IntArray

    @property
    def size(self) -> IntArray:
        return np.maximum(self.bottom - self.top, self.right - self.left)

    def where(self, chosen: Mask) -> Mask:
        """Return a mask (height, width) of the things that are chosen by a mask (n,) of things."""
        return np.append(chosen, False)[self.label]


def things(mask: Mask, ink: IntArray) -> Things:
    """Return the connected things in a mask: each run of pixels in a row is joined with those above that it touches."""
    row, start, end, _ = _runs(mask)
    far = mask.shape[1] + 1  # places are counted on from row to row, with a gap of one in between
    begin, close = row * far + start, row * far + end
    first = np.searchsorted(close + far, begin, "left")  # above, from the first that does not end before this begins
    last = np.searchsorted(begin + far, close, "right")  # to the last that does not begin after this ends
    leader = list(range(len(row)))  # of each run, an earlier run of the same thing, or itself

    def lead(run: int) -> int:
        while leader[run] != run:
            leader[run] = run = leader[leader[run]]
        return run

    for run, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        for above in range(a, b):
            one, other = sorted((lead(above), lead(run)))
            leader[other] = one
    leaders, thing = np.unique(np.array([lead(run) for run in leader], np.int64), return_inverse=True)
    n = len(leaders)
    label = np.full(mask.shape, n)
    label[mask] = np.repeat(thing, end - start)
    count, weight = np.zeros(n, np.int64), np.zeros(n, np.int64)
    np.add.at(count, thing, end - start)
    np.add.at(weight, label[mask], ink[mask])
    top, left = (np.full(n, max(mask.shape)) for _ in range(2))
    bottom, right = (np.zeros(n, np.int64) for _ in range(2))
    np.minimum.at(top, thing, row)
    np.minimum.at(left, thing, start)
    np.maximum.at(bottom, thing, row + 1)
    np.maximum.at(right, thing, end)
    return Things(label, count, weight, top, bottom, left, right)


def _runs(mask: Mask) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return the row, start and end (excluded) of each run of a mask in order, and at each pixel its run's length."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(edges == 1)
    end = np.nonzero(edges == -1)[1]
    length = np.zeros(mask.shape, np.int64)
    length[mask] = np.repeat(end - start, end - start)
    return row, start, end, length


# --- from a file or an array to pixels --------------------------------------------------------------------------------


def _from_array(a: NDArray[Any]) -> Bytes:
    """Return an array as pixels (height, width, 4)."""
    if a.ndim == 3 and a.shape[2] == 1:
        a = a[..., 0]
    if a.size == 0 or not (a.ndim == 2 or (a.ndim == 3 and a.shape[2] in (2, 3, 4))):
        remedy = ""
        if a.ndim == 3 and a.shape[0] in (1, 2, 3, 4):
            remedy = "; channels come last: np.moveaxis(a, 0, 2)"
        elif a.ndim == 1 and a.size == 784:
            remedy = "; a.reshape(28, 28)?"
        elif a.ndim > 2:
            remedy = "; one picture at a time"
        raise ValueError(f"source must be (height, width) or (height, width, 2, 3 or 4), not {a.shape}{remedy}")
    a = _to_bytes(a)
    gray = a[..., None] if a.ndim == 2 else a
    channels = {1: (0, 0, 0), 2: (0, 0, 0, 1), 3: (0, 1, 2), 4: (0, 1, 2, 3)}[gray.shape[2]]
    pixels = np.full((*a.shape[:2], 4), 255, np.uint8)
    pixels[..., : len(channels)] = gray[..., channels]
    return pixels


def _to_bytes(a: NDArray[Any]) -> Bytes:
    """Return values scaled to 0 to 255; their type and the greatest of them tell which range they have."""
    kind = a.dtype.kind
    if kind not in "buif":
        raise ValueError(f"source must hold numbers, not dtype {a.dtype}")
    if kind == "b":
        return a.astype(np.uint8) * 255
    low, high = a.min(), a.max()
    if kind == "f":
        if not np.isfinite(a).all():
            raise ValueError("source must be finite, but has NaN or infinity: np.nan_to_num?")
        if low < 0 or high > 1:
            remedy = "divide by 255" if low >= 0 and high <= 255 else "subtract the least, divide by the greatest"
            raise ValueError(f"floats in source must be from 0 to 1, but go from {low:g} to {high:g}: {remedy}")
        return (a * 255.0 + 0.5).astype(np.uint8)
    if low < 0 or high > (65535 if a.dtype == np.uint16 else 255):
        raise ValueError(f"whole numbers in source must be from 0 to 255, or uint16, but go from {low} to {high}")
    if high <= 1:
        return a.astype(np.uint8) * 255
    return a.astype(np.uint8) if high <= 255 else _from_16_bits(a)


def _from_16_bits(a: NDArray[Any]) -> Bytes:
    return ((a.astype(np.int64) * 255 + 32767) // 65535).astype(np.uint8)


def _from_file(source: Any) -> tuple[Bytes, tuple[str, ...]]:
    """Return the pixels (height, width, 4) of a file or a Pillow image, the right way up, and what was done to it."""
    from PIL import ImageOps

    notes = []
    with _refusals(source), _opened(source) as image:
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            notes.append(f"The file holds {frames} pictures: the first was taken.")
        image.load()
        if image.getexif().get(0x0112, 1) in range(2, 9):
            notes.append("The picture was turned as its EXIF tag says.")
            image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):
            return _from_array(_from_16_bits(np.asarray(image).clip(0, 65535))), tuple(notes)
        if image.mode == "F":
            return _from_array(np.asarray(image)), tuple(notes)
        return np.asarray(image.convert("RGBA")), tuple(notes)


@contextmanager
def _opened(source: Any) -> Iterator["Image.Image"]:
    from PIL import Image

    if hasattr(source, "getexif"):
        yield source
    else:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source) as image:
            yield image


@contextmanager
def _refusals(source: Any) -> Iterator[None]:
    """Turn Pillow's exceptions into a ValueError that says in a sentence what is wrong."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except UnidentifiedImageError:
        raise ValueError(_what_it_is(source)) from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ValueError("the picture has too many pixels: make it smaller, 4000 pixels wide are plenty") from None
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except (OSError, SyntaxError, EOFError, struct.error) as error:
        raise ValueError(f"the picture is damaged, perhaps cut short: {error}") from None


def _what_it_is(source: Any) -> str:
    """Return what a file is that Pillow cannot read, told by its first bytes, and the remedy."""
    if hasattr(source, "read"):
        source.seek(0)
        head = source.read(64)
    else:
        head = source[:64] if isinstance(source, bytes) else Path(source).read_bytes()[:64]
    if not head:
        return "the file is empty"
    if head[4:8] == b"ftyp":
        return "the file is a HEIC photograph or a film: export it as JPEG (a telephone calls that 'most compatible')"
    for begin, what in _KINDS.items():
        if head.lstrip().lower().startswith(begin):
            return f"the file is {what}"
    return "the file is no picture that can be read here: export it as PNG or JPEG"


_KINDS = {
    b"%pdf": "a PDF: export the page as PNG or JPEG, or take a screenshot of it",
    b"<svg": "an SVG, which is a list of shapes and no pixels: export it as PNG",
    b"<": "a web page or another text, not a picture: save the picture itself",
    b"version https://git-lfs": "a pointer of Git LFS, not the picture: git lfs pull",
}
