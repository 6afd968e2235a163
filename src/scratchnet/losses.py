"""Cross-entropy: how surprised the network is by the right answer, averaged over the batch, in nats.

Source: chapter "cross-entropy".
"""

from functools import cache
from typing import Any

import numpy as np

from scratchnet.activations import row_maxima, softmax
from scratchnet.shapes import require_labels, require_matrix
from scratchnet.types import FloatArray, IntArray

__all__ = ["cross_entropy", "cross_entropy_backward"]


def cross_entropy(Z: FloatArray, y: IntArray) -> float:
    """Return the mean over the batch of −log softmax(Z)[n, y[n]], in nats.

    Shapes: Z (N, K), logits and not probabilities; y (N,), integer labels from 0 to K − 1. Working from the logits,
    −log p = log Σⱼ exp(zⱼ) − z_y needs no logarithm of a probability that may have been rounded to zero.
    Raises ValueError for an empty batch and for labels that do not fit.
    """
    require_matrix("Z", Z)
    require_labels(y, *Z.shape)
    shifted = Z - row_maxima(Z)
    log_sum_exp = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sum_exp - shifted[np.arange(len(y)), y]))


def cross_entropy_backward(Z: FloatArray, y: IntArray, out: FloatArray | None = None) -> FloatArray:
    """Return dZ = (P − Y)/N, with P = softmax(Z) and Y the labels as one-hot rows.

    Shapes: Z (N, K), y (N,), dZ (N, K). The loss is a mean, so this is the one place where 1/N appears. Raises what
    `cross_entropy` raises. `out` is an array for dZ, which may be Z itself; with one, nothing is checked.
    """
    if out is None:
        require_matrix("Z", Z)
        require_labels(y, *Z.shape)
    dZ = softmax(Z, out=out)
    dZ -= _identity(Z.shape[1], Z.dtype).take(y, axis=0)
    dZ /= len(y)
    return dZ


@cache
def _identity(K: int, dtype: np.dtype[Any]) -> FloatArray:
    """Return the identity matrix, whose row k is the label k as a one-hot row.

    It is made once and kept, so nobody may write into it.
    """
    return np.eye(K, dtype=dtype)
