"""Mark the exercises of the chapter "linear"."""

from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, hint
from scratchnet.layers import linear
from scratchnet.types import FloatArray


def _pair(answer: Any, *arguments: FloatArray) -> tuple[Any, Any]:
    """Call the reader's function on copies of the arguments; refuse anything but a pair, or a changed argument."""
    expect_function(answer)
    given = [argument.copy() for argument in arguments]
    returned = answer(*given)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        hint("The function should return two things, W and b: `return W, b`.")
    if any(not np.array_equal(copy, argument) for copy, argument in zip(given, arguments, strict=True)):
        hint("The function changes the arrays it was given. Compute new ones: `W - …`, not `W -= …`.")
    return returned[0], returned[1]


@exercise("linear.shape", "Ten templates of 784 weights, ten biases, and ten scores for each of the 64 images.")
def _shape(answer: Any) -> None:
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        hint("Give three shapes, those of W, b and Z: ((…, …), (…,), (…, …)).")
    W, b, Z = ((shape,) if isinstance(shape, int) else tuple(shape) for shape in answer)
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
    means = np.random.default_rng(2).random((3, 5))
    W_given, b_given = _pair(answer, means)
    W = expect_array(W_given, (5, 3))
    b = expect_array(b_given, (3,))
    if not np.allclose(W, means.T):
        hint("W should hold the means themselves, one in each column, with nothing added or scaled.")
    squares = (means**2).sum(axis=1)
    for wrong, sentence in (
        (squares / 2, "The sign of b is turned: a long mean must be held back, not helped."),
        (-squares, "b is twice too large: the factor 2 stood before the product, so it divides ‖m‖²."),
        (-np.sqrt(squares) / 2, "b uses the length ‖m‖; the formula has its square."),
        (0 * squares, "b is zero. Without it the mean with the most ink wins too often."),
    ):
        if np.allclose(b, wrong):
            hint(sentence)
    if not np.allclose(b, -squares / 2):
        hint("W is right, b is not. Each bias is -‖m‖²/2, with the sum of squares taken over the pixels of one mean.")


@exercise("linear.distance", "Margin over the length of the difference of the templates.")
def _distance(answer: Any) -> None:
    expect_function(answer)
    # Whole numbers, so that the distance comes out by hand: the difference of templates 0 and 2 is (3, 4), of length 5.
    x = np.array([2.0, 1.0])
    W = np.array([[1.0, 0.0, 4.0], [0.0, 2.0, 4.0]])
    b = np.array([1.0, 0.0, 6.0])
    try:
        found = answer(x, W, b, 0, 2)
    except IndexError:
        hint("An index is too large. W has a row for each pixel, and templates are columns: `W[:, i]`.")
    expect_number(
        found,
        15 / 5,
        The_sign_says_on_which_side_x_lies_but_a_distance_has_none=-15 / 5,
        The_biases_are_missing=10 / 5,
        That_is_the_margin_and_it_still_has_to_be_divided_by_a_length=15.0,
        You_divided_by_the_square_of_the_length=15 / 25,
        You_divided_by_the_length_of_one_template_and_not_of_the_difference=15 / np.sqrt(32),
        Half_of_it_is_missing_or_there_is_a_factor_2_too_many=15 / 10,
    )
    if not np.isclose(answer(x, W, b, 2, 0), 3.0):
        hint("From 2 to 0 the distance should be the same as from 0 to 2.")
    if not np.isclose(answer(x, W, b, 0, 1), 1 / np.sqrt(5)):
        hint("Right for classes 0 and 2, but not for 0 and 1. Are i and j used everywhere?")


@exercise("linear.centre", "Same decisions, and templates that add up to nothing: what all share decides nothing.")
def _centre(answer: Any) -> None:
    rng = np.random.default_rng(3)
    W, b = rng.standard_normal((4, 3)), rng.standard_normal(3)
    W_given, b_given = _pair(answer, W, b)
    new_W = expect_array(W_given, W.shape)
    new_b = expect_array(b_given, b.shape)
    if np.allclose(new_W.sum(axis=0), 0):
        hint("Each template now sums to zero over its pixels. Wanted: at each pixel, zero over the templates.")
    if not np.allclose(new_W.sum(axis=1), 0):
        hint("At some pixel the templates do not add up to zero. Subtract what the templates have there on average.")
    if not np.isclose(new_b.sum(), 0):
        hint("The templates add up to zero, the biases do not yet.")
    X = rng.standard_normal((200, 4))
    old, new = linear(X, W, b), linear(X, new_W, new_b)
    if not np.allclose(old - old[:, :1], new - new[:, :1]):
        hint("The differences between the scores of an image have changed, so decisions can change. Only subtract.")


@exercise("linear.least_squares", "No other W and b come closer to these targets.")
def _least_squares(answer: Any) -> None:
    rng = np.random.default_rng(4)
    X, Y = rng.random((30, 5)), np.eye(3)[rng.integers(3, size=30)]
    X[:, 2] = 0  # a pixel that is never lit, as in the corners of the digits
    try:
        W_given, b_given = _pair(answer, X, Y)
    except np.linalg.LinAlgError:
        hint("X has a column of zeros, so X̃ᵀX̃ has no inverse and `solve` refuses. `lstsq` and `pinv` can cope.")
    W = expect_array(W_given, (5, 3))
    b = expect_array(b_given, (3,))
    if np.allclose(b, 0):
        hint("b is zero. Give X a column of ones; the last row of the solution is then b.")
    residual = linear(X, W, b) - Y
    if not np.allclose(X.T @ residual, 0, atol=1e-6) or not np.allclose(residual.sum(axis=0), 0, atol=1e-6):
        squares = float((residual**2).sum())
        ones = np.hstack([X, np.ones((30, 1))])
        best = float(((ones @ (np.linalg.pinv(ones) @ Y) - Y) ** 2).sum())
        hint(f"Your sum of squares is {squares:.4f}; the least is {best:.4f}. Is there a penalty, or a wrong row in b?")


@exercise("linear.masked", "No line is 1 in the middle and 0 on both sides; the best lies level, below another.")
def _masked(answer: Any) -> None:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        hint("Give two things: x, the positions, and y, the labels.")
    x, y = np.asarray(answer[0], dtype=float), np.asarray(answer[1])
    if x.ndim != 1 or y.shape != x.shape:
        hint(f"x and y should be two lists of one length; their shapes are {x.shape} and {y.shape}.")
    if not np.isfinite(x).all():
        hint("Some positions are not finite.")
    if {float(label) for label in y} != {0.0, 1.0, 2.0}:
        hint("Use the labels 0, 1 and 2, each at least once.")
    y = y.astype(int)
    means = np.array([x[y == k].mean() for k in range(3)])
    if (np.abs(x[:, None] - means).argmin(axis=1) != y).any():
        hint("The nearest mean errs on one of your points. Move the three classes apart, each in its own stretch.")
    ones = np.stack([x, np.ones_like(x)], axis=1)
    scores = ones @ (np.linalg.pinv(ones) @ np.eye(3)[y])
    ordered = np.sort(scores, axis=1)
    if (ordered[:, 2] - ordered[:, 1] < 1e-9).any():
        hint("At one of your points two scores tie, and rounding would decide. Move that point a little.")
    if (scores.argmax(axis=1) == 1).any():
        hint("Least squares still answers 1 somewhere. Where must class 1 lie so that its targets show no slope?")
