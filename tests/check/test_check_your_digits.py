"""Chapter "your-digits": right answers pass, each typical mistake gets the hint about that mistake."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.check import check

COUNTER = itertools.count()
NINE = tuple(itertools.product((-1, 0, 1), repeat=2))


def balance(image: np.ndarray, half: float = 0.5) -> np.ndarray:
    """Pixel by pixel, as one would on paper."""
    weight = moment_down = moment_across = 0.0
    for i, row in enumerate(image.astype(float)):
        for j, ink in enumerate(row):
            weight += ink
            moment_down += ink * (i + half)
            moment_across += ink * (j + half)
    return np.array([moment_down, moment_across]) / weight


def middle_of_the_box(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return (rows[0] + rows[-1] + 1) / 2, (columns[0] + columns[-1] + 1) / 2


def flat(image: np.ndarray, half: float = 0.5) -> np.ndarray:
    return balance((image > 0).astype(int), half)


def shift(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """Pixel by pixel."""
    moved = np.zeros_like(image)
    height, width = image.shape
    for i, j in itertools.product(range(height), range(width)):
        if 0 <= i + down < height and 0 <= j + right < width:
            moved[i + down, j + right] = image[i, j]
    return moved


def cut_out(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """The same, at once: out of a frame of nothing around the image."""
    h, w = image.shape
    return np.pad(image, ((h, h), (w, w)))[h - down : 2 * h - down, w - right : 2 * w - right]


def rolled(image: np.ndarray, down: int, right: int) -> np.ndarray:
    return np.roll(image, (down, right), axis=(0, 1))


def blank_if_far(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """Right for square images."""
    return np.zeros_like(image) if max(abs(down), abs(right)) >= len(image) else shift(image, down, right)


def in_place(image: np.ndarray, down: int, right: int) -> np.ndarray:
    image[:] = shift(image, down, right)
    return image


def sliced(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """What one writes first: right for small steps, wrong at the ends."""
    moved, (h, w) = np.zeros_like(image), image.shape
    if abs(down) >= h or abs(right) >= w:
        return image
    moved[max(down, 0) : h + min(down, 0), max(right, 0) : w + min(right, 0)] = image[
        max(-down, 0) : h + min(-down, 0), max(-right, 0) : w + min(-right, 0)
    ]
    return moved


def minus_zero(image: np.ndarray, down: int, right: int) -> np.ndarray:
    return np.zeros_like(image) if down == right == 0 else shift(image, down, right)


def smeared(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """The edge's ink is repeated."""
    h, w = image.shape
    return image[np.clip(np.arange(h) - down, 0, h - 1)][:, np.clip(np.arange(w) - right, 0, w - 1)]


def mirrored(image: np.ndarray, down: int, right: int) -> np.ndarray:
    return shift(image, down, right) // 2


def fine(old: int, new: int) -> np.ndarray:
    """Count in pieces so small that both pixels are whole numbers of them."""
    pieces = np.arange(old * new)
    share = np.zeros((new, old))
    np.add.at(share, (pieces // old, pieces // new), 1)
    return share / old


def sampled(old: int, new: int) -> np.ndarray:
    return np.eye(old)[[int((i + 0.5) * old / new) for i in range(new)]]


def blended(old: int, new: int) -> np.ndarray:
    at = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    return np.array([np.interp(at, np.arange(old), column) for column in np.eye(old)]).T


def touched(old: int, new: int) -> np.ndarray:
    return (fine(old, new) > 0) / (fine(old, new) > 0).sum(axis=1, keepdims=True)


def without_zero(old: int, new: int) -> np.ndarray:
    edges, pixel = np.arange(new + 1) * old / new, np.arange(old)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return overlap * new / old


def ground(gray: np.ndarray) -> float:
    return float(np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])))


def by_edges(gray: np.ndarray, level: float | None = None) -> np.ndarray:
    level = ground(gray) if level is None else level
    return 255 - gray if 2 * level > int(gray.min()) + int(gray.max()) else gray


