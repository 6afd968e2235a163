"""Refuse what does not fit, with a sentence: the shape checks that every rule shares."""

import numpy as np

from scratchnet.types import FloatArray, IntArray


def require_matrix(name: str, array: FloatArray) -> None:
    """Refuse anything but a floating-point matrix with at least one row, rows being examples."""
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind != "f":
        found = (
            f"shape {array.shape} and dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        )
        raise ValueError(f"{name} must be a float matrix with one row for each example, not {found}")
    if len(array) == 0:
        raise ValueError(f"{name} has no rows: at least one example is needed")


def require_shape(name: str, array: FloatArray | IntArray, shape: tuple[int, ...], because: str) -> None:
    """Refuse an array of another shape; `because` says what the expected shape follows from."""
    if np.shape(array) != shape:
        raise ValueError(f"{name} must have shape {shape} {because}, not {np.shape(array)}")


def require_labels(y: IntArray, examples: int, classes: int | None = None) -> None:
    """Refuse anything but `examples` integer labels, each from 0 to classes - 1."""
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "iu":
        found = f"dtype {y.dtype}" if isinstance(y, np.ndarray) else type(y).__name__
        raise ValueError(f"y must be an array of integer labels, not {found}")
    require_shape("y", y, (examples,), "(one label for each example)")
    if classes is not None and ((y < 0) | (y >= classes)).any():
        row = int(np.argmax((y < 0) | (y >= classes)))
        raise ValueError(f"y[{row}] is {y[row]}, but with {classes} classes a label is from 0 to {classes - 1}")
