"""Mark the exercises of the chapter "training"."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_function, expect_number, expect_several, hint
from scratchnet.losses import cross_entropy, cross_entropy_backward
from scratchnet.network import backward, forward
from scratchnet.parameters import Parameters, initialize
from scratchnet.types import FloatArray, IntArray

# In the chapter the six causes are dealt to the panels A to F by the same shuffle.
CAUSES = ("healthy", "rate too large", "rate too small", "uniform start", "not shuffled", "few images")
PANELS = dict(zip("ABCDEF", map(str, np.random.default_rng(11).permutation(CAUSES)), strict=True))


@exercise(
    "training.resume", "After whole epochs the schedule needs to know nothing of batches: progress is kept/epochs."
)
def _resume(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(1)
    drawn = []
    for kept, over in enumerate((0, 1, 2, -1, 1, -2), start=1):  # `over` images more than whole batches
        B = int(rng.integers(4, 50))
        drawn.append((B * int(rng.integers(5, 100)) + over, B, 7, kept))
    for N, B, epochs, kept in ((6000, 32, 10, 3), (100, 10, 8, 4), (70, 16, 5, 0), (70, 16, 7, 2), *drawn):
        each = -(-N // B)
        steps, progress = expect_several(answer(N, B, epochs, kept), "the steps taken", "the progress of the next")
        where = f" for resume({N}, {B}, {epochs}, {kept}): "
        expect_number(
            steps,
            kept * each,
            (kept * (N // B), "Round up, because the small batch at the end of an epoch is a step too."),
            (kept * N / B, "A step is a whole batch and N is seldom a multiple of the batch size."),
            ((kept + 1) * each, "The epoch that was broken off is run again and only whole epochs count."),
            (kept * N, "Those are images and not steps."),
            (epochs * each, "Those are the steps of the whole run."),
            (kept * each + 1, "Steps already taken are asked for and the next one is not among them."),
            tolerance=1e-7,
            where="Steps" + where,
        )
        expect_number(
            progress,
            kept / epochs,
            (
                (kept * each + 1) / (epochs * each),
                "Progress is the part already done, so the step about to come does not count.",
            ),
            (
                kept / (epochs - kept),
                "That is progress among the steps that are left and the schedule counts them all.",
            ),
            (kept * each, "The number of steps is not yet divided by the steps of the whole run."),
            (1 - kept / epochs, "That is the part still to come and the schedule wants the part done."),
            (0.0, "A schedule that begins again at 0 makes steps long again."),
            tolerance=1e-6,
            where="Progress" + where,
        )


def _by_hand(
    params: Parameters,
    X: FloatArray,
    y: IntArray,
    rate: float,
    batch_size: int,
    order: IntArray,
    labels: IntArray | None = None,
) -> tuple[FloatArray, float]:
    """Return θ after one epoch in this order, and the mean loss met on the way. `labels` go unshuffled beside X."""
    params = params.copy()
    total = 0.0
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        truth = y[rows] if labels is None else labels[start : start + batch_size]
        Z, cache = forward(params, X[rows])
        total += len(rows) * cross_entropy(Z, truth)
        params.theta -= rate * backward(params, cache, cross_entropy_backward(Z, truth)).theta
    return params.theta, total / max(1, len(order))


@exercise("training.epoch", "One shuffle, every image once, a step after each batch: everything else is bookkeeping.")
def _epoch(answer: Any) -> None:
    expect_function(answer)
    # The sizes of the network, the number of images, and the batch size. The last batch is small, or of one image, or
    # whole, or the only one, or comes after many.
    for seed, (sizes, N, size) in enumerate(
        (((6, 5, 3), 22, 5), ((4, 3, 5, 2), 21, 4), ((3, 4), 12, 6), ((5, 2, 3), 4, 7), ((3, 2), 101, 2))
    ):
        rng = np.random.default_rng(seed)
        X, y = rng.random((N, sizes[0])), rng.integers(0, sizes[-1], N)
        start = initialize(sizes, rng, dtype=np.float64)
        _one_epoch(answer, start, X, y, rate=float(rng.uniform(0.2, 0.5)), size=size, seed=seed + 10)


def _one_epoch(answer: Any, start: Parameters, X: FloatArray, y: IntArray, rate: float, size: int, seed: int) -> None:
    params, X_given, y_given = start.copy(), X.copy(), y.copy()
    given, ours = np.random.default_rng(seed), np.random.default_rng(seed)
    seen = answer(params, X_given, y_given, rate, size, given)
    order = ours.permutation(len(X))
    want, loss = _by_hand(start, X, y, rate, size, order)
    if not np.array_equal(X, X_given) or not np.array_equal(y, y_given):
        hint("X or y has another order than before: shuffle row numbers, not the caller's arrays.")
    if np.array_equal(params.theta, start.theta):
        hint("The parameters are as they were. Every batch should move them, in place.")
    if not np.allclose(params.theta, want, rtol=0, atol=1e-9):
        _explain_epoch(params.theta, start, X, y, rate, size, order)
    losses = _losses(start, X, y, rate, size, order)
    expect_number(
        seen,
        loss,
        (
            losses["batches"],
            "The last batch is smaller, so the mean of the batch losses is not the mean over the images.",
        ),
        (losses["after"], "That is the loss after the epoch and asked for is the one met on the way."),
        (losses["late"], "Measure the loss of a batch before the step on it and not afterwards."),
        (loss * len(X), "That is a sum over the images and the mean is asked for."),
        (losses["batches"] * -(-len(X) // size), "That is the sum of the batch losses."),
        (losses["last"], "That is the loss of the last batch alone."),
        tolerance=1e-6,
        where=f"The loss with {len(X)} images in batches of {size}: ",
    )
    if given.random() != ours.random():
        hint("Draw one permutation and nothing else from the `rng` given: the epoch after this one draws from it, too.")


def _losses(start: Parameters, X: FloatArray, y: IntArray, rate: float, size: int, order: IntArray) -> dict[str, float]:
    """Return the numbers one may take for the mean loss met on the way."""
    params, before, after, parts = start.copy(), [], [], []
    for first in range(0, len(order), size):
        rows = order[first : first + size]
        before.append(cross_entropy(forward(params, X[rows])[0], y[rows]))
        params.theta[:] = _by_hand(params, X, y, rate, size, rows)[0]
        after.append(cross_entropy(forward(params, X[rows])[0], y[rows]))
        parts.append(len(rows))
    return {
        "batches": float(np.mean(before)),
        "late": float(np.average(after, weights=parts)),
        "last": before[-1],
        "after": cross_entropy(forward(params, X)[0], y),
    }


def _explain_epoch(
    theta: FloatArray, start: Parameters, X: FloatArray, y: IntArray, rate: float, size: int, order: IntArray
) -> None:
    plain = np.arange(len(X))
    whole = len(X) // size * size

    def theta_of(rate: float = rate, size: int = size, order: IntArray = order, **more: IntArray) -> FloatArray:
        return _by_hand(start, X, y, rate, size, order, **more)[0]

    summed, twice = start.copy(), start.copy()
    for first in range(0, len(order), size):
        rows = order[first : first + size]
        summed.theta[:] = _by_hand(summed, X, y, rate * len(rows), size, rows)[0]
        twice.theta[:] = _by_hand(twice, X, y, rate / len(rows), size, rows)[0]
    for wrong, sentence in (
        (theta_of(rate=-rate), "The loss is climbing: a step goes *against* the gradient."),
        (theta_of(order=plain), "The images come in the order of the file. Shuffle them."),
        (theta_of(order=order[:whole]), "The last batch is smaller than the others, and you left it out."),
        (theta_of(labels=y), "X is shuffled and y is not, so each image is told the label of another."),
        (theta_of(size=len(X)), "That is one step for the whole epoch. Step after each batch."),
        (theta_of(size=1), "You step after every single image. Step after `batch_size` of them."),
        (theta_of(order=order[:size]), "Only one batch was used: is the `return` inside the loop?"),
        (summed.theta, "The steps are too long, by the size of the batch: the gradient is that of a mean."),
        (twice.theta, "The steps are too short, by the size of the batch: the 1/N is in the gradient already."),
    ):
        if np.allclose(theta, wrong, rtol=0, atol=1e-9):
            hint(sentence)
    hint(
        f"With a network {'-'.join(map(str, start.sizes))} and {len(X)} images in batches of {size} the parameters end "
        "elsewhere. Draw one `rng.permutation(len(X))`, go through it from left to right, and move every "
        "layer by `learning_rate` times its gradient."
    )


def _stops(losses: Sequence[float], patience: int) -> tuple[int, int]:
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


@exercise("training.patience", "It looks at nothing but the past, which is all that one has while training.")
def _patience(answer: Any) -> None:
    expect_function(answer)
    cases: list[tuple[list[float], int]] = [
        ([0.9, 0.8, 0.7, 0.5, 0.7, 0.6, 0.65, 0.7, 0.3], 2),  # here every mistake but one ends elsewhere
        ([0.8, 0.5, 0.5, 0.5, 0.4], 2),  # a tie
        ([0.9, 0.8, 0.7, 0.6], 2),  # never stops
        ([0.5, 0.6, 0.7, 0.8], 1),
        ([0.9, 0.95, 0.8, 0.85, 0.7, 0.75, 0.6], 2),  # bad epochs, but never two in a row
        ([0.5, 0.4999, 0.6, 0.4998, 0.7, 0.8, 0.9], 3),  # a small gain is one
    ]
    rng = np.random.default_rng(2)
    for n in range(60):  # few different values, so that ties are frequent
        cases.append(((rng.integers(1, 9, 1 + n % 12) / 10).tolist(), int(rng.integers(1, 5))))
    for scale in (0.01, 1, 100):  # long runs, and losses that are nowhere near 1
        for patience in (3, 12):
            bumps = rng.uniform(0.8, 1.2, 60) * np.geomspace(1, 0.1, 60)
            cases.append(((scale * np.concatenate([bumps, bumps[::-1]])).round(4).tolist(), patience))
    for losses, patience in cases:
        best, last = expect_several(answer(list(losses), patience), "the best epoch", "the last one")
        got = (expect_number(best, 0, tolerance=np.inf), expect_number(last, 0, tolerance=np.inf))
        if got == _stops(losses, patience):
            continue
        for wrong, sentence in _wrong_stops(losses, patience):
            if got == wrong:
                hint(sentence)
        hint(f"For {losses} and patience {patience} you say {best} and {last}. Go through it with a pencil.")


def _wrong_stops(losses: list[float], patience: int) -> list[tuple[tuple[int, int], str]]:
    best, last = _stops(losses, patience)
    lowest, end = int(np.argmin(losses)) + 1, len(losses)
    ties = [loss - 1e-9 * n for n, loss in enumerate(losses)]
    rises = next((n for n in range(2, end + 1) if _rising(losses[:n], patience)), end)
    return [
        ((best - 1, last - 1), "Epochs are counted from 1 here."),
        ((best - 1, last), "The best epoch is counted from 0 and the last one from 1."),
        ((last, best), "The order is: first the best epoch, then the last."),
        (_stops(ties, patience), "An equal loss is no improvement: patience runs on."),
        ((lowest, last), "The best epoch you give lies after the stop: nobody has seen it yet."),
        ((lowest, end), "You read all the losses. Training stops before their end."),
        ((last, last), "When it stops, the smallest loss lies `patience` epochs back: give that epoch."),
        (_stops(losses, patience + 1), "You wait one epoch too long."),
        (_stops(losses, patience - 1), "You stop one epoch too early."),
        ((_stops(losses[:rises], end)[0], rises), "Compare with the best loss so far, not with the one before."),
        (_stops([-loss for loss in losses], patience), "You look for the largest loss."),
    ]


def _rising(losses: list[float], patience: int) -> bool:
    """Whether each of the last `patience` losses is at least the one before it."""
    return len(losses) > patience and bool((np.diff(losses[-patience - 1 :]) >= 0).all())


@exercise("training.paired", "What the seed does to both recipes alike cancels; luck they do not share stays in.")
def _paired(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(9)
    for n, step in ((5, 0.02), (8, 0.005), (2, 0.01), (11, -0.003), (30, -0.05)):
        luck = rng.normal(0, 0.01, n)
        before, after = 0.9 + luck, 0.9 + step + luck + rng.normal(0, 0.006, n)
        mean, spread = expect_several(answer(before.copy(), after.copy()), "the mean", "the standard deviation")
        gain = after - before
        expect_number(
            mean,
            float(gain.mean()),
            (float(-gain.mean()), "A gain is after minus before."),
            (float(np.median(gain)), "That is the median."),
            (float(gain.sum()), "That is a sum and the mean is asked for."),
            tolerance=1e-7,
            where="The mean ",
        )
        sample = float(gain.std(ddof=1))
        expect_number(
            spread,
            sample,
            (float(gain.std()), "That divides by the number of gains and a sample standard deviation by one less."),
            (
                float(np.hypot(before.std(ddof=1), after.std(ddof=1))),
                "That treats the two lists as unrelated but each pair shares a seed, so subtract first.",
            ),
            (
                float(np.hypot(before.std(), after.std())),
                "That treats the two lists as unrelated and divides by their length.",
            ),
            (float(after.std(ddof=1) - before.std(ddof=1)), "A spread of differences is not a difference of spreads."),
            (
                float(sample / np.sqrt(n)),
                "That is the standard error of the mean and asked for is the spread of the differences.",
            ),
            (float(gain.var(ddof=1)), "That is the variance and a root is missing."),
            tolerance=1e-7,
            where="The spread ",
        )


EVIDENCE = {
    "healthy": "A healthy run falls fast at first, ends low, and the two curves stay near each other.",
    "rate too large": "Too large a rate makes the loss jump about, or leaves it high for ever because units have died.",
    "rate too small": "With too small a rate the loss falls steadily and slowly, and the curves hardly part.",
    "uniform start": "The uniform start shows in the very first number: it is well above ln 10.",
    "not shuffled": "Without a shuffle the network sees all its nines last and forgets the rest.",
    "few images": "Too few images show in the gap: the training loss falls, and the dev loss stays behind.",
}


@exercise(
    "training.diagnose", "The first number, the pace, the noise and the gap: four things to look at, in this order."
)
def _diagnose(answer: Any) -> None:
    if not isinstance(answer, Mapping) or set(answer) != set(PANELS):
        hint('The answer is a dictionary with a cause for each letter from "A" to "F".')
    unknown = [cause for cause in answer.values() if cause not in CAUSES]
    if unknown:
        hint(f"{unknown[0]!r} is not one of the causes: {', '.join(CAUSES)}.")
    for letter, cause in sorted(answer.items()):
        if cause != PANELS[letter]:
            hint(f"{letter} is not {cause!r}. {EVIDENCE[cause]}")


def _exact_maximum(m: int, n: int, p: float, lowest: bool = False) -> float:
    """Return the expected maximum, or minimum, of m independent accuracies on n images."""
    k = np.arange(n + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])  # of the factorials
    F = np.cumsum(np.exp(logs[n] - logs[k] - logs[n - k] + k * np.log(p) + (n - k) * np.log(1 - p)))[:-1]
    return float(((1 - F) ** m if lowest else 1 - F**m).sum() / n)


@exercise("training.maximum", "That is what the best of m equally good models scores, by luck alone.")
def _maximum(answer: Any) -> None:
    expect_function(answer)
    for m, n, p in ((20, 200, 0.9), (2, 50, 0.5), (1, 40, 0.8), (7, 31, 0.97), (3, 5, 0.3), (4, 2000, 0.9)):
        sigma = float(np.sqrt(p * (1 - p) / n))
        right = _exact_maximum(m, n, p)
        try:
            got = answer(m, n, p)
        except OverflowError:
            hint(f"For n = {n} a number grows beyond what a float holds: add logarithms, and exponentiate at the end.")
        if n > 1000 and not (np.abs(np.asarray(got) - p) < 0.05).all():
            hint(f"For n = {n} the first term, (1 − p)ⁿ, is too small for a float: add logarithms, exponentiate last.")
        mistakes = (
            (p + sigma * float(np.sqrt(2 * np.log(m))), "That is the bound and the value itself is smaller."),
            (right - p, "That is what luck adds and the accuracy p is missing."),
            (right * n, "That is a number of images and an accuracy is asked for."),
            (p, "That is the expected accuracy of one model and you choose the best of m."),
            (_exact_maximum(m, n, p, lowest=True), "That is the expected minimum."),
            (p + sigma, "That is one standard deviation above p whatever m is."),
            (right - 1 / n, "That is one image short, so look where the sum begins."),
        )
        value = expect_number(got, right, tolerance=np.inf)
        near = 1e-6 < abs(value - right) < 4e-3
        if near and not any(abs(value - reached) <= 1e-6 for reached, _ in mistakes):
            hint(
                f"For m = {m}, n = {n}, p = {p:g} that is near, and not the value: a simulation comes as close, "
                "or a normal approximation. The sum over k is exact."
            )
        where = f"For m = {m}, n = {n}, p = {p:g}: "
        expect_number(
            got,
            right,
            *mistakes,
            tolerance=1e-6,
            where=where,
        )
