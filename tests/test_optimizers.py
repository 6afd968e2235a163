"""One step of SGD is the formula."""

import re
from fractions import Fraction

import numpy as np
import pytest

from scratchnet import SGD, Momentum, Parameters, cosine


def test_a_step_is_minus_rate_times_gradient_in_place() -> None:
    params, grads = Parameters((1, 2), np.float64), Parameters((1, 2), np.float64)
    params.theta[:] = [1, 2, 3, 4]
    grads.theta[:] = [10, 20, 0, -10]
    view = params.layers[0].W
    SGD(0.5).step(params, grads)
    np.testing.assert_array_equal(params.theta, [-4, -8, 3, 9])
    np.testing.assert_array_equal(view, [[-4, -8]])
    np.testing.assert_array_equal(grads.theta, [10, 20, 0, -10])


def test_momentum_keeps_a_part_of_its_velocity() -> None:
    params, grads, optimizer = Parameters((1, 1), np.float64), Parameters((1, 1), np.float64), Momentum(0.5, 0.8)
    grads.theta[:] = [10, -20]
    optimizer.step(params, grads)  # v = (10, -20)
    np.testing.assert_array_equal(params.theta, [-5, 10])
    optimizer.step(params, grads, 0.5)  # v = 0.8 (10, -20) + (10, -20) = (18, -36), and half of the rate
    np.testing.assert_array_equal(params.theta, [-5 - 4.5, 10 + 9])
    np.testing.assert_array_equal(optimizer.state["velocity"], [18, -36])
    np.testing.assert_array_equal(grads.theta, [10, -20])


def test_without_momentum_it_is_sgd_to_the_bit_and_float32_stays() -> None:
    rng = np.random.default_rng(0)
    ours, theirs, grads, optimizer = Parameters((5, 3)), Parameters((5, 3)), Parameters((5, 3)), Momentum(0.1, 0)
    for _ in range(3):
        grads.theta = rng.normal(size=18).astype(np.float32)
        optimizer.step(ours, grads)
        SGD(0.1).step(theirs, grads)
    assert ours.theta.tobytes() == theirs.theta.tobytes()
    assert optimizer.state["velocity"].dtype == np.float32


def test_momentum_s_settings_are_its_two_numbers_and_its_momentum_is_0_9_unless_given() -> None:
    assert Momentum(0.1).settings == {"learning_rate": 0.1, "momentum": 0.9}
    assert Momentum(0.1, 0.5).state == {}


@pytest.mark.parametrize("momentum", [-0.1, 1, 1.5, float("nan"), "0.9", None, True])
def test_refuses_a_momentum_that_is_no_part(momentum: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"momentum must be a number from 0 to below 1, not {momentum!r}")):
        Momentum(0.1, momentum)
    with pytest.raises(ValueError, match="learning_rate must be a positive number, not 0"):
        Momentum(0, 0.5)


def test_momentum_refuses_gradients_of_another_network() -> None:
    with pytest.raises(ValueError, match="the gradients are for a network 2-3 and the parameters for 3-2"):
        Momentum(0.1).step(Parameters((3, 2)), Parameters((2, 3)))


def test_the_factor_of_a_schedule_scales_the_step_and_keeps_float32() -> None:
    params, grads = Parameters((1, 1)), Parameters((1, 1))
    grads.theta[:] = [1, -2]
    SGD(0.5).step(params, grads, np.float64(0.5))
    np.testing.assert_array_equal(params.theta, [-0.25, 0.5])
    assert params.theta.dtype == np.float32


def test_cosine_falls_from_one_to_nothing_slowly_at_both_ends() -> None:
    assert [cosine(part) for part in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])
    assert cosine(1 / 3) == pytest.approx(0.75)
    steps = np.diff([cosine(part) for part in np.linspace(0, 1, 101)])
    assert (steps < 0).all()
    assert steps[0] == pytest.approx(steps[-1])
    assert abs(steps[0]) < abs(steps[50]) / 30


def test_a_warmup_rises_in_a_straight_line_and_then_leaves_cosine_alone() -> None:
    assert cosine(0, warmup=0.1) == 0
    assert cosine(0.05, warmup=0.1) == pytest.approx(cosine(0.05) / 2)
    assert [cosine(part, warmup=0.1) for part in (0.1, 0.5, 0.9)] == [cosine(part) for part in (0.1, 0.5, 0.9)]


def test_a_warmup_may_take_the_whole_training() -> None:
    assert [cosine(part, warmup=1) for part in (0, 0.5, 1)] == pytest.approx([0, cosine(0.5) / 2, 0])


def test_the_step_keeps_float32() -> None:
    params, grads = Parameters((2, 2)), Parameters((2, 2))
    SGD(0.1).step(params, grads)
    assert params.theta.dtype == np.float32


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), "0.1", None, True, np.array([0.1]), 1j])
def test_refuses_a_rate_that_is_not_one_positive_and_finite_number(rate: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"learning_rate must be a positive number, not {rate!r}")):
        SGD(rate)


@pytest.mark.parametrize("optimizer", [SGD(0.1), Momentum(0.1)])
@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), "0.1", None])
def test_a_wrong_rate_is_refused_later_too_and_the_old_one_stays(optimizer: SGD | Momentum, rate: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"learning_rate must be a positive number, not {rate!r}")):
        optimizer.learning_rate = rate
    assert optimizer.learning_rate == 0.1


def test_a_wrong_momentum_is_refused_later_too_and_the_old_one_stays() -> None:
    optimizer = Momentum(0.1, 0.5)
    with pytest.raises(ValueError, match="momentum must be a number from 0 to below 1, not 1"):
        optimizer.momentum = 1
    assert optimizer.momentum == 0.5


@pytest.mark.parametrize("rate", [1, np.float32(0.5), np.int64(2), Fraction(1, 2)])
def test_takes_any_kind_of_number(rate: float) -> None:
    params, grads = Parameters((1, 1)), Parameters((1, 1))
    grads.theta[:] = 1
    SGD(rate).step(params, grads)
    np.testing.assert_array_equal(params.theta, -float(rate))


def test_its_settings_follow_the_rate_and_it_remembers_nothing() -> None:
    optimizer = SGD(0.1)
    optimizer.learning_rate = 0.2
    assert (optimizer.settings, optimizer.state) == ({"learning_rate": 0.2}, {})


@pytest.mark.parametrize("warmup", [-0.1, 1.5, 10, float("nan")])
def test_refuses_a_warmup_that_is_no_part_of_the_training(warmup: float) -> None:
    with pytest.raises(ValueError, match=f"warmup must be a part of the training, from 0 to 1, not {warmup}"):
        cosine(0.5, warmup)


def test_refuses_arrays_for_parameters() -> None:
    params = Parameters((2, 3))
    with pytest.raises(ValueError, match=r"params must be Parameters, as sn\.initialize returns them, not ndarray"):
        SGD(0.1).step(params.theta, params)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"grads must be Parameters, as sn\.initialize returns them, not ndarray"):
        SGD(0.1).step(params, params.theta)  # type: ignore[arg-type]


def test_refuses_gradients_of_another_network() -> None:
    with pytest.raises(ValueError, match="the gradients are for a network 2-3 and the parameters for 3-2"):
        SGD(0.1).step(Parameters((3, 2)), Parameters((2, 3)))
