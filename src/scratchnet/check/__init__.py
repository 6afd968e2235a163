"""Mark an exercise: say whether an answer is right and, where it is not, hint at *that* mistake.

    >>> from scratchnet.check import check
    >>> check("linear.shape", (32, 10))        # doctest: +SKIP

A chapter's markers are in the module of its name (`scratchnet.check.linear` marks `linear.…`). A marker is a function
of the answer. It returns when the answer is right, and calls `hint` with a sentence when it is not. The sentence is
there to teach, so it names the mistake that was made rather than the answer that was wanted.

A reader's function is watched while the marker calls it. Whatever it raises becomes part of the verdict, and a function
that changes the arrays or lists it is given is never called right, because its caller still needs them.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from importlib import import_module
from importlib.util import find_spec
from numbers import Real
from typing import Any, NoReturn

import numpy as np

__all__ = [
    "Verdict",
    "check",
    "exercise",
    "expect_array",
    "expect_function",
    "expect_number",
    "expect_several",
    "hint",
    "same",
]

_markers: dict[str, tuple[Callable[[Any], None], str]] = {}


@dataclass(frozen=True)
class Verdict:
    """What `check` found. True when the answer is right; prints as the sentence for the reader."""

    correct: bool
    message: str

    def __bool__(self) -> bool:
        return self.correct

    def __repr__(self) -> str:
        return self.message

    def _repr_html_(self) -> str:
        # HTML, because a notebook breaks the lines of plain text in the middle of words.
        said = re.sub("`([^`]+)`", r"<code>\1</code>", escape(self.message, quote=False))
        return f"<p>{said}</p>".replace("\n", "<br>")


class _WrongError(Exception):
    """Carries a hint from a marker to `check`."""


def hint(sentence: str) -> NoReturn:
    """Stop marking: the answer is wrong, and this sentence says what to look at."""
    raise _WrongError(sentence)


def exercise(name: str, right: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register a marker under `name`; `right` is what the reader is told when the answer is right."""

    def register(marker: Callable[[Any], None]) -> Callable[[Any], None]:
        _markers[name] = (marker, right)
        return marker

    return register


def check(name: str, answer: object) -> Verdict:
    """Mark the answer to the exercise `name` (for example "linear.shape").

    An answer of `...` or `None` counts as not yet given. An answer that is a function is called by the marker; if
    it raises anything but KeyboardInterrupt (even SystemExit, as `exit()` does), the verdict says what it raised.
    Raises KeyError for an exercise that does not exist.
    """
    chapter = name.partition(".")[0]
    if chapter.isidentifier() and find_spec(f"{__name__}.{chapter}"):
        import_module(f"{__name__}.{chapter}")
    if name not in _markers:
        known = ", ".join(sorted(n for n in _markers if n.startswith(chapter + "."))) or "none in that chapter"
        raise KeyError(f"there is no exercise {name!r}; known: {known}")
    if answer is ... or answer is None:
        return Verdict(False, f"{name}: not answered yet. Put your answer in place of the three dots.")
    marker, right = _markers[name]
    watch = _Watch()
    try:
        marker(watch.over(answer))
    except _WrongError as wrong:
        return Verdict(False, f"{name}: not yet. {wrong}")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a reader's answer leads to belongs in the verdict, not in a traceback
        what = f"{type(error).__name__}: {error}".removesuffix(": ")
        if watch.raised is error:
            return Verdict(False, f"{name}: not yet. Your answer raised {what}")
        return Verdict(False, f"{name}: not yet. {watch.whose()} has another form than the question asks for ({what}).")
    if watch.changed:
        return Verdict(
            False,
            f"{name}: not yet. What comes back is right, but your function changed its argument number {watch.changed}."
            " Others still need it: work on a copy, or make a new array, with `a = a - b` in place of `a -= b`.",
        )
    return Verdict(True, f"{name}: correct. {right}")


class _Watch:
    """Watches the functions in an answer while a marker calls them: what they raise, and what they change."""

    def __init__(self) -> None:
        self.called = False
        self.raised: BaseException | None = None
        self.changed: int | None = None  # the first argument that a call changed, counted from 1

    def over(self, answer: Any) -> Any:
        """The answer with every function in it replaced by one that is watched."""
        if isinstance(answer, tuple | list) and any(callable(part) for part in answer):
            return tuple(self.over(part) for part in answer)
        if not callable(answer):
            return answer

        @functools.wraps(answer)
        def watched(*arguments: Any, **keywords: Any) -> Any:
            self.called = True
            before = [_snapshot(argument) for argument in arguments]
            try:
                return answer(*arguments, **keywords)
            except BaseException as error:
                self.raised = error
                raise
            finally:
                for place, (old, new) in enumerate(zip(before, arguments, strict=True), start=1):
                    if not self.changed and not _as_it_was(old, new):
                        self.changed = place

        return watched

    def whose(self) -> str:
        """What a marker stumbled over when no function raised: what a function returned, or the answer itself."""
        return "What your function returned" if self.called else "The answer"


