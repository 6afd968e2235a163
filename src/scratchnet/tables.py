"""Read the text of a table as images and labels: find out what separates its columns and what each of them holds.

Source: chapter "data".
"""

import csv
import re
import reprlib
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from math import isqrt
from operator import itemgetter
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from scratchnet.files import Refused, Text

PIXELS = 784
COLUMNS = 1 + PIXELS
HEADER = "label,pixel0,…,pixel783"
LABEL_NAMES = {"label", "labels", "class", "target", "digit", "y"}
INDEX_NAME = r"(unnamed: [0-9.]+|level_[0-9]+|index|row|((image|row)_?)?id)?"  # also no name at all
BLANKS = " \t"
EMPTY = BLANKS + ',;|"'  # a row of empty cells has no other characters than these
MOST_ABOVE = 1000  # lines that are looked at for a header: a page of remarks may stand above it

Bytes = NDArray[np.uint8]
Table = tuple[Bytes, NDArray[np.int64]]


class Layout(NamedTuple):
    """How the lines of a file are to be read."""

    delimiter: str | None  # what stands between two cells; None for any number of blanks
    skipped: int  # lines before the first image: the header, and whatever stands above it
    names: list[str] | None  # of the columns, where the file has a header
    width: int  # columns, with those that are not read
    label: int  # which column is the label, counted from 0
    pixels: list[int]  # which columns are the pixels

    def column(self, n: int) -> str:
        """Return what to call column n in a message."""
        return f"column {n + 1}" if self.names is None else f"column {reprlib.repr(self.names[n])}"


