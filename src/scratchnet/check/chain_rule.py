"""Mark the exercises of the chapter "chain-rule"."""

from functools import partial
from typing import Any

import numpy as np

from scratchnet.activations import softmax
from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same
from scratchnet.gradcheck import numerical_gradient
from scratchnet.losses import cross_entropy
from scratchnet.types import FloatArray


def expect_gradients(found: Any, names: str, want: list[FloatArray]) -> list[FloatArray]:
    """Refuse anything but as many arrays as `want` has, of its shapes and not in another order; return them."""
    found = expect_several(found, *names.split(", "))
    order = [next((place for place, array in enumerate(want) if same(gradient, array)), -1) for gradient in found]
    if sorted(order) == list(range(len(want))) != order:
        hint(f"These are the right arrays in the wrong order. Return {names}.")
    for name, gradient, array in zip(names.split(", "), found, want, strict=True):
        if np.shape(gradient) != array.shape:
            turned = " It is transposed." if np.shape(gradient) == array.shape[::-1] else ""
            hint(
                f"{name} should have the shape {array.shape}; yours has {np.shape(gradient)}.{turned} "
                f"The order is {names}."
            )
    return [expect_array(gradient, array.shape) for gradient, array in zip(found, want, strict=True)]


@exercise("chain_rule.rate", "The rate of a weight is what arrives, times the weight's own input.")
def _rate(answer: Any) -> None:
    w, x, b, t = 2, 3, 1, 6
    a = w * x + b
    expect_number(
        answer,
        2 * (a - t) * x,
        (2 * (a - t) * w, "That is the rate for the input x, because you multiplied by the weight."),
        (2 * (a - t), "That is what arrives at the product and the local derivative of wx is missing."),
        ((a - t) * x, "The two of the square is missing."),
        ((a - t) ** 2, "That is the loss and not its rate."),
        (2 * a * x, "The square has the derivative 2 times a minus t and the target is part of it."),
        (-2 * (a - t) * x, "The sign is turned, because a is larger than the target, so the loss rises with w."),
        tolerance=1e-4,
    )


@exercise("chain_rule.passes", "Two for each of 79,510. One walk back does the work of all of them.")
def _passes(answer: Any) -> None:
    weights, biases = 784 * 100 + 100 * 10, 100 + 10
    expect_number(
        answer,
        2 * (weights + biases),
        (weights + biases, "That is one pass for each parameter but each is nudged up and down."),
        (2 * weights, "The biases are parameters too."),
        (weights, "The biases are parameters too and each is nudged up and down."),
        (weights + biases + 1, "That is one pass for each and one that all share but each is nudged up and down."),
        (2 * 7960, "That is the network with ten hidden units."),
        tolerance=1e-9,
    )


