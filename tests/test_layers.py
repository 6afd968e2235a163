"""The linear layer, small enough for paper and at its edges, and how it starts. Gradients: test_gradients.py."""

import numpy as np
import pytest

from scratchnet import Linear, Parameters, initialize, linear, linear_backward

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
W = np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 1.0, 1.0, -2.0]])
b = np.array([10.0, 20.0, 30.0, 40.0])


def test_three_examples_by_hand() -> None:
    # first row: 1*1 + 2*0 + 10, 1*0 + 2*1 + 20, -1 + 2 + 30, 2 - 4 + 40
    expected = [[11, 22, 31, 38], [13, 24, 31, 38], [15, 26, 31, 38]]
    np.testing.assert_array_equal(linear(X, W, b), expected)


def test_backward_by_hand() -> None:
    dZ = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 1.0]])
    dX, dW, db = linear_backward(dZ, X, W)
    np.testing.assert_array_equal(dX, [[1, 0], [0, 1], [-1 + 2, 1 - 2]])
    np.testing.assert_array_equal(dW, [[1, 3, 5, 5], [2, 4, 6, 6]])
    np.testing.assert_array_equal(db, [1, 1, 1, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_it_is_given(dtype: type) -> None:
    arrays = [a.astype(dtype) for a in (X, W, b)]
    assert linear(*arrays).dtype == dtype
    dZ = np.ones((3, 4), dtype)
    assert {g.dtype for g in linear_backward(dZ, arrays[0], arrays[1])} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((X[0], W, b), r"^X must be a float matrix with one row for each example, not shape \(2,\) and dtype float64"),
        ((X.astype(int), W, b), r"^X must be a float matrix .* not shape \(3, 2\) and dtype int64"),
        ((X.tolist(), W, b), "^X must be a float matrix .* not list"),
        ((X[:0], W, b), "X has no rows: at least one example is needed"),
        ((X, W.T, b), r"W must have shape \(D, H\) with D = 2, the columns of X, not \(4, 2\)"),
        ((X, W[:, 0], b), r"W must have shape \(D, H\)"),
        ((X, W.tolist(), b), r"W must have shape \(D, H\) with D = 2, the columns of X, not list"),
        ((X, W, b[:, None]), r"b must have shape \(4,\) \(one bias for each column of W\), not \(4, 1\)"),
        ((X, W, b[:1]), r"b must have shape \(4,\)"),
    ],
)
def test_refuses_what_does_not_fit(arguments: tuple, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        linear(*arguments)


def test_arrays_for_the_results_are_filled_and_returned_with_the_same_bits() -> None:
    dZ, out = np.arange(12.0).reshape(3, 4), np.full((3, 4), np.nan)
    assert linear(X, W, b, out=out) is out
    np.testing.assert_array_equal(out, linear(X, W, b))
    arrays = np.full((3, 2), np.nan), np.full((2, 4), np.nan), np.full(4, np.nan)
    for array, found, expected in zip(
        arrays, linear_backward(dZ, X, W, out=arrays), linear_backward(dZ, X, W), strict=True
    ):
        assert found is array
        np.testing.assert_array_equal(found, expected)


def test_the_gradient_of_the_images_is_left_out_where_nobody_needs_it() -> None:
    dZ = np.arange(12.0).reshape(3, 4)
    dX, dW, db = linear_backward(dZ, X, W, need_dX=False)
    assert dX is None
    np.testing.assert_array_equal(dW, linear_backward(dZ, X, W)[1])
    np.testing.assert_array_equal(db, linear_backward(dZ, X, W)[2])


def test_backward_refuses_an_upstream_gradient_of_another_shape() -> None:
    with pytest.raises(ValueError, match=r"dZ must have shape \(3, 4\) \(that of Z\), not \(3, 1\)"):
        linear_backward(np.ones((3, 1)), X, W)
    with pytest.raises(ValueError, match="W must have shape"):
        linear_backward(np.ones((3, 4)), X, W.T)


def test_as_a_layer_it_hands_the_gradient_of_its_input_on_unless_nobody_needs_it() -> None:
    (layer,), (grad,) = Parameters((2, 4), np.float64).layers, Parameters((2, 4), np.float64).layers
    layer.W = W
    np.testing.assert_array_equal(Linear(2, 4).backward(layer, grad, X @ W, X), X @ W @ W.T)
    assert Linear(2, 4).backward(layer, grad, X @ W, X, need_dX=False) is None
    np.testing.assert_array_equal(grad.W, X.T @ X @ W)


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


def test_refuses_an_unknown_scheme() -> None:
    with pytest.raises(ValueError, match=r'^scheme must be "he", "uniform", "small" or "zeros", not \'He\'$'):
        initialize((2, 2), np.random.default_rng(0), scheme="He")
