"""The linear layer: every output is a weighted sum of the inputs, plus a bias.

Source: chapter "linear" (forward) and chapter "backprop" (backward).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.kinds import Kind
from scratchnet.shapes import require_count, require_matrix, require_shape
from scratchnet.types import FloatArray

__all__ = ["Linear", "linear", "linear_backward"]


def linear(X: FloatArray, W: FloatArray, b: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Return the scores Z = XW + b of a batch.

    Shapes: X (N, D), a row for each example; W (D, H), a column for each output; b (H,), added to every row;
    Z (N, H). Raises ValueError where they do not fit together. `out` is an array for Z, as in NumPy's functions. With
    one, nothing is checked, because it is for loops that have checked before the first step.
    """
    if out is None:
        _require_linear(X, W)
        require_shape("b", b, W.shape[1:], "(one bias for each column of W)")
    Z = np.dot(X, W, out=out)
    return np.add(Z, b, out=out)


def linear_backward(
    dZ: FloatArray,
    X: FloatArray,
    W: FloatArray,
    out: tuple[FloatArray | None, FloatArray | None, FloatArray | None] | None = None,
    need_dX: bool = True,
) -> tuple[FloatArray | Any, FloatArray, FloatArray]:
    """Return (dX, dW, db), the gradients of the loss with respect to what `linear` took.

    Shapes: dZ (N, H), the upstream gradient; dX (N, D); dW (D, H); db (H,). A gradient has the shape of the thing
    itself. Every example used the same W and b, so dW and db are sums over the N examples; for dW the matrix product
    adds them up. Any 1/N is already in dZ. Raises ValueError where shapes do not fit. `out` has an array for each of
    the three, or None for a new one; with `out`, nothing is checked. Without `need_dX`, dX is None: the first layer of
    a network can do without the gradient of the images.
    """
    if out is None:
        _require_linear(X, W)
        require_shape("dZ", dZ, (len(X), W.shape[1]), "(that of Z)")
    dX, dW, db = out or (None, None, None)
    dX = np.dot(dZ, W.T, out=dX) if need_dX else None
    dW = np.dot(X.T, dZ, out=dW)
    db = np.add.reduce(dZ, axis=0, out=db)
    return dX, dW, db


@dataclass(frozen=True)
class Linear(Kind):
    """A layer of H units, each of which looks at all of D inputs: Z = XW + b.

    Raises ValueError where D or H is not a whole number from 1.
    """

    D: int
    H: int

    def __post_init__(self) -> None:
        """Refuse what is no number of columns."""
        require_count("D", self.D)
        require_count("H", self.H)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of W, which has a column of weights for each unit, and of b, which has its bias."""
        return {"W": (self.D, self.H), "b": (self.H,)}

    @property
    def inputs(self) -> int:
        """The number D of columns that go in."""
        return self.D

    @property
    def outputs(self) -> int:
        """The number H of units, each of which gives a column."""
        return self.H

    def start(self, layer: Any, rng: np.random.Generator, scheme: str) -> None:
        """Draw the weights by `scheme`, and leave the biases at zero, except where the scheme says otherwise."""
        draw(layer.W, layer.b, self.D, rng, scheme)

    def forward(
        self, layer: Any, X: FloatArray, rng: np.random.Generator | None = None, out: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return Z, and X, which the way back needs."""
        return linear(X, layer.W, layer.b, out), X

    def backward(
        self,
        layer: Any,
        grad: Any,
        dZ: FloatArray,
        X: FloatArray,
        need_dX: bool = True,
        out: FloatArray | None = None,
    ) -> FloatArray | Any:
        """Fill dW and db, and return dX."""
        return linear_backward(dZ, X, layer.W, (out, grad.W, grad.b), need_dX)[0]


def draw(W: FloatArray, b: FloatArray, inputs: int, rng: np.random.Generator, scheme: str) -> None:
    """Fill weights and biases with the first values that `initialize` describes.

    inputs: the number of inputs that each output has. Raises ValueError for a scheme that is not known.
    """
    match scheme:
        case "he":
            W[:] = rng.normal(0, np.sqrt(2 / inputs), W.shape)
        case "uniform":
            W[:] = rng.uniform(-0.5, 0.5, W.shape)
            b[:] = rng.uniform(-0.5, 0.5, b.shape)
        case "small":
            W[:] = rng.normal(0, 0.01, W.shape)
        case "zeros":
            pass
        case _:
            raise ValueError(f'scheme must be "he", "uniform", "small" or "zeros", not {scheme!r}')


def _require_linear(X: FloatArray, W: FloatArray) -> None:
    require_matrix("X", X)
    if not isinstance(W, np.ndarray) or W.ndim != 2 or len(W) != X.shape[1]:
        found = W.shape if isinstance(W, np.ndarray) else type(W).__name__
        raise ValueError(f"W must have shape (D, H) with D = {X.shape[1]}, the columns of X, not {found}")
