"""The marking engine: right, wrong, unanswered, raising, and exercises that do not exist."""

import copy
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import scratchnet.check as engine
from scratchnet.check import check, exercise, expect_array, expect_function, expect_number, expect_several, hint, same

GIVEN: list[Any] = [np.array([3, 1, 2]), [2.0, 1.0], (1, 0), {3: "c", 1: "a"}]


@pytest.fixture(autouse=True)
def _trial_exercises() -> Iterator[None]:
    @exercise("trial.even", "Two divides it.")
    def _(answer: int) -> None:
        if answer % 2:
            hint("That is odd.")

    @exercise("trial.half", "Half.")
    def _(answer: object) -> None:
        expect_number(answer, 0.5, (1.0, "you forgot to divide."))

    @exercise("trial.pair", "A pair.")
    def _(answer: object) -> None:
        expect_array(answer, (2, 3))

    @exercise("trial.sorted", "In order.")
    def _(answer: Any) -> None:
        expect_function(answer)
        for given in copy.deepcopy(GIVEN):
            want = sorted(given)
            if list(answer(given)) != want:
                hint("Not in order.")

    @exercise("trial.functions", "Two of them.")
    def _(answer: Any) -> None:
        first, second = expect_several(answer, "first", "second")
        first(np.array([0.3, np.nan]))
        second({"a": [np.array([0.3, np.nan])]})

    yield
    for name in [name for name in engine._markers if name.startswith("trial.")]:
        del engine._markers[name]


def test_a_right_answer_is_true_and_says_why() -> None:
    verdict = check("trial.even", 4)
    assert verdict
    assert repr(verdict) == "trial.even: correct. Two divides it."


def test_a_verdict_is_a_paragraph_in_a_notebook_which_breaks_no_word_of_it() -> None:
    assert check("trial.even", 4)._repr_html_() == "<p>trial.even: correct. Two divides it.</p>"

    def worse(a: Any) -> Any:
        raise ValueError("a < b,\nand `a - b` is 'less'")

    told = check("trial.sorted", worse)._repr_html_()
    assert told.endswith("Your answer raised ValueError: a &lt; b,<br>and <code>a - b</code> is 'less'</p>")


def test_a_wrong_answer_is_false_and_hints() -> None:
    verdict = check("trial.even", 3)
    assert not verdict
    assert repr(verdict) == "trial.even: not yet. That is odd."


@pytest.mark.parametrize("answer", [..., None])
def test_an_answer_not_given_is_not_marked(answer: object) -> None:
    verdict = check("trial.even", answer)
    assert not verdict
    assert verdict.message == "trial.even: not answered yet. Put your answer in place of the three dots."


def raising(error: BaseException) -> Callable[..., Any]:
    def answer(*arguments: Any) -> Any:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("no such thing"), "Your answer raised ValueError: no such thing"),
        (SystemExit(), "Your answer raised SystemExit"),
        (SystemExit(3), "Your answer raised SystemExit: 3"),
        (GeneratorExit(), "Your answer raised GeneratorExit"),
    ],
)
def test_an_answer_that_raises_gets_a_verdict_and_no_traceback(error: BaseException, sentence: str) -> None:
    assert check("trial.sorted", raising(error)).message == f"trial.sorted: not yet. {sentence}"


def test_an_answer_that_ends_the_program_does_not_end_it() -> None:
    assert "SystemExit" in check("trial.sorted", lambda given: sys.exit()).message


def test_a_reader_who_interrupts_is_obeyed() -> None:
    with pytest.raises(KeyboardInterrupt):
        check("trial.sorted", raising(KeyboardInterrupt()))


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("trial.even", "x", "The answer has another form than the question asks for (TypeError: "),
        ("trial.sorted", lambda given: 7, "What your function returned has another form"),
        ("trial.sorted", sorted, "correct"),
        ("trial.sorted", 7, "without brackets after it"),
        ("trial.half", lambda: 0.5, "this is a function, not what it returns."),
        ("trial.half", {0.5}, "this is of type set."),
    ],
)
def test_an_answer_of_another_form_is_told_so(name: str, answer: object, sentence: str) -> None:
    assert sentence in check(name, answer).message


def sort_array_in_place(given: Any) -> Any:
    if isinstance(given, np.ndarray):
        given.sort()
    return sorted(given)


def sort_list_in_place(given: Any) -> Any:
    if isinstance(given, list):
        given.sort()
    return sorted(given)


def empty_the_dictionary(given: Any) -> Any:
    result = sorted(given)
    if isinstance(given, dict):
        given.clear()
    return result


@pytest.mark.parametrize("answer", [sort_array_in_place, sort_list_in_place, empty_the_dictionary])
def test_a_function_that_changes_what_it_is_given_is_never_right(answer: Callable[..., Any]) -> None:
    verdict = check("trial.sorted", answer)
    assert not verdict
    assert "What comes back is right, but your function changed its argument number 1" in verdict.message


