"""The functions between and after the linear layers: ReLU and tanh bend, softmax turns scores into probabilities.

Source: chapter "softmax", chapter "hidden-layer" (forward), chapter "backprop" (backward).
"""

from typing import Any

import numpy as np

from scratchnet.kinds import Kind
from scratchnet.shapes import require_matrix, require_shape
from scratchnet.types import FloatArray

__all__ = ["ReLU", "Tanh", "relu", "relu_backward", "softmax", "softmax_backward", "tanh", "tanh_backward"]


def relu(Z: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Return A = max(Z, 0), entry by entry, in the shape of Z. `out` is an array for A."""
    return np.maximum(Z, 0, out=out)


def relu_backward(dA: FloatArray, Z: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Return dZ: the upstream gradient dA where Z > 0, and zero elsewhere.

    Shapes: dA, Z and dZ are the same. At the kink Z = 0, where ReLU has no derivative, this takes 0. `out` is an array
    for dZ, which may be dA itself; with one, nothing is checked.
    """
    if out is None:
        require_shape("dA", dA, Z.shape, "(that of Z)")
    return np.multiply(dA, Z > 0, out=out)


class ReLU(Kind):
    """The rectified linear unit as a layer: A = max(Z, 0)."""

    def forward(
        self, layer: Any, Z: FloatArray, rng: np.random.Generator | None = None, out: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return A, and Z for the way back."""
        return relu(Z, out), Z

    def backward(
        self,
        layer: Any,
        grad: Any,
        dA: FloatArray,
        Z: FloatArray,
        need_dX: bool = True,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """Return dZ."""
        return relu_backward(dA, Z, out)


def tanh(Z: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Return A = tanh(Z) = (eᶻ − e⁻ᶻ) / (eᶻ + e⁻ᶻ), entry by entry, from −1 to 1. `out` is an array for A."""
    return np.tanh(Z, out=out)


def tanh_backward(dA: FloatArray, A: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Return dZ = dA (1 − A²), with A what `tanh` returned, because the derivative of tanh is a function of its value.

    Shapes: dA, A and dZ are the same. `out` is an array for dZ other than dA; with one, nothing is checked.
    """
    if out is None:
        require_shape("dA", dA, A.shape, "(that of A)")
    squared = np.multiply(A, A, out=out)
    slope = np.subtract(1, squared, out=out)
    return np.multiply(dA, slope, out=out)


class Tanh(Kind):
    """The hyperbolic tangent as a layer: A = tanh(Z)."""

    def forward(
        self, layer: Any, Z: FloatArray, rng: np.random.Generator | None = None, out: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return A, and A once more, because that is what the way back needs."""
        A = tanh(Z, out=out)
        return A, A

    def backward(
        self,
        layer: Any,
        grad: Any,
        dA: FloatArray,
        A: FloatArray,
        need_dX: bool = True,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """Return dZ."""
        return tanh_backward(dA, A, out=out)


def softmax(Z: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Return P, each row of Z made into probabilities: P[n, k] = exp(Z[n, k]) / Σⱼ exp(Z[n, j]).

    Shapes: Z (N, K), P (N, K). Taking the row's maximum away first leaves the formula's value unchanged and keeps
    exp from overflowing: the largest exponent is then exactly 0. Raises ValueError for a batch without rows. `out` is
    an array for P, which may be Z itself; with one, nothing is checked.
    """
    if out is None:
        require_matrix("Z", Z)
    E = np.exp(np.subtract(Z, row_maxima(Z), out=out), out=out)
    return np.divide(E, np.add.reduce(E, axis=1, keepdims=True), out=out)


def row_maxima(Z: FloatArray) -> FloatArray:
    """Return the largest number of each row of Z (N, K), in shape (N, 1): `Z.max(axis=1, keepdims=True)`.

    For columns NumPy takes a third of the time that it takes for rows, so it pays to copy Z with its axes exchanged.
    """
    return np.maximum.reduce(Z.T.copy())[:, None]


def softmax_backward(dP: FloatArray, P: FloatArray) -> FloatArray:
    """Return dZ = (diag(p) − ppᵀ) dp for each row, without ever forming the K×K Jacobian.

    Shapes: dP (N, K), the upstream gradient; P (N, K), what `softmax` returned; dZ (N, K). This rule takes the
    output P and not Z, because the Jacobian is a function of P alone.
    """
    require_matrix("P", P)
    require_shape("dP", dP, P.shape, "(that of P)")
    return P * (dP - (dP * P).sum(axis=1, keepdims=True))
