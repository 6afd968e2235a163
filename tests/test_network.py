"""The whole network forward and back, by hand and at any depth. Gradients: test_gradients.py and test_peers.py."""

import numpy as np
import pytest

from scratchnet import Parameters, backward, forward, initialize, network, predict, predict_proba, softmax


@pytest.fixture
def paper() -> Parameters:
    """A 2-2-2 network small enough to follow with a pencil."""
    params = Parameters((2, 2, 2), np.float64)
    params.layers[0].W[:] = [[1, -1], [2, 0]]
    params.layers[0].b[:] = [0, 1]
    params.layers[1].W[:] = [[1, 0], [3, -2]]
    params.layers[1].b[:] = [0.5, -0.5]
    return params


X = np.array([[1.0, 1.0], [-1.0, 0.0]])


def test_forward_by_hand(paper: Parameters) -> None:
    Z, cache = forward(paper, X)
    # hidden: (1+2, -1+1) = (3, 0) and (-1, 1+1) = (-1, 2); after ReLU (3, 0) and (0, 2)
    np.testing.assert_array_equal(cache[0], X)
    np.testing.assert_array_equal(cache[1], [[3, 0], [-1, 2]])
    np.testing.assert_array_equal(cache[2], [[3, 0], [0, 2]])
    np.testing.assert_array_equal(Z, [[3.5, -0.5], [6.5, -4.5]])


def test_backward_by_hand(paper: Parameters) -> None:
    _, cache = forward(paper, X)
    grads = backward(paper, cache, np.array([[1.0, 0.0], [0.0, 1.0]]))
    np.testing.assert_array_equal(grads.layers[1].W, [[3, 0], [0, 2]])
    np.testing.assert_array_equal(grads.layers[1].b, [1, 1])
    # dA = (1, 3) and (0, -2); the mask keeps only the first entry of the first row and the second of the second
    np.testing.assert_array_equal(grads.layers[0].W, [[1, 2], [1, 0]])
    np.testing.assert_array_equal(grads.layers[0].b, [1, -2])


def test_the_last_layer_has_no_relu() -> None:
    params = Parameters((1, 1), np.float64)
    params.layers[0].W[:] = -2
    assert forward(params, np.array([[3.0]]))[0].item() == -6


