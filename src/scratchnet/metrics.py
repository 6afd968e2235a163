"""How often the network is right, and what it takes for what. Labels first, as in scikit-learn."""

import numpy as np

from scratchnet.shapes import require_labels
from scratchnet.types import IntArray

__all__ = ["accuracy", "confusion_matrix"]


def accuracy(y_true: IntArray, y_pred: IntArray) -> float:
    """Return the fraction of labels that agree. Shapes: y_true (N,), y_pred (N,), N at least 1."""
    _require_pair(y_true, y_pred)
    return float(np.mean(y_true == y_pred))


def confusion_matrix(y_true: IntArray, y_pred: IntArray, classes: int = 10) -> IntArray:
    """Return counts (classes, classes): row i, column j says how often a true i was read as j."""
    _require_pair(y_true, y_pred, classes)
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (y_true, y_pred), 1)
    return counts


def _require_pair(y_true: IntArray, y_pred: IntArray, classes: int | None = None) -> None:
    if np.ndim(y_true) != 1 or len(y_true) == 0:
        raise ValueError(f"y_true must hold at least one label in one dimension, not shape {np.shape(y_true)}")
    for name, labels in (("y_true", y_true), ("y_pred", y_pred)):
        try:
            require_labels(labels, len(y_true), classes)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
