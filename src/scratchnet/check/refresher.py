"""Mark the exercises of the chapter "refresher"."""

from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same


@exercise("refresher.shapes", "Who can say the shapes can read the line.")
def _shapes(answer: Any) -> None:
    X, W, b = np.zeros((32, 784)), np.zeros((784, 10)), np.zeros(10)
    asked = {
        "X @ W + b": X @ W + b,
        "X.T": X.T,
        "X.mean(axis=0)": X.mean(axis=0),
        "X.max(axis=1, keepdims=True)": X.max(axis=1, keepdims=True),
        "X[:, 0]": X[:, 0],
    }
    given = expect_several(answer, *(f"the shape of {line}" for line in asked))
    if any(isinstance(shape, np.ndarray) and shape.ndim == 2 for shape in given):
        hint("These are the arrays. Asked for are their shapes, five tuples of whole numbers.")
    shapes = [(shape,) if np.ndim(shape) == 0 else tuple(shape) for shape in given]
    typical = {
        ("X @ W + b", (32, 784)): "In X @ W the inner sizes meet and disappear; the outer ones remain.",
        ("X @ W + b", (10,)): "The biases are stretched to the shape of X @ W, and not the other way round.",
        ("X @ W + b", (10, 32)): "Rows are examples: the rows of X come first in X @ W.",
        ("X.T", (32, 784)): "The transpose turns rows into columns.",
        ("X.mean(axis=0)", (32,)): "That would be X.mean(axis=1). The axis that is named is the axis that goes.",
        ("X.mean(axis=0)", (1, 784)): "Without keepdims the named axis goes altogether.",
        ("X.max(axis=1, keepdims=True)", (32,)): "With keepdims=True the named axis stays, with the size 1.",
        ("X.max(axis=1, keepdims=True)", (1, 784)): "The axis that is named is 1, so the columns go and the rows stay.",
        ("X[:, 0]", (784,)): "That would be X[0]. The colon keeps all rows, and the 0 picks a column.",
        ("X[:, 0]", (32, 1)): "A whole number in the brackets drops its axis. X[:, [0]] would keep it.",
    }
    for (line, array), shape in zip(asked.items(), shapes, strict=True):
        if shape != array.shape:
            hint(typical.get((line, shape), f"{line} has another shape. What happens to each axis of X?"))


@exercise("refresher.views", "Rows and transposes are views; lists and comparisons in the brackets make copies.")
def _views(answer: Any) -> None:
    said = expect_several(answer, *(f"the answer to {number}" for number in range(1, 6)))
    if any(not isinstance(each, bool | np.bool_) for each in said):
        hint("Each of the five answers should be True or False.")
    for number, (each, changed, why) in enumerate(zip(said, _changes(), _WHY, strict=True), start=1):
        if bool(each) != changed:
            hint(f"Look at number {number} again. {why} Try it in a cell.")


_WHY = (
    "Does X[0] copy a row, or look at it?",
    "Is `row + 1` written into the old numbers, or is it a new array that gets the name `row`?",
    "What does a list in the brackets give?",
    "Does a transpose move any numbers, or only look at them in another order?",
    "What does a comparison in the brackets give?",
)


def _changes() -> list[bool]:
    """Do the five things of the exercise, and say which of them changed X."""
    fresh = [np.zeros((2, 3)) for _ in range(5)]
    row = fresh[0][0]
    row += 1
    row = fresh[1][0]
    row = row + 1
    rows = fresh[2][[0, 1]]
    rows += 1
    turned = fresh[3].T
    turned[0] = 1
    chosen = fresh[4][fresh[4] == 0]
    chosen += 1
    return [bool(X.any()) for X in fresh]


