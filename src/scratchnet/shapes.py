"""Refuse what does not fit, with a sentence: the checks that every function shares.

Each sentence names the argument, says what was found, and where there is a remedy of one line, gives it. What is right
is passed in as few steps as possible, because some of these checks stand in loops.
"""

import math
from numbers import Real

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.types import FloatArray, IntArray


def require_matrix(name: str, array: FloatArray) -> None:
    """Refuse anything but a floating-point matrix with at least one row, rows being examples."""
    if type(array) is np.ndarray and array.ndim == 2 and array.dtype.kind == "f" and len(array):
        return
    short = name.split()[-1]  # in the remedy, "validation's X" is X
    remedy = _no_plain_array(short, array, f"np.array({short}, dtype=float)")
    if not remedy and array.dtype.kind != "f":
        remedy = f"{short}.real" if array.dtype.kind == "c" else f"{short}.astype(float)"
        if array.dtype.kind in "iu":
            remedy += f", or sn.normalize({short}) if these are pixels from 0 to 255"
    elif not remedy and array.ndim == 1:
        remedy = f"{short}[None] if this is one example"
    elif not remedy and array.ndim > 2:
        remedy = f"{short}.reshape(len({short}), -1)"
    if remedy or array.ndim != 2:
        advice = f". Pass {remedy}" if remedy else ""
        raise ValueError(f"{name} must be a float matrix with one row for each example, not {_found(array)}{advice}")
    if len(array) == 0:
        raise ValueError(f"{name} has no rows: at least one example is needed")


def require_images(name: str, array: FloatArray, what: str = "images (N, C, H, W)") -> None:
    """Refuse anything but a floating-point array of four axes, none of them empty."""
    plain = isinstance(array, np.ndarray)
    if not plain or array.ndim != 4 or array.dtype.kind != "f":
        advice = ""
        if plain and array.ndim == 2 and array.shape[1] == 784:
            advice = f". Pass {name}.reshape(-1, 1, 28, 28)"
        elif plain and array.ndim == 3:
            advice = f". Pass {name}[:, None] if there is one channel"
        elif plain and array.ndim == 4:
            advice = f". Pass {name}.astype(float)"
        raise ValueError(f"{name} must be a float array of {what}, not {_found(array)}{advice}")
    if not array.size:
        raise ValueError(f"{name} has shape {array.shape}: there is nothing in it")


def require_shape(name: str, array: FloatArray | IntArray, shape: tuple[int, ...], because: str) -> None:
    """Refuse an array of another shape; `because` says what the expected shape follows from."""
    if np.shape(array) != shape:
        raise ValueError(f"{name} must have shape {shape} {because}, not {np.shape(array)}")


def require_labels(y: IntArray, examples: int, classes: int | None = None, name: str = "y") -> None:
    """Refuse anything but `examples` integer labels, each from 0 to classes - 1."""
    short = name.split()[-1]
    remedy = "" if type(y) is np.ndarray else _no_plain_array(short, y, f"np.array({short})")
    if not remedy and y.ndim == 2 and len(y) == examples and y.shape[1] > 1:
        remedy = f"{short}.argmax(axis=1) if each row has its largest number at the class"
    elif not remedy and y.dtype.kind == "f" and (y != np.round(y)).any():
        place = tuple(int(index) for index in np.argwhere(y != np.round(y))[0])
        raise ValueError(f"{name} must be an array of integer labels, but {short}{list(place)} is {y[place]}")
    elif not remedy and y.dtype.kind not in "iu":
        remedy = f"{short}.astype(int)"
    if remedy:
        found = f"dtype {y.dtype}" if type(y) is np.ndarray and y.ndim == 1 else _found(y)
        raise ValueError(f"{name} must be an array of integer labels, not {found}. Pass {remedy}")
    if y.shape != (examples,):
        advice = f". Pass {short}.ravel()" if y.size == examples else ""
        raise ValueError(f"{name} must have shape ({examples},) (one label for each example), not {y.shape}{advice}")
    if classes is not None and len(y) and (y.min() < 0 or y.max() >= classes):
        row = int(np.argmax((y < 0) | (y >= classes)))
        advice = f". If your labels begin at 1, pass {short} - 1" if y.min() == 1 and y.max() == classes else ""
        sentence = f"{name}[{row}] is {y[row]}, but with {classes} classes a label is from 0 to {classes - 1}"
        raise ValueError(sentence + advice)