@pytest.mark.parametrize("sizes", [(5, 3), (5, 4, 3), (5, 2, 6, 3), (5, 4, 4, 4, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_depth_keeps_shapes_and_dtype(sizes: tuple[int, ...], dtype: type) -> None:
    params = initialize(sizes, np.random.default_rng(0), dtype=dtype)
    Z, cache = forward(params, np.ones((7, 5), dtype))
    grads = backward(params, cache, np.ones_like(Z))
    assert Z.shape == (7, 3)
    assert Z.dtype == grads.theta.dtype == dtype
    assert grads.sizes == params.sizes


def test_backward_refuses_the_cache_of_another_network(paper: Parameters) -> None:
    _, cache = forward(paper, X)
    with pytest.raises(ValueError, match="the cache has 1 layers and the network 3: not the same network"):
        backward(paper, cache[:1], np.ones((2, 2)))


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (1, 2)])
def test_backward_refuses_a_gradient_of_other_logits(paper: Parameters, shape: tuple[int, int]) -> None:
    _, cache = forward(paper, X)
    with pytest.raises(ValueError, match=r"dZ must have shape \(2, 2\) \(that of the logits\), not "):
        backward(paper, cache, np.ones(shape))
    with pytest.raises(ValueError, match=r"^dZ must be a float matrix"):
        backward(paper, cache, np.ones(shape, int))


@pytest.mark.parametrize("answer", [predict, predict_proba])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_refuses_to_answer_for_numbers_that_are_not_finite(paper: Parameters, answer: object, value: float) -> None:
    paper.layers[0].W[:] = -1  # +inf then switches every hidden unit off, and the logits are finite
    broken = X.copy()
    broken[1, 0] = value
    with pytest.raises(
        ValueError,
        match=rf"^X must be finite numbers, but {value} stands in row 1, column 0, the first of 1 such places\. "
        r"Replace them, for example by np\.where\(np\.isfinite\(X\), X, 0\)$",
    ):
        answer(paper, broken)  # type: ignore[operator]


def test_a_hidden_unit_that_overflows_is_not_taken_for_one_that_is_off(paper: Parameters) -> None:
    paper.layers[0].W[:] = -1e200  # the sums are −∞, ReLU makes 0 of them, and the logits would be the biases
    with pytest.raises(ValueError, match=r"^X or params holds numbers so large that the logits overflow$"):
        predict(paper, 1e200 * np.abs(X))


def test_in_mixed_precision_the_gradient_has_the_finer_of_the_two_types() -> None:
    for types in ((np.float32, np.float64), (np.float64, np.float32)):
        params = initialize((2, 3, 2), np.random.default_rng(0), dtype=types[0])
        Z, cache = forward(params, X.astype(types[1]))
        assert backward(params, cache, Z.astype(types[1])).theta.dtype == np.float64


def test_many_examples_go_through_the_same_arrays_block_by_block() -> None:
    params = initialize((5, 4, 3), np.random.default_rng(0), dtype=np.float64)
    found = [Z for Z, _ in network._blocks(params, np.ones((3 * network.BLOCK + 1, 5)))]
    assert [len(Z) for Z in found] == [network.BLOCK] * 3 + [1]
    assert found[0] is found[1] is found[2]


@pytest.mark.parametrize("place", [0, 255, 256, 700, 999])
def test_answers_for_many_examples_are_those_for_each_and_a_gap_is_found_anywhere(place: int) -> None:
    params = initialize((5, 4, 3), np.random.default_rng(0), dtype=np.float64)
    many = np.random.default_rng(1).normal(size=(1000, 5))
    np.testing.assert_allclose(predict_proba(params, many)[place], predict_proba(params, many[place : place + 1])[0])
    assert predict(params, many)[place] == predict(params, many[place : place + 1])[0]
    many[place, 2] = np.nan
    with pytest.raises(ValueError, match=f"X must be finite numbers, but nan stands in row {place}, column 2"):
        predict(params, many)


@pytest.mark.parametrize("answer", [predict, predict_proba])
def test_refuses_to_answer_with_parameters_that_diverged(paper: Parameters, answer: object) -> None:
    paper.layers[1].b[1] = np.nan
    with pytest.raises(ValueError, match=r"params\.theta must be finite numbers, .* place 11.* Did training diverge"):
        answer(paper, X)  # type: ignore[operator]
    paper.layers[1].b[1] = 0
    paper.theta *= 1e200
    with pytest.raises(ValueError, match=r"^X or params holds numbers so large that the logits overflow$"):
        answer(paper, X)  # type: ignore[operator]


@pytest.mark.parametrize("use", [forward, predict, predict_proba])
def test_refuses_images_that_the_network_cannot_take(paper: Parameters, use: object) -> None:
    for images, sentence in (
        (np.ones((2, 5)), r"X has shape \(2, 5\), but its rows must be the examples. Pass X.T"),
        (np.ones((4, 5)), "X has 5 columns and the network 2 inputs"),
        ([[1.0, 2.0]], r"X must be a float matrix .* not list. Pass np.array\(X, dtype=float\)"),
    ):
        with pytest.raises(ValueError, match=sentence):
            use(paper, images)  # type: ignore[operator]
    with pytest.raises(ValueError, match=r"params must be Parameters, as sn\.initialize returns them, not ndarray"):
        use(X, paper)  # type: ignore[operator]


def test_predictions_are_the_largest_logit_and_the_first_of_equals(paper: Parameters) -> None:
    np.testing.assert_array_equal(predict(paper, X), [0, 0])
    np.testing.assert_array_equal(predict(Parameters((2, 3)), X.astype(np.float32)), [0, 0])
    paper.layers[1].b[:] = [0, 5]
    np.testing.assert_array_equal(predict(paper, X), [1, 0])


def test_probabilities_are_the_softmax_of_the_logits(paper: Parameters) -> None:
    np.testing.assert_array_equal(predict_proba(paper, X), softmax(np.array([[3.5, -0.5], [6.5, -4.5]])))
