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
    ("linear.templates", lambda means: means.T, "return two things"),
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
        "of one template",
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
    ("linear.centre", lambda W, b: W, "return two things"),
    ("linear.centre", in_place, "changes the arrays"),
    ("linear.centre", lambda W, b: (W - W.mean(axis=0), b - b.mean()), "over its pixels"),
    ("linear.centre", lambda W, b: (W, b - b.mean()), "Subtract what the templates have there"),
    ("linear.centre", lambda W, b: (W - W.mean(axis=1, keepdims=True), b), "the biases do not yet"),
    ("linear.centre", lambda W, b: (W @ (np.eye(3) - 1 / 3) * 2, b - b.mean()), "Only subtract"),
    ("linear.least_squares", singular, "`lstsq` and `pinv` can cope"),
    ("linear.least_squares", lambda X, T: (np.linalg.pinv(X) @ T, np.zeros(3)), "column of ones"),
    ("linear.least_squares", lambda X, T: (least_squares(X, T)[0].T, np.zeros(3)), "It is transposed"),
    ("linear.least_squares", lambda X, T: (least_squares(X, T)[0], least_squares(X, T)[1][None]), "yours is (1, 3)"),
    ("linear.least_squares", lambda X, T: least_squares(X, T, penalty=1.0), "Is there a penalty"),
    ("linear.masked", 3, "Give two things"),
    ("linear.masked", ([0, 1], [0, 1, 2]), "two lists of one length"),
    ("linear.masked", ([0, 1, np.inf], [0, 1, 2]), "not finite"),
    ("linear.masked", ([0, 1], [0, 1]), "each at least once"),
    ("linear.masked", ([0, 1, 2, 9], [0, 1, 2, 0]), "The nearest mean errs"),
    ("linear.masked", ([0, 1, 10], [0, 2, 1]), "Least squares still answers 1"),
    ("linear.masked", ([-2, -1, 0, 1, 2], [0, 0, 1, 2, 2]), "two scores tie"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_right(name: str) -> None:
    verdict = check(name, RIGHT[name])
    assert verdict, verdict.message


@pytest.mark.parametrize(("name", "answer", "words"), WRONG)
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
