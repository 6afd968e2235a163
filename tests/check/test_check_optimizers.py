"""The markers of the chapter "optimizers": right answers pass, and each likely mistake is named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scratchnet.check import check

Array = np.ndarray[Any, np.dtype[Any]]


def weights(beta: float, t: int) -> Array:
    """Adam's own recursion, run on one gradient at a time that is 1 among zeros."""
    found = []
    for one in range(t):
        m = 0.0
        for step in range(t):
            m = beta * m + (1 - beta) * (step == one)
        found.append(m / (1 - beta**t))
    return np.array(found)


def roots(C: Array) -> tuple[float, float]:
    values = np.linalg.eigvalsh(C)
    return float(np.sqrt(values[0])), float(np.sqrt(values[-1]))


def best(C: Array) -> tuple[float, float]:
    a, b = roots(C)
    return 4 / (a + b) ** 2, ((b / a - 1) / (b / a + 1)) ** 2


def rate(wrong: Callable[[float, float], float]) -> Callable[[Array], tuple[float, float]]:
    return lambda C: (wrong(*roots(C)), best(C)[1])


def mu(wrong: Callable[[float, float], float]) -> Callable[[Array], tuple[float, float]]:
    return lambda C: (best(C)[0], wrong(*roots(C)))


def adamw(theta, m, s, g, t, rate, decay, penalty=0, size=1.0, root=True, corrected=True, sign=-1, beside=1, power=2):
    g = g + penalty * decay * theta
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * np.abs(g) ** power
    a, b = (1 - 0.9**t, 1 - 0.999**t) if corrected else (1, 1)
    scale = np.sqrt(s / b) if root else s / b
    return (1 - beside * (rate if size == 1 else 1) * decay) * theta + sign * rate * m / a / (scale + 1e-8), m, s


def divided(by: Callable[[Array, float], Array]) -> Callable[..., Any]:
    """AdamW's step with another denominator, made of s and of what corrects it."""

    def step(theta, m, s, g, t, rate, decay):
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        return (1 - rate * decay) * theta - rate * m / (1 - 0.9**t) / by(s, 1 - 0.999**t), m, s

    return step


def changed(**settings: Any) -> Callable[..., Any]:
    return lambda *given: adamw(*given, **settings)


def ahead(gradient, theta, rate, mu, steps):
    """PyTorch's form, which the exercise derives."""
    v, places = 0 * theta, [theta]
    for _ in range(steps):
        g = gradient(theta)
        v = mu * v + g
        theta = theta - rate * (g + mu * v)
        places.append(theta)
    return places


def behind(gradient, theta, rate, mu, steps):
    v, places = 0 * theta, [theta]
    for _ in range(steps):
        v = mu * v + gradient(theta - rate * mu * v)
        theta = theta - rate * v
        places.append(theta)
    return np.array(places)


def heavy(gradient, theta, rate, mu, steps):
    v, places = 0 * theta, [theta]
    for _ in range(steps):
        v = mu * v + gradient(theta)
        theta = theta - rate * v
        places.append(theta)
    return np.array(places)


NAMES = {"AdaGrad", "RMSProp", "Adam", "AdamW"}


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("first", (0.9, 0.8)),
        ("first", [np.float32(0.9), 0.8000003]),
        ("weights", weights),
        ("weights", lambda beta, t: (1 - beta) * beta ** np.arange(t)[::-1] / (1 - beta**t)),
        ("ten", NAMES),
        ("ten", sorted(NAMES)),
        ("best", best),
        ("best", lambda C: np.array(best(C))),
        ("adamw", adamw),
        ("adamw", divided(lambda s, b: np.sqrt(s / b) + 1e-8)),
        ("adamw", lambda *given: [part.astype(np.float32) for part in adamw(*given)]),
        ("lookahead", ahead),
        ("lookahead", lambda *given: np.array(ahead(*given))),
    ],
)
def test_right_answers_pass(name: str, answer: object) -> None:
    verdict = check(f"optimizers.{name}", answer)
    assert verdict, verdict.message