def _snapshot(value: Any) -> Any:
    """What is needed to notice later that an array changed, or a list, a tuple or a dictionary of them."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return [(key, _snapshot(part)) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [_snapshot(part) for part in value]
    return value


def _as_it_was(old: Any, value: Any) -> bool:
    """Whether a value agrees with its snapshot. Entries that were nudged and put back may differ by rounding."""
    if isinstance(value, np.ndarray):
        if value.shape != old.shape or value.dtype != old.dtype:
            return False
        if value.dtype.kind == "f":
            return np.allclose(value, old, rtol=1e-6, atol=1e-12, equal_nan=True)
        return np.array_equal(value, old)
    if isinstance(value, dict):
        value = list(value.items())
    if isinstance(value, list | tuple):
        return len(value) == len(old) and all(_as_it_was(*pair) for pair in zip(old, value, strict=True))
    return value is old


def expect_function(answer: object) -> None:
    """Refuse anything that cannot be called."""
    if not callable(answer):
        hint("The answer is a function: hand over its name, without brackets after it.")


def expect_several(answer: Any, *names: str) -> tuple[Any, ...]:
    """Refuse anything but one thing for each name, as a tuple, a list or an array; return them as a tuple."""
    row = isinstance(answer, tuple | list) or (isinstance(answer, np.ndarray) and answer.ndim > 0)
    if not row or len(answer) != len(names):
        together = ", ".join(names)
        given = f"{_describe(answer)} with {len(answer)} in it" if row else _describe(answer)
        hint(f"There should be {len(names)} things, ({together}) in this order; this is {given}.")
    return tuple(answer)


def same(found: Any, want: Any, tolerance: float = 1e-5) -> bool:
    """Whether two arrays have one shape and agree to `tolerance`, in units of the largest entry of `want`.

    Unlike `np.allclose` it never stretches one shape to the other, and it calls two small arrays equal only if their
    difference is small beside them. The tolerance leaves room for float32.
    """
    found, want = np.asarray(found), np.asarray(want)
    if found.shape != want.shape:
        return False
    gap = np.abs(found.astype(np.float64) - want)
    return bool((gap <= tolerance * np.abs(want).max(initial=1e-12)).all())


def expect_number(
    answer: object, want: float, *mistakes: tuple[float, str], tolerance: float = 1e-6, where: str = ""
) -> float:
    """Refuse anything but a single number within `tolerance` of `want`: relative to it, or absolute if it is below 1.

    Returns the number. Each of `mistakes` is a wrong value that a reader is likely to reach, and the hint for it.
    `where` says which number it is, for the hint that only says too large or small.
    """
    number = _array(answer)
    if number.dtype.kind not in "biuf" or number.size != 1:
        hint(f"The answer should be one number; this is {_describe(answer)}.")
    value = float(number.reshape(()))
    if not np.isfinite(value):
        hint(f"{value} is not a finite number.")

    def close(target: float) -> bool:
        return abs(value - target) <= tolerance * max(1.0, abs(target))

    if close(want):
        return value
    for reached, sentence in mistakes:
        if close(reached):
            hint(sentence)
    hint(f"{where}{value:.6g} is too {'large' if value > want else 'small'}.")


def expect_array(answer: object, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[Any]]:
    """Refuse anything but a finite numeric array of this shape; return it as an array."""
    array = _array(answer)
    if array.dtype.kind not in "biuf":
        hint(f"The answer should be an array of numbers; this is {_describe(answer)}.")
    if array.shape != shape:
        turned = " It is transposed." if array.shape == shape[::-1] else ""
        hint(f"The shape should be {shape}; yours is {array.shape}.{turned}")
    if not np.isfinite(array).all():
        hint("Some entries are not finite (NaN or infinity).")
    return array


def _array(answer: object) -> np.ndarray[Any, np.dtype[Any]]:
    """The answer as an array; fractions and decimals become floats."""
    try:
        array = np.asarray(answer)
    except ValueError:
        hint("The rows do not all have the same length, so this is not an array.")
    if array.dtype == object and all(isinstance(entry, Real | Decimal) for entry in array.flat):
        return array.astype(float)
    return array


def _describe(answer: object) -> str:
    if isinstance(answer, np.ndarray) and answer.shape == () and answer.dtype == object:
        answer = answer.item()  # NumPy has put something that is no array into one
    if isinstance(answer, np.ndarray):
        return f"an array of shape {answer.shape} and type {answer.dtype}"
    if answer is None:
        return "None. A function hands its result over with `return`; `print` only shows it"
    if callable(answer):
        return "a function, not what it returns"
    return f"of type {type(answer).__name__}"
