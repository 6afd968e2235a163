"""New images from old ones: each pixel takes the grey that it finds a small way off.

All distortions here are fields of small moves. A move is two numbers that say how far down and how far to the right of
itself a pixel looks. In a shift all pixels have the same move; in a rotation the moves grow with the distance from the
centre; in an elastic distortion they vary smoothly from place to place. The moves of several distortions are added
first, so that the image is interpolated, and blurred by that, only once.

Source: chapter "generalisation"; Simard, Steinkraus and Platt (2003).
"""

from math import isqrt
from typing import Any

import numpy as np

from scratchnet.shapes import (
    is_number,
    require_dtype,
    require_generator,
    require_matrix,
    require_positive,
    require_shape,
)
from scratchnet.types import FloatArray

__all__ = ["distort", "moved", "random_moves"]

BLOCK = 64  # so many images at a time fit the processor's cache together with their moves


def distort(
    X: FloatArray,
    rng: np.random.Generator,
    *,
    shift: float = 0.0,
    rotation: float = 0.0,
    stretch: float = 0.0,
    slant: float = 0.0,
    elastic: float = 0.0,
    smoothness: float = 4.0,
) -> FloatArray:
    """Return a new image for each row of X (N, D), distorted at random: (N, D), with the dtype of X.

    Images are square, D = S · S pixels, row by row, and paper is 0. Every image gets draws of its own from `rng`.

    shift: how many pixels an image moves at most, down or up, and to either side.
    rotation: by how many degrees it turns at most, either way, about its centre.
    stretch: by what part its height and its width change at most: 0.1 divides each by a number from 0.9 to 1.1.
    slant: how many pixels it leans to the side at most for each pixel down.
    elastic: the standard deviation, in pixels, of a move in the elastic distortion, downwards and to the right.
    smoothness: the σ, in pixels, of the Gaussian that makes elastic moves smooth; the larger, the further pixels go
    together.

    Every distortion is 0, and so left out, unless it is asked for. To let `fit` distort its images, pass
    `augment=functools.partial(sn.distort, rotation=10)`. X is not changed, and numbers from 0 to 1 stay within 0 and 1.
    Raises ValueError for images that are not square, for a distortion that is not a finite number, 0 or more, and for a
    smoothness that is not positive and finite.
    """
    amounts = {"shift": shift, "rotation": rotation, "stretch": stretch, "slant": slant, "elastic": elastic}
    side = _require_images(X)
    require_dtype(X.dtype)
    require_generator(rng)
    for name, amount in amounts.items():
        if not (is_number(amount) and 0 <= amount < np.inf):
            raise ValueError(f"{name} must be a number from 0, not {amount!r}")
    require_positive("smoothness", smoothness)
    distorted = np.empty_like(X)
    for start in range(0, len(X), BLOCK):
        block = X[start : start + BLOCK]
        moves = random_moves(len(block), side, rng, **amounts, smoothness=smoothness, dtype=X.dtype)
        distorted[start : start + BLOCK] = moved(block, moves)
    return distorted


def random_moves(
    N: int,
    side: int,
    rng: np.random.Generator,
    *,
    shift: float = 0.0,
    rotation: float = 0.0,
    stretch: float = 0.0,
    slant: float = 0.0,
    elastic: float = 0.0,
    smoothness: float = 4.0,
    dtype: Any = np.float32,
) -> FloatArray:
    """Return moves for N images, as `distort` draws them: (2, N, side · side), first those down, then to the right.

    Turning, stretching and leaning are linear: the pixel at (i, j), counted from the centre, looks at M (i, j) for a
    2 by 2 matrix M. So its move is M (i, j) − (i, j), which is (M − I) (i, j). The third column of `matrix` is the
    shift. The arguments are those of `distort`. Nothing is checked.
    """
    i, j = np.indices((side, side)).reshape(2, -1) - (side - 1) / 2
    angle = np.radians(rotation) * rng.uniform(-1, 1, N)
    height, width = 1 + stretch * rng.uniform(-1, 1, (2, N))
    lean = slant * rng.uniform(-1, 1, N)
    down, right = shift * rng.uniform(-1, 1, (2, N))
    sin, cos = np.sin(angle), np.cos(angle)
    matrix = np.array([[cos * height - 1, -sin * width, down], [sin * height + lean, cos * width - 1, right]])
    moves = matrix.transpose(0, 2, 1).astype(dtype) @ np.array([i, j, np.ones_like(i)], dtype)
    if elastic:
        moves += elastic * smooth_noise((2, N), side, rng, smoothness, dtype)
    return moves


def smooth_noise(
    shape: tuple[int, ...], side: int, rng: np.random.Generator, smoothness: float, dtype: Any
) -> FloatArray:
    """Return fields (*shape, side · side) of numbers with mean 0 and variance 1 that vary smoothly from place to place.

    A field is G U Gᵀ: independent noise U, blurred by a Gaussian along its columns and its rows. A sum of independent
    numbers has the variance of one of them where the squares of the weights add up to 1. So the rows of G are given
    the length 1, and the variance stays 1 at the edges too.
    """
    distance = np.subtract.outer(np.arange(side), np.arange(side))
    G = np.exp(-(distance**2) / (2 * smoothness**2))
    G /= np.sqrt((G**2).sum(axis=1, keepdims=True))
    U = rng.random((*shape, side, side), dtype)
    U -= 0.5
    U *= np.sqrt(12)  # because numbers spread evenly from 0 to 1 have the variance 1/12
    G = G.astype(U.dtype)
    return (G @ (U.reshape(-1, side) @ G.T).reshape(U.shape)).reshape(*shape, side * side)


def moved(X: FloatArray, moves: FloatArray) -> FloatArray:
    """Return images (N, D) in which each pixel has the grey that X (N, D) has at the pixel's place plus its move.

    `moves` (2, N, D) holds the moves down and then those to the right, in pixels. A place between four pixels has their
    mean, weighted by how near they are (bilinear interpolation). Beyond the edge everything is paper, 0. Raises
    ValueError for images that are not square and for moves of another shape.
    """
    side = _require_images(X)
    require_shape("moves", moves, (2, *X.shape), "(down and to the right, for each pixel of X)")
    width = side + 2  # a margin of one pixel of paper, so that places beyond the edge find paper too
    paper = np.zeros((len(X), width, width), X.dtype)
    paper[:, 1:-1, 1:-1] = X.reshape(-1, side, side)
    here = np.indices((side, side)).reshape(2, 1, -1) + 1
    places = np.clip(here.astype(X.dtype) + moves, 0, side + 1)
    # The pixel above and to the left: no place is negative, so cutting off the fraction rounds down.
    corner = np.minimum(places.astype(np.int32), side)
    below, beside = (places - corner).astype(X.dtype, copy=False)
    index = corner[0] * width + corner[1] + np.arange(len(X))[:, None] * width**2
    pixels = paper.ravel()
    top, bottom = (_between(pixels.take(at), pixels.take(at + 1), beside) for at in (index, index + width))
    return _between(top, bottom, below)


def _between(a: FloatArray, b: FloatArray, part: FloatArray) -> FloatArray:
    """Return what lies this part of the way from a to b."""
    return a + part * (b - a)


def _require_images(X: FloatArray) -> int:
    """Refuse anything but a matrix with a square image in each row, and return the side of the squares."""
    require_matrix("X", X)
    side = isqrt(X.shape[1])
    if side * side != X.shape[1]:
        raise ValueError(f"X must have a square image in each row, and {X.shape[1]} pixels make none")
    return side
