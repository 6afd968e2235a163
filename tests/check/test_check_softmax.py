"""Chapter "softmax": right answers pass, each typical mistake gets the hint about that mistake."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from scratchnet import softmax
from scratchnet.check import check

p, dp = np.array([0.5, 0.25, 0.25]), np.array([3.0, -1.0, 1.0])


def logistic(t: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(t))
    return np.where(t >= 0, 1, small) / (1 + small)


def by_softmax(t: np.ndarray) -> np.ndarray:
    return softmax(np.stack([t, np.zeros_like(t)], axis=1))[:, 0]


def positive_exponent(t: np.ndarray) -> np.ndarray:
    return np.exp(t) / (1 + np.exp(t))


def as_written(t: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-t))


def both_branches(t: np.ndarray) -> np.ndarray:
    return np.where(t >= 0, 1 / (1 + np.exp(-t)), np.exp(t) / (1 + np.exp(t)))


def one_minus(t: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(t))
    return np.where(t >= 0, 1 / (1 + small), 1 - 1 / (1 + small))


def flat_far_away(t: np.ndarray) -> np.ndarray:
    return np.where(np.abs(t) > 100, 0.5, logistic(t))


def jacobian(P: np.ndarray) -> np.ndarray:
    return P[:, :, None] * (np.eye(P.shape[1]) - P[:, None, :])


def outer(P: np.ndarray) -> np.ndarray:
    return P[:, :, None] * P[:, None, :]


def temperature(
    z: np.ndarray,
    confidence: float,
    rounds: int = 200,
    scale: float | None = None,
    of: Callable[[np.ndarray], float] = np.max,
) -> float:
    scale = scale or float(np.ptp(z))
    low, high = scale * 1e-6, scale * 1e6
    for _ in range(rounds):
        middle = float(np.sqrt(low * high))
        if of(softmax(z[None] / middle)[0]) > confidence:
            low = middle
        else:
            high = middle
    return high


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("softmax.odds", (0, np.log(3), np.log(6))),
        ("softmax.odds", [0, 1.10, 1.79]),
        ("softmax.by_hand", (0.75, -0.625, -0.125)),
        ("softmax.logistic", logistic),
        ("softmax.logistic", by_softmax),
        ("softmax.one_maximum", [[0, 0, 0], [1000, 1000, 1000]]),
        ("softmax.one_maximum", [[5.0, -3.0, 0.5], [-2000.0, -800.0, -750.0]]),
        ("softmax.jacobian", jacobian),
        ("softmax.temperature", temperature),
        ("softmax.by_hand", (Fraction(3, 4), Fraction(-5, 8), Fraction(-1, 8))),
        ("softmax.logistic", lambda t: [math.exp(min(x, 0)) / (1 + math.exp(-abs(x))) for x in t]),
        ("softmax.logistic", lambda t: 1 / (1 + np.exp(-np.clip(t, -709, 709)))),
        ("softmax.one_maximum", [[10**30, 0, 0], [0, 0, 0]]),
        ("softmax.jacobian", lambda P: [(np.diag(row) - np.outer(row, row)).astype(np.float32) for row in P]),
        ("softmax.temperature", lambda z, c: np.array([temperature(np.sort(z) - 5, c)])),
    ],
)
def test_a_right_answer_passes(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("softmax.odds", (0.1, 0.3, 0.6), "These are the probabilities"),
        ("softmax.odds", (1, 3, 6), "odds against the first class"),
        ("softmax.odds", np.log2([1, 3, 6]), "base 2"),
        ("softmax.odds", np.log10([1, 3, 6]), "base 10"),
        ("softmax.odds", -np.log([1, 3, 6]), "signs are turned"),
        ("softmax.odds", np.log([0.1, 0.3, 0.6]), "first score should be 0"),
        ("softmax.odds", (0, 1, 2), "Softmax of these scores is [0.09"),
        ("softmax.odds", (0, 1), "The shape should be (3,)"),
        ("softmax.by_hand", dp - p @ dp, "now scale each entry"),
        ("softmax.by_hand", p * dp, "left the other probabilities alone"),
        ("softmax.by_hand", p * (1 - p) * dp, "diagonal of the Jacobian only"),
        ("softmax.by_hand", p * (dp - dp.mean()), "plain mean"),
        ("softmax.by_hand", p * (dp + p @ dp), "it should be taken away"),
        ("softmax.by_hand", (1, 1, 1), "These sum to 3"),
        ("softmax.by_hand", (1, -1, 0), "entries are not right"),
        ("softmax.logistic", 0.5, "The answer is a function"),
        ("softmax.logistic", lambda t: logistic(-t), "it is σ(−t)"),
        ("softmax.logistic", np.tanh, "wrong already for moderate t"),
        ("softmax.logistic", positive_exponent, "For t = 1000 it gives nan"),
        ("softmax.logistic", as_written, "NumPy warned"),
        ("softmax.logistic", both_branches, "`np.where` computes both branches"),
        ("softmax.logistic", one_minus, "yours is 0. It is lost where it is 1 minus something near 1"),
        ("softmax.logistic", lambda t: logistic(t) + 1e-10, "or where something is added or clipped"),
        ("softmax.logistic", lambda t: logistic(np.clip(t, -700, 700)), "σ(-700.5) is about 5.9802e-305"),
        ("softmax.logistic", lambda t: logistic(t).astype(np.float32), "σ(-100) is about 3.72008e-44, and yours"),
        ("softmax.logistic", lambda t: np.exp(-np.log(1 / logistic(t))), "divide by zero"),
        ("softmax.logistic", flat_far_away, "Far to the left"),
        ("softmax.logistic", lambda t: logistic(np.clip(t, -100, None)), "σ(-100.5) is about 2.25634e-44"),
        ("softmax.logistic", lambda t: np.where(t < -50, 0, logistic(t)), "and yours is 0."),
        ("softmax.logistic", lambda t: logistic(t.astype(np.float32)), "is about"),
        ("softmax.logistic", lambda t: logistic(np.sort(t)), "is about"),
        ("softmax.logistic", lambda t: logistic(np.clip(t, -709, 709, out=t)), "changed its argument"),
        ("softmax.one_maximum", [[0, 0, 0], [0, -1000, -1000]], "the same maximum"),
        ("softmax.one_maximum", [[0, -1000, 0], [1, 1, 1]], "positive sum"),
        ("softmax.one_maximum", [[0, 0, 0], [100, 100, 100]], "100 apart"),
        ("softmax.one_maximum", [[0, 0, 0], [740, 740, 740]], "740 apart"),
        ("softmax.one_maximum", [[0, 0, -np.inf], [0, 0, 0]], "not finite"),
        ("softmax.jacobian", p, "The answer is a function"),
        ("softmax.jacobian", print, "A function hands its result over"),
        ("softmax.jacobian", lambda P: np.diag(P.sum(axis=0)) - P.T @ P, "mixed the rows"),
        ("softmax.jacobian", lambda P: -jacobian(P), "diagonal is positive"),
        ("softmax.jacobian", lambda P: jacobian(P) * np.eye(3), "the rest is zero"),
        ("softmax.jacobian", lambda P: -outer(P), "diag(p) is missing"),
        ("softmax.jacobian", lambda P: P[:, :, None] * np.eye(3) + outer(P), "do not sum to zero"),
        ("softmax.jacobian", lambda P: np.eye(3) - outer(P), "On the diagonal stands 1"),
        ("softmax.jacobian", lambda P: 2 * jacobian(P), "the entries are not"),
        (
            "softmax.jacobian",
            lambda P: jacobian(P) if P.shape[1] == 3 else np.stack([jacobian(P)[0]] * len(P)),
            "the entries are not",
        ),
        ("softmax.temperature", lambda z, c: temperature(z, c, of=lambda p: p[0]), "For z = [-8.0, 3.0, 3.0, 1.5]"),
        ("softmax.temperature", lambda z, c: 1e-308, "gives nan, not 0.5"),
        ("softmax.temperature", lambda z, c: np.nan, "not a finite number"),
        ("softmax.temperature", print, "A function hands its result over"),
        ("softmax.temperature", 2.0, "The answer is a function"),
        ("softmax.temperature", lambda z, c: 1 / temperature(z, c), "This is 1/T"),
        ("softmax.temperature", lambda z, c: -temperature(z, c), "A temperature is positive"),
        ("softmax.temperature", lambda z, c: 1.0, "too cold"),
        ("softmax.temperature", lambda z, c: 0.01, "too cold"),
        ("softmax.temperature", lambda z, c: 100.0, "too hot"),
        ("softmax.temperature", lambda z, c: temperature(z, c, rounds=14), "Go on halving"),
        ("softmax.temperature", lambda z, c: np.array([1.0, 2.0]), "should be one number"),
        ("softmax.temperature", lambda z, c: temperature(z, c, scale=1.0), "take its ends from the differences"),
        ("softmax.temperature", lambda z, c: min(temperature(z, c), 1e6), "For z = [100000000.0, 0.0, -100000000.0]"),
    ],
)
def test_a_typical_mistake_gets_its_own_hint(name: str, answer: object, sentence: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert sentence in verdict.message


@pytest.mark.parametrize(
    "name", [f"softmax.{word}" for word in ("odds", "by_hand", "logistic", "one_maximum", "jacobian", "temperature")]
)
def test_three_dots_are_no_answer_yet(name: str) -> None:
    assert "not answered yet" in check(name, ...).message