@exercise("chain_rule.twice", "Two paths from x to the product, and the sum of their rates.")
def _twice(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(4)
    some = np.array([-3.0, -0.5, 0.0, 0.7, 2.0, 4.0])
    for x in (some, rng.normal(size=11), rng.uniform(-9, 9, (3, 5)), np.array([[0.3]])):
        _compare_with_swish(expect_array(answer(x.copy()), x.shape), x)
    for number in (0.7, -2.5, 3):
        at = np.array(float(number))
        slope = answer(number)
        if np.shape(slope) != ():
            hint(f"For a number the answer is a number; for {number} yours has the shape {np.shape(slope)}.")
        _compare_with_swish(expect_array(slope, ()), at)


def _compare_with_swish(got: FloatArray, x: FloatArray) -> None:
    sigma = 1 / (1 + np.exp(-x))
    f = lambda x: float((x / (1 + np.exp(-x))).sum())  # noqa: E731
    if same(got, numerical_gradient(f, x.copy(), 1e-6)):
        return
    for wrong, sentence in (
        (sigma, "That is the path through the factor x alone. x also reaches the product through σ."),
        (x * sigma * (1 - sigma), "That is the path through σ alone. x is also a factor of the product itself."),
        (sigma * (1 - sigma), "That multiplies the rates of the two factors. A product's rate is a sum of two terms."),
        (x * sigma, "That is the function itself, not its rate."),
        (sigma + sigma * (1 - sigma), "On the path through σ the product hands down its other factor, x."),
        (sigma + x * sigma, "The local derivative of σ is σ(1 − σ), not σ."),
        (sigma - x * sigma * (1 - sigma), "Rates of several paths add; here one was taken away."),
    ):
        if same(got, wrong):
            hint(sentence)
    hint("Nudging says otherwise. For x = 0 the rate is ½, and for large x it comes near 1.")


@exercise("chain_rule.bias", "A bias is multiplied by 1: its rate is the sum of all that arrives.")
def _bias(answer: Any) -> None:
    q, r = 1 / (1 + np.e), 1 / (1 + np.exp(-5.0))
    got = expect_array(answer, (2,))
    for wrong, sentence in (
        ([-2 * q + 2 * r, 4 * q], "The loss of a batch is the mean over its images, so each share is halved."),
        ([-q, 2 * q], "That is the first image alone. The second has a share of its own."),
        ([r, 0], "That is the second image alone. The first has a share of its own."),
        ([-q + r, 2 * q - 2 * r], "In the second image the second unit is off: ReLU lets nothing through there."),
        ([q - r, -2 * q], "The sign is turned."),
        ([(-q + r) / 2, (q - r) / 2], "That is db₂. The hidden units' biases get dz, not ds."),
    ):
        if np.allclose(got, wrong, atol=1e-3):
            hint(sentence)
    want = [-q + r, 2 * q]
    if np.allclose(got, want, atol=1e-3):
        return
    if np.allclose(got, want, atol=2e-2):
        hint("The way is right, and rounding on it is not: leave `q` and `r` in the answer as they are.")
    hint("A bias is multiplied by 1: each image contributes its dz, both use the bias, and the loss is their mean.")


@exercise("chain_rule.walk", "Multiply along a path, add over paths: any network of this shape, of any size.")
def _walk(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(3)
    # Two of the cases have equal sizes, for which a transposed matrix fits as well. Each class is the right one once.
    for D, H, K, y in ((5, 4, 3, 2), (3, 3, 3, 0), (2, 6, 4, 1), (4, 4, 4, 3)):
        x = rng.normal(size=D)
        start: list[FloatArray] = [rng.normal(size=shape) for shape in ((D, H), (H,), (H, K), (K,))]
        start[1][:2] = np.array([-0.05, 0.05]) - x @ start[0][:, :2]  # one unit is barely off, one barely on
        _compare_walks(answer(x.copy(), *(array.copy() for array in start), y), x, start, y)


def _compare_walks(found: Any, x: FloatArray, start: list[FloatArray], y: int) -> None:
    def loss(place: int, array: FloatArray) -> float:
        arrays = start.copy()
        arrays[place] = array
        W1, b1, W2, b2 = arrays
        return cross_entropy((np.maximum(x @ W1 + b1, 0) @ W2 + b2)[None], np.array([y]))

    want = [numerical_gradient(partial(loss, place), array, 1e-6) for place, array in enumerate(start)]
    got = expect_gradients(found, "dW1, db1, dW2, db2", want)
    right = [same(a, b) for a, b in zip(got, want, strict=True)]
    if all(right):
        return
    if all(same(a, -b) for a, b in zip(got, want, strict=True)):
        hint("Every sign is turned: the scores get p − y, not y − p.")
    W1, b1, W2, b2 = start
    straight = softmax(((x @ W1 + b1) @ W2 + b2)[None])[0] - (np.arange(len(b2)) == y)
    if same(got[3], straight):
        hint("Your scores are those of a network without ReLU: a = relu(z) goes into the second layer.")
    if not right[3]:
        hint("db2 is wrong, so look where the walk begins: the scores get p, with 1 taken away at the right class.")
    if not right[2]:
        hint("db2 is right and dW2 is not: weight (h, k) gets a[h] times ds[k], and a is after ReLU.")
    if got[1][0]:
        hint("A unit that is off hands something down: multiply by ReLU's local derivative, taken at z.")
    if not right[1]:
        hint(
            "The second layer is right and db1 is not: da[h] sums W2[h, k]·ds[k] over all k, and ReLU's rate is 1 or 0."
        )
    hint("All but dW1 is right: weight (d, h) gets x[d] times dz[h].")