@pytest.mark.parametrize(
    ("name", "answer", "part"),
    [
        ("first", (1.1, 1.2), "uphill"),
        ("first", (0.998, 0.996), "plain descent"),
        ("first", (1 - 0.1 * 0.002 / (0.0004 * 0.001) ** 0.5, 0.8), "not yet corrected"),
        ("first", (1 - 0.1 / 0.02, 0.8), "root is missing"),
        ("first", (0.99, 0.8), "Only s is corrected"),
        ("first", (0.9, 0.9), "other one of the two"),
        ("first", (0.9, 0.7), "θ after the second: 0.7 is too small"),
        ("weights", lambda beta, t: weights(beta, t)[::-1], "latest gradient weighs most"),
        ("weights", lambda beta, t: (1 - beta) * beta ** np.arange(t)[::-1], "sum to 0.875: that is m before"),
        ("weights", lambda beta, t: beta ** np.arange(t)[::-1], "the velocity"),
        ("weights", lambda beta, t: np.full(t, 1 / t), "nothing is forgotten"),
        ("weights", lambda beta, t: np.arange(1, t + 1) / (t * (t + 1) / 2), "sum to 1, as they should"),
        ("weights", lambda beta, t: np.ones(t), "the weights sum to 3, and should sum to 1"),
        ("ten", "Adam", "set of names"),
        ("ten", {*NAMES, "adam"}, "'adam' is none of the names"),
        ("ten", {*NAMES, "SGD"}, "ten times the step"),
        ("ten", {*NAMES, "momentum"}, "sum of gradients"),
        ("ten", {*NAMES, "Nesterov"}, "does not divide"),
        ("ten", {*NAMES, "Adam with a penalty"}, "Does the sum stay in shape"),
        ("ten", NAMES - {"AdaGrad"}, "sum of squares"),
        ("ten", NAMES - {"RMSProp"}, "average of squares"),
        ("ten", NAMES - {"Adam"}, "By what does m̂ grow"),
        ("ten", NAMES - {"AdamW"}, "not in the gradient at all"),
        ("best", lambda C: best(C)[::-1] if C[0, 1] == 0 else best(C), "other order"),
        ("best", rate(lambda a, b: 2 / (a**2 + b**2)), "plain descent"),
        ("best", rate(lambda a, b: 2 / (a + b)), "root of the rate"),
        ("best", rate(lambda a, b: 4 / (a**2 + b**2)), "Add the roots"),
        ("best", rate(lambda a, b: 1 / b**2), "without momentum"),
        ("best", mu(lambda a, b: (b - a) / (b + a)), "That is √μ"),
        ("best", mu(lambda a, b: (b**2 - a**2) / (b**2 + a**2)), "factor of plain descent"),
        ("best", mu(lambda a, b: ((b**2 - a**2) / (b**2 + a**2)) ** 2), "where its root belongs"),
        ("best", mu(lambda a, b: ((b - 1) / (b + 1)) ** 2), "over the smallest"),
        ("best", mu(lambda a, b: 0.9), "μ: 0.9 is too large"),
        ("adamw", changed(penalty=1, beside=0), "that is a penalty"),
        ("adamw", lambda theta, m, s, g, *rest: (theta, m + g, s), "m is not yet"),
        ("adamw", changed(power=1), "not its size"),
        ("adamw", lambda theta, m, s, g, *rest: (theta, 0.9 * m + 0.1 * g, s + g), "s is not yet"),
        ("adamw", changed(beside=0), "decay of θ is missing"),
        ("adamw", changed(size=0), "rate times λ"),
        ("adamw", changed(beside=-1), "θ grows"),
        ("adamw", changed(sign=1), "uphill"),
        ("adamw", changed(corrected=False), "without their correction"),
        ("adamw", changed(root=False), "root is missing"),
        ("adamw", changed(sign=-2), "less Adam's step"),
        ("adamw", divided(lambda s, b: np.sqrt(s / b + 1e-8)), "ε stands under the root"),
        ("adamw", divided(lambda s, b: (np.sqrt(s) + 1e-8) / np.sqrt(b)), "ε is added to √s"),
        ("adamw", divided(lambda s, b: np.sqrt(s / b)), "comes to 0/0"),
        ("lookahead", lambda *given: [place + 1 for place in ahead(*given)], "first place is the start"),
        ("lookahead", heavy, "plain momentum"),
        ("lookahead", behind, "Those are the places θ"),
        ("lookahead", lambda *given: [*ahead(*given)[:2], *(2 * p for p in ahead(*given)[2:])], "part at number 2"),
        ("lookahead", lambda *given: ahead(*given)[1:], "shape should be"),
    ],
)
def test_a_mistake_is_named(name: str, answer: object, part: str) -> None:
    verdict = check(f"optimizers.{name}", answer)
    assert not verdict
    assert part in verdict.message, verdict.message
