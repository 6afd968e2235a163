"""Files of digits, right and broken: what `read_digits` must take, what it must refuse, and with which sentence.

Three images are enough to break a file in every way. Lines are counted from 1, and the header is line 1.
"""

from collections.abc import Callable

import numpy as np

COLUMNS = ["label", *(f"pixel{n}" for n in range(784))]
HEADER = ",".join(COLUMNS)
LABELS = np.array([5, 0, 9])
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 784))


def as_lines(labels: np.ndarray, images: np.ndarray) -> list[str]:
    """Return the header, and a line for each image."""
    return [HEADER, *(",".join(map(str, [label, *image])) for label, image in zip(labels, images, strict=True))]


LINES = as_lines(LABELS, IMAGES)
TEXT = "\n".join(LINES) + "\n"


def with_cell(line: int, column: int, text: str) -> str:
    """Return the good file with one cell replaced."""
    lines = [each.split(",") for each in LINES]
    lines[line - 1][column] = text
    return "\n".join(map(",".join, lines)) + "\n"


def with_column(column: int, text: str) -> str:
    """Return the good file with the same text in every cell of one column."""
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


def relabeled(*names: str) -> str:
    """Return the good file under another header."""
    return "\n".join([",".join(names), *LINES[1:]]) + "\n"


def rearranged(change: Callable[[list[str]], list[str]], *lines: str) -> str:
    """Return lines whose cells have been changed, each line by itself: those given, or else those of the good file."""
    return "\n".join(",".join(change(line.split(","))) for line in lines or LINES) + "\n"


def label_last(cells: list[str]) -> list[str]:
    return [*cells[1:], cells[0]]


def in_e_notation(line: str) -> str:
    return ",".join(f"{int(cell):.18e}" for cell in line.split(","))


NUMBERED = "\n".join(f"{n - 1 if n else ''},{line}" for n, line in enumerate(LINES))
OPENML = ",".join([*(f"pixel{n}" for n in range(1, 785)), "class"])

