"""Mark the exercises of the chapter "linear"."""

from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same
from scratchnet.layers import linear
from scratchnet.types import FloatArray


def _pair(answer: Any, shapes: tuple[tuple[int, ...], tuple[int, ...]], *arguments: FloatArray) -> list[FloatArray]:
    """Call the reader's function on copies of the arguments; refuse anything but W and b in these shapes."""
    expect_function(answer)
    returned = expect_several(answer(*(argument.copy() for argument in arguments)), "W", "b")
    return [expect_array(array, shape) for array, shape in zip(returned, shapes, strict=True)]


@exercise("linear.shape", "Ten templates of 784 weights, ten biases, and ten scores for each of the 64 images.")
def _shape(answer: Any) -> None:
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        hint("Give three shapes, those of W, b and Z: ((…, …), (…,), (…, …)).")
    if any(isinstance(shape, np.ndarray) and shape.ndim == 2 for shape in answer):
        hint("These are the arrays. Asked for are their shapes, three tuples of whole numbers.")
    W, b, Z = ((shape,) if np.ndim(shape) == 0 else tuple(shape) for shape in answer)
    if W == (10, 784):
        hint("That W has a row for each class, as in PyTorch. For X @ W, the 784 columns of X must meet 784 rows of W.")
    if W != (784, 10):
        hint("In X @ W the inner sizes must agree and the outer ones remain. What must W take in, and what give?")
    if b == (64,):
        hint("That b has one entry for each image. A bias belongs to a class: every image gets the same ones.")
    if b in {(1, 10), (10, 1)}:
        hint("In this book b has one axis, not two: a row of ten numbers that broadcasting adds to every row.")
    if b != (10,):
        hint("How many biases does one image need to get its ten scores?")
    if Z == (10, 64):
        hint("That Z has a row for each class. Rows are examples, in Z as in X.")
    if Z != (64, 10):
        hint("The shape of X @ W: as many rows as X, as many columns as W.")


@exercise("linear.templates", "The nearest mean is a linear model: its templates are the means.")
def _templates(answer: Any) -> None:
    rng = np.random.default_rng(2)
    for K, D in ((3, 5), (4, 4), (7, 2), (10, 784)):
        means = rng.standard_normal((K, D))
        W, b = _pair(answer, ((D, K), (K,)), means)
        if not same(W, means.T):
            hint("W should hold the means themselves, one in each column, with nothing added or scaled.")
        squares = (means**2).sum(axis=1)
        for wrong, sentence in (
            (squares / 2, "The sign of b is turned: a long mean must be held back, not helped."),
            (-squares, "b is twice too large: the factor 2 stood before the product, so it divides ‖m‖²."),
            (-np.sqrt(squares) / 2, "b uses the length ‖m‖; the formula has its square."),
            (0 * squares, "b is zero. Without it the mean with the most ink wins too often."),
        ):
            if same(b, wrong):
                hint(sentence)
        # A number added to all biases moves all scores of an image alike, so any is right.
        if not same(b - b.mean() - squares.mean() / 2, -squares / 2):
            hint(
                "W is right, b is not. Multiply ‖x - m‖² out for one mean m, and bring x · m to the factor 1: b is "
                "what then stands there without x."
            )


@exercise("linear.distance", "Margin over the length of the difference of the templates.")
def _distance(answer: Any) -> None:
    expect_function(answer)
    # Whole numbers, so that the distance comes out by hand: the difference of templates 0 and 2 is (3, 4), of length 5.
    # No template has length 1, so that a division by the wrong length shows.
    x = np.array([2.0, 1.0])
    W = np.array([[2.0, 1.0, 5.0], [0.0, 2.0, 4.0]])
    b = np.array([1.0, 0.0, 6.0])
    try:
        found = answer(x.copy(), W.copy(), b.copy(), 0, 2)
    except IndexError:
        hint("An index is too large. W has a row for each pixel, and templates are columns: `W[:, i]`.")
    expect_number(
        found,
        15 / 5,
        (-15 / 5, "The sign says on which side x lies but a distance has none."),
        (10 / 5, "The biases are missing."),
        (15.0, "That is the margin and it still has to be divided by a length."),
        (15 / 25, "You divided by the square of the length."),
        (15 / 2, "You divided by the length of template i and not of the difference."),
        (15 / np.sqrt(41), "You divided by the length of template j and not of the difference."),
        (15 / 7, "You divided by the sum of the entries and a length is the root of a sum of squares."),
        (15 / 10, "Half of it is missing or there is a factor 2 too many."),
        tolerance=1e-5,
    )
    back = expect_number(answer(x.copy(), W.copy(), b.copy(), 2, 0), 0, tolerance=np.inf)
    if not np.isclose(back, 3.0, rtol=1e-5):
        hint("From 2 to 0 the distance should be the same as from 0 to 2.")
    rng = np.random.default_rng(5)
    for D, K in ((2, 3), (4, 4), (1, 2), (9, 5)):
        x, W, b = rng.random(D), rng.standard_normal((D, K)), rng.standard_normal(K)
        for i, j in ((0, 1), (K - 1, 0), (K - 2, K - 1)):
            v = W[:, i] - W[:, j]
            want = abs(x @ v + b[i] - b[j]) / np.sqrt(v @ v)
            found = expect_number(answer(x.copy(), W.copy(), b.copy(), i, j), 0, tolerance=np.inf)
            if not np.isclose(found, want, rtol=1e-5):
                hint(
                    f"Right for classes 0 and 2 of the smallest example, but not for {i} and {j} of {K} with {D} "
                    "pixels. Are i and j used everywhere, and columns of W?"
                )


