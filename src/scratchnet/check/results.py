"""Mark the exercises of the chapter "results"."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, hint
from scratchnet.losses import cross_entropy
from scratchnet.types import FloatArray, IntArray


@exercise("results.wilson", "Nowhere outside 0 to 1, and never of width 0.")
def _wilson(answer: Any) -> None:
    expect_function(answer)
    for right, n, z in ((9, 10, 2.0), (47, 50, 1.96), (50, 50, 1.645), (0, 8, 2.5), (1, 3, 1.0), (611, 4000, 3.0)):
        p, q = right / n, z**2 / n
        want = np.sort(np.roots([1 + q, -(2 * p + q), p**2]).real)
        got = expect_array(answer(right, n, z), (2,))
        if np.allclose(got, want, rtol=0, atol=1e-6):
            continue
        if np.allclose(got[::-1], want, rtol=0, atol=1e-6):
            hint("Right numbers, wrong order: the lower end comes first.")
        wald, root = z * math.sqrt(p * (1 - p) / n), z * math.sqrt(p * (1 - p) / n + q / (4 * n))
        for middle, half, sentence in (
            (p, wald, "That is Wald's interval, with the observed accuracy under the root."),
            (p, root, "The middle is not the observed accuracy: it is pulled towards one half."),
            (p, root / (1 + q), "The middle is not the observed accuracy: it is pulled towards one half."),
            (p + q / 2, root, "What is the coefficient of p squared? You have to divide by it."),
            ((p + q / 2) / (1 + q), root, "The half width has to be divided by 1 + z²/n, as the middle is."),
            (p + q / 2, root / (1 + q), "The middle has to be divided by 1 + z²/n, as the half width is."),
            ((p + q / 2) / (1 + q), wald / (1 + q), "Under the root a term is missing: multiply the discriminant out."),
            (
                (p + q / 2) / (1 + q),
                math.sqrt(p * (1 - p) / n + q / (4 * n)) / (1 + q),
                "The half width has a factor z in front of its root.",
            ),
        ):
            if np.allclose(got, (middle - half, middle + half), rtol=0, atol=1e-6):
                hint(sentence)
        hint(
            f"For {right} of {n} and z = {z:g} yours is {got[0]:.4f} to {got[1]:.4f}. Put an end into the inequality "
            "that defines the interval: is it an equality there?"
        )


@exercise("results.mcnemar", "A question about coins, answered with whole numbers.")
def _mcnemar(answer: Any) -> None:
    expect_function(answer)
    drawn = np.random.default_rng(0).integers(0, 30, (6, 2)).tolist()
    for a, b in ((7, 2), (40, 61), (4, 4), (700, 600), (0, 0), (0, 5), (1200, 1150), (90, 20), *drawn):
        m, k = a + b, min(a, b)
        ways = [math.comb(m, i) for i in range(k + 1)]
        tail = sum(ways) / 2**m
        want = min(1.0, 2 * tail)
        try:
            got = answer(a, b)
        except OverflowError:
            hint(f"For {a} and {b} a number grows beyond what a float holds: add whole numbers and divide once, last.")
        except ZeroDivisionError:
            if m > 0:
                raise
            hint("With no discordant image at all nothing speaks against equality: the p-value is 1.")
        if a == b and (np.asarray(got) > 1).all():
            hint("A probability above 1: where a equals b, the two tails share the middle.")
        larger = 2 * (1 - tail + ways[-1] / 2**m)
        value = expect_number(
            got,
            want,
            (tail, "That is one tail and the models may differ either way."),
            (ways[-1] / 2**m, "That is the chance of exactly this split and the more uneven ones count too."),
            (2 * ways[-1] / 2**m, "That is twice the chance of exactly this split and the more uneven ones count too."),
            (2 * (tail - ways[-1] / 2**m), "The observed split itself is missing from the sum."),
            (min(1.0, larger), "That is the larger tail, so add up to the smaller of the two counts."),
            (larger, "That is the larger tail and it is no probability, so add up to the smaller count."),
            (_normal(a, b, 0), "That is the normal approximation and the question is for the exact test."),
            (
                _normal(a, b, 1),
                "That is the approximation with continuity correction and the question is for the exact test.",
            ),
            tolerance=1e-7,
            where=f"For {a} and {b}: ",
        )
        if abs(value / want - 1) > 1e-6:
            hint(
                f"For {a} and {b} the p-value is {want:.3g}, and yours {value:.3g}: small numbers were lost on the way."
            )


def _normal(a: int, b: int, correction: int) -> float:
    distance = max(abs(a - b) - correction, 0) / math.sqrt(max(a + b, 1))
    return 2 * (1 - NormalDist().cdf(distance))


@exercise("results.ece", "One bincount: within a bin, right answers minus confidences.")
def _ece(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(1)
    spread = rng.beta(4, 1, 300)
    true = np.where(spread > 0.6, spread**2, np.sqrt(spread))  # too sure of some answers, too modest of others
    edges = np.array([0.5, 0.5, 0.75, 1.0, 1.0, 0.6, 0.9, 0.2])  # one of them alone in its bin
    for confidence, right, bins in (
        (spread, rng.random(300) < true, 10),
        (spread, rng.random(300) < true, 7),
        (spread[:70], rng.random(70) < true[:70], 1),
        (edges, np.array([True, False, False, True, True, True, False, False]), 4),
    ):
        n = len(confidence)
        bin_of = np.ceil(confidence * bins).astype(int) - 1
        gaps, counts = _gaps(confidence, right, bin_of, bins)
        filled = counts > 0
        means = gaps[filled] / counts[filled]
        at_left, _ = _gaps(confidence, right, np.minimum((confidence * bins).astype(int), bins - 1), bins)
        got = answer(confidence.copy(), right.copy(), bins)
        if np.asarray(got).dtype.kind == "f" and np.isnan(got).any():
            hint("NaN: an empty bin has no mean. Leave it out, or find a form that divides by no number of answers.")
        expect_number(
            got,
            float(np.abs(gaps).sum() / n),
            (float(gaps.sum() / n), "Without the absolute value gaps cancel and the result is the gap of the means."),
            (float(abs(gaps.sum()) / n), "Take the absolute value of each bin before adding and not of the sum."),
            (float(np.abs(right - confidence).mean()), "Take the gap of each bin and not of each answer."),
            (float(np.abs(means).mean()), "Bins are weighted by their answers and yours count alike."),
            (
                float(np.abs(means).sum() / bins),
                "That divides by the number of bins and the weights are shares of the answers.",
            ),
            (float(np.abs(means).max()), "That is the largest gap and the question is for the mean one."),
            (float((counts[filled] * means**2).sum() / n), "Square nothing and take absolute values."),
            (float(np.abs(gaps).sum()), "The sum is right and still to be divided by the number of answers."),
            (float(np.abs(at_left).sum() / n), "A confidence on an edge belongs to the bin below it."),
            tolerance=1e-6,
            where=f"With {n} answers and {bins} bins: ",
        )


def _gaps(confidence: FloatArray, right: Any, bin_of: IntArray, bins: int) -> tuple[FloatArray, IntArray]:
    gaps = np.bincount(bin_of, right - confidence, bins).astype(np.float64)
    return gaps, np.bincount(bin_of, minlength=bins)


@exercise("results.images", "Ask it before the experiment, while the answer can still be used.")
def _images(answer: Any) -> None:
    expect_function(answer)
    one_sided, two_sided = NormalDist().inv_cdf(0.95), NormalDist().inv_cdf(0.975)
    for d, delta, power in (
        (0.05, 0.004, 0.75),
        (0.3, 0.2, 0.9),
        (0.06, -0.01, 0.95),
        (0.4, -0.3, 0.6),
        (0.1, 0.07, 0.3),
    ):
        z = NormalDist().inv_cdf(power)

        def needed(z_alpha: float, z_beta: float, late: float, d: float = d, delta: float = delta) -> float:
            return (z_alpha * math.sqrt(d) + z_beta * math.sqrt(late)) ** 2 / delta**2

        late = d - delta**2
        want = needed(two_sided, z, late)
        got = expect_number(answer(d, delta, power), want, tolerance=math.inf)
        if abs(got - want) <= 1e-3 * want or math.floor(want) - 1e-6 <= got <= math.ceil(want) + 1e-6:
            continue  # the first: a z from a table, such as 1.96, moves a large number by more than one image
        for wrong, sentence in (
            (needed(one_sided, z, late), "The test looks both ways: 0.05 is split between two tails, 0.025 in each."),
            (needed(two_sided, 0, late), "Without z_beta the test notices one time in two. Where does the power go?"),
            (needed(two_sided, z, d), "Close: the variance of the difference is d − δ², and d only under equality."),
            (needed(two_sided, z, d - delta), "The difference is squared under the root: d − δ²."),
            (needed(two_sided, -z, late), "z_beta has the wrong sign: more power takes more images."),
            (
                needed(two_sided, NormalDist().inv_cdf((1 + power) / 2), late),
                "The power is one-sided: z_beta is the point with the normal distribution function equal to it.",
            ),
            (needed(two_sided, power, late), "That puts the power itself where its normal quantile belongs."),
            (want * abs(delta), "Divide by the square of the difference."),
            (math.sqrt(want), "That is the root of the number: the images are under a root, so square."),
            (
                (two_sided**2 * d + z**2 * late) / delta**2,
                "Square the sum of the two terms, and not each term.",
            ),
        ):
            if abs(got - wrong) <= 1:
                hint(sentence)
        expect_number(got, want, tolerance=1e-9, where=f"For d = {d}, δ = {delta} and power {power}: ")


@exercise("results.bootstrap", "Three counts carry all that ten thousand pairs have to say.")
def _bootstrap(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(3)
    hard, n, draws = rng.random(500), 500, 4000
    right_a, right_b = hard < rng.normal(0.9, 0.1, n), hard < rng.normal(0.75, 0.1, n)

    def ask(seed: int) -> FloatArray:
        return expect_array(answer(right_a.copy(), right_b.copy(), draws, np.random.default_rng(seed)), (draws,))

    got = ask(4)
    if not np.array_equal(got, ask(4)):
        hint("The same seed gives other draws: take every random number from the `rng` that is handed in.")
    if np.array_equal(got, ask(5)):
        hint("Another seed gives the same draws: take every random number from the `rng` that is handed in.")
    each = right_a.astype(float) - right_b
    middle, spread = each.mean(), each.std() / math.sqrt(n)
    apart = math.sqrt((right_a.var() + right_b.var()) / n)
    off = abs(got.mean() - middle)
    if abs(got.mean() + middle) < 0.2 * middle:
        hint("That is B minus A.")
    if abs(got.mean() / n - middle) < 0.2 * middle:
        hint("Those are counts of images: divide by N to make them differences of accuracies.")
    if abs(got.mean() * (each != 0).mean() - middle) < 0.1 * middle:
        hint("Draw all N images, and not only the discordant ones.")
    if abs(got.mean()) < 0.2 * middle:
        hint("The draws lie around 0. A bootstrap draws around what was observed; it does not assume equality.")
    if off > 0.2 * middle:
        hint(f"The draws have the mean {got.mean():.3f}, and the observed difference is {middle:.3f}.")
    for wrong, sentence in (
        (apart, "The spread is that of two separate samples: draw an image once, with both answers."),
        (each.std(), "That is the spread of a single image's difference: average over N of them."),
    ):
        if abs(got.std() / wrong - 1) < 0.08:
            hint(sentence)
    if abs(got.std() / spread - 1) > 0.08:
        hint(f"The spread of the draws is {got.std() / spread:.2f} times what it should be.")
    for only_a, only_b, n in ((9, 6, 20), (0, 4, 15), (2, 0, 12)):
        _expect_bootstrap_distribution(answer, only_a, only_b, n)


def _expect_bootstrap_distribution(answer: Any, only_a: int, only_b: int, n: int) -> None:
    """Compare 20,000 draws with the distribution itself, which for a few images can be worked out."""
    draws, each = 20_000, np.repeat([1, -1, 0], [only_a, only_b, n - only_a - only_b])
    each = np.random.default_rng(n).permutation(each)
    neither = np.arange(n) % 2 == 0  # where the two agree, half of the answers are right
    right_a, right_b = (each == 1) | (each == 0) & neither, (each == -1) | (each == 0) & neither
    got = n * expect_array(answer(right_a, right_b, draws, np.random.default_rng(7)), (draws,)).astype(np.float64)
    case = f"With {n} images, of which {only_a} are read only by A and {only_b} only by B"
    if np.abs(got - np.round(got)).max() > 1e-4:
        hint(f"{case}, a sample has a whole number of each kind, so {n} times each difference should be whole.")
    one, sample = np.array([only_b, n - only_a - only_b, only_a]) / n, np.ones(1)
    for _ in range(n):  # each image adds a difference of -1, 0 or 1
        sample = np.convolve(sample, one)
    share = np.bincount(np.clip(np.round(got), -n, n).astype(int) + n, minlength=2 * n + 1) / draws
    # By the inequality of Dvoretzky, Kiefer, Wolfowitz and Massart, right draws are off by 0.025 once in 10^10 times.
    if np.abs(np.cumsum(share) - np.cumsum(sample)).max() > 0.025:
        hint(f"{case}, your differences are distributed otherwise than those of samples drawn image by image.")


@exercise("results.temperature", "One number, and not one answer changed.")
def _temperature(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(6)
    # How sure the true logits are, and by what factor the network is too sure (or, below 1, too modest).
    for sure, scale, N, K in ((2, 3, 400, 5), (2, 0.4, 400, 5), (2, 1.3, 60, 3), (0.5, 12, 400, 4), (2, 0.2, 300, 3)):
        Z = rng.normal(0, sure, (N, K))
        y = np.array([rng.choice(K, p=p) for p in np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)])
        Z = scale * Z
        want = _minimum(lambda T, Z=Z, y=y: cross_entropy(Z / T, y))
        right = float((Z.argmax(axis=1) == y).mean())
        balanced = _minimum(lambda T, Z=Z, right=right: abs(_confidence(Z / T) - right))
        T = expect_number(answer(Z.copy(), y.copy()), want, tolerance=math.inf)
        if T == 1 and want < 1:  # in the first case, where 1 is too small, it was another number
            hint("T may also lie below 1: a network can be too modest. Your search ends at 1.")
        expect_number(
            T,
            want,
            (1 / want, "That is beta and T is one over it."),
            (
                balanced,
                "That makes the mean confidence equal to the accuracy, which is another aim than the smallest loss.",
            ),
            (1.0, "That leaves the logits as they are."),
            (20.0, "That is the edge of the interval, so the search went the wrong way."),
            (0.05, "That is the lower edge of the interval, so the search went the wrong way."),
            tolerance=1e-4 * min(1, want),
            where=f"For {N} images of {K} classes: ",
        )


def _confidence(Z: FloatArray) -> float:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return float((1 / E.sum(axis=1)).mean())


def _minimum(f: Any) -> float:
    """Return where f, falling and then rising, is smallest, by golden section on log T."""
    low, high, golden = math.log(0.05), math.log(20), (math.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if f(math.exp(left)) < f(math.exp(right)) else (left, high)
    return math.exp((low + high) / 2)
