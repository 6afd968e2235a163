"""The marking engine: right, wrong, unanswered, raising, and exercises that do not exist."""

from collections.abc import Iterator

import numpy as np
import pytest

import scratchnet.check as engine
from scratchnet.check import check, exercise, expect_array, expect_number, hint


@pytest.fixture(autouse=True)
def _trial_exercises() -> Iterator[None]:
    @exercise("trial.even", "Two divides it.")
    def _(answer: int) -> None:
        if answer % 2:
            hint("That is odd.")

    @exercise("trial.half", "Half.")
    def _(answer: object) -> None:
        expect_number(answer, 0.5, you_forgot_to_divide=1.0)

    @exercise("trial.pair", "A pair.")
    def _(answer: object) -> None:
        expect_array(answer, (2, 3))

    yield
    for name in [name for name in engine._markers if name.startswith("trial.")]:
        del engine._markers[name]


def test_a_right_answer_is_true_and_says_why() -> None:
    verdict = check("trial.even", 4)
    assert verdict
    assert repr(verdict) == "trial.even: correct. Two divides it."


def test_a_wrong_answer_is_false_and_hints() -> None:
    verdict = check("trial.even", 3)
    assert not verdict
    assert repr(verdict) == "trial.even: not yet. That is odd."


@pytest.mark.parametrize("answer", [..., None])
def test_an_answer_not_given_is_not_marked(answer: object) -> None:
    verdict = check("trial.even", answer)
    assert not verdict
    assert verdict.message == "trial.even: not answered yet. Put your answer in place of the three dots."


def test_an_answer_that_raises_gets_a_verdict_and_no_traceback() -> None:
    assert check("trial.even", "x").message.startswith("trial.even: not yet. Your answer raised TypeError:")


@pytest.mark.parametrize("name", ["trial.odd", "nowhere.x", "", "../x", "linear"])
def test_an_exercise_that_does_not_exist_is_an_error(name: str) -> None:
    with pytest.raises(KeyError, match="there is no exercise"):
        check(name, 1)


def test_the_error_names_the_chapter_s_exercises() -> None:
    with pytest.raises(KeyError, match=r"known: trial\.even, trial\.half, trial\.pair"):
        check("trial.odd", 1)
    with pytest.raises(KeyError, match="known: none in that chapter"):
        check("nowhere.x", 1)


@pytest.mark.parametrize("answer", [0.5, np.float32(0.5), np.array([[0.5]]), 0.5 + 1e-9])
def test_a_number_may_come_in_any_dress(answer: object) -> None:
    assert check("trial.half", answer)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (1, "you forgot to divide."),
        (0.75, "0.75 is too large."),
        (0.25, "0.25 is too small."),
        ("0.5", "The answer should be one number; this is of type str."),
        (np.zeros(2), "The answer should be one number; this is an array of shape (2,) and type float64."),
        (float("nan"), "nan is not a finite number."),
    ],
)
def test_a_wrong_number_is_told_what_is_wrong(answer: object, sentence: str) -> None:
    assert check("trial.half", answer).message == f"trial.half: not yet. {sentence}"


def test_the_tolerance_is_relative_for_large_numbers() -> None:
    assert expect_number(1_000_000.5, 1_000_000, tolerance=1e-6) == 1_000_000.5
    with pytest.raises(engine._WrongError):
        expect_number(1_000_002.0, 1_000_000, tolerance=1e-6)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (np.zeros((3, 2)), "The shape should be (2, 3); yours is (3, 2). It is transposed."),
        (np.zeros(6), "The shape should be (2, 3); yours is (6,)."),
        ([["a"] * 3] * 2, "The answer should be an array of numbers; this is of type list."),
        (np.full((2, 3), np.inf), "Some entries are not finite (NaN or infinity)."),
    ],
)
def test_a_wrong_array_is_told_what_is_wrong(answer: object, sentence: str) -> None:
    assert check("trial.pair", answer).message == f"trial.pair: not yet. {sentence}"


def test_a_right_array_passes() -> None:
    assert check("trial.pair", [[1, 2, 3], [4, 5, 6]])
