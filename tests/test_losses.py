"""Cross-entropy from logits: hand-worked values, properties, extremes. Gradients: test_gradients.py."""

import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from scratchnet import cross_entropy, cross_entropy_backward, softmax

rng = np.random.default_rng(3)


def test_uniform_logits_cost_the_logarithm_of_the_number_of_classes() -> None:
    assert cross_entropy(np.zeros((4, 10)), np.array([0, 3, 9, 3])) == pytest.approx(math.log(10), rel=1e-15)


def test_two_examples_by_hand() -> None:
    Z = np.log(np.array([[1.0, 3.0], [1.0, 1.0]]))
    assert cross_entropy(Z, np.array([1, 0])) == pytest.approx((math.log(4 / 3) + math.log(2)) / 2, rel=1e-15)


def test_gradient_by_hand() -> None:
    Z = np.log(np.array([[1.0, 3.0], [1.0, 1.0]]))
    expected = [[0.25 / 2, -0.25 / 2], [-0.5 / 2, 0.5 / 2]]
    np.testing.assert_allclose(cross_entropy_backward(Z, np.array([1, 0])), expected, rtol=1e-15)


@given(st.integers(1, 8), st.integers(2, 10), st.integers(0, 2**32 - 1))
def test_agrees_with_scikit_learn(examples: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    Z, y = rng.normal(0, 3, (examples, classes)), rng.integers(classes, size=examples)
    assert cross_entropy(Z, y) == pytest.approx(sklearn.metrics.log_loss(y, softmax(Z), labels=range(classes)))


def test_permuting_the_batch_changes_nothing() -> None:
    Z, y, order = rng.normal(size=(7, 4)), rng.integers(4, size=7), rng.permutation(7)
    assert cross_entropy(Z[order], y[order]) == pytest.approx(cross_entropy(Z, y), rel=1e-14)
    np.testing.assert_array_equal(cross_entropy_backward(Z[order], y[order]), cross_entropy_backward(Z, y)[order])


def test_rows_of_the_gradient_sum_to_zero() -> None:
    Z, y = rng.normal(size=(7, 4)), rng.integers(4, size=7)
    np.testing.assert_allclose(cross_entropy_backward(Z, y).sum(axis=1), 0, atol=1e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_give_the_exact_loss(dtype: type) -> None:
    Z = np.array([[1e4, -1e4], [1e4, -1e4]], dtype)
    assert cross_entropy(Z, np.array([0, 1])) == 10_000.0
    gradient = cross_entropy_backward(Z, np.array([0, 1]))
    assert gradient.dtype == dtype
    np.testing.assert_array_equal(gradient, [[0, 0], [0.5, -0.5]])


def test_neither_changes_the_logits() -> None:
    Z = np.array([[1.0, 2.0], [3.0, 4.0]])
    cross_entropy(Z, np.array([0, 1]))
    cross_entropy_backward(Z, np.array([0, 1]))
    np.testing.assert_array_equal(Z, [[1, 2], [3, 4]])


@pytest.mark.parametrize("rule", [cross_entropy, cross_entropy_backward])
@pytest.mark.parametrize(
    ("Z", "y", "sentence"),
    [
        (np.zeros((2, 3)), np.array([0, 3]), r"y\[1\] is 3, but with 3 classes a label is from 0 to 2"),
        (np.zeros((2, 3)), np.array([-1, 0]), r"y\[0\] is -1, but with 3 classes"),
        (np.zeros((2, 3)), np.array([0]), r"y must have shape \(2,\) \(one label for each example\), not \(1,\)"),
        (np.zeros((2, 3)), np.array([[0], [1]]), r"y must have shape \(2,\) .* not \(2, 1\)"),
        (np.zeros((2, 3)), np.array([0.0, 1.0]), "y must be an array of integer labels, not dtype float64"),
        (np.zeros((2, 3)), [0, 1], "y must be an array of integer labels, not list"),
        (np.zeros((0, 3)), np.array([], int), "Z has no rows"),
    ],
)
def test_refuses_what_does_not_fit(rule: object, Z: np.ndarray, y: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rule(Z, y)  # type: ignore[operator]


def test_rows_of_very_different_size_do_not_disturb_each_other() -> None:
    Z = np.array([[1e4, 0.0], [0.0, 1.0], [-1e4, -1e4]])
    assert cross_entropy(Z, np.array([0, 1, 1])) == pytest.approx((0 + np.log1p(np.exp(-1)) + np.log(2)) / 3)


def test_an_array_for_the_gradient_is_filled_and_may_be_the_logits_themselves() -> None:
    Z, y = np.random.default_rng(0).normal(size=(4, 3)), np.array([2, 0, 1, 1])
    expected, out = cross_entropy_backward(Z, y), np.full((4, 3), np.nan)
    assert cross_entropy_backward(Z, y, out=out) is out
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(cross_entropy_backward(Z, y, out=Z), expected)
