"""From a file of handwritten digits to the arrays a network trains on: read, normalise, split, minibatches.

Source: chapters "data" (reading, splitting) and "sgd" (minibatches).
"""

import zlib
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from zipfile import BadZipFile

import numpy as np
from numpy.typing import DTypeLike, NDArray

from scratchnet.shapes import require_labels, require_matrix
from scratchnet.types import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

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
    import pandas as pd

    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file. Check the name and the folder you run in")
    if path.is_dir():
        raise _refusal(path, "this is a folder. Name the CSV file in it")
    try:
        header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False, skip_blank_lines=False)
        _check_header(path, list(header.iloc[0]))
        # int16 holds every value that is allowed and fails on text, gaps and fractions; a number too large for it
        # fails too, in place of wrapping round.
        try:
            table = pd.read_csv(path, dtype=np.int16, skip_blank_lines=False, index_col=False, on_bad_lines="error")
        except (ValueError, OverflowError):
            _explain(path)
    except pd.errors.EmptyDataError:
        raise _refusal(path, "the file is empty") from None
    except (EOFError, zlib.error, BadZipFile, LZMAError, OSError) as error:
        raise _refusal(path, f"it is damaged or cut short ({error}). Fetch it again") from None
    except UnicodeDecodeError:
        raise _refusal(path, "this is not a text file, so not a CSV") from None
    values = table.to_numpy()
    _check_range(path, values)
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


def _refusal(path: Path, sentence: str) -> ValueError:
    return ValueError(f"{path}: {sentence}")


def _check_header(path: Path, names: list[str]) -> None:
    if names == list(COLUMNS):
        return
    if names == list(COLUMNS[1:]):
        raise _refusal(path, "there is no column 'label'. This looks like Kaggle's test.csv; train.csv has the labels")
    if len(names) != len(COLUMNS):
        expected = f"{len(COLUMNS)} columns, label and pixel0 to pixel783"
        raise _refusal(path, f"line 1: expected {expected}, but found {len(names)}. Is this a CSV of digits?")
    wrong = next(n for n, (name, column) in enumerate(zip(names, COLUMNS, strict=True)) if name != column)
    raise _refusal(path, f"line 1: column {wrong + 1} should be called {COLUMNS[wrong]!r} but is {names[wrong]!r}")


def _check_range(path: Path, values: NDArray[np.int16]) -> None:
    bad = (values < 0) | (values > 255)
    bad[:, 0] |= values[:, 0] > 9
    if bad.any():
        row, column = np.argwhere(bad)[0]
        _refuse_cell(path, row + 2, column, str(values[row, column]))


def _refuse_cell(path: Path, line: int, column: int, text: str) -> NoReturn:
    allowed = "a whole number from 0 to 9" if column == 0 else "a whole number from 0 to 255"
    found = repr(text) if text else "empty"
    raise _refusal(path, f"line {line}, column {COLUMNS[column]!r}: must be {allowed} but is {found}")


def _explain(path: Path) -> NoReturn:
    """Find the first cell that is not a small whole number, and refuse the file because of it."""
    import pandas as pd

    too_long: list[int] = []

    def remember(cells: list[str]) -> None:
        too_long.append(len(cells))

    read = pd.read_csv(
        path, dtype=str, keep_default_na=False, skip_blank_lines=False, index_col=False, chunksize=500,
        engine="python", on_bad_lines=remember,
    )  # fmt: skip
    line = 2
    for chunk in read:
        _explain_rows(path, chunk, line)
        line += len(chunk)
        if too_long:
            raise _refusal(path, f"a line up to line {line} has {too_long[0]} columns, not {len(COLUMNS)}")
    raise _refusal(path, "this is not a CSV file of whole numbers")


def _explain_rows(path: Path, rows: "pd.DataFrame", first_line: int) -> None:
    for line, cells in enumerate(rows.itertuples(index=False), start=first_line):
        for column, cell in enumerate(cells):
            text = cell if isinstance(cell, str) else ""  # pandas fills a short line with NaN
            if not (text.strip().isdecimal() and int(text) <= (9 if column == 0 else 255)):
                _refuse_cell(path, line, column, text)
