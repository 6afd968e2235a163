"""Chapter "training": right answers pass, each typical mistake gets the hint about that mistake."""

import math
from collections.abc import Callable
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.check import check, training


def resume(*, batches: Callable[[float], float] = math.ceil, steps: Any = None, progress: Any = None) -> Callable:
    """Answer with the rule, or with what `steps` or `progress` make of (batches of an epoch, epochs, kept)."""

    def answer(N: int, B: int, epochs: int, kept: int) -> tuple[float, float]:
        each = batches(N / B)
        taken = steps(each, epochs, kept, N) if steps else kept * each
        return taken, progress(each, epochs, kept) if progress else kept / epochs

    return answer


def epoch(
    params: sn.Parameters,
    X: np.ndarray,
    y: np.ndarray,
    rate: float,
    B: int,
    rng: np.random.Generator,
    *,
    order: Callable[[np.ndarray], np.ndarray] = lambda order: order,
    size: Callable[[int, int], int] = lambda B, N: B,
    step: Callable[[int], float] = lambda rows: -1.0,
    told: Callable[[np.ndarray, slice], Any] | None = None,
    rebind: bool = False,
    move: bool = True,
    seen: Callable[[list, list, list, float], Any] = lambda before, after, rows, end: np.dot(before, rows) / sum(rows),
) -> Any:
    """An epoch as a reader may write it, without `minibatches` and without `SGD`; every mistake is a switch."""
    rows = order(rng.permutation(len(X)))
    B = size(B, len(X))
    before, after, counts = [], [], []
    for at in range(0, len(rows), B):
        part = rows[at : at + B]
        X_batch, y_batch = X[part], y[part] if told is None else told(y, slice(at, at + B))
        Z, cache = sn.forward(params, X_batch)
        grads = sn.backward(params, cache, sn.cross_entropy_backward(Z, y_batch))
        if rebind:
            params.theta = params.theta - rate * grads.theta
        elif move:
            params.theta += step(len(part)) * rate * grads.theta
        before.append(sn.cross_entropy(Z, y_batch))
        after.append(sn.cross_entropy(sn.forward(params, X_batch)[0], y_batch))
        counts.append(len(part))
    return seen(before, after, counts, sn.cross_entropy(sn.forward(params, X)[0], y))


def with_tools(params: sn.Parameters, X: np.ndarray, y: np.ndarray, rate: float, B: int, rng: Any) -> float:
    """Return the loss met on the way, with the book's own `minibatches` and `SGD`."""
    total, optimizer = 0.0, sn.SGD(rate)
    for X_batch, y_batch in sn.minibatches(X, y, B, rng):
        Z, cache = sn.forward(params, X_batch)
        total += sn.cross_entropy(Z, y_batch) * len(y_batch)
        optimizer.step(params, sn.backward(params, cache, sn.cross_entropy_backward(Z, y_batch)))
    return total / len(y)


def two_layers_only(params: sn.Parameters, X: np.ndarray, y: np.ndarray, rate: float, B: int, rng: Any) -> float:
    moved = params.copy()
    loss = epoch(moved, X, y, rate, B, rng)
    for layer, new in list(zip(params.layers, moved.layers, strict=True))[:2]:
        layer.W[:], layer.b[:] = new.W, new.b
    return loss


def one_image_left_out(params: sn.Parameters, X: np.ndarray, y: np.ndarray, rate: float, B: int, rng: Any) -> float:
    """End the loop at `range(0, N - 1, B)`, which shows only where the last batch is one image."""
    return epoch(params, X, y, rate, B, rng, order=lambda rows: rows[: len(rows) - (len(rows) % B == 1)])


def shuffling_in_place(params: sn.Parameters, X: np.ndarray, y: np.ndarray, rate: float, B: int, rng: Any) -> float:
    rows = rng.permutation(len(X))
    X[:], y[:] = X[rows], y[rows]
    return 1.0


def one_more_draw(params: sn.Parameters, X: np.ndarray, y: np.ndarray, rate: float, B: int, rng: Any) -> float:
    loss = epoch(params, X, y, rate, B, rng)
    rng.random()
    return loss


def stop(
    *,
    better: Callable[[float, float], bool] = lambda new, old: new < old,
    wait: int = 0,
    against_last: bool = False,
    shape: Callable[[int, int, list], Any] = lambda best, last, losses: (best, last),
) -> Callable:
    """Early stopping as a loop with a counter."""

    def answer(losses: list[float], patience: int) -> Any:
        best, since = 0, 0
        for n in range(1, len(losses)):
            since = 0 if better(losses[n], losses[n - 1 if against_last else best]) else since + 1
            if better(losses[n], losses[best]):
                best = n
            if since >= patience + wait:
                return shape(best + 1, n + 1, losses)
        return shape(best + 1, len(losses), losses)

    return answer


