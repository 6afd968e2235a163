"""The markers of the chapter "linear": the right answer passes, and each typical mistake gets its own hint."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scratchnet.check import check

SHAPES = ((784, 10), (10,), (64, 10))


def least_squares(X: Any, T: Any, penalty: float = 0.0) -> tuple[Any, Any]:
    ones = np.hstack([X, np.ones((len(X), 1))])
    gram = ones.T @ ones + penalty * np.eye(ones.shape[1])
    A = np.linalg.pinv(gram) @ ones.T @ T
    return A[:-1], A[-1]


def singular(X: Any, T: Any) -> tuple[Any, Any]:
    ones = np.hstack([X, np.ones((len(X), 1))])
    A = np.linalg.solve(ones.T @ ones, ones.T @ T)
    return A[:-1], A[-1]


def in_place(W: Any, b: Any) -> tuple[Any, Any]:
    W -= W.mean(axis=1, keepdims=True)
    return W, b - b.mean()


def distance(x: Any, W: Any, b: Any, i: int, j: int) -> float:
    return abs((W[:, i] - W[:, j]) @ x + b[i] - b[j]) / np.linalg.norm(W[:, i] - W[:, j])


RIGHT: dict[str, Any] = {
    "linear.shape": SHAPES,
    "linear.templates": lambda means: (means.T, -(means**2).sum(axis=1) / 2),
    "linear.distance": distance,
    "linear.centre": lambda W, b: (W - W.mean(axis=1, keepdims=True), b - b.mean()),
    "linear.least_squares": least_squares,
    "linear.masked": ([0, 2, 4, 6, 8, 10], [0, 0, 1, 1, 2, 2]),
}

WRONG: list[tuple[str, Any, str]] = [
    ("linear.shape", 7, "Give three shapes"),
    ("linear.shape", ((10, 784), (10,), (64, 10)), "as in PyTorch"),
    ("linear.shape", ((64, 10), (10,), (64, 10)), "the inner sizes must agree"),
    ("linear.shape", ((784, 10), (64,), (64, 10)), "one entry for each image"),
    ("linear.shape", ((784, 10), (1, 10), (64, 10)), "b has one axis, not two"),
    ("linear.shape", ((784, 10), 784, (64, 10)), "How many biases"),
    ("linear.shape", ((784, 10), (10,), (10, 64)), "Rows are examples"),
    ("linear.shape", ((784, 10), (10,), (64, 784)), "as many rows as X"),
    ("linear.templates", 3, "without brackets"),
    ("linear.templates", lambda means: means.T, "2 things, (W, b)"),
    ("linear.templates", lambda means: (means, -(means**2).sum(axis=1) / 2), "It is transposed"),
    ("linear.templates", lambda means: (2 * means.T, -(means**2).sum(axis=1)), "the means themselves"),
    ("linear.templates", lambda means: (means.T, (means**2).sum(axis=1) / 2), "The sign of b is turned"),
    ("linear.templates", lambda means: (means.T, -(means**2).sum(axis=1)), "b is twice too large"),
    ("linear.templates", lambda means: (means.T, -np.linalg.norm(means, axis=1) / 2), "b uses the length"),
    ("linear.templates", lambda means: (means.T, np.zeros(3)), "b is zero"),
    ("linear.templates", lambda means: (means.T, -(means**2).sum(axis=0) / 2), "The shape should be (3,)"),
    ("linear.templates", lambda means: (means.T, -(means**2).mean(axis=1) / 2), "W is right, b is not"),
    ("linear.distance", 3.0, "without brackets"),
    (
        "linear.distance",
        lambda x, W, b, i, j: ((W[:, i] - W[:, j]) @ x + b[i] - b[j]) / np.linalg.norm(W[:, i] - W[:, j]),
        "a distance has none",
    ),
    (
        "linear.distance",
        lambda x, W, b, i, j: abs((W[:, i] - W[:, j]) @ x) / np.linalg.norm(W[:, i] - W[:, j]),
        "biases are missing",
    ),
    (
        "linear.distance",
        lambda x, W, b, i, j: abs((W[:, i] - W[:, j]) @ x + b[i] - b[j]),
        "divided by a length",
    ),
    (
        "linear.distance",
        lambda x, W, b, i, j: distance(x, W, b, i, j) / np.linalg.norm(W[:, i] - W[:, j]),
        "the square of the length",
    ),
    (
        "linear.distance",
        lambda x, W, b, i, j: abs((W[:, i] - W[:, j]) @ x + b[i] - b[j]) / np.linalg.norm(W[:, j]),
        "the length of template j",
    ),
    (
        "linear.distance",
        lambda x, W, b, i, j: abs((W[:, i] - W[:, j]) @ x + b[i] - b[j]) / np.linalg.norm(W[:, i]),
        "the length of template i",
    ),
    ("linear.distance", lambda x, W, b, i, j: distance(x, W, b, i, j) / 2, "factor 2"),
    (
        "linear.distance",
        lambda x, W, b, i, j: ((W[:, j] - W[:, i]) @ x + b[j] - b[i]) / np.linalg.norm(W[:, i] - W[:, j]),
        "the same as from 0 to 2",
    ),
    ("linear.distance", lambda x, W, b, i, j: distance(x, W, b, 0, 2), "Are i and j used everywhere"),
    ("linear.distance", lambda x, W, b, i, j: distance(x, W.T, b, i, j), "templates are columns"),
    ("linear.centre", 3, "without brackets"),
    ("linear.centre", lambda W, b: W, "2 things, (W, b)"),
    ("linear.centre", in_place, "changed its argument number 1"),
    ("linear.centre", lambda W, b: (W - W.mean(axis=0), b - b.mean()), "over its pixels"),
    ("linear.centre", lambda W, b: (W, b - b.mean()), "Subtract what the templates have there"),
    ("linear.centre", lambda W, b: (W - W.mean(axis=1, keepdims=True), b), "the biases do not yet"),
    ("linear.centre", lambda W, b: (W @ (np.eye(3) - 1 / 3) * 2, b - b.mean()), "Only subtract"),
    ("linear.least_squares", singular, "`lstsq` and `pinv` can cope"),
    ("linear.least_squares", lambda X, T: (np.linalg.pinv(X) @ T, np.zeros(3)), "column of ones"),
    ("linear.least_squares", lambda X, T: (least_squares(X, T)[0].T, np.zeros(3)), "It is transposed"),
    ("linear.least_squares", lambda X, T: (least_squares(X, T)[0], least_squares(X, T)[1][None]), "yours is (1, 3)"),
    ("linear.least_squares", lambda X, T: least_squares(X, T, penalty=1.0), "Is there a penalty"),
    ("linear.masked", 3, "the positions x, the labels y"),
    ("linear.masked", ([0, 1], [0, 1, 2]), "two lists of one length"),
    ("linear.masked", ([0, 1, np.inf], [0, 1, 2]), "not finite"),
    ("linear.masked", ([0, 1], [0, 1]), "each at least once"),
    ("linear.masked", ([0, 1, 2, 9], [0, 1, 2, 0]), "The nearest mean errs"),
    ("linear.masked", ([0, 1, 10], [0, 2, 1]), "Least squares still answers 1"),
    ("linear.masked", ([0, 1, 2], [0, 1, 2]), "class 1 ties for the largest score"),
]


# Wrong in cases that the smallest example does not show.
FURTHER: list[tuple[str, Any, str]] = [
    ("linear.shape", (np.zeros((784, 10)), np.zeros(10), np.zeros((64, 10))), "These are the arrays"),
    (
        "linear.distance",
        lambda x, W, b, i, j: abs((W[:, i] - W[:, j]) @ x + b[i] - b[j]) / np.abs(W[:, i] - W[:, j]).sum(),
        "the root of a sum of squares",
    ),
    (
        "linear.distance",
        lambda x, W, b, i, j: abs((W[:, i] - W[:, j]) @ x + b[i] - b[j]) / np.linalg.norm((W[:, i] - W[:, j])[:2]),
        "for 0 and 1 of 4 with 4 pixels",
    ),
    (
        "linear.distance",
        lambda x, W, b, i, j: distance(x, W if len(W) != W.shape[1] else W.T, b, i, j),
        "for 0 and 1 of 4 with 4 pixels",
    ),
    (
        "linear.templates",
        lambda means: (means.T, -(means**2).sum(axis=int(len(means) != means.shape[1])) / 2),
        "W is right, b is not",
    ),
    (
        "linear.centre",
        lambda W, b: (W - W.sum(axis=1, keepdims=True) / 3, b - b.sum() / 3),
        "Subtract what the templates have there",
    ),
    ("linear.templates", lambda means: (abs(means).T, -(means**2).sum(axis=1) / 2), "the means themselves"),
    ("linear.least_squares", lambda X, T: least_squares(X, T, penalty=1e-4), "Is there a penalty"),
    ("linear.least_squares", lambda X, T: (X.T @ T / len(X), T.mean(axis=0)), "a wrong row in b"),
    ("linear.masked", ([-1, 1, 1, 3, 3, 5], [0, 0, 1, 1, 2, 2]), "equally far from two of the means"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_right(name: str) -> None:
    verdict = check(name, RIGHT[name])
    assert verdict, verdict.message


def bias_first(X: Any, T: Any) -> tuple[Any, Any]:
    A = np.linalg.pinv(np.hstack([np.ones((len(X), 1)), X])) @ T
    return A[1:], A[0]


def centred(X: Any, T: Any) -> tuple[Any, Any]:
    W = np.linalg.pinv(X - X.mean(axis=0)) @ (T - T.mean(axis=0))
    return W, T.mean(axis=0) - X.mean(axis=0) @ W


def single(*arrays: Any) -> list[Any]:
    return [array.astype(np.float32) for array in arrays]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("linear.shape", ((784, 10), np.int64(10), np.array([64, 10]))),
        ("linear.templates", lambda means: (means.T, ((means**2).sum(axis=1).max() - (means**2).sum(axis=1)) / 2)),
        ("linear.templates", lambda means: RIGHT["linear.templates"](*single(means))),
        ("linear.distance", lambda x, W, b, i, j: np.float32([distance(*single(x, W, b), i, j)])),
        ("linear.centre", lambda W, b: [array.tolist() for array in RIGHT["linear.centre"](*single(W, b))]),
        ("linear.least_squares", lambda X, T: least_squares_by_lstsq(*single(X, T))),
        ("linear.least_squares", bias_first),
        ("linear.least_squares", centred),
        ("linear.masked", (np.array([[0.0], [2], [4], [6], [8], [10]]), [0, 0, 1, 1, 2, 2])),
        ("linear.masked", np.array([[0, 2, 4, 6, 8, 10], [0, 0, 1, 1, 2, 2]])),
        ("linear.masked", ([-2, -1, 0, 1, 2], [0, 0, 1, 2, 2])),  # in the middle 0 and 2 tie, both above 1
        ("linear.masked", (1e9 + 1e-3 * np.arange(6), [2, 2, 1, 1, 0, 0])),
    ],
)
def test_a_right_answer_in_other_clothes_is_right(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict.message


@pytest.mark.parametrize(("name", "answer", "words"), WRONG + FURTHER)
def test_a_typical_mistake_gets_a_hint_of_its_own(name: str, answer: object, words: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert words in verdict.message


def test_distinct_mistakes_get_distinct_hints() -> None:
    heard: dict[str, set[str]] = {}
    for name, answer, _ in WRONG:
        message = check(name, answer).message
        assert message not in heard.setdefault(name, set()), message
        heard[name].add(message)


@pytest.mark.parametrize("solve", [least_squares, lambda X, T: least_squares_by_lstsq(X, T)])
def test_any_way_to_the_least_squares_is_welcome(solve: Callable[..., Any]) -> None:
    assert check("linear.least_squares", solve)


def least_squares_by_lstsq(X: Any, T: Any) -> tuple[Any, Any]:
    A = np.linalg.lstsq(np.hstack([X, np.ones((len(X), 1))]), T, rcond=None)[0]
    return A[:-1], A[-1]


def test_shapes_may_come_as_lists() -> None:
    assert check("linear.shape", [list(shape) for shape in SHAPES])
