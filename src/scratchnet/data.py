"""From a file of handwritten digits to the arrays a network trains on: read, normalise, split, minibatches.

Source: chapter "data" (reading, splitting) and chapter "sgd" (minibatches).
"""

import bz2
import csv
import gzip
import lzma
import re
import reprlib
import zlib
from collections.abc import Iterator
from functools import lru_cache
from io import TextIOWrapper
from lzma import LZMAError
from pathlib import Path
from typing import IO, NamedTuple, cast
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import DTypeLike, NDArray

from scratchnet.shapes import require_count, require_dtype, require_examples, require_generator
from scratchnet.types import FloatArray, IntArray

__all__ = ["Digits", "minibatches", "normalize", "read_digits", "train_dev_split"]

PIXELS = 784
COLUMNS = ("label", *(f"pixel{n}" for n in range(PIXELS)))
ROW_OF_SEPARATORS = np.frombuffer(b"," * PIXELS + b"\n", np.uint8)
BLOCK = 1 << 22  # bytes of text read at a time: 4 MiB, some 2,300 images

Bytes = NDArray[np.uint8]


class Digits(NamedTuple):
    """Images (N, 784), uint8 from 0 (paper) to 255 (ink), row by row; and their labels (N,), int64 from 0 to 9."""

    images: Bytes
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
        with _open(path) as file:
            table = _read_plain(file)
        if table is None:
            with _open(path) as file:
                while file.read(BLOCK):  # to the end, where damage shows: it would make the text look wrong
                    pass
            with _open(path) as file:
                table = _read_carefully(path, file)
    except PermissionError:
        raise
    except UnicodeDecodeError:
        raise _refusal(path, "this is not a text file, so not a CSV") from None
    except (EOFError, OSError, zlib.error, BadZipFile, LZMAError) as error:
        raise _refusal(path, f"it is damaged or cut short ({error}). Fetch it again") from None
    except RuntimeError as error:  # a zip with a password, or packed in a way Python does not know
        raise _refusal(path, f"it cannot be unpacked ({error})") from None
    except csv.Error as error:
        raise _refusal(path, f"this is not a CSV file ({error})") from None
    return Digits(table[:, 1:].copy(), table[:, 0].astype(np.int64))


