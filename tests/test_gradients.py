"""Every backward rule against central differences, in float64, each block on its own."""

import numpy as np
import pytest

from scratchnet import (
    check_gradients,
    cross_entropy,
    cross_entropy_backward,
    initialize,
    linear,
    linear_backward,
    numerical_gradient,
    relative_error,
    relu,
    relu_backward,
    softmax,
    softmax_backward,
    tanh,
    tanh_backward,
)

BAR = 1e-7
rng = np.random.default_rng(5)
N, D, K = 4, 3, 5
X, W, b = rng.normal(size=(N, D)), rng.normal(size=(D, K)), rng.normal(size=K)
Z = rng.normal(size=(N, K))
upstream = rng.normal(size=(N, K))  # any gradient from above, so that no sum hides a permutation
y = rng.integers(K, size=N)


@pytest.mark.parametrize("block", [0, 1, 2], ids=["X", "W", "b"])
def test_linear(block: int) -> None:
    numbers = numerical_gradient(lambda _: float((upstream * linear(X, W, b)).sum()), (X, W, b)[block])
    assert relative_error(linear_backward(upstream, X, W)[block], numbers) < BAR


def test_relu_away_from_the_kink() -> None:
    assert np.abs(Z).min() > 1e-3
    numbers = numerical_gradient(lambda v: float((upstream * relu(v)).sum()), Z)
    assert relative_error(relu_backward(upstream, Z), numbers) < BAR


def test_tanh() -> None:
    numbers = numerical_gradient(lambda v: float((upstream * tanh(v)).sum()), Z)
    assert relative_error(tanh_backward(upstream, tanh(Z)), numbers) < BAR


def test_softmax() -> None:
    numbers = numerical_gradient(lambda v: float((upstream * softmax(v)).sum()), Z)
    assert relative_error(softmax_backward(upstream, softmax(Z)), numbers) < BAR


def test_cross_entropy() -> None:
    numbers = numerical_gradient(lambda v: cross_entropy(v, y), Z)
    assert relative_error(cross_entropy_backward(Z, y), numbers) < BAR


def test_softmax_then_the_logarithm_is_the_same_gradient_by_two_rules() -> None:
    P = softmax(Z)
    dP = np.zeros_like(P)
    dP[np.arange(N), y] = -1 / (N * P[np.arange(N), y])
    np.testing.assert_allclose(softmax_backward(dP, P), cross_entropy_backward(Z, y), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("sizes", [(3, 5), (3, 4, 5), (3, 4, 6, 5), (3, 6, 4, 4, 5), (784, 10, 10)])
def test_the_whole_network_block_by_block(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(8)
    params = initialize(sizes, rng, dtype=np.float64)
    for layer in params.layers:
        layer.b[:] = rng.normal(0, 0.5, layer.b.shape)
    inputs, labels = rng.normal(size=(3, sizes[0])), rng.integers(sizes[-1], size=3)
    report = check_gradients(params, inputs, labels, tolerance=BAR)
    assert report, f"\n{report}"


@pytest.mark.parametrize("labels", [[2], [2, 2, 2]], ids=["one example", "one class present"])
def test_small_batches(labels: list[int]) -> None:
    rng = np.random.default_rng(9)
    params = initialize((3, 4, 5), rng, dtype=np.float64)
    assert check_gradients(params, rng.normal(size=(len(labels), 3)), np.array(labels), tolerance=BAR)
