"""Chapter "data": right answers pass, each typical mistake gets the hint about that mistake."""

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


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("data.pixel", (14, 8)),
        ("data.pixel", [14, 8]),
        ("data.means", means),
        ("data.nearest", lambda X, T, y: y[nearest(X, T)]),
        ("data.scaling", {"c", "a"}),
        ("data.scaling", ["(A)", "(c)"]),
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
        ("data.means", sums, "These are sums"),
        ("data.means", lambda X, y: sums(X, y) / len(y), "number of all images"),
        ("data.means", lambda X, y: sums(X, y) / (len(y) / 10), "as if the classes were equally frequent"),
        ("data.means", lambda X, y: 0 * means(X, y), "the averages are not"),
        ("data.means", lambda X, y: means(X, y).T, "It is transposed"),
        ("data.nearest", lambda X, T, y: nearest(X, T), "These are positions"),
        ("data.nearest", lambda X, T, y: y[farthest(X, T)], "argmin, not argmax"),
        ("data.nearest", lambda X, T, y: y[(X @ T.T).argmax(axis=1)], "the term ‖m‖² is missing"),
        ("data.nearest", lambda X, T, y: np.full(len(X), 7), "Some labels are wrong"),
        ("data.scaling", {"a"}, "One more is harmless: look at the promised proof"),
        ("data.scaling", {"c"}, "when 1 is added everywhere"),
        ("data.scaling", {"a", "b", "c"}, "Look at (b) again"),
        ("data.scaling", {"a", "c", "d"}, "Look at (d) again"),
        ("data.scaling", {"all"}, "a set of the letters"),
    ],
)
def test_a_typical_mistake_gets_its_own_hint(name: str, answer: object, sentence: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert sentence in verdict.message