def require_examples(
    X: FloatArray,
    y: IntArray,
    classes: int | None = None,
    inputs: int | None = None,
    names: tuple[str, str] = ("X", "y"),
) -> None:
    """Refuse anything but a float matrix of `inputs` columns, and a label for each of its rows."""
    require_columns(names[0], X, inputs)
    if inputs is None and len(X) != np.size(y) == X.shape[1]:
        raise ValueError(_turned(names[0], X))
    require_labels(y, len(X), classes, names[1])


def require_columns(name: str, X: FloatArray, inputs: int | None) -> None:
    """Refuse anything but a float matrix of `inputs` columns."""
    require_matrix(name, X)
    if inputs is not None and X.shape[1] != inputs:
        if len(X) == inputs:
            raise ValueError(_turned(name, X))
        advice = ". Are the labels still among them?" if X.shape[1] == inputs + 1 else ""
        if X.size == inputs:
            advice = f". Pass {name.split()[-1]}.reshape(1, -1) if this is one image"
        raise ValueError(f"{name} has {X.shape[1]} columns and the network {inputs} inputs{advice}")


def require_finite(name: str, array: FloatArray, advice: str = "") -> float:
    """Refuse NaN and infinity, and say where the first stands; return the root mean square of the numbers.

    It is the sum of squares that shows whether all are finite: that takes no second array as large as the first.
    """
    with np.errstate(all="ignore"):
        norm = float(np.linalg.norm(array))
        if not math.isfinite(norm):
            wrong = ~np.isfinite(array)
            if wrong.any():
                place = np.argwhere(wrong)[0]
                where = f"row {place[0]}, column {place[1]}" if array.ndim == 2 else f"place {place[0]}"
                found = f"{array[tuple(place)]} stands in {where}, the first of {int(wrong.sum()):,} such places"
                raise ValueError(f"{name} must be finite numbers, but {found}. {advice}".rstrip())
            norm = float(np.linalg.norm(array.astype(np.float64)))  # finite, and too large to be squared as they are
    return norm / math.sqrt(array.size)


def require_generator(rng: np.random.Generator) -> None:
    """Refuse anything but a generator of NumPy's."""
    if not isinstance(rng, np.random.Generator):
        whole = isinstance(rng, int | np.integer) and not isinstance(rng, bool) and rng >= 0
        found = repr(rng) if isinstance(rng, int | np.integer) or rng is None else type(rng).__name__
        raise ValueError(f"rng must be a generator, not {found}. Pass np.random.default_rng({rng if whole else 0})")


def require_count(name: str, value: int, most: int | None = None, because: str = "", advice: str = "") -> None:
    """Refuse anything but a whole number from 1 to `most`; `because` says why not more."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1 or (most is not None and value > most):
        if isinstance(value, float | np.floating) and float(value).is_integer():
            advice = f". Write {int(value)}"
        scale = "at least 1" if most is None else f"from 1 to {most}"
        comma = "," if most is None else ""
        raise ValueError(f"{name} must be a whole number{comma} {scale}{because}, not {value!r}{advice}")


def require_positive(name: str, value: float) -> None:
    """Refuse anything but one number that is positive and finite."""
    if not is_number(value) or not 0 < value < math.inf:
        advice = ". Write it without quotation marks" if isinstance(value, str) else ""
        raise ValueError(f"{name} must be a positive number, not {value!r}{advice}")


def require_dtype(dtype: DTypeLike) -> None:
    """Refuse anything but the two types of the book."""
    try:
        known = np.dtype(dtype) in (np.dtype(np.float32), np.dtype(np.float64))
    except TypeError:
        known = False
    if not known:
        name = getattr(dtype, "__name__", dtype)
        raise ValueError(f"dtype must be float32 or float64, not {name}")


def is_number(value: object) -> bool:
    """Return whether this is one real number: not True or False, not text, not an array."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _no_plain_array(short: str, array: object, otherwise: str) -> str:
    """Return how to make an array of NumPy's of something else, or "" for what is one."""
    if hasattr(array, "to_numpy"):  # pandas and its kin
        return f"{short}.to_numpy()"
    if not isinstance(array, np.ndarray):
        return otherwise
    if isinstance(array, np.ma.MaskedArray):
        return f"{short}.filled(0), or what else should stand where it is masked"
    return f"np.asarray({short})" if isinstance(array, np.matrix) else ""


def _found(array: object) -> str:
    if type(array) is not np.ndarray and not isinstance(array, np.memmap):
        return type(array).__name__
    return f"shape {array.shape} and dtype {array.dtype}"


def _turned(name: str, X: FloatArray) -> str:
    return f"{name} has shape {X.shape}, but its rows must be the examples. Pass {name.split()[-1]}.T"
