"""A step is its formula: on paper, as PyTorch takes it, and whatever the scale of the loss is."""

import copy
import json
import re
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchnet import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    Parameters,
    RMSProp,
    backward,
    cosine,
    cross_entropy_backward,
    forward,
)
from scratchnet.optimizers import Optimizer
from scratchnet.storage import read_arrays


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


def test_momentum_s_settings_are_its_numbers_and_its_momentum_is_0_9_unless_given() -> None:
    assert Momentum(0.1).settings == {"learning_rate": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0}
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
    assert (optimizer.settings, optimizer.state) == ({"learning_rate": 0.2, "weight_decay": 0.0}, {})


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


# The same steps as PyTorch's: benchmarks/optimizers.py has it take them, and writes down where they lead.

STORED = read_arrays(Path(__file__).parents[1] / "book" / "optimizers.npz", "the steps of PyTorch")
SETTINGS = json.loads(str(STORED["settings"]))
NAMES = {"lr": "learning_rate", "alpha": "beta", "eps": "epsilon"}
OURS = {"SGD": SGD, "Adagrad": AdaGrad, "RMSprop": RMSProp, "Adam": Adam, "AdamW": AdamW}


def as_pytorch(case: str) -> Optimizer:
    """Return our optimiser for a case of PyTorch's."""
    settings = {NAMES.get(name, name): value for name, value in SETTINGS[case].items()}
    kind = settings.pop("kind")
    if "betas" in settings:
        settings["beta1"], settings["beta2"] = settings.pop("betas")
    return (Momentum if "momentum" in settings else OURS[kind])(**settings)


def full_batch(optimizer: Optimizer, steps: int, scale: float = 1.0) -> np.ndarray:
    """Return where the steps lead (steps, Q), on the stored examples and from the stored start."""
    params = Parameters((6, 5, 4), np.float64)
    params.theta, found = STORED["start"], []
    for _ in range(steps):
        Z, cache = forward(params, STORED["X"])
        optimizer.step(params, backward(params, cache, scale * cross_entropy_backward(Z, STORED["y"])))
        found.append(params.theta.copy())
    return np.array(found)


@pytest.mark.parametrize("case", SETTINGS)
def test_a_hundred_steps_lead_where_pytorch_s_do(case: str) -> None:
    moments = STORED["moments"]
    assert moments.tolist() == [1, 10, 100]
    np.testing.assert_allclose(full_batch(as_pytorch(case), 100)[moments - 1], STORED[case], rtol=0, atol=1e-13)


def test_the_stored_cases_are_of_all_optimizers_and_lead_to_different_places() -> None:
    assert {type(as_pytorch(case)) for case in SETTINGS} == {SGD, Momentum, AdaGrad, RMSProp, Adam, AdamW}
    ends = [STORED[case][-1] for case in SETTINGS]
    for n, end in enumerate(ends):
        assert all(np.abs(end - other).max() > 1e-3 for other in ends[:n])


# Worked by hand, with one weight and one bias.


def path(optimizer: Optimizer, gradients: list[list[float]], start: tuple[float, float] = (0, 0)) -> list[list[float]]:
    params, grads, found = Parameters((1, 1), np.float64), Parameters((1, 1), np.float64), []
    params.theta[:] = start
    for gradient in gradients:
        grads.theta[:] = gradient
        optimizer.step(params, grads)
        np.testing.assert_array_equal(grads.theta, gradient)
        found.append(params.theta.tolist())
    return found


def test_a_penalty_adds_the_parameters_to_the_gradient() -> None:
    # g + 0.5 θ is 10 + 1 and −20 − 2, for the bias as for the weight.
    assert path(SGD(0.5, weight_decay=0.5), [[10, -20]], (2, -4)) == [[2 - 5.5, -4 + 11]]
    # v is 11 at first, so θ becomes −3.5; then 0.8 · 11 + 10 − 1.75 = 17.05.
    found = path(Momentum(0.5, 0.8, weight_decay=0.5), [[10, -20], [10, -20]], (2, -4))
    np.testing.assert_allclose(found, [[-3.5, 7], [-3.5 - 8.525, 7 + 17.05]])


def test_nesterov_steps_as_the_velocity_will_be() -> None:
    # v = 10, and 10 + 0.8 · 10 = 18. Then v = 0.8 · 10 + 10 = 18, and 10 + 0.8 · 18 = 24.4.
    np.testing.assert_allclose(path(Momentum(0.5, 0.8, nesterov=True), [[10, -20]] * 2), [[-9, 18], [-21.2, 42.4]])


def test_adagrad_divides_by_the_root_of_the_sum_of_squares() -> None:
    # s = 9 and 16, roots 3 and 4; then 9 + 16 = 25 and 16 + 9 = 25, roots 5 and 5.
    np.testing.assert_allclose(path(AdaGrad(0.5), [[3, -4], [4, 3]]), [[-0.5, 0.5], [-0.5 - 0.4, 0.5 - 0.3]])


