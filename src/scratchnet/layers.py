"""The linear layer: every output is a weighted sum of the inputs, plus a bias.

Source: chapter "linear" (forward) and chapter "backprop" (backward).
"""

import numpy as np

from scratchnet.shapes import require_matrix, require_shape
from scratchnet.types import FloatArray

__all__ = ["linear", "linear_backward"]


def linear(X: FloatArray, W: FloatArray, b: FloatArray) -> FloatArray:
    """Return the scores Z = XW + b of a batch.

    Shapes: X (N, D), a row for each example; W (D, H), a column for each output; b (H,), added to every row;
    Z (N, H). Raises ValueError where they do not fit together.
    """
    _require_linear(X, W)
    require_shape("b", b, W.shape[1:], "(one bias for each column of W)")
    return X @ W + b


def linear_backward(dZ: FloatArray, X: FloatArray, W: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (dX, dW, db), the gradients of the loss with respect to what `linear` took.

    Shapes: dZ (N, H), the upstream gradient; dX (N, D); dW (D, H); db (H,). A gradient has the shape of the thing
    itself. The sum over the N examples is inside both matrix product and sum, because every example used the same
    W and b. Any 1/N is already in dZ.
    """
    _require_linear(X, W)
    require_shape("dZ", dZ, (len(X), W.shape[1]), "(that of Z)")
    dX = dZ @ W.T
    dW = X.T @ dZ
    db = dZ.sum(axis=0)
    return dX, dW, db


def _require_linear(X: FloatArray, W: FloatArray) -> None:
    require_matrix("X", X)
    if not isinstance(W, np.ndarray) or W.ndim != 2 or len(W) != X.shape[1]:
        found = W.shape if isinstance(W, np.ndarray) else type(W).__name__
        raise ValueError(f"W must have shape (D, H) with D = {X.shape[1]}, the columns of X, not {found}")
