"""The markers of chapter "generalisation": right answers pass, and each likely mistake is met by its own hint."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scratchnet.check import check


def decay(N: int, tau: float) -> float:
    return 1 / (N * tau**2)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda N, tau: 1 / tau**2, "divide by N"),
        (lambda N, tau: 1 / (2 * N * tau**2), "The ½ is in the price already: λ/2"),
        (lambda N, tau: 1 / (2 * tau**2), "and our loss is a mean"),
        (lambda N, tau: 1 / (N * tau), "SQUARE of its standard deviation"),
        (lambda N, tau: N / tau**2, "gets smaller with N"),
        (lambda N, tau: tau**2 / N, "tau squared stands below"),
        (lambda N, tau: N * tau**2, "That is 1/λ"),
        (lambda N, tau: 0.0, "too small"),
        (0.1, "The answer is a function"),
    ],
)
def test_decay(answer: Any, said: str) -> None:
    assert check("generalisation.decay", decay)
    verdict = check("generalisation.decay", answer)
    assert not verdict
    assert said in verdict.message


def patience(losses: list[float], wait: int) -> tuple[int, int]:
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best == wait:
            return epoch, best
    return len(losses), best


def counted(better: Callable[[float, float], bool], extra: int = 0) -> Callable[[list[float], int], tuple[int, int]]:
    def stop(losses: list[float], wait: int) -> tuple[int, int]:
        best = 0
        for n, loss in enumerate(losses):
            if better(loss, losses[best]):
                best = n
            if n - best == wait + extra:
                return n + 1, best + 1
        return len(losses), best + 1

    return stop


def rising(losses: list[float], wait: int) -> tuple[int, int]:
    waited = 0
    for n in range(1, len(losses)):
        waited = waited + 1 if losses[n] >= losses[n - 1] else 0
        if waited == wait:
            return n + 1, 1 + int(np.argmin(losses[: n + 1]))
    return len(losses), 1 + int(np.argmin(losses))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda losses, wait: patience(losses, wait)[::-1], "in the other order"),
        (lambda losses, wait: tuple(n - 1 for n in patience(losses, wait)), "counted from 1"),
        (lambda losses, wait: (patience(losses, wait)[0], 1 + int(np.argmin(losses))), "after the run has ended"),
        (lambda losses, wait: (len(losses), 1 + int(np.argmin(losses))), "after the run has ended"),
        (lambda losses, wait: (len(losses), patience(losses, wait)[1]), "training goes on to the end"),
        (counted(lambda a, b: a < b, 1), "after the run has ended"),
        (lambda losses, wait: (min(patience(losses, wait)[0] + 1, len(losses)), patience(losses, wait)[1]), "too late"),
        (counted(lambda a, b: a < b, -1), "one epoch too early"),
        (counted(lambda a, b: a <= b), "an equal loss counts as better"),
        (rising, "Compare with the smallest loss so far"),
        (lambda losses, wait: (1, 1), "epochs are trained and number"),
        (lambda losses, wait: 3, "There should be 2 things"),
    ],
)
def test_patience(answer: Any, said: str) -> None:
    assert check("generalisation.patience", patience)
    verdict = check("generalisation.patience", answer)
    assert not verdict
    assert said in verdict.message, verdict.message


def both(A: Any, dA: Any, coins: Any, rate: float) -> tuple[Any, Any]:
    return A * coins / (1 - rate), dA * coins / (1 - rate)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda A, dA, c, r: (A * c / (1 - r), dA * c), "On the way back the factor is missing"),
        (lambda A, dA, c, r: (A * c, dA * c), "On the way forward the factor is missing"),
        (lambda A, dA, c, r: (A * c / r, dA * c / r), "On the way forward you divide by the rate"),
        (lambda A, dA, c, r: (A * (1 - c) / (1 - r), dA), "On the way forward you silence the units that stay"),
        (lambda A, dA, c, r: (A * c * (1 - r), dA), "On the way forward you make those that stay smaller"),
        (lambda A, dA, c, r: (A * c / (1 - r), dA), "On the way back nothing is silenced"),
        (lambda A, dA, c, r: (A * c / (1 - r), A * dA * c / (1 - r)), "there is no a in it"),
        (lambda A, dA, c, r: (A * c / (1 - r), dA * c / (1 - r) ** 2), "the mask comes twice"),
        (lambda A, dA, c, r: (A + 1, dA), "each entry is multiplied by 0"),
        (lambda A, dA, c, r: A * c / (1 - r), "There should be 2 things"),
    ],
)
def test_dropout(answer: Any, said: str) -> None:
    assert check("generalisation.dropout", both)
    verdict = check("generalisation.dropout", answer)
    assert not verdict
    assert said in verdict.message, verdict.message


def shifted(images: Any, down: int, right: int) -> Any:
    S = images.shape[1]
    down, right = np.clip([down, right], -S, S)
    paper = np.pad(images, ((0, 0), (S, S), (S, S)))
    return paper[:, S - down : 2 * S - down, S - right : 2 * S - right]


def by_slices(images: Any, down: int, right: int) -> Any:
    """Without a margin, and forgetting that an image may leave altogether."""
    out, S = np.zeros_like(images), images.shape[1]
    for i in range(S):
        for j in range(S):
            out[:, (i + down) % S if abs(down) >= S else np.clip(i + down, 0, S - 1), j] += 0
    if abs(down) >= S or abs(right) >= S:
        return images * 0.5
    return shifted(images, down, right)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda images, d, r: shifted(images, -d, -r), "the ink goes the other way"),
        (lambda images, d, r: shifted(images, r, d), "down and right are exchanged"),
        (lambda images, d, r: np.roll(images, (d, r), (1, 2)), "comes back at the other"),
        (lambda images, d, r: np.roll(images, (d, r), (0, 1)), "axis 0 counts the images"),
        (lambda images, d, r: images.copy(), "nothing has moved"),
        (by_slices, "there is only paper"),
        (lambda images, d, r: images * 0.5, "some pixels are wrong"),
        (lambda images, d, r: images[0], "The shape should be"),
    ],
)
def test_shift(answer: Any, said: str) -> None:
    assert check("generalisation.shift", shifted)
    verdict = check("generalisation.shift", answer)
    assert not verdict
    assert said in verdict.message, verdict.message


def turn(S: int, phi: float, centre: float | None = None) -> tuple[Any, Any]:
    i, j = np.indices((S, S)) - ((S - 1) / 2 if centre is None else centre)
    return i * np.cos(phi) - j * np.sin(phi) - i, i * np.sin(phi) + j * np.cos(phi) - j


def by_meshgrid(S: int, phi: float) -> tuple[Any, Any]:
    i, j = np.meshgrid(*[np.arange(S) - (S - 1) / 2] * 2)
    return i * np.cos(phi) - j * np.sin(phi) - i, i * np.sin(phi) + j * np.cos(phi) - j


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda S, phi: turn(S, phi)[::-1], "first u, how far down"),
        (lambda S, phi: tuple(turn(S, phi) + np.indices((S, S)) - (S - 1) / 2), "less the pixel's own"),
        (lambda S, phi: turn(S, -phi), "it turns the other way"),
        (lambda S, phi: turn(S, phi, 0), "about the pixel in the corner"),
        (lambda S, phi: turn(S, phi, S / 2), "and not at S/2"),
        (lambda S, phi: turn(S, np.radians(phi)), "in radians already"),
        (by_meshgrid, "rows and columns are exchanged"),
        (lambda S, phi: (turn(S, phi)[0], turn(S, phi)[1] + 1), "v is not right yet"),
        (lambda S, phi: (turn(S, phi)[0] + 1, turn(S, phi)[1]), "u is not right yet"),
        (lambda S, phi: turn(S, phi)[0], "There should be 2 things"),
    ],
)
def test_turn(answer: Any, said: str) -> None:
    assert check("generalisation.turn", turn)
    verdict = check("generalisation.turn", answer)
    assert not verdict
    assert said in verdict.message, verdict.message


def price(X: Any, w: Any, r: float) -> Any:
    return r / (1 - r) * ((X**2) @ (w**2)).mean()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda X, w, r: price(X, w, r) * len(X), "do not add them up"),
        (lambda X, w, r: r / (1 - r) * ((X @ w) ** 2).mean(), "Square each product first"),
        (lambda X, w, r: price(X, w, r) * ((1 - r) / r) ** 2, "upside down"),
        (lambda X, w, r: price(X, w, r) * (1 - r) ** 2, "variance of a coin"),
        (lambda X, w, r: price(X, w, r) * (1 - r), "Begin with the mean of its square"),
        (lambda X, w, r: price(X, w, r) / r, "That is the mean of m squared"),
        (lambda X, w, r: r / (1 - r) * (w**2).sum(), "The size of the inputs counts"),
        (lambda X, w, r: price(X, w, r) / len(w), "ADD UP over the inputs"),
        (lambda X, w, r: -1.0, "too small"),
    ],
)
def test_price(answer: Any, said: str) -> None:
    assert check("generalisation.price", price)
    verdict = check("generalisation.price", answer)
    assert not verdict
    assert said in verdict.message, verdict.message


def test_the_price_is_what_masks_add_on_average() -> None:
    rng = np.random.default_rng(0)
    x, w, t, rate = rng.normal(size=3), rng.normal(size=3), 0.7, 0.4
    coins = np.array(np.meshgrid(*[[0, 1]] * 3)).reshape(3, -1).T
    chances = np.where(coins, 1 - rate, rate).prod(axis=1)
    losses = (t - (coins * x / (1 - rate)) @ w) ** 2
    assert np.isclose(chances @ losses, (t - x @ w) ** 2 + price(x[None], w, rate))
