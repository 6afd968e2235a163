"""Marks the exercises of chapter "data"."""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scratchnet.check import exercise, expect_array, expect_number, hint
from scratchnet.types import FloatArray, IntArray


@exercise("data.pixel", "400 = 14 · 28 + 8: fourteen whole rows, and eight pixels more.")
def _pixel(answer: tuple[int, int]) -> None:
    if np.shape(answer) != (2,):
        hint("Give a pair (row, column).")
    if any(float(n) % 1 for n in answer):
        hint("Count whole rows only: `//`, not `/`.")
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


@exercise("data.distance", "Converted first, subtracted and squared afterwards.")
def _distance(answer: Callable[[NDArray[np.uint8], NDArray[np.uint8]], float]) -> None:
    a = np.array([3, 255, 0, 10], dtype=np.uint8)
    b = np.array([5, 0, 255, 10], dtype=np.uint8)
    differences = a.astype(int) - b.astype(int)
    want = float((differences**2).sum())
    bytes_squared = (a - b) ** 2
    found = answer(a, b)
    if np.size(found) == 1:
        value = float(np.asarray(found).reshape(()))
        if value in (float(bytes_squared.sum()), float(bytes_squared.sum(dtype=np.uint8))):
            hint("Bytes go round the end: 3 - 5 became 254 before it was squared. Convert the images first.")
        if value == float(((a - b).astype(int) ** 2).sum()):
            hint(
                "The conversion comes too late: the difference of two bytes is a byte already. Convert, then subtract."
            )
        if value == float((differences.astype(np.int16) ** 2).sum()):
            hint("255² does not fit into int16: the squares went round the end. Use a wider type.")
        if np.isclose(value * 255**2, want):
            hint("This is in units of whole ink. Here the file's own unit is asked for: do not divide by 255.")
    expect_number(
        found,
        want,
        The_squared_distance_is_asked_for_so_take_no_square_root=want**0.5,
        Add_the_squares_up_rather_than_averaging_them=want / len(a),
        These_are_absolute_differences_and_squares_are_wanted=float(np.abs(differences).sum()),
    )


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


@exercise("data.scaling", "A shift, a sign and the order of the pixels all leave every squared difference as it was.")
def _scaling(answer: set[str]) -> None:
    chosen = {str(letter).strip("() ").lower() for letter in answer}
    if not chosen <= set("abcde"):
        hint('Answer with a set of the letters, such as {"a", "b"}.')
    if "b" in chosen:
        hint("Look at (b) again: each image has a factor of its own, so the new mean is not a multiple of the old one.")
    if "d" in chosen:
        hint("Look at (d) again: one half of the picture now counts for more in every distance.")
    if "a" not in chosen:
        hint("One more is harmless: what happens to the mean image, and to x - m, when 1 is added everywhere?")
    if "c" not in chosen:
        hint("One more is harmless: what is the mean of the negatives, and what does squaring do to a sign?")
    if "e" not in chosen:
        hint("One more is harmless: does a sum depend on the order of its terms?")


@exercise("data.centres", "Hand out, then average; repeated, this is k-means.")
def _centres(answer: Callable[[FloatArray, FloatArray], FloatArray]) -> None:
    X = np.array([[0.0, 0.0], [0.0, 2.0], [1.0, 1.0], [8.0, 8.0], [8.0, 9.0], [5.0, 1.0]])
    centres = np.array([[1.0, 0.0], [9.0, 9.0], [50.0, 50.0], [5.0, 0.0]])
    handed = ((X[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    want = np.array([X[handed == c].mean(axis=0) if (handed == c).any() else centres[c] for c in range(4)])
    given = centres.copy()
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = np.asarray(answer(X.copy(), given))
    if not np.array_equal(given, centres):
        hint("Your function changed the centres it was given. Work on a copy, and return that.")
    if found.shape == (3, 2):
        hint("One centre was handed no image and got lost. It should stay where it is.")
    if found.shape == want.shape and np.isnan(found[2]).all():
        hint("One centre was handed no image, and the mean of nothing is NaN. Let it stay where it is.")
    better = expect_array(found, want.shape)
    if np.allclose(better, want):
        return
    if np.allclose(np.delete(better, 2, axis=0), np.delete(want, 2, axis=0)):
        hint("The centre that was handed no image should stay where it is.")
    if np.allclose(better, centres):
        hint("The centres have not moved: return the means of the images they were handed.")
    sums = np.array([X[handed == c].sum(axis=0) for c in range(4)])
    if np.allclose(np.delete(better, 2, axis=0), np.delete(sums, 2, axis=0)):
        hint("These are sums: divide each by how many images the centre was handed.")
    hint("A centre is not at the mean of its images. Check which axis argmin runs along: one answer for each image.")
