"""The markers of the chapter "refresher": the right answer passes, and each typical mistake gets its own hint."""

from typing import Any

import numpy as np
import pytest

from scratchnet.check import check

SHAPES = ((32, 10), (784, 32), (784,), (32, 1), (32,))


def with_shape(place: int, shape: Any) -> list[Any]:
    return [shape if number == place else right for number, right in enumerate(SHAPES)]


def chain(x: float) -> Any:
    return 2 / (1 + np.exp(-2 * x))


def shares(X: Any) -> Any:
    return (X.T / X.T.sum(axis=0)).T


RIGHT: dict[str, Any] = {
    "refresher.shapes": SHAPES,
    "refresher.views": [True, False, False, True, False],
    "refresher.scatter": (400, 0.2),
    "refresher.chain": chain,
    "refresher.picked": lambda P, y: P[np.arange(len(P)), y],
    "refresher.shares": shares,
}

OTHER_CLOTHES: list[tuple[str, Any]] = [
    ("refresher.shapes", [list(shape) for shape in SHAPES]),
    ("refresher.shapes", ((32, 10), (784, 32), 784, (32, 1), np.int64(32))),
    ("refresher.views", np.array([True, False, False, True, False])),
    ("refresher.scatter", np.array([400.0, 0.2])),
    ("refresher.chain", lambda x: np.array([1 + np.tanh(x)])),
    ("refresher.picked", lambda P, y: [row[label] for row, label in zip(P, y, strict=True)]),
    ("refresher.picked", lambda P, y: (P * np.eye(P.shape[1])[y]).sum(axis=1)),
    ("refresher.picked", lambda P, y: np.take_along_axis(P.astype(np.float32), y[:, None], axis=1)[:, 0]),
    ("refresher.shares", lambda X: [[entry / sum(row) for entry in row] for row in X.tolist()]),
    ("refresher.shares", lambda X: (X / X.sum(axis=1, keepdims=True)).astype(np.float32)),
]