def test_rmsprop_divides_by_the_root_of_an_average() -> None:
    # s = 0.25 · 16 = 4; then 0.75 · 4 + 0.25 · 52 = 16.
    found = path(RMSProp(0.5, beta=0.75), [[4, -4], [52**0.5, 0]])
    np.testing.assert_allclose(found, [[-1, 1], [-1 - 0.5 * 52**0.5 / 4, 1]])


def test_adam_s_first_step_is_its_rate_whatever_the_gradient_is_and_its_second_as_on_paper() -> None:
    # m = 0.2 · 3 = 0.6, divided by 1 − 0.8 it is 3. s = 0.5 · 9 = 4.5, divided by 1 − 0.5 it is 9: so 3/3.
    # Then m = 0.8 · 0.6 + 0.2 · 1 = 0.68, over 1 − 0.64; s = 0.5 · 4.5 + 0.5 · 1 = 2.75, over 1 − 0.25.
    found = path(Adam(0.1, beta1=0.8, beta2=0.5), [[3, -0.003], [1, 0]])
    np.testing.assert_allclose(found[0], [-0.1, 0.1], rtol=1e-5)
    assert found[1][0] == pytest.approx(-0.1 - 0.1 * (0.68 / 0.36) / (2.75 / 0.75) ** 0.5, rel=1e-7)


def test_adam_s_epsilon_stands_beside_the_corrected_root() -> None:
    assert path(Adam(0.1, epsilon=1), [[3, -1]]) == [pytest.approx([-0.1 * 3 / 4, 0.1 / 2])]


def test_adamw_s_decay_is_beside_adam_s_step_and_does_not_know_the_gradient() -> None:
    # (1 − 0.5 · 0.2) θ, then a step of 0.5 each; the scale of the gradient is nowhere.
    found = [path(AdamW(0.5, 0.2), [[scale, -scale]], (2, -4))[0] for scale in (1, 1000)]
    np.testing.assert_allclose(found, [[1.8 - 0.5, -3.6 + 0.5]] * 2)
    assert path(AdamW(0.1, 0), [[3, 1], [2, 5]], (1, 2)) == path(Adam(0.1), [[3, 1], [2, 5]], (1, 2))


@pytest.mark.parametrize("make", [lambda rate: AdaGrad(rate), lambda rate: RMSProp(rate), lambda rate: Adam(rate)])
def test_some_do_not_notice_when_the_loss_is_multiplied_by_ten(make: Callable[[float], Optimizer]) -> None:
    ends, larger = (full_batch(make(0.01), 50, scale)[-1] for scale in (1, 10))
    np.testing.assert_allclose(larger, ends, atol=1e-5)  # but for ε
    sgd, ten = (full_batch(SGD(0.01), 50, scale)[-1] for scale in (1, 10))
    assert np.abs(ten - sgd).max() > 0.1
    np.testing.assert_allclose(ten, full_batch(SGD(0.1), 50)[-1], rtol=1e-12)


def test_a_penalty_is_a_decay_for_sgd_and_not_where_the_scales_differ() -> None:
    penalty = path(SGD(0.1, weight_decay=0.5), [[0.3, -40]] * 5, (2, -3))
    decay, theta = [], np.array([2.0, -3.0])
    for _ in range(5):
        theta = (1 - 0.1 * 0.5) * theta - 0.1 * np.array([0.3, -40])
        decay.append(theta.tolist())
    np.testing.assert_allclose(penalty, decay)
    # Two parameters that are equal, and gradients of different sizes: AdamW shrinks both alike, a penalty does not.
    moved = np.array(path(AdamW(0.01, 0.5), [[1, 100]], (3, 3))) - np.array(path(Adam(0.01), [[1, 100]], (3, 3)))
    np.testing.assert_allclose(moved, [[-0.015, -0.015]])


