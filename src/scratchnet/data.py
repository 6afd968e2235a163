"""From a file of handwritten digits to the arrays a network trains on: read, normalise, split, minibatches.

Source: chapters "data" (reading, splitting) and "sgd" (minibatches).
"""

import bz2
import csv
import gzip
import lzma
import re
import zlib
from collections.abc import Iterator
from io import TextIOWrapper
from lzma import LZMAError
from pathlib import Path
from typing import NamedTuple, NoReturn, TextIO
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import DTypeLike, NDArray

from scratchnet.shapes import require_labels, require_matrix
from scratchnet.types import FloatArray, IntArray

__all__ = ["Digits", "minibatches", "normalize", "read_digits", "train_dev_split"]

PIXELS = 784
COLUMNS = ("label", *(f"pixel{n}" for n in range(PIXELS)))


class Digits(NamedTuple):
    """Images (N, 784), uint8 from 0 (paper) to 255 (ink), row by row; and their labels (N,), int64 from 0 to 9."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def read_digits(path: str | Path) -> Digits:
    """Read a file in the layout of Kaggle's train.csv: the header label,pixel0,…,pixel783, then a row an image.

    The file may be compressed; its ending says how (.gz, .zip, .bz2, .xz). A file that is not exactly of that layout
    is refused whole, with a ValueError that names the file and, where there is one, the line and the column: wrong
    or missing columns, text, gaps, fractions, pixels outside 0-255, labels outside 0-9, a file cut short. A line
    number counts as an editor does, the header being line 1. FileNotFoundError where there is no file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file. Check the name and the folder you run in")
    if path.is_dir():
        raise _refusal(path, "this is a folder. Name the CSV file in it")
    try:
        with _open(path) as lines:
            _check_header(path, next(csv.reader(lines), []))
        with _open(path) as lines:
            values = _parse(lines)
        if values is None:
            with _open(path) as lines:
                _explain(path, lines)
    except UnicodeDecodeError:
        raise _refusal(path, "this is not a text file, so not a CSV") from None
    except (EOFError, OSError, zlib.error, BadZipFile, LZMAError) as error:
        raise _refusal(path, f"it is damaged or cut short ({error}). Fetch it again") from None
    except csv.Error as error:
        raise _refusal(path, f"this is not a CSV file ({error})") from None
    if not len(values):
        raise _refusal(path, "there is a header but no image under it")
    return Digits(values[:, 1:].astype(np.uint8), values[:, 0].astype(np.int64))


def normalize(images: NDArray[np.integer], dtype: DTypeLike = np.float32) -> FloatArray:
    """Return pixels from 0 to 255 as numbers from 0 to 1, in the same shape.

    Raises ValueError for anything but integers from 0 to 255: floats may have been normalised already, and doing it
    twice would leave a network that learns next to nothing without a word.
    """
    images = np.asarray(images)
    if images.dtype.kind not in "iu":
        raise ValueError(f"images must be integers from 0 to 255, not {images.dtype}: were they normalised already?")
    if images.size and (images.min() < 0 or images.max() > 255):
        raise ValueError(f"images must be from 0 to 255, but these go from {images.min()} to {images.max()}")
    return images.astype(dtype) / np.asarray(255, dtype)


Split = tuple[FloatArray, IntArray]


def train_dev_split(X: FloatArray, y: IntArray, dev_size: int, rng: np.random.Generator) -> tuple[Split, Split]:
    """Return (X_train, y_train), (X_dev, y_dev): `dev_size` examples drawn at random, without repeats, and the rest.

    Shapes: X (N, D), y (N,). Both parts come shuffled. Raises ValueError unless both get at least one example.
    """
    _require_examples(X, y)
    if not 1 <= dev_size < len(X):
        raise ValueError(f"dev_size must be from 1 to {len(X) - 1}, so that both parts have examples, not {dev_size}")
    order = rng.permutation(len(X))
    dev, train = order[:dev_size], order[dev_size:]
    return (X[train], y[train]), (X[dev], y[dev])


