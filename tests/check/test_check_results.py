"""Chapter "results": right answers pass, each typical mistake gets the hint about that mistake."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.check import check


def wilson(
    middle: bool = True,
    root: bool = True,
    divide_middle: bool = True,
    divide_half: bool = True,
    z_in_front: bool = True,
) -> Callable:
    """A reader's interval with a part of the formula left out, or none."""

    def interval(right: int, n: int, z: float) -> tuple[float, float]:
        p = right / n
        center = p + (z * z / (2 * n) if middle else 0)
        half = (z if z_in_front else 1) * math.sqrt(p * (1 - p) / n + ((z / (2 * n)) ** 2 if root else 0))
        center /= 1 + z * z / n if divide_middle else 1
        half /= 1 + z * z / n if divide_half else 1
        return center - half, center + half

    return interval


def by_module(right: int, n: int, z: float) -> tuple[float, float]:
    return sn.accuracy_interval(right, n, 2 * NormalDist().cdf(z) - 1)


def coins(change: Callable[[float, float], float], start: Callable = min) -> Callable:
    """change(tail, this split) for exact probabilities of up to start(a, b) heads."""

    def p_value(a: int, b: int) -> float:
        m, k = a + b, start(a, b)
        return change(sum(math.comb(m, i) for i in range(k + 1)) / 2**m, math.comb(m, k) / 2**m)

    return p_value


def by_module_test(a: int, b: int) -> float:
    truth = np.zeros(a + b + 1, dtype=int)
    model_a, model_b = truth.copy(), truth.copy()
    model_b[:a] = 1
    model_a[a : a + b] = 1
    return sn.mcnemar(truth, model_a, model_b).p_value


def overflowing(a: int, b: int) -> float:
    return min(1.0, 2 * sum(math.comb(a + b, i) / 2.0 ** (a + b) for i in range(min(a, b) + 1)))


def without_the_first(a: int, b: int) -> float:
    return min(1.0, 2 * sum(math.comb(a + b, i) for i in range(1, min(a, b) + 1)) / 2 ** (a + b))


def chi_square(a: int, b: int, correction: float = 0) -> float:
    return math.erfc(max(abs(a - b) - correction, 0) / math.sqrt(a + b) / math.sqrt(2))


def binned(combine: Callable[[np.ndarray, np.ndarray, int], float], side: str = "left", skip: bool = True) -> Callable:
    """combine(gap of each bin, answers of each bin, number of answers), bins being found by searchsorted."""

    def ece(confidence: np.ndarray, right: np.ndarray, bins: int) -> float:
        bin_of = np.clip(np.searchsorted(np.linspace(0, 1, bins + 1), confidence, side) - 1, 0, bins - 1)
        gaps, counts = [], []
        for b in range(bins):
            inside = bin_of == b
            if inside.any():
                gaps.append(right[inside].mean() - confidence[inside].mean())
                counts.append(inside.sum())
            elif not skip:
                gaps.append(np.nan)
                counts.append(0)
        return combine(np.array(gaps), np.array(counts), len(confidence))

    return ece


def weighted(gaps: np.ndarray, counts: np.ndarray, n: int) -> float:
    return float((counts * np.abs(gaps)).sum() / n)


def images(
    alpha: float = 0.975,
    late: Callable[[float, float], float] = lambda d, e: d - e * e,
    beta: Callable[[float], float] = lambda power: NormalDist().inv_cdf(power),
    z_alpha: float | None = None,
) -> Callable:
    def needed(d: float, delta: float, power: float) -> float:
        z = NormalDist().inv_cdf(alpha) if z_alpha is None else z_alpha
        return (z * math.sqrt(d) + beta(power) * math.sqrt(late(d, delta))) ** 2 / delta**2

    return needed


def squared_terms(d: float, delta: float, power: float) -> float:
    return (1.96**2 * d + NormalDist().inv_cdf(power) ** 2 * (d - delta**2)) / delta**2