def never_reset(losses: list[float], patience: int) -> tuple[int, int]:
    best, since = 1, 0
    for epoch, loss in enumerate(losses, start=1):
        best, since = (epoch, since) if loss < losses[best - 1] or epoch == 1 else (best, since + 1)
        if since >= patience:
            return best, epoch
    return best, len(losses)


def from_one(losses: list[float], patience: int) -> tuple[int, int]:
    """Stop as one does who takes every loss to be below 1."""
    return stop()([min(loss, 1.0) for loss in losses], patience)


def ends_at_the_best(losses: list[float], patience: int) -> tuple[int, int]:
    best, last = stop()(losses, patience)
    return best, last if last - best >= patience else best


def paired(
    mean: Callable[[np.ndarray], float] = np.mean,
    spread: Callable[[np.ndarray, np.ndarray], float] = lambda a, b: float(np.std(b - a, ddof=1)),
) -> Callable:
    return lambda before, after: (mean(after - before), spread(before, after))


def coins(m: int, n: int, p: float) -> float:
    """Exactly, by the values the maximum can have, each times its chance."""
    ways = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(n + 1)]
    chance = [math.exp(way + k * math.log(p) + (n - k) * math.log(1 - p)) for k, way in enumerate(ways)]
    at_most = np.cumsum(chance) ** m
    return float(np.arange(n + 1) @ np.diff(at_most, prepend=0) / n)


def overflowing(m: int, n: int, p: float) -> float:
    chance = np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])
    return float(np.sum(1 - np.cumsum(chance)[:-1] ** m) / n)


def underflowing(m: int, n: int, p: float) -> float:
    chance = [(1 - p) ** n]
    for k in range(n):
        chance.append(chance[-1] * (n - k) / (k + 1) * p / (1 - p))
    return float(np.sum(1 - np.cumsum(chance)[:-1] ** m) / n)


def tossed(m: int, n: int, p: float) -> float:
    return float(np.random.default_rng(0).binomial(n, p, (4_000, m)).max(axis=1).mean() / n)


def normal_mean(m: int, n: int, p: float) -> float:
    x = np.linspace(-8, 8, 4001)
    at_most = np.array([NormalDist().cdf(point) for point in x]) ** m
    return float(p + math.sqrt(p * (1 - p) / n) * np.sum(x * np.diff(at_most, prepend=0)))


def normal_median(m: int, n: int, p: float) -> float:
    return p + math.sqrt(p * (1 - p) / n) * NormalDist().inv_cdf(0.5 ** (1 / m))


