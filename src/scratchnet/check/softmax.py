"""Mark the exercises of the chapter "softmax"."""

import warnings
from typing import Any

import numpy as np

from scratchnet.activations import softmax, softmax_backward
from scratchnet.check import exercise, expect_array, expect_function, expect_number, hint, same
from scratchnet.types import FloatArray


@exercise("softmax.odds", "The logarithms of the probabilities, shifted so that the first score is 0.")
def _odds(answer: Any) -> None:
    p = np.array([0.1, 0.3, 0.6])
    z = expect_array(answer, (3,))
    want = np.log(p) - np.log(p[0])
    if np.allclose(z, want, atol=0.005):
        return
    if np.allclose(z, p):
        hint("These are the probabilities. Which scores have *differences* that are the log-odds?")
    if np.allclose(z, p / p[0]):
        hint("These are the odds against the first class; scores are their logarithms.")
    for base, name in ((2.0, "2"), (10.0, "10")):
        if np.allclose(z, want / np.log(base), atol=0.005):
            hint(f"This is the logarithm to base {name}. Softmax undoes the natural one, `np.log`.")
    if np.allclose(z, -want, atol=0.005):
        hint("The signs are turned: a more probable class needs a larger score.")
    if np.allclose(z - z[0], want, atol=0.005):
        hint("Softmax of these is right, but the first score should be 0. Shift all three.")
    reached = softmax(z[None].astype(np.float64))[0]
    hint(f"Softmax of these scores is {np.array2string(reached, precision=3)}; wanted: [0.1 0.3 0.6].")


@exercise("softmax.by_hand", "Take away the weighted mean, scale by the probability; the sum is zero, as it must be.")
def _by_hand(answer: Any) -> None:
    dp, p = np.array([3.0, -1.0, 1.0]), np.array([0.5, 0.25, 0.25])
    dz = expect_array(answer, (3,))
    if np.allclose(dz, softmax_backward(dp[None], p[None])[0], atol=1e-4):
        return
    centred = dp - p @ dp
    if np.allclose(dz, centred, atol=1e-4):
        hint("The weighted mean is taken away; now scale each entry by its probability.")
    if np.allclose(dz, p * dp, atol=1e-4):
        hint("That is p·dp, as if raising one score left the other probabilities alone. What is subtracted first?")
    if np.allclose(dz, p * (1 - p) * dp, atol=1e-4):
        hint("That uses the diagonal of the Jacobian only. The other classes pay: where are the terms −pᵢpⱼ?")
    if np.allclose(dz, p * (dp - dp.mean()), atol=1e-4):
        hint("That takes away the plain mean of dp. The mean must be weighted with the probabilities.")
    if np.allclose(dz, p * (dp + p @ dp), atol=1e-4):
        hint("The weighted mean is added; it should be taken away.")
    if abs(dz.sum()) > 1e-4:
        hint(f"These sum to {dz.sum():.4g}, but a gradient with respect to scores sums to zero, by shift invariance.")
    hint("It sums to zero, as it should, but the entries are not right. First find Σ pᵢ dpᵢ.")


@exercise("softmax.logistic", "No exponent is ever positive, so nothing overflows, and small values keep their digits.")
def _logistic(answer: Any) -> None:
    expect_function(answer)
    t = np.array([-2.0, 0.0, 0.5, 3.0])
    want = 1 / (1 + np.exp(-t))
    given = expect_array(answer(t.copy()), t.shape)
    if same(given, 1 - want) and not same(given, want):
        hint("This falls where it should rise: it is σ(−t).")
    if not same(given, want):
        hint("It is wrong already for moderate t: σ(0) = 0.5, and σ(3) is about 0.953.")
    extreme = np.array([-1000.0, -40.0, 40.0, 1000.0])
    far = _without_warning(answer, extreme)
    if not np.isclose(far[1], np.exp(-40.0), rtol=1e-6, atol=0):
        hint(
            f"σ(−40) is about 4.2e-18, and yours is {far[1]:.2g}. It is lost where it is 1 minus something near 1, or "
            "where something is added or clipped."
        )
    if not np.allclose(far, [0, 0, 1, 1], atol=1e-12):
        hint("Far to the left it should tend to 0, far to the right to 1.")
    t = np.random.default_rng(2).permutation(np.linspace(-708.0, 708.0, 2833))
    found = _without_warning(answer, t)
    want = np.exp(-np.logaddexp(0.0, -t))
    for tolerance in (1e-2, 1e-5):  # what is plainly wrong is shown before what is wrong in its fifth digit
        off = np.abs(found - want) > tolerance * want
        if not off.any():
            continue
        at = np.flatnonzero(off)[np.abs(t[off]).argmin()]
        hint(f"σ({t[at]:g}) is about {want[at]:.6g}, and yours is {found[at]:.6g}.")


