"""Chapter "initialisation": right answers pass, each typical mistake gets the hint about that mistake."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.check import check

COUNTER = itertools.count()


def logits(*, half: float = 0.5, b1: float = 1, b2: float = 1, fan: bool = True, root: bool = True) -> Callable:
    """A reader's prediction, layer by layer, with a mistake or none."""

    def predict(X: np.ndarray, H: int, v: float) -> float:
        hidden = np.mean([v * (x @ x + b1) for x in X])
        square = v * ((H if fan else 1) * half * hidden + b2)
        return float(np.sqrt(square) if root else square)

    return predict


def from_pixels(squares: Callable[[np.ndarray], float]) -> Callable:
    return lambda X, H, v: float(np.sqrt(v * (H * 0.5 * v * (squares(X) + 1) + 1)))


def simulated(X: np.ndarray, H: int, v: float) -> float:
    """Measured on many starts, not predicted: it need only be close to the formula."""
    rng, c, squares = np.random.default_rng(0), np.sqrt(3 * v), []
    for _ in range(4000):
        A = np.maximum(X @ rng.uniform(-c, c, (X.shape[1], H)) + rng.uniform(-c, c, H), 0)
        squares.append(np.mean((A @ rng.uniform(-c, c, (H, 5)) + rng.uniform(-c, c, 5)) ** 2))
    return float(np.sqrt(np.mean(squares)))


def within(limit: Callable[[int, int], float]) -> Callable:
    return lambda D, H, rng: rng.uniform(-limit(D, H), limit(D, H), (D, H))


def counted(count: Callable[[np.ndarray], Any], last: bool = False) -> Callable:
    """Forward without the book's `forward`."""

    def units(params: sn.Parameters, X: np.ndarray) -> list[Any]:
        counts = []
        for layer in params.layers if last else params.layers[:-1]:
            Z = X @ layer.W + layer.b
            counts.append(count(Z))
            X = np.where(Z > 0, Z, 0)
        return counts

    return units


def leak(change: Callable[[float], float]) -> Callable:
    return lambda D, s: change(s) / D


def started(change: Callable[[sn.Parameters], None], scheme: str = "he") -> Callable:
    def start(sizes: tuple[int, ...], rng: np.random.Generator) -> sn.Parameters:
        params = sn.initialize(sizes, rng, scheme=scheme)
        change(params)
        return params

    return start


def mute(params: sn.Parameters) -> None:
    params.layers[-1].W[:] = 0


def mirror(params: sn.Parameters) -> None:
    """Another way to be silent: every last hidden unit has a double with the opposite weights out."""
    half = params.sizes[-2] // 2
    params.layers[-2].W[:, half:] = params.layers[-2].W[:, :half]
    params.layers[-1].W[half:] = -params.layers[-1].W[:half]


def mute_but_biased(params: sn.Parameters) -> None:
    mute(params)
    params.layers[-1].b[0] = 1


def mute_first(params: sn.Parameters) -> None:
    params.layers[0].W[:] = 0


def mute_all_copies(params: sn.Parameters) -> None:
    mute(params)
    params.layers[1].W[:] = params.layers[1].W[:, :1]


def mute_and_shrunk(params: sn.Parameters) -> None:
    mute(params)
    params.layers[1].W[:] *= 0.5


def whisper(sizes: tuple[int, ...], rng: np.random.Generator) -> sn.Parameters:
    return started(lambda params: np.multiply(params.layers[-1].W, 1e-14, out=params.layers[-1].W))(sizes, rng)


def mute_third(params: sn.Parameters) -> None:
    """Right for a network of three layers, the example's number."""
    if len(params.layers) > 2:
        params.layers[2].W[:] = 0


def uniform(D: int, H: int, rng: np.random.Generator) -> np.ndarray:
    return within(lambda D, H: np.sqrt(6 / D))(D, H, rng)


def clipped(D: int, H: int, rng: np.random.Generator) -> np.ndarray:
    """Normal draws cut off at the limit, and wide enough that the variance is right."""
    return np.sqrt(2 / D) * np.clip(1.29 * rng.normal(size=(D, H)), -np.sqrt(3), np.sqrt(3))


