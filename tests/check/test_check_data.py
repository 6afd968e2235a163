"""Chapter "data": right answers pass, each typical mistake gets the hint about that mistake."""

import functools
from collections.abc import Callable

import numpy as np
import pytest

from scratchnet.check import check


def means(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([X[y == digit].mean(axis=0) for digit in range(10)])


def sums(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([X[y == digit].sum(axis=0) for digit in range(10)])


def nearest(X: np.ndarray, X_train: np.ndarray) -> np.ndarray:
    return np.array([((X_train - x) ** 2).sum(axis=1).argmin() for x in X])


def farthest(X: np.ndarray, X_train: np.ndarray) -> np.ndarray:
    return np.array([((X_train - x) ** 2).sum(axis=1).argmax() for x in X])


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return sum((int(p) - int(q)) ** 2 for p, q in zip(a, b, strict=True))


def improve(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
    handed = nearest(X, centres)
    return np.array([X[handed == c].mean(axis=0) if c in handed else centre for c, centre in enumerate(centres)])


def improve_where_handed(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
    handed = nearest(X, centres)
    return np.array([X[handed == c].mean(axis=0) for c in np.unique(handed)])


def improve_without_care(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
    handed = nearest(X, centres)
    return np.array([X[handed == c].mean(axis=0) for c in range(len(centres))])


def improve_in_place(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
    centres[:] = improve(X, centres)
    return centres


def send_the_unused_home(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.nan_to_num(improve_without_care(X, centres))


def add_up(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
    handed = nearest(X, centres)
    return np.array([X[handed == c].sum(axis=0) for c in range(len(centres))])


def by_class(average: Callable[[np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    return lambda X, y: np.array([average(X[y == digit]) for digit in range(10)])


def labelled(gaps: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """Labels by the smallest entry of gaps(X, T), of shape (N, N_train)."""
    return lambda X, T, y: y[gaps(X, T).argmin(axis=1)]


def squares(X: np.ndarray, T: np.ndarray) -> np.ndarray:
    return ((X[:, None] - T) ** 2).sum(axis=2)


def nearest_mean(X: np.ndarray, T: np.ndarray, y: np.ndarray) -> np.ndarray:
    kinds = np.unique(y)
    return kinds[nearest(X, np.array([T[y == kind].mean(axis=0) for kind in kinds]))]


def majority(X: np.ndarray, T: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([np.bincount(row).argmax() for row in y[squares(X, T).argsort(axis=1)[:, :3]]])


def lengths(X: np.ndarray) -> np.ndarray:
    return np.linalg.norm(X, axis=1)


def improve_by(gaps: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """Improve with the images handed out by the smallest entry of gaps(X, centres), of shape (N, C)."""

    def answer(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
        handed = gaps(X, centres).argmin(axis=1)
        return np.array([X[handed == c].mean(axis=0) if c in handed else centre for c, centre in enumerate(centres)])

    return answer


def improve_often(rounds: int) -> Callable[..., np.ndarray]:
    return lambda X, centres: functools.reduce(lambda C, _: improve(X, C), range(rounds), centres)


def improve_one_after_another(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
    centres = centres.copy()
    for c in range(len(centres)):
        handed = nearest(X, centres)
        if c in handed:
            centres[c] = X[handed == c].mean(axis=0)
    return centres


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("data.distance", lambda a, b: ((a.astype(np.float32) - b) ** 2).sum()),
        ("data.distance", lambda a, b: ((np.maximum(a, b) - np.minimum(a, b)).astype(int) ** 2).sum()),
        ("data.means", lambda X, y: means(X.astype(np.float32), y).tolist()),
        ("data.nearest", lambda X, T, y: list(y[nearest(X.astype(np.float32), T.astype(np.float32))])),
        ("data.nearest", labelled(lambda X, T: (T**2).sum(axis=1) - 2 * X @ T.T)),
        ("data.scaling", "(a), (c), (e)"),
        ("data.scaling", "ACE"),
        ("data.centres", lambda X, centres: improve(X.astype(np.float32), centres.astype(np.float32)).tolist()),
        ("data.pixel", (14, 8)),
        ("data.pixel", [14, 8]),
        ("data.pixel", np.array([14.0, 8.0])),
        ("data.means", means),
        ("data.nearest", lambda X, T, y: y[nearest(X, T)]),
        ("data.distance", distance),
        ("data.distance", lambda a, b: np.array([float(distance(a, b))])),
        ("data.scaling", {"c", "a", "e"}),
        ("data.scaling", ["(A)", "(c)", "e"]),
        ("data.centres", improve),
    ],
)
def test_a_right_answer_passes(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("data.pixel", (8, 14), "Row first, then column"),
        ("data.pixel", (15, 9), "counts from 0"),
        ("data.pixel", (14, 7), "counts from 0"),
        ("data.pixel", (13, 36), "Column 36 does not exist"),
        ("data.pixel", (4, 0), "Row 4, column 0 is pixel 112"),
        ("data.pixel", (400 / 28, 400 % 28), "`//`, not `/`"),
        ("data.pixel", 400, "Give a pair (row, column)"),
        ("data.pixel", (14,), "Give a pair (row, column)"),
        ("data.distance", lambda a, b: ((a - b) ** 2).sum(), "as bytes, 3 - 5 is 254"),
        ("data.distance", lambda a, b: ((a - b).astype(int) ** 2).sum(), "comes too late"),
        ("data.distance", lambda a, b: ((a.astype(np.int16) - b) ** 2).sum(), "does not fit into int16"),
        ("data.distance", lambda a, b: ((a / 255 - b / 255) ** 2).sum(), "do not divide by 255"),
        ("data.distance", lambda a, b: distance(a, b) ** 0.5, "take no square root"),
        ("data.distance", lambda a, b: distance(a, b) / len(a), "rather than averaging"),
        ("data.distance", lambda a, b: np.abs(a.astype(int) - b).sum(), "squares are wanted"),
        ("data.distance", lambda a, b: (a.astype(int) - b) ** 2, "should be one number"),
        ("data.distance", lambda a, b: 1.0, "too small"),
        ("data.distance", 7, "The answer is a function"),
        ("data.distance", lambda a, b: "130054", "should be one number"),
        ("data.distance", lambda a, b: 130_054, "where D = 1, 130054 is too large"),
        ("data.distance", lambda a, b: ((np.maximum(a, b) - np.minimum(a, b)) ** 2).sum(), "20² is 144"),
        ("data.distance", lambda a, b: distance(a[:4], b[:4]), "Right for four pixels"),
        ("data.means", sums, "These are sums"),
        ("data.means", lambda X, y: sums(X, y) / len(y), "number of all images"),
        ("data.means", lambda X, y: sums(X, y) / (len(y) / 10), "as if the classes were equally frequent"),
        ("data.means", lambda X, y: 0 * means(X, y), "the averages are not"),
        ("data.means", lambda X, y: means(X, y).T, "It is transposed"),
        ("data.means", 7, "The answer is a function"),
        ("data.means", by_class(lambda Z: np.median(Z, axis=0)), "the averages are not"),
        ("data.means", by_class(lambda Z: Z[0]), "the averages are not"),
        ("data.means", lambda X, y: np.array([X[y == d].mean(axis=0) for d in dict.fromkeys(y)]), "averages are not"),
        ("data.means", lambda X, y: means(X, y).round(3), "the averages are not"),
        ("data.means", lambda X, y: means(X, y).astype(X.dtype), "your means are whole numbers as well"),
        (
            "data.means",
            lambda X, y: sums(X, y) / np.bincount(y) if X.shape[1] == 10 else means(X, y),
            "each *column* is divided",
        ),
        ("data.nearest", 7, "The answer is a function"),
        ("data.nearest", nearest_mean, "labels of the nearest mean"),
        ("data.nearest", majority, "Some labels are wrong"),
        ("data.nearest", labelled(lambda X, T: np.abs(X[:, None] - T).sum(axis=2)), "square them before you add"),
        ("data.nearest", labelled(lambda X, T: np.abs(X[:, None] - T).max(axis=2)), "Some labels are wrong"),
        ("data.nearest", labelled(lambda X, T: abs(lengths(X)[:, None] - lengths(T))), "Some labels are wrong"),
        ("data.nearest", labelled(lambda X, T: np.abs((X[:, None] - T).sum(axis=2))), "Some labels are wrong"),
        ("data.nearest", labelled(lambda X, T: squares(X[:, :2], T[:, :2])), "Some labels are wrong"),
        ("data.nearest", labelled(lambda X, T: squares(X, T[:10])), "Some labels are wrong"),
        ("data.nearest", lambda X, T, y: np.array([4, 7, 1, 8, 8]), "The shape should be (30,)"),
        ("data.nearest", lambda X, T, y: nearest(X, T), "These are positions"),
        ("data.nearest", lambda X, T, y: np.maximum(y[nearest(X, T)], 1), "Some labels are wrong"),
        ("data.nearest", lambda X, T, y: y[farthest(X, T)], "argmin, not argmax"),
        ("data.nearest", lambda X, T, y: y[(X @ T.T).argmax(axis=1)], "the term ‖m‖² is missing"),
        ("data.nearest", lambda X, T, y: np.full(len(X), 7), "Some labels are wrong"),
        ("data.scaling", {"a", "e"}, "what does squaring do to a sign"),
        ("data.scaling", {"c", "e"}, "when 1 is added everywhere"),
        ("data.scaling", {"a", "c"}, "the order of its terms"),
        ("data.scaling", {"a", "b", "c", "e"}, "Look at (b) again"),
        ("data.scaling", {"a", "c", "d", "e"}, "Look at (d) again"),
        ("data.scaling", {"all"}, "a set of the letters"),
        ("data.scaling", 7, "a set of the letters"),
        ("data.scaling", "a, c and e", "a set of the letters"),
        ("data.scaling", dict(zip("abcde", (True, False, True, False, True), strict=True)), "a set of the letters"),
        ("data.pixel", ("14", "8"), "should be an array of numbers"),
        ("data.centres", 7, "The answer is a function"),
        ("data.centres", improve_often(2), "improved more than once"),
        ("data.centres", improve_often(40), "improved more than once"),
        ("data.centres", improve_by(lambda X, C: np.abs(X[:, None] - C).sum(axis=2)), "square them first"),
        ("data.centres", improve_by(lambda X, C: np.abs(X[:, None] - C).max(axis=2)), "Are distances squared"),
        ("data.centres", improve_by(lambda X, C: abs(lengths(X)[:, None] - lengths(C))), "Are distances squared"),
        ("data.centres", improve_one_after_another, "before any centre moves"),
        ("data.centres", improve_where_handed, "got lost"),
        ("data.centres", improve_without_care, "the mean of nothing is NaN"),
        ("data.centres", send_the_unused_home, "should stay where it is"),
        ("data.centres", improve_in_place, "work on a copy"),
        ("data.centres", lambda X, centres: centres, "have not moved"),
        ("data.centres", add_up, "These are sums"),
        ("data.centres", lambda X, centres: centres.T, "It is transposed"),
        ("data.centres", lambda X, centres: centres + 1, "yours moves to [2.0, 1.0], which is not their mean"),
        ("data.centres", lambda X, centres: (centres + improve(X, centres)) / 2, "which is not their mean"),
        ("data.centres", print, "A function hands its result over"),
    ],
)
def test_a_typical_mistake_gets_its_own_hint(name: str, answer: object, sentence: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert sentence in verdict.message
