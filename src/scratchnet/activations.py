"""The two functions between and after the layers: ReLU bends, softmax turns scores into probabilities.

Source: chapter "softmax", chapter "hidden-layer" (forward), chapter "backprop" (backward).
"""

import numpy as np

from scratchnet.shapes import require_matrix, require_shape
from scratchnet.types import FloatArray

__all__ = ["relu", "relu_backward", "softmax", "softmax_backward"]


def relu(Z: FloatArray) -> FloatArray:
    """Return A = max(Z, 0), entry by entry, in the shape of Z."""
    return np.maximum(Z, 0)


def relu_backward(dA: FloatArray, Z: FloatArray) -> FloatArray:
    """Return dZ: the upstream gradient dA where Z > 0, and zero elsewhere.

    Shapes: dA, Z and dZ are the same. At the kink Z = 0, where ReLU has no derivative, this takes 0.
    """
    require_shape("dA", dA, Z.shape, "(that of Z)")
    return dA * (Z > 0)


def softmax(Z: FloatArray) -> FloatArray:
    """Return P, each row of Z made into probabilities: P[n, k] = exp(Z[n, k]) / Σⱼ exp(Z[n, j]).

    Shapes: Z (N, K), P (N, K). Taking the row's maximum away first leaves the formula's value unchanged and keeps
    exp from overflowing: the largest exponent is then exactly 0. Raises ValueError for a batch without rows.
    """
    require_matrix("Z", Z)
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def softmax_backward(dP: FloatArray, P: FloatArray) -> FloatArray:
    """Return dZ = (diag(p) − ppᵀ) dp for each row, without ever forming the K×K Jacobian.

    Shapes: dP (N, K), the upstream gradient; P (N, K), what `softmax` returned; dZ (N, K). This rule takes the
    output P and not Z, because the Jacobian is a function of P alone.
    """
    require_matrix("P", P)
    require_shape("dP", dP, P.shape, "(that of P)")
    return P * (dP - (dP * P).sum(axis=1, keepdims=True))
