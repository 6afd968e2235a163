"""Reading digits: right files in every dress, broken ones refused by name, line and column. And the splits."""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scratchnet.data
from scratchnet import minibatches, normalize, read_digits, train_dev_split

HEADER = ",".join(["label", *(f"pixel{n}" for n in range(784))])
rng = np.random.default_rng(0)
LABELS = np.array([5, 0, 9])
IMAGES = rng.integers(0, 256, (3, 784))
DATA = Path(__file__).parents[1] / "data"


def as_lines(labels: np.ndarray, images: np.ndarray) -> list[str]:
    return [HEADER, *(",".join(map(str, [label, *image])) for label, image in zip(labels, images, strict=True))]


LINES = as_lines(LABELS, IMAGES)
TEXT = "\n".join(LINES) + "\n"


def with_cell(line: int, column: int, text: str) -> str:
    """The good file with one cell replaced; lines count from 1, the header being line 1."""
    lines = [each.split(",") for each in LINES]
    lines[line - 1][column] = text
    return "\n".join(map(",".join, lines)) + "\n"


@pytest.fixture
def digits_csv(tmp_path: Path) -> Path:
    return tmp_path / "digits.csv"


def test_reads_what_was_written(digits_csv: Path) -> None:
    digits_csv.write_text(TEXT)
    digits = read_digits(digits_csv)
    np.testing.assert_array_equal(digits.images, IMAGES)
    np.testing.assert_array_equal(digits.labels, LABELS)
    assert (digits.images.dtype, digits.labels.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(read_digits(str(digits_csv)).images, IMAGES)


QUOTED = ",".join(f'"{name}"' for name in HEADER.split(","))
DIALECTS = {
    "no last newline": TEXT.rstrip("\n"),
    "CRLF": TEXT.replace("\n", "\r\n"),
    "byte order mark": "\ufeff" + TEXT,
    "blank lines": TEXT.replace("\n", "\n\n"),
    "quoted header": TEXT.replace(HEADER, QUOTED),
}


@pytest.mark.parametrize("text", DIALECTS.values(), ids=DIALECTS)
def test_reads_other_dialects(digits_csv: Path, text: str) -> None:
    digits_csv.write_bytes(text.encode())
    np.testing.assert_array_equal(read_digits(digits_csv).images, IMAGES)


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_reads_compressed_files_and_refuses_them_cut_short(tmp_path: Path, ending: str, compress: object) -> None:
    whole = compress(TEXT.encode())  # type: ignore[operator]
    path = tmp_path / f"train.csv.{ending}"
    path.write_bytes(whole)
    np.testing.assert_array_equal(read_digits(path).labels, LABELS)
    for kept in (len(whole) - 5, len(whole) // 2, 5):
        path.write_bytes(whole[:kept])
        with pytest.raises(ValueError, match=rf"train\.csv\.{ending}: it is damaged or cut short .* Fetch it again"):
            read_digits(path)
    path.write_text(TEXT)
    with pytest.raises(ValueError, match="it is damaged or cut short"):
        read_digits(path)


def test_reads_a_zip_and_refuses_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "train.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.csv", TEXT)
    np.testing.assert_array_equal(read_digits(path).labels, LABELS)
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    with pytest.raises(ValueError, match="it is damaged or cut short"):
        read_digits(path)
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("test.csv", TEXT)
    with pytest.raises(ValueError, match="a zip must hold one file, the CSV; this one holds 2"):
        read_digits(path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
def test_any_digits_come_back_as_they_were(digits_csv: Path, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, images = rng.integers(0, 10, rows), rng.integers(0, 256, (rows, 784))
    digits_csv.write_text("\n".join(as_lines(labels, images)))
    digits = read_digits(digits_csv)
    np.testing.assert_array_equal(digits.images, images)
    np.testing.assert_array_equal(digits.labels, labels)


BAD_CELLS = [
    "",
    " ",
    "NaN",
    "nan",
    "NA",
    "null",
    "x",
    "ten",
    "-1",
    "256",
    "1000",
    "32768",
    "65536",
    "4294967296",
    "9" * 30,
]
BAD_CELLS += ["0.5", "3.25", "1e-2", "inf", "-inf", "True", "0x1F", "1_0", "½", "1 2"]


@pytest.mark.parametrize("text", BAD_CELLS)
@pytest.mark.parametrize(("line", "column", "name"), [(2, 0, "label"), (4, 784, "pixel783"), (3, 1, "pixel0")])
def test_any_one_bad_cell_is_refused_by_line_and_column(
    digits_csv: Path, line: int, column: int, name: str, text: str
) -> None:
    digits_csv.write_text(with_cell(line, column, text))
    sentence = rf"digits\.csv: line {line}, column '{name}': must be a whole number from 0 to [0-9]+ but is "
    with pytest.raises(ValueError, match=sentence):
        read_digits(digits_csv)


def test_what_pandas_refuses_is_refused_even_where_nothing_wrong_is_found(
    digits_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits_csv.write_text(TEXT)
    monkeypatch.setattr(scratchnet.data, "_parse", lambda lines: None)
    with pytest.raises(ValueError, match="pandas cannot read this as a table of whole numbers"):
        read_digits(digits_csv)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.integers(2, 4), column=st.integers(0, 784), text=st.text(st.characters(codec="utf-8"), max_size=4))
def test_any_text_in_a_cell_is_read_exactly_or_refused(digits_csv: Path, line: int, column: int, text: str) -> None:
    digits_csv.write_text(with_cell(line, column, text), encoding="utf-8", newline="")
    refusal = None
    try:
        digits = read_digits(digits_csv)
    except ValueError as error:
        refusal = str(error)
    if refusal:
        assert refusal.startswith(f"{digits_csv}: ")
    else:
        # whatever is read is the number that stands there, be it written 3, " 3" or 3.0
        assert float(text.strip('" ')) == np.column_stack([digits.labels, digits.images])[line - 2, column]


def test_a_label_of_ten_is_refused_as_a_label(digits_csv: Path) -> None:
    digits_csv.write_text(with_cell(3, 0, "10"))
    with pytest.raises(ValueError, match="line 3, column 'label': must be a whole number from 0 to 9 but is '10'"):
        read_digits(digits_csv)


def test_the_largest_values_are_allowed(digits_csv: Path) -> None:
    digits_csv.write_text("\n".join(as_lines(np.array([9]), np.full((1, 784), 255))))
    assert read_digits(digits_csv).images.min() == 255


columns = HEADER.split(",")
CORPUS = {
    "empty": (b"", "the file is empty"),
    "header only": (HEADER.encode() + b"\n", "there is a header but no image under it"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe" * 50, "this is not a text file, so not a CSV"),
    "prose": (b"Dear reader,\nthis is a letter.\n", "line 1: expected 785 columns, .* but found 2"),
    "Kaggle's test.csv": (
        "\n".join([",".join(columns[1:]), ",".join("0" * 784)]).encode(),
        r"there is no column 'label'. This looks like Kaggle's test.csv; train.csv has the labels",
    ),
    "no header": ("\n".join(LINES[1:]).encode(), "line 1: column 1 should be called 'label' but is '5'"),
    "a column missing": (
        "\n".join(line.rpartition(",")[0] for line in LINES).encode(),
        "line 1: expected 785 columns, label and pixel0 to pixel783, but found 784",
    ),
    "a column too many": ("\n".join(line + ",7" for line in LINES).encode(), "line 1: expected 785 .* but found 786"),
    "columns swapped": (
        TEXT.replace("pixel3,pixel4,", "pixel4,pixel3,").encode(),
        "line 1: column 5 should be called 'pixel3' but is 'pixel4'",
    ),
    "a short line": (
        "\n".join([*LINES[:2], LINES[2].rpartition(",")[0], LINES[3]]).encode(),
        "line 3 has 784 columns, not 785",
    ),
    "cut in a line": (TEXT[: -len(LINES[3]) // 2].encode(), "line 4 has [0-9]+ columns, not 785"),
    "a long line": ("\n".join([*LINES[:2], LINES[2] + ",1,2", LINES[3]]).encode(), "line 3 has 787 columns, not 785"),
    "every line long": (
        "\n".join([LINES[0], *(line + ",1" for line in LINES[1:])]).encode(),
        "line 2 has 786 columns, not 785",
    ),
    "semicolons": (TEXT.replace(",", ";").encode(), "line 1: expected 785 columns, .* but found 1"),
    "bad bytes below": ((LINES[0] + "\n").encode() + b"\xff\xfe\n", "this is not a text file"),
    "an open quote": ((LINES[0] + '\n"' + LINES[1] + "\n").encode(), r"this is not a CSV file \(unexpected end"),
    "a number no parser takes": (with_cell(2, 7, "0" * 8 + "\t5").encode(), "line 2, column 'pixel6'"),
}


@pytest.mark.parametrize("broken", CORPUS)
def test_a_broken_file_is_refused_with_a_sentence(digits_csv: Path, broken: str) -> None:
    content, sentence = CORPUS[broken]
    digits_csv.write_bytes(content)
    with pytest.raises(ValueError, match=sentence) as refusal:
        read_digits(digits_csv)
    assert str(refusal.value).startswith(f"{digits_csv}: ")


def test_no_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv: there is no such file. Check the name and the folder"):
        read_digits(tmp_path / "nothing.csv")
    with pytest.raises(ValueError, match=r"this is a folder\. Name the CSV file in it"):
        read_digits(tmp_path)


@pytest.mark.parametrize(("name", "rows"), [("train", 42_000), ("test", 10_000)])
def test_the_book_s_own_files_are_whole(name: str, rows: int) -> None:
    import hashlib

    listed = dict(reversed(line.split()) for line in (DATA / "SHA256SUMS").read_text().splitlines())
    packed = (DATA / f"{name}.csv.gz").read_bytes()
    assert hashlib.sha256(packed).hexdigest() == listed[f"{name}.csv.gz"]
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == listed[f"{name}.csv"]
    digits = read_digits(DATA / f"{name}.csv.gz")
    assert digits.images.shape == (rows, 784)
    assert np.bincount(digits.labels).min() > rows * 0.085


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normalize_maps_0_to_255_onto_0_to_1(dtype: type) -> None:
    X = normalize(np.array([[0, 51, 255]], np.uint8), dtype)
    assert X.dtype == dtype
    np.testing.assert_array_equal(X, np.array([[0, 0.2, 1]], dtype))
    assert normalize(np.array([1], np.uint8)).dtype == np.float32


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.array([0.0, 1.0]), "must be integers from 0 to 255, not float64: were they normalised already?"),
        (np.array([-1, 5]), "must be from 0 to 255, but these go from -1 to 5"),
        (np.array([0, 256]), "must be from 0 to 255, but these go from 0 to 256"),
    ],
)
def test_normalize_refuses_what_is_no_pixel(images: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        normalize(images)


def test_normalize_of_nothing_is_nothing() -> None:
    assert normalize(np.zeros((0, 784), np.uint8)).shape == (0, 784)


X = np.arange(20.0).reshape(10, 2)
y = np.arange(10)


def test_a_split_keeps_every_example_once_with_its_label() -> None:
    (X_train, y_train), (X_dev, y_dev) = train_dev_split(X, y, 3, np.random.default_rng(0))
    assert (len(X_train), len(X_dev)) == (7, 3)
    np.testing.assert_array_equal(np.sort(np.concatenate([y_train, y_dev])), y)
    np.testing.assert_array_equal(X_train, X[y_train])
    np.testing.assert_array_equal(X_dev, X[y_dev])
    assert list(y_dev) != [0, 1, 2]


@pytest.mark.parametrize("size", [0, 10, -1])
def test_a_split_refuses_to_leave_a_part_empty(size: int) -> None:
    with pytest.raises(ValueError, match=f"dev_size must be from 1 to 9, .* not {size}"):
        train_dev_split(X, y, size, rng)


@pytest.mark.parametrize("size", [1, 9])
def test_a_split_may_leave_one(size: int) -> None:
    assert len(train_dev_split(X, y, size, rng)[1][1]) == size


@pytest.mark.parametrize(("batch_size", "sizes"), [(1, [1] * 10), (4, [4, 4, 2]), (5, [5, 5]), (99, [10])])
def test_batches_cover_every_example_once_with_its_label(batch_size: int, sizes: list[int]) -> None:
    batches = list(minibatches(X, y, batch_size, np.random.default_rng(1)))
    assert [len(labels) for _, labels in batches] == sizes
    np.testing.assert_array_equal(np.sort(np.concatenate([labels for _, labels in batches])), y)
    for images, labels in batches:
        np.testing.assert_array_equal(images, X[labels])


def test_every_epoch_is_a_fresh_shuffle_of_examples() -> None:
    rng = np.random.default_rng(1)
    first, second = ([tuple(sorted(labels)) for _, labels in minibatches(X, y, 5, rng)] for _ in range(2))
    assert set(first) != set(second)


def test_a_wrong_batch_size_is_refused_at_the_call_and_not_at_the_first_batch() -> None:
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        minibatches(X, y, 0, rng)
    with pytest.raises(ValueError, match=r"y must have shape \(10,\)"):
        minibatches(X, y[:5], 2, rng)