def normalize(images: NDArray[np.integer], dtype: DTypeLike = np.float32) -> FloatArray:
    """Return pixels from 0 to 255 as numbers from 0 to 1, in the same shape.

    Raises ValueError for anything but integers from 0 to 255: floats may have been normalised already, and doing it
    twice would leave a network that learns next to nothing without a word. For the same reason it refuses integers
    of which none is above 1: that is black and white, not the faintest of greys.
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
        advice = "Pass 255 * images if they are black and white, and the originals if they were divided as integers"
        raise ValueError(f"images must be integers from 0 to 255, but these go from 0 to 1. {advice}")
    return np.divide(images, 255, dtype=dtype)


Split = tuple[FloatArray, IntArray]


def train_dev_split(X: FloatArray, y: IntArray, dev_size: int, rng: np.random.Generator) -> tuple[Split, Split]:
    """Return (X_train, y_train), (X_dev, y_dev): `dev_size` examples drawn at random, without repeats, and the rest.

    Shapes: X (N, D), y (N,). Both parts come shuffled. Raises ValueError unless both get at least one example.
    """
    require_examples(X, y)
    if len(X) < 2:
        raise ValueError("X has one row: at least two examples are needed, one for each part")
    part = isinstance(dev_size, float) and 0 < dev_size < 1
    advice = f". For that part of the examples, write dev_size={max(1, int(dev_size * len(X)))}" if part else ""
    require_count("dev_size", dev_size, len(X) - 1, ", so that both parts have examples", advice)
    require_generator(rng)
    order = rng.permutation(len(X))
    dev, train = order[:dev_size], order[dev_size:]
    return (X[train], y[train]), (X[dev], y[dev])


def minibatches(X: FloatArray, y: IntArray, batch_size: int, rng: np.random.Generator) -> Iterator[Split]:
    """Yield (X_batch, y_batch), every example once, in a fresh random order; the last batch takes what is left.

    Shapes: X (N, D), y (N,); a batch is (batch_size, D) and (batch_size,). What is shuffled is the examples, so no
    two epochs see the same batches. Raises ValueError, at once, for a batch size below 1.
    """
    require_examples(X, y)
    require_count("batch_size", batch_size)
    require_generator(rng)
    order = rng.permutation(len(X))
    # take, not X[rows]: the same rows, found faster
    starts = range(0, len(X), batch_size)
    return ((X.take(rows, axis=0), y.take(rows)) for rows in (order[s : s + batch_size] for s in starts))


def _open(path: Path) -> IO[bytes]:
    """Open a file for reading its bytes, unpacked."""
    match path.suffix.lower():
        case ".gz":
            return cast(IO[bytes], gzip.open(path))
        case ".bz2":
            return cast(IO[bytes], bz2.open(path))
        case ".xz":
            return cast(IO[bytes], lzma.open(path))
        case ".zip":
            with ZipFile(path) as archive:
                names = archive.namelist()
                if len(names) != 1:
                    raise _refusal(path, f"a zip must hold one file, the CSV; this one holds {len(names)}")
                return archive.open(names[0])
        case _:
            return path.open("rb")


def _read_plain(file: IO[bytes]) -> Bytes | None:
    """Return all values (N, 785) of a file with nothing unusual in it, or None: `_read_carefully` then says why."""
    if file.readline().rstrip(b"\r\n").replace(b'"', b"") != ",".join(COLUMNS).encode():
        return None
    parts = []
    while lines := file.readlines(BLOCK):
        part = _parse_plain(b"".join(lines).replace(b"\r\n", b"\n"))
        if part is None:
            return None
        parts.append(part)
    return np.concatenate(parts) if parts else None


def _parse_plain(text: bytes) -> Bytes | None:
    """Return the values (rows, 785) in whole lines of text, or None unless it is digits, commas and line ends alone.

    NumPy reads all cells at once, in half the time of a CSV parser: find where each cell ends, and how many digits
    stand before that; the last of them counts one, the one before it ten, the one before that a hundred.
    """
    # Three characters of padding, so that there is something to look at before the first cell.
    characters = np.frombuffer(b"000" + text + (b"" if text.endswith(b"\n") else b"\n"), np.uint8)
    digits = characters - np.uint8(ord("0"))  # uint8 wraps: whatever is no digit is more than 9
    ends = np.flatnonzero(digits > 9)
    separators = characters[ends]
    if len(ends) % len(COLUMNS) or (separators.reshape(-1, len(COLUMNS)) != ROW_OF_SEPARATORS).any():
        return None
    widths = np.diff(ends, prepend=2) - 1
    if widths.min() < 1 or widths.max() > 3:
        return None
    ones, tens, hundreds = (np.where(widths > k, digits[ends - 1 - k], np.uint16(0)) for k in range(3))
    values = (ones + 10 * tens + 100 * hundreds).reshape(-1, len(COLUMNS))
    return values.astype(np.uint8) if values.max() <= 255 and values[:, 0].max() <= 9 else None


def _read_carefully(path: Path, file: IO[bytes]) -> Bytes:
    """Return all values (N, 785) of any file of the layout, cell by cell, or refuse it for the first thing wrong."""
    # utf-8-sig: a byte order mark, as Excel writes it, is not part of the text
    rows = []
    with TextIOWrapper(file, encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        _check_header(path, next(reader, None))
        for cells in reader:
            if not cells:
                continue  # a blank line
            if len(cells) != len(COLUMNS):
                raise _refusal(path, f"line {reader.line_num} has {len(cells)} columns, not {len(COLUMNS)}")
            row = [*map(_whole_number, cells)]
            if None in row or row[0] not in range(10):
                n = row.index(None) if row[0] in range(10) else 0
                found = reprlib.repr(cells[n]) if cells[n] else "empty"
                sentence = f"must be a whole number from 0 to {255 if n else 9} but is {found}"
                raise _refusal(path, f"line {reader.line_num}, column {COLUMNS[n]!r}: {sentence}")
            rows.append(np.array(row, np.uint8))
    if not rows:
        raise _refusal(path, "there is a header but no image under it")
    return np.stack(rows)


def _check_header(path: Path, names: list[str] | None) -> None:
    if names == list(COLUMNS):
        return
    if names is None:
        raise _refusal(path, "the file is empty")
    if names == list(COLUMNS[1:]):
        raise _refusal(path, "there is no column 'label'. This looks like Kaggle's test.csv; train.csv has the labels")
    if len(names) != len(COLUMNS):
        expected = f"{len(COLUMNS)} columns, label and pixel0 to pixel783"
        raise _refusal(path, f"line 1: expected {expected}, but found {len(names)}. Is this a CSV of digits?")
    wrong = next(n for n, (name, column) in enumerate(zip(names, COLUMNS, strict=True)) if name != column)
    raise _refusal(path, f"line 1: column {wrong + 1} should be called {COLUMNS[wrong]!r} but is {names[wrong]!r}")


@lru_cache(maxsize=1024)  # the same few hundred texts, millions of times
def _whole_number(text: str) -> int | None:
    """Return the number from 0 to 255 that a cell says in digits alone, spaces around them allowed, or None."""
    found = re.fullmatch(" *0*([0-9]{1,3}) *", text)
    return int(found[1]) if found and int(found[1]) <= 255 else None


def _refusal(path: Path, sentence: str) -> ValueError:
    return ValueError(f"{path}: {sentence}")