def reshape(given: Any) -> Any:
    if isinstance(given, np.ndarray):
        given.shape = (len(given), 1)


def deep(given: Any) -> Any:
    if isinstance(given, dict):
        given["a"][0][1] = 5


def nudge(given: Any) -> Any:
    if isinstance(given, np.ndarray):
        given += 0.1
        given -= 0.1


@pytest.mark.parametrize(("harm", "noticed"), [(reshape, True), (deep, True), (nudge, False), (np.copy, False)])
def test_functions_in_a_pair_are_watched_as_well(harm: Callable[[Any], Any], noticed: bool) -> None:
    for pair in ((harm, harm), [harm, harm]):
        assert ("changed its argument" in check("trial.functions", pair).message) == noticed


def test_of_several_changed_arguments_the_first_is_named() -> None:
    def spoil(first: Any, second: Any, third: Any) -> None:
        second += 1
        third += 1

    @exercise("trial.three", "Three.")
    def _(answer: Any) -> None:
        answer(np.zeros(2), np.zeros(2), np.zeros(2))

    assert "changed its argument number 2" in check("trial.three", spoil).message


def test_a_hint_of_the_marker_s_own_comes_first() -> None:
    def spoil(given: Any) -> Any:
        given[:] = given[::-1]
        return given

    assert check("trial.sorted", spoil).message == "trial.sorted: not yet. Not in order."


@pytest.mark.parametrize("name", ["trial.odd", "nowhere.x", "", "../x", "linear"])
def test_an_exercise_that_does_not_exist_is_an_error(name: str) -> None:
    with pytest.raises(KeyError, match="there is no exercise"):
        check(name, 1)


def test_the_error_names_the_chapter_s_exercises() -> None:
    with pytest.raises(KeyError, match=r"known: trial\.even, trial\.functions, trial\.half, trial\.pair, "):
        check("trial.odd", 1)
    with pytest.raises(KeyError, match="known: none in that chapter"):
        check("nowhere.x", 1)


@pytest.mark.parametrize(
    "answer", [0.5, np.float32(0.5), np.array([[0.5]]), 0.5 + 1e-9, Fraction(1, 2), Decimal("0.5")]
)
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
        ([[1, 2, 3], [4, 5]], "The rows do not all have the same length, so this is not an array."),
        ([["a"] * 3] * 2, "The answer should be an array of numbers; this is of type list."),
        (np.full((2, 3), np.inf), "Some entries are not finite (NaN or infinity)."),
    ],
)
def test_a_wrong_array_is_told_what_is_wrong(answer: object, sentence: str) -> None:
    assert check("trial.pair", answer).message == f"trial.pair: not yet. {sentence}"


def test_a_right_array_passes() -> None:
    assert check("trial.pair", [[1, 2, 3], [4, 5, 6]])
    assert check("trial.pair", [[Fraction(1, 3), 2, 3], [4, 5, 6]])


def test_what_print_shows_is_not_what_return_hands_over() -> None:
    with pytest.raises(engine._WrongError, match="A function hands its result over with `return`"):
        expect_number(print(end=""), 1.0)


@pytest.mark.parametrize("answer", [(1, 2), [1, 2], np.array([1, 2])])
def test_several_things_may_come_in_any_row(answer: Any) -> None:
    assert expect_several(answer, "mean", "spread") == (1, 2)


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (7, "of type int"),
        ((1, 2, 3), "of type tuple with 3 in it"),
        (np.array(7.0), "an array of shape () and type float64"),
        ("ab", "of type str"),
        (None, "None. A function hands its result over with `return`; `print` only shows it"),
    ],
)
def test_anything_but_so_many_things_is_told_so(answer: Any, given: str) -> None:
    with pytest.raises(engine._WrongError) as caught:
        expect_several(answer, "W", "b")
    assert str(caught.value) == f"There should be 2 things, (W, b) in this order; this is {given}."


@pytest.mark.parametrize(
    ("found", "want", "agree"),
    [
        ([1.0, 2.0], [1, 2], True),
        (np.float32([1 / 3, 1e6]), [1 / 3, 1e6], True),
        ([1.0, 2.001], [1, 2], False),
        ([2e-9, 0.0], [1e-9, 0.0], False),
        ([1e-17, 0.0], [0.0, 0.0], True),
        ([[1.0], [1.0]], [1.0, 1.0], False),
        (1.0, [1.0, 1.0], False),
        ([np.nan, 2.0], [1.0, 2.0], False),
        ([], [], True),
    ],
)
def test_two_arrays_are_the_same_in_shape_and_in_what_counts(found: Any, want: Any, agree: bool) -> None:
    assert same(found, want) == agree
