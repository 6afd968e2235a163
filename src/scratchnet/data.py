"""From a file of handwritten digits to the arrays a network trains on: read, normalise, split, minibatches.

Source: chapter "data" (reading, splitting) and chapter "sgd" (minibatches).
"""

import re
import warnings
import zlib
from collections.abc import Iterator
from lzma import LZMAError
from os import PathLike
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import DTypeLike, NDArray

from scratchnet.files import Refused, Text, unpacked
from scratchnet.looks import doubts
from scratchnet.shapes import require_count, require_dtype, require_examples, require_generator
from scratchnet.tables import read_table
from scratchnet.types import FloatArray, IntArray

__all__ = ["Digits", "minibatches", "normalize", "read_digits", "train_dev_split"]

Bytes = NDArray[np.uint8]


class Digits(NamedTuple):
    """Images (N, 784), uint8 from 0 (paper) to 255 (ink), row by row; and their labels (N,), int64 from 0 to 9."""

    images: Bytes
    labels: NDArray[np.int64]


def read_digits(path: str | Path) -> Digits:
    """Read a file of handwritten digits, a label and 784 pixels an image, as in Kaggle's train.csv and its variants.

    It may be packed (zip, gzip, bz2, xz; of a zip with several files, the one train.csv is read), whatever its name
    says. It may have the label first or last, other names for the pixels or none, a column that counts the images,
    semicolons or tabs for commas, quotes and blanks, whole numbers written 0.0 or 1.0e+00, and be UTF-8 or UTF-16.

    Anything else is refused whole, with a ValueError that names the file, the line and the column, and says what is
    wrong and what to do: files of another kind or without labels, images of another size, gaps, fractions, pixels
    outside 0-255, labels outside 0-9, what is damaged or cut short. Lines count from 1, as an editor counts them.
    Raises FileNotFoundError where there is no file. A UserWarning says where images look as if ink and paper were
    exchanged, or rows and columns, because no file says so itself.
    """
    path = _find(path)
    try:
        with unpacked(path) as file:
            text = Text(file)
            try:
                digits = Digits(*read_table(text))
            except (Refused, UnicodeDecodeError):
                text.read_to_the_end()  # damage would make the text look wrong, and is then the better reason
                raise
    except Refused as refused:
        raise ValueError(f"{path}: {refused}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: this is not a text file, or not in UTF-8. Save it as CSV in UTF-8") from None
    except PermissionError:
        raise
    except (EOFError, OSError, zlib.error, BadZipFile, LZMAError) as error:
        raise ValueError(f"{path}: it is damaged or cut short ({error}). Fetch it again") from None
    for doubt in doubts(*digits):
        warnings.warn(f"{path}: {doubt}", UserWarning, stacklevel=2)
    return digits


def _find(path: str | Path) -> Path:
    """Return the path to a file that exists."""
    if not isinstance(path, str | PathLike):
        raise TypeError(
            f"path must be the name of a file, not {type(path).__name__}: read_digits opens the file itself"
        )
    if re.match("[a-z]+://", str(path)):
        raise ValueError(f"{path}: this is an address. Fetch the file, and name it as it is called on your disk")
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file. Check the name and the folder you run in")
    if path.is_dir():
        raise ValueError(f"{path}: this is a folder. Name the CSV file in it")
    return path


def normalize(images: NDArray[np.integer], dtype: DTypeLike = np.float32) -> FloatArray:
    """Return pixels from 0 to 255 as numbers from 0 to 1, in the same shape.

    Raises ValueError for anything but integers from 0 to 255. Floats may have been normalised already, and whoever
    normalises twice gets a network that learns next to nothing, with no error to say why. For the same reason it
    refuses integers of which none is above 1: such images are black and white, and not the faintest of greys.
    """
    images = np.asarray(images)
    require_dtype(dtype)
    if images.dtype.kind not in "iu":
        advice = ". Pass images.astype(int), if these are whole numbers"
        if images.dtype.kind == "b":
            advice = ". Pass 255 * images.astype(int)"
        elif images.dtype.kind == "f" and not (images > 1).any():
            advice = ": were they normalised already? Then use them as they are"
        raise ValueError(f"images must be integers from 0 to 255, not {images.dtype}{advice}")
    smallest, largest = (images.min(), images.max()) if images.size else (0, 0)
    if smallest < 0 or largest > 255:
        raise ValueError(f"images must be from 0 to 255, but these go from {smallest} to {largest}")
    if largest == 1:
        raise ValueError(
            "images must be integers from 0 to 255, but these go from 0 to 1. "
            "Pass 255 * images if they are black and white, "
            "and the originals if they were divided as integers"
        )
    return np.divide(images, 255, dtype=dtype)


Split = tuple[FloatArray, IntArray]


def train_dev_split(X: FloatArray, y: IntArray, dev_size: int, rng: np.random.Generator) -> tuple[Split, Split]:
    """Return (X_train, y_train), (X_dev, y_dev): `dev_size` examples drawn at random, without repeats, and the rest.

    Shapes: X (N, D), y (N,). Both parts come shuffled. Raises ValueError unless both get at least one example.
    """
    require_examples(X, y)
    if len(X) < 2:
        raise ValueError("X has one row: at least two examples are needed, one for each part")
    advice = ""
    if isinstance(dev_size, float) and 0 < dev_size < 1:
        part = max(1, int(dev_size * len(X)))
        advice = f". For that part of the examples, write dev_size={part}"
    require_count("dev_size", dev_size, len(X) - 1, ", so that both parts have examples", advice)
    require_generator(rng)
    order = rng.permutation(len(X))
    dev, train = order[:dev_size], order[dev_size:]
    return (X[train], y[train]), (X[dev], y[dev])


def minibatches(
    X: FloatArray, y: IntArray, batch_size: int, rng: np.random.Generator, out: FloatArray | None = None
) -> Iterator[Split]:
    """Yield (X_batch, y_batch), every example once, in a fresh random order; the last batch takes what is left.

    Shapes: X (N, D), y (N,); a batch is (batch_size, D) and (batch_size,). What is shuffled is the examples, so no
    two epochs see the same batches. `out` is an array (batch_size, D) of X's dtype for the images; with one, each
    batch overwrites the one before. Raises ValueError, at once, for a batch size below 1.
    """
    require_examples(X, y)
    require_count("batch_size", batch_size)
    require_generator(rng)
    order = rng.permutation(len(X))
    labels = y.take(order)
    batches = (slice(start, start + batch_size) for start in range(0, len(X), batch_size))
    return ((_gather(X, order[batch], out), labels[batch]) for batch in batches)


def _gather(X: FloatArray, rows: IntArray, out: FloatArray | None) -> FloatArray:
    """Return these rows of X, in the first rows of `out` where there is one.

    `take` returns the same as X[rows], and is faster. With "clip", NumPy does not look for rows outside X, and there
    are none.
    """
    return X.take(rows, axis=0, out=None if out is None else out[: len(rows)], mode="clip")
