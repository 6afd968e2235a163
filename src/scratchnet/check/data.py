"""Marks the exercises of chapter "data"."""

from collections.abc import Callable

import numpy as np

from scratchnet.check import exercise, expect_array, hint
from scratchnet.types import FloatArray, IntArray


@exercise("data.pixel", "400 = 14 · 28 + 8: fourteen whole rows, and eight pixels more.")
def _pixel(answer: tuple[int, int]) -> None:
    row, column = (int(n) for n in answer)
    if (row, column) == divmod(400, 28):
        return
    if (column, row) == divmod(400, 28):
        hint("Row first, then column.")
    if (row, column) in (divmod(399, 28), divmod(401, 28)) or (row - 1, column - 1) == divmod(400, 28):
        hint("Everything counts from 0: pixel0 is in row 0, column 0.")
    if not 0 <= column < 28:
        hint(f"Column {column} does not exist: a row has the columns 0 to 27.")
    hint(f"Row {row}, column {column} is pixel {28 * row + column}.")


@exercise("data.means", "Each class is divided by its own count.")
def _means(answer: Callable[[FloatArray, IntArray], FloatArray]) -> None:
    rng = np.random.default_rng(0)
    y = np.array([*range(10), 0, 0, 0, 7, 7])
    X = rng.random((len(y), 3))
    means = expect_array(answer(X, y), (10, 3))
    want = np.array([X[y == digit].mean(axis=0) for digit in range(10)])
    counts = np.bincount(y)[:, None]
    if np.allclose(means, want):
        return
    if np.allclose(means, want * counts):
        hint("These are sums: divide each by how many images the class has.")
    if np.allclose(means, want * counts / len(y)):
        hint("Each sum is divided by the number of all images; divide by the number of its own class.")
    if np.allclose(means, want * counts / (len(y) / 10)):
        hint("Each sum is divided by N/10, as if the classes were equally frequent.")
    hint("The shape is right but the averages are not. Try three images that you can average on paper.")


@exercise("data.nearest", "argmin finds the position, and the position picks the label.")
def _nearest(answer: Callable[[FloatArray, FloatArray, IntArray], IntArray]) -> None:
    X_train = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 1.0], [9.0, 9.0]])
    y_train = np.array([7, 4, 1, 8])
    X = np.array([[2.0, 0.0], [0.1, 0.0], [0.0, 0.9], [8.0, 9.0], [9.0, 7.0]])
    labels = expect_array(answer(X, X_train, y_train), (len(X),))
    differences = X[:, None] - X_train
    nearest = (differences**2).sum(axis=2).argmin(axis=1)
    if np.array_equal(labels, y_train[nearest]):
        return
    if np.array_equal(labels, nearest):
        hint("These are positions in the training set; look up the labels at those positions.")
    if np.array_equal(labels, y_train[(differences**2).sum(axis=2).argmax(axis=1)]):
        hint("These are the labels of the farthest images: argmin, not argmax.")
    if np.array_equal(labels, y_train[(X @ X_train.T).argmax(axis=1)]):
        hint("A large product is not a small distance: the term ‖m‖² is missing.")
    hint("Some labels are wrong. Compare with squared distances worked out on paper for two images.")


@exercise("data.scaling", "A shift cancels in every difference; one factor for all multiplies every distance alike.")
def _scaling(answer: set[str]) -> None:
    chosen = {str(letter).strip("() ").lower() for letter in answer}
    if not chosen <= set("abcd"):
        hint('Answer with a set of the letters, such as {"a", "b"}.')
    if "b" in chosen:
        hint("Look at (b) again: each image has its own factor, so the mean image is no longer a multiple of the old one.")
    if "d" in chosen:
        hint("Look at (d) again: one half of the picture now counts for more in every distance.")
    if "a" not in chosen:
        hint("One more is harmless: what happens to the mean image, and to x − m, when 1 is added everywhere?")
    if "c" not in chosen:
        hint("One more is harmless: look at the promised proof in the chapter.")
