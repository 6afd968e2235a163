"""The gradient that fit takes, in arrays used again, is that of forward and backward to the last bit."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet.network import Backpropagation

TYPES = st.sampled_from([np.float32, np.float64])


def by_formulas(params: sn.Parameters, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient of linear layers with ReLU between them, with nothing of the package but W and b; flat."""
    inputs, outputs, A = [], [], X
    for layer in params.layers:
        inputs.append(A)
        outputs.append(A @ layer.W + layer.b)
        A = np.maximum(outputs[-1], 0)
    E = np.exp(outputs[-1] - outputs[-1].max(axis=1, keepdims=True))
    dZ = E / E.sum(axis=1, keepdims=True)
    dZ[np.arange(len(y)), y] -= 1
    dZ /= len(y)
    blocks: list[np.ndarray] = []
    for n in reversed(range(len(inputs))):
        blocks = [(inputs[n].T @ dZ).ravel(), dZ.sum(axis=0), *blocks]
        if n:
            dZ = (dZ @ params.layers[n].W.T) * (outputs[n - 1] > 0)
    return np.concatenate(blocks)


SIZES = st.lists(st.integers(1, 7), min_size=2, max_size=5).map(tuple)


@given(
    sizes=SIZES,
    kind=TYPES,
    kind_of_X=TYPES,
    batch_size=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_batch_gives_the_bits_of_the_three_functions(
    sizes: tuple[int, ...], kind: type, kind_of_X: type, batch_size: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    params = sn.Parameters(sizes, kind)
    gradient = Backpropagation()
    for N in (batch_size, batch_size, max(1, batch_size // 2), batch_size + 3):
        params.theta[:] = rng.normal(size=params.theta.shape) * rng.choice([0, 1, 100])
        X = rng.normal(size=(N, sizes[0])).astype(kind_of_X)
        y = rng.integers(0, sizes[-1], N)
        before = params.theta.copy(), X.copy()
        Z, cache = sn.forward(params, X)
        expected = sn.backward(params, cache, sn.cross_entropy_backward(Z, y))
        np.testing.assert_array_equal(gradient(params, X, y).theta, expected.theta)
        np.testing.assert_array_equal(params.theta, before[0])
        np.testing.assert_array_equal(X, before[1])


@given(sizes=SIZES, N=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_it_gives_the_numbers_of_the_formulas(sizes: tuple[int, ...], N: int, seed: int) -> None:
    """Compared as a whole: a number that is the small difference of two large ones may have lost most of its digits."""
    rng = np.random.default_rng(seed)
    params = sn.Parameters(sizes, np.float64)
    params.theta[:] = rng.normal(size=params.theta.shape)
    X, y = rng.normal(size=(N, sizes[0])), rng.integers(0, sizes[-1], N)
    assert sn.relative_error(Backpropagation()(params, X, y).theta, by_formulas(params, X, y)) < 1e-9


def test_it_takes_the_parameters_as_they_are_at_each_call() -> None:
    params = sn.initialize((3, 4, 2), np.random.default_rng(0))
    X, y = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32), np.array([0, 1, 0, 1, 1])
    gradient = Backpropagation()
    first = gradient(params, X, y).theta.copy()
    params.theta -= first
    assert not np.array_equal(gradient(params, X, y).theta, first)


def test_another_network_and_another_type_of_images_get_arrays_of_their_own() -> None:
    X, y = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32), np.array([0, 1, 0, 1, 1])
    gradient = Backpropagation()
    for sizes in ((3, 4, 2), (3, 2), (3, 2, 4, 2)):
        params = sn.initialize(sizes, np.random.default_rng(0))
        for images in (X, X.astype(np.float64), X):
            Z, cache = sn.forward(params, images)
            expected = sn.backward(params, cache, sn.cross_entropy_backward(Z, y))
            grads = gradient(params, images, y)
            np.testing.assert_array_equal(grads.theta, expected.theta)
            assert grads.theta.dtype == images.dtype


@pytest.mark.parametrize("between", [sn.ReLU(), sn.Tanh()])
def test_steps_on_batches_of_one_size_make_no_large_arrays(between: sn.Kind) -> None:
    params = sn.initialize([sn.Linear(300, 200), between, sn.Linear(200, 10)], np.random.default_rng(0))
    X, y = np.ones((100, 300), np.float32), np.zeros(100, int)
    gradient = Backpropagation()
    for _ in range(2):
        gradient(params, X, y)
    tracemalloc.start()
    gradient(params, X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 200 * 4  # less than the hidden layer's Z alone


def test_every_layer_writes_into_the_arrays_of_the_step_before() -> None:
    network = [
        sn.Convolution((1, 14, 10), 2, 3), sn.Tanh(), sn.MaxPool((2, 12, 8)), sn.Convolution((2, 6, 4), 3, 3),
        sn.ReLU(), sn.MeanPool((3, 4, 2)), sn.Dropout(0.2), sn.Linear(6, 5), sn.ReLU(), sn.Linear(5, 4),
    ]  # fmt: skip
    params, gradient = sn.initialize(network, np.random.default_rng(0)), Backpropagation()
    rng, steps = np.random.default_rng(1), []
    for seed in range(3):
        X, y = rng.normal(size=(8, 140)).astype(np.float32), rng.integers(4, size=8)
        found = gradient(params, X, y, np.random.default_rng(seed))
        Z, cache = sn.forward(params, X, np.random.default_rng(seed))
        expected = sn.backward(params, cache, sn.cross_entropy_backward(Z, y))
        np.testing.assert_array_equal(found.theta, expected.theta)
        steps.append([gradient.dZ, found.theta, *gradient.forward, *gradient.backward[1:]])
    for now, before in zip(steps[2], steps[1], strict=True):
        assert np.shares_memory(now, before)
    assert gradient.backward[0] is None  # nobody needs the gradient of the images


def test_at_the_kink_it_is_zero_and_in_mixed_precision_nothing_is_rounded() -> None:
    rng = np.random.default_rng(2)
    params = sn.initialize((3, 4, 2), rng)
    params.layers[0].W[:, 1] = 0  # with its bias of 0: this unit stands at its kink for every row
    X, y = rng.normal(size=(1000, 3)), rng.integers(0, 2, 1000)
    grads = Backpropagation()(params, X, y)
    assert (params.theta.dtype, grads.theta.dtype) == (np.float32, np.float64)
    assert not grads.layers[0].W[:, 1].any()
    assert sn.relative_error(grads.theta, by_formulas(params, X, y)) < 1e-12
