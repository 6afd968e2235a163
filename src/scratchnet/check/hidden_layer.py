"""Mark the exercises of the chapter "hidden-layer"."""

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np

from scratchnet.activations import relu
from scratchnet.check import exercise, expect_array, expect_function, expect_number, hint
from scratchnet.layers import linear
from scratchnet.types import FloatArray


def _call(answer: Any, names: str, arguments: tuple[FloatArray, ...], *rest: float) -> list[Any]:
    """Call the reader's function on copies; refuse what is not one thing for each name, or a changed argument."""
    expect_function(answer)
    given = [argument.copy() for argument in arguments]
    returned = answer(*given, *rest)
    if not isinstance(returned, tuple | list) or len(returned) != len(names.split(", ")):
        hint(f"The function should end in `return {names}`.")
    if any(not np.array_equal(copy, argument) for copy, argument in zip(given, arguments, strict=True)):
        hint("The function changes the arrays it was given. Copy first: `W1 = W1.copy()`.")
    return list(returned)


def _network(rng: np.random.Generator, D: int, H: int, K: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    return rng.normal(size=(D, H)), rng.normal(size=H), rng.normal(size=(H, K)), rng.normal(size=K)


def _scores(X: FloatArray, W1: FloatArray, b1: FloatArray, W2: FloatArray, b2: FloatArray) -> FloatArray:
    return linear(relu(linear(X, W1, b1)), W2, b2)


@exercise("hidden_layer.count", "Each pair of neighbouring sizes brings (D + 1)·H numbers, and nothing else does.")
def _count(answer: Any) -> None:
    expect_function(answer)
    for sizes in ((7, 5, 3), (784, 10), (784, 128, 64, 10)):
        pairs = list(pairwise(sizes))
        want = sum((D + 1) * H for D, H in pairs)
        mistakes: dict[str, Any] = {
            "The_biases_are_missing": sum(D * H for D, H in pairs),
            "Inputs_have_no_biases_and_you_counted_one_for_each": want + sizes[0],
            "A_bias_belongs_to_each_output_of_a_layer_and_not_to_each_input": sum(D * H + D for D, H in pairs),
            "You_counted_one_bias_for_each_layer_and_it_needs_one_for_each_output": sum(D * H + 1 for D, H in pairs),
            "That_is_the_first_layer_alone": (sizes[0] + 1) * sizes[1],
        }
        expect_number(answer(sizes), want, **mistakes)


@exercise("hidden_layer.merge", "Whatever the weights, two linear layers are one.")
def _merge(answer: Any) -> None:
    W1, b1, W2, b2 = _network(np.random.default_rng(1), 4, 3, 5)
    b1[:] = 1.5, -2, 0.5  # of both signs, so that a ReLU would show
    W_given, b_given = _call(answer, "W, b", (W1, b1, W2, b2))
    W = expect_array(W_given, (4, 5))
    b = expect_array(b_given, (5,))
    if not np.allclose(W, W1 @ W2):
        hint("W has the right shape and wrong entries. It is a product of two matrices, with nothing added.")
    for wrong, sentence in (
        (b2, "The first bias has been lost: it reaches the output too."),
        (b1 @ W2, "The second bias has been lost."),
        (relu(b1) @ W2 + b2, "There is no ReLU between these two layers, not even on the bias."),
    ):
        if np.allclose(b, wrong):
            hint(sentence)
    if not np.allclose(b, b1 @ W2 + b2):
        hint("W is right, b is not. Put x = 0 into the two layers: what comes out is b.")


@exercise("hidden_layer.slope", "Positive activations let the gradient through, zeros stop it.")
def _slope(answer: Any) -> None:
    expect_function(answer)
    A = relu(np.array([[-2.0, -0.5, 0.0], [0.25, 1.0, 3.0]]))
    slope = expect_array(answer(A.copy()), A.shape)
    for wrong, sentence in (
        (np.ones_like(A), "Your slope is 1 everywhere: no activation is negative, so `>= 0` holds for every entry."),
        (A, "Those are the activations themselves. The slope is 1 where a unit is on, however large its output."),
        (A <= 0, "On and off are exchanged: the slope is 1 where the activation is positive."),
        (A >= 1, "The threshold is too high: a small positive activation has slope 1 as well."),
    ):
        if np.array_equal(slope, wrong):
            hint(sentence)
    if not np.array_equal(slope, A > 0):
        hint("Each entry should be 1 or 0, and depends on the activation at the same place alone.")


@exercise("hidden_layer.rescale", "Different weights, the same function: weights are not unique.")
def _rescale(answer: Any) -> None:
    rng = np.random.default_rng(3)
    W1, b1, W2, b2 = _network(rng, 3, 3, 3)  # square, so that a row taken for a column raises nothing
    for h, c in ((1, 4.0), (0, 0.5)):
        returned = _call(answer, "W1, b1, W2, b2", (W1, b1, W2, b2), h, c)
        V1, c1, V2, c2 = (expect_array(new, old.shape) for new, old in zip(returned, (W1, b1, W2, b2), strict=True))
        wanted = np.where(np.arange(3) == h, c, 1.0)
        if np.allclose(V1, W1 * wanted[:, None]):
            hint("You scaled a row of W1: those are the weights of one input. A hidden unit owns a column.")
        if not np.allclose(V1, W1 * wanted):
            hint("Column h of W1 should be c times as large, and the other columns as they were.")
        if np.allclose(c1, b1):
            hint("The bias of the unit goes into it as well: it has to grow with the weights.")
        if not np.allclose(c1, b1 * wanted):
            hint("Entry h of b1 should be c times as large, and the others as they were.")
        if np.allclose(V2, W2):
            hint("The unit's output is now c times as large. Something in the second layer has to undo it.")
        if np.allclose(V2, W2 / wanted):
            hint("You divided a column of W2: that is everything one class hears. The unit speaks through a row.")
        if np.allclose(V2, W2 * wanted[:, None]):
            hint("Row h of W2 has grown too. It has to make up for the larger activation.")
        X = rng.normal(size=(50, 3))
        if not np.allclose(_scores(X, V1, c1, V2, c2), _scores(X, W1, b1, W2, b2)):
            hint("The first layer is right, but the output has changed. What happens to row h of W2, and to b2?")


@exercise("hidden_layer.parity", "A zigzag with two corners inside, bent by hand.")
def _parity(answer: Any) -> None:
    if not isinstance(answer, tuple | list) or len(answer) != 4:
        hint("Give four arrays: (W1, b1, W2, b2).")
    b1 = np.asarray(answer[1])
    if b1.ndim != 1 or not len(b1):
        hint(f"b1 should have one axis, with an entry for each hidden unit; its shape is {b1.shape}.")
    shapes = ((3, len(b1)), (len(b1),), (len(b1), 2), (2,))
    arrays = [expect_array(array, shape).astype(float) for array, shape in zip(answer, shapes, strict=True)]
    X = np.array(list(product((0.0, 1.0), repeat=3)))
    Z = _scores(X, *arrays)
    margin = Z[:, 1] - Z[:, 0]
    odd = X.sum(axis=1) % 2 == 1
    if (np.abs(margin) < 1e-9).any():
        row = X[int(np.argmin(np.abs(margin)))].astype(int).tolist()
        hint(f"For {row} the two scores tie. Shift a bias so that no case lies on the border.")
    if ((margin > 0) == ~odd).all():
        hint("Every answer is exactly wrong: the two columns of W2 and b2 are exchanged.")
    if ((margin > 0) == (X.sum(axis=1) == 1)).all():
        hint("It answers 1 for exactly one input on. Three on is odd as well: the zigzag has to rise once more.")
    wrong = np.flatnonzero((margin > 0) != odd)
    if len(wrong):
        row = X[wrong[0]].astype(int).tolist()
        hint(f"{len(wrong)} of the 8 cases are wrong, the first of them {row}. What is s there, and each activation?")


@exercise("hidden_layer.corners", "A corner is a kink whose changes of slope do not cancel.")
def _corners(answer: Any) -> None:
    expect_function(answer)

    def found(w: list[float], b: list[float], v: list[float]) -> FloatArray:
        got = np.asarray(answer(np.array(w), np.array(b), np.array(v)))
        if got.ndim != 1 or got.dtype.kind not in "iuf":
            hint(f"Return an array with one axis, of numbers; yours has shape {got.shape} and type {got.dtype}.")
        return got

    def same(got: FloatArray, want: Sequence[float]) -> bool:
        return got.shape == (len(want),) and bool(np.allclose(got, want, atol=1e-6))

    got = found([1, 2, -1], [-3, 2, 1], [1, 1, 1])  # kinks at 3, -1 and 1
    if same(got, [-3, 1, -1]) or same(got, [-3, -1, 1]):
        hint("The sign is turned: w·x + b = 0 at x = -b/w.")
    if same(got, [3, -1, 1]):
        hint("The positions are right, but not in ascending order.")
    if not same(got, [-1, 1, 3]):
        hint(f"For w = [1, 2, -1], b = [-3, 2, 1], v = [1, 1, 1] the corners are elsewhere than {got.tolist()}.")
    with np.errstate(divide="ignore", invalid="ignore"):
        got = found([1, 0], [-2, 1], [1, 1])
    if not same(got, [2]):
        hint("A unit with w = 0 is constant and has no kink; dividing by its w gives infinity, or nothing at all.")
    got = found([1, 2], [-1, -2], [1, 1])
    if same(got, [1, 1]):
        hint("Two units with their kink at the same place make one corner, and you listed it twice.")
    got = found([1, 1], [0, -1], [1, 0])
    if not same(got, [0]):
        hint("A unit with v = 0 is not heard at all, so it makes no corner.")
    if not same(found([1, -1], [0, 0], [1, 1]), [0]):
        hint("relu(x) + relu(-x) = |x| has a corner at 0. The change is v·|w|, for a negative w as well.")
    if same(found([1, -1], [0, 0], [1, -1]), [0]):
        hint("relu(x) - relu(-x) = x is straight. Add up the changes at each place and keep those that are not zero.")
    if not same(found([1, 2, -1], [-1, -2, 3], [2, -1, 1]), [3]):
        hint("relu(x - 1)·2 - relu(2x - 2) is zero: weigh each change by |w| before you add.")
    if not same(found([1, 1], [-4.9e-10, -5.1e-10], [1, -1]), []):
        hint(
            "Kinks at 4.9e-10 and 5.1e-10 count as one place, and there the changes cancel. Comparing exactly, or "
            "rounding first, pulls them apart: sort the kinks and look at the gap from each to the next."
        )
    if same(found([1, 1], [0, -4e-9], [1, -1]), []):
        hint("Kinks at 0 and 4e-9 are two places, and you took them for one: only below 1e-9 do they count as equal.")
    if not same(found([0], [1], [1]), []):
        hint("A network without any corner should give an empty array.")
