"""Dropout: right on average, the same mask on the way back, and out of the way where the network is used."""

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.dropout import draw_mask
from scratchnet.network import Backpropagation

rng = np.random.default_rng(4)
X, y = rng.normal(size=(12, 5)), rng.integers(3, size=12)


def network(rate: float = 0.5) -> sn.Parameters:
    kinds = [sn.Dropout(0.2), sn.Linear(5, 8), sn.ReLU(), sn.Dropout(rate), sn.Linear(8, 3)]
    return sn.initialize(kinds, np.random.default_rng(1), dtype=np.float64)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_a_mask_silences_its_part_and_is_one_on_average(rate: float) -> None:
    mask = draw_mask((400, 500), rate, np.random.default_rng(0))
    assert mask.dtype == np.float32
    assert set(np.unique(mask)) <= {np.float32(0), np.float32(1 / (1 - rate))}
    assert abs((mask == 0).mean() - rate) < 0.005
    assert abs(mask.mean(dtype=float) - 1) < 0.02


def test_by_hand_at_a_half() -> None:
    A, mask = np.array([[1.0, 2, 3, 4]]), np.array([[2.0, 0, 0, 2]])
    assert sn.dropout(A, mask).tolist() == [[2, 0, 0, 8]]
    assert sn.dropout_backward(np.array([[10.0, 20, 30, 40]]), mask).tolist() == [[20, 0, 0, 80]]


def test_over_all_masks_the_mean_sum_is_that_without_dropout() -> None:
    a, w = rng.normal(size=4), rng.normal(size=4)
    masks = np.array(np.meshgrid(*[[0, 2.0]] * 4)).reshape(4, -1).T  # all sixteen, each as likely as the others
    sums = sn.dropout(np.broadcast_to(a, masks.shape), masks) @ w
    np.testing.assert_allclose(sums.mean(), a @ w, atol=1e-12)


def loss(params: sn.Parameters, X: np.ndarray, y: np.ndarray) -> float:
    return sn.cross_entropy(sn.forward(params, X, np.random.default_rng(7))[0], y)


def gradient(params: sn.Parameters, X: np.ndarray, y: np.ndarray) -> sn.Parameters:
    Z, cache = sn.forward(params, X, np.random.default_rng(7))
    return sn.backward(params, cache, sn.cross_entropy_backward(Z, y))


def test_with_the_mask_held_the_gradient_is_that_of_the_loss() -> None:
    report = sn.check_gradients(network(), X, y, gradient=gradient, loss=loss)
    assert report, f"\n{report}"


def test_the_published_way_back_that_forgets_the_factor_is_caught() -> None:
    class Forgetful(sn.Dropout):
        def backward(self, layer, grad, dA, mask, need_dX=True, out=None):  # type: ignore[no-untyped-def]
            return dA * (mask > 0)

    kinds = [sn.Linear(5, 8), sn.ReLU(), Forgetful(0.5), sn.Linear(8, 3)]
    params = sn.initialize(kinds, np.random.default_rng(1), dtype=np.float64)
    report = sn.check_gradients(params, X, y, gradient=gradient, loss=loss)
    assert [block.passed for block in report.blocks] == [False, False, True, True]
    assert all(abs(block.error - 1 / 3) < 1e-6 for block in report.blocks[:2])  # |½ − 1| / (½ + 1)


def test_where_the_network_is_used_nothing_is_drawn_and_nothing_silenced() -> None:
    params = network()
    plain = sn.Parameters([sn.Linear(5, 8), sn.ReLU(), sn.Linear(8, 3)], np.float64)
    plain.theta = params.theta
    np.testing.assert_array_equal(sn.forward(params, X)[0], sn.forward(plain, X)[0])
    np.testing.assert_array_equal(sn.predict_proba(params, X), sn.predict_proba(plain, X))
    report = sn.check_gradients(params, X, y)
    assert report, f"\n{report}"


def test_each_batch_has_a_mask_of_its_own() -> None:
    generator = np.random.default_rng(0)
    first, second = (sn.forward(network(), X, generator)[0] for _ in range(2))
    assert (first != second).any()


def test_images_are_never_written_into_whatever_came_before() -> None:
    params, kept, gradient = network(), X.copy(), Backpropagation()
    gradient(params, X, y)
    gradient(params, X, y, np.random.default_rng(0))
    sn.predict(params, X)
    np.testing.assert_array_equal(X, kept)


def test_the_arrays_of_the_last_step_change_nothing() -> None:
    params, again = network(), Backpropagation()
    for generator in (None, np.random.default_rng(3), None, np.random.default_rng(3)):
        state = generator and generator.bit_generator.state
        reused = again(params, X, y, generator).theta.copy()
        if generator:
            generator.bit_generator.state = state
        np.testing.assert_array_equal(Backpropagation()(params, X, y, generator).theta, reused)


@pytest.mark.parametrize("rate", [1, 1.0, -0.1, np.nan, "half", True])
def test_refuses_what_is_no_rate(rate: object) -> None:
    with pytest.raises(ValueError, match="rate must be a number from 0 to below 1, not"):
        sn.Dropout(rate)  # type: ignore[arg-type]


def test_refuses_a_mask_of_another_shape() -> None:
    with pytest.raises(ValueError, match="mask must have shape"):
        sn.dropout(X, np.ones((5, 12)))
    with pytest.raises(ValueError, match="dA must have shape"):
        sn.dropout_backward(X, np.ones((5, 12)))
