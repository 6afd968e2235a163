"""Mark an exercise: say whether an answer is right and, where it is not, hint at *that* mistake.

    >>> from scratchnet.check import check
    >>> check("linear.shape", (32, 10))        # doctest: +SKIP

A chapter's markers live in the module of its name (`scratchnet.check.linear` marks `linear.…`). A marker is a
function of the answer that returns when it is right and calls `hint` when it is not; the sentence it hints with is
the teaching, so it names the mistake that was made rather than the answer that was wanted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn

import numpy as np

__all__ = ["Verdict", "check", "exercise", "expect_array", "expect_function", "expect_number", "hint"]

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
    it raises, the verdict says what it raised. Raises KeyError for an exercise that does not exist.
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
    try:
        marker(answer)
    except _WrongError as wrong:
        return Verdict(False, f"{name}: not yet. {wrong}")
    except Exception as error:  # whatever a reader's function raises belongs in the verdict, not in a traceback
        return Verdict(False, f"{name}: not yet. Your answer raised {type(error).__name__}: {error}")
    return Verdict(True, f"{name}: correct. {right}")


def expect_function(answer: object) -> None:
    """Refuse anything that cannot be called."""
    if not callable(answer):
        hint("The answer is a function: hand over its name, without brackets after it.")


def expect_number(answer: object, want: float, tolerance: float = 1e-6, where: str = "", **mistakes: float) -> float:
    """Refuse anything but a single number within `tolerance` (relative, and absolute below 1) of `want`.

    Returns the number. Each keyword names a wrong value a reader is likely to reach; its name, with underscores
    read as spaces, becomes the hint. `where` says which number it is, for the hint that only says too large or small.
    """
    number = np.asarray(answer)
    if number.dtype.kind not in "biuf" or number.size != 1:
        hint(f"The answer should be one number; this is {_describe(answer)}.")
    value = float(number.reshape(()))
    if not np.isfinite(value):
        hint(f"{value} is not a finite number.")

    def close(target: float) -> bool:
        return abs(value - target) <= tolerance * max(1.0, abs(target))

    if close(want):
        return value
    for mistake, reached in mistakes.items():
        if close(reached):
            hint(mistake.replace("_", " ") + ".")
    hint(f"{where}{value:.6g} is too {'large' if value > want else 'small'}.")


def expect_array(answer: object, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[Any]]:
    """Refuse anything but a finite numeric array of this shape; return it as an array."""
    array = np.asarray(answer)
    if array.dtype.kind not in "biuf":
        hint(f"The answer should be an array of numbers; this is {_describe(answer)}.")
    if array.shape != shape:
        turned = " It is transposed." if array.shape == shape[::-1] else ""
        hint(f"The shape should be {shape}; yours is {array.shape}.{turned}")
    if not np.isfinite(array).all():
        hint("Some entries are not finite (NaN or infinity).")
    return array


def _describe(answer: object) -> str:
    if isinstance(answer, np.ndarray):
        return f"an array of shape {answer.shape} and type {answer.dtype}"
    return f"of type {type(answer).__name__}"
