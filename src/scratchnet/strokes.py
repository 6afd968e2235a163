"""Digits as strokes of a round pen, drawn for this book, so that the network can be tried on what it never saw.

A stroke is a line of points (n, 2), each (x, y) with y downwards; a digit is a few strokes, about 1 high. Source:
chapter "your-digits".
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchnet.types import FloatArray

__all__ = ["STROKES", "render", "smooth"]

Strokes = Sequence[ArrayLike]


def smooth(points: ArrayLike, rounds: int = 2) -> FloatArray:
    """Return a line with its corners cut off, `rounds` times: (m, 2) from (n, 2), n at least 2.

    Of each piece of the line the middle half is kept, and new pieces connect these halves (Chaikin, 1974). The two ends
    of the line stay. A point that is given twice stays too, and is a corner, because a piece without length has nothing
    to cut off. Raises ValueError for what is no line of finite points.
    """
    line = _line(points)
    for _ in range(rounds):
        start, end = line[:-1], line[1:]
        cut = np.stack([0.75 * start + 0.25 * end, 0.25 * start + 0.75 * end], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], cut, line[-1:]])
    return line


def render(strokes: Strokes, *, pen: float, shape: tuple[int, int] = (280, 280)) -> NDArray[np.uint8]:
    """Return a drawing of this shape (height, width), 255 where a round pen left ink and 0 elsewhere.

    strokes: lines of points (n, 2), in pixels from the top left corner of the sheet. pen: its diameter, in pixels.
    A pixel has ink when its middle is at most half a pen from a line. What lies beyond the sheet is lost. There are no
    greys, as in the scans that MNIST was made from. Raises ValueError for a pen that is not positive and finite, and
    for a stroke that is no line of finite points.
    """
    if not pen > 0 or not math.isfinite(pen):
        raise ValueError(f"pen must be a diameter above 0, not {pen}")
    height, width = shape
    drawing = np.zeros((height, width), np.uint8)
    for stroke in strokes:
        line = _line(stroke)
        for (x0, y0), (x1, y1) in pairwise(line):
            top, bottom = _reach(y0, y1, pen, height)
            left, right = _reach(x0, x1, pen, width)
            y, x = np.arange(top, bottom)[:, None] + 0.5 - y0, np.arange(left, right) + 0.5 - x0
            dx, dy = x1 - x0, y1 - y0
            t = np.clip((x * dx + y * dy) / ((dx * dx + dy * dy) or 1), 0, 1)  # the nearest point, 0 at the start
            square = (x - t * dx) ** 2 + (y - t * dy) ** 2
            drawing[top:bottom, left:right][square <= pen * pen / 4] = 255
    return drawing


def _line(points: ArrayLike) -> FloatArray:
    line = np.asarray(points, np.float64)
    if line.ndim != 2 or line.shape[1] != 2 or len(line) < 2 or not np.isfinite(line).all():
        raise ValueError(f"a stroke must be two or more finite points (x, y), not shape {line.shape}")
    return line


def _reach(a: float, b: float, pen: float, side: int) -> tuple[int, int]:
    """Return the range of rows (or columns) that a pen can reach on its way from a to b."""
    first, last = math.floor(min(a, b) - pen / 2), math.ceil(max(a, b) + pen / 2)
    return min(max(first, 0), side), min(max(last, 0), side)


# For each digit one or more styles, where people write it in different ways. A style is the points of its strokes, in
# hundredths of its height, with ";" between strokes. A point given twice is a corner.
_POINTS = (
    ("35,0 8,0 0,32 0,68 10,100 58,100 68,68 68,32 60,0 35,0",),
    ("30,0 26,100", "5,27 38,0 38,0 36,100", "5,27 38,0 38,0 36,100; 6,100 66,100"),
    ("5,25 10,-2 68,-6 68,40 35,72 0,100 0,100 72,97",),
    ("3,10 15,-2 66,-6 66,42 24,46 24,46 75,46 76,106 12,104 0,88",),
    ("10,0 3,52 3,52 72,50; 58,8 50,100", "52,100 54,0 54,0 0,66 0,66 76,66"),
    ("15,2 10,44 10,44 34,32 70,40 72,80 50,104 12,102 0,90; 15,2 66,0",),
    ("52,0 26,14 0,50 -2,102 62,106 66,52 28,46 5,76",),
    ("0,4 66,2 66,2 40,50 26,100", "0,4 66,2 66,2 26,100; 16,52 62,50"),
    ("58,12 48,-3 6,-6 3,40 62,50 68,106 -4,106 0,56 58,44 58,12",),
    ("60,16 48,-3 2,-4 -2,54 48,56 60,10 60,10 56,100", "60,16 48,-3 2,-4 -2,54 48,56 60,10 60,10 66,98 36,106 6,96"),
)


def _strokes(style: str) -> tuple[FloatArray, ...]:
    lines = [[tuple(map(float, point.split(","))) for point in line.split()] for line in style.split(";")]
    return tuple(smooth(np.array(line) / 100) for line in lines)


STROKES = tuple(tuple(_strokes(style) for style in styles) for styles in _POINTS)
