"""The markers of chapter "frameworks": right answers pass, and each likely mistake gets the hint that is about it."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from scratchnet.check import check


def products(sizes: tuple[int, ...], batch: int) -> int:
    """Count them one by one: forward and dW in every layer, dX in all but the first."""
    total = 0
    for layer, (D, H) in enumerate(pairwise(sizes)):
        total += (2 if layer == 0 else 3) * batch * D * H
    return total


def layers(sizes: tuple[int, ...], batch: int) -> list[int]:
    return [batch * D * H for D, H in pairwise(sizes)]


def line(N: int, B: int, E: float, C: int, F: float) -> tuple[float, float]:
    s, h = np.linalg.solve([[1, B], [1, C]], [E / np.ceil(N / B), F / np.ceil(N / C)])
    return s, h


def of_line(turn: Callable[..., Any]) -> Callable[..., Any]:
    """An answer that makes something else of s, h and what was given."""
    return lambda N, B, E, C, F: turn(*line(N, B, E, C, F), N, B, E, C, F)


def not_whole(N: int, B: int, E: float, C: int, F: float) -> tuple[float, float]:
    t_B, t_C = E / (N / B), F / (N / C)
    h = (t_C - t_B) / (C - B)
    return t_B - h * B, h


def flip(s1: float, r1: float, s2: float, r2: float) -> float | None:
    if r1 == r2 or (s1 - s2) * (r1 - r2) <= 0:
        return None
    return (s2 - s1) * r1 * r2 / (r2 - r1)


def early_return(s1: float, r1: float, s2: float, r2: float) -> float | None:
    """Think of one of the two programs that win always, and not of the other."""
    return None if r1 == r2 or (s1 <= s2 and r1 > r2) else (s2 - s1) / (1 / r1 - 1 / r2)


def layout(vector: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Number by number, from where it is to where it belongs."""
    theta, base = np.empty_like(vector), 0
    for D, H in pairwise(sizes):
        for i in range(D):
            for j in range(H):
                theta[base + i * H + j] = vector[base + j * D + i]
        theta[base + D * H : base + D * H + H] = vector[base + D * H : base + D * H + H]
        base += D * H + H
    return theta


