"""One flat θ with views that nothing parts from it, and how it starts. The schemes: test_layers.py."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scratchnet import SGD, Layer, Parameters, fit, forward, initialize, load, predict, save

rng = np.random.default_rng(7)
X, y = rng.normal(size=(40, 5)).astype(np.float32), rng.integers(3, size=40)


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


def by_pickle(params: Parameters) -> Parameters:
    return pickle.loads(pickle.dumps(params))


def by_buffers(params: Parameters) -> Parameters:
    """As joblib and its kin send large arrays: beside the pickle, in memory that may only be read."""
    buffers: list = []
    content = pickle.dumps(params, protocol=5, buffer_callback=buffers.append)
    assert buffers
    return pickle.loads(content, buffers=[bytes(buffer) for buffer in buffers])


def by_old_pickle(params: Parameters) -> Parameters:
    """As pickles were before the views were left out of them: all attributes, and no method that puts them together."""
    other = Parameters.__new__(Parameters)
    other.__setstate__({"sizes": params.sizes, "theta": params.theta.copy(), "layers": copy.deepcopy(params.layers)})
    return other


def by_assignment(params: Parameters) -> Parameters:
    other = Parameters(params.sizes, params.theta.dtype)
    other.theta = params.theta
    return other


def by_layers(params: Parameters) -> Parameters:
    other = Parameters(params.sizes, params.theta.dtype)
    for layer, source in zip(other.layers, params.layers, strict=True):
        layer.W, layer.b = source.W, source.b
    return other


WAYS = [Parameters.copy, copy.copy, copy.deepcopy, by_pickle, by_buffers, by_old_pickle, by_assignment, by_layers]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_however_a_network_is_copied_it_trains_saves_and_predicts_as_one(
    way: Callable[[Parameters], Parameters], dtype: type, tmp_path: Path
) -> None:
    params = initialize((5, 4, 3), np.random.default_rng(0), "uniform", dtype)
    before = params.theta.copy()
    twin = way(params)
    np.testing.assert_array_equal(twin.theta, before)
    assert (twin.sizes, twin.theta.dtype) == (params.sizes, params.theta.dtype)
    history = fit(twin, X, y, optimizer=SGD(0.2), epochs=3, batch_size=8, rng=np.random.default_rng(1))
    assert history.loss[-1] < history.loss[0]
    np.testing.assert_array_equal(params.theta, before)
    fit(params, X, y, optimizer=SGD(0.2), epochs=3, batch_size=8, rng=np.random.default_rng(1))
    assert twin.theta.tobytes() == params.theta.tobytes()
    save(tmp_path / "twin.npz", twin)
    np.testing.assert_array_equal(forward(load(tmp_path / "twin.npz"), X)[0], forward(twin, X)[0])


def test_a_network_sent_to_another_process_trains_there_and_comes_back_as_one() -> None:
    code = (
        "import pickle, sys, numpy as np; params = pickle.load(sys.stdin.buffer); params.layers[0].W[:] = 5; "
        "params.theta -= 1; pickle.dump(params, sys.stdout.buffer)"
    )
    sent = pickle.dumps(initialize((5, 4, 3), np.random.default_rng(0)))
    back = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True).stdout
    params = pickle.loads(back)
    np.testing.assert_array_equal(params.layers[0].W, 4)
    params.theta[:] = 0
    assert not params.layers[0].W.any()
    assert set(predict(params, X)) == {0}


def test_a_pickle_holds_every_number_once() -> None:
    params = Parameters((784, 10, 10))
    assert len(pickle.dumps(params)) < 1.05 * params.theta.nbytes


def test_a_copy_keeps_what_else_was_noted_on_the_network() -> None:
    params = Parameters((2, 3))
    params.note = "the first"  # type: ignore[attr-defined]
    params.note = "the best"  # type: ignore[attr-defined]
    assert copy.deepcopy(params).note == "the best"  # type: ignore[attr-defined]


def test_the_step_of_tutorials_is_the_step_in_place() -> None:
    params, gradient = Parameters((2, 3)), np.arange(9.0)
    theta, W = params.theta, params.layers[0].W
    params.theta = params.theta - 0.5 * gradient
    params.theta -= 0.5 * gradient
    params.theta = (params.theta - gradient).tolist()
    assert params.theta is theta
    np.testing.assert_array_equal(W.ravel(), -2 * gradient[:6])


def test_a_layer_s_arrays_are_written_into_and_not_replaced() -> None:
    params = Parameters((2, 3))
    layer = params.layers[0]
    layer.W = layer.W + 1
    layer.b -= 2
    np.testing.assert_array_equal(params.theta, [1] * 6 + [-2] * 3)
    Layer(W=layer.W, b=np.ones(3)).b[:] = 7  # a layer of its own
    np.testing.assert_array_equal(params.theta, [1] * 6 + [-2] * 3)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (np.zeros(8), r"theta must keep its shape \(9,\) and cannot become \(8,\)"),
        (np.zeros((9, 1)), r"theta must keep its shape \(9,\) and cannot become \(9, 1\)"),
        (0, r"theta must keep its shape \(9,\) and cannot become \(\)"),
        (np.zeros(9, complex), "theta must be real numbers, not dtype complex128"),
        (np.array(["1"] * 9), "theta must be real numbers, not dtype <U1"),
    ],
)
def test_theta_refuses_what_is_not_its_like_and_stays(value: object, sentence: str) -> None:
    params = Parameters((2, 3))
    params.theta[:] = 4
    with pytest.raises(ValueError, match=sentence):
        params.theta = value  # type: ignore[assignment]
    np.testing.assert_array_equal(params.theta, 4)


@pytest.mark.parametrize("name", ["layers", "sizes"])
def test_layers_and_sizes_cannot_be_replaced(name: str) -> None:
    params = Parameters((2, 3))
    with pytest.raises(AttributeError, match=f"{name} cannot be replaced: make new Parameters, or write into theta"):
        setattr(params, name, getattr(Parameters((3, 2)), name))
    assert params.sizes == (2, 3)


def test_repr_says_what_it_is() -> None:
    assert repr(Parameters((784, 10, 10))) == "Parameters(784-10-10, float32, 7,960 numbers)"


@pytest.mark.parametrize(
    "sizes", [(), (784,), (784, 0, 10), (784, -1), 784, (784, 10.0), (784, True), "784", None, np.ones((2, 2))]
)
def test_refuses_sizes_that_make_no_network(sizes: tuple[int, ...]) -> None:
    for make in (Parameters, lambda sizes: initialize(sizes, np.random.default_rng(0))):
        with pytest.raises(ValueError, match=r"sizes must name inputs and classes .* as in \(784, 10, 10\), not "):
            make(sizes)


def test_sizes_may_be_any_sequence_of_whole_numbers() -> None:
    assert Parameters(np.array([3, 2])).sizes == Parameters([3, 2]).sizes == Parameters(range(3, 1, -1)).sizes == (3, 2)


def test_a_layer_of_one_unit_is_a_network() -> None:
    assert Parameters((1, 1)).theta.size == 2


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.complex128, "half a float"])
def test_refuses_other_dtypes(dtype: type) -> None:
    with pytest.raises(ValueError, match="dtype must be float32 or float64, not"):
        Parameters((2, 2), dtype)


def test_the_default_is_he_in_float32_and_the_seed_decides() -> None:
    first, again, other = (initialize((5, 4), np.random.default_rng(seed)) for seed in (1, 1, 2))
    explicit = initialize((5, 4), np.random.default_rng(1), "he", np.float32)
    assert first.theta.dtype == np.float32
    np.testing.assert_array_equal(first.theta, again.theta)
    np.testing.assert_array_equal(first.theta, explicit.theta)
    assert (first.theta != other.theta).any()
    assert initialize((5, 4), np.random.default_rng(1), dtype=np.float64).theta.dtype == np.float64
