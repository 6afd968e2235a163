"""Chapter "gradient-check": right answers pass, each typical mistake gets the hint about that mistake."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.check import check
from scratchnet.check.gradient_check import mysteries


def best(power: float = 1 / 3, number: float = 3, size: Callable[[float], float] = abs) -> Callable:
    return lambda epsilon, f, T: (number * epsilon * size(f) / T) ** power


def nudge_all(rate: Callable[[Callable, np.ndarray, np.ndarray, float], float]) -> Callable:
    """A gradient, entry by entry, from fresh points, with the reader's formula for one entry."""

    def gradient(f: Callable, x: np.ndarray, h: float) -> np.ndarray:
        return np.array([rate(f, x, step, h) for step in h * np.eye(len(x))])

    return gradient


def in_place(f: Callable, x: np.ndarray, h: float, back: float = 0.0) -> list[float]:
    rates = []
    for i in range(len(x)):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        rates.append((above - f(x)) / (2 * h))
        x[i] += back
    return rates


def blocks(
    measure: Callable[[np.ndarray, np.ndarray], Any] = sn.relative_error, one_sided: bool = False, restore: bool = True
) -> Callable:
    def check_blocks(f: Callable, arrays: dict, grads: dict) -> dict:
        errors = {}
        for name, array in arrays.items():
            numbers, h = np.zeros(array.shape), 1e-5
            for i in range(array.size):
                kept = array.flat[i]
                array.flat[i] = kept + h
                above = f(arrays)
                array.flat[i] = kept if one_sided else kept - h
                numbers.flat[i] = (above - f(arrays)) / (h if one_sided else 2 * h)
                if restore:
                    array.flat[i] = kept
            errors[name] = measure(grads[name], numbers)
        return errors

    return check_blocks


def copies(arrays: dict) -> dict:
    return {name: array.copy() for name, array in arrays.items()}


def in_one(f: Callable, arrays: dict, grads: dict) -> dict:
    """One error for everything, as one long vector."""
    nudged = {name: sn.numerical_gradient(lambda _: f(arrays), array).ravel() for name, array in arrays.items()}
    ours = [grads[name].ravel() for name in arrays]
    return dict.fromkeys(arrays, sn.relative_error(np.concatenate(ours), np.concatenate(list(nudged.values()))))


def paired(arrays: dict, grads: dict) -> dict:
    """The gradients by their place rather than by their name."""
    return dict(zip(arrays, grads.values(), strict=True))


def distance(scale: Callable[[np.ndarray, np.ndarray], float]) -> Callable:
    return lambda ours, nudged: float(np.linalg.norm(ours - nudged) / scale(ours, nudged))


