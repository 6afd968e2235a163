"""Mark the exercises of the chapter "data"."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchnet.check import exercise, expect_array, expect_function, expect_number, hint, same
from scratchnet.types import FloatArray, IntArray


@exercise("data.pixel", "400 = 14 · 28 + 8: fourteen whole rows, and eight pixels more.")
def _pixel(answer: Any) -> None:
    if np.shape(answer) != (2,):
        hint("Give a pair (row, column).")
    pair = expect_array(answer, (2,))
    if (pair % 1).any():
        hint("Count whole rows only: `//`, not `/`.")
    row, column = (int(n) for n in pair)
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
    expect_function(answer)
    a = np.array([3, 255, 0, 10], dtype=np.uint8)
    b = np.array([5, 0, 255, 10], dtype=np.uint8)
    differences = a.astype(int) - b.astype(int)
    want = float((differences**2).sum())
    bytes_squared = (a - b) ** 2
    found = answer(a.copy(), b.copy())
    if np.size(found) == 1 and np.asarray(found).dtype.kind in "iuf":
        value = float(np.asarray(found).reshape(()))
        if value in (float(bytes_squared.sum()), float(bytes_squared.sum(dtype=np.uint8))):
            hint(
                "Somewhere bytes go round the end: as bytes, 3 - 5 is 254, and 20² is 144. Convert both images to a "
                "wider type before anything else."
            )
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
        (want**0.5, "The squared distance is asked for, so take no square root."),
        (want / len(a), "Add the squares up rather than averaging them."),
        (float(np.abs(differences).sum()), "These are absolute differences and squares are wanted."),
    )
    rng = np.random.default_rng(1)
    images = [(rng.integers(0, 256, D, np.uint8), rng.integers(0, 256, D, np.uint8)) for D in (1, 7, 784)]
    images.append((np.full(784, 255, np.uint8), np.zeros(784, np.uint8)))
    images.append((images[0][0], images[0][0]))
    for a, b in images:
        want = float(((a.astype(int) - b.astype(int)) ** 2).sum())
        where = f"Right for four pixels, but where D = {len(a)}, "
        expect_number(answer(a.copy(), b.copy()), want, where=where)


@exercise("data.means", "Each class is divided by its own count.")
def _means(answer: Callable[[NDArray[Any], IntArray], FloatArray]) -> None:
    expect_function(answer)
    rng = np.random.default_rng(0)
    labels = np.array([*range(10), 0, 0, 0, 7, 7])
    # As many pixels as classes, once: there an array of counts can meet the wrong axis and nothing complains.
    # And pixels that are whole numbers, as they are in the file: their means are not whole.
    uneven = rng.permutation(np.repeat(np.arange(10), np.arange(1, 11)))
    for y, D, whole in ((labels, 3, False), (uneven, 10, False), (labels, 4, True)):
        X = rng.integers(256, size=(len(y), D)) if whole else rng.random((len(y), D))
        means = expect_array(answer(X.copy(), y.copy()), (10, D))
        want = np.array([X[y == digit].mean(axis=0) for digit in range(10)])
        counts = np.bincount(y)[:, None]
        if same(means, want):
            continue
        if same(means, want * counts):
            hint("These are sums: divide each by how many images the class has.")
        if same(means, want * counts / len(y)):
            hint("Each sum is divided by the number of all images; divide by the number of its own class.")
        if same(means, want * counts / (len(y) / 10)):
            hint("Each sum is divided by N/10, as if the classes were equally frequent.")
        if D == 10 and same(means, want * counts / counts.T):
            hint("With as many pixels as classes, each *column* is divided by a count. The counts need shape (10, 1).")
        if whole and same(means, means.round()):
            hint("Right for fractions, but where the pixels are whole numbers your means are whole numbers as well.")
        hint("The shape is right but the averages are not. Try three images that you can average on paper.")


@exercise("data.nearest", "argmin finds the position, and the position picks the label.")
def _nearest(answer: Callable[[FloatArray, FloatArray, IntArray], IntArray]) -> None:
    expect_function(answer)
    for X, X_train, y_train in _neighbours():
        labels = expect_array(answer(X.copy(), X_train.copy(), y_train.copy()), (len(X),))
        differences = X[:, None] - X_train
        squares = (differences**2).sum(axis=2)
        nearest = squares.argmin(axis=1)
        if np.array_equal(labels, y_train[nearest]):
            continue
        if np.array_equal(labels, nearest):
            hint("These are positions in the training set; look up the labels at those positions.")
        kinds = np.unique(y_train)
        means = np.array([X_train[y_train == kind].mean(axis=0) for kind in kinds])
        for wrong, sentence in (
            (y_train[squares.argmax(axis=1)], "These are the labels of the farthest images: argmin, not argmax."),
            (
                y_train[(X @ X_train.T).argmax(axis=1)],
                "A large product is not a small distance: the term ‖m‖² is missing.",
            ),
            (
                kinds[((X[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)],
                "These are the labels of the nearest mean. Here every training image stands for itself.",
            ),
            (
                y_train[np.abs(differences).sum(axis=2).argmin(axis=1)],
                "These are the nearest by the sum of absolute differences: square them before you add.",
            ),
        ):
            if np.array_equal(labels, wrong):
                hint(sentence)
        hint("Some labels are wrong. Compare with squared distances worked out on paper for two images.")


def _neighbours() -> Iterator[tuple[FloatArray, FloatArray, IntArray]]:
    """Images, training images and their labels: one by hand, then several images of each kind, in several sizes."""
    X_train = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 1.0], [9.0, 9.0]])
    yield np.array([[2.0, 0.0], [0.1, 0.0], [0.0, 0.9], [8.0, 9.0], [9.0, 7.0]]), X_train, np.array([7, 4, 1, 8])
    rng = np.random.default_rng(8)
    for n, of, D in ((30, 40, 6), (25, 25, 3), (1, 12, 20), (40, 3, 4)):
        X_train, y_train = rng.random((of, D)), rng.permutation(np.arange(of) % 4 * 3)
        X = rng.random((n, D))
        X[::5] = X_train[rng.integers(of, size=len(X[::5]))]  # some are in the training set, at distance 0
        yield X, X_train, y_train


@exercise("data.scaling", "A shift, a sign and the order of the pixels all leave every squared difference as it was.")
def _scaling(answer: Any) -> None:
    letters = answer.translate(str.maketrans("", "", ",() ")) if isinstance(answer, str) else answer
    listed = isinstance(letters, Iterable) and not isinstance(letters, Mapping)
    chosen = {str(letter).strip("() ").lower() for letter in letters} if listed else {"?"}
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
    expect_function(answer)
    X = np.array([[0.0, 0.0], [0.0, 2.0], [1.0, 1.0], [8.0, 8.0], [8.0, 9.0], [5.0, 1.0]])
    centres = np.array([[1.0, 0.0], [9.0, 9.0], [50.0, 50.0], [5.0, 0.0]])
    want = _moved(X, centres)
    found = _improved(answer, X, centres)
    if found.shape == (3, 2):
        hint("One centre was handed no image and got lost. It should stay where it is.")
    if found.shape == want.shape and np.isnan(found[2]).all():
        hint("One centre was handed no image, and the mean of nothing is NaN. Let it stay where it is.")
    better = expect_array(found, want.shape)
    handed = ((X[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    sums = np.array([X[handed == c].sum(axis=0) for c in range(4)])
    if not same(better, want):
        if same(np.delete(better, 2, axis=0), np.delete(want, 2, axis=0)):
            hint("The centre that was handed no image should stay where it is.")
        if same(better, centres):
            hint("The centres have not moved: return the means of the images they were handed.")
        if same(np.delete(better, 2, axis=0), np.delete(sums, 2, axis=0)):
            hint("These are sums: divide each by how many images the centre was handed.")
        c = next(c for c in range(4) if c != 2 and not same(better[c], want[c]))
        hint(
            f"The centre {centres[c].tolist()} is nearest to the images {X[handed == c].tolist()}; yours moves to "
            f"{better[c].round(3).tolist()}, which is not their mean."
        )
    rng = np.random.default_rng(9)
    for n, C, D in ((60, 4, 5), (12, 12, 2), (5, 9, 3), (40, 3, 3), (7, 1, 4)):
        X, centres = rng.random((n, D)), rng.random((C, D))
        want = _moved(X, centres)
        better = expect_array(_improved(answer, X, centres), want.shape)
        if same(better, want):
            continue
        again = want
        for _ in range(50):
            again = _moved(X, again)
            if same(better, again):
                hint("These centres were improved more than once. The function should do one round.")
        if same(better, _moved(X, centres, power=1)):
            hint("The images go to the centre with the smallest sum of absolute differences: square them first.")
        hint(
            f"Right for the smallest example, but not for {n} images, {C} centres and {D} pixels. Are distances "
            "squared, and all images handed out before any centre moves?"
        )


def _moved(X: FloatArray, centres: FloatArray, power: int = 2) -> FloatArray:
    """Each centre at the mean of the images nearest to it, or where it was if there are none."""
    handed = (np.abs(X[:, None] - centres) ** power).sum(axis=2).argmin(axis=1)
    return np.array([X[handed == c].mean(axis=0) if (handed == c).any() else old for c, old in enumerate(centres)])


def _improved(answer: Callable[[FloatArray, FloatArray], FloatArray], X: FloatArray, centres: FloatArray) -> Any:
    """What the reader's function returns; the mean of nothing, about which NumPy warns, is judged by its value."""
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(answer(X.copy(), centres.copy()))