@exercise("refresher.scatter", "Variances of independent numbers add; a mean of a hundred scatters a tenth as far.")
def _scatter(answer: Any) -> None:
    N, variance = 100, 4.0
    total, mean = expect_several(answer, "the variance of the sum", "the standard deviation of the mean")
    expect_number(
        total,
        N * variance,
        (N**2 * variance, "That is the variance of a hundred times the *same* number. These are independent."),
        (variance, "That is the variance of a single number. Adding more of them makes the sum scatter more."),
        ((N * variance) ** 0.5, "That is the standard deviation of the sum. Asked for is its variance."),
        (N * variance**0.5, "Standard deviations do not add. Variances do."),
        where="The variance of the sum: ",
    )
    expect_number(
        mean,
        (variance / N) ** 0.5,
        (variance / N, "That is the variance of the mean. Its root is asked for."),
        (variance, "The sum is divided by 100, so its variance is divided by 100 squared. Then take the root."),
        (variance**0.5, "That is the standard deviation of a single number. A mean of a hundred is steadier."),
        (variance**0.5 / N, "The standard deviation falls with the root of the number of draws, not with the number."),
        where="The standard deviation of the mean: ",
    )


@exercise("refresher.chain", "Three steps, three rates, multiplied.")
def _chain(answer: Any) -> None:
    expect_function(answer)
    for x in (1.0, -1.5, 0.0, 0.3):
        grown = np.exp(2 * x)
        expect_number(
            answer(x),
            2 * grown / (1 + grown),
            (grown / (1 + grown), "A factor is missing: how fast does 2x change with x?"),
            (1 / (1 + grown), "That is the rate of the logarithm alone. Two more steps belong to the chain."),
            (2 / (1 + grown), "One step is missing: how fast does 1 + exp(a) change with a?"),
            (2 * grown, "One step is missing: how fast does log b change with b?"),
            (2.0, "That is the rate of the first step alone. Multiply it by those of the other two."),
            (np.log1p(grown), "That is the function itself. Asked for is its derivative."),
            (
                2 * np.exp(x) / (1 + np.exp(x)),
                "The rates are taken at the value that passes through: the exponential sees 2x, not x.",
            ),
            where=f"At x = {x:g}: ",
        )


@exercise("refresher.picked", "Two lists in the brackets are read in pairs: row n, column y[n].")
def _picked(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(4)
    for N, K in ((3, 3), (4, 3), (6, 2), (1, 5)):
        P = rng.random((N, K))
        y = rng.integers(0, K, size=N)
        found = np.asarray(answer(P.copy(), y.copy()))
        if found.shape == (N, 1):
            hint("That is a column. Asked for is a plain line of shape (N,).")
        if N == K:  # here each of the likely mistakes gives an array, and not an error
            for wrong, sentence in (
                (P[:, y], "P[:, y] takes whole columns. In place of the colon, name a row for each entry of y."),
                (P[y], "P[y] takes whole rows. The labels are columns: they come second in the brackets."),
                (P * np.eye(K)[y], "Nearly: the zeros still have to be added away, by a sum along each row."),
                (P[y, np.arange(N)], "In the brackets the row comes first, and then the column."),
                (P.max(axis=1), "Those are the largest entries. Asked for are those that y names."),
            ):
                if same(found, wrong):
                    hint(sentence)
        if not same(expect_array(found, (N,)), P[np.arange(N), y]):
            hint(f"For P of shape {P.shape} and y = {y.tolist()} these are other entries. Row n, column y[n].")


@exercise("refresher.shares", "The sums are kept as a column, so they meet the rows.")
def _shares(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(5)
    for N, D in ((3, 3), (2, 4), (5, 2), (1, 3)):
        X = rng.random((N, D)) + 0.1
        found = expect_array(answer(X.copy()), X.shape)
        if same(found, X / X.sum(axis=1, keepdims=True)):
            continue
        if N == D and same(found, X / X.sum(axis=1)):
            hint(
                "A line of sums meets the columns: column 1 was divided by the sum of row 1. Keep the sums as a column."
            )
        for wrong, sentence in (
            (X / X.sum(axis=0), "Those are shares of each column. Which axis must go to leave a number for each row?"),
            (X / X.sum(), "That divides by the sum of everything. Each row has a sum of its own."),
            (X / X.max(axis=1, keepdims=True), "That divides by the largest entry of each row, not by the sum."),
        ):
            if same(found, wrong):
                hint(sentence)
        hint(f"For X of shape {X.shape} the rows now sum to {found.sum(axis=1).round(3).tolist()}.")
