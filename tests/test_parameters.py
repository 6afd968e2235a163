"""One flat θ with views, and how it starts."""

import numpy as np
import pytest

from scratchnet import Parameters, initialize


def test_the_book_s_network_has_7960_parameters() -> None:
    assert Parameters((784, 10, 10)).theta.size == 784 * 10 + 10 + 10 * 10 + 10 == 7960


def test_layers_are_views_that_cover_theta_once_and_in_order() -> None:
    params = Parameters((3, 4, 2), np.float64)
    params.theta[:] = np.arange(params.theta.size)
    blocks = [block.ravel() for layer in params.layers for block in (layer.W, layer.b)]
    np.testing.assert_array_equal(np.concatenate(blocks), params.theta)
    params.layers[1].b[:] = -1
    np.testing.assert_array_equal(params.theta[-2:], [-1, -1])
    assert [layer.W.shape for layer in params.layers] == [(3, 4), (4, 2)]


def test_a_copy_is_equal_and_independent() -> None:
    params = initialize((3, 2), np.random.default_rng(0), dtype=np.float64)
    other = params.copy()
    np.testing.assert_array_equal(other.theta, params.theta)
    assert (other.sizes, other.theta.dtype) == (params.sizes, params.theta.dtype)
    other.layers[0].W[:] = 9
    assert not (params.theta == 9).any()


def test_repr_says_what_it_is() -> None:
    assert repr(Parameters((784, 10, 10))) == "Parameters(784-10-10, float32, 7,960 numbers)"


@pytest.mark.parametrize("sizes", [(), (784,), (784, 0, 10), (784, -1)])
def test_refuses_sizes_that_make_no_network(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="sizes must name inputs and classes at least, each 1 or more, not"):
        Parameters(sizes)


def test_a_layer_of_one_unit_is_a_network() -> None:
    assert Parameters((1, 1)).theta.size == 2


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.complex128])
def test_refuses_other_dtypes(dtype: type) -> None:
    with pytest.raises(ValueError, match="dtype must be float32 or float64, not"):
        Parameters((2, 2), dtype)


def test_he_has_mean_zero_and_variance_two_over_inputs_and_zero_biases() -> None:
    params = initialize((400, 300, 200), np.random.default_rng(0))
    for layer in params.layers:
        assert layer.W.mean() == pytest.approx(0, abs=4 * np.sqrt(2 / len(layer.W) / layer.W.size))
        assert layer.W.var() * len(layer.W) == pytest.approx(2, rel=0.03)
        assert not layer.b.any()


def test_uniform_fills_the_interval_and_the_biases_too() -> None:
    params = initialize((100, 100, 100), np.random.default_rng(0), scheme="uniform")
    for layer in params.layers:
        assert -0.5 <= layer.W.min() < -0.49 < 0.49 < layer.W.max() < 0.5
        assert -0.5 <= layer.b.min() < -0.4 < 0.4 < layer.b.max() < 0.5


def test_small_is_a_hundredth_and_leaves_biases_at_zero() -> None:
    params = initialize((200, 200), np.random.default_rng(0), scheme="small")
    assert params.layers[0].W.std() == pytest.approx(0.01, rel=0.03)
    assert params.layers[0].W.mean() == pytest.approx(0, abs=0.0003)
    assert not params.layers[0].b.any()


def test_zeros_is_zero_and_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    assert not initialize((20, 20), rng, scheme="zeros").theta.any()
    assert rng.random() == np.random.default_rng(0).random()


def test_the_default_is_he_in_float32_and_the_seed_decides() -> None:
    first, again, other = (initialize((5, 4), np.random.default_rng(seed)) for seed in (1, 1, 2))
    explicit = initialize((5, 4), np.random.default_rng(1), "he", np.float32)
    assert first.theta.dtype == np.float32
    np.testing.assert_array_equal(first.theta, again.theta)
    np.testing.assert_array_equal(first.theta, explicit.theta)
    assert (first.theta != other.theta).any()
    assert initialize((5, 4), np.random.default_rng(1), dtype=np.float64).theta.dtype == np.float64


def test_refuses_an_unknown_scheme() -> None:
    with pytest.raises(ValueError, match='scheme must be "he", "uniform", "small" or "zeros", not \'He\''):
        initialize((2, 2), np.random.default_rng(0), scheme="He")
