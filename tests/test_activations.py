"""ReLU and softmax: hand-worked values, properties, extremes. Gradients: test_gradients.py."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scratchnet import activations, relu, relu_backward, softmax, softmax_backward, tanh, tanh_backward

logits = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-1e4, 1e4))


def test_relu_keeps_the_positive_and_zeroes_the_rest() -> None:
    np.testing.assert_array_equal(relu(np.array([[-2.0, 0.0, 0.5], [3.0, -0.1, 1.0]])), [[0, 0, 0.5], [3, 0, 1]])


def test_relu_backward_lets_through_where_the_input_was_positive_and_nothing_at_the_kink() -> None:
    dA = np.array([[5.0, 6.0, 7.0, 8.0]])
    Z = np.array([[-1.0, 0.0, 1e-300, 2.0]])
    np.testing.assert_array_equal(relu_backward(dA, Z), [[0, 0, 7, 8]])


def test_relu_backward_refuses_a_gradient_that_would_broadcast() -> None:
    with pytest.raises(ValueError, match=r"dA must have shape \(2, 3\) \(that of Z\), not \(1, 3\)"):
        relu_backward(np.ones((1, 3)), np.ones((2, 3)))


def test_tanh_by_its_exponentials_and_at_the_ends() -> None:
    Z = np.array([[-1.5, 0.0, 0.25], [1e3, -1e3, 2.0]])
    np.testing.assert_allclose(tanh(Z)[0], (np.exp(2 * Z[0]) - 1) / (np.exp(2 * Z[0]) + 1), rtol=1e-14)
    np.testing.assert_array_equal(tanh(Z)[1, :2], [1, -1])


def test_tanh_backward_by_hand() -> None:
    # 1 − A² is 1, 3/4 and 0
    np.testing.assert_array_equal(tanh_backward(np.array([[4.0, 4.0, 4.0]]), np.array([[0, -0.5, 1]])), [[4, 3, 0]])
    with pytest.raises(ValueError, match=r"dA must have shape \(2, 3\) \(that of A\), not \(1, 3\)"):
        tanh_backward(np.ones((1, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", [relu, tanh, softmax, relu_backward, tanh_backward])
def test_an_array_for_the_result_is_filled_and_returned_with_the_same_bits(
    rule: Callable[..., np.ndarray], dtype: type
) -> None:
    rng = np.random.default_rng(0)
    arguments = [rng.normal(size=(4, 3)).astype(dtype) for _ in range(2 if "backward" in rule.__name__ else 1)]
    before = [argument.copy() for argument in arguments]
    out = np.full((4, 3), np.nan, dtype)
    assert rule(*arguments, out=out) is out
    np.testing.assert_array_equal(out, rule(*arguments))
    assert all(np.array_equal(*pair) for pair in zip(arguments, before, strict=True))


@pytest.mark.parametrize("rule", [relu, tanh, softmax])
def test_the_result_may_stand_where_the_argument_stood(rule: Callable[..., np.ndarray]) -> None:
    Z = np.random.default_rng(0).normal(size=(4, 3))
    expected = rule(Z)
    np.testing.assert_array_equal(rule(Z, out=Z), expected)
    dA = Z.copy()
    np.testing.assert_array_equal(relu_backward(dA, expected, out=dA), relu_backward(Z, expected))


def test_softmax_with_an_array_for_the_result_makes_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    Z, out = np.ones((200, 100)), np.empty((200, 100))
    maxima = activations.row_maxima(Z)
    # The copy that `row_maxima` makes is as large as Z. It is gone when the rest begins, but the peak would be its own.
    monkeypatch.setattr(activations, "row_maxima", lambda Z: maxima)
    tracemalloc.start()
    softmax(Z, out=out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < Z.nbytes / 2


def test_softmax_by_hand() -> None:
    Z = np.log(np.array([[1.0, 2.0, 5.0], [4.0, 4.0, 2.0]]))
    np.testing.assert_allclose(softmax(Z), [[1 / 8, 2 / 8, 5 / 8], [0.4, 0.4, 0.2]], rtol=1e-15)


@given(logits)
def test_softmax_agrees_with_scipy(Z: np.ndarray) -> None:
    np.testing.assert_allclose(softmax(Z), scipy.special.softmax(Z, axis=1), rtol=1e-12, atol=1e-300)


@given(logits)
def test_softmax_rows_are_probabilities(Z: np.ndarray) -> None:
    P = softmax(Z)
    assert ((P >= 0) & (P <= 1)).all()
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-14)


@given(logits, st.integers(-1000, 1000))
def test_softmax_ignores_a_shift(Z: np.ndarray, shift: int) -> None:
    np.testing.assert_allclose(softmax(Z + shift), softmax(Z), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_neither_overflow_nor_warn(dtype: type) -> None:
    Z = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]], dtype)
    P = softmax(Z)
    assert P.dtype == dtype
    np.testing.assert_allclose(P, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)


@pytest.mark.parametrize("Z", [np.zeros((0, 10)), np.zeros(10), np.zeros((2, 3), int)])
def test_softmax_refuses_what_is_no_batch(Z: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Z "):
        softmax(Z)


def test_softmax_backward_is_the_jacobian_times_the_upstream_gradient() -> None:
    p, dp = np.array([0.2, 0.3, 0.5]), np.array([1.0, -2.0, 4.0])
    jacobian = np.array([[0.16, -0.06, -0.10], [-0.06, 0.21, -0.15], [-0.10, -0.15, 0.25]])
    np.testing.assert_allclose(softmax_backward(dp[None], p[None])[0], jacobian @ dp, rtol=1e-12)


def test_softmax_backward_ignores_an_upstream_gradient_that_is_the_same_for_every_class() -> None:
    P = np.array([[0.25, 0.25, 0.5]])
    np.testing.assert_array_equal(softmax_backward(np.full((1, 3), 8.0), P), np.zeros((1, 3)))


def test_softmax_backward_refuses_another_shape() -> None:
    with pytest.raises(ValueError, match=r"dP must have shape \(1, 3\) \(that of P\), not \(3,\)"):
        softmax_backward(np.ones(3), np.full((1, 3), 1 / 3))
    with pytest.raises(ValueError, match="P must be a float matrix"):
        softmax_backward(np.ones(3), np.ones(3))
