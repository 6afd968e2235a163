"""Automatic differentiation: judged by HIPS autograd, by nudging, and by the rules that the book derived by hand."""

import importlib
from collections.abc import Callable
from copy import deepcopy
from math import prod
from pathlib import Path
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import scratchnet as sn
from scratchnet.autodiff import RULES, Node, automatic_gradient, grad, primitive, walk_back

rng = np.random.default_rng(5)
N, D, H, K = 6, 7, 5, 4
X, y = rng.normal(size=(N, D)), rng.integers(K, size=N)


def same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)
    assert np.shape(ours) == np.shape(theirs)


# --- the networks of the book -----------------------------------------------------------------------------------------


def sliding(*filters: int) -> list[sn.Kind]:
    """Return the layers of chapter 16, with so many filters, from the tool that trains them in `make far`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1] / "tools")
        return importlib.import_module("recipes").sliding(*filters)


WIDE, STRIDES = sn.Convolution((2, 7, 7), 3, 3, padding=1), sn.Convolution((3, 7, 7), 4, 2, stride=2, padding=1)
NETWORKS: list[Any] = [
    (D, K),
    (D, H, K),
    (D, H, 6, K),
    [sn.Linear(D, H), sn.Tanh(), sn.Linear(H, K)],
    [sn.Tanh(), sn.Linear(D, H), sn.ReLU(), sn.Linear(H, H), sn.Tanh(), sn.Linear(H, K)],
    [sn.Linear(D, H), sn.ReLU(), sn.Dropout(0.3), sn.Linear(H, K)],
    [sn.Dropout(0.2), sn.Linear(D, H), sn.ReLU(), sn.Dropout(0.5), sn.Linear(H, 6), sn.ReLU(), sn.Linear(6, K)],
    [sn.MaxPool((1, 4, 6)), sn.Convolution((1, 2, 3), 2, 2), sn.Tanh(), sn.Linear(4, K)],
    [WIDE, sn.ReLU(), STRIDES, sn.Dropout(0.3), sn.MeanPool((4, 4, 4)), sn.ReLU(), sn.Linear(16, K)],
    [sn.MeanPool((2, 14, 14)), WIDE, sn.ReLU(), STRIDES, sn.ReLU(), sn.Linear(64, K)],
    sliding(1, 2, 3),
]


def some(params: sn.Parameters) -> Any:
    """Return examples for a network. No two of their numbers are equal, so no window has a tie."""
    return X if params.sizes[0] == D else np.random.default_rng(6).normal(size=(N, params.sizes[0]))


def autograd_loss(theta: Any, kinds: Any, X: Any, y: Any, rng: Any = None) -> Any:
    """Return the loss of the same network, written in the functions of HIPS autograd so that it can judge ours."""
    end = 0
    for kind in kinds:
        W_and_b = []
        for shape in kind.shapes.values():
            begin, end = end, end + prod(shape)
            W_and_b.append(theta[begin:end].reshape(shape))
        X = THEIRS[type(kind)](kind, X, *W_and_b, *([rng] if isinstance(kind, sn.Dropout) else []))
    return anp.mean(anp.log(anp.sum(anp.exp(X), axis=1)) - X[np.arange(len(y)), y])


def their_convolution(kind: Any, X: Any, W: Any, b: Any) -> Any:
    """Return what a convolution returns, added up weight by weight: a weight meets a grid of pixels, a stride apart."""
    (_, down, right), s, p = kind.result, kind.stride, kind.padding
    images = X.reshape((len(X), *kind.image))
    if p:
        images = anp.pad(images, ((0, 0), (0, 0), (p, p), (p, p)), "constant")
    Z = b[:, None, None]
    for u, v in np.ndindex(kind.size, kind.size):
        seen = images[:, :, u : u + s * (down - 1) + 1 : s, v : v + s * (right - 1) + 1 : s]
        Z = Z + anp.einsum("ncij,fc->nfij", seen, W[:, :, u, v])
    return Z.reshape((len(X), -1))


def their_pooling(pool: Any) -> Any:
    def pooled(kind: Any, X: Any) -> Any:
        (C, down, right), k = kind.result, kind.size
        return pool(X.reshape((len(X), C, down, k, right, k)), axis=(3, 5)).reshape((len(X), -1))

    return pooled


def their_dropout(kind: Any, X: Any, rng: Any) -> Any:
    return X if rng is None else X * (rng.random(X.shape) >= kind.rate) / (1 - kind.rate)


THEIRS: dict[type[sn.Kind], Callable[..., Any]] = {
    sn.Linear: lambda kind, X, W, b: anp.dot(X, W) + b,
    sn.ReLU: lambda kind, Z: anp.where(Z > 0, Z, 0.0),
    sn.Tanh: lambda kind, Z: anp.tanh(Z),
    sn.Dropout: their_dropout,
    sn.Convolution: their_convolution,
    sn.MaxPool: their_pooling(anp.max),
    sn.MeanPool: their_pooling(anp.mean),
}


def by_hand(params: sn.Parameters, X: Any, y: Any, rng: Any = None) -> sn.Parameters:
    Z, cache = sn.forward(params, X, rng)
    return sn.backward(params, cache, sn.cross_entropy_backward(Z, y))


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_it_finds_what_backward_and_autograd_find_in_every_network_of_the_book(network: Any) -> None:
    params = sn.initialize(network, np.random.default_rng(1), scheme="uniform", dtype=np.float64)
    X = some(params)
    before = params.theta.copy(), X.copy(), y.copy()
    ours, theirs = automatic_gradient(params, X, y), by_hand(params, X, y)
    same(ours.theta, theirs.theta)
    assert sn.check_gradients(params, X, y, gradient=automatic_gradient)
    np.testing.assert_array_equal(automatic_gradient(params, X, y).theta, ours.theta)
    for kept, now in zip(before, (params.theta, X, y), strict=True):
        np.testing.assert_array_equal(now, kept)
    draws = [function(params, X, y, np.random.default_rng(3)).theta for function in (automatic_gradient, by_hand)]
    same(*draws)
    for found, seed in ((ours.theta, None), (draws[0], 3)):
        generator = None if seed is None else np.random.default_rng(seed)
        same(found, autograd.grad(autograd_loss)(params.theta, params.kinds, X, y, generator))


def test_the_network_of_chapter_16_in_its_full_size() -> None:
    params = sn.initialize(sliding(), np.random.default_rng(1), dtype=np.float64)
    X = some(params)
    ours = automatic_gradient(params, X, y).theta
    for theirs in (by_hand(params, X, y).theta, autograd.grad(autograd_loss)(params.theta, params.kinds, X, y)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    assert np.abs(ours).max() > 0.01


def test_float32_stays_float32() -> None:
    params = sn.initialize((D, H, K), np.random.default_rng(1))
    found = automatic_gradient(params, X.astype(np.float32), y)
    assert found.theta.dtype == np.float32
    np.testing.assert_allclose(found.theta, by_hand(params, X.astype(np.float32), y).theta, rtol=1e-4, atol=1e-6)


def test_logits_of_ten_thousand_in_one_row_and_of_minus_ten_thousand_in_another_do_not_overflow_or_vanish() -> None:
    params = sn.Parameters((1, 3), np.float64)
    params.theta[:] = [1, 1, 1, 0, 1, 2]
    X, y = np.array([[1e4], [-1e4]]), np.array([0, 2])
    # Both rows have the probabilities of the logits 0, 1 and 2, and one label each.
    P = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()
    db = P - np.array([0.5, 0, 0.5])
    dW = 1e4 * np.array([-0.5, 0, 0.5])
    np.testing.assert_allclose(automatic_gradient(params, X, y).theta, [*dW, *db], rtol=1e-12, atol=1e-11)


def test_training_with_it_takes_the_same_steps() -> None:
    ends = []
    for own in (None, automatic_gradient, lambda params, X, y: by_hand(params, X, y)):
        params = sn.initialize([sn.Linear(D, H), sn.ReLU(), sn.Linear(H, K)], np.random.default_rng(1), dtype=float)
        sn.fit(params, X, y, optimizer=sn.SGD(0.1), epochs=5, batch_size=4, rng=np.random.default_rng(2), gradient=own)
        ends.append(params.theta)
    same(ends[1], ends[0])
    same(ends[2], ends[0])


def test_fit_hands_its_generator_to_a_gradient_that_takes_one() -> None:
    network: Any = [sn.Linear(D, H), sn.Dropout(0.5), sn.Linear(H, K)]
    ends = []
    for own in (None, automatic_gradient):
        params = sn.initialize(network, np.random.default_rng(1), dtype=float)
        sn.fit(params, X, y, optimizer=sn.SGD(0.1), epochs=3, batch_size=4, rng=np.random.default_rng(2), gradient=own)
        ends.append(params.theta)
    same(ends[1], ends[0])


def test_fit_refuses_what_is_no_gradient_and_a_checkpoint_made_with_another(tmp_path: Any) -> None:
    def run(own: Any, **how: Any) -> sn.History:
        params = sn.initialize((D, K), np.random.default_rng(1), dtype=float)
        return sn.fit(
            params, X, y, optimizer=sn.SGD(0.1), epochs=2, batch_size=4, rng=np.random.default_rng(2), gradient=own,
            **how,
        )  # fmt: skip

    with pytest.raises(ValueError, match="gradient must be a function of"):
        run(3)
    with pytest.raises(ValueError, match=r"must take \(params, X, y\), or these and rng, and grad does not"):
        run(grad)
    kept = tmp_path / "run"
    run(automatic_gradient, checkpoint=kept)
    run(automatic_gradient, checkpoint=kept)
    with pytest.raises(ValueError, match="the gradient"):
        run(None, checkpoint=kept)


# --- graphs that nobody wrote -----------------------------------------------------------------------------------------

ONE: list[Callable[[Any, Any], Any]] = [
    lambda np, x: -x,
    lambda np, x: np.exp(0.3 * x),
    lambda np, x: np.log(x * x + 1),
    lambda np, x: np.tanh(x),
    lambda np, x: np.sqrt(x * x + 0.5),
    lambda np, x: x**3,
    lambda np, x: (x * x + 1) ** -0.5,
    lambda np, x: np.maximum(x, 0.1),
    lambda np, x: x.T,
    lambda np, x: x.reshape(-1),
    lambda np, x: np.sum(x, axis=-1, keepdims=True) if x.ndim else x,
    lambda np, x: np.mean(x, axis=0) if x.ndim else x,
    lambda np, x: x / np.max(x * x + 1),
    lambda np, x: x[..., ::-1] if x.ndim else x,
    lambda np, x: x[np.array([0, 0, -1])] if x.ndim else x,
]
TWO: list[Callable[[Any, Any, Any], Any]] = [
    lambda np, x, y: x + y,
    lambda np, x, y: x - 2 * y,
    lambda np, x, y: x * y,
    lambda np, x, y: x / (y * y + 1),
    lambda np, x, y: np.maximum(x, y),
]
SHAPES = mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)


def fit_together(x: Any, y: Any) -> bool:
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(shapes=SHAPES, seed=st.integers(0, 10**6), steps=st.lists(st.integers(0, 999), min_size=3, max_size=9))
def test_any_graph_has_the_gradient_that_autograd_finds(shapes: Any, seed: int, steps: list[int]) -> None:
    """Each step makes a new value of one or two earlier ones, so that values are used several times, and broadcast."""
    arrays = [np.random.default_rng(seed + n).normal(size=shape) for n, shape in enumerate(shapes.input_shapes)]

    def made(np: Any, *leaves: Any) -> Any:
        values = list(leaves)
        for step in steps:
            first, second = values[step % len(values)], values[(step // 7) % len(values)]
            if step % 2 and fit_together(first, second):
                values.append(TWO[step % len(TWO)](np, first, second))
            else:
                values.append(ONE[step % len(ONE)](np, first))
        total = values[-1] * 0.0
        for value in values:
            total = np.sum(total) + np.sum(value * 1.3)
        return total

    ours = grad(lambda *leaves: made(np, *leaves))(*arrays)
    theirs = autograd.grad(lambda *leaves: made(anp, *leaves), argnum=(0, 1, 2))(*arrays)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-10)
        assert one.shape == other.shape


@pytest.mark.parametrize("function", [each for each in RULES if hasattr(np, each.__name__)], ids=lambda f: f.__name__)
def test_every_rule_of_the_table_agrees_with_nudging(function: Any) -> None:
    x, z = np.abs(rng.normal(size=(3, 3))) + 0.5, np.abs(rng.normal(size=(3, 3))) + 0.5
    weights = rng.normal(size=(3, 3))
    further: dict[Any, tuple[Any, ...]] = {np.power: (2.5,), np.reshape: ((9,),)}
    if function in further:
        calls = [lambda x: function(x, *further[function])]
    elif len(RULES[function]) == 2:
        calls = [lambda x: function(x, z), lambda x: function(z, x)]
    else:
        calls = [function]
    for call in calls:
        c = weights.reshape(np.shape(call(x))) if np.size(call(x)) == 9 else weights
        f = lambda x, call=call, c=c: np.sum(call(x) * c)  # noqa: E731
        np.testing.assert_allclose(grad(f)(x), sn.numerical_gradient(lambda x, f=f: float(f(x)), x.copy()), rtol=1e-6)


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "max"])
def test_sums_means_and_maxima_along_any_axis(name: str, axis: Any, keepdims: bool) -> None:
    x = rng.normal(size=(2, 3, 4))
    c = rng.normal(size=getattr(np, name)(x, axis=axis, keepdims=keepdims).shape)
    theirs = autograd.grad(lambda x: anp.sum(c * getattr(anp, name)(x, axis=axis, keepdims=keepdims) ** 2))(x)
    same(grad(lambda x: np.sum(c * getattr(np, name)(x, axis=axis, keepdims=keepdims) ** 2))(x), theirs)
    same(grad(lambda x: np.sum(c * getattr(x, name)(axis=axis, keepdims=keepdims) ** 2))(x), theirs)


def test_rows_and_columns_that_are_picked_twice_get_both_parts() -> None:
    x = rng.normal(size=(4, 3))
    for index in (np.array([1, 1, 3]), (np.arange(3), [2, 0, 2]), (slice(None), 1), (slice(0, 3, 2), None), x > 0, -1):
        same(grad(lambda x, i=index: np.sum(x[i] ** 2))(x), autograd.grad(lambda x, i=index: anp.sum(x[i] ** 2))(x))
    np.testing.assert_array_equal(grad(lambda x: np.sum(x[np.array([1, 1, 1])]))(np.zeros(3)), [0, 3, 0])


def test_axes_can_be_turned_in_any_order() -> None:
    x, c = rng.normal(size=(2, 3, 4)), rng.normal(size=(4, 2, 3))
    orders: list[Any] = [(2, 0, 1), (-1, 0, 1), [2, -3, -2], np.array([2, 0, 1])]
    for axes in orders:
        same(grad(lambda x, axes=axes: np.sum(c * np.transpose(x, axes=axes)))(x), np.transpose(c, (1, 2, 0)))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.sum(),
        lambda x: x.sum(0),
        lambda x: x.mean(),
        lambda x: x.mean(1),
        lambda x: x.max(),
        lambda x: x.max(axis=1),
        lambda x: x.reshape(-1),
        lambda x: x.reshape(3, 2),
        lambda x: x.reshape((3, 2)),
        lambda x: np.reshape(x, shape=(3, 2)),
    ],
)
def test_a_node_is_called_as_an_array_is_and_the_gradient_comes_back_in_its_shape(call: Any) -> None:
    x = rng.normal(size=(2, 3))
    same(call(Node(x)).value, call(x))
    found = grad(lambda x: np.sum(call(x) ** 2))(x)
    np.testing.assert_allclose(found, sn.numerical_gradient(lambda x: float(np.sum(call(x) ** 2)), x), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_gradient_has_the_type_of_its_argument_whatever_that_was_computed_with(dtype: type) -> None:
    found = grad(lambda x, y, z: np.sum(x * y))(np.ones(2, dtype), np.array([0.5, 2]), np.ones(2, dtype))
    assert [each.dtype for each in found] == [dtype, np.float64, dtype]
    assert [each.tolist() for each in found] == [[0.5, 2], [1, 1], [0, 0]]
    seen: list[Any] = []
    grad(lambda x: seen.append(x.dtype) or np.sum(x))(np.ones(2, dtype))
    assert seen == [dtype]  # what f is given has it as well


@pytest.mark.parametrize(
    "x", [3, True, np.int8(3), np.uint8(200), np.arange(3), [[1, 2], [3, 4]], np.array([True, False])]
)
def test_whole_numbers_and_truth_values_are_taken_as_float64_so_that_no_slope_is_rounded(x: Any) -> None:
    found = grad(lambda x: np.sum(x * x * 0.25 + x))(x)
    assert found.dtype == np.float64
    same(found, np.array(x, float) * 0.5 + 1)


# --- by hand, kinks, fan-out ------------------------------------------------------------------------------------------


def test_the_chain_of_chapter_6() -> None:
    dw, dx, db = grad(lambda w, x, b: (np.maximum(w * x + b, 0) - 4) ** 2)(3, 2, -1)
    assert (dw, dx, db) == (4, 6, 2)


def test_a_value_used_several_times_gets_the_sum_over_all_paths() -> None:
    assert grad(lambda x: x * x)(3) == 6
    assert grad(lambda x: x + x + x * x * x)(2.0) == 2 + 12

    def many(x: Any) -> Any:  # has 2**60 paths, so the test would never end if they were not added up where they meet
        for _ in range(60):
            x = x + x
        return x

    assert grad(many)(1.0) == 2.0**60


def test_a_long_chain_needs_no_deep_recursion() -> None:
    def chain(x: Any) -> Any:
        for _ in range(5000):
            x = x + 1
        return x

    assert grad(chain)(1.0) == 1


def test_loops_and_conditions_are_followed_as_they_run() -> None:
    def f(x: Any) -> Any:
        return x * x if x > 0 else -3 * x

    assert grad(f)(2.0) == 4
    assert grad(f)(-2.0) == -3


def test_on_a_kink_it_takes_what_the_book_takes() -> None:
    Z = np.array([[0.0, -0.0, 1.0, -1.0]])
    np.testing.assert_array_equal(grad(lambda Z: np.sum(np.maximum(Z, 0)))(Z), sn.relu_backward(np.ones((1, 4)), Z))
    assert grad(lambda x, y: np.maximum(x, y))(2.0, 2.0) == (0, 1)
    np.testing.assert_array_equal(grad(np.max)(np.array([1.0, 3.0, 3.0])), [0, 0.5, 0.5])
    assert grad(lambda x: x**0 + x**1)(0.0) == 1
    assert grad(lambda x: x ** np.array(2))(3.0) == 6


def test_every_node_below_the_end_has_its_gradient() -> None:
    x = Node(np.array(3.0))
    u, v = x * 2, x + 1
    arrived = walk_back(u * v)
    assert [float(arrived[node]) for node in (u, v, x)] == [4, 6, 14]
    assert (x == 3, len(Node(np.zeros((2, 5)))), Node(np.zeros((2, 5))).dtype) == (True, 2, np.float64)
    assert repr(x) == "Node(array(3.))"


def test_a_condition_on_a_node_asks_for_its_value_and_not_for_its_length() -> None:
    def f(x: Any) -> Any:
        return np.sum(3 * x) if x else np.sum(2 * x)

    assert [grad(f)(at) for at in (0.0, 1.0, np.zeros(1), np.ones(1))] == [2, 3, 2, 3]
    with pytest.raises(ValueError, match="ambiguous"):
        grad(f)(np.ones(2))


def test_python_s_own_sum_walks_through_a_vector_and_refuses_a_number() -> None:
    assert grad(sum)(np.ones(3)).tolist() == [1, 1, 1]
    with pytest.raises(TypeError, match="unsized"):
        grad(sum)(3.0)


def test_lists_beside_a_node_are_taken_as_arrays() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    same(grad(lambda x: np.sum(x @ [[1.0], [5.0]]))(x), [[1, 5], [1, 5]])
    same(grad(lambda x: np.sum(x ** [2, 0]))(x), [[2, 0], [6, 0]])


def test_shapes_and_sizes_can_be_asked_for() -> None:
    x = np.ones((2, 3))
    same(grad(lambda x: np.sum(x) * np.ndim(x) / np.size(x))(x), np.full((2, 3), 1 / 3))


def test_what_it_returns_is_an_array_of_its_own() -> None:
    x = np.ones(3)
    first, second = grad(lambda x, y: np.sum(x + y))(x, x)
    first += 1
    assert second.tolist() == x.tolist() == [1, 1, 1]


@pytest.mark.parametrize("dtype", [int, np.uint8, bool])
def test_a_node_of_whole_numbers_has_a_gradient_that_is_not_rounded(dtype: type) -> None:
    x = Node(np.array([1, 1, 1], dtype))
    assert walk_back(np.sum(x[[0, 0, 1]] * 0.5))[x].tolist() == [1, 0.5, 0]
    assert walk_back(np.sum(3 - x))[x].tolist() == [-1, -1, -1]


def test_what_does_not_depend_on_an_argument_has_the_gradient_zero() -> None:
    dx, dy = grad(lambda x, y: np.sum(x * 2))(np.ones(2), np.ones(3))
    assert (dx.tolist(), dy.tolist()) == ([2, 2], [0, 0, 0])
    assert grad(lambda x: 3.0)(1.0) == 0
    assert grad(lambda x: np.sum(x > 0))(np.ones(4)).tolist() == [0, 0, 0, 0]
    assert grad(lambda x: np.argmax(x) * np.sum(x))(np.array([1.0, 5.0])).tolist() == [1, 1]


def test_what_was_stretched_to_no_rows_gets_zeros_in_its_own_shape() -> None:
    for shape in ((1, 3), (3,), (1, 1), ()):
        db = grad(lambda b: np.sum(np.zeros((0, 3)) + b))(np.ones(shape))
        assert db.shape == shape
        assert not db.any()


def test_a_rule_of_one_s_own_is_learned_and_can_replace_a_formula() -> None:
    loss = primitive(sn.cross_entropy, lambda dL, L, Z, y: dL * sn.cross_entropy_backward(Z, y))
    Z = rng.normal(size=(N, K))
    same(grad(lambda Z: loss(Z, y))(Z), sn.cross_entropy_backward(Z, y))
    assert loss(Z, y) == loss(Z, y=y) == sn.cross_entropy(Z, y)
    assert type(loss(Z, y)) is not Node
    primitive(np.sinh, lambda dz, z, x: dz * np.cosh(x))
    same(grad(lambda x: np.sum(np.sinh(x)))(X), np.cosh(X))
    same(grad(lambda Z: np.mean(loss(Z, y)))(Z), sn.cross_entropy_backward(Z, y))  # of a Python float
    for each in (sn.cross_entropy, np.sinh):
        del RULES[each]


@pytest.mark.parametrize("handed", [np.ones(1), np.ones((2, 2)), np.ones((3, 3)), 1.0], ids=np.shape)
def test_a_rule_of_one_s_own_that_hands_down_another_shape_is_refused(handed: Any) -> None:
    def total(x: Any) -> Any:
        return np.sum(x)

    own = primitive(total, lambda dz, z, x: handed)
    with pytest.raises(ValueError, match=r"handed down an array of shape .* to an input of shape \(3,\)"):
        grad(own)(np.ones(3))
    del RULES[total]


# --- refused ----------------------------------------------------------------------------------------------------------


def written_into(x: Any) -> Any:
    x -= 1
    return x


def put(x: Any) -> Any:
    x[0] = 1
    return x


@pytest.mark.parametrize(
    ("function", "error", "sentence"),
    [
        (lambda x: np.sum(np.cbrt(x)), NotImplementedError, "cbrt has no rule, so .*add, divide.*sn.primitive"),
        (np.linalg.norm, NotImplementedError, "norm has no rule"),
        (lambda x: np.concatenate([x, x]), NotImplementedError, "concatenate has no rule"),
        (lambda x: np.sum(2.0**x), NotImplementedError, "power has no rule for its input number 2"),
        (lambda x: np.add.reduce(x), NotImplementedError, "add has no rule as np.add.reduce"),
        (lambda x: np.sum(x, where=True), NotImplementedError, "sum has no rule with where="),
        (lambda x: np.sum(np.sum(x, 0, float)), NotImplementedError, "sum has no rule with a third argument"),
        (lambda x: np.sum(np.reshape(x, (3,), "F")), NotImplementedError, "reshape has no rule with a third"),
        (lambda x: np.sum(a=x), NotImplementedError, "sum has no rule with a node as a="),
        (lambda x: grad(np.sum)(x), NotImplementedError, r"^a gradient .*\. Nudge the gradient, as in chapter 8$"),
        (lambda x: np.sum(grad(lambda y: np.sum(x * y * y))(np.ones(3)) * x), NotImplementedError, "inside of another"),
        (lambda x: np.sum(deepcopy(x) * x), NotImplementedError, "a node that is none of its arguments"),
        (
            lambda x: np.sum(np.dot(x[0], np.ones((2, 2)))),
            NotImplementedError,
            "dot has no rule where it is no product",
        ),
        (
            lambda x: np.sum(np.dot(np.ones((2, 2)), x[0])),
            NotImplementedError,
            "dot has no rule where it is no product",
        ),
        (
            lambda x: np.sum(np.dot(np.ones((2, 3)), x + np.zeros((2, 3, 3)))),
            NotImplementedError,
            "dot has no rule where it is no product",
        ),
        (lambda x: float(x[0]), TypeError, r"^a node cannot become .* derivative would be lost\. Take node\.value$"),
        (lambda x: np.array([x, x]), TypeError, "its derivative would be lost"),
        (lambda x: np.ones(3)[x], TypeError, "its derivative would be lost"),
        (written_into, TypeError, "written into"),
        (put, TypeError, "written into"),
        (lambda x: np.sum(np.add(x, 1, out=np.zeros(3))), TypeError, "written into"),
        (lambda x: 2 * x, ValueError, r"one number, not an array of shape \(3,\). Return its sum"),
        (lambda x: None, ValueError, "one real number, not None"),
        (lambda x: np.sum(x) * 1j, ValueError, "one real number, not a complex one"),
        (lambda x: np.zeros(2), ValueError, r"one number, not an array of shape \(2,\)"),
        (lambda x: x @ np.ones(3), ValueError, r"two matrices, and here is an array of shape \(3,\)"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(function: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        grad(function)(np.ones(3))


def test_arguments_that_are_no_real_numbers_are_refused() -> None:
    for wrong, dtype in (("3", "<U1"), (1j, "complex128"), ([None], "object")):
        sentence = f"^an argument must hold real numbers, not {type(wrong).__name__} of dtype {dtype}$"
        with pytest.raises(ValueError, match=sentence):
            grad(lambda x: x)(wrong)


@pytest.mark.parametrize("kind", [lambda x: x.view(np.matrix), lambda x: np.ma.masked_less(x, 0)])
def test_matrices_and_masked_arrays_are_refused_as_an_argument_and_beside_a_node(kind: Any) -> None:
    x, other = np.random.default_rng(0).normal(size=(2, 3, 3))
    for call in (lambda: grad(np.sum)(kind(x)), lambda: Node(kind(x))):
        with pytest.raises(TypeError, match=r"plain arrays, not for (matrix|MaskedArray)\. .* take (np|x\.filled)"):
            call()
    for function in (np.add, np.multiply, np.divide, np.maximum, np.matmul, np.dot):
        with pytest.raises(TypeError, match="plain arrays, not for"):
            grad(lambda x, function=function: np.sum(function(x, kind(other))))(x)


def test_a_layer_whose_forward_rule_has_no_rule_is_refused_by_name() -> None:
    class Sine(sn.Kind):
        def forward(self, layer: Any, Z: Any, rng: Any = None, out: Any = None) -> tuple[Any, Any]:
            return np.sin(Z), Z

    params = sn.initialize([sn.Linear(D, K), Sine()], np.random.default_rng(0), dtype=float)
    with pytest.raises(NotImplementedError, match="sin has no rule"):
        automatic_gradient(params, X, y)