def by_nearer_ground(gray: np.ndarray) -> list[list[int]]:
    """Where is most of what is not ground: above it or below?"""
    away = gray.astype(int) - ground(gray)
    return (gray if (away > 20).sum() > (away < -20).sum() else ~gray).tolist()


def by_mean(gray: np.ndarray) -> np.ndarray:
    return 255 - gray if gray.mean() > 127 else gray


def overwritten(gray: np.ndarray) -> np.ndarray:
    gray[:] = by_edges(gray)
    return gray


def looks(
    steps: tuple[tuple[int, int], ...] = NINE, move: Callable = cut_out, gather: Callable | None = None
) -> Callable:
    def answer(params: sn.Parameters, image: np.ndarray) -> Any:
        X = np.array([move(image.reshape(28, 28), *step).reshape(-1) for step in steps])
        if gather is not None:
            return gather(params, X)
        return sum(sn.predict_proba(params, x[None])[0] for x in X) / len(X)

    return answer


def two_layers(params: sn.Parameters, image: np.ndarray) -> np.ndarray:
    first, second = params.layers[:2]
    X = np.array([cut_out(image.reshape(28, 28), *step).reshape(-1) for step in NINE])
    return sn.softmax(np.maximum(X @ first.W + first.b, 0) @ second.W + second.b).mean(axis=0)


def emptied(params: sn.Parameters, image: np.ndarray) -> Any:
    answers = looks()(params, image)
    params.theta[:] = 0
    return answers


def scores(params: sn.Parameters, X: np.ndarray) -> np.ndarray:
    return sn.forward(params, X)[0].mean(axis=0)


def each(
    draw: Callable[[np.random.Generator, int, int], Any] = lambda rng, most, n: rng.integers(-most, most + 1, (n, 2)),
    move: Callable = cut_out,
) -> Callable:
    def answer(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
        steps = np.broadcast_to(draw(rng, most, len(images)), (len(images), 2))
        return np.array([move(x.reshape(28, 28), *step).reshape(-1) for x, step in zip(images, steps, strict=True)])

    return answer


def moved_in_place(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    images[:] = each()(images, most, rng)
    return images


def pairs(numbers: np.ndarray, most: int) -> np.ndarray:
    """Down and right, out of one number for both."""
    return np.stack(np.divmod(numbers, 2 * most + 1), axis=1) - most


def one_axis(axis: int) -> Callable:
    return lambda rng, most, n: rng.integers(-most, most + 1, (n, 2)) * np.eye(2, dtype=int)[axis]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("your_digits.mass", balance),
        ("your_digits.shift", shift),
        ("your_digits.shares", fine),
        ("your_digits.ink", by_edges),
        ("your_digits.mass", lambda image: [float(position) for position in np.float32(balance(image))]),
        ("your_digits.shift", lambda image, down, right: shift(image, down, right).tolist()),
        ("your_digits.ink", by_nearer_ground),
        ("your_digits.ink", lambda gray: by_edges(gray).astype(float)),
        ("your_digits.average", looks()),
        ("your_digits.average", lambda params, image: looks()(params, image)[None]),
        ("your_digits.moved", each()),
        ("your_digits.moved", each(lambda rng, most, n: (rng.random((n, 2)) * (2 * most + 1)).astype(int) - most)),
        ("your_digits.moved", each(lambda rng, most, n: pairs(rng.integers((2 * most + 1) ** 2, size=n), most))),
    ],
)  # fmt: skip
def test_a_right_answer_passes(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict


def within(inside: Callable[[np.ndarray, int], Any]) -> Callable:
    """Steps, those that are not inside drawn again."""

    def draw(rng: np.random.Generator, most: int, n: int) -> np.ndarray:
        steps = rng.integers(-most, most + 1, (20 * n, 2))
        return steps[inside(steps, most)][:n]

    return draw


def rounded(rng: np.random.Generator, most: int, n: int) -> np.ndarray:
    """Both ends get half of what the others get."""
    return np.rint(rng.uniform(-most, most, (n, 2))).astype(int)


def against(rng: np.random.Generator, most: int, n: int) -> np.ndarray:
    return rng.integers(-most, most + 1, (n, 1)) * (1, -1)


def in_rows(rng: np.random.Generator, most: int, n: int) -> np.ndarray:
    """All pairs of steps in order, begun anywhere."""
    return pairs((np.arange(n) + rng.integers(99)) % (2 * most + 1) ** 2, most)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, most, n: rng.binomial(2 * most, 0.5, (n, 2)) - most,
        rounded,
        lambda rng, most, n: rng.uniform(-most - 1, most + 1, (n, 2)).astype(int),
        lambda rng, most, n: most * rng.integers(-1, 2, (n, 2)),
        lambda rng, most, n: rng.integers(-most, most + 1, (n, 2)) * (rng.random((n, 1)) < 0.7),
        lambda rng, most, n: rng.integers(-most, most + 1, (n, 2)) * np.eye(2, dtype=int)[rng.integers(2, size=n)],
        against,
        lambda rng, most, n: rng.integers(0, most + 1, (n, 2)) * rng.choice([-1, 1], (n, 1)),
        lambda rng, most, n: rng.integers(-most, most + 1, (n, 1)) * rng.choice([-1, 1], (n, 2)),
        lambda rng, most, n: np.repeat(rng.integers(-most, most + 1, (n, 2)), 2, axis=0)[:n],
        lambda rng, most, n: rng.integers(-2, 3, (n, 2)),
        lambda rng, most, n: rng.integers(-most, most + 1, (n, 2)) * (np.arange(n)[:, None] % 2),
        within(lambda steps, most: (steps**2).sum(axis=1) <= most**2),
        within(lambda steps, most: steps.any(axis=1)),
        in_rows,
    ],
)
def test_moves_that_are_not_uniform_and_independent_do_not_pass(draw: Callable) -> None:
    assert not check("your_digits.moved", each(draw))


