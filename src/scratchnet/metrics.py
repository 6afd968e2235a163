"""How often the network is right, how sure one can be of that, and what it takes for what.

True labels come first, as in scikit-learn. Source: chapter "data" (accuracy, confusion) and chapter "results".
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from scratchnet.shapes import require_count, require_labels, require_matrix
from scratchnet.types import FloatArray, IntArray

__all__ = ["Calibration", "McNemar", "accuracy", "accuracy_interval", "calibration", "confusion_matrix", "mcnemar"]


class McNemar(NamedTuple):
    """Two models on the same examples: how many only the first read, how many only the second, and the p-value."""

    only_a: int
    only_b: int
    p_value: float


class Calibration(NamedTuple):
    """What was claimed and what came true, bin by bin: arrays (bins,), and the expected calibration error.

    confidence: the mean probability of the answers in the bin; accuracy: the fraction of them that were right; both
    are NaN in an empty bin. answers: how many answers are in the bin. error: the mean, over all answers, of the
    distance between the confidence and the accuracy of their bin.
    """

    confidence: FloatArray
    accuracy: FloatArray
    answers: IntArray
    error: float


def accuracy(y_true: IntArray, y_pred: IntArray) -> float:
    """Return the fraction of labels that agree. Shapes: y_true (N,), y_pred (N,), N at least 1."""
    _require_pair(y_true, y_pred)
    return float(np.mean(y_true == y_pred))


def confusion_matrix(y_true: IntArray, y_pred: IntArray, classes: int = 10) -> IntArray:
    """Return counts (classes, classes): row i, column j says how often a true i was read as j."""
    require_count("classes", classes)
    _require_pair(y_true, y_pred, classes)
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (y_true, y_pred), 1)
    return counts


def accuracy_interval(right: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval (low, high) for the accuracy of a model that read `right` of `n` examples.

    It holds the accuracies that `right` of `n` does not contradict: those p for which the observed fraction is no
    further from p than a normal quantile times √(p(1 − p)/n). Unlike p ± 1.96 √(p(1 − p)/n) at the observed p, it never
    leaves [0, 1] and does not shrink to nothing when every answer is right (Wilson, 1927).
    """
    require_count("n", n)
    if not isinstance(right, int | np.integer) or not 0 <= right <= n:
        raise ValueError(f"right must be a number of examples, from 0 to n = {n}, not {right!r}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def mcnemar(y_true: IntArray, y_pred_a: IntArray, y_pred_b: IntArray) -> McNemar:
    """Return whether two models differ on the same examples (N,): McNemar's exact test (McNemar, 1947).

    Examples that both models read, or neither, do not tell them apart. If the models are equally good, a coin could
    decide which of the two reads each of the others. The p-value is the chance of a split at least as uneven as this
    one.
    """
    _require_pair(y_true, y_pred_a)
    _require_pair(y_true, y_pred_b)
    right_a, right_b = y_pred_a == y_true, y_pred_b == y_true
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    tosses = only_a + only_b
    tail, ways = 0, 1  # Python's whole numbers have any size, so nothing is rounded
    for k in range(min(only_a, only_b) + 1):
        tail, ways = tail + ways, ways * (tosses - k) // (k + 1)  # in so many ways can k tosses be heads
    return McNemar(only_a, only_b, min(1.0, 2 * tail / 2**tosses))


def calibration(P: FloatArray, y_true: IntArray, bins: int = 10) -> Calibration:
    """Return how often answers given with a probability come true, in `bins` of equal width from 0 to 1.

    Shapes: P (N, K), the probabilities of `predict_proba`; y_true (N,). An answer is the class with the largest
    probability, its confidence is that probability, and a bin is open below and closed above, as in Guo et al.
    (2017), equations 2 and 3.
    """
    require_matrix("P", P)
    require_labels(y_true, len(P), P.shape[1], "y_true")
    if (P < 0).any() or not np.allclose(P.sum(axis=1), 1, atol=1e-4):
        raise ValueError("P must hold probabilities: each row at least 0 and 1 in sum. Are these logits?")
    require_count("bins", bins)
    sure = P.max(axis=1).astype(np.float64)
    right = (P.argmax(axis=1) == y_true).astype(np.float64)
    bin_of = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    total = np.where(count, count, np.nan)  # an empty bin has no mean
    confidence, right_part = (np.bincount(bin_of, values, bins) / total for values in (sure, right))
    error = float(np.nansum(count * np.abs(right_part - confidence)) / len(P))
    return Calibration(confidence, right_part, count, error)


def _require_pair(y_true: IntArray, y_pred: IntArray, classes: int | None = None) -> None:
    require_labels(y_true, len(y_true) if np.ndim(y_true) else 1, classes, "y_true")
    if len(y_true) == 0:
        raise ValueError("y_true must hold at least one label")
    require_labels(y_pred, len(y_true), classes, "y_pred")