ALL = {
    "SGD": lambda: SGD(0.1, 0.01), "Momentum": lambda: Momentum(0.1, 0.9, False, 0.01),
    "Nesterov": lambda: Momentum(0.1, nesterov=True), "AdaGrad": lambda: AdaGrad(0.1),
    "RMSProp": lambda: RMSProp(0.1), "Adam": lambda: Adam(0.1), "AdamW": lambda: AdamW(0.1),
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_all_keep_float32_work_in_place_and_take_a_schedule_s_factor(name: str) -> None:
    params, grads, optimizer = Parameters((3, 2)), Parameters((3, 2)), ALL[name]()
    view = params.layers[0].W
    grads.theta = np.arange(1.0, 9)
    for factor in (np.float64(1), 0.5, 0):
        before = params.theta.copy()
        optimizer.step(params, grads, factor)
        assert (params.theta != before).all() == (factor != 0)
        np.testing.assert_array_equal(view.ravel(), params.theta[:6])
    assert params.theta.dtype == np.float32
    assert all(array.dtype == np.float32 for what, array in optimizer.state.items() if what != "steps")
    with pytest.raises(ValueError, match="the gradients are for a network 2-3 and the parameters for 3-2"):
        optimizer.step(params, Parameters((2, 3)))


@pytest.mark.parametrize(
    ("optimizer", "state"),
    [
        (SGD(0.1), {}),
        (Momentum(0.1), {"velocity": [3, -4]}),
        (AdaGrad(0.1), {"squares": [9, 16]}),
        (RMSProp(0.1, beta=0.75), {"square": [9 / 4, 16 / 4]}),
        (Adam(0.1, beta1=0.75, beta2=0.5), {"mean": [3 / 4, -4 / 4], "square": [9 / 2, 16 / 2], "steps": 1}),
        (AdamW(0.1, beta1=0.75, beta2=0.5), {"mean": [3 / 4, -4 / 4], "square": [9 / 2, 16 / 2], "steps": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_remembered_has_the_names_by_which_checkpoints_keep_it(optimizer: Optimizer, state: dict) -> None:
    optimizer = copy.deepcopy(optimizer)  # `make mutants` runs a test several times with the same parameters
    path(optimizer, [[3, -4]])
    assert {name: array.tolist() for name, array in optimizer.state.items()} == state


@pytest.mark.parametrize(
    "optimizer",
    [Momentum(0.1), Momentum(0.1, nesterov=True), AdaGrad(0.1), RMSProp(0.1), Adam(0.1), AdamW(0.1)],
    ids=lambda each: f"{type(each).__name__} {each.settings.get('nesterov', '')}",
)
def test_from_the_second_step_on_the_arithmetic_is_done_in_arrays_that_are_there(
    optimizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    params, grads, optimizer = Parameters((300, 200)), Parameters((300, 200)), copy.deepcopy(optimizer)
    grads.theta[:] = 1
    optimizer.step(params, grads)
    # To look up what it remembers, an optimiser makes zeros that it throws away. They are no part of the arithmetic.
    monkeypatch.setattr(type(optimizer), "_remembered", lambda self, name, theta: self.state[name])
    tracemalloc.start()
    optimizer.step(params, grads)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < params.theta.nbytes / 10


@pytest.mark.parametrize("name", ALL)
def test_a_copy_goes_its_own_way_and_without_its_state_an_optimizer_is_as_new_for_another_network(name: str) -> None:
    params, grads, optimizer = Parameters((3, 2)), Parameters((3, 2)), ALL[name]()
    grads.theta = np.arange(1.0, 9)
    optimizer.step(params, grads)
    twin, other = copy.deepcopy(optimizer), params.copy()
    for each, theirs in ((optimizer, params), (twin, other)):
        each.step(theirs, grads)
    assert params.theta.tobytes() == other.theta.tobytes()
    ends: list[Parameters] = []
    for sizes, dtype in (((3, 2), np.float64), ((2, 3), np.float64), ((2, 4), np.float32)):
        for each in (optimizer, ALL[name]()):
            each.state = {}
            ends.append(Parameters(sizes, dtype))
            ends[-1].theta[:] = 1 / 3
            slopes = ends[-1].copy()
            slopes.theta[:] = 1 / 7
            each.step(ends[-1], slopes)
        assert ends[-1].theta.tobytes() == ends[-2].theta.tobytes()


@pytest.mark.parametrize("name", ALL)
def test_its_settings_are_its_numbers_and_nothing_else(name: str) -> None:
    optimizer = ALL[name]()
    params = Parameters((2, 2))
    before = dict(optimizer.settings)
    optimizer.step(params, params.copy())
    assert optimizer.settings == before
    assert before["learning_rate"] == 0.1
    assert {"state", "_scratch"}.isdisjoint(before)
    assert type(optimizer)(**before).settings == before


def test_adam_is_called_as_its_paper_has_it_unless_told_otherwise() -> None:
    assert Adam().settings == {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    assert AdamW().settings == {**Adam().settings, "weight_decay": 0.01}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: SGD(0.1, -1), "weight_decay must be a number, 0 or more, not -1"),
        (lambda: SGD(0.1, float("inf")), "weight_decay must be a number, 0 or more, not inf"),
        (lambda: Momentum(0.1, weight_decay="1"), "weight_decay must be a number, 0 or more, not '1'"),
        (lambda: Momentum(0.1, nesterov=1), "nesterov must be True or False, not 1"),
        (lambda: AdaGrad(0), "learning_rate must be a positive number, not 0"),
        (lambda: AdaGrad(0.1, 0), "epsilon must be a positive number, not 0"),
        (lambda: RMSProp(0.1, 1), "beta must be a number from 0 to below 1, not 1"),
        (lambda: Adam(beta1=1), "beta1 must be a number from 0 to below 1, not 1"),
        (lambda: Adam(beta2=-0.1), "beta2 must be a number from 0 to below 1, not -0.1"),
        (lambda: AdamW(epsilon=None), "epsilon must be a positive number, not None"),
        (lambda: AdamW(weight_decay=float("nan")), "weight_decay must be a number, 0 or more, not nan"),
    ],
)
def test_refuses_settings_that_are_none(make: Callable[[], Optimizer], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        make()