@pytest.mark.parametrize("skipped", range(5))
def test_moves_drawn_from_anywhere_in_the_stream_pass(skipped: int) -> None:
    def later(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
        rng.random(skipped)
        return each()(images, most, rng)

    assert check("your_digits.moved", later)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("your_digits.mass", lambda image: balance(image[:, np.flatnonzero(image.any(axis=0))[0] :])),
        ("your_digits.mass", lambda image: (image.sum(axis=1) @ np.arange(0.5, 12) / image.sum(), balance(image)[1])),
        ("your_digits.shift", lambda image, down, right: shift(image, down, right).astype(np.uint8)),
        ("your_digits.shift", lambda image, down, right: rolled(np.pad(image, 28), down, right)[28:-28, 28:-28]),
        ("your_digits.shift", lambda image, down, right: shift(image, down % len(image) if down > 0 else down, right)),
        ("your_digits.shift", lambda image, down, right: cut_out(image, max(-5, min(5, down)), max(-5, min(5, right)))),
        ("your_digits.ink", lambda gray: 255 - gray if ground(gray) > 127 else gray),
        ("your_digits.ink", lambda gray: 255 - gray if gray[0, 0] > 127 else gray),
        ("your_digits.ink", lambda gray: 255 - gray if 2.0 * gray[0, 0] > int(gray.min()) + gray.max() else gray),
        ("your_digits.ink", lambda gray: 255 - gray if 2 * np.median(gray[0]) > int(gray.min()) + gray.max() else gray),
        ("your_digits.ink", lambda gray: by_edges(gray, np.median(gray[:, 0]))),
        ("your_digits.ink", lambda gray: by_edges(gray, np.median(gray[-1]))),
        ("your_digits.ink", lambda gray: by_edges(gray, np.median(gray[[0, 0, -1, -1], [0, -1, 0, -1]]))),
        ("your_digits.ink", lambda gray: by_edges(gray, np.median(gray[[0, -1]]))),
        ("your_digits.ink", lambda gray: by_edges(gray, np.median(gray[:, [0, -1]]))),
        ("your_digits.average", two_layers),
        ("your_digits.moved", lambda images, most, rng: each()(images, most, rng).astype(np.uint8)),
        ("your_digits.ink", lambda gray: 255 - gray if ground(gray) > (gray.min() + gray.max()) / 2 else gray),
    ],
)  # fmt: skip
def test_an_answer_that_is_right_by_chance_or_for_one_case_only_does_not_pass(name: str, answer: object) -> None:
    assert not check(name, answer)


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("your_digits.mass", (14.5, 14.5), "The answer is a function"),
        ("your_digits.mass", lambda image: balance(image)[::-1], "The two numbers are exchanged"),
        ("your_digits.mass", lambda image: balance(image, 0), "at i + ½"),
        ("your_digits.mass", lambda image: balance(image, 1), "Half a pixel too far"),
        ("your_digits.mass", flat, "multiply by the ink itself"),
        ("your_digits.mass", lambda image: flat(image, 0), "multiply by the ink itself"),
        ("your_digits.mass", lambda image: balance(image) * image.sum(), "Those are the moments"),
        ("your_digits.mass", lambda image: balance(image) * image.mean(), "divided by the number of pixels"),
        ("your_digits.mass", middle_of_the_box, "middle of the bounding box"),
        ("your_digits.mass", lambda image: (3.0, 4.0), "average the rows' middles"),
        ("your_digits.mass", lambda image: 14.5, "The shape should be (2,)"),
        ("your_digits.shift", np.zeros((28, 28)), "The answer is a function"),
        ("your_digits.shift", in_place, "has changed"),
        ("your_digits.shift", rolled, "came in again on the other side"),
        ("your_digits.shift", lambda image, down, right: shift(image, -down, -right), "moved the other way"),
        ("your_digits.shift", lambda image, down, right: shift(image, right, down), "the axes are exchanged"),
        ("your_digits.shift", sliced, "Mind where your slices end"),
        ("your_digits.shift", minus_zero, "A shift by nothing"),
        ("your_digits.shift", blank_if_far, "still inside, and yours is all paper"),
        ("your_digits.shift", smeared, "ink where paper should have come in"),
        ("your_digits.shift", mirrored, "not where they should be"),
        ("your_digits.shift", lambda image, down, right: image[1:], "The shape should be (5, 7)"),
        ("your_digits.shares", fine(5, 2), "The answer is a function"),
        ("your_digits.shares", lambda old, new: fine(old, new).T, "It is transposed"),
        ("your_digits.shares", lambda old, new: fine(old, new) * old / new, "the lengths covered"),
        ("your_digits.shares", lambda old, new: fine(old, new) * old * old / new, "rows sum to `old`"),
        ("your_digits.shares", lambda old, new: fine(old, new) * old, "in a finer unit"),
        ("your_digits.shares", sampled, "Take all that it covers"),
        ("your_digits.shares", blended, "blends the two old pixels"),
        ("your_digits.shares", touched, "half covered counts half"),
        ("your_digits.shares", without_zero, "a share is negative"),
        ("your_digits.shares", lambda old, new: np.ones((new, old)), "row 0 sums to 5"),
        ("your_digits.shares", lambda old, new: fine(old, new).round(2), "For 7 pixels to 3: row 1 sums to 1.01"),
        ("your_digits.shares", lambda old, new: np.ones((new, old)) / old, "from i·old/new to (i + 1)·old/new"),
        ("your_digits.ink", np.zeros((28, 28)), "The answer is a function"),
        ("your_digits.ink", overwritten, "has changed"),
        ("your_digits.ink", lambda gray: 255 - gray, "What tells you which is which?"),
        ("your_digits.ink", lambda gray: gray, "With a thin pen on white paper: the wrong way round"),
        ("your_digits.ink", by_mean, "Look at the edges"),
        ("your_digits.ink", lambda gray: 255 - gray if ground(gray) > 127 else gray, "No fixed number"),
        ("your_digits.ink", lambda gray: 255 - gray if gray[0, 0] > 127 else gray, "may hold ink"),
        ("your_digits.ink", lambda gray: -gray if ground(gray) > 127 else gray, "off by one"),
        ("your_digits.ink", lambda gray: (by_edges(gray) > 127) * 255, "nothing else should change"),
        ("your_digits.ink", lambda gray: gray.reshape(-1), "The shape should be (30, 26)"),
        ("your_digits.average", np.full(10, 0.1), "The answer is a function"),
        ("your_digits.average", lambda params, image: looks()(params, image).argmax(), "That is one number"),
        ("your_digits.average", lambda params, image: 9 * looks()(params, image), "take the mean"),
        (
            "your_digits.average",
            looks(gather=lambda params, X: sn.softmax(scores(params, X)[None])[0]),
            "You averaged the logits",
        ),
        ("your_digits.average", looks(gather=scores), "Those are logits"),
        (
            "your_digits.average",
            looks(gather=lambda params, X: sn.predict_proba(params, X.mean(axis=0)[None])[0]),
            "You averaged the images",
        ),
        ("your_digits.average", looks(steps=((0, 0),)), "Move it, too"),
        ("your_digits.average", looks(steps=tuple(s for s in NINE if 0 in s)), "along a diagonal are missing"),
        ("your_digits.average", looks(steps=tuple(s for s in NINE if s != (0, 0))), "belongs to the nine"),
        ("your_digits.average", looks(move=rolled), "not come round"),
        ("your_digits.average", emptied, "parameters that were handed in have changed"),
        ("your_digits.average", looks(gather=sn.predict_proba), "The shape should be (10,)"),
        ("your_digits.average", looks(steps=((2, 2), (1, 1))), "Make nine images"),
        ("your_digits.moved", np.zeros((5, 784)), "The answer is a function"),
        ("your_digits.moved", moved_in_place, "have changed"),
        (
            "your_digits.moved",
            lambda images, most, rng: each()(images, most, np.random.default_rng(next(COUNTER))),
            "The same seed gives other moves",
        ),
        (
            "your_digits.moved",
            lambda images, most, rng: each()(images, most, np.random.default_rng(0)),
            "Another seed gives the same moves",
        ),
        ("your_digits.moved", each(one_axis(1)), "Nothing ever moves down"),
        ("your_digits.moved", each(one_axis(0)), "Nothing ever moves to the right"),
        ("your_digits.moved", each(lambda rng, most, n: rng.integers(1, most + 1, 2) * (-1, 1)), "Each should draw"),
        ("your_digits.moved", each(lambda rng, most, n: rng.integers(-most, most + 1, (n, 1))), "along the diagonal"),
        ("your_digits.moved", each(lambda rng, most, n: rng.integers(-most - 1, most + 2, (n, 2))), "more than 2"),
        ("your_digits.moved", each(lambda rng, most, n: rng.integers(0, most + 1, (n, 2))), "Nothing moves up or left"),
        ("your_digits.moved", each(lambda rng, most, n: rng.integers(-most, most, (n, 2))), "leaves out its upper end"),
        ("your_digits.moved", each(lambda rng, most, n: rng.integers(-most + 1, most + 1, (n, 2))), "go from −2 to 2"),
        ("your_digits.moved", each(rounded), "not equally likely"),
        ("your_digits.moved", lambda images, most, rng: each()(images, most or 1, rng), "With most = 0"),
        ("your_digits.moved", each(in_rows), "of an image and of the next"),
        ("your_digits.moved", each(against), "Draw two numbers"),
        ("your_digits.moved", each(move=rolled), "came in again on the other side"),
        ("your_digits.moved", each(move=mirrored), "not a moved copy of its own"),
        ("your_digits.moved", lambda images, most, rng: images[:5], "The shape should be (100, 784)"),
    ],
)  # fmt: skip
def test_a_wrong_answer_gets_a_hint_about_that_mistake(name: str, answer: object, sentence: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert sentence in verdict.message, verdict.message