def read_table(text: Text) -> Table:
    """Return the images (N, 784) and the labels (N,) in a text, or refuse it for the first thing that is wrong."""
    layout = find_layout(text)
    images, labels, count, number = np.empty((0, PIXELS), np.uint8), [np.empty(0, np.int64)], 0, 1
    for block in text:
        above = max(0, layout.skipped + 1 - number)  # lines of this block that are not images
        lines = "\n".join(block.split("\n")[above:]) if above else block
        part = read_plainly(lines, layout) or read_carefully(lines, layout, number + above)
        end = count + len(part[0])
        if end > len(images):  # grown in place: a list of parts, put together, would take twice the memory
            images.resize((max(end, 5 * len(images) // 4), PIXELS), refcheck=False)
        images[count:end] = part[0]
        labels.append(part[1])
        count, number = end, number + block.count("\n")
    if not count:
        raise Refused("there is a header but no image under it. Fetch the file again")
    images.resize((count, PIXELS), refcheck=False)
    return images, np.concatenate(labels)


def read_plainly(block: str, layout: Layout) -> Table | None:
    """Return what is in whole lines, the fast way, or None where there is more in them than plain numbers.

    `np.loadtxt` itself refuses gaps and numbers beyond 255. It would take signs and blanks, in some releases fractions,
    and any text or further cells in columns that it is told to leave out, so none of these may reach it.
    """
    delimiter = layout.delimiter or " "
    if "." in block:
        block = re.sub(rf"\.0*(?=[{re.escape(delimiter)}\n]|$)", "", block)
    if block.encode("utf-8", "replace").translate(None, b"0123456789\n" + delimiter.encode()):
        return None
    lines = [line for line in block.split("\n") if line]
    if not lines or any(line.count(delimiter) != layout.width - 1 for line in lines):
        return None
    columns = [layout.label, *layout.pixels]
    chosen = None if columns == [*range(layout.width)] else columns  # NumPy is faster where it has nothing to choose
    try:
        values = np.loadtxt(lines, np.uint8, delimiter=delimiter, comments=None, usecols=chosen, ndmin=2)
    except ValueError:
        return None
    return (values[:, 1:], values[:, 0].astype(np.int64)) if values[:, 0].max() <= 9 else None


def read_carefully(block: str, layout: Layout, number: int) -> Table:
    """Return what is in whole lines, of which the first is line `number`, or refuse the first cell that is wrong.

    Blanks and quotes around a number, decimals that are all 0, and empty cells after the last column are allowed.
    """
    columns = [layout.label, *layout.pixels]
    pick = itemgetter(*columns)
    rows = []
    for n, line in enumerate(block.split("\n") if block.strip("\n") else (), number):
        if not line.strip(EMPTY):
            continue  # a blank line, or a row of empty cells
        cells = line.split(layout.delimiter)
        if len(cells) > layout.width and not any(map(_content, cells[layout.width :])):
            del cells[layout.width :]
        ended = n < number + block.count("\n")
        if not ended and (len(cells) < layout.width or not cells[-1]):
            raise Refused(f"the file ends in the middle of line {n}: it is cut short. Fetch it again")
        if len(cells) != layout.width:
            raise Refused(f"line {n} has {len(cells)} columns, not {layout.width}. Mend it, or fetch the file again")
        row = [*map(_whole_number, pick(cells))]
        if None in row or row[0] not in range(10):
            wrong = row.index(None) if row[0] in range(10) else 0
            _refuse_cell(f"line {n}, {layout.column(columns[wrong])}", pick(cells), wrong)
        rows.append(np.array(row, np.uint8))
    table = np.stack(rows) if rows else np.empty((0, COLUMNS), np.uint8)
    return table[:, 1:], table[:, 0].astype(np.int64)


def _refuse_cell(place: str, cells: Sequence[str], n: int) -> NoReturn:
    """Refuse one of an image's cells, the label being the first, and say what the whole line looks like."""
    cell = _content(cells[n])
    sentence = (
        f"{place}: must be a whole number from 0 to {255 if n else 9} but is {reprlib.repr(cell) if cell else 'empty'}"
    )
    if n == 0 and _whole_number(cell):
        raise Refused(f"{sentence}. Is this a file of letters? Keep the lines whose label is from 0 to 9")
    if n and all(_is_share(each) for each in cells[1:]):
        raise Refused(f"{sentence}. These pixels look divided by 255 already: multiply them by 255 and round them")
    if n and re.fullmatch(r"-?[0-9]+[.,][0-9]+.*|-[0-9]+", cell):
        raise Refused(f"{sentence}. If the pixels were scaled, take them as they were before")
    raise Refused(f"{sentence}. Mend it, or fetch the file again")


@lru_cache(maxsize=4096)  # the same few hundred texts, millions of times
def _whole_number(cell: str) -> int | None:
    """Return the number from 0 to 255 that a cell says exactly, with decimals that are all 0 or without, or None."""
    content = _content(cell)
    if not re.fullmatch(r"[0-9]+([.,][0-9]*)?([eE][+-]?[0-9]{1,3})?", content):
        return None
    number = Decimal(content.replace(",", "."))
    return int(number) if number <= 255 and number == int(number) else None


def _is_share(cell: str) -> bool:
    """Return whether a cell is a number from 0 to 1."""
    content = _content(cell).replace(",", ".")
    return bool(re.fullmatch(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", content)) and float(content) <= 1


def _content(cell: str) -> str:
    """Return a cell without blanks, and without the quotes around it."""
    cell = cell.strip(BLANKS)
    return cell[1:-1].strip(BLANKS) if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def find_layout(text: Text) -> Layout:
    """Return how a text is laid out, by its first lines and, where they do not tell, by its outermost columns."""
    delimiter, skipped, names, width = _read_top(text)
    columns = [n for n in range(width) if not (names and re.fullmatch(INDEX_NAME, names[n].lower()))]
    labels = [n for n in columns if names and names[n].lower() in LABEL_NAMES]
    nameless = not names or _are_counted([names[n] for n in columns])
    if nameless and len(columns) == COLUMNS:
        labels = [_place_of_labels(text, delimiter, skipped, columns[0], columns[-1])]
    pixels = [n for n in columns if n not in labels]
    if len(labels) != 1 or len(pixels) != PIXELS:
        raise Refused(f"line {skipped + (not names)}: {_wrong_columns(names, width, labels, len(pixels))}")
    if names and not nameless:
        _check_order([names[n] for n in pixels], skipped)
    return Layout(delimiter, skipped, names, width, labels[0], pixels)


def _read_top(text: Text) -> tuple[str | None, int, list[str] | None, int]:
    """Return what stands between cells, how many lines stand above the images, and the columns' names and number."""
    declared, remark, first, number = "", "", "", 0
    for number, line in enumerate(islice(text.lines(), MOST_ABOVE), 1):  # noqa: B007
        if found := re.fullmatch(r'\s*"?sep=([,;|\t])"?[,;|\t]*\s*', line):
            declared = found[1]  # a hint for Excel
        elif line.lstrip(BLANKS).startswith("#"):
            remark = line.lstrip(BLANKS + "#")  # a header, where np.savetxt wrote it
        elif line.strip(EMPTY):
            first = line
            break
    else:
        number += 1
    if not (first or remark):
        raise Refused("there is nothing in it. Fetch it again")
    # No name and no number has a semicolon or a tab in it, but a decimal may have a comma.
    delimiter = declared or next((each for each in ";\t,|" if each in (first or remark)), None)
    cells, names = _split_names(first, delimiter), _split_names(remark, delimiter)
    if len(names) == len(cells) or not first:
        return delimiter, number - 1, names, len(names)  # the remark is the header, on the line above
    if _is_header(cells):
        return delimiter, number, cells, len(cells)
    if {"0.1", "0.10"} <= set(cells):
        raise Refused(
            "its first image was taken for a header by pandas, which numbered equal names ('0.1', '0.2', …). "
            "Write it again from the file it was read from, read with header=None"
        )
    return delimiter, number - 1, None, len(cells)


def _split_names(line: str, delimiter: str | None) -> list[str]:
    """Return the names in a header, without empty ones at its end."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), []) if delimiter else line.split()
    except csv.Error as error:
        raise Refused(f"this is not a CSV file ({error}). Name the CSV of digits") from None
    names = [_content(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _is_header(cells: list[str]) -> bool:
    numbers = sum(bool(re.fullmatch(r"[-+]?[0-9.,]+(e[-+]?[0-9]+)?", cell, re.IGNORECASE)) for cell in cells)
    named = any(cell.lower() in LABEL_NAMES for cell in cells)
    return named or numbers <= len(cells) / 2 or _are_counted(cells[not cells[0] :])


def _are_counted(names: list[str]) -> bool:
    """Return whether columns are called by their numbers, as pandas calls those that have no names."""
    numbers = [int(name) for name in names if re.fullmatch("[0-9]{1,4}", name)]
    return len(numbers) == len(names) > 1 and numbers == [*range(numbers[0], numbers[0] + len(numbers))]


def _place_of_labels(text: Text, delimiter: str | None, skipped: int, first: int, last: int) -> int:
    """Return which of two columns holds the labels where no name says so, or refuse if that cannot be told.

    Labels go from 0 to 9 and are not all 0, while a pixel in a corner is 0 nearly always.
    """
    found: dict[int, set[str]] = {first: set(), last: set()}
    for line in islice(text.lines(), skipped, None):
        cells = line.split(delimiter)
        if len(cells) > last and line.strip(EMPTY):
            for n, contents in found.items():
                contents.add(cells[n])
    numbers = {n: {_whole_number(cell) for cell in contents} for n, contents in found.items()}
    places = [n for n, values in numbers.items() if values != {0} and values <= set(range(10))]
    if len(places) != 1:
        both = "both the first and the last column" if places else "neither the first nor the last column"
        raise Refused(
            f"no column has a name, and {both} could be the labels, which go from 0 to 9 and are not all 0. "
            f"Write {HEADER} above the images, or the same with label at the end"
        )
    return places[0]


def _check_order(names: list[str], line: int) -> None:
    """Refuse pixels whose names count in another way than row by row: 0 to 783 or 1 to 784, or 1x1 to 28x28."""
    numbers = [tuple(map(int, re.findall("[0-9]+", name))) for name in names]
    if not any(numbers):
        return
    start = numbers[0]
    ways = [[(*start[:-1], start[-1] + n) for n in range(PIXELS)]] if start else []
    if len(start) > 1:
        ways.append([(*start[:-2], start[-2] + n // 28, start[-1] + n % 28) for n in range(PIXELS)])
    right = [next((n for n in range(PIXELS) if numbers[n] != way[n]), PIXELS) for way in ways]
    if PIXELS not in right:
        wrong = max(right, default=0)
        before = f"after {names[wrong - 1]!r} comes" if wrong else "the first is"
        raise Refused(
            f"line {line}: the columns are not in order, row by row from the top: {before} {names[wrong]!r}. "
            f"Put them into the order of {HEADER}, or fetch the file again"
        )


def _wrong_columns(names: list[str] | None, width: int, labels: list[int], pixels: int) -> str:
    """Return the sentence for a file with no column of labels, or with more than one, or without 784 pixels."""
    if names and len(labels) > 1:
        return f"{' and '.join(repr(names[n]) for n in labels)} could both be the labels. Leave only one of them"
    if names and labels and width == 2:
        return "this is a sample submission, which has answers and no images in it. Name train.csv, which has both"
    if not labels and pixels == PIXELS:
        return (
            "there is no column of labels: this is a test set, as Kaggle's test.csv is. Name train.csv, which has them"
        )
    if names and not labels and pixels == COLUMNS:
        return f"no column is called label. If it is {names[0]!r} or {names[-1]!r}, call it so"
    for n in (pixels,) if labels else (pixels - 1, pixels):
        for layers, colors in ((1, ""), (3, " in three colours")):
            side = isqrt(n // layers)
            if side > 3 and layers * side * side == n:
                return f"its images have {side} × {side} pixels{colors}, not 28 × 28. Resize them, or take another file"
    return f"expected {COLUMNS} columns, {HEADER}, but found {width}. Name a CSV of digits that is whole"