def norms(dA: np.ndarray, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r = np.sqrt((Z**2).mean(axis=1, keepdims=True) + 1e-3)
    return r, Z / r**3 * (dA * Z).mean(axis=1, keepdims=True)


def repaired(dA: np.ndarray, Z: np.ndarray) -> np.ndarray:
    r, second = norms(dA, Z)
    return dA / r - second


def missing_root(dA: np.ndarray, Z: np.ndarray) -> np.ndarray:
    r, second = norms(dA, Z)
    return dA / r - r * second


def down_the_columns(dA: np.ndarray, Z: np.ndarray) -> np.ndarray:
    r, _ = norms(dA, Z)
    return (dA - Z / r * (dA * Z / r).mean(axis=0)) / r


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("gradient_check.factor", 3),
        ("gradient_check.best_h", best()),
        ("gradient_check.best_h", lambda epsilon, f, T: np.cbrt(3 * epsilon * np.abs(f) / T)),
        ("gradient_check.central", nudge_all(lambda f, x, step, h: (f(x + step) - f(x - step)) / (2 * h))),
        ("gradient_check.central", lambda f, x, h: sn.numerical_gradient(f, x, h)),
        ("gradient_check.bugs", ("mask", "sum", "transpose")),
        ("gradient_check.bugs", ["mask", "sum", "transpose"]),
        ("gradient_check.blocks", blocks()),
        ("gradient_check.repair", repaired),
    ],
)
def test_a_right_answer_passes(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict


def test_a_factor_of_three_reports_one_half() -> None:
    assert sn.relative_error(np.array([3.0, -6.0]), np.array([1.0, -2.0])) == pytest.approx(0.5)


def test_the_best_nudge_is_the_bottom_of_the_sum_of_both_errors() -> None:
    epsilon, f, T = 1e-16, 2.3, 0.7
    h = 10 ** np.linspace(-7, -3, 40_001)
    assert h[np.argmin(T * h**2 / 6 + epsilon * f / h)] == pytest.approx(best()(epsilon, f, T), rel=1e-3)


def test_each_mystery_fails_in_the_blocks_of_its_mistake() -> None:
    rng = np.random.default_rng(0)
    params = sn.initialize((6, 10, 10), rng, dtype=np.float64)
    X, y = rng.normal(size=(20, 6)), rng.integers(0, 10, 20)
    reports = [sn.check_gradients(params, X, y, gradient=gradient) for gradient in mysteries]
    passed = [[block.passed for block in report.blocks] for report in reports]
    assert passed == [[False, False, True, True], [False] * 4, [True, True, False, True]]
    assert [block.error for block in reports[1].blocks] == pytest.approx([19 / 21] * 4)


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("gradient_check.factor", 0.5, "the relative error itself"),
        ("gradient_check.factor", 2, "would report one third"),
        ("gradient_check.factor", 1 / 3, "turn the fraction over"),
        ("gradient_check.factor", 1.5, "would report one fifth"),
        ("gradient_check.best_h", 1e-5, "The answer is a function"),
        ("gradient_check.best_h", lambda epsilon, f, T: 2 * (epsilon * f / T) ** 0.5, "one-sided difference"),
        ("gradient_check.best_h", best(1 / 2), "takes a third root"),
        ("gradient_check.best_h", best(number=1), "A number is missing"),
        ("gradient_check.best_h", best(number=6), "There the two errors are equal"),
        ("gradient_check.best_h", best(1), "still to be taken"),
        ("gradient_check.best_h", lambda epsilon, f, T: (3 * epsilon * f / T) ** 1 / 3, "brackets round 1 / 3"),
        ("gradient_check.best_h", lambda epsilon, f, T: (3 * epsilon * T / f) ** (1 / 3), "changed places"),
        ("gradient_check.best_h", lambda epsilon, f, T: epsilon ** (1 / 3), "Another f leaves your h as it was"),
        ("gradient_check.best_h", lambda epsilon, f, T: best()(np.finfo(float).eps, f, T), "Another ε leaves"),
        ("gradient_check.best_h", lambda epsilon, f, T: best()(epsilon, f, 1), "Another T leaves"),
        ("gradient_check.best_h", best(number=9), "too large for"),
        ("gradient_check.best_h", best(number=2), "too small for"),
        ("gradient_check.best_h", best(size=float), "take |f|"),
        ("gradient_check.best_h", lambda epsilon, f, T: np.cbrt(3 * epsilon * f / T), "take |f|"),
        ("gradient_check.central", 6, "The answer is a function"),
        ("gradient_check.central", in_place, "put each entry back"),
        ("gradient_check.central", nudge_all(lambda f, x, step, h: (f(x + step) - f(x)) / h), "nudge down as well"),
        ("gradient_check.central", nudge_all(lambda f, x, step, h: (f(x) - f(x - step)) / h), "nudge up as well"),
        ("gradient_check.central", nudge_all(lambda f, x, step, h: (f(x + step) - f(x - step)) / h), "2h apart"),
        ("gradient_check.central", nudge_all(lambda f, x, step, h: (f(x - step) - f(x + step)) / 2 / h), "The sign"),
        ("gradient_check.central", nudge_all(lambda f, x, step, h: f(x + step) - f(x - step)), "A rate is"),
        (
            "gradient_check.central",
            nudge_all(lambda f, x, step, h: (f(x + step) - f(x - step)) / 2 * h),
            "multiplies by it",
        ),
        (
            "gradient_check.central",
            nudge_all(lambda f, x, step, h: (f(x + h) - f(x - h)) / (2 * h)),
            "nudged together",
        ),
        ("gradient_check.central", lambda f, x, h: sn.numerical_gradient(f, x), "the h that is handed in"),
        ("gradient_check.central", lambda f, x, h: sn.numerical_gradient(f, x, h)[::-1], "reverse order"),
        ("gradient_check.central", lambda f, x, h: np.zeros(3), "Not the central difference"),
        ("gradient_check.central", lambda f, x, h: 1.0, "The shape should be (3,)"),
        ("gradient_check.bugs", "mask", "Three words"),
        ("gradient_check.bugs", 3, "Three words"),
        ("gradient_check.bugs", ("mask", "sum"), "Three words"),
        ("gradient_check.bugs", {"mask", "sum", "transpose"}, "Three words"),
        ("gradient_check.bugs", ("mask", "sum", "layer 2"), "'layer 2' is not among the six words"),
        ("gradient_check.bugs", ("bias", "sum", "transpose"), "Gradient 1 is not 'bias': one number"),
        ("gradient_check.bugs", ("mask", "sign", "transpose"), "Gradient 2 is not 'sign': a turned sign"),
        ("gradient_check.bugs", ("mask", "sum", "right"), "Gradient 3 is not 'right': a right gradient"),
        ("gradient_check.blocks", {"weights": 0}, "The answer is a function"),
        ("gradient_check.blocks", blocks(restore=False), "put each entry back"),
        ("gradient_check.blocks", lambda f, arrays, grads: [0, 0.2], "Return a dictionary"),
        ("gradient_check.blocks", lambda f, arrays, grads: {"weights": 0}, "Return a dictionary"),
        ("gradient_check.blocks", in_one, "one long vector"),
        ("gradient_check.blocks", lambda f, arrays, grads: dict.fromkeys(arrays, 0.0), "which is 0.2; you report 0"),
        ("gradient_check.blocks", lambda f, arrays, grads: blocks()(f, arrays, paired(arrays, grads)), "ValueError"),
        (
            "gradient_check.blocks",
            lambda f, arrays, grads: blocks()(lambda _: f(arrays), copies(arrays), grads),
            "copies",
        ),
        ("gradient_check.blocks", lambda f, grads, arrays: blocks()(f, arrays, grads), "`arrays` before `grads`"),
        ("gradient_check.blocks", blocks(distance(lambda ours, nudged: 1)), "absolute error"),
        (
            "gradient_check.blocks",
            blocks(distance(lambda ours, nudged: float(np.linalg.norm(nudged)))),
            "not by one of them",
        ),
        (
            "gradient_check.blocks",
            blocks(distance(lambda ours, nudged: float(np.linalg.norm(ours)))),
            "not by one of them",
        ),
        (
            "gradient_check.blocks",
            blocks(distance(lambda ours, nudged: float(np.linalg.norm(ours + nudged) / 2))),
            "without a mean",
        ),
        ("gradient_check.blocks", lambda f, arrays, grads: {"weights": 0, "scale": 0.7}, "you report 0.7"),
        ("gradient_check.blocks", blocks(one_sided=True), "is the difference central"),
        ("gradient_check.repair", np.zeros((4, 6)), "The answer is a function"),
        ("gradient_check.repair", lambda dA, Z: dA.T, "It is transposed"),
        ("gradient_check.repair", lambda dA, Z: dA / norms(dA, Z)[0], "also moves the root mean square"),
        ("gradient_check.repair", lambda dA, Z: dA / norms(dA, Z)[0] + norms(dA, Z)[1], "The sign of the second"),
        ("gradient_check.repair", lambda dA, Z: dA / norms(dA, Z)[0] - 6 * norms(dA, Z)[1], "H times too large"),
        ("gradient_check.repair", missing_root, "not divided by the root"),
        ("gradient_check.repair", lambda dA, Z: -norms(dA, Z)[1], "second path alone"),
        ("gradient_check.repair", lambda dA, Z: repaired(dA, Z) + dA * Z - (dA * Z)[:1], "a row gets another answer"),
        ("gradient_check.repair", lambda dA, Z: 6 / len(Z) * (repaired(dA, Z) - dA), "a row gets another answer"),
        ("gradient_check.repair", down_the_columns, "along a row"),
        ("gradient_check.repair", lambda Z, dA: repaired(dA, Z), "changed places"),
        ("gradient_check.repair", lambda dA, Z: dA, "Compare with nudging"),
    ],
)
def test_a_wrong_answer_gets_a_hint_about_that_mistake(name: str, answer: object, sentence: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert sentence in verdict.message


def shared(measure: Callable[[np.ndarray], float]) -> Callable:
    """The relative error of the chapter with another measure of size in the place of the norm."""

    def error(ours: np.ndarray, nudged: np.ndarray) -> float:
        size = measure(ours) + measure(nudged)
        return measure(ours - nudged) / size if size else 0.0

    return error


def relative_nudge(f: Callable, x: np.ndarray, h: float) -> np.ndarray:
    rates = [sn.numerical_gradient(f, x.copy(), h * max(1.0, abs(entry)))[i] for i, entry in enumerate(x)]
    return np.array(rates)


def up_and_down(f: Callable, x: np.ndarray, h: float) -> list[float]:
    """Puts each entry back by adding, which leaves a rounding error."""
    return in_place(f, x, h, back=h)


def clears_the_gradients(f: Callable, arrays: dict, grads: dict) -> dict:
    errors = blocks()(f, arrays, grads)
    for gradient in grads.values():
        gradient[...] = 0
    return errors


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("factor", [3.0]),
        ("best_h", lambda epsilon, f, T: np.float32(best()(epsilon, f, T))),
        ("best_h", lambda epsilon, f, T: np.exp(np.log(3 * epsilon * abs(f) / T) / 3)),
        ("central", up_and_down),
        ("central", lambda f, x, h: sn.numerical_gradient(f, x, h).astype(np.float32)),
        ("bugs", np.array(["mask", "sum", "transpose"])),
        ("blocks", blocks(lambda ours, nudged: np.float32(sn.relative_error(ours, nudged)))),
        ("blocks", blocks(lambda ours, nudged: np.array([sn.relative_error(ours, nudged)]))),
        ("repair", lambda dA, Z: repaired(dA.astype(np.float32), Z.astype(np.float32))),
        ("repair", lambda dA, Z: [repaired(dA[i : i + 1], Z[i : i + 1])[0].tolist() for i in range(len(Z))]),
    ],
)
def test_a_right_answer_may_be_written_differently(name: str, answer: object) -> None:
    verdict = check(f"gradient_check.{name}", answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("best_h", lambda epsilon, f, T: max(1e-6, best()(epsilon, f, T))),
        ("best_h", lambda epsilon, f, T: min(0.01, best()(epsilon, f, T))),
        ("central", lambda f, x, h: sn.numerical_gradient(f, x, 0.1)),
        ("central", lambda f, x, h: sn.numerical_gradient(f, x[:3], h)),
        ("central", relative_nudge),
        ("bugs", [["mask"], ["sum"], ["transpose"]]),
        ("blocks", lambda f, arrays, grads: {"weights": 0, "scale": 0.2}),
        ("blocks", blocks(lambda ours, nudged: 0.2 if sn.relative_error(ours, nudged) > 1e-3 else 0)),
        ("blocks", blocks(shared(lambda array: float(np.abs(array).max())))),
        ("blocks", blocks(shared(lambda array: float(np.abs(array).sum())))),
        ("blocks", blocks(shared(lambda array: float(np.abs(array.sum()))))),
        ("blocks", blocks(lambda ours, nudged: sn.relative_error(ours, np.abs(nudged)))),
        ("blocks", blocks(lambda ours, nudged: sn.relative_error(np.linalg.norm(ours), np.linalg.norm(nudged)))),
        ("blocks", blocks(lambda ours, nudged: float(np.mean(abs(ours - nudged) / (abs(ours) + abs(nudged) + 1e-99))))),
        ("blocks", blocks(distance(lambda ours, nudged: float(np.linalg.norm(ours + nudged)) + 1e-99))),
        ("blocks", clears_the_gradients),
        ("repair", lambda dA, Z: norms(dA, Z)[1] * -Z.shape[1] / 6 + dA / norms(dA, Z)[0]),
        ("repair", lambda dA, Z: (dA - Z * (dA * Z).mean() / norms(dA, Z)[0] ** 2) / norms(dA, Z)[0]),
    ],
)
def test_what_only_looks_right_is_not_called_right(name: str, answer: object) -> None:
    assert not check(f"gradient_check.{name}", answer)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_nothing_divided_by_nothing_is_told_what_it_should_be() -> None:
    said = str(check("gradient_check.blocks", blocks(distance(lambda a, b: np.linalg.norm(a) + np.linalg.norm(b)))))
    assert "0/0 is meant to be 0" in said


def test_a_rule_that_nudges_is_told_to_be_a_rule() -> None:
    def nudging(dA: np.ndarray, Z: np.ndarray) -> np.ndarray:
        return sn.numerical_gradient(lambda at: float((dA * at / norms(dA, at)[0]).sum()), Z)

    assert "as nudging is" in str(check("gradient_check.repair", nudging))