def biases_first(vector: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    theta, parts, base = layout(vector, sizes), [], 0
    for D, H in pairwise(sizes):
        parts += [theta[base + D * H : base + D * H + H], theta[base : base + D * H]]
        base += D * H + H
    return np.concatenate(parts)


def wrong_shape(vector: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    parts, base = [], 0
    for D, H in pairwise(sizes):
        parts += [vector[base : base + D * H].reshape(D, H).T.ravel(), vector[base + D * H : base + D * H + H]]
        base += D * H + H
    return np.concatenate(parts)


def in_place(vector: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    vector[:] = layout(vector, sizes)
    return vector


def race(
    run: dict,
    rounds: int,
    clock: Callable[[], float],
    *,
    warm: int = 1,
    middle: Callable[[list[float]], float] = np.median,
    interleaved: bool = True,
    shape: Callable[[dict[str, float]], Any] = lambda m: {k: v / next(iter(m.values())) for k, v in m.items()},
    more_clock: int = 0,
    more_rounds: int = 0,
) -> Any:
    """A race as a reader may write it; every mistake is a switch."""
    times: dict[str, list[float]] = {name: [] for name in run}

    def timed(name: str) -> None:
        begin = clock()
        run[name]()
        times[name].append(clock() - begin)

    if interleaved:
        for name in list(run) * warm:
            run[name]()
        for name in list(run) * (rounds + more_rounds):
            timed(name)
    else:
        for name in run:
            for _ in range(warm):
                run[name]()
            for _ in range(rounds):
                timed(name)
    for _ in range(more_clock):
        clock()
    return shape({name: float(middle(taken)) for name, taken in times.items()})


def racing(**switches: Any) -> Callable[..., Any]:
    return lambda run, rounds, clock: race(run, rounds, clock, **switches)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("frameworks.half", 4000),
        ("frameworks.half", 0.8e-6 * 5e9),
        ("frameworks.products", products),
        ("frameworks.fixed", line),
        ("frameworks.fixed", lambda *given: np.array(line(*given), np.float32)),
        ("frameworks.flip", flip),
        ("frameworks.layout", layout),
        ("frameworks.layout", lambda vector, sizes: layout(vector, sizes).astype(np.float32)),
        ("frameworks.race", race),
    ],
)
def test_a_right_answer_is_told_so(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict.message


@pytest.mark.parametrize(
    ("name", "answer", "part"),
    [
        *[
            (f"frameworks.{name}", 3, "The answer is a function")
            for name in ("products", "fixed", "flip", "layout", "race")
        ],
        ("frameworks.half", 0.8 * 5, "1,000 nanoseconds. Bring"),
        ("frameworks.half", 4e6, "not a million"),
        ("frameworks.half", 800 / 5, "multiply by the speed."),
        ("frameworks.half", 0.8 / 5, "one unit, and then"),
        ("frameworks.half", 2000, "as long as the whole call"),
        ("frameworks.half", 8000, "not twice as long"),
        ("frameworks.half", 800, "nanoseconds of the call"),
        ("frameworks.half", 4001, "too large"),
        ("frameworks.products", lambda s, N: sum(layers(s, N)), "forward pass alone"),
        ("frameworks.products", lambda s, N: products(s, N) - sum(layers(s, N)), "backward pass alone"),
        ("frameworks.products", lambda s, N: 3 * sum(layers(s, N)), "gradient of the images is in there"),
        ("frameworks.products", lambda s, N: 3 * sum(layers(s, N)) - layers(s, N)[-1], "that of the first is not"),
        ("frameworks.products", lambda s, N: 2 * sum(layers(s, N)), "Every layer but the first"),
        ("frameworks.products", lambda s, N: products(s, 1), "for one image"),
        ("frameworks.products", lambda s, N: 2 * products(s, N), "counts additions too"),
        ("frameworks.products", lambda s, N: products(s, N) + N * sum(s[1:]), "A bias is added"),
        (
            "frameworks.products",
            lambda s, N: products(s, N) + 1,
            "For products((784, 10, 10), 32): 511361 is too large",
        ),
        ("frameworks.fixed", of_line(lambda s, h, *given: s), "2 things, (s, h)"),
        ("frameworks.fixed", of_line(lambda s, h, *given: (h, s)), "in the other order"),
        ("frameworks.fixed", of_line(lambda s, h, N, B, E, C, F: (s, (F - E) / (C - B))), "times of epochs"),
        (
            "frameworks.fixed",
            of_line(lambda s, h, N, B, E, C, F: (s, (F * C / N - E * B / N) / (C - B))),
            "whole number",
        ),
        ("frameworks.fixed", not_whole, "whole number"),
        ("frameworks.fixed", of_line(lambda s, h, N, B, E, C, F: (s, h * (C - B))), "difference of the batch sizes"),
        ("frameworks.fixed", of_line(lambda s, h, *given: (s, -h)), "sign of h"),
        ("frameworks.fixed", of_line(lambda s, h, *given: (round(s, 3), round(h, 4))), "h for fixed("),
        ("frameworks.fixed", of_line(lambda s, h, *given: (s, None)), "array of numbers"),
        ("frameworks.fixed", of_line(lambda s, h, N, B, E, C, F: (s, s / B + h)), "still in it"),
        ("frameworks.fixed", of_line(lambda s, h, N, B, E, C, F: (s + h * B, h)), "a whole step"),
        ("frameworks.fixed", of_line(lambda s, h, N, B, E, C, F: (s + h * B - h, h)), "and not once"),
        ("frameworks.fixed", of_line(lambda s, h, N, B, E, C, F: (h * B, h)), "images of the batch cost"),
        ("frameworks.fixed", of_line(lambda s, h, N, B, E, C, F: (s * np.ceil(N / B), h)), "whole epoch"),
        ("frameworks.fixed", of_line(lambda s, h, *given: (abs(s), h)), "s for fixed(600, 10"),
        ("frameworks.fixed", of_line(lambda s, h, *given: (s, abs(h))), "sign of h"),
        ("frameworks.flip", lambda s1, r1, s2, r2: (s2 - s1) / (1 / r1 - 1 / r2), "first program has the smaller"),
        ("frameworks.flip", lambda s1, r1, s2, r2: flip(s1, r1, s2, r2) if r1 - r2 else 1 / 0, "divide by zero"),
        ("frameworks.flip", lambda s1, r1, s2, r2: flip(s1, r1, s2, r2) if r1 - r2 else np.inf, "speeds are equal"),
        ("frameworks.flip", lambda s1, r1, s2, r2: flip(s1, r1, s2, r2) if s1 < s2 else None, "The first program has"),
        ("frameworks.flip", lambda s1, r1, s2, r2: flip(s1, r1, s2, r2) if s1 > s2 else None, "The second program"),
        ("frameworks.flip", lambda s1, r1, s2, r2: -(flip(s1, r1, s2, r2) or 1), "turned round"),
        ("frameworks.flip", lambda s1, r1, s2, r2: (s2 - s1) / (r2 - r1), "divided by it"),
        ("frameworks.flip", lambda s1, r1, s2, r2: (s2 - s1) / (r1 - r2), "divided by it"),
        ("frameworks.flip", lambda s1, r1, s2, r2: s1 + (flip(s1, r1, s2, r2) or 0) / r1, "the size is asked for"),
        ("frameworks.flip", lambda s1, r1, s2, r2: (s2 - s1) / (1 // r1 - 1 // r2), "raised ZeroDivisionError"),
        ("frameworks.flip", lambda s1, r1, s2, r2: None if np.isclose(1 / r1, 1 / r2) else flip(s1, r1, s2, r2), "has"),
        ("frameworks.flip", lambda *given: flip(*given) or "None", "not 'None'"),
        ("frameworks.flip", early_return, "The second program has the smaller"),
        ("frameworks.flip", lambda s1, r1, s2, r2: 0.0 if s1 == s2 else flip(s1, r1, s2, r2), "fixed costs are equal"),
        ("frameworks.flip", lambda s1, r1, s2, r2: flip(s1, r1, s2, r2) and round(flip(s1, r1, s2, r2)), "too"),
        ("frameworks.layout", lambda v, s: v.copy(), "Nothing has moved"),
        ("frameworks.layout", wrong_shape, "H rows of D numbers"),
        ("frameworks.layout", biases_first, "weights come first"),
        ("frameworks.layout", in_place, "has changed"),
        ("frameworks.layout", lambda v, s: layout(v, s)[::-1], "not in the right places"),
        ("frameworks.layout", lambda v, s: layout(v, s)[:-1], "shape should be"),
        ("frameworks.layout", lambda v, s: layout(v, s).astype(int), "each of them once"),
        ("frameworks.layout", lambda v, s: layout(v, s).astype(np.float16), "each of them once"),
        ("frameworks.race", racing(warm=0), "no warm-up"),
        ("frameworks.race", racing(warm=0, more_rounds=1), "right before"),
        ("frameworks.race", racing(more_rounds=1), "should run 5 times"),
        ("frameworks.race", racing(interleaved=False), "outer loop"),
        (
            "frameworks.race",
            lambda run, rounds, clock: race(dict(reversed(run.items())), rounds, clock),
            "order of the dictionary",
        ),
        ("frameworks.race", racing(middle=lambda times: sorted(times)[len(times) // 2]), "halfway"),
        ("frameworks.race", racing(middle=lambda times: sorted(times)[(len(times) - 1) // 2]), "halfway"),
        ("frameworks.race", racing(more_clock=1), "Read the clock twice"),
        ("frameworks.race", racing(shape=lambda m: list(m.values())), "Return a dictionary"),
        ("frameworks.race", racing(middle=np.mean), "That is the mean"),
        ("frameworks.race", racing(middle=min), "smallest time"),
        ("frameworks.race", racing(shape=lambda m: m), "Those are seconds"),
        (
            "frameworks.race",
            racing(shape=lambda m: {k: next(iter(m.values())) / v for k, v in m.items()}),
            "upside down",
        ),
        ("frameworks.race", racing(shape=lambda m: {k: v / min(m.values()) for k, v in m.items()}), "by the fastest"),
        ("frameworks.race", racing(shape=lambda m: {k: v / m[min(m)] for k, v in m.items()}), "not the medians"),
        (
            "frameworks.race",
            lambda run, rounds, clock: race(dict(sorted(run.items())), rounds, clock),
            "order of the dictionary",
        ),
        ("frameworks.race", lambda run, rounds, clock: race(run, 4, clock), "With 3 rounds"),
        ("frameworks.race", racing(more_rounds=-1), "With 4 rounds"),
        ("frameworks.race", racing(middle=max), "not the medians"),
    ],
)
def test_a_wrong_answer_gets_the_hint_about_its_mistake(name: str, answer: object, part: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert part in verdict.message, verdict.message