def unbent(params: sn.Parameters, X: np.ndarray) -> list[int]:
    """No ReLU on the way."""
    counts = []
    for layer in params.layers[:-1]:
        X = X @ layer.W + layer.b
        counts.append(int((X > 0).all(axis=0).sum()))
    return counts


def emptied(params: sn.Parameters, X: np.ndarray) -> list[int]:
    counts = counted(lambda Z: sum(Z.min(axis=0) > 0))(params, X)
    params.theta[:] = 0
    return counts


def seeded_anew(sizes: tuple[int, ...], rng: np.random.Generator) -> sn.Parameters:
    return started(mute)(sizes, np.random.default_rng(next(COUNTER)))


def mute_and_positive(params: sn.Parameters) -> None:
    mute(params)
    for layer in params.layers:
        np.abs(layer.W, out=layer.W)


def mute_and_spoilt(params: sn.Parameters) -> None:
    mute(params)
    params.layers[0].W[0, 0] = np.nan


def fixed(sizes: tuple[int, ...], rng: np.random.Generator) -> sn.Parameters:
    return started(mute)(sizes, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("initialisation.logits", logits()),
        ("initialisation.logits", lambda X, H, v: np.float32(logits()(X.astype(np.float32), H, v))),
        ("initialisation.uniform", uniform),
        ("initialisation.uniform", lambda D, H, rng: np.sqrt(6 / D) * (2 * rng.random((H, D), dtype=np.float32).T - 1)),
        ("initialisation.uniform", lambda D, H, rng: [list(column) for column in uniform(D, H, rng)]),
        ("initialisation.leaky", lambda D, s: np.float32(2 / ((1 + s * s) * D))),
        ("initialisation.leaky", leak(lambda s: 2 / (1 + s * s))),
        ("initialisation.straight", counted(lambda Z: sum(min(z) > 0 for z in Z.T))),
        ("initialisation.straight", lambda params, X: np.array(counted(lambda Z: sum(Z.min(axis=0) > 0))(params, X))),
        ("initialisation.silent", started(mute)),
        ("initialisation.silent", started(mirror)),
    ],
)
def test_a_right_answer_passes(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("initialisation.logits", lambda X, H, v: np.sqrt(v * (H * v * (30 * (X**2).mean() + 1) / 2 + 1))),
        ("initialisation.logits", lambda X, H, v: np.sqrt(v * (H * v * ((X**2).sum() / 12 + 1) / 2 + 1))),
        ("initialisation.logits", lambda X, H, v: np.sqrt(v * (H // 2 * v * ((X**2).sum() / len(X) + 1) + 1))),
        ("initialisation.uniform", clipped),
        ("initialisation.uniform", lambda D, H, rng: np.sqrt(6 / D) * rng.choice([-1, 0, 0, 0, 0, 1], (D, H))),
        ("initialisation.uniform", lambda D, H, rng: np.sqrt(6 / D) * rng.uniform(-1, 1, (D, H)).round(1)),
        ("initialisation.uniform", within(lambda D, H: np.sqrt(5.8 / D))),
        ("initialisation.uniform", within(lambda D, H: np.sqrt(6 / 300))),
        ("initialisation.uniform", within(lambda D, H: np.sqrt(6 / max(D, H)))),
        ("initialisation.uniform", lambda D, H, rng: uniform(D, 1, rng) * np.ones(H)),
        ("initialisation.uniform", lambda D, H, rng: np.vstack([half := uniform(D, H, rng)[: D // 2], -half])),
        ("initialisation.uniform", lambda D, H, rng: np.sort(uniform(D, H, rng), axis=0)),
        ("initialisation.straight", lambda params, X: counted(lambda Z: sum(Z.min(axis=0) > 0), True)(params, X)[:2]),
        ("initialisation.straight", counted(lambda Z: int((Z > 1e-3).all(axis=0).sum()))),
        ("initialisation.straight", lambda params, X: [int((layer.b > 0).sum()) for layer in params.layers[:-1]]),
        ("initialisation.straight", unbent),
        ("initialisation.straight", counted(lambda Z: int((Z > 1e-9).all(axis=0).sum()))),
        ("initialisation.straight", counted(lambda Z: int((Z[:10] > 0).all(axis=0).sum()))),
        ("initialisation.straight", counted(lambda Z: int(((Z > 0).mean(axis=0) > 0.99).sum()))),
        ("initialisation.silent", whisper),
        ("initialisation.silent", started(mute_third)),
    ],
)  # fmt: skip
def test_an_answer_that_is_right_by_chance_or_for_one_case_only_does_not_pass(name: str, answer: object) -> None:
    assert not check(name, answer)


@pytest.mark.parametrize("skipped", range(40))
def test_weights_drawn_from_anywhere_in_the_stream_pass(skipped: int) -> None:
    def later(D: int, H: int, rng: np.random.Generator) -> np.ndarray:
        rng.random(skipped)
        return uniform(D, H, rng)

    assert check("initialisation.uniform", later)


def test_the_prediction_of_the_logits_is_what_a_simulation_finds() -> None:
    X = np.random.default_rng(1).random((12, 30))
    assert simulated(X, 10, 1 / 12) == pytest.approx(logits()(X, 10, 1 / 12), rel=0.03)


def test_the_leaky_variance_keeps_the_mean_square() -> None:
    rng, D, s = np.random.default_rng(2), 400, 0.3
    z = rng.normal(size=(200, D))
    after = np.where(z > 0, z, s * z) @ rng.normal(0, np.sqrt(leak(lambda s: 2 / (1 + s * s))(D, s)), (D, 400))
    assert (after**2).mean() == pytest.approx((z**2).mean(), rel=0.03)


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("initialisation.logits", 1.76, "The answer is a function"),
        ("initialisation.logits", logits(half=1), "that half is missing"),
        ("initialisation.logits", logits(b1=0, b2=0), "The biases are missing"),
        ("initialisation.logits", logits(b2=0), "The bias of the logits is missing"),
        ("initialisation.logits", logits(b1=0), "The biases of the hidden layer are missing"),
        ("initialisation.logits", logits(root=False), "the root is still to be taken"),
        ("initialisation.logits", lambda X, H, v: np.sqrt(v * ((X**2).sum() / len(X) + 1)), "one layer further"),
        ("initialisation.logits", logits(fan=False), "that H is missing"),
        ("initialisation.logits", from_pixels(lambda X: X.shape[1] * X.var()), "in the place of their variance"),
        ("initialisation.logits", from_pixels(lambda X: (X**2).mean()), "average over the images only"),
        ("initialisation.logits", from_pixels(lambda X: (X**2).sum()), "adds up the images"),
        ("initialisation.logits", lambda X, H, v: np.mean([logits()(x[None], H, v) for x in X]), "the root last"),
        ("initialisation.logits", lambda X, v, H: logits()(X, H, v), "changed places"),
        ("initialisation.logits", lambda X, H, v: 50.0, "too large"),
        ("initialisation.uniform", np.zeros((300, 60)), "The answer is a function"),
        ("initialisation.uniform", lambda D, H, rng: rng.uniform(-1, 1, (H, D)), "It is transposed"),
        (
            "initialisation.uniform",
            lambda D, H, rng: np.random.default_rng(next(COUNTER)).uniform(-1, 1, (D, H)),
            "The same seed gives other weights",
        ),
        (
            "initialisation.uniform",
            lambda D, H, rng: np.random.default_rng(0).uniform(-1, 1, (D, H)),
            "Another seed gives the same weights",
        ),
        ("initialisation.uniform", lambda D, H, rng: rng.uniform(0, np.sqrt(6 / D), (D, H)), "mean is not zero"),
        ("initialisation.uniform", within(lambda D, H: np.sqrt(2 / D)), "a third of 2/D"),
        ("initialisation.uniform", within(lambda D, H: np.sqrt(3 / D)), "variance is 1/D"),
        ("initialisation.uniform", within(lambda D, H: np.sqrt(6 / (D + H))), "Glorot"),
        ("initialisation.uniform", within(lambda D, H: np.sqrt(6 / H)), "fan-out"),
        ("initialisation.uniform", within(lambda D, H: np.sqrt(24 / D)), "half of it"),
        ("initialisation.uniform", lambda D, H, rng: np.sqrt(6 / D) * (rng.random((D, H)) - 0.5), "half as wide"),
        ("initialisation.uniform", within(lambda D, H: 6 / D), "a root is missing"),
        ("initialisation.uniform", within(lambda D, H: 0.5), "times 2/D"),
        ("initialisation.uniform", within(lambda D, H: np.sqrt(5 / D)), "times 2/D"),
        ("initialisation.uniform", lambda D, H, rng: rng.normal(0, np.sqrt(2 / D), (D, H)), "not uniform"),
        ("initialisation.leaky", 0.0026, "The answer is a function"),
        ("initialisation.leaky", leak(lambda s: 2), "for plain ReLU only"),
        ("initialisation.leaky", leak(lambda s: 1), "Without a bend"),
        ("initialisation.leaky", leak(lambda s: 2 / (1 + s)), "slope is squared"),
        ("initialisation.leaky", leak(lambda s: 2 / (1 - s * s / 2)), "smaller and not larger"),
        ("initialisation.leaky", leak(lambda s: (1 + s * s) / 2), "must undo it"),
        ("initialisation.leaky", lambda D, s: (2 / ((1 + s * s) * D)) ** 0.5, "asks for the variance"),
        ("initialisation.leaky", leak(lambda s: 2 / s**2 if s else 2.0), "positive side counts too"),
        ("initialisation.leaky", leak(lambda s: 1 / (1 + s * s)), "both squares are halved"),
        ("initialisation.leaky", lambda D, s: 2 / (1 + s * s), "number of inputs"),
        ("initialisation.leaky", lambda s, D: 2 / ((1 + s * s) * D), "changed places"),
        ("initialisation.leaky", leak(lambda s: 2 / (1 + s) ** 2), "do not square their sum"),
        ("initialisation.leaky", leak(lambda s: 2 * (1 + s * s)), "divides by that factor"),
        ("initialisation.leaky", leak(lambda s: 9), "too large"),
        ("initialisation.straight", [3, 2], "The answer is a function"),
        ("initialisation.straight", counted(lambda Z: (Z.min(axis=0) > 0).sum(), last=True), "leave it out"),
        ("initialisation.straight", counted(lambda Z: (Z.max(axis=0) > 0).sum()), "on for some image"),
        ("initialisation.straight", counted(lambda Z: (Z.min(axis=0) >= 0).sum()), "exactly 0 is off"),
        ("initialisation.straight", counted(lambda Z: (Z.min(axis=1) > 0).sum()), "You counted images"),
        ("initialisation.straight", counted(lambda Z: (Z > 0).sum()), "Count whole columns"),
        ("initialisation.straight", counted(lambda Z: (Z.max(axis=0) <= 0).sum()), "dead units"),
        ("initialisation.straight", counted(lambda Z: (Z.min(axis=0) > 0).mean()), "That is a share"),
        (
            "initialisation.straight",
            lambda params, X: counted(lambda Z: (Z.min(axis=0) > 0).sum())(params, X)[::-1],
            "reverse order",
        ),
        ("initialisation.straight", counted(lambda Z: 7), "every entry is above 0"),
        ("initialisation.straight", emptied, "parameters that were handed in have changed"),
        ("initialisation.straight", lambda params, X: 6, "has 2 hidden layers"),
        ("initialisation.silent", sn.Parameters((4, 2)), "The answer is a function"),
        ("initialisation.silent", lambda sizes, rng: [0], "should return Parameters"),
        ("initialisation.silent", lambda sizes, rng: sn.Parameters((784, 10, 10)), "should return Parameters"),
        ("initialisation.silent", started(lambda params: None, "zeros"), "All zero is silent"),
        ("initialisation.silent", started(lambda params: None, "small"), "Small is not silent"),
        ("initialisation.silent", started(mute_but_biased), "last biases"),
        ("initialisation.silent", started(mute_first), "W of layer 1 never moves"),
        ("initialisation.silent", started(mute_all_copies), "hidden layer 2 still has twins"),
        ("initialisation.silent", started(mute_and_shrunk), "times He's size"),
        ("initialisation.silent", fixed, "Two seeds give the same start"),
        ("initialisation.silent", seeded_anew, "The same seed gives another start"),
        ("initialisation.silent", started(mute_and_positive), "mean of the weights of hidden layer 1 is not 0"),
        ("initialisation.silent", started(mute_and_spoilt), "not finite"),
    ],
)
def test_a_wrong_answer_gets_a_hint_about_that_mistake(name: str, answer: object, sentence: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert sentence in verdict.message
