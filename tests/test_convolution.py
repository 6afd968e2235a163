"""Convolution and pooling: by hand, beside SciPy, by finite differences, and by what must hold for any image."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal

import scratchnet as sn
from scratchnet.network import Backpropagation
from scratchnet.storage import read_arrays

rng = np.random.default_rng(12)
ROOT = Path(__file__).parents[1]
SETTINGS = [(1, 0), (2, 0), (1, 2), (2, 1), (3, 2)]


def images(N: int = 3, C: int = 2, H: int = 7, W: int = 6) -> np.ndarray:
    return rng.normal(size=(N, C, H, W))


def by_loops(X: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """The formula of the docstring, one number after the other."""
    X = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    height, width = (
        len(range(0, side - size + 1, stride)) for side, size in zip(X.shape[2:], W.shape[2:], strict=True)
    )
    Z = np.empty((len(X), len(W), height, width))
    for n, f, i, j in np.ndindex(Z.shape):
        window = X[n, :, i * stride : i * stride + W.shape[2], j * stride : j * stride + W.shape[3]]
        Z[n, f, i, j] = sum(W[f].ravel() * window.ravel()) + b[f]
    return Z


def test_an_image_and_a_filter_by_hand() -> None:
    X = np.array([[1.0, 2, 0], [0, 1, 3], [2, 0, 1]])[None, None]
    W = np.array([[1.0, -1], [2, 0]])[None, None]
    # top left: 1·1 − 1·2 + 2·0 + 0·1 = −1, plus the bias 10
    expected = [[9, 2 + 2 + 10], [-1 + 4 + 10, -2 + 0 + 10]]
    np.testing.assert_array_equal(sn.conv2d(X, W, np.array([10.0]))[0, 0], expected)


def test_the_way_back_by_hand() -> None:
    X = np.array([[1.0, 2, 0], [0, 1, 3], [2, 0, 1]])[None, None]
    W = np.array([[1.0, -1], [2, 0]])[None, None]
    dZ = np.array([[1.0, 0], [0, 10]])[None, None]
    dX, dW, db = sn.conv2d_backward(dZ, X, W)
    # the first window gets W, the last ten times W; they overlap in the middle, at 0 of the one and 1 of the other
    np.testing.assert_array_equal(dX[0, 0], [[1, -1, 0], [2, 10, -10], [0, 20, 0]])
    # the first window itself, and ten times the last
    np.testing.assert_array_equal(dW[0, 0], [[1 + 10, 2 + 30], [0 + 0, 1 + 10]])
    np.testing.assert_array_equal(db, [11])


@pytest.mark.parametrize(("stride", "padding"), SETTINGS)
def test_conv2d_is_its_formula(stride: int, padding: int) -> None:
    X, W, b = images(), rng.normal(size=(4, 2, 3, 2)), rng.normal(size=4)
    np.testing.assert_allclose(sn.conv2d(X, W, b, stride, padding), by_loops(X, W, b, stride, padding), rtol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (5, 5), (2, 3), (7, 6)])
def test_conv2d_equals_scipy_s_correlate(size: tuple[int, int]) -> None:
    X, W, b = images(), rng.normal(size=(4, 2, *size)), rng.normal(size=4)
    theirs = [[scipy.signal.correlate(x, w, mode="valid")[0] + bias for w, bias in zip(W, b, strict=True)] for x in X]
    np.testing.assert_allclose(sn.conv2d(X, W, b), theirs, rtol=1e-10, atol=1e-12)


def test_dx_is_a_convolution_in_the_sense_of_mathematics() -> None:
    """SciPy's `convolve` turns the filter round; "full" lets it hang over the edge by all but one pixel."""
    X, W, dZ = images(), rng.normal(size=(4, 2, 3, 2)), rng.normal(size=(3, 4, 5, 5))
    dX, _, _ = sn.conv2d_backward(dZ, X, W)
    for n, c in np.ndindex(3, 2):
        theirs = sum(scipy.signal.convolve(dZ[n, f], W[f, c], mode="full") for f in range(4))
        np.testing.assert_allclose(dX[n, c], theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("stride", "padding"), SETTINGS)
@pytest.mark.parametrize("block", [0, 1, 2], ids=["X", "W", "b"])
def test_conv2d_backward_by_finite_differences(block: int, stride: int, padding: int) -> None:
    X, W, b = images(), rng.normal(size=(4, 2, 3, 2)), rng.normal(size=4)
    upstream = rng.normal(size=sn.conv2d(X, W, b, stride, padding).shape)

    def loss(_: Any) -> float:
        return float((upstream * sn.conv2d(X, W, b, stride, padding)).sum())

    numbers = sn.numerical_gradient(loss, (X, W, b)[block])
    ours = sn.conv2d_backward(upstream, X, W, stride, padding)[block]
    assert ours.shape == (X, W, b)[block].shape
    assert sn.relative_error(ours, numbers) < 1e-7


