"""Mark the exercises of the chapter "hidden-layer"."""

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np

from scratchnet.activations import relu
from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same
from scratchnet.layers import linear
from scratchnet.types import FloatArray


def _network(rng: np.random.Generator, D: int, H: int, K: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    return rng.normal(size=(D, H)), rng.normal(size=H), rng.normal(size=(H, K)), rng.normal(size=K)


def _scores(X: FloatArray, W1: FloatArray, b1: FloatArray, W2: FloatArray, b2: FloatArray) -> FloatArray:
    return linear(relu(linear(X, W1, b1)), W2, b2)


@exercise("hidden_layer.count", "Each pair of neighbouring sizes brings (D + 1)·H numbers, and nothing else does.")
def _count(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(7)
    drawn = [tuple(rng.integers(1, 40, length).tolist()) for length in (2, 3, 4, 5, 7)]
    for sizes in ((7, 5, 3), (784, 10), (784, 128, 64, 10), (3, 5, 5, 3), *drawn):
        pairs = list(pairwise(sizes))
        want = sum((D + 1) * H for D, H in pairs)
        mistakes = (
            (sum(D * H for D, H in pairs), "The biases are missing."),
            (want + sizes[0], "Inputs have no biases and you counted one for each."),
            (sum(D * H + D for D, H in pairs), "A bias belongs to each output of a layer and not to each input."),
            (sum(D * H + 1 for D, H in pairs), "You counted one bias for each layer and it needs one for each output."),
            ((sizes[0] + 1) * sizes[1], "That is the first layer alone."),
        )
        expect_number(answer(sizes), want, *mistakes, tolerance=1e-9, where=f"For the sizes {sizes}, ")


@exercise("hidden_layer.merge", "Whatever the weights, two linear layers are one.")
def _merge(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(1)
    for D, H, K in ((4, 3, 5), (3, 3, 3), (2, 6, 1)):
        W1, b1, W2, b2 = _network(rng, D, H, K)
        b1[0], b1[-1] = 1.5, -2  # of both signs, so that a ReLU would show
        W_given, b_given = expect_several(answer(W1.copy(), b1.copy(), W2.copy(), b2.copy()), "W", "b")
        W = expect_array(W_given, (D, K))
        b = expect_array(b_given, (K,))
        if not same(W, W1 @ W2):
            hint("W has the right shape and wrong entries. It is a product of two matrices, with nothing added.")
        for wrong, sentence in (
            (b2, "The first bias has been lost: it reaches the output too."),
            (b1 @ W2, "The second bias has been lost."),
            (relu(b1) @ W2 + b2, "There is no ReLU between these two layers, not even on the bias."),
        ):
            if same(b, wrong):
                hint(sentence)
        if not same(b, b1 @ W2 + b2):
            hint("W is right, b is not. Put x = 0 into the two layers: what comes out is b.")


@exercise("hidden_layer.slope", "Positive activations let the gradient through, zeros stop it.")
def _slope(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(2)
    small = np.array([[1e-30, 0.0, 1e-9], [0.0, 1e-4, 0.0]])  # a unit is on however small its number is
    drawn = [relu(rng.normal(size=shape)) for shape in ((4, 4), (1, 9), (5, 3))]
    for A in (relu(np.array([[-2.0, -0.5, 0.0], [0.25, 1.0, 3.0]])), *drawn, small, drawn[0] + 0.1, np.zeros((2, 3))):
        slope = expect_array(answer(A.copy()), A.shape)
        if np.array_equal(slope, A > 0):
            continue
        for wrong, sentence in (
            (A >= 0, "Your slope is 1 everywhere: no activation is negative, so `>= 0` holds for every entry."),
            (A, "Those are the activations themselves. The slope is 1 where a unit is on, however large its output."),
            (A <= 0, "On and off are exchanged: the slope is 1 where the activation is positive."),
            (0 * A, "Your slope is 0 everywhere. A unit that is on has slope 1."),
        ):
            if np.array_equal(slope, wrong):
                hint(sentence)
        if np.isin(slope, (0, 1)).all() and (slope <= (A > 0)).all():
            hint("The threshold is too high: a small positive activation has slope 1 as well.")
        hint("Each entry should be 1 or 0, and depends on the activation at the same place alone.")


@exercise("hidden_layer.rescale", "Different weights, the same function: weights are not unique.")
def _rescale(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(3)
    # Square first, so that a row taken for a column raises nothing.
    for (D, H, K), h, c in (((3, 3, 3), 1, 4.0), ((3, 3, 3), 0, 0.5), ((2, 5, 4), 4, 1.7), ((4, 4, 4), 2, 0.03)):
        W1, b1, W2, _ = given = _network(rng, D, H, K)
        returned = expect_several(answer(*(array.copy() for array in given), h, c), "W1", "b1", "W2", "b2")
        V1, c1, V2, c2 = (expect_array(new, old.shape) for new, old in zip(returned, given, strict=True))
        wanted = np.where(np.arange(H) == h, c, 1.0)
        if D == H and same(V1, W1 * wanted[:, None]):
            hint("You scaled a row of W1: those are the weights of one input. A hidden unit owns a column.")
        if not same(V1, W1 * wanted):
            hint("Column h of W1 should be c times as large, and the other columns as they were.")
        if same(c1, b1):
            hint("The bias of the unit goes into it as well: it has to grow with the weights.")
        if not same(c1, b1 * wanted):
            hint("Entry h of b1 should be c times as large, and the others as they were.")
        if same(V2, W2):
            hint("The unit's output is now c times as large. Something in the second layer has to undo it.")
        if H == K and same(V2, W2 / wanted):
            hint("You divided a column of W2: that is everything one class hears. The unit speaks through a row.")
        if same(V2, W2 * wanted[:, None]):
            hint("Row h of W2 has grown too. It has to make up for the larger activation.")
        X = rng.normal(size=(50, D))
        if not same(_scores(X, V1, c1, V2, c2), _scores(X, *given)):
            hint("The first layer is right, but the output has changed. What happens to row h of W2, and to b2?")


@exercise("hidden_layer.parity", "A zigzag with two corners inside, bent by hand.")
def _parity(answer: Any) -> None:
    parts = expect_several(answer, "W1", "b1", "W2", "b2")
    units = np.shape(parts[1])
    if len(units) == 1 and units != (3,):
        hint(f"Your network has {units[0]} hidden units. The task is to do it with three.")
    names, shapes = ("W1", "b1", "W2", "b2"), ((3, 3), (3,), (3, 2), (2,))
    for name, part, shape in zip(names, parts, shapes, strict=True):
        if np.shape(part) != shape:
            turned = " It is transposed." if np.shape(part) == shape[::-1] else ""
            hint(f"{name} should have the shape {shape}; yours has {np.shape(part)}.{turned}")
    arrays = [expect_array(part, shape).astype(float) for part, shape in zip(parts, shapes, strict=True)]
    X = np.array(list(product((0.0, 1.0), repeat=3)))
    Z = _scores(X, *arrays)
    on, odd = Z[:, 1] > Z[:, 0], X.sum(axis=1) % 2 == 1
    if (on == ~odd).all():
        hint("Every answer is exactly wrong: the two columns of W2 and b2 are exchanged.")
    if (on == (X.sum(axis=1) == 1)).all():
        hint("It answers 1 for exactly one input on. Three on is odd as well: the zigzag has to rise once more.")
    wrong = np.flatnonzero(on != odd)
    if len(wrong):
        row = X[wrong[0]].astype(int).tolist()
        if Z[wrong[0], 0] == Z[wrong[0], 1]:
            hint(f"For {row} the two scores tie, and a tie goes to class 0. Shift a bias.")
        hint(f"{len(wrong)} of the 8 cases are wrong, the first of them {row}. What is s there, and each activation?")


@exercise("hidden_layer.corners", "A corner is a kink whose changes of slope do not cancel.")
def _corners(answer: Any) -> None:
    expect_function(answer)

    def found(w: Sequence[float], b: Sequence[float], v: Sequence[float]) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            got = np.asarray(answer(*(np.array(part, dtype=np.float64) for part in (w, b, v))))
        if got.ndim != 1 or got.dtype.kind not in "iuf":
            hint(f"Return an array with one axis, of numbers; yours has shape {got.shape} and type {got.dtype}.")
        return got

    def at(got: FloatArray, want: Sequence[float]) -> bool:
        return got.shape == (len(want),) and bool(np.allclose(got, want, atol=1e-6))

    got = found([1, 2, -1], [-3, 2, 1], [1, 1, 1])  # kinks at 3, -1 and 1
    if at(got, [-3, 1, -1]) or at(got, [-3, -1, 1]):
        hint("The sign is turned: w·x + b = 0 at x = -b/w.")
    if at(np.sort(got), [-1, 1, 3]) and not at(got, [-1, 1, 3]):
        hint("The positions are right, but not in ascending order.")
    if not at(got, [-1, 1, 3]):
        hint(f"For w = [1, 2, -1], b = [-3, 2, 1], v = [1, 1, 1] the corners are elsewhere than {got.tolist()}.")
    if not at(found([1, 0], [-2, 1], [1, 1]), [2]):
        hint("A unit with w = 0 is constant and has no kink; dividing by its w gives infinity, or nothing at all.")
    got = found([1, 2], [-1, -2], [1, 1])
    if at(got, [1, 1]):
        hint("Two units with their kink at the same place make one corner, and you listed it twice.")
    got = found([1, 1], [0, -1], [1, 0])
    if not at(got, [0]):
        hint("A unit with v = 0 is not heard at all, so it makes no corner.")
    if not at(found([4e-9, 1], [4e-9, 0], [1, 4e-9]), [-1, 0]):
        hint("Small is not zero: with w or v of 4e-9 and the other of 1, the slope changes by 4e-9, more than 1e-9.")
    if not at(found([1, -1], [0, 0], [1, 1]), [0]):
        hint("relu(x) + relu(-x) = |x| has a corner at 0. The change is v·|w|, for a negative w as well.")
    if at(found([1, -1], [0, 0], [1, -1]), [0]):
        hint("relu(x) - relu(-x) = x is straight. Add up the changes at each place and keep those that are not zero.")
    if not at(found([1, 2, -1], [-1, -2, 3], [2, -1, 1]), [3]):
        hint("relu(x - 1)·2 - relu(2x - 2) is zero: weigh each change by |w| before you add.")
    if not at(found([1, 1], [-4.9e-10, -5.1e-10], [1, -1]), []):
        hint(
            "Kinks at 4.9e-10 and 5.1e-10 count as one place, and there the changes cancel. Comparing exactly, or "
            "rounding first, pulls them apart: sort the kinks and look at the gap from each to the next."
        )
    if at(found([1, 1], [0, -4e-9], [1, -1]), []):
        hint("Kinks at 0 and 4e-9 are two places, and you took them for one: only below 1e-9 do they count as equal.")
    if not at(found([0], [1], [1]), []):
        hint("A network without any corner should give an empty array.")
    if not at(found([1, 1, 1], [-2, -2, -2], [0.1, 0.2, -0.3]), []):
        hint("0.1 + 0.2 - 0.3 is no corner: rounding leaves about 1e-17 of it, and slopes below 1e-9 count as equal.")
    rng = np.random.default_rng(5)
    for places in (1, 1, 1, 2, 2, 3, 4, 6, 6):  # the smallest network that goes wrong is the one to look at
        w, b, v, want = _with_corners(places, rng)
        got = found(w, b, v)
        if not at(got, want):
            hint(
                f"For w = {np.round(w, 3).tolist()}, b = {np.round(b, 3).tolist()} and v = {np.round(v, 3).tolist()} "
                f"the corners are at {np.round(want, 6).tolist()}, and yours at {np.round(got, 6).tolist()}. "
                "Several units may bend at one place."
            )


def _with_corners(places: int, rng: np.random.Generator) -> tuple[list[float], list[float], list[float], list[float]]:
    """Draw units in random order, and say where they bend: places first, and to each its units and its total."""
    units, corners = [(0.0, rng.normal(), rng.normal()), (rng.normal(), rng.normal(), 0.0)], []
    for place in np.sort(rng.choice(np.arange(-40, 41), places, replace=False) / 8 + rng.uniform(-0.05, 0.05, places)):
        w = rng.uniform(0.2, 2, rng.integers(1, 5)) * rng.choice((-1, 1))
        w[1:] *= rng.choice((-1, 1), len(w) - 1)
        total = rng.choice((0, 1e-8, 0.3, 2.0)) * rng.choice((-1, 1)) if len(w) > 1 else rng.normal()
        v = rng.normal(size=len(w))
        v[-1] = (total - v[:-1] @ np.abs(w[:-1])) / np.abs(w[-1])
        units += [(float(wi), float(-wi * place), float(vi)) for wi, vi in zip(w, v, strict=True)]
        corners += [float(place)] if total else []
    mixed = [units[i] for i in rng.permutation(len(units))]
    w_all, b_all, v_all = (list(part) for part in zip(*mixed, strict=True))
    return w_all, b_all, v_all, corners
