"""Accuracy and the confusion matrix, against scikit-learn and by hand."""

import numpy as np
import pytest
import sklearn.metrics

from scratchnet import accuracy, confusion_matrix

y_true, y_pred = np.array([0, 1, 2, 2, 2]), np.array([0, 2, 2, 2, 1])


def test_accuracy_by_hand() -> None:
    assert accuracy(y_true, y_pred) == 3 / 5


def test_confusion_matrix_by_hand_rows_are_the_truth() -> None:
    np.testing.assert_array_equal(confusion_matrix(y_true, y_pred, classes=3), [[1, 0, 0], [0, 0, 1], [0, 1, 2]])


def test_both_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(10, size=(2, 500))
    assert accuracy(y_true, y_pred) == sklearn.metrics.accuracy_score(y_true, y_pred)
    np.testing.assert_array_equal(confusion_matrix(y_true, y_pred), sklearn.metrics.confusion_matrix(y_true, y_pred))


def test_a_class_that_does_not_occur_has_an_empty_row() -> None:
    assert confusion_matrix(np.array([1]), np.array([1])).sum() == 1
    assert confusion_matrix(np.array([1]), np.array([1])).shape == (10, 10)


@pytest.mark.parametrize("metric", [accuracy, confusion_matrix])
@pytest.mark.parametrize(
    ("truth", "guess", "sentence"),
    [
        (np.array([], int), np.array([], int), "y_true must hold at least one label in one dimension"),
        (np.array([[1]]), np.array([1]), r"y_true must hold at least one label in one dimension, not shape \(1, 1\)"),
        (np.array([1, 2]), np.array([1]), r"y_pred: y must have shape \(2,\)"),
        (np.array([1, 2]), np.array([[1], [2]]), r"y_pred: y must have shape \(2,\)"),
        (np.array([1.0]), np.array([1]), "y_true: y must be an array of integer labels, not dtype float64"),
    ],
)
def test_refuses_what_cannot_be_compared(metric: object, truth: np.ndarray, guess: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        metric(truth, guess)  # type: ignore[operator]


def test_confusion_matrix_refuses_a_label_outside_the_classes() -> None:
    with pytest.raises(ValueError, match=r"y_pred: y\[0\] is 10, but with 10 classes"):
        confusion_matrix(np.array([1]), np.array([10]))
