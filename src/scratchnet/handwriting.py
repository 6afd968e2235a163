"""A drawing made into an image like MNIST's: what was done to the training images must be done to yours.

The steps are those of LeCun et al. (1998), section III-A. Source: chapter "your-digits".
"""

import math

import numpy as np
from numpy.typing import NDArray

from scratchnet.types import FloatArray

__all__ = ["prepare"]

SIDE, BOX = 28, 20

Image = NDArray[np.uint8]


def prepare(drawing: NDArray[np.integer], *, box: bool = True, antialias: bool = True, center: bool = True) -> Image:
    """Return a drawing as one image (784,), uint8 from 0 (paper) to 255 (ink), as the network was trained on.

    drawing: (height, width), whole numbers from 0 (paper) to 255 (ink), of any size. Three steps, and each can be left
    out to see what it is for:

    box: cut the drawing to its ink, and scale that so that the longer side is 20 pixels; else the whole drawing is
    scaled to 28. Width and height keep their proportion.
    antialias: a pixel takes the mean ink of the area it covers; else the ink at the area's middle alone.
    center: the ink's centre of mass comes to the middle of the image, as near as whole pixels and the image's edge
    allow; else the middle of what was scaled does.

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
    scaled = scale_to(drawing, BOX if box else SIDE, antialias)
    if not scaled.any():
        raise ValueError("no ink is left at this size: draw larger, with a thicker pen")
    image = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (corner(scaled.sum(axis=1 - axis), center) for axis in (0, 1))
    image[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return image.reshape(-1)


def cut_to_ink(drawing: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the smallest part of a drawing that holds every pixel with ink."""
    rows, columns = np.flatnonzero(drawing.any(axis=1)), np.flatnonzero(drawing.any(axis=0))
    return drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def scale_to(drawing: NDArray[np.integer], longer: int, antialias: bool) -> Image:
    """Return a drawing scaled so that its longer side has `longer` pixels."""
    height, width = (max(1, _round(side * longer / max(drawing.shape))) for side in drawing.shape)
    down, across = (_weights(old, new, antialias) for old, new in zip(drawing.shape, (height, width), strict=True))
    return np.floor(down @ drawing @ across.T + 0.5).astype(np.uint8)


def corner(ink: NDArray[np.integer], center: bool) -> int:
    """Return where n rows (or columns) with this much ink each, (n,), begin in the image."""
    n = len(ink)
    if not center:
        return (SIDE - n) // 2
    middle = (ink @ (np.arange(n) + 0.5)) / ink.sum()  # a pixel's middle is half a pixel in
    return min(max(math.ceil(SIDE / 2 - middle), 0), SIDE - n)  # MNIST's centres of mass lie from 14 to 15


def _weights(old: int, new: int, antialias: bool) -> FloatArray:
    """Return (new, old): what part each old pixel has in each new one, along one side. Rows sum to 1."""
    edges = np.arange(new + 1) * old / new
    if not antialias:
        middles = np.minimum((edges[:-1] + edges[1:]) / 2, old - 1).astype(np.int64)
        return np.eye(old)[middles]
    begin, end = edges[:-1, None], edges[1:, None]
    pixels = np.arange(old)
    overlap = np.minimum(end, pixels + 1) - np.maximum(begin, pixels)
    return np.maximum(overlap, 0) * new / old


def _round(x: float) -> int:
    """Round to the nearest whole number, halves up: not as Python does, but the same in every language."""
    return math.floor(x + 0.5)
