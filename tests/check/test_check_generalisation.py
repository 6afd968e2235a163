"""The markers of chapter "generalisation": right answers pass, and each likely mistake is met by its own hint."""

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
    assert check("generalisation.decay", lambda N, tau: np.float32(decay(N, tau)))
    verdict = check("generalisation.decay", answer)
    assert not verdict
    assert said in verdict.message


def stopping(h: float, rate: float, steps: int) -> float:
    """Walk, see where the walk stops, and ask which price leaves as much."""
    w = 0.0
    for _ in range(steps):
        w -= rate * h * (w - 3)
    return h * (3 - w) / w


def left(h: float, rate: float, steps: int) -> float:
    return float((1 - rate * h) ** steps)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda h, rate, steps: 1 / (rate * steps), "nearly right where"),
        (lambda h, rate, steps: stopping(h, rate, steps) / h, "The h is missing"),
        (lambda h, rate, steps: h * h / stopping(h, rate, steps), "upside down"),
        (lambda h, rate, steps: h + stopping(h, rate, steps), "Take h away"),
        (lambda h, rate, steps: left(h, rate, steps) * h, "Solve for it"),
        (left, "the share of the way that is left"),
        (lambda h, rate, steps: 1 - left(h, rate, steps), "the share of the way that is done"),
        (lambda h, rate, steps: stopping(h, rate, steps + 1), "One step too many"),
        (lambda h, rate, steps: stopping(h, rate, max(1, steps - 1)), "One step too few"),
        (lambda h, rate, steps: -1.0, "too small"),
        (0.1, "The answer is a function"),
    ],
)
def test_stopping(answer: Any, said: str) -> None:
    assert check("generalisation.stopping", stopping)
    verdict = check("generalisation.stopping", answer)
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
        (lambda A, dA, c, r: both(A, dA, c, r)[::-1], "in the other order"),
        (lambda A, dA, c, r: (A * c / (1 - r), dA * (A * c > 0) / (1 - r)), "Ask `coins` which stay"),
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


def of_one_size(images: Any, down: int, right: int) -> Any:
    """Right for images of 6 by 6 pixels, and for no others."""
    down, right = np.clip([down, right], -6, 6)
    paper = np.pad(images, ((0, 0), (6, 6), (6, 6)))
    return paper[:, 6 - down : 12 - down, 6 - right : 12 - right]


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
        (of_one_size, "The shape should be (4, 9, 9)"),
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
        (lambda S, phi: tuple(-move for move in turn(S, phi)), "and not the other way about"),
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
        (lambda X, w, r: r / (1 - r) * (X.mean(axis=0) ** 2 @ w**2), "Square first and average then"),
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