WRONG: list[tuple[str, Any, str]] = [
    ("refresher.shapes", SHAPES[:4], "5 things"),
    ("refresher.shapes", [np.zeros((2, 2))] * 5, "These are the arrays"),
    ("refresher.shapes", with_shape(0, (32, 784)), "disappear"),
    ("refresher.shapes", with_shape(0, (10,)), "The biases are stretched"),
    ("refresher.shapes", with_shape(0, (10, 32)), "Rows are examples"),
    ("refresher.shapes", with_shape(1, (32, 784)), "turns rows into columns"),
    ("refresher.shapes", with_shape(2, (32,)), "the axis that goes"),
    ("refresher.shapes", with_shape(2, (1, 784)), "Without keepdims"),
    ("refresher.shapes", with_shape(3, (32,)), "the named axis stays"),
    ("refresher.shapes", with_shape(3, (1, 784)), "so the columns go"),
    ("refresher.shapes", with_shape(4, (784,)), "That would be X[0]"),
    ("refresher.shapes", with_shape(4, (32, 1)), "drops its axis"),
    ("refresher.shapes", with_shape(4, (7,)), "X[:, 0] has another shape"),
    ("refresher.views", True, "5 things"),
    ("refresher.views", [1, 0, 0, 1, 0], "True or False"),
    ("refresher.views", [False, False, False, True, False], "number 1 again. Does X[0] copy a row"),
    ("refresher.views", [True, True, False, True, False], "number 2 again. Is `row + 1` written into"),
    ("refresher.views", [True, False, True, True, False], "number 3 again. What does a list"),
    ("refresher.views", [True, False, False, False, False], "number 4 again. Does a transpose move"),
    ("refresher.views", [True, False, False, True, True], "number 5 again. What does a comparison"),
    ("refresher.scatter", 400, "2 things"),
    ("refresher.scatter", (40_000, 0.2), "the *same* number"),
    ("refresher.scatter", (4, 0.2), "variance of a single number"),
    ("refresher.scatter", (20, 0.2), "standard deviation of the sum"),
    ("refresher.scatter", (200, 0.2), "Standard deviations do not add"),
    ("refresher.scatter", (399, 0.2), "The variance of the sum: 399 is too small"),
    ("refresher.scatter", (400, 0.04), "Its root is asked for"),
    ("refresher.scatter", (400, 4), "divided by 100 squared"),
    ("refresher.scatter", (400, 2), "steadier"),
    ("refresher.scatter", (400, 0.02), "with the root of the number of draws"),
    ("refresher.scatter", (400, 0.3), "The standard deviation of the mean: 0.3 is too large"),
    ("refresher.chain", 1.0, "without brackets"),
    ("refresher.chain", lambda x: chain(x) / 2, "how fast does 2x change"),
    ("refresher.chain", lambda x: 1 / (1 + np.exp(2 * x)), "the rate of the logarithm alone"),
    ("refresher.chain", lambda x: 2 / (1 + np.exp(2 * x)), "how fast does 1 + exp(a) change"),
    ("refresher.chain", lambda x: 2 * np.exp(2 * x), "how fast does log b change"),
    ("refresher.chain", lambda x: 2.0, "the rate of the first step alone"),
    ("refresher.chain", lambda x: np.log(1 + np.exp(2 * x)), "the function itself"),
    ("refresher.chain", lambda x: chain(x / 2), "sees 2x, not x"),
    ("refresher.chain", lambda x: chain(1.0), "At x = -1.5: "),
    ("refresher.picked", 1, "without brackets"),
    ("refresher.picked", lambda P, y: P[:, y], "takes whole columns"),
    ("refresher.picked", lambda P, y: P[y], "takes whole rows"),
    ("refresher.picked", lambda P, y: P * np.eye(P.shape[1])[y], "added away"),
    ("refresher.picked", lambda P, y: P[y, np.arange(len(y))], "the row comes first"),
    ("refresher.picked", lambda P, y: P.max(axis=1), "the largest entries"),
    ("refresher.picked", lambda P, y: P[np.arange(len(y)), y][:, None], "That is a column"),
    ("refresher.picked", lambda P, y: P[0], "other entries"),
    ("refresher.picked", lambda P, y: P[np.arange(len(y)), y].mean(), "The shape should be (3,)"),
    ("refresher.picked", lambda P, y: P.ravel()[3 * np.arange(len(y)) % P.size + y], "P of shape (6, 2)"),
    ("refresher.shares", 1, "without brackets"),
    ("refresher.shares", lambda X: X / X.sum(axis=1), "A line of sums meets the columns"),
    ("refresher.shares", lambda X: X / X.sum(axis=0), "shares of each column"),
    ("refresher.shares", lambda X: X / X.sum(), "the sum of everything"),
    ("refresher.shares", lambda X: X / X.max(axis=1, keepdims=True), "the largest entry of each row"),
    ("refresher.shares", lambda X: X, "the rows now sum to"),
    ("refresher.shares", lambda X: shares(X) if len(X) == 3 else X, "X of shape (2, 4)"),
    ("refresher.shares", lambda X: X.sum(axis=1, keepdims=True), "The shape should be (3, 3)"),
    ("refresher.shares", lambda X: X.__itruediv__(X.sum(axis=1, keepdims=True)), "changed its argument number 1"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_right(name: str) -> None:
    verdict = check(name, RIGHT[name])
    assert verdict, verdict.message


@pytest.mark.parametrize(("name", "answer"), OTHER_CLOTHES)
def test_a_right_answer_in_other_clothes_is_right(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict.message


@pytest.mark.parametrize(("name", "answer", "words"), WRONG)
def test_a_typical_mistake_gets_a_hint_of_its_own(name: str, answer: object, words: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert words in verdict.message


def test_distinct_mistakes_get_distinct_hints() -> None:
    messages = [check(name, answer).message for name, answer, _ in WRONG]
    assert len(set(messages)) == len(messages)