RIGHT = dict(training.PANELS)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("training.resume", resume()),
        ("training.resume", resume(progress=lambda each, epochs, kept: kept * each / (epochs * each))),
        ("training.resume", lambda *given: np.array(resume()(*given))),
        ("training.epoch", epoch),
        ("training.epoch", partial(epoch, rebind=True)),
        ("training.epoch", with_tools),
        ("training.epoch", lambda *given: np.float32(epoch(*given))),
        ("training.patience", stop()),
        ("training.patience", stop(shape=lambda best, last, losses: np.array([best, last]))),
        ("training.paired", paired()),
        ("training.diagnose", RIGHT),
        ("training.maximum", coins),
        ("training.maximum", lambda *given: np.float32([coins(*given)])),
    ],
)
def test_a_right_answer_passes(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict


def test_the_panels_have_every_cause_once() -> None:
    assert sorted(RIGHT.values()) == sorted(training.CAUSES)
    assert set(training.EVIDENCE) == set(training.CAUSES)


def swapped(first: str, second: str) -> dict[str, str]:
    return RIGHT | {first: RIGHT[second], second: RIGHT[first]}


@pytest.mark.parametrize("cause", training.CAUSES)
def test_a_wrong_diagnosis_is_told_what_that_cause_looks_like(cause: str) -> None:
    wrong = next(letter for letter, right in RIGHT.items() if right != cause)
    verdict = check("training.diagnose", RIGHT | {wrong: cause})
    assert not verdict
    assert f"{wrong} is not '{cause}'" in verdict.message
    assert training.EVIDENCE[cause] in verdict.message


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("training.resume", (564, 0.3), "The answer is a function"),
        ("training.resume", lambda N, B, epochs, kept: 564, "should be 2 things"),
        ("training.resume", resume(batches=math.floor), "Round up"),
        ("training.resume", resume(batches=lambda exact: exact), "A step is a whole batch"),
        ("training.resume", resume(batches=round), "Round up"),
        ("training.resume", resume(batches=lambda exact: math.floor(exact + 0.63)), "Round up"),
        ("training.resume", resume(batches=lambda exact: int(exact) + 1), "too large"),
        ("training.resume", lambda N, B, epochs, kept: (kept * len(range(0, N - 1, B)), kept / epochs), "Round up"),
        ("training.resume", resume(progress=lambda each, epochs, kept: round(kept / epochs, 1)), "Progress for resume"),
        ("training.resume", resume(steps=lambda each, epochs, kept, N: (kept + 1) * each), "run again"),
        ("training.resume", resume(steps=lambda each, epochs, kept, N: kept * N), "images and not steps"),
        ("training.resume", resume(steps=lambda each, epochs, kept, N: epochs * each), "of the whole run"),
        ("training.resume", resume(steps=lambda each, epochs, kept, N: kept * each + 1), "not among them"),
        (
            "training.resume",
            resume(progress=lambda each, epochs, kept: (kept * each + 1) / (epochs * each)),
            "about to come does not count",
        ),
        ("training.resume", resume(progress=lambda each, epochs, kept: kept / (epochs - kept)), "that are left"),
        ("training.resume", resume(progress=lambda each, epochs, kept: kept * each), "not yet divided"),
        ("training.resume", resume(progress=lambda each, epochs, kept: 1 - kept / epochs), "still to come"),
        ("training.resume", resume(progress=lambda each, epochs, kept: 0), "begins again at 0"),
        ("training.epoch", 0.5, "The answer is a function"),
        ("training.epoch", shuffling_in_place, "another order than before"),
        ("training.epoch", partial(epoch, move=False), "are as they were"),
        ("training.epoch", partial(epoch, step=lambda rows: 1), "against"),
        ("training.epoch", partial(epoch, order=np.sort), "in the order of the file"),
        ("training.epoch", partial(epoch, order=lambda order: order[:20]), "you left it out"),
        ("training.epoch", partial(epoch, told=lambda y, part: y[part]), "y is not"),
        ("training.epoch", partial(epoch, size=lambda B, N: N), "one step for the whole epoch"),
        ("training.epoch", partial(epoch, size=lambda B, N: 1), "every single image"),
        ("training.epoch", partial(epoch, order=lambda order: order[:5]), "inside the loop"),
        ("training.epoch", partial(epoch, step=lambda rows: -rows), "too long"),
        ("training.epoch", partial(epoch, step=lambda rows: -1 / rows), "too short"),
        ("training.epoch", partial(epoch, order=lambda order: order[::-1]), "from left to right"),
        ("training.epoch", two_layers_only, "move every layer"),
        ("training.epoch", one_image_left_out, "you left it out"),
        ("training.epoch", partial(epoch, size=lambda B, N: 5), "in batches of 4"),
        ("training.epoch", lambda params, X, y, rate, B, rng: epoch(params, X, y, 0.3, B, rng), "end elsewhere"),
        (
            "training.epoch",
            lambda params, X, y, rate, B, rng: epoch(params, X, y, rate, B, np.random.default_rng(10)),
            "one permutation and nothing else",
        ),
        ("training.epoch", one_more_draw, "one permutation and nothing else"),
        ("training.epoch", partial(epoch, order=lambda order: order[:40]), "end elsewhere"),
        ("training.epoch", partial(epoch, step=lambda rows: -0.5), "times its gradient"),
        ("training.epoch", partial(epoch, seen=lambda before, after, rows, end: None), "should be one number"),
        (
            "training.epoch",
            partial(epoch, seen=lambda before, after, rows, end: np.mean(before)),
            "last batch is smaller",
        ),
        ("training.epoch", partial(epoch, seen=lambda before, after, rows, end: end), "after the epoch"),
        (
            "training.epoch",
            partial(epoch, seen=lambda before, after, rows, end: np.dot(after, rows) / sum(rows)),
            "before the step on it",
        ),
        (
            "training.epoch",
            partial(epoch, seen=lambda before, after, rows, end: np.dot(before, rows)),
            "sum over the images",
        ),
        (
            "training.epoch",
            partial(epoch, seen=lambda before, after, rows, end: sum(before)),
            "sum of the batch losses",
        ),
        ("training.epoch", partial(epoch, seen=lambda before, after, rows, end: before[-1]), "last batch alone"),
        ("training.patience", (4, 6), "The answer is a function"),
        ("training.patience", lambda losses, patience: 4, "should be 2 things"),
        ("training.patience", stop(shape=lambda best, last, losses: (best - 1, last - 1)), "counted from 1 here"),
        ("training.patience", stop(shape=lambda best, last, losses: (best - 1, last)), "counted from 0"),
        ("training.patience", stop(shape=lambda best, last, losses: (last, best)), "The order is"),
        ("training.patience", stop(better=lambda new, old: new <= old), "An equal loss is no improvement"),
        (
            "training.patience",
            stop(shape=lambda best, last, losses: (int(np.argmin(losses)) + 1, last)),
            "nobody has seen it yet",
        ),
        (
            "training.patience",
            lambda losses, patience: (int(np.argmin(losses)) + 1, len(losses)),
            "read all the losses",
        ),
        ("training.patience", stop(shape=lambda best, last, losses: (last, last)), "epochs back"),
        ("training.patience", stop(wait=1), "one epoch too long"),
        ("training.patience", stop(wait=-1), "one epoch too early"),
        ("training.patience", stop(against_last=True), "not with the one before"),
        ("training.patience", stop(better=lambda new, old: new > old), "largest loss"),
        ("training.patience", lambda losses, patience: (1, 1), "with a pencil"),
        ("training.patience", never_reset, "with a pencil"),
        ("training.patience", lambda losses, patience: (stop()(losses, patience)[0], None), "should be one number"),
        ("training.patience", ends_at_the_best, "you say 1 and 1"),
        ("training.patience", stop(better=lambda new, old: new < old - 1e-3), "with a pencil"),
        ("training.patience", lambda losses, patience: stop()(losses, 2), "one epoch too long"),
        ("training.patience", from_one, "with a pencil"),
        ("training.patience", lambda losses, patience: stop()(losses[:20], patience), "with a pencil"),
        ("training.paired", (0.02, 0.002), "The answer is a function"),
        ("training.paired", lambda before, after: np.mean(after - before), "should be 2 things"),
        ("training.paired", paired(mean=lambda gain: -gain.mean()), "after minus before"),
        ("training.paired", paired(mean=np.median), "median"),
        ("training.paired", paired(mean=lambda gain: abs(np.mean(gain))), "after minus before"),
        ("training.paired", paired(spread=lambda a, b: np.std(np.abs(b - a), ddof=1)), "The spread"),
        ("training.paired", paired(mean=np.sum), "a sum and the mean"),
        ("training.paired", paired(spread=lambda a, b: np.std(b - a)), "by one less"),
        ("training.paired", paired(spread=lambda a, b: np.sqrt(a.var(ddof=1) + b.var(ddof=1))), "subtract first"),
        ("training.paired", paired(spread=lambda a, b: np.sqrt(a.var() + b.var())), "unrelated and divides by"),
        ("training.paired", paired(spread=lambda a, b: b.std(ddof=1) - a.std(ddof=1)), "difference of spreads"),
        ("training.paired", paired(spread=lambda a, b: np.std(b - a, ddof=1) / len(a) ** 0.5), "standard error"),
        ("training.paired", paired(spread=lambda a, b: np.var(b - a, ddof=1)), "a root is missing"),
        ("training.diagnose", ["healthy"] * 6, "a dictionary"),
        ("training.diagnose", {"A": "healthy"}, "a cause for each letter"),
        ("training.diagnose", RIGHT | {"C": "bad luck"}, "'bad luck' is not one of the causes"),
        ("training.diagnose", swapped("A", "F"), "A is not"),
        ("training.maximum", 0.94, "The answer is a function"),
        ("training.maximum", lambda m, n, p: p + np.sqrt(2 * np.log(m) * p * (1 - p) / n), "That is the bound"),
        ("training.maximum", lambda m, n, p: coins(m, n, p) - p, "p is missing"),
        ("training.maximum", lambda m, n, p: coins(m, n, p) * n, "a number of images"),
        ("training.maximum", lambda m, n, p: p, "accuracy of one model"),
        ("training.maximum", lambda m, n, p: 1 - coins(m, n, 1 - p), "expected minimum"),
        ("training.maximum", lambda m, n, p: p + np.sqrt(p * (1 - p) / n), "whatever m is"),
        ("training.maximum", lambda m, n, p: coins(m, n, p) - 1 / n, "where the sum begins"),
        ("training.maximum", lambda m, n, p: 0.5, "too small"),
        ("training.maximum", tossed, "a simulation"),
        ("training.maximum", normal_median, "normal approximation"),
        ("training.maximum", normal_mean, "normal approximation"),
        ("training.maximum", lambda m, n, p: coins(m, n, p) * n / (n + 1), "too small"),
        ("training.maximum", lambda m, n, p: coins(m + 1, n, p), "and not the value"),
        ("training.maximum", overflowing, "beyond what a float holds"),
        ("training.maximum", underflowing, "too small for a float"),
    ],
)
def test_a_wrong_answer_gets_a_hint_about_that_mistake(name: str, answer: object, sentence: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert sentence in verdict.message
