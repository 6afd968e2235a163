"""Mark the exercises of the chapter "initialisation"."""

from itertools import pairwise
from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, hint
from scratchnet.losses import cross_entropy_backward
from scratchnet.network import backward, forward
from scratchnet.optimizers import SGD
from scratchnet.parameters import Parameters, initialize
from scratchnet.types import FloatArray


@exercise("initialisation.logits", "Two sums and one ReLU: the whole prediction fits in a line.")
def _logits(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(1)
    for X, H, v in (
        (rng.random((12, 30)), 10, 1 / 12),
        (rng.random((5, 8)), 7, 0.3),
        (rng.normal(size=(7, 19)), 3, 0.1),
    ):
        squares = float((X**2).sum(axis=1).mean())
        hidden = v * (squares + 1)
        of_each_image = np.sqrt(v * (H * v * ((X**2).sum(axis=1) + 1) / 2 + 1))

        def rms(hidden: float, H: int = H, v: float = v) -> float:
            return float(np.sqrt(v * (H * hidden / 2 + 1)))

        expect_number(
            answer(X.copy(), H, v),
            rms(hidden),
            (rms(2 * hidden), "ReLU halves the mean square and that half is missing."),
            (float(v * np.sqrt(squares * H / 2)), "The biases are missing and each adds v to the mean square."),
            (float(np.sqrt(v * H * hidden / 2)), "The bias of the logits is missing."),
            (rms(v * squares), "The biases of the hidden layer are missing."),
            (rms(hidden) ** 2, "That is the mean square of the logits and the root is still to be taken."),
            (float(np.sqrt(hidden)), "That is the size of the hidden sums and the logits are one layer further."),
            (rms(hidden / H), "Each logit is a sum over H activations and that H is missing."),
            (
                rms(v * (X[0].size * float(X.var()) + 1)),
                "Put the mean square of the pixels in the place of their variance.",
            ),
            (
                rms(v * (float((X**2).mean()) + 1)),
                "Sum the squares over the pixels of an image and average over the images only.",
            ),
            (
                rms(v * (float((X**2).sum()) + 1)),
                "That adds up the images too and the question asks for a mean over them.",
            ),
            (float(of_each_image.mean()), "Average the mean squares over the images first and take the root last."),
            (float(np.sqrt(H * (v * H * (squares + 1) / 2 + 1))), "H and v have changed places."),
            tolerance=1e-5,
            where=f"For X of shape {X.shape}, H = {H} and v = {v:.3g}: ",
        )


@exercise("initialisation.uniform", "Same variance, another shape: it trains like He's normal draws.")
def _uniform(answer: Any) -> None:
    expect_function(answer)
    for seed, (D, H) in enumerate(((240, 80), (50, 170), (90, 90))):
        W = expect_array(answer(D, H, np.random.default_rng(seed)), (D, H))
        if not np.array_equal(W, answer(D, H, np.random.default_rng(seed))):
            hint("The same seed gives other weights: draw every number from the `rng` that is handed in.")
        if np.array_equal(W, answer(D, H, np.random.default_rng(99))):
            hint("Another seed gives the same weights: draw every number from the `rng` that is handed in.")
        _uniform_weights(W.astype(np.float64), D, H)


def _uniform_weights(W: FloatArray, D: int, H: int) -> None:
    """Hint unless W looks like independent draws, uniform in ±√(6/D). Right draws fail less than once in 10⁶ times."""
    if len(np.unique(np.abs(W))) < 0.99 * W.size:
        hint(
            "Some weights are equal, or equal but for the sign. Draw a number of its own for each, and do not round it."
        )
    if abs(W.mean()) > 0.1 * W.std():
        hint("The mean is not zero. Draw between −c and c, not between 0 and c.")
    ratio = float(W.var()) / (2 / D)
    for wrong, sentence in (
        (1 / 3, "The variance is a third of 2/D: √(2/D) is the standard deviation, and c is √3 times as large."),
        (1 / 2, "The variance is 1/D. The 2 that makes up for ReLU is missing."),
        (D / (D + H), "That mixes fan-in and fan-out, as Glorot and Bengio do. He's variance has the fan-in only."),
        (D / H, "The variance is two over the fan-out: D counts the inputs, and W is (inputs, outputs)."),
        (4, "The variance is four times too large: is c the whole width of the interval, and not half of it?"),
        (1 / 4, "The interval is half as wide as it should be: it reaches from −c to c, so it is 2c wide."),
        (6 / D, "The limit is 6/D. Variance is a square, so a root is missing."),
    ):
        if abs(ratio - 1) > 0.05 and abs(ratio / wrong - 1) < 0.05:
            hint(sentence)
    if abs(ratio - 1) > 0.05:
        hint(f"The variance is {ratio:.2f} times 2/D. A number uniform in ±c has the variance c²/3.")
    c, N = np.sqrt(6 / D), W.size
    largest = np.abs(W).max() / c
    in_order = np.sort(W, axis=None) / (2 * c) + 0.5  # from 0 to 1, on average 1/N apart
    if largest > 1 + 1e-6 or largest < 1 - 25 / N or np.abs(in_order - np.arange(N) / N).max() > 3 / np.sqrt(N):
        hint(
            f"The variance is about right, but the weights are not uniform up to √(6/D): the largest is {largest:.3f} "
            "times that. A histogram shows how they are spread."
        )
    for axis, name in ((0, "columns"), (1, "rows")):
        means = W.mean(axis=axis) * np.sqrt(3 * W.shape[axis]) / c  # scaled, so that each has the variance 1
        if (means**2).sum() > len(means) + 8 * np.sqrt(2 * len(means)):
            hint(f"The means of the {name} differ more than those of independent draws: do not sort or repeat weights.")


@exercise("initialisation.leaky", "He's 2 belongs to ReLU; each bend has its own constant, and a straight line has 1.")
def _leaky(answer: Any) -> None:
    expect_function(answer)
    for D, s in ((784, 0.1), (50, 0.5), (10, 0.0), (10, 1.0)):
        expect_number(
            answer(D, s),
            2 / ((1 + s**2) * D),
            (2 / D, "That is right for plain ReLU only and the slope should matter."),
            (1 / D, "Without a bend that would be right and this unit has one."),
            (2 / ((1 + s) * D), "The slope is squared in a mean square."),
            (2 / ((1 - s**2 / 2) * D), "A leak lets more through, so the weights should be smaller and not larger."),
            ((1 + s**2) / (2 * D), "That is the factor the leak has on the mean square and the variance must undo it."),
            (
                float(np.sqrt(2 / ((1 + s**2) * D))),
                "That is the standard deviation and the question asks for the variance.",
            ),
            (
                2 / (s**2 * D) if s else np.inf,
                "Only the negative side is multiplied by the slope and the positive side counts too.",
            ),
            (2 / (1 + s**2), "It also depends on the number of inputs."),
            (2 / ((1 + D**2) * s) if s else np.inf, "D and s have changed places."),
            (2 / ((1 + s) ** 2 * D), "Add the squares of 1 and s and do not square their sum."),
            (2 * (1 + s**2) / D, "The leak lets more through, so the variance divides by that factor."),
            (
                1 / ((1 + s**2) * D),
                "One half of the sums is positive and the other negative, so both squares are halved.",
            ),
            tolerance=1e-6,
            where=f"For D = {D} and s = {s}: ",
        )


@exercise("initialisation.straight", "Together with the dead ones, these are the units that ReLU does not bend.")
def _straight(answer: Any) -> None:
    expect_function(answer)
    networks = (9, 5, 40, 30, 3), (400, 6, 36, 28, 4), (50, 4, 32, 27, 24, 22, 3), (99, 7, 33, 2)
    for seed, (rows, *sizes) in enumerate(networks):
        rng = np.random.default_rng(seed)
        params, X = initialize(sizes, rng, dtype=np.float64), rng.random((rows, sizes[0]))
        A = X
        for layer in params.layers[:-1]:
            Z = np.sort(A @ layer.W, axis=0)
            edges = np.concatenate([Z[:1] - 2, Z, Z[-1:] + 2])
            off, unit = rng.choice([0, 1, rows // 2, rows], len(layer.b)), np.arange(len(layer.b))
            layer.b[:] = -(edges[off, unit] + edges[off + 1, unit]) / 2  # unit k is off for off[k] of the rows
            A = np.maximum(A @ layer.W + layer.b, 0)
        first = params.layers[0]
        first.W[:, :3] = 0
        first.b[:3] = 0, 1e-12, -1e-12  # a unit that is 0 in every row is off, and one just above 0 is on
        _straight_units(answer, params, X)


def _straight_units(answer: Any, params: Parameters, X: FloatArray) -> None:
    _, cache = forward(params, X)
    hidden = cache[1::2]  # X, then Z and A of each hidden layer
    mine = params.copy()
    got = np.asarray(answer(mine, X.copy()))
    if not np.array_equal(mine.theta, params.theta):
        hint("The parameters that were handed in have changed. Counting should leave the network as it is.")
    if got.shape == (len(params.layers),):
        hint("That is one number for each layer. There is no ReLU behind the last: leave it out.")
    if got.shape != (len(hidden),):
        hint(
            f"A network of sizes {params.sizes} has {len(hidden)} hidden layers; return a list with a number for each."
        )
    got = expect_array(got, (len(hidden),))
    want = [int((z > 0).all(axis=0).sum()) for z in hidden]
    if np.array_equal(got, want):
        return
    for wrong, sentence in (
        ([int((z > 0).any(axis=0).sum()) for z in hidden], "Those are on for some image. Asked for is: on for all."),
        ([int((z >= 0).all(axis=0).sum()) for z in hidden], "A sum of exactly 0 is off: relu(0) is 0."),
        ([int((z > 0).all(axis=1).sum()) for z in hidden], "You counted images. Units are columns: axis=0."),
        (
            [int((z > 0).sum()) for z in hidden],
            "That adds up over all images. Count whole columns.",
        ),
        ([int((z <= 0).all(axis=0).sum()) for z in hidden], "Those are the dead units: off for every image."),
        ([(z > 0).all(axis=0).mean() for z in hidden], "That is a share. The question asks for a number of units."),
    ):
        if np.allclose(got, wrong):
            hint(sentence)
    if np.array_equal(got[::-1], want):
        hint("Right numbers in reverse order: the first number belongs to the first hidden layer.")
    hint("Take Z of each hidden layer from the cache, and count the columns in which every entry is above 0.")


@exercise("initialisation.silent", "It says nothing, so its loss is log K; and it learns from the first step on.")
def _silent(answer: Any) -> None:
    expect_function(answer)
    for seed, sizes in enumerate(((40, 30, 20, 4), (50, 24, 6), (34, 32, 28, 26, 3))):
        _silent_start(answer, sizes, seed)


def _silent_start(answer: Any, sizes: tuple[int, ...], seed: int) -> None:
    start = answer(sizes, np.random.default_rng(seed))
    if not isinstance(start, Parameters) or start.sizes != sizes:
        hint("The function should return Parameters of the sizes it was given: begin with `sn.initialize(sizes, rng)`.")
    if not np.isfinite(start.theta).all():
        hint("Some parameters are not finite (NaN or infinity).")
    if not np.array_equal(start.theta, answer(sizes, np.random.default_rng(seed)).theta):
        hint("The same seed gives another start: draw every number from the `rng` that is handed in.")
    again = answer(sizes, np.random.default_rng(99))
    params = Parameters(sizes, np.float64)
    params.theta[:] = start.theta
    rng = np.random.default_rng(8)
    X, y = rng.normal(size=(50, sizes[0])), rng.integers(0, sizes[-1], 50)
    if not params.theta.any():
        hint("All zero is silent, and stays so: every hidden unit has a gradient of exactly zero.")
    Z, cache = forward(params, X)
    last = params.layers[-1]
    terms = np.abs(cache[-1]) @ np.abs(last.W) + np.abs(last.b)
    if (np.abs(Z) > 1e-12 * terms).any():  # terms that cancel may leave rounding errors; small ones do not cancel
        if np.ptp(Z, axis=0).max() == 0 and not params.layers[-1].W.any():
            hint("The scores do not depend on the image, but they are not 0: look at the last biases.")
        hint("The scores are not exactly 0. Small is not silent. Which factor of AW may be 0 while A still differs?")
    before = params.copy()
    _descend(params, X, y)
    for number, (then, now) in enumerate(zip(before.layers, params.layers, strict=True), start=1):
        if np.array_equal(then.W, now.W):
            hint(f"Silent, but W of layer {number} never moves. Follow the gradient: which factor of it is zero?")
    for number, (layer, after) in enumerate(pairwise(params.layers), start=1):
        units = np.concatenate([layer.W.T, layer.b[:, None], after.W], axis=1).round(9)
        if len(np.unique(units, axis=0)) < len(units):
            hint(f"After training, hidden layer {number} still has twins: units that started alike.")
    if np.array_equal(start.theta, again.theta):
        hint("Two seeds give the same start: draw the weights from the `rng` that is handed in.")
    for number, layer in enumerate(before.layers[:-1], start=1):
        size = np.sqrt((layer.W**2).mean() * len(layer.W) / 2)
        if not 0.8 < size < 1.25:
            hint(f"It learns, but the weights of hidden layer {number} are {size:.2f} times He's size.")
        if abs(layer.W.mean()) > 0.4 * layer.W.std():
            hint(f"It learns, but the mean of the weights of hidden layer {number} is not 0, as He's is.")


def _descend(params: Parameters, X: FloatArray, y: Any) -> None:
    """Twenty steps on the whole batch."""
    optimizer = SGD(0.5)
    for _ in range(20):
        Z, cache = forward(params, X)
        optimizer.step(params, backward(params, cache, cross_entropy_backward(Z, y)))