def minibatches(X: FloatArray, y: IntArray, batch_size: int, rng: np.random.Generator) -> Iterator[Split]:
    """Yield (X_batch, y_batch), every example once, in a fresh random order; the last batch takes what is left.

    Shapes: X (N, D), y (N,); a batch is (batch_size, D) and (batch_size,). What is shuffled is the examples, so no
    two epochs see the same batches. Raises ValueError, at once, for a batch size below 1.
    """
    _require_examples(X, y)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    order = rng.permutation(len(X))
    # take, not X[rows]: the same rows, found faster
    starts = range(0, len(X), batch_size)
    return ((X.take(rows, axis=0), y.take(rows)) for rows in (order[s : s + batch_size] for s in starts))


def _require_examples(X: FloatArray, y: IntArray) -> None:
    require_matrix("X", X)
    require_labels(y, len(X))


def _open(path: Path) -> TextIO:
    """Open the text in a file, compressed or not. A byte order mark at its start is not part of the text."""
    match path.suffix.lower():
        case ".gz":
            return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        case ".bz2":
            return bz2.open(path, "rt", encoding="utf-8-sig", newline="")
        case ".xz":
            return lzma.open(path, "rt", encoding="utf-8-sig", newline="")
        case ".zip":
            with ZipFile(path) as archive:
                names = archive.namelist()
                if len(names) != 1:
                    raise _refusal(path, f"a zip must hold one file, the CSV; this one holds {len(names)}")
                return TextIOWrapper(archive.open(names[0]), encoding="utf-8-sig", newline="")
        case _:
            return path.open(encoding="utf-8-sig", newline="")


def _check_header(path: Path, names: list[str]) -> None:
    if names == list(COLUMNS):
        return
    if not names:
        raise _refusal(path, "the file is empty")
    if names == list(COLUMNS[1:]):
        raise _refusal(path, "there is no column 'label'. This looks like Kaggle's test.csv; train.csv has the labels")
    if len(names) != len(COLUMNS):
        expected = f"{len(COLUMNS)} columns, label and pixel0 to pixel783"
        raise _refusal(path, f"line 1: expected {expected}, but found {len(names)}. Is this a CSV of digits?")
    wrong = next(n for n, (name, column) in enumerate(zip(names, COLUMNS, strict=True)) if name != column)
    raise _refusal(path, f"line 1: column {wrong + 1} should be called {COLUMNS[wrong]!r} but is {names[wrong]!r}")


def _parse(lines: TextIO) -> NDArray[np.int16] | None:
    """Return all values (N, 785), or None when anything at all is not as it should be. `_explain` then says what.

    int16 holds every allowed value; on text, gaps, fractions and numbers too large for it pandas raises.
    """
    import pandas as pd

    try:
        with np.errstate(invalid="raise"):  # an infinity would only warn
            table = pd.read_csv(lines, dtype=np.int16)
    except (ValueError, ArithmeticError):
        return None
    values = table.to_numpy()
    # Where every line is one value too long, pandas takes the first column for row names.
    whole = isinstance(table.index, pd.RangeIndex) and (values >= 0).all() and (values <= 255).all()
    return values if whole and (values[:, 0] <= 9).all() else None


def _explain(path: Path, lines: TextIO) -> NoReturn:
    """Find the first thing wrong below the header, and refuse the file because of it."""
    reader = csv.reader(lines, strict=True)
    next(reader)
    for cells in reader:
        if cells and len(cells) != len(COLUMNS):
            raise _refusal(path, f"line {reader.line_num} has {len(cells)} columns, not {len(COLUMNS)}")
        for name, text in zip(COLUMNS, cells, strict=False):
            largest = 9 if name == "label" else 255
            if not re.fullmatch(r" *[0-9]{1,9} *", text) or int(text) > largest:
                found = repr(text) if text else "empty"
                sentence = f"must be a whole number from 0 to {largest} but is {found}"
                raise _refusal(path, f"line {reader.line_num}, column {name!r}: {sentence}")
    raise _refusal(path, "pandas cannot read this as a table of whole numbers")


def _refusal(path: Path, sentence: str) -> ValueError:
    return ValueError(f"{path}: {sentence}")
