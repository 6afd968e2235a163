"""The gradient in kept arrays is the gradient of the functions that the chapters teach, to the last bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet.inplace import Gradient

TYPES = st.sampled_from([np.float32, np.float64])


@given(
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=5).map(tuple),
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
    gradient = Gradient(params, np.dtype(kind_of_X))
    for N in (batch_size, batch_size, max(1, batch_size // 2), batch_size + 3):
        params.theta[:] = rng.normal(size=params.theta.shape) * rng.choice([0, 1, 100])
        X = rng.normal(size=(N, sizes[0])).astype(kind_of_X)
        y = rng.integers(0, sizes[-1], N)
        before = params.theta.copy(), X.copy()
        Z, cache = sn.forward(params, X)
        expected = sn.backward(params, cache, sn.cross_entropy_backward(Z, y))
        grads = gradient(X, y)
        np.testing.assert_array_equal(grads.theta, expected.theta)
        np.testing.assert_array_equal(params.theta, before[0])
        np.testing.assert_array_equal(X, before[1])


def test_it_takes_the_parameters_as_they_are_at_each_call() -> None:
    params = sn.initialize((3, 4, 2), np.random.default_rng(0))
    X, y = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32), np.array([0, 1, 0, 1, 1])
    gradient = Gradient(params, X.dtype)
    first = gradient(X, y).theta.copy()
    params.theta -= first
    assert not np.array_equal(gradient(X, y).theta, first)


def test_at_the_kink_and_in_mixed_precision_it_is_still_the_same_to_the_bit() -> None:
    rng = np.random.default_rng(2)
    params = sn.initialize((3, 4, 2), rng)
    params.layers[0].W[:, 1] = 0  # with its bias of 0: this unit stands at its kink for every row
    X, y = rng.normal(size=(1000, 3)), rng.integers(0, 2, 1000)
    Z, cache = sn.forward(params, X)
    expected = sn.backward(params, cache, sn.cross_entropy_backward(Z, y))
    assert (params.theta.dtype, Z.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(Gradient(params, X.dtype)(X, y).theta, expected.theta)