@pytest.fixture(scope="module")
def peer() -> dict[str, np.ndarray]:
    """What PyTorch found; benchmarks/convolution_gradients.py writes it, and says which draws it began from."""
    return read_arrays(ROOT / "book" / "convolution_peers.npz", "gradients of PyTorch and JAX")


def test_a_small_convolution_is_pytorch_s_for_every_stride_and_padding(peer: dict[str, np.ndarray]) -> None:
    rng = np.random.default_rng(17)
    X, W, b = (rng.normal(size=shape) for shape in ((2, 3, 7, 6), (4, 3, 3, 2), 4))
    for stride, padding in SETTINGS:
        Z = sn.conv2d(X, W, b, stride, padding)
        for name, ours in zip(("Z", "dX", "dW", "db"), (Z, *sn.conv2d_backward(Z, X, W, stride, padding)), strict=True):
            theirs = peer[f"{name}, {stride}, {padding}"]
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


def test_of_equal_pixels_pytorch_takes_the_same(peer: dict[str, np.ndarray]) -> None:
    X = peer["tied"]
    np.testing.assert_array_equal(sn.max_pool_backward(sn.max_pool(X), X), peer["dtied"])


@pytest.mark.parametrize("pool", [sn.max_pool, sn.mean_pool])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pooling_is_its_formula_and_its_way_back_by_finite_differences(pool: Callable, size: int) -> None:
    X = images(3, 2, 6, 12)
    backward, kept = {sn.max_pool: (sn.max_pool_backward, np.max), sn.mean_pool: (sn.mean_pool_backward, np.mean)}[pool]
    P = pool(X, size)
    windows = X.reshape(3, 2, 6 // size, size, 12 // size, size)
    # A mean near 0 is as far off as one near 1: what is rounded is the sum of numbers of about 1.
    np.testing.assert_allclose(P, kept(windows, axis=(3, 5)), rtol=1e-13, atol=1e-15)
    upstream = rng.normal(size=P.shape)
    numbers = sn.numerical_gradient(lambda v: float((upstream * pool(v, size)).sum()), X)
    assert sn.relative_error(backward(upstream, X, size), numbers) < 1e-7


def test_windows_are_of_two_by_two_pixels_unless_another_size_is_given() -> None:
    X, dP = images(3, 2, 6, 12), rng.normal(size=(3, 2, 3, 6))
    for pool, backward in ((sn.max_pool, sn.max_pool_backward), (sn.mean_pool, sn.mean_pool_backward)):
        np.testing.assert_array_equal(pool(X), pool(X, 2))
        np.testing.assert_array_equal(backward(dP, X), backward(dP, X, 2))


def test_of_equal_pixels_the_first_gets_all() -> None:
    X = np.array([[[[5.0, 5, 1, 2], [5, 5, 2, 2], [0, 3, 0, 0], [3, 3, 0, -1]]]])
    dX = sn.max_pool_backward(np.array([[[[1.0, 2], [3, 4]]]]), X)
    np.testing.assert_array_equal(dX[0, 0], [[1, 0, 0, 2], [0, 0, 0, 0], [0, 3, 4, 0], [0, 0, 0, 0]])


def test_on_blank_paper_the_bias_counts_once_for_each_window() -> None:
    """All four pixels of a window are then the bias: a rule that paid all of them would find four times the slope."""
    network = [sn.Convolution((1, 6, 6), 2, 3), sn.MaxPool((2, 4, 4)), sn.Linear(8, 3)]
    params = sn.initialize(network, np.random.default_rng(0), dtype=np.float64)
    report = sn.check_gradients(params, np.zeros((2, 36)), np.array([0, 2]))
    assert report, f"\n{report}"


@pytest.mark.parametrize(("stride", "padding"), SETTINGS)
def test_a_convolution_without_bias_and_its_way_back_are_adjoint(stride: int, padding: int) -> None:
    X, W = images(), rng.normal(size=(4, 2, 3, 2))
    Z = sn.conv2d(X, W, np.zeros(4), stride, padding)
    dZ = rng.normal(size=Z.shape)
    dX, dW, _ = sn.conv2d_backward(dZ, X, W, stride, padding)
    assert (dZ * Z).sum() == pytest.approx((dX * X).sum(), rel=1e-12) == pytest.approx((dW * W).sum(), rel=1e-12)


def test_an_image_that_moves_moves_what_the_filters_find() -> None:
    X = np.zeros((2, 1, 12, 12))
    X[0, 0, 3:7, 2:6] = rng.normal(size=(4, 4))
    X[1, 0, 5:9, 5:9] = X[0, 0, 3:7, 2:6]
    Z = sn.conv2d(X, rng.normal(size=(3, 1, 3, 3)), rng.normal(size=3))
    np.testing.assert_allclose(Z[1, :, 2:, 3:], Z[0, :, :-2, :-3], rtol=1e-12, atol=1e-14)


RULES: dict[str, tuple[Callable, tuple[int, ...]]] = {
    "conv2d": (lambda X, **out: sn.conv2d(X, FILTERS, np.ones(4, X.dtype), **out), (4, 4, 4)),
    "max_pool": (lambda X, **out: sn.max_pool(X, 2, **out), (2, 3, 3)),
    "mean_pool": (lambda X, **out: sn.mean_pool(X, 2, **out), (2, 3, 3)),
    "max_pool_backward": (lambda X, **out: sn.max_pool_backward(X[..., ::2, ::2], X, 2, **out), (2, 6, 6)),
    "mean_pool_backward": (lambda X, **out: sn.mean_pool_backward(X[..., ::2, ::2], X, 2, **out), (2, 6, 6)),
}
FILTERS = rng.normal(size=(4, 2, 3, 3))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_fills_the_array_that_it_returned_before(name: str) -> None:
    rule, shape = RULES[name]
    first = rule(images(5, 2, 6, 6))
    X = images(5, 2, 6, 6)
    again = rule(X, out=first)
    assert np.shares_memory(first, again)
    assert again.shape == (5, *shape)
    np.testing.assert_array_equal(again, rule(X))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("N", [1, 5])
def test_a_rule_keeps_the_dtype_and_does_not_ask_how_images_lie_in_memory(name: str, N: int) -> None:
    rule, _ = RULES[name]
    X = images(N, 2, 6, 6)
    batch_last = np.ascontiguousarray(X.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2)
    kept = X.copy()
    np.testing.assert_array_equal(rule(X), rule(batch_last))
    np.testing.assert_array_equal(X, kept)
    assert rule(X).dtype == np.float64
    if name != "conv2d":  # whose filters are float64 here
        assert rule(X.astype(np.float32)).dtype == np.float32


def test_the_gradients_of_a_convolution_fill_arrays_too_and_dx_is_left_out_where_nobody_needs_it() -> None:
    for padding in (0, 1):
        X, W = images(), rng.normal(size=(4, 2, 3, 2))
        dZ = rng.normal(size=sn.conv2d(X, W, np.zeros(4), padding=padding).shape)
        fresh = sn.conv2d_backward(dZ, X, W, padding=padding)
        out = tuple(np.full_like(array, 7) for array in fresh)
        dX, dW, db = sn.conv2d_backward(dZ, X, W, padding=padding, out=out)
        assert dW is out[1]
        assert db is out[2]
        for ours, expected in zip((dX, dW, db), fresh, strict=True):
            np.testing.assert_array_equal(ours, expected)
        nothing, *others = sn.conv2d_backward(dZ, X, W, padding=padding, need_dX=False)
        assert nothing is None
        for ours, expected in zip(others, fresh[1:], strict=True):
            np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("first", [np.float32, np.float64])
@pytest.mark.parametrize("second", [np.float32, np.float64])
def test_in_mixed_precision_a_convolution_and_its_gradient_have_the_finer_of_the_two_types(
    first: type, second: type
) -> None:
    finer = np.result_type(first, second)
    X, W, b = images().astype(first), rng.normal(size=(4, 2, 3, 2)), np.ones(4)
    assert sn.conv2d(X, W.astype(second), b.astype(second)).dtype == finer
    dZ = rng.normal(size=(3, 4, 5, 5))
    assert sn.conv2d_backward(dZ.astype(second), X, W.astype(first))[1].dtype == finer


def network(pool: type = sn.MaxPool) -> list[sn.Kind]:
    first = sn.Convolution((2, 8, 6), 3, 3, padding=1)
    second = sn.Convolution((3, 4, 3), 4, 3, stride=2, padding=1)
    return [first, pool(first.result), sn.Tanh(), second, sn.ReLU(), sn.Linear(second.outputs, 5)]


@pytest.mark.parametrize("pool", [sn.MaxPool, sn.MeanPool])
@pytest.mark.parametrize("N", [1, 4])
def test_the_gradient_of_a_network_with_both_block_by_block(pool: type, N: int) -> None:
    rng = np.random.default_rng(3)
    params = sn.initialize(network(pool), rng, dtype=np.float64)
    report = sn.check_gradients(params, rng.normal(size=(N, 96)), rng.integers(5, size=N))
    assert [block.block for block in report.blocks] == [f"layer {n}, {name}" for n in (1, 2, 3) for name in "Wb"]
    assert report, f"\n{report}"


def test_arrays_that_are_used_again_leave_nothing_behind() -> None:
    """`fit` hands on the arrays of the step before; fresh ones must give the same gradient."""
    params, gradient = sn.initialize(network(), np.random.default_rng(0)), Backpropagation()
    for N in (6, 6, 2):
        X, y = rng.normal(size=(N, 96)).astype(np.float32), rng.integers(5, size=N)
        ours = gradient(params, X, y)
        Z, cache = sn.forward(params, X)
        np.testing.assert_array_equal(ours.theta, sn.backward(params, cache, sn.cross_entropy_backward(Z, y)).theta)


def test_a_batch_is_its_images_one_by_one() -> None:
    params = sn.initialize(network(), np.random.default_rng(0), dtype=np.float64)
    X = rng.normal(size=(5, 96))
    one_by_one = np.concatenate([sn.predict_proba(params, x[None]) for x in X])
    np.testing.assert_allclose(sn.predict_proba(params, X), one_by_one, rtol=1e-12)


def test_columns_are_channels_and_each_channel_lies_row_by_row() -> None:
    """What `(N, C, H, W).reshape(N, -1)` makes; a linear layer after it then knows which pixel is which."""
    layer = sn.Convolution((2, 5, 4), 3, 2)
    params = sn.initialize([layer], np.random.default_rng(0), dtype=np.float64)
    X = images(2, 2, 5, 4)
    Z, _ = sn.forward(params, X.reshape(2, -1))
    expected = sn.conv2d(X, params.layers[0].W, params.layers[0].b).reshape(2, -1)
    np.testing.assert_array_equal(Z, expected)


def test_layers_know_the_shapes_of_what_comes_out() -> None:
    assert sn.Convolution((1, 28, 28), 12, 5).result == (12, 24, 24)
    assert sn.Convolution((3, 9, 7), 4, 3, stride=2, padding=1).result == (4, 5, 4)
    assert sn.MaxPool((12, 24, 24)).result == (12, 12, 12)
    assert sn.MeanPool((12, 24, 21), 3).result == (12, 8, 7)
    assert sn.MeanPool((12, 24, 21), 3).outputs == 12 * 8 * 7
    assert sn.MaxPool((1, 2, 2)) != sn.MeanPool((1, 2, 2))


def test_he_counts_the_numbers_in_a_window() -> None:
    layer = sn.Convolution((8, 12, 12), 500, 5)
    params = sn.initialize([layer], np.random.default_rng(0), dtype=np.float64)
    assert params.layers[0].W.std() == pytest.approx(np.sqrt(2 / 200), rel=0.01)
    assert not params.layers[0].b.any()
    with pytest.raises(ValueError, match='scheme must be "he", "uniform", "small" or "zeros"'):
        sn.initialize([layer], np.random.default_rng(0), "xavier")


X4, W4, b4 = np.ones((2, 3, 5, 5)), np.ones((4, 3, 2, 2)), np.ones(4)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: sn.conv2d(np.ones((2, 784)), W4, b4), r"not shape \(2, 784\) .*\. Pass X\.reshape\(-1, 1, 28, 28\)$"),
        (lambda: sn.conv2d(X4[:, 0], W4, b4), r"X must be a float array of images .*Pass X\[:, None\] if there is one"),
        (lambda: sn.conv2d(X4.astype(int), W4, b4), r"not shape .* dtype int64\. Pass X\.astype\(float\)$"),
        (lambda: sn.conv2d([[1.0]], W4, b4), r"X must be a float array of images \(N, C, H, W\), not list$"),
        (lambda: sn.conv2d(np.ones((2, 3)), W4, b4), r"images \(N, C, H, W\), not shape \(2, 3\) and dtype float64$"),
        (lambda: sn.conv2d(X4[:0], W4, b4), r"X has shape \(0, 3, 5, 5\): there is nothing in it$"),
        (lambda: sn.conv2d(X4, W4[0], b4), r"W must be a float array of filters \(F, C, h, w\), not shape \(3, 2, 2\)"),
        (lambda: sn.conv2d(X4, W4[:, :1], b4), r"^W must have 3 channels, as many as X, not 1$"),
        (lambda: sn.conv2d(X4, W4, b4[:3]), r"b must have shape \(4,\) \(one bias for each filter\), not \(3,\)"),
        (lambda: sn.conv2d(X4, W4, b4, 0), r"stride must be a whole number, at least 1, not 0"),
        (lambda: sn.conv2d(X4, W4, b4, 1, -1), r"padding must be a whole number of pixels, 0 or more, not -1"),
        (lambda: sn.conv2d(X4, W4, b4, 1, True), r"padding must be a whole number of pixels, 0 or more, not True"),
        (lambda: sn.conv2d(X4, np.ones((4, 3, 6, 2)), b4), r"^a filter of 6 pixels finds no place along 5 pixels$"),
        (
            lambda: sn.conv2d(X4, np.ones((4, 3, 2, 8)), b4, 1, 1),
            r"a filter of 8 pixels finds no place along 5 pixels and a padding of 1 on either side$",
        ),
        (
            lambda: sn.conv2d_backward(np.ones((2, 4, 5, 5)), X4, W4),
            r"dZ must have shape \(2, 4, 4, 4\) \(that of Z\), not \(2, 4, 5, 5\)",
        ),
        (lambda: sn.conv2d_backward(np.ones((2, 4, 4, 4)), X4[0], W4), r"X must be a float array of images"),
        (lambda: sn.max_pool(X4), r"^windows of 2 by 2 pixels do not cover 5 by 5 pixels$"),
        (lambda: sn.mean_pool(X4[:, :, :4], 4), r"^windows of 4 by 4 pixels do not cover 4 by 5 pixels$"),
        (lambda: sn.max_pool(X4[0], 5), r"^X must be a float array of images \(N, C, H, W\), not shape \(3, 5, 5\)"),
        (lambda: sn.max_pool(X4, 0), r"size must be a whole number, at least 1, not 0"),
        (lambda: sn.mean_pool(X4[:0], 5), r"there is nothing in it"),
        (
            lambda: sn.max_pool_backward(X4, X4, 5),
            r"dP must have shape \(2, 3, 1, 1\) \(that of P\), not \(2, 3, 5, 5\)",
        ),
        (lambda: sn.mean_pool_backward(X4, X4, 5), r"dP must have shape \(2, 3, 1, 1\) \(that of P\)"),
        (
            lambda: sn.Convolution((28, 28), 12, 5),
            r"image must be its shape \(channels, height, width\), as in \(1, 28",
        ),
        (lambda: sn.Convolution(784, 12, 5), r"image must be its shape .*, not 784$"),
        (lambda: sn.Convolution((1, 28, 2.0), 12, 5), r"image's width must be a whole number"),
        (lambda: sn.Convolution((1, 0, 28), 12, 5), r"^image's height must be a whole number, at least 1, not 0$"),
        (lambda: sn.Convolution((1, 4, 28), 12, 5), r"^a filter of 5 pixels finds no place along 4 pixels$"),
        (lambda: sn.Convolution((1, 28, 4), 12, 5), r"^a filter of 5 pixels finds no place along 4 pixels$"),
        (lambda: sn.Convolution((1, 28, 28), 0, 5), r"filters must be a whole number, at least 1, not 0"),
        (lambda: sn.Convolution((1, 28, 28), 1, 29), r"a filter of 29 pixels finds no place along 28 pixels$"),
        (lambda: sn.Convolution((1, 28, 28), 1, 5, padding=1.5), r"padding must be a whole number of pixels"),
        (lambda: sn.MaxPool((1, 24, 25)), r"windows of 2 by 2 pixels do not cover 24 by 25 pixels"),
        (lambda: sn.MaxPool((1, 25, 24)), r"^windows of 2 by 2 pixels do not cover 25 by 24 pixels$"),
        (lambda: sn.MaxPool((1, 24, 24), 0), r"^size must be a whole number, at least 1, not 0$"),
        (lambda: sn.MeanPool((0, 24, 24)), r"image's channels must be a whole number, at least 1, not 0"),
        (
            lambda: sn.Parameters([sn.Convolution((1, 28, 28), 12, 5), sn.Linear(784, 10)]),
            r"Linear\(D=784, H=10\) takes 784 inputs, and what comes before it gives 6912$",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(call: Callable, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


def test_a_copy_of_the_network_shares_nothing() -> None:
    params = sn.initialize(network(), np.random.default_rng(0))
    twin = copy.deepcopy(params)
    twin.layers[0].W[:] = 0
    assert params.layers[0].W.all()