def _without_warning(answer: Any, t: FloatArray) -> FloatArray:
    """What the function returns for t; refuse NaN, any warning of NumPy's, and another shape."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with np.errstate(all="warn", under="ignore"):
            found = answer(t.copy())
    values = np.asarray(found)
    if values.shape == t.shape and values.dtype.kind == "f" and np.isnan(values).any():
        hint(f"For t = {t[np.isnan(values)][0]:g} it gives nan. Which exponential overflowed there?")
    said = [str(warning.message) for warning in caught if issubclass(warning.category, RuntimeWarning)]
    if said:
        hint(
            f'NumPy warned on the way, "{said[0]}", even if the values are right. No exponent need ever be positive; '
            "and `np.where` computes both branches, for every t."
        )
    return expect_array(found, t.shape)


@exercise("softmax.one_maximum", "Each row needs its own maximum: one far below another loses all its exponentials.")
def _one_maximum(answer: Any) -> None:
    Z = expect_array(answer, (2, 3)).astype(np.float64)
    with np.errstate(over="ignore"):
        E = np.exp(Z - Z.max())
    sums = E.sum(axis=1)
    if (sums == 0).any():
        return
    gap = abs(Z[0].max() - Z[1].max())
    if gap == 0:
        hint("Both rows have the same maximum, so one for all is as good as one for each. Make them differ.")
    if (E == 0).any():
        hint("An entry underflows to 0, but its row still has a positive sum. A whole row must vanish.")
    hint(f"The maxima of the rows are {gap:g} apart, and e to −{gap:g} is still positive. How far is far enough?")


@exercise("softmax.jacobian", "A diagonal matrix minus an outer product, for each row.")
def _jacobian(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(0)
    for N, K in ((4, 3), (5, 5), (1, 2), (3, 10)):
        P = softmax(rng.standard_normal((N, K)))
        given = np.asarray(answer(P.copy()))
        if given.shape == (K, K) and N > 1:
            hint("One matrix for the whole batch: yours has mixed the rows. Wanted is one for each row, (N, K, K).")
        J = expect_array(given, (N, K, K))
        outer = P[:, :, None] * P[:, None, :]
        diagonal = P[:, :, None] * np.eye(K)
        if same(J, diagonal - outer):
            continue
        if same(J, outer - diagonal):
            hint("The sign is turned: raising a score raises its own probability, so the diagonal is positive.")
        if same(J, diagonal - outer * np.eye(K)):
            hint("The diagonal is right and the rest is zero. What does raising zⱼ do to the other probabilities?")
        if same(J, -outer):
            hint("That is −pᵢpⱼ everywhere; on the diagonal diag(p) is missing.")
        if same(J, diagonal + outer):
            hint("The sign of the outer product is turned: the rows of your matrices do not sum to zero.")
        if same(J, np.eye(K) - outer):
            hint("On the diagonal stands 1 where diag(p) has pᵢ.")
        hint("The shape is right, the entries are not. Compare with the matrix for (0.2, 0.3, 0.5) in the chapter.")


def _largest(z: FloatArray, temperature: float) -> float:
    with np.errstate(all="ignore"):  # so cold that z/T is infinite: then the answer is not a number, and no match
        return float(softmax(z[None] / temperature).max())


@exercise("softmax.temperature", "The confidence falls with T, so halving an interval always finds it.")
def _temperature(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(3)
    cases = (
        ([2.0, 1.0, 0.0], 0.5),
        ([24.0, 22.0, 3.0, -8.0], 0.9),
        ([0.3, 0.1], 0.99),
        ([60.0, 10.0, 0.0], 0.4),
        ([-8.0, 3.0, 3.0, 1.5], 0.45),
        *((list(rng.standard_normal(K).round(2)), c) for K, c in ((10, 0.11), (10, 0.8), (2, 0.51), (5, 0.9999))),
        ([1e-8, 0.0], 0.9),
        ([1e8, 0.0, -1e8], 0.4),
    )
    for scores, confidence in cases:
        z = np.array(scores)
        below = np.sort(z.max() - z)[1:]
        low, high = below[[0, -1]] / np.log(len(below) * confidence / (1 - confidence))
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if _largest(z, middle) > confidence else (low, middle)
        T = expect_number(answer(z.copy(), confidence), high, tolerance=np.inf)
        if np.isclose(T, 1 / high, rtol=1e-3) and not np.isclose(high, 1, rtol=2e-3):
            hint("This is 1/T: scores are divided by the temperature, not multiplied.")
        shown = [float(score) for score in scores]
        if T <= 0:
            hint(f"A temperature is positive; for z = {shown} yours is {T:.3g}.")
        reached = _largest(z, T)
        if abs(reached - confidence) <= 1e-6:
            continue
        if not 1e-6 < high < 1e6:
            hint(
                f"For z = {shown} your T = {T:.4g} gives {reached:.4f}, not {confidence}. An interval with fixed ends "
                "misses the T of tiny or huge scores: take its ends from the differences of the scores."
            )
        if abs(reached - confidence) <= 0.01:
            hint(
                f"Close: for z = {shown} it gives {reached:.7g}, not {confidence}; wanted is 1e-6. Go on halving "
                "if you halve an interval."
            )
        side = "too hot" if reached < confidence else "too cold"
        hint(f"For z = {shown} your T = {T:.4g} gives {reached:.3f}, not {confidence}: {side}.")
