"""New images from old ones: each pixel looks a small way off, and takes the grey that it finds there.

All distortions here are one thing, a field of small moves: two numbers for each pixel, how far down and how far to the
right it looks. A shift gives all pixels the same move, a rotation one that grows with the distance from the centre, and
an elastic distortion moves that vary smoothly from place to place. Moves add up, and the image is read once.

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

BLOCK = 64  # images: with their moves they fit the processor's cache


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
    stretch: by what part it grows or shrinks at most, in height and in width: 0.1 is from 90 % to 110 %.
    slant: how far it leans at most: by so many pixels to the side for each pixel down.
    elastic: how far pixels move in all directions: the standard deviation of these moves, in pixels.
    smoothness: how far apart pixels have to be, in pixels, to move independently: the σ of the Gaussian.

    All but the last are 0 at first. `functools.partial(sn.distort, rotation=10)` is something that `fit` takes as
    `augment`. X is not changed, and numbers from 0 to 1 stay within 0 and 1. Raises ValueError for images that are not
    square, and for amounts that are not numbers from 0.
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
    """Return moves for N images, as `distort` draws them: (2, N, side · side), first down, then to the right.

    Where the image is turned, stretched or leant, the pixel at (i, j) from the centre looks at a (2, 2) matrix times
    (i, j): so its move is that less (i, j). Nothing is checked.
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
    """Return fields that vary smoothly, each of side · side numbers with mean 0 and variance 1: (*shape, side · side).

    Independent noise U, blurred by a Gaussian along the columns and then along the rows: G U Gᵀ. The rows of G have
    length 1, so the variance that U has is that of the result, at the edges too.
    """
    distance = np.subtract.outer(np.arange(side), np.arange(side))
    G = np.exp(-(distance**2) / (2 * smoothness**2))
    G /= np.sqrt((G**2).sum(axis=1, keepdims=True))
    U = rng.random((*shape, side, side), dtype)
    U -= 0.5
    U *= np.sqrt(12)  # the variance of numbers between 0 and 1 is 1/12
    G = G.astype(U.dtype)
    return (G @ (U.reshape(-1, side) @ G.T).reshape(U.shape)).reshape(*shape, side * side)


def moved(X: FloatArray, moves: FloatArray) -> FloatArray:
    """Return images (N, D) whose pixels look at X (N, D) from where they are, moved by `moves` (2, N, D).

    The first half of the moves goes down and the second to the right, in pixels. A place between four pixels has their
    mean, weighted by how near they are (bilinear interpolation); beyond the edge, all is paper, 0.
    """
    side = _require_images(X)
    require_shape("moves", moves, (2, *X.shape), "(down and to the right, for each pixel of X)")
    width = side + 2  # with a margin of one pixel of paper
    paper = np.zeros((len(X), width, width), X.dtype)
    paper[:, 1:-1, 1:-1] = X.reshape(-1, side, side)
    here = np.indices((side, side)).reshape(2, 1, -1) + 1
    places = np.clip(here.astype(X.dtype) + moves, 0, side + 1)
    corner = np.minimum(places.astype(np.int32), side)  # the pixel above and to the left; places are not negative
    below, beside = (places - corner).astype(X.dtype, copy=False)
    index = corner[0] * width + corner[1] + np.arange(len(X))[:, None] * width**2
    pixels = paper.ravel()
    top, bottom = (_between(pixels.take(at), pixels.take(at + 1), beside) for at in (index, index + width))
    return _between(top, bottom, below)


def _between(a: FloatArray, b: FloatArray, part: FloatArray) -> FloatArray:
    return a + part * (b - a)


def _require_images(X: FloatArray) -> int:
    """Refuse what is no matrix with a square image in each row; return the side of the square."""
    require_matrix("X", X)
    side = isqrt(X.shape[1])
    if side * side != X.shape[1]:
        raise ValueError(f"X must have a square image in each row, and {X.shape[1]} pixels make none")
    return side
