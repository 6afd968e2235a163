"""The markers of the chapter "sgd": right answers pass, and each likely mistake gets a hint about that mistake."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scratchnet.check import check

Array = np.ndarray[Any, np.dtype[Any]]


def rates(C: Array) -> tuple[float, float]:
    low, *_, high = np.linalg.eigvalsh(C)
    return 2 / high, 2 / (low + high)


def ends(C: Array) -> tuple[float, float]:
    eigenvalues = np.linalg.eigvalsh(C)
    return float(eigenvalues[0]), float(eigenvalues[-1])


def limit(wrong: Callable[[float, float], float]) -> Callable[[Array], tuple[float, float]]:
    return lambda C: (wrong(*ends(C)), rates(C)[1])


def best(wrong: Callable[[float, float], float]) -> Callable[[Array], tuple[float, float]]:
    return lambda C: (rates(C)[0], wrong(*ends(C)))


def cut(order: Array, B: int) -> list[Array]:
    return [order[s : s + B] for s in range(0, len(order), B)]


def batches(N: int, B: int, rng: np.random.Generator) -> list[Array]:
    return cut(rng.permutation(N), B)


def one_start_too_many(N: int, B: int, rng: np.random.Generator) -> list[Array]:
    order = rng.permutation(N)
    return [order[i * B : (i + 1) * B] for i in range(N // B + 1)]


def pieces(N: int, B: int, rng: np.random.Generator) -> list[Array]:
    parts = cut(np.arange(N), B)
    return [parts[k] for k in (*rng.permutation(len(parts) - 1), len(parts) - 1)]


def swapped(N: int, B: int, rng: np.random.Generator) -> list[Array]:
    order = np.arange(N)
    i, j = rng.choice(N, 2, replace=False)
    order[[i, j]] = order[[j, i]]
    return cut(order, B)


def turned(N: int, B: int, rng: np.random.Generator) -> list[Array]:
    """One permutation for ever, begun anywhere."""
    return cut(np.roll(np.random.default_rng(0).permutation(N), rng.integers(N)), B)


def exchanged(N: int, partner: Callable[[int], Any]) -> Array:
    """Each row changes places with a partner, from the last to the first."""
    order = np.arange(N)
    for i in range(N - 1, -1, -1):
        j = partner(i)
        order[[i, j]] = order[[j, i]]
    return order


def in_halves(N: int, B: int, rng: np.random.Generator) -> list[Array]:
    return cut(np.concatenate([rng.permutation(N // 2), N // 2 + rng.permutation(N - N // 2)]), B)


def variance(G: Array, B: int, replace: bool) -> float:
    return float(G.var(axis=0).sum()) / B * (1 if replace else (len(G) - B) / (len(G) - 1))


def scaled(factor: Callable[[Array, int], float]) -> Callable[[Array, int, bool], float]:
    return lambda G, B, replace: variance(G, B, replace) * factor(G, B)


def floor(f: float, lam: float, sigma2: float) -> float:
    return 4 * f / (sigma2 + 2 * f * lam)


def stairs(progress: float, warmup: float) -> float:
    if progress < warmup:
        return progress / warmup
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01


def stepped(progress: float) -> float:
    return stairs(progress, 0)


def momentum(theta: Array, v: Array, grad: Array, rate: float, mu: float) -> tuple[Array, Array]:
    v = mu * v + grad
    return theta - rate * v, v


def in_place(theta: Array, v: Array, grad: Array, rate: float, mu: float) -> tuple[Array, Array]:
    v *= mu
    v += grad
    return theta - rate * v, v


def velocity(wrong: Callable[[Array, Array, float, float], Array]) -> Callable[..., tuple[Array, Array]]:
    return lambda theta, v, grad, rate, mu: (theta, wrong(v, grad, rate, mu))


def moved(step: Callable[[Array, Array, float, float], Array]) -> Callable[..., tuple[Array, Array]]:
    return lambda theta, v, grad, rate, mu: (theta + step(v, grad, rate, mu), mu * v + grad)


RIGHT = {
    "rates": rates,
    "batches": batches,
    "variance": variance,
    "floor": floor,
    "stairs": stairs,
    "momentum": momentum,
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name: str) -> None:
    verdict = check(f"sgd.{name}", RIGHT[name])
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("rates", lambda C: np.array(rates(C))),
        ("rates", lambda C: [np.float32(rate) for rate in rates(C)]),
        ("batches", lambda N, B, rng: np.split(rng.permutation(N), range(B, N, B))),
        ("batches", lambda N, B, rng: [np.sort(rows).tolist() for rows in batches(N, B, rng)]),
        ("batches", lambda N, B, rng: cut(exchanged(N, lambda i: rng.integers(i + 1)), B)),
        ("batches", lambda N, B, rng: np.array([*batches(N, B, rng), None], object)[:-1]),
        ("variance", lambda G, B, replace: np.float32(variance(G.astype(np.float32), B, replace))),
        ("stairs", lambda p, w: np.where(p < w, p / max(w, 1e-9), 10.0 ** -((p >= 0.5) + 1 * (p >= 0.75)))),
        ("momentum", lambda *a: np.array(momentum(*a))),
        ("momentum", lambda t, v, g, rate, mu: list(momentum(t, list(mu * v), g, rate, 1))),
    ],
)
def test_a_right_answer_of_another_form_passes(name: str, answer: Any) -> None:
    verdict = check(f"sgd.{name}", answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("rates", lambda C: (2 / (e := np.linalg.eig(C)[0])[-1], 2 / (e[0] + e[-1]))),
        ("batches", swapped),
        ("batches", turned),
        ("batches", in_halves),
        ("batches", lambda N, B, rng: cut(exchanged(N, lambda i: rng.integers(N)), B)),
        ("batches", lambda N, B, rng: cut(exchanged(N, lambda i: rng.integers(i) if i else 0), B)),
        ("batches", lambda N, B, rng: cut(np.append(0, 1 + rng.permutation(N - 1)), B)),
        ("batches", lambda N, B, rng: cut(np.argsort(np.arange(N) + rng.normal(0, 3, N)), B)),
        ("batches", lambda N, B, rng: cut(rng.permutation(N), 8)),
        ("batches", lambda N, B, rng: cut(rng.permutation(N) + 0.0, B)),
        ("batches", lambda N, B, rng: cut(rng.permutation(N) if N != 23 else np.zeros(N, int), B)),
        ("variance", lambda G, B, replace: float(G.var(axis=0).sum()) / B * (1 if replace else (12 - B) / 11)),
        ("variance", lambda G, B, replace: variance(G, B, replace) if B < 12 else 0.0),
        ("stairs", lambda p, w: round(4 * p / w) / 4 if p < w else stepped(p)),
        ("stairs", lambda p, w: stairs(p, min(w, 0.3))),
        ("momentum", lambda t, v, g, rate, mu: momentum(t, v, g, rate, 0.8)),
        ("momentum", lambda t, v, g, rate, mu: momentum(t, v, g, 0.3, mu)),
        ("momentum", lambda *a: tuple(part[:4] for part in momentum(*a))),
    ],
)
def test_an_answer_that_is_right_by_chance_or_for_one_case_only_does_not_pass(name: str, answer: Any) -> None:
    assert not check(f"sgd.{name}", answer)


@pytest.mark.parametrize("skipped", range(20))
def test_an_order_drawn_from_anywhere_in_the_stream_passes(skipped: int) -> None:
    def later(N: int, B: int, rng: np.random.Generator) -> list[Array]:
        rng.random(skipped)
        return batches(N, B, rng)

    assert check("sgd.batches", later)


@pytest.mark.parametrize("name", RIGHT)
def test_an_answer_that_is_no_function_is_told_so(name: str) -> None:
    assert "hand over its name" in check(f"sgd.{name}", 3).message


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("rates", lambda C: rates(C)[0], "should be 2 things, (limit, best)"),
        ("rates", lambda C: rates(C)[::-1], "in the other order"),
        ("rates", limit(lambda low, high: 1 / high), "twice as much is still stable"),
        ("rates", limit(lambda low, high: 2 / low), "flattest direction allows that"),
        ("rates", lambda C: (2 / np.diag(C).max(), rates(C)[1]), "curvatures along the axes"),
        ("rates", limit(lambda low, high: high / low), "condition number"),
        ("rates", limit(lambda low, high: 77), "too large"),
        ("rates", best(lambda low, high: 1 / high), "steepest direction alone"),
        ("rates", best(lambda low, high: 1 / (low + high)), "SUM of both ends"),
        ("rates", lambda C: (rates(C)[0], 2 / np.trace(C)), "not the sum of all eigenvalues"),
        (
            "rates",
            lambda C: (rates(C)[0], 2 / (np.diag(C).min() + np.diag(C).max())),
            "eigenvalues for the best rate as well",
        ),
        ("rates", best(lambda low, high: (high - low) / (high + low)), "factor by which the error shrinks"),
        ("batches", lambda N, B, rng: rng.permutation(N), "a list of arrays"),
        ("batches", lambda N, B, rng: np.array(N), "a list of arrays"),
        ("batches", lambda N, B, rng: batches(N, B, rng)[:-1], "last rows are lost"),
        ("batches", lambda N, B, rng: cut(rng.permutation(N) + 1, B), "Row numbers go from 0 to 49"),
        ("batches", lambda N, B, rng: cut(rng.integers(N, size=N), B), "draw with replacement"),
        ("batches", lambda N, B, rng: [], "each row number exactly once"),
        ("batches", lambda N, B, rng: cut(rng.permutation(N), 10), "yours are 10, 10, 10, 10, 10"),
        ("batches", lambda N, B, rng: cut(np.arange(N), B), "in their old order"),
        ("batches", pieces, "Neighbours stay together"),
        ("batches", lambda N, B, rng: batches(N, B, np.random.default_rng()), "The same seed gives another order"),
        ("batches", lambda N, B, rng: batches(N, B, np.random.default_rng(5)), "without a seed of your own"),
        ("batches", one_start_too_many, "end with an empty batch"),
        ("batches", lambda N, B, rng: batches(N, B, rng)[: -1 if N == 48 else None], "yours are 8, 8, 8, 8, 8"),
        ("variance", lambda G, B, replace: float(G.var(axis=0).sum()) / B, "factor that shrinks"),
        ("variance", scaled(lambda G, B: B), "batch size is missing"),
        ("variance", lambda G, B, replace: variance(G, B, False), "belongs to draws without replacement"),
        (
            "variance",
            lambda G, B, replace: float(G.var(axis=0).sum()) / B * (1 if replace else (len(G) - B) / len(G)),
            "N minus B over N MINUS 1",
        ),
        ("variance", scaled(lambda G, B: len(G) / (len(G) - 1)), "Divide by N and not by N minus 1"),
        ("variance", scaled(lambda G, B: (G**2).sum() / len(G) / G.var(axis=0).sum()), "Subtract the mean gradient"),
        ("variance", lambda G, B, replace: variance(G, B, replace) ** 0.5, "square root"),
        ("variance", scaled(lambda G, B: 1 / G.shape[1]), "do not average"),
        ("variance", scaled(lambda G, B: B**0.5), "falls with the root of B"),
        (
            "variance",
            lambda G, B, replace: variance(G, B, replace) if B < 12 else float(G.var(axis=0).sum()) / B,
            "none drawn twice",
        ),
        ("floor", lambda f, lam, sigma2: 4 * f / sigma2, "small rates only"),
        ("floor", lambda f, lam, sigma2: 2 * f * lam / (sigma2 + f * lam**2), "half of lam times that"),
        ("floor", lambda f, lam, sigma2: 2 * f / (sigma2 + f * lam), "factor of one half"),
        ("floor", lambda f, lam, sigma2: 4 * f / (sigma2 - 2 * f * lam), "moves to the other side"),
        ("floor", lambda f, lam, sigma2: 4 * f / (sigma2**2 + 2 * f * lam), "not its square"),
        ("floor", lambda f, lam, sigma2: 2 / lam, "limit of stability"),
        ("floor", lambda f, lam, sigma2: f * sigma2 / (2 * (2 - f * lam)), "the other way round"),
        ("stairs", lambda p, w: stepped(p) * (p / w if p < w or w == 0 else 1), "divides by zero"),
        ("stairs", lambda p, w: stairs(p, w) if p < 0.75 else None, "Nothing is returned for a progress of 0.76"),
        ("stairs", lambda p, w: [stairs(p, w)] * 2, "Return one number"),
        ("stairs", lambda p, w: p if p < w else stepped(p), "divide by its length"),
        ("stairs", lambda p, w: 1 - p / w if p < w else stepped(p), "It falls during the warm-up"),
        ("stairs", lambda p, w: stepped(p), "The warm-up is missing"),
        ("stairs", lambda p, w: stairs(p - 1e-9 if p in (0.5, 0.75) else p, w), "compare with <, not with <="),
        ("stairs", lambda p, w: stairs(p, w) if p <= 0.75 else 0.001, "a hundredth"),
        ("stairs", lambda p, w: stairs(p, w) if p < 0.75 else stairs(0.6, w), "the second stair, at ¾, is missing"),
        ("stairs", lambda p, w: p / w if p < w else stepped((p - w) / (1 - w)), "It should be 0.1"),
        ("stairs", lambda p, w: stairs(p, w) if p <= 0.75 else 0.1, "the second stair, at ¾, is missing"),
        ("stairs", lambda p, w: stepped(p) * (p / w if w else 1), "should end at the end of the warm-up"),
        ("stairs", lambda p, w: 0.7 if p == 0.3 else stairs(p, w), "It should be 1"),
        ("momentum", lambda *a: momentum(*a)[0], "should be 2 things, (θ, v)"),
        ("momentum", in_place, "have changed"),
        ("momentum", lambda *a: momentum(*a)[::-1], "first θ, then v"),
        ("momentum", velocity(lambda v, g, rate, mu: mu * v + (1 - mu) * g), "like a running mean"),
        ("momentum", velocity(lambda v, g, rate, mu: mu * v - g), "the minus sign is in the step"),
        ("momentum", velocity(lambda v, g, rate, mu: mu * v + rate * g), "in the velocity already"),
        ("momentum", velocity(lambda v, g, rate, mu: mu * v - rate * g), "another way to write it"),
        ("momentum", velocity(lambda v, g, rate, mu: v + mu * g), "μ belongs to the old velocity"),
        ("momentum", velocity(lambda v, g, rate, mu: v + g), "kept in full"),
        ("momentum", velocity(lambda v, g, rate, mu: g), "plain gradient descent"),
        ("momentum", velocity(lambda v, g, rate, mu: v), "is the old one"),
        (
            "momentum",
            lambda t, v, g, rate, mu: momentum(t, v, g, rate, mu) if mu else (t - rate * g, v),
            "is the old one",
        ),
        ("momentum", velocity(lambda v, g, rate, mu: 0 * v), "μ times the old one, plus the gradient"),
        ("momentum", moved(lambda v, g, rate, mu: -rate * v), "moved by the old velocity"),
        ("momentum", moved(lambda v, g, rate, mu: rate * (mu * v + g)), "points uphill"),
        ("momentum", moved(lambda v, g, rate, mu: -(mu * v + g)), "learning rate is missing"),
        ("momentum", moved(lambda v, g, rate, mu: -rate * g), "the gradient alone"),
        ("momentum", moved(lambda v, g, rate, mu: -rate * (g + mu * (mu * v + g))), "Nesterov"),
        ("momentum", moved(lambda v, g, rate, mu: 0 * g), "The velocity is right"),
    ],
)
def test_a_wrong_answer_gets_a_hint_about_that_mistake(name: str, answer: Any, says: str) -> None:
    verdict = check(f"sgd.{name}", answer)
    assert not verdict
    assert says.lower() in verdict.message.lower()
