"""Mark the exercises of the chapter "cross-entropy"."""

from typing import Any

import numpy as np

from scratchnet.activations import softmax
from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same
from scratchnet.layers import linear
from scratchnet.losses import cross_entropy_backward
from scratchnet.types import FloatArray, IntArray


@exercise("cross_entropy.bits", "One, three and five bits: three on average.")
def _bits(answer: Any) -> None:
    right = np.array([1 / 2, 1 / 8, 1 / 32])
    bits = -np.log2(right)
    expect_number(
        answer,
        float(bits.mean()),
        (float(-np.log(right).mean()), "That is in nats and the question asks for bits."),
        (float(bits.sum()), "That is the sum over the images and the loss is their mean."),
        (float(-bits.mean()), "The sign is turned, because the logarithm of a probability is negative."),
        (float(-np.log2(right.mean())), "You averaged the probabilities first but the loss averages the logarithms."),
        (float(-np.log10(right).mean()), "That logarithm has base 10 and bits have base 2."),
        tolerance=1e-3,
    )


@exercise("cross_entropy.log_sum_exp", "What is taken out of the exponentials must be put back outside the logarithm.")
def _log_sum_exp(answer: Any) -> None:
    expect_function(answer)
    Z = np.array([[0.0, 0.0, 0.0, 0.0], [2.0, 1.0, 0.0, -1.0]])
    with np.errstate(all="ignore"):  # a naive answer overflows here, and the hint says so in words
        small = np.asarray(answer(Z.copy()))
        if small.shape == (2, 1):
            hint("The shape is (N, 1). Wanted is (N,), one number a row: `keepdims` belongs to the maximum only.")
        small = expect_array(small, (2,))
        want = np.log(np.exp(Z).sum(axis=1))
        top = Z.max(axis=1)
        if np.allclose(small, want - top) and not np.allclose(small, want):
            hint("The maximum was taken away and never added again: log-sum-exp of (2, 1, 0, −1) is more than 2.")
        if np.allclose(small, want + top):
            hint("The maximum is added, but it was never taken away inside the exponentials.")
        if np.allclose(small, np.log(np.exp(Z).sum())):
            hint("That sum runs over the whole array. Each row has a sum of its own: axis=1.")
        if not np.allclose(small, want):
            hint("Wrong already for small scores. For a row of K zeros the answer is log K.")
        high = np.asarray(answer(Z + 10_000))
        if not np.isfinite(high).all():
            hint("Not finite for scores around 10,000: exp overflows. Take the maximum of each row away first.")
        low = np.asarray(answer(Z - 10_000))
        if not np.isfinite(low).all():
            hint("Not finite for scores around −10,000: every exp is 0. Take the maximum away whatever its sign.")
        mixed = np.asarray(answer(np.stack([Z[1] + 10_000, Z[1] - 10_000])))
        if not np.isfinite(mixed).all():
            hint("One row at 10,000 spoils the row at −10,000: take away each row's own maximum, with keepdims=True.")
        far = np.array([[0.0, -1.0, -2e4, -2e4], [-2e4, -3e4, -2e4, -4e4], [-2e4, -2e4, -1.0, 0.0]]) + 10_000
        spread = np.asarray(answer(far.copy()))
    shifts = np.array([[10_000.0, 10_000.0], [-10_000.0, -10_000.0], [10_000.0, -10_000.0]])
    for shift, got in zip(shifts, (high, low, mixed), strict=True):
        base = want[[1, 1]] if shift[0] != shift[1] else want
        if not same(expect_array(got, (2,)), base + shift, tolerance=1e-6):
            hint(
                f"Finite, but wrong, when {shift[0]:,.0f} is added to the scores of one row and {shift[1]:,.0f} to "
                "those of the next: each answer should move by as much."
            )
    if not same(spread, far.max(axis=1) + np.log([1 + np.exp(-1), 2, 1 + np.exp(-1)]), tolerance=1e-6):
        hint("Wrong for a row in which some scores are far above the others, which then add nothing to the sum.")
    square = np.random.default_rng(4).normal(size=(5, 5))
    for Z in (square, square[:1], square[:1, :1]):
        got = expect_array(answer(Z.copy()), (len(Z),))
        if Z is square and same(got, np.log(np.exp(Z).sum(axis=0))):
            hint("With as many rows as columns it sums over columns. Each row has a sum of its own: axis=1.")
        if not same(got, np.log(np.exp(Z).sum(axis=1))):
            hint(f"Right for scores of shape (2, 4), but not for {Z.shape}: no size should be special.")