def resampled(
    change: Callable[[np.ndarray, int], np.ndarray] = lambda draws, n: draws,
    keep: Callable[[np.ndarray], np.ndarray] = lambda each: each,
    seed: int | None = None,
    several: bool = True,
) -> Callable:
    """The bootstrap by drawing images."""

    def bootstrap(right_a: np.ndarray, right_b: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
        rng = rng if seed is None else np.random.default_rng(seed)
        each = keep(right_a.astype(float) - right_b)
        chosen = rng.integers(0, len(each), (draws, len(each) if several else 1))
        return change(each[chosen].mean(axis=1), len(each))

    return bootstrap


def unpaired(right_a: np.ndarray, right_b: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    n = len(right_a)
    return (rng.binomial(n, right_a.mean(), draws) - rng.binomial(n, right_b.mean(), draws)) / n


def sigma(a: int, b: int, n: int) -> float:
    return math.sqrt(((a + b) / n - ((a - b) / n) ** 2) / n)


def of_counts(draw: Callable) -> Callable:
    """draw(only A, only B, images, draws, rng), with the counts that carry everything."""
    return lambda right_a, right_b, draws, rng: draw(
        np.sum(right_a & ~right_b), np.sum(right_b & ~right_a), len(right_a), draws, rng
    )


def unseeded(right_a: np.ndarray, right_b: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    return resampled()(right_a, right_b, draws, np.random.default_rng())


def hottest(loss: Callable[[np.ndarray, np.ndarray], float], change: Callable = lambda T: T) -> Callable:
    """The best temperature by looking closer and closer."""

    def fit(Z: np.ndarray, y: np.ndarray) -> float:
        grid = np.geomspace(0.05, 20, 200)
        for _ in range(4):
            best = int(np.argmin([loss(Z / T, y) for T in grid]))
            grid = np.geomspace(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)], 50)
        return change(float(grid[25]))

    return fit


def imbalance(Z: np.ndarray, y: np.ndarray) -> float:
    P = sn.softmax(Z)
    return abs(float(P.max(axis=1).mean() - (P.argmax(axis=1) == y).mean()))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("results.wilson", wilson()),
        ("results.wilson", by_module),
        ("results.mcnemar", coins(lambda tail, split: min(1, 2 * tail))),
        ("results.mcnemar", by_module_test),
        ("results.mcnemar", lambda a, b: np.float32(by_module_test(a, b))),
        ("results.mcnemar", lambda a, b: np.array([by_module_test(a, b)])),
        ("results.ece", binned(weighted)),
        ("results.images", images()),
        ("results.images", lambda *given: math.ceil(images()(*given))),
        ("results.images", lambda *given: int(images()(*given))),
        ("results.images", lambda *given: math.ceil(images(z_alpha=1.96)(*given))),
        ("results.bootstrap", resampled()),
        ("results.bootstrap", lambda *given: resampled()(*given).astype(np.float32)),
        ("results.temperature", hottest(sn.cross_entropy)),
    ],
)
def test_a_right_answer_passes(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict.message


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("results.wilson", (0.5, 0.9), "The answer is a function"),
        ("results.wilson", lambda *given: wilson()(*given)[::-1], "wrong order"),
        ("results.wilson", lambda *given: 0.9, "The shape should be (2,)"),
        ("results.wilson", wilson(middle=False, root=False, divide_middle=False, divide_half=False), "Wald's"),
        ("results.wilson", wilson(middle=False, divide_middle=False, divide_half=False), "towards one half"),
        ("results.wilson", wilson(middle=False, divide_middle=False), "towards one half"),
        ("results.wilson", wilson(divide_middle=False, divide_half=False), "coefficient of p squared"),
        ("results.wilson", wilson(divide_half=False), "half width has to be divided"),
        ("results.wilson", wilson(divide_middle=False), "middle has to be divided"),
        ("results.wilson", wilson(root=False), "a term is missing"),
        ("results.wilson", wilson(z_in_front=False), "factor z in front"),
        ("results.wilson", lambda right, n, z: (0, 1), "is it an equality there"),
        ("results.mcnemar", 0.07, "The answer is a function"),
        ("results.mcnemar", overflowing, "add whole numbers and divide once"),
        ("results.mcnemar", lambda a, b: coins(lambda t, s: min(1, 2 * t))(a, b) + 0 / (a + b), "the p-value is 1"),
        ("results.mcnemar", lambda a, b: 1 / 0, "raised ZeroDivisionError"),
        ("results.mcnemar", without_the_first, "For 7 and 2: 0.175781 is too small"),
        ("results.mcnemar", coins(lambda tail, split: 2 * tail), "share the middle"),
        ("results.mcnemar", coins(lambda tail, split: tail), "That is one tail"),
        ("results.mcnemar", coins(lambda tail, split: split), "chance of exactly this split"),
        ("results.mcnemar", coins(lambda tail, split: 2 * split), "twice the chance of exactly this split"),
        ("results.mcnemar", coins(lambda tail, split: 2 * (tail - split)), "itself is missing"),
        ("results.mcnemar", coins(lambda tail, split: min(1, 2 * tail), max), "larger tail, so add up"),
        ("results.mcnemar", coins(lambda tail, split: 2 * tail, max), "no probability"),
        ("results.mcnemar", coins(lambda tail, split: min(1, 2 * tail), lambda a, b: b), "larger tail, so add up"),
        ("results.mcnemar", chi_square, "That is the normal approximation"),
        ("results.mcnemar", lambda a, b: chi_square(a, b, 1), "continuity correction"),
        ("results.mcnemar", lambda a, b: 0.001, "too small"),
        ("results.mcnemar", lambda a, b: by_module_test(a, b) * (by_module_test(a, b) > 1e-9), "lost on the way"),
        ("results.ece", 0.009, "The answer is a function"),
        ("results.ece", binned(weighted, skip=False), "NaN: an empty bin has no mean"),
        ("results.ece", lambda c, right, bins: right.mean() - c.mean(), "gaps cancel"),
        ("results.ece", lambda c, right, bins: abs(right.mean() - c.mean()), "each bin before adding"),
        ("results.ece", lambda c, right, bins: np.abs(right - c).mean(), "not of each answer"),
        ("results.ece", binned(lambda gaps, counts, n: np.abs(gaps).mean()), "yours count alike"),
        (
            "results.ece",
            lambda c, r, bins: binned(lambda g, k, n: np.abs(g).sum())(c, r, bins) / bins,
            "number of bins",
        ),
        ("results.ece", binned(lambda gaps, counts, n: np.abs(gaps).max()), "the largest gap"),
        ("results.ece", binned(lambda gaps, counts, n: (counts * gaps**2).sum() / n), "Square nothing"),
        ("results.ece", binned(lambda gaps, counts, n: (counts * np.abs(gaps)).sum()), "still to be divided"),
        ("results.ece", binned(weighted, side="right"), "on an edge"),
        ("results.ece", binned(lambda gaps, counts, n: weighted(gaps, counts * (counts > 1), n)), "With 8 answers"),
        ("results.ece", lambda c, right, bins: 0.0, "too small"),
        ("results.images", 88_000, "The answer is a function"),
        ("results.images", images(alpha=0.95), "The test looks both ways"),
        ("results.images", images(beta=lambda power: 0), "Where does the power go"),
        ("results.images", images(late=lambda d, e: d), "and d only under equality"),
        ("results.images", images(late=lambda d, e: d - e), "squared under the root"),
        ("results.images", images(beta=lambda power: -NormalDist().inv_cdf(power)), "wrong sign"),
        ("results.images", images(beta=lambda power: NormalDist().inv_cdf((1 + power) / 2)), "The power is one-sided"),
        ("results.images", images(beta=lambda power: power), "the power itself"),
        ("results.images", lambda d, e, power: images()(d, e, power) * abs(e), "square of the difference"),
        ("results.images", lambda *given: math.sqrt(images()(*given)), "so square"),
        ("results.images", squared_terms, "not each term"),
        ("results.images", lambda d, e, power: images()(d, e, 0.9), "too large"),
        ("results.images", lambda d, e, power: 1e6, "too large"),
        ("results.bootstrap", np.zeros(4), "The answer is a function"),
        ("results.bootstrap", lambda a, b, draws, rng: np.zeros(7), "The shape should be (4000,)"),
        ("results.bootstrap", unseeded, "The same seed gives other draws"),
        ("results.bootstrap", resampled(seed=0), "Another seed gives the same draws"),
        ("results.bootstrap", resampled(lambda draws, n: -draws), "B minus A"),
        ("results.bootstrap", resampled(lambda draws, n: draws * n), "divide by N"),
        ("results.bootstrap", resampled(keep=lambda each: each[each != 0]), "not only the discordant ones"),
        ("results.bootstrap", resampled(lambda draws, n: draws - draws.mean()), "lie around 0"),
        ("results.bootstrap", resampled(lambda draws, n: draws + 0.3), "the observed difference is"),
        ("results.bootstrap", unpaired, "two separate samples"),
        ("results.bootstrap", resampled(several=False), "a single image's difference"),
        ("results.bootstrap", resampled(lambda draws, n: (draws + draws.mean()) / 2), "times what it should be"),
        (
            "results.bootstrap",
            of_counts(lambda a, b, n, draws, rng: rng.normal((a - b) / n, sigma(a, b, n), draws)),
            "whole",
        ),
        (
            "results.bootstrap",
            of_counts(lambda a, b, n, draws, rng: np.round(n * rng.normal((a - b) / n, sigma(a, b, n), draws)) / n),
            "distributed otherwise",
        ),
        (
            "results.bootstrap",
            of_counts(lambda a, b, n, draws, rng: (rng.binomial(n, a / n, draws) - rng.binomial(n, b / n, draws)) / n),
            "distributed otherwise",
        ),
        ("results.bootstrap", lambda *given: np.abs(resampled()(*given)), "distributed otherwise"),
        ("results.temperature", 1.15, "The answer is a function"),
        ("results.temperature", hottest(sn.cross_entropy, lambda T: 1 / T), "That is beta"),
        ("results.temperature", hottest(imbalance), "equal to the accuracy"),
        ("results.temperature", lambda Z, y: 1.0, "as they are"),
        ("results.temperature", lambda Z, y: 20.0, "the edge of the interval"),
        ("results.temperature", lambda Z, y: 0.05, "the lower edge of the interval"),
        ("results.temperature", lambda Z, y: 7.0, "too large"),
        ("results.temperature", lambda Z, y: round(hottest(sn.cross_entropy)(Z, y), 3), "of 5 classes"),
        ("results.temperature", lambda Z, y: max(1.0, hottest(sn.cross_entropy)(Z, y)), "Your search ends at 1"),
        ("results.temperature", lambda Z, y: min(10.0, hottest(sn.cross_entropy)(Z, y)), "10 is too small"),
    ],
)
def test_a_wrong_answer_gets_a_hint_about_that_mistake(name: str, answer: object, sentence: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert sentence in verdict.message