@exercise("linear.centre", "Same decisions, and templates that add up to nothing: what all share decides nothing.")
def _centre(answer: Any) -> None:
    rng = np.random.default_rng(3)
    for D, K in ((4, 3), (5, 5), (2, 7), (30, 10)):
        W, b = rng.standard_normal((D, K)), rng.standard_normal(K) + 2
        new_W, new_b = _pair(answer, ((D, K), (K,)), W, b)
        rows, columns = np.abs(new_W.sum(axis=1)).max(), np.abs(new_W.sum(axis=0)).max()
        if columns < 1e-4 < rows:
            hint("Each template now sums to zero over its pixels. Wanted: at each pixel, zero over the templates.")
        if rows > 1e-4:
            hint(
                "At some pixel the templates do not add up to zero. Subtract what the templates have there on average."
            )
        if abs(new_b.sum()) > 1e-4:
            hint("The templates add up to zero, the biases do not yet.")
        if not (same(new_W, W - W.mean(axis=1, keepdims=True)) and same(new_b, b - b.mean())):
            hint("The differences between the scores of an image have changed, so decisions can change. Only subtract.")


@exercise("linear.least_squares", "No other W and b come closer to these targets.")
def _least_squares(answer: Any) -> None:
    rng = np.random.default_rng(4)
    # Many images; fewer images than pixels; one class; and pixels that vary by little about a large value.
    for N, D, K, low in ((30, 5, 3, 0.0), (6, 9, 4, 0.0), (20, 4, 1, 0.0), (50, 3, 5, 2.0)):
        X = low + rng.random((N, D))
        Y = np.eye(K)[rng.integers(K, size=N)] if K > 1 else rng.integers(2, size=(N, 1)).astype(float)
        X[:, D // 2] = 0  # a pixel that is never lit, as in the corners of the digits
        try:
            W, b = _pair(answer, ((D, K), (K,)), X, Y)
        except np.linalg.LinAlgError:
            hint("X has a column of zeros, so X̃ᵀX̃ has no inverse and `solve` refuses. `lstsq` and `pinv` can cope.")
        ones = np.hstack([X, np.ones((N, 1))])
        residual = linear(X, W, b) - Y
        # The squares are least where the errors are orthogonal to each column of X̃, which is X with a column of ones.
        # The tolerance leaves room for float32.
        if np.abs(ones.T @ residual).max() <= 1e-6 * np.abs(ones.T @ ones).max():
            continue
        if np.allclose(b, 0):
            hint("b is zero. Give X a column of ones; the last row of the solution is then b.")
        squares = float((residual**2).sum())
        best = float(((ones @ (np.linalg.pinv(ones) @ Y) - Y) ** 2).sum())
        hint(f"Your sum of squares is {squares:.9g}; the least is {best:.9g}. Is there a penalty, or a wrong row in b?")


@exercise("linear.masked", "No line is 1 in the middle and 0 on both sides; the best lies level, below another.")
def _masked(answer: Any) -> None:
    positions, labels = expect_several(answer, "the positions x", "the labels y")
    x, y = np.asarray(positions, dtype=float), np.asarray(labels)
    if x.ndim == 2 and x.shape[1] == 1:  # images of one pixel, as rows
        x = x[:, 0]
    if x.ndim != 1 or y.shape != x.shape:
        hint(f"x and y should be two lists of one length; their shapes are {x.shape} and {y.shape}.")
    if not np.isfinite(x).all():
        hint("Some positions are not finite.")
    if {float(label) for label in y} != {0.0, 1.0, 2.0}:
        hint("Use the labels 0, 1 and 2, each at least once.")
    y = y.astype(int)
    # Neither rule depends on the origin of the axis or on its unit, and with these the rounding is smallest.
    x = (x - x.mean()) / max(np.ptp(x), np.finfo(float).tiny)
    distances = np.abs(x[:, None] - np.array([x[y == k].mean() for k in range(3)]))
    nearer = distances[np.arange(len(x)), y] - np.where(np.eye(3)[y] == 1, np.inf, distances).min(axis=1)
    if (nearer > 1e-9).any():
        hint("The nearest mean errs on one of your points. Move the three classes apart, each in its own stretch.")
    if (nearer > -1e-9).any():
        hint("One of your points is equally far from two of the means, and rounding would decide. Move it a little.")
    ones = np.stack([x, np.ones_like(x)], axis=1)
    scores = ones @ (np.linalg.pinv(ones) @ np.eye(3)[y])
    # Where 0 and 2 tie above 1, it does not matter which of them is the answer, because it is not 1.
    higher = scores[:, 1] - scores[:, [0, 2]].max(axis=1)
    if (higher > 1e-9).any():
        hint("Least squares still answers 1 somewhere. Where must class 1 lie so that its targets show no slope?")
    if (higher > -1e-9).any():
        hint("At one of your points class 1 ties for the largest score, and rounding would decide. Move it a little.")