@exercise("cross_entropy.soft", "With rows of Q that sum to one it is (P − Q)/N, and one-hot rows are a special case.")
def _soft(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(5)
    for N, K in ((6, 4), (5, 5), (1, 3)):
        Z, Q = rng.normal(scale=4, size=(N, K)), rng.random((N, K))
        Q /= Q.sum(axis=1, keepdims=True)
        Q[0] = np.eye(K)[1]
        weight = rng.permutation([1.0, 2.0, 0.5, 1.0, 3.0, 4.0])[:N, None] + (N == 1)
        got = expect_array(answer(Z.copy(), Q.copy()), Z.shape)
        P = softmax(Z)
        for wrong, sentence in (
            (P - Q, "The loss is a mean, so every entry is divided by N."),
            (
                (Q - P) / N,
                "The sign is turned: raising the score of a class with too much probability raises the loss.",
            ),
            ((P - Q) / Z.size, "Divided by N·K. The loss sums over the classes and averages over the examples only."),
            (-Q / N, "The logarithm of the sum is missing: it depends on every score as well."),
            ((Z - Q) / N, "That subtracts from the scores. Subtract from the probabilities, softmax(Z)."),
            (-Q / P / N, "That is the derivative with respect to P. The chain goes on through softmax to Z."),
        ):
            if same(got, wrong) and N > 1:
                hint(sentence)
        if not same(got, (P - Q) / N):
            hint(
                "Not yet right even where the rows of Q sum to one. Compare with `sn.numerical_gradient` on a small Z."
            )
        got = expect_array(answer(Z.copy(), weight * Q), Z.shape)
        if same(got, (P - weight * Q) / N):
            hint("Right when each row of Q sums to one, but not otherwise: what stands before log-sum-exp then?")
        if same(got, (P - Q) / N):
            hint("You divide Q by its row sums. Keep it as it is: an example with a row sum of 2 should count twice.")
        if not same(got, weight * (P - Q) / N):
            hint("Right when each row of Q sums to one, wrong otherwise. Derive it again without using that sum.")
        weight[-1] = 0
        with np.errstate(invalid="ignore"):  # who divides by the sum of a row gets nan, and the hint says so in words
            got = np.asarray(answer(Z.copy(), weight * Q))
        if not same(got, weight * (P - Q) / N):
            hint("Wrong where a row of Q is all zero. Its example counts nothing, but N still counts every row.")


@exercise("cross_entropy.floor", "However right it is, a model with two softmaxes can never look good.")
def _floor(answer: Any) -> None:
    K = 10
    expect_number(
        answer,
        float(np.log(1 + (K - 1) / np.e)),
        (0.0, "That is the floor with one softmax and here there are two."),
        (float(np.log(K)), "That is the loss when all ten probabilities are equal and they can be better."),
        (float(np.log(np.e + K - 1)), "The score of the right class is still to be subtracted."),
        (float(np.log(1 + K / np.e)), "You counted ten wrong classes and there are nine."),
        (float(np.e / (np.e + K - 1)), "That is the probability and not its logarithm."),
        (float(np.log2(1 + (K - 1) / np.e)), "That is in bits and the question asks for nats."),
        tolerance=1e-3,
    )


@exercise("cross_entropy.disagree", "More images right, and yet a worse loss: one confident mistake outweighs them.")
def _disagree(answer: Any) -> None:
    y = np.array([0, 1, 2, 0])
    tables = []
    for name, given in zip(("P_A", "P_B"), expect_several(answer, "P_A", "P_B"), strict=True):
        P = expect_array(given, (4, 3)).astype(float)
        if P.min() <= 0:
            hint(f"{name} has an entry that is not positive; then a logarithm in the loss may be infinite.")
        if not np.allclose(P.sum(axis=1), 1):
            hint(f"A row of {name} does not sum to one.")
        ordered = np.sort(P, axis=1)
        if (ordered[:, 2] - ordered[:, 1] < 1e-9).any():
            hint(f"A row of {name} has a tie for the largest probability. Make the winner clear.")
        tables.append((float(-np.log(P[np.arange(4), y]).mean()), int((P.argmax(axis=1) == y).sum())))
    (loss_a, right_a), (loss_b, right_b) = tables
    if right_a > right_b and loss_a > loss_b:
        hint("You have exchanged A and B: B is to be the more accurate one.")
    if right_b <= right_a:
        hint(f"A has {right_a} images right and B has {right_b}. B must have more.")
    if loss_b <= loss_a + 1e-9:  # rounding must not decide
        hint(
            f"The loss of A is {loss_a:.2f} and that of B {loss_b:.2f}. B must have the larger one: let it err boldly."
        )


@exercise("cross_entropy.train", "Forward, gradient, step: the loop that every later chapter builds on.")
def _train(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(8, 4)), np.array([0, 0, 0, 0, 1, 1, 2, 0])
    K, steps, eta = 3, 5, 0.3
    W0, b0 = _returned(answer, X, y, K, 0, eta)
    if np.any(W0) or np.any(b0):
        hint("With steps = 0, W and b should come back as they start: all zero.")
    W, b = _returned(answer, X, y, K, steps, eta)
    if not np.any(W) and not np.any(b):
        hint("W and b are still zero after five steps.")
    if np.allclose(b, 0):
        hint("b has not moved. Is it updated? A sum of dZ without axis=0 adds up rows that each sum to zero.")
    for wrong, sentence in (
        (_descend(X, y, K, steps, -eta), "The loss goes up: a step goes against the gradient, so subtract."),
        (_descend(X, y, K, steps, eta * len(X)), "The steps are N times too long: 1/N is missing."),
        (_descend(X, y, K, steps, eta / len(X)), "The steps are N times too short: `cross_entropy_backward` has 1/N."),
        (_descend(X, y, K, steps, eta, bias=1 / len(X)), "b's steps are N times too short: sum, not mean."),
        (_descend(X, y, K, 1, eta), "Only one step was taken. Is `return` inside the loop?"),
        (_descend(X, y, K, steps, eta, fresh=True), "b is moved with scores from the new W. Take both from one dZ."),
    ):
        if same(W, wrong[0]) and same(b, wrong[1]):
            hint(sentence)
    want_W, want_b = _descend(X, y, K, steps, eta)
    if same(W, want_W) and not same(b, want_b):
        hint("W is right and b is not.")
    if not same(W, want_W) or not same(b, want_b):
        hint("The shapes are right, the numbers are not. Compare one step with the formulas for dW and db on paper.")
    # First as many examples as pixels and classes. Then classes without an example, and pixels so bright that gradients
    # are large. Then pixels so dark that gradients are small, which is no reason to stop before the last step.
    for N, D, K, steps, eta, scale in ((5, 5, 5, 7, 1.0, 1.0), (12, 3, 6, 2, 0.05, 9.0), (9, 3, 4, 100, 1.0, 0.01)):
        X, y = rng.normal(scale=scale, size=(N, D)), rng.integers(4, size=N)
        W, b = _returned(answer, X, y, K, steps, eta)
        want_W, want_b = _descend(X, y, K, steps, eta)
        if not same(W, want_W) or not same(b, want_b):
            hint(
                f"Right for one set of images, but not for N = {N}, D = {D}, K = {K}, {steps} steps and the rate {eta}."
            )
    again_W, again_b = _returned(answer, X, y, K, steps, eta)
    if not same(again_W, want_W) or not same(again_b, want_b):
        hint(
            "Right the first time only: called again, it goes on where it stopped. Make the zeros inside the function."
        )


def _returned(answer: Any, X: FloatArray, y: IntArray, K: int, steps: int, eta: float) -> tuple[FloatArray, FloatArray]:
    W, b = expect_several(answer(X.copy(), y.copy(), K, steps, eta), "W", "b")
    return expect_array(W, (X.shape[1], K)), expect_array(b, (K,))


def _descend(
    X: FloatArray, y: IntArray, K: int, steps: int, eta: float, fresh: bool = False, bias: float = 1
) -> tuple[FloatArray, FloatArray]:
    """Train from zero. Mistakes: with `fresh`, dZ is computed again between the updates; `bias` scales b's steps."""
    W, b = np.zeros((X.shape[1], K)), np.zeros(K)
    for _ in range(steps):
        dZ = cross_entropy_backward(linear(X, W, b), y)
        W -= eta * (X.T @ dZ)
        if fresh:
            dZ = cross_entropy_backward(linear(X, W, b), y)
        b -= bias * eta * dZ.sum(axis=0)
    return W, b
