"""Mark the exercises of the chapter "frameworks"."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same
from scratchnet.types import FloatArray


@exercise("frameworks.half", "With fewer numbers than that you pay for calling, and with more for computing.")
def _half(answer: Any) -> None:
    call, speed = 800, 5  # in nanoseconds, and in numbers per nanosecond
    expect_number(
        answer,
        call * speed,
        (call * speed / 1000, "A microsecond has 1,000 nanoseconds. Bring both times into one unit first."),
        (call * speed * 1000, "A microsecond has 1,000 nanoseconds, and not a million."),
        (call / speed, "Five numbers are added in each of the 800 nanoseconds, so multiply by the speed."),
        (call / speed / 1000, "Bring both times into one unit, and then multiply by the speed."),
        (call * speed / 2, "Calling takes half of the time together. The other half is as long as the whole call."),
        (call * speed * 2, "The additions should take as long as the call, and not twice as long."),
        (call, "Those are the nanoseconds of the call. How many numbers are added in as many?"),
    )


@exercise("frameworks.products", "Backward costs twice as much as forward, less one product that nobody needs.")
def _products(answer: Any) -> None:
    expect_function(answer)
    for sizes, N in (((784, 10, 10), 32), ((7, 5, 4, 3), 6), ((9, 2), 5), ((3, 8, 2, 6, 5), 1)):
        layers = [N * D * H for D, H in pairwise(sizes)]
        biases = N * sum(sizes[1:])
        want, all_of_them = 3 * sum(layers) - layers[0], 3 * sum(layers)
        mistakes = (
            (sum(layers), "That is the forward pass alone and a step also goes backward."),
            (2 * sum(layers) - layers[0], "That is the backward pass alone."),
            (all_of_them, "The gradient of the images is in there and training does not need it."),
            (all_of_them - layers[-1], "dX of the last layer is needed and that of the first is not."),
            (2 * sum(layers), "Every layer but the first also passes a gradient down."),
            (want // N, "That is for one image and a step takes a batch."),
            (2 * want, "That counts additions too and only multiplications are asked for."),
            (want + biases, "A bias is added and multiplies nothing."),
        )
        got = answer(sizes, N)
        # where two mistakes reach the same number (a single layer) the first one named is meant
        where = f"For products({sizes}, {N}): "
        expect_number(
            got,
            want,
            *mistakes,
            tolerance=1e-9,
            where=where,
        )


@exercise("frameworks.fixed", "Two batch sizes are enough to tell what is paid for a step and what for an image.")
def _fixed(answer: Any) -> None:
    expect_function(answer)
    # measured times are noisy, so that s or h may come out below zero
    measured = ((42000, 32, 128, 50e-3, 2e-3), (1000, 10, 30, 3.0, 0.25), (600, 60, 20, 1.0, 2.0))
    rng = np.random.default_rng(0)
    drawn = [(int(rng.integers(100, 9000)), 7 + k, 40 - k, rng.uniform(0.1, 9), rng.uniform(0.1, 2)) for k in range(4)]
    for N, B, C, s, h in (*measured, (600, 10, 20, -0.5, 1.0), (600, 10, 20, 4.0, -0.1), *drawn):
        m, n = -(-N // B), -(-N // C)
        E, F = m * (s + h * B), n * (s + h * C)
        got = expect_several(answer(N, B, E, C, F), "s", "h")
        if np.allclose(expect_array(got, (2,)), (h, s)):
            hint("The two are in the other order: first s, the cost of a step, then h, that of an image.")
        slope = (F - E) / (C - B)
        steps_not_whole = (F * C - E * B) / N / (C - B)
        expect_number(
            got[1],
            h,
            (slope, "Those are times of epochs and the line is about a step, so divide by the number of steps."),
            (steps_not_whole, "The number of steps is a whole number and the small batch at the end is a step."),
            (F / n - E / m, "The slope has the difference of the batch sizes below."),
            (-h, "The sign of h is turned round."),
            (E / m / B, "That is the time of a step over its images and the fixed part is still in it."),
            tolerance=1e-7,
            where=f"h for fixed({N}, {B}, {E:.6g}, {C}, {F:.6g}): ",
        )
        expect_number(
            got[0],
            s,
            (E / m, "That is a whole step and the part of its images is still in it."),
            (E / m - h, "Take off h for each image of the batch and not once."),
            (h * B, "That is what the images of the batch cost."),
            (s * m, "That is for the steps of a whole epoch."),
            (
                E * B / N - steps_not_whole * B,
                "The number of steps is a whole number and the small batch at the end is a step.",
            ),
            tolerance=1e-7,
            where=f"s for fixed({N}, {B}, {E:.6g}, {C}, {F:.6g}): ",
        )


def _flip_at(s1: float, r1: float, s2: float, r2: float) -> float | None:
    if r1 == r2:
        return None
    a = (s2 - s1) / (1 / r1 - 1 / r2)
    return a if a > 0 else None


@exercise("frameworks.flip", "Fixed costs decide below that size, and speed above it.")
def _flip(answer: Any) -> None:
    expect_function(answer)
    cases = [(1.0, 2.0, 4.0, 5.0), (4.0, 5.0, 1.0, 2.0), (1.0, 5.0, 4.0, 2.0), (1.0, 3.0, 2.0, 3.0)]
    # Then constants and speeds that are larger, smaller, nearly equal or equal, in every combination.
    cases += [(2.5, 3.0, 2.5 * s, 3.0 * r) for s in (0.3, 1.0, 1.01, 7.0) for r in (0.2, 0.999, 1.001, 1.0, 4.0)]
    # Then the same in seconds, with the speeds of a real machine.
    cases += [(1e-5 * s1, 1e10 * r1, 1e-5 * s2, 1e10 * r2) for s1, r1, s2, r2 in cases]
    for s1, r1, s2, r2 in cases:
        if (s1, r1) == (s2, r2):
            continue  # a program is not compared with itself
        want, call = _flip_at(s1, r1, s2, r2), f"flip({s1:g}, {r1:g}, {s2:g}, {r2:g}): "
        try:
            got = answer(s1, r1, s2, r2)
        except ZeroDivisionError:
            if r1 != r2:
                raise
            hint("With equal speeds the two lines are parallel, and you divide by zero. What is the answer then?")
        if want is None:
            if got is not None:
                if r1 == r2:
                    reason = "The speeds are equal, so the gap stays as it is"
                elif s1 == s2:
                    reason = "The fixed costs are equal, so the greater speed wins at every size above 0"
                else:
                    who = "first" if r1 > r2 else "second"
                    reason = f"The {who} program has the smaller fixed cost and the greater speed"
                hint(f"{call}{reason}. Nobody overtakes; the answer is None, not {got!r}.")
            continue
        if got is None:
            who = "first" if s1 > s2 else "second"
            hint(f"The {who} program has the larger fixed cost and the greater speed: from some size on it wins.")
        expect_number(
            got,
            want,
            (-want, "The sign is turned round."),
            ((s2 - s1) / (r1 - r2), "r is a speed so the time is the size divided by it."),
            ((s2 - s1) / (r2 - r1), "r is a speed and the time is the size divided by it."),
            (s1 + want / r1, "That is the time at which they meet and the size is asked for."),
            tolerance=1e-6,
            where=call,
        )


def _from_pytorch(
    vector: FloatArray,
    sizes: tuple[int, ...],
    turn: Callable[[FloatArray, int, int], FloatArray] = lambda part, D, H: part.reshape(H, D).T,
    biases_first: bool = False,
) -> FloatArray:
    parts, begin = [], 0
    for D, H in pairwise(sizes):
        weights, biases = vector[begin : begin + D * H], vector[begin + D * H : begin + D * H + H]
        both = [turn(weights, D, H).ravel(), biases]
        parts += both[::-1] if biases_first else both
        begin += D * H + H
    return np.concatenate(parts)


@exercise("frameworks.layout", "The same numbers in another order: a transpose is no change of the network.")
def _layout(answer: Any) -> None:
    expect_function(answer)
    for sizes in ((4, 3, 2), (3, 5, 2, 4)):
        vector = np.random.default_rng(len(sizes)).normal(size=sum(D * H + H for D, H in pairwise(sizes)))
        given, want = vector.copy(), _from_pytorch(vector, sizes)
        got = expect_array(answer(given, sizes), want.shape)
        if not np.array_equal(given, vector):
            hint("The vector that was given has changed: lay the numbers out in a new one.")
        if same(got, want):
            continue
        for wrong, sentence in (
            (vector, "Nothing has moved: each layer's weights have to be transposed."),
            (
                _from_pytorch(vector, sizes, lambda part, D, H: part.reshape(D, H).T),
                "The weights lie there as H rows of D numbers. Give them that shape first, and then transpose.",
            ),
            (
                _from_pytorch(vector, sizes, biases_first=True),
                "Within a layer the weights come first, then the biases.",
            ),
        ):
            if same(got, wrong):
                hint(sentence)
        if not same(np.sort(got), np.sort(want)):
            hint("What comes back should be the numbers of the vector, each of them once, in another order.")
        hint("The right numbers are not in the right places. Try it with one layer of 2 inputs and 1 unit, on paper.")


@exercise("frameworks.race", "Warm, interleaved, the median: whoever repeats it will find about the same.")
def _race(answer: Any) -> None:
    expect_function(answer)
    # Every first call is slow, and one round was disturbed. The first program is neither the first by name nor the
    # fastest, so that an answer that mixes these up is found out.
    durations = {"m": [90.0, 4.0, 50.0, 6.0, 8.0], "z": [90.0, 2.0, 2.5, 3.0, 2.0], "b": [90.0, 12.0, 80.0, 16.0, 18.0]}
    _one_race(answer, durations)
    _one_race(answer, {"y": [9.0, 5.0, 3.0, 7.0], "x": [9.0, 1.0, 4.0, 2.0]})
    _one_race(answer, {"only": [1.0, 2.0]})


def _one_race(answer: Any, durations: dict[str, list[float]]) -> None:
    """Let `answer` race programs that take these times, the first of each untimed, by a clock that only they move."""
    now, log = [0.0], []
    rounds = len(next(iter(durations.values()))) - 1
    left = {name: iter(times) for name, times in durations.items()}

    def runner(name: str) -> Callable[[], None]:
        def once() -> None:
            log.append(name)
            now[0] += next(left[name], 1.0)

        return once

    def clock() -> float:
        log.append("clock")
        return now[0]

    got = answer({name: runner(name) for name in durations}, rounds, clock)
    ran = [name for name in log if name != "clock"]
    each, programs = {name: ran.count(name) for name in durations}, len(durations)
    if each == dict.fromkeys(durations, rounds) and log[0] == "clock":
        hint(f"Every function ran {rounds} times, so the first round was no warm-up: call each once before, untimed.")
    if each != dict.fromkeys(durations, rounds + 1):
        hint(f"With {rounds} rounds each function should run {rounds + 1} times, once to warm up. They ran {each}.")
    if any(set(ran[k : k + programs]) != set(durations) for k in range(0, len(ran), programs)):
        hint("One program finished before the next began. The round is the outer loop: everybody once, and again.")
    if ran != (rounds + 1) * list(durations):
        hint("In every round the programs run in the order of the dictionary, so that all rounds are alike.")
    if log != ran[:programs] + [event for name in ran[programs:] for event in ("clock", name, "clock")]:
        hint("Read the clock twice for each timed call, right before and right after it, and not for the warm-up.")
    if not isinstance(got, dict) or set(got) != set(durations):
        hint("Return a dictionary with the names of `run`.")
    ratios = {name: expect_number(ratio, 0, tolerance=np.inf) for name, ratio in got.items()}
    timed = {name: np.array(times[1:]) for name, times in durations.items()}
    first, even = (
        timed[next(iter(timed))],
        "Of an even number of times, the median is halfway between the two in the middle.",
    )
    for rule, sentence in (
        (np.median, ""),
        (np.mean, "That is the mean, and one call that was held up moves it. Take the median."),
        (np.min, "That is the smallest time of each. The median was asked for."),
        (lambda times: np.sort(times)[(len(times) - 1) // 2], even),
        (lambda times: np.sort(times)[len(times) // 2], even),
    ):
        middle = {name: float(rule(times)) for name, times in timed.items()}
        for reference, other in (
            (float(rule(first)), ""),
            (1.0, "Those are seconds. Divide by the first one's median."),
            (min(middle.values()), "You divide by the fastest. Divide by the first one's median."),
        ):
            if all(np.isclose(ratios[name], middle[name] / reference) for name in middle):
                if sentence or other:
                    hint(sentence or other)
                return
    if all(np.isclose(ratios[name], np.median(first) / np.median(timed[name])) for name in timed):
        hint("The ratio is upside down: a program that takes twice as long as the first should get a 2.")
    hint("The numbers are not the medians over the first median. Is every time `clock()` after less `clock()` before?")