# The same three images, in every other form that is to be read.
DIALECTS = {
    "plain": TEXT,
    "no last newline": TEXT.rstrip("\n"),
    "CRLF": TEXT.replace("\n", "\r\n"),
    "CR": TEXT.replace("\n", "\r"),
    "CR CR LF": TEXT.replace("\n", "\r\r\n"),
    "byte order mark": "\ufeff" + TEXT,
    "blank lines": TEXT.replace("\n", "\n\n"),
    "blank lines at the end": TEXT + "\n\n  \n",
    "blank lines at the top": "\n\n" + TEXT,
    "quoted header": TEXT.replace(HEADER, quoted(HEADER)),
    "everything quoted": "\n".join(map(quoted, LINES)) + "\n",
    "spaces": with_lines(*(line.replace(",", " , ") for line in LINES[1:])),
    "tabs as blanks": with_lines(*(line.replace(",", "\t,") for line in LINES[1:])),
    "spaces in the header": TEXT.replace(",pixel", ", pixel"),
    "leading zeros": with_lines(*(line.replace(",", ",000") for line in LINES[1:])),
    "CRLF, quoted, byte order mark": "\ufeff" + "\r\n".join(map(quoted, LINES)),
    "semicolons": TEXT.replace(",", ";"),
    "tabs": TEXT.replace(",", "\t"),
    "bars": TEXT.replace(",", "|"),
    "single blanks": "\n".join(LINES[1:]).replace(",", " "),
    "a hint for Excel": "sep=;\n" + TEXT.replace(",", ";"),
    "a hint for Excel, with a byte order mark": "\ufeffsep=\t\r\n" + TEXT.replace(",", "\t"),
    "a separator at each line's end": TEXT.replace("\n", ",\n"),
    "separators at the images' ends": with_lines(*(line + ",,, " for line in LINES[1:])),
    "rows of empty cells": TEXT + ("," * 784 + "\n") * 2 + ",".join(['""'] * 785),
    "decimals": with_lines(*(rearranged(lambda cells: [cell + ".0" for cell in cells], line) for line in LINES[1:])),
    "decimal commas": "\n".join([HEADER.replace(",", ";"), *(line.replace(",", ",0;") + ",00" for line in LINES[1:])]),
    "in e notation": with_lines(*map(in_e_notation, LINES[1:])),
    "np.savetxt": "\n".join(map(in_e_notation, LINES[1:])).replace(",", " "),
    "np.savetxt with a header": "# " + TEXT,
    "np.savetxt with a remark": "# three, of mine\n" + "\n".join(LINES[1:]),
    "np.savetxt with both": "# three digits\n# " + TEXT,
    "no header": "\n".join(LINES[1:]),
    "no header, label last": rearranged(label_last, *LINES[1:]),
    "no header, rows of empty cells": "\n".join(LINES[1:]) + "\n" + "," * 784 + "\n",
    "no header, quoted": "\n".join(map(quoted, LINES[1:])),
    "OpenML": rearranged(label_last).replace(rearranged(label_last, HEADER).strip(), OPENML),
    "label in the middle": rearranged(lambda cells: [*cells[1:300], cells[0], *cells[300:]]),
    "from 1x1 to 28x28": relabeled("label", *(f"{i}x{j}" for i in range(1, 29) for j in range(1, 29))),
    "rows and columns from 0": relabeled("Label", *(f"mnist28_{i}_{j}" for i in range(28) for j in range(28))),
    "from pixel1 to pixel784": relabeled("Label", *(f"pixel{n}" for n in range(1, 785))),
    "numbers with zeros": relabeled(" CLASS ", *(f"p{n:03}" for n in range(784))),
    "other words": relabeled("digit", *("abcdefghijklmnopqrstuvwxyzäö"[n // 28 :: 28] + "x" * n for n in range(784))),
    "from image0 to image783": relabeled("target", *(f"image{n}" for n in range(784))),
    "counted": relabeled(*map(str, range(785))),
    "counted after the label": relabeled("label", *map(str, range(784))),
    "an index without a name": NUMBERED,
    "two indices": "\n".join(f"{n - 1 if n else 'Unnamed: 0'},{line}" for n, line in enumerate(NUMBERED.split("\n"))),
    "an index at the end": "\n".join(f"{line},{n or 'index'}" for n, line in enumerate(LINES)),
    "names of images": "\n".join(f"{f'x-{n}.png' if n else 'id'},{line}" for n, line in enumerate(LINES)),
    "an index over counted columns": NUMBERED.replace("," + HEADER, "," + ",".join(map(str, range(785)))),
}

# Texts of a cell that are whole numbers, in the ways in which programs write them.
WHOLE_CELLS = {
    "5": 5,
    " 5": 5,
    "5 ": 5,
    "\t5": 5,
    "005": 5,
    "5.": 5,
    "5.0": 5,
    "5.000": 5,
    "0.0": 0,
    "1e0": 1,
    "1.0e+00": 1,
}
WHOLE_CELLS |= {"5.000000000000000000e+00": 5, "8E0": 8, "70e-1": 7, '"5"': 5, '" 5.0 "': 5, "0" * 5000 + "5": 5}

# Texts that are refused in any cell, whether it is a label or a pixel.
BAD_CELLS = [
    "",
    " ",
    '""',
    "NaN",
    "nan",
    "NA",
    "N/A",
    "null",
    "None",
    "x",
    "ten",
    "True",
    "False",
    "#5",
    "5;",
    "5 5",
    "1_0",
]
BAD_CELLS += ["-1", "-0", "+5", "256", "999", "1000", "32768", "65536", "65537", "-65535", "4294967297", "9" * 30]
BAD_CELLS += [
    "18446744073709551615",
    "18446744073709551617",
    "9" * 5000,
    "256.0",
    "2.56e2",
    "1e3",
    "1e999",
    "1e9999999999",
]
BAD_CELLS += [
    "0.5",
    "3.25",
    ".5",
    ".0",
    ".",
    "1.0.0",
    "5.0.",
    "1e-2",
    "1e400",
    "5e",
    "5." + "0" * 40 + "1",
    "5-0",
    "5e0.0",
]
BAD_CELLS += [
    "4." + "9" * 40,
    "inf",
    "-inf",
    "0x1F",
    "½",
    "٥",
    "５",
    "5\x00",
    "5\x007",
    "5\u00a0",
    "'5'",
    '"5',
    '5"',
    '"5"7',
]


def without_last_cell(line: str) -> str:
    """Return a line without its last cell."""
    return line.rpartition(",")[0]


def _cut(count: int) -> bytes:
    return TEXT[:-count].encode()


def divided(line: str) -> str:
    """Return a line with its pixels divided by 255."""
    label, *pixels = line.split(",")
    return ",".join([label, *(str(int(pixel) / 255) for pixel in pixels)])


def table_of(rows: int, columns: int, header: str = "") -> bytes:
    """Return a table of zeros."""
    return "\n".join([header, *[",".join("0" * columns)] * rows]).encode()


NOT_TEXT = "this is not a text file, so not a CSV. Name the CSV of digits"
EMPTY = "there is nothing in it. Fetch it again"
NO_IMAGE = "there is a header but no image under it. Fetch the file again"
SHARES = (
    "must be a whole number from 0 to 255 but is '0.[0-9.]+'. These pixels look divided by 255 already: multiply them"
)
SCALED = "must be a whole number from 0 to 255 but is '-?0.[0-9]+'. If the pixels were scaled, take them as they were"
TEST_SET = "there is no column of labels: this is a test set, as Kaggle's test.csv is. Name train.csv, which has them"
NAMELESS = (
    "no column has a name, and {} could be the labels, which go from 0 to 9 and are not all 0. Write label,pixel0,"
)
OUT_OF_ORDER = "the columns are not in order, row by row from the top: "
DIVIDED = [HEADER, *map(divided, LINES[1:])]

# For each case what is in the file, and a pattern that the message must match after the name of the file.
BROKEN = {
    "empty": (b"", EMPTY),
    "only a blank line": (b"\n", EMPTY),
    "only blanks and separators": (b" \n,,,\n;\t\n", EMPTY),
    "only a byte order mark": (b"\xef\xbb\xbf", EMPTY),
    "header only": (HEADER.encode() + b"\n", NO_IMAGE),
    "header and blank lines": (HEADER.encode() + b"\n\n\n", NO_IMAGE),
    "header of np.savetxt only": (b"# " + HEADER.encode(), NO_IMAGE),
    "zeros": (b"\x00" * 200_000, NOT_TEXT),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), NOT_TEXT),
    "bad bytes below": ((HEADER + "\n").encode() + b"\xff\xfe\n", "this is not a text file, or not in UTF-8. Save it"),
    "cut in a character": (b"label,\xc3", "this is not a text file, or not in UTF-8. Save it as CSV in UTF-8"),
    "prose": (
        b"Dear reader,\nthis is a letter.\n",
        "line 1: expected 785 columns, .* but found 1. Name a CSV of digits",
    ),
    "one endless line": (b"0," * (1 << 20), "there is a line of more than a million characters in it. This is no CSV"),
    "a cell of 200,000 letters": (b"x," + b"x" * 200_000 + b",x\n", r"this is not a CSV file \(field larger than"),
    "Kaggle's test.csv": (rearranged(lambda cells: cells[1:]).encode(), f"line 1: {TEST_SET}"),
    "a test set without a header": (rearranged(lambda cells: cells[1:], *LINES[1:]).encode(), f"line 1: {TEST_SET}"),
    "a test set with an index": (NUMBERED.replace("label,", "").replace(",5,", ",", 1).encode(), f"line 1: {TEST_SET}"),
    "a sample submission": (b"ImageId,Label\n1,0\n2,0\n", "line 1: this is a sample submission, which has answers"),
    "another sample submission": (b"id;label\n1;0\n2;0\n", "line 1: this is a sample submission, .* Name train.csv"),
    "a label of another name": (
        TEXT.replace("label", "Zahl").encode(),
        "line 1: no column is called label. If it is 'Zahl'",
    ),
    "two labels": (TEXT.replace("pixel783", "class").encode(), "line 1: 'label' and 'class' could both be the labels"),
    "8 × 8 pixels": (
        table_of(3, 65, ",".join([*(f"pixel_{n}" for n in range(64)), "target"])),
        "line 1: .* 8 × 8 pixels,",
    ),
    "32 × 32 pixels": (table_of(3, 1025), "line 2: its images have 32 × 32 pixels, not 28 × 28. Resize them, or take"),
    "32 × 32 pixels, no labels": (table_of(3, 1024), "line 2: its images have 32 × 32 pixels, not 28 × 28"),
    "in colour": (table_of(3, 3073), "line 2: its images have 32 × 32 pixels in three colours, not 28 × 28"),
    "28 × 28 in colour": (table_of(3, 2353), "line 2: its images have 28 × 28 pixels in three colours, not 28 × 28"),
    "nothing but zeros": (table_of(3, 785), NAMELESS.format("neither the first nor the last column")),
    "no header, a digit in a corner": (
        rearranged(lambda cells: [*cells[:-1], "7"], *LINES[1:]).encode(),
        NAMELESS.format("both the first and the last column"),
    ),
    "no header, a label of ten": (
        rearranged(lambda cells: ["10", *cells[1:-1], "0"], *LINES[1:]).encode(),
        NAMELESS.format("neither the first nor the last column"),
    ),
    "no header, a bad cell": (
        TEXT.removeprefix(HEADER + "\n").replace(",", ",x", 1).encode(),
        "line 1, column 2: must be",
    ),
    "no header, a short line": (
        rearranged(lambda cells: cells[:-1] if cells[0] == "0" else cells, *LINES[1:]).encode(),
        "line 2 has 784 columns, not 785",
    ),
    "a header made of an image": (
        relabeled("0", *(f"0.{n}" for n in range(1, 785))).encode(),
        "its first image was taken for a header by pandas, .* read with header=None",
    ),
    "columns swapped": (
        TEXT.replace("pixel3,pixel4,", "pixel4,pixel3,").encode(),
        f"line 1: {OUT_OF_ORDER}after 'pixel2' comes 'pixel4'. Put them into the order of label,pixel0,…,pixel783",
    ),
    "a column twice": (
        TEXT.replace("pixel3,pixel4,", "pixel3,pixel3,").encode(),
        f"line 1: {OUT_OF_ORDER}after 'pixel3' comes 'pixel3'",
    ),
    "a column left out": (
        relabeled("label", *(f"pixel{n}" for n in range(785) if n != 5)).encode(),
        f"line 1: {OUT_OF_ORDER}after 'pixel4' comes 'pixel6'",
    ),
    "a word among numbers": (
        TEXT.replace("pixel9,", "size,").encode(),
        f"line 1: {OUT_OF_ORDER}after 'pixel8' comes 'size'",
    ),
    "a word before numbers": (TEXT.replace("pixel0,", "size,").encode(), f"line 1: {OUT_OF_ORDER}the first is 'size'"),
    "column by column": (
        ("# made by hand\n\n" + relabeled("label", *(f"{i}x{j}" for j in range(28) for i in range(28)))).encode(),
        f"line 3: {OUT_OF_ORDER}after '0x0' comes '1x0'",
    ),
    "a column missing": (
        "\n".join(map(without_last_cell, LINES)).encode(),
        "line 1: expected 785 columns, label,pixel0,…,pixel783, but found 784",
    ),
    "a column too many": ("\n".join(line + ",7" for line in LINES).encode(), "line 1: expected 785 .* but found 786"),
    "the header a column short": (
        "\n".join([without_last_cell(HEADER), *LINES[1:]]).encode(),
        "line 1: expected 785 .* but found 784",
    ),
    "cut in the header": (HEADER[:3000].encode(), "line 1: expected 785 .* Name a CSV of digits that is whole"),
    "a short line": (
        with_lines(LINES[1], without_last_cell(LINES[2]), LINES[3]).encode(),
        "line 3 has 784 columns, not 785. Mend it, or fetch the file again",
    ),
    "a short line after blank ones": (
        with_lines(LINES[1], "", "", without_last_cell(LINES[2])).encode(),
        "line 5 has 784 columns, not 785",
    ),
    "a long line": (with_lines(LINES[1], LINES[2] + ",1,2").encode(), "line 3 has 787 columns, not 785"),
    "every line short": (with_lines(*map(without_last_cell, LINES[1:])).encode(), "line 2 has 784 columns, not 785"),
    "every line long": (with_lines(*(line + ",1" for line in LINES[1:])).encode(), "line 2 has 786 columns, not 785"),
    "a line long beside an index": (
        NUMBERED.replace(LINES[2], LINES[2] + ",1").encode(),
        "line 3 has 787 columns, not 786",
    ),
    # There are 785 cells for every line that should be there, so only the ends of the lines show the fault.
    "a cell moved to the next line": (
        with_lines(without_last_cell(LINES[1]), LINES[1].rpartition(",")[2] + "," + LINES[2]).encode(),
        "line 2 has 784 columns, not 785",
    ),
    "cut in a line": (
        _cut(len(LINES[3]) // 2),
        "the file ends in the middle of line 4: it is cut short. Fetch it again",
    ),
    "cut after a comma": (_cut(len(LINES[3].rpartition(",")[2]) + 1), "the file ends in the middle of line 4"),
    "an empty cell at a line's end": (with_cell(4, 784, "").encode(), "line 4, column 'pixel783': .* but is empty"),
    "a semicolon for a comma": (
        with_lines(LINES[1].replace(",", ";", 1)).encode(),
        "line 2 has 784 columns, not 785",
    ),
    "an open quote": ((HEADER + '\n"' + LINES[1] + "\n").encode(), "line 2, column 'label': .* but is '\"5'"),
    "a quoted gap": (with_cell(3, 2, '""').encode(), "line 3, column 'pixel1': .* but is empty. Mend it, or fetch"),
    "a label of ten": (
        with_cell(3, 0, "10").encode(),
        "line 3, column 'label': .* but is '10'. Is this a file of letters",
    ),
    "a quoted label of ten": (with_cell(3, 0, '"10"').encode(), "line 3, column 'label': .* from 0 to 9 but is '10'"),
    "a bad label and a bad pixel": (
        with_cell(3, 0, "10").replace(LINES[3], "x" + LINES[3]).encode(),
        "line 3, column 'label': .* from 0 to 9 but is '10'",
    ),
    "divided by 255": ("\n".join(DIVIDED).encode(), f"line 2, column 'pixel0': {SHARES}"),
    "divided, without a header": (
        rearranged(lambda cells: [*cells[:-1], "0.9"], *DIVIDED[1:]).encode(),
        f"line 1, column 2: {SHARES}",
    ),
    "divided, with decimal commas": (
        "\n".join(DIVIDED).replace(",", ";").replace(".", ",").encode(),
        f"line 2, column 'pixel0': {SHARES}".replace("0.[0-9.]", "0,[0-9.]"),
    ),
    "scaled otherwise": (with_cell(3, 5, "-0.4243").encode(), f"line 3, column 'pixel4': {SCALED}"),
}
