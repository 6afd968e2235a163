"""Files of digits, right and broken: what `read_digits` must take, what it must refuse, and the sentence it owes.

Three images are enough to break a file in every way. Lines count from 1, the header being line 1.
"""

import numpy as np

COLUMNS = ["label", *(f"pixel{n}" for n in range(784))]
HEADER = ",".join(COLUMNS)
LABELS = np.array([5, 0, 9])
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 784))


def as_lines(labels: np.ndarray, images: np.ndarray) -> list[str]:
    """Return the header and a line an image."""
    return [HEADER, *(",".join(map(str, [label, *image])) for label, image in zip(labels, images, strict=True))]


LINES = as_lines(LABELS, IMAGES)
TEXT = "\n".join(LINES) + "\n"


def with_cell(line: int, column: int, text: str) -> str:
    """Return the good file with one cell replaced."""
    lines = [each.split(",") for each in LINES]
    lines[line - 1][column] = text
    return "\n".join(map(",".join, lines)) + "\n"


def with_column(column: int, text: str) -> str:
    """Return the good file with the same text all down one column."""
    lines = [each.split(",") for each in LINES[1:]]
    for cells in lines:
        cells[column] = text
    return "\n".join([HEADER, *map(",".join, lines)]) + "\n"


def with_lines(*lines: str) -> str:
    """Return the good header with other lines below it."""
    return "\n".join([HEADER, *lines]) + "\n"


def quoted(line: str) -> str:
    """Return a line with every cell in quotes."""
    return ",".join(f'"{cell}"' for cell in line.split(","))


# The same three images in other dresses.
DIALECTS = {
    "plain": TEXT,
    "no last newline": TEXT.rstrip("\n"),
    "CRLF": TEXT.replace("\n", "\r\n"),
    "byte order mark": "\ufeff" + TEXT,
    "blank lines": TEXT.replace("\n", "\n\n"),
    "blank lines at the end": TEXT + "\n\n\n",
    "quoted header": TEXT.replace(HEADER, quoted(HEADER)),
    "everything quoted": "\n".join(map(quoted, LINES)) + "\n",
    "spaces": with_lines(*(line.replace(",", " , ") for line in LINES[1:])),
    "leading zeros": with_lines(*(line.replace(",", ",000") for line in LINES[1:])),
    "CRLF, quoted, byte order mark": "\ufeff" + "\r\n".join(map(quoted, LINES)),
}

# No cell may hold one of these, be it a label or a pixel.
BAD_CELLS = ["", " ", "NaN", "nan", "NA", "N/A", "null", "None", "x", "ten", "True", "False", "#5", "5;", "5 5", "1_0"]
BAD_CELLS += ["-1", "-0", "+5", "256", "999", "1000", "32768", "65536", "65537", "-65535", "4294967297", "9" * 30]
BAD_CELLS += ["18446744073709551615", "18446744073709551617", "9" * 5000]
BAD_CELLS += [
    "0.5",
    "3.25",
    "5.0",
    "5.",
    "1e0",
    "1e-2",
    "1e400",
    "inf",
    "-inf",
    "0x1F",
    "½",
    "٥",
    "５",
    "5\x00",
    "5\x007",
    "\t5",
]


def without_last_cell(line: str) -> str:
    """Return a line one cell shorter."""
    return line.rpartition(",")[0]


def _cut(count: int) -> bytes:
    return TEXT[:-count].encode()


