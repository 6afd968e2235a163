"""A drawing made into an image like MNIST's, because what was done to the training images must be done to yours.

The steps are those of LeCun et al. (1998), section III-A, computed in whole numbers only, so that the figures in the
browser reach the same bytes. Source: chapter "your-digits".
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchnet.types import FloatArray, IntArray

__all__ = ["prepare"]

SIDE, BOX = 28, 20

Image = NDArray[np.uint8]


def prepare(drawing: NDArray[np.integer], *, box: bool = True, antialias: bool = True, center: bool = True) -> Image:
    """Return a drawing as one image (784,), uint8 from 0 (paper) to 255 (ink), as the network was trained on.

    drawing: (height, width), whole numbers from 0 (paper) to 255 (ink), of any size. Three steps, and each can be left
    out to see what it is for:

    box: cut the drawing to its ink, and scale it so that the longer side is 20 pixels. Without this step the whole
    drawing is scaled to 28. Width and height keep their proportion.
    antialias: a pixel takes the mean ink of the area it covers. Without this step it takes the ink at the middle of it.
    center: the ink's centre of mass comes to the middle of the image, as near as whole pixels allow without any ink
    leaving it. Without this step the middle of the scaled drawing comes there.

    Raises ValueError for an array that is no such drawing, and for one without ink.
    """
    drawing = np.asarray(drawing)
    if drawing.ndim != 2 or drawing.size == 0 or drawing.dtype.kind not in "iu":
        expected = "a matrix of whole numbers, 0 for paper and 255 for ink"
        raise ValueError(f"drawing must be {expected}, not shape {drawing.shape} and dtype {drawing.dtype}")
    if drawing.min() < 0 or drawing.max() > 255:
        raise ValueError(f"drawing must be from 0 to 255, but goes from {drawing.min()} to {drawing.max()}")
    if not drawing.any():
        raise ValueError("the drawing has no ink: every pixel is 0")
    if box:
        drawing = cut_to_ink(drawing)
    scaled: NDArray[np.integer] = scale_to(drawing, BOX if box else SIDE, antialias)
    if not scaled.any():
        raise ValueError("no ink is left at this size: draw larger, with a thicker pen")
    if center:
        scaled = cut_to_ink(scaled)  # so that paper may go beyond the image, and ink may not
    image = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (corner(scaled.sum(axis=1 - axis), center) for axis in (0, 1))
    image[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return image.reshape(-1)


def cut_to_ink(drawing: NDArray[Any]) -> NDArray[Any]:
    """Return the smallest part of a drawing that holds every pixel with ink."""
    rows, columns = np.flatnonzero(drawing.any(axis=1)), np.flatnonzero(drawing.any(axis=0))
    return drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def scale_to(drawing: NDArray[np.integer], longer: int, antialias: bool = True) -> Image:
    """Return a drawing scaled so that its longer side has `longer` pixels, and the other its proportion, at least 1."""
    height, width = (max(1, _nearest(side * longer, max(drawing.shape))) for side in drawing.shape)
    down, across = (shares(old, new, antialias) for old, new in zip(drawing.shape, (height, width), strict=True))
    return _nearest(down @ drawing @ across.T, drawing.size).astype(np.uint8)


def shares(old: int, new: int, antialias: bool = True) -> FloatArray:
    """Return a matrix (new, old) of the share that each old pixel has in each new one, along one side.

    Its rows sum to `old`, because the unit of length is such that an old pixel measures `new` and a new one `old`. Then
    every edge is a whole number, and so are all sums of shares times ink. These are exact in floating point, and hence
    the same in any order and in any language.
    """
    begin, pixel = np.arange(new)[:, None] * float(old), np.arange(old) * float(new)
    if not antialias:
        middle = begin + old / 2
        return np.where((pixel <= middle) & (middle < pixel + new), float(old), 0.0)
    return np.maximum(np.minimum(begin + old, pixel + new) - np.maximum(begin, pixel), 0)


def corner(ink: IntArray, center: bool = True) -> int:
    """Return where n rows (or columns) with this much ink each, (n,), begin in the image."""
    n, ink = len(ink), ink.astype(np.int64)
    if not center:
        return (SIDE - n) // 2
    twice = ink @ (2 * np.arange(n) + 1)  # a pixel's middle is half a pixel in: twice the moment is a whole number
    begin = -((twice - SIDE * ink.sum()) // (2 * ink.sum()))  # 14 minus the centre of mass, rounded up
    return int(min(max(begin, 0), SIDE - n))


def _nearest(a: Any, b: int) -> Any:
    """Divide whole numbers and round to the nearest, halves up."""
    return (2 * a + b) // (2 * b)
