"""Dropout: in training, silence each number with some probability, and make the others larger to make up for it.

Source: chapter "generalisation"; Srivastava et al. (2014).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.kinds import Kind
from scratchnet.shapes import is_number, require_shape
from scratchnet.types import FloatArray

__all__ = ["Dropout", "draw_mask", "dropout", "dropout_backward"]


def draw_mask(shape: tuple[int, ...], rate: float, rng: np.random.Generator, dtype: Any = np.float32) -> FloatArray:
    """Return a mask of this shape: each entry is 0 with probability `rate`, and 1 / (1 − rate) otherwise.

    The mean of an entry is 1, so a number that is multiplied by an entry keeps its value on average. Nothing is
    checked.
    """
    kept = rng.random(shape, dtype) >= rate
    return np.multiply(kept, 1 / (1 - rate), dtype=dtype)


def dropout(X: FloatArray, mask: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Return A = X · mask, entry by entry. Shapes: X, mask and A are the same.

    Raises ValueError where they are not. `out` is an array for A; with one, nothing is checked.
    """
    if out is None:
        require_shape("mask", mask, X.shape, "(that of X)")
    return np.multiply(X, mask, out=out)


def dropout_backward(dA: FloatArray, mask: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Return dX = dA · mask, entry by entry, with the mask that was used on the way forward.

    Shapes: dA, the upstream gradient, mask and dX are the same. Raises ValueError where they are not. `out` is an array
    for dX, which may be dA itself; with one, nothing is checked.
    """
    if out is None:
        require_shape("dA", dA, mask.shape, "(that of the mask)")
    return np.multiply(dA, mask, out=out)


@dataclass(frozen=True)
class Dropout(Kind):
    """A layer that silences each number with probability `rate` in training, and passes all on where it is only used.

    In training the numbers that stay are divided by 1 − rate, so that the next layer meets the same sums, on average,
    as in use. Raises ValueError for a rate that is not a number from 0 to below 1.
    """

    rate: float

    def __post_init__(self) -> None:
        """Refuse what is no rate."""
        if not (is_number(self.rate) and 0 <= self.rate < 1):
            raise ValueError(f"rate must be a number from 0 to below 1, not {self.rate!r}")

    def forward(
        self, layer: Any, X: FloatArray, rng: np.random.Generator | None = None, out: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray | None]:
        """Return what is left of X, and the mask for the way back. Without `rng`, return a copy of X, and no mask.

        X itself would not do: what is returned here may come back as `out`, and is overwritten then.
        """
        if rng is None:
            return np.positive(X, out=out), None
        mask = draw_mask(X.shape, self.rate, rng, X.dtype)
        return dropout(X, mask, out), mask

    def backward(
        self,
        layer: Any,
        grad: Any,
        dA: FloatArray,
        mask: FloatArray | None,
        need_dX: bool = True,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """Return dX, which is dA itself where `forward` silenced nothing."""
        return dA if mask is None else dropout_backward(dA, mask, out)