# What is in the file, and a pattern for what must be said about it after the file's name.
BROKEN = {
    "empty": (b"", "the file is empty"),
    "only a blank line": (b"\n", "line 1: expected 785 columns, .* but found 0"),
    "only a byte order mark": (b"\xef\xbb\xbf", "the file is empty"),
    "header only": (HEADER.encode() + b"\n", "there is a header but no image under it"),
    "header and blank lines": (HEADER.encode() + b"\n\n\n", "there is a header but no image under it"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe" * 50, "this is not a text file, so not a CSV"),
    "zeros": (b"\x00" * 200_000, r"this is not a CSV file \(field larger than"),
    "UTF-16": (TEXT.encode("utf-16"), "this is not a text file, so not a CSV"),
    "bad bytes below": ((HEADER + "\n").encode() + b"\xff\xfe\n", "this is not a text file, so not a CSV"),
    "prose": (b"Dear reader,\nthis is a letter.\n", "line 1: expected 785 columns, .* but found 2"),
    "semicolons": (TEXT.replace(",", ";").encode(), "line 1: expected 785 columns, .* but found 1"),
    "Kaggle's test.csv": (
        "\n".join([",".join(COLUMNS[1:]), ",".join("0" * 784)]).encode(),
        "there is no column 'label'. This looks like Kaggle's test.csv; train.csv has the labels",
    ),
    "no header": ("\n".join(LINES[1:]).encode(), "line 1: column 1 should be called 'label' but is '5'"),
    "a capital letter": (TEXT.capitalize().encode(), "line 1: column 1 should be called 'label' but is 'Label'"),
    "columns swapped": (
        TEXT.replace("pixel3,pixel4,", "pixel4,pixel3,").encode(),
        "line 1: column 5 should be called 'pixel3' but is 'pixel4'",
    ),
    "a column twice": (
        TEXT.replace("pixel3,pixel4,", "pixel3,pixel3,").encode(),
        "line 1: column 6 should be called 'pixel4' but is 'pixel3'",
    ),
    "a column missing": (
        "\n".join(map(without_last_cell, LINES)).encode(),
        "line 1: expected 785 columns, label and pixel0 to pixel783, but found 784",
    ),
    "a column too many": ("\n".join(line + ",7" for line in LINES).encode(), "line 1: expected 785 .* but found 786"),
    "the header a column short": (
        "\n".join([without_last_cell(HEADER), *LINES[1:]]).encode(),
        "line 1: expected 785 .* but found 784",
    ),
    "a short line": (
        with_lines(LINES[1], without_last_cell(LINES[2]), LINES[3]).encode(),
        "line 3 has 784 columns, not 785",
    ),
    "a short line after blank ones": (
        with_lines(LINES[1], "", "", without_last_cell(LINES[2])).encode(),
        "line 5 has 784 columns, not 785",
    ),
    "a long line": (with_lines(LINES[1], LINES[2] + ",1,2").encode(), "line 3 has 787 columns, not 785"),
    "every line short": (with_lines(*map(without_last_cell, LINES[1:])).encode(), "line 2 has 784 columns, not 785"),
    "every line long": (with_lines(*(line + ",1" for line in LINES[1:])).encode(), "line 2 has 786 columns, not 785"),
    "a comma at every line's end": (with_lines(*(line + "," for line in LINES[1:])).encode(), "line 2 has 786 columns"),
    # 785 cells twice over, so only where the line ends can tell
    "a cell moved to the next line": (
        with_lines(without_last_cell(LINES[1]), LINES[1].rpartition(",")[2] + "," + LINES[2]).encode(),
        "line 2 has 784 columns, not 785",
    ),
    "cut in a line": (_cut(len(LINES[3]) // 2), "line 4 has [0-9]+ columns, not 785"),
    "cut after a comma": (_cut(len(LINES[3].rpartition(",")[2]) + 1), "line 4, column 'pixel783': .* but is empty"),
    "a semicolon for a comma": (
        with_lines(LINES[1].replace(",", ";", 1)).encode(),
        "line 2 has 784 columns, not 785",
    ),
    "an open quote": ((HEADER + '\n"' + LINES[1] + "\n").encode(), r"this is not a CSV file \(unexpected end"),
    "a quoted gap": (with_cell(3, 2, '""').encode(), "line 3, column 'pixel1': .* but is empty"),
    "a label of ten": (with_cell(3, 0, "10").encode(), "line 3, column 'label': .* from 0 to 9 but is '10'"),
    "a quoted label of ten": (with_cell(3, 0, '"10"').encode(), "line 3, column 'label': .* from 0 to 9 but is '10'"),
    "a bad label and a bad pixel": (
        with_cell(3, 0, "10").replace(LINES[3], "x" + LINES[3]).encode(),
        "line 3, column 'label': .* from 0 to 9 but is '10'",
    ),
}
