"""Reading digits: right files in every dress, broken ones refused by name, line and column. And the splits."""

import gzip
import hashlib
import re
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from broken_csv import (
    BAD_CELLS,
    BROKEN,
    COLUMNS,
    DIALECTS,
    IMAGES,
    LABELS,
    TEXT,
    WHOLE_CELLS,
    as_lines,
    quoted,
    with_cell,
    with_column,
    with_lines,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import scratchnet.files
from scratchnet import minibatches, normalize, read_digits, train_dev_split

rng = np.random.default_rng(0)
DATA = Path(__file__).parents[1] / "data"
quickly = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def digits_csv(tmp_path: Path) -> Path:
    return tmp_path / "digits.csv"


def refusal(path: Path) -> str:
    """The sentence a file is refused with, less the file's name it begins with."""
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        read_digits(path)
    assert type(caught.value) is ValueError
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


def test_reads_what_was_written(digits_csv: Path) -> None:
    digits_csv.write_text(TEXT)
    digits = read_digits(digits_csv)
    np.testing.assert_array_equal(digits.images, IMAGES)
    np.testing.assert_array_equal(digits.labels, LABELS)
    assert (digits.images.dtype, digits.labels.dtype) == (np.uint8, np.int64)
    assert digits.images.flags.c_contiguous
    np.testing.assert_array_equal(read_digits(str(digits_csv)).images, IMAGES)


@pytest.mark.parametrize("text", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_reads_other_dialects(digits_csv: Path, text: str, encoding: str) -> None:
    digits_csv.write_bytes(text.encode(encoding) if encoding == "utf-8" else text.lstrip("\ufeff").encode(encoding))
    digits = read_digits(digits_csv)
    np.testing.assert_array_equal(digits.images, IMAGES)
    np.testing.assert_array_equal(digits.labels, LABELS)
    assert digits.images.flags.c_contiguous


@pytest.mark.parametrize("block", [1, 5000, 1 << 22])
def test_where_the_text_is_cut_into_blocks_changes_nothing(
    digits_csv: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(scratchnet.files, "BLOCK", block)
    for text in (TEXT, "\r\n\r\n" + TEXT.replace("\n", "\r\n"), "\n".join(as_lines(LABELS, IMAGES)[1:])):
        digits_csv.write_text(text, newline="")
        np.testing.assert_array_equal(read_digits(digits_csv).images, IMAGES)
    digits_csv.write_text(with_cell(4, 3, "256"))
    assert refusal(digits_csv).startswith("line 4, column 'pixel2'")
    digits_csv.write_text("# \n\n\n" + with_cell(4, 3, "256"))
    assert refusal(digits_csv).startswith("line 7, column 'pixel2'")


@quickly
@given(rows=st.integers(1, 6), seed=st.integers(0, 2**32 - 1), dress=st.sampled_from([str, quoted]))
def test_any_digits_come_back_as_they_were(digits_csv: Path, rows: int, seed: int, dress: Callable[[str], str]) -> None:
    rng = np.random.default_rng(seed)
    labels, images = rng.integers(0, 10, rows), rng.integers(0, 256, (rows, 784))
    digits_csv.write_text("\n".join(map(dress, as_lines(labels, images))))
    digits = read_digits(digits_csv)
    np.testing.assert_array_equal(digits.images, images)
    np.testing.assert_array_equal(digits.labels, labels)


@pytest.mark.parametrize("text", WHOLE_CELLS, ids=lambda text: ascii(text[:20]))
def test_any_way_to_write_a_whole_number_is_read(digits_csv: Path, text: str) -> None:
    for line, column in ((2, 0), (4, 784), (3, 1)):
        digits_csv.write_text(with_cell(line, column, text), encoding="utf-8")
        digits = read_digits(digits_csv)
        assert np.column_stack([digits.labels, digits.images])[line - 2, column] == WHOLE_CELLS[text]
    digits_csv.write_text(with_column(7, text), encoding="utf-8")
    assert (read_digits(digits_csv).images[:, 6] == WHOLE_CELLS[text]).all()


@pytest.mark.parametrize("text", BAD_CELLS, ids=lambda text: ascii(text[:20]))
def test_any_bad_cell_is_refused_by_line_and_column(digits_csv: Path, text: str) -> None:
    for line, column in ((2, 0), (4, 784), (3, 1)):
        digits_csv.write_text(with_cell(line, column, text), encoding="utf-8")
        largest = 255 if column else 9
        wanted = f"line {line}, column '{COLUMNS[column]}': must be a whole number from 0 to {largest} but is "
        assert refusal(digits_csv).startswith(wanted)
    # a parser that guesses a column's type might believe a column full of it
    digits_csv.write_text(with_column(7, text), encoding="utf-8")
    assert refusal(digits_csv).startswith("line 2, column 'pixel6': must be a whole number from 0 to 255 but is ")


@quickly
@given(line=st.integers(2, 4), column=st.integers(0, 784), text=st.sampled_from(BAD_CELLS))
def test_any_one_cell_gone_bad_is_named(digits_csv: Path, line: int, column: int, text: str) -> None:
    digits_csv.write_text(with_cell(line, column, text), encoding="utf-8")
    assert refusal(digits_csv).startswith(f"line {line}, column '{COLUMNS[column]}': ")


@quickly
@given(line=st.integers(2, 4), column=st.integers(0, 784), number=st.integers(-(10**20), 10**20) | st.integers(-5, 300))
def test_any_number_is_read_exactly_or_refused(digits_csv: Path, line: int, column: int, number: int) -> None:
    digits_csv.write_text(with_cell(line, column, str(number)))
    if 0 <= number <= (255 if column else 9):
        digits = read_digits(digits_csv)
        assert np.column_stack([digits.labels, digits.images])[line - 2, column] == number
    else:
        assert refusal(digits_csv).startswith(f"line {line}, column '{COLUMNS[column]}': ")


@quickly
@pytest.mark.slow
@given(line=st.integers(2, 4), column=st.integers(0, 784), text=st.text(st.characters(codec="utf-8"), max_size=4))
@example(line=2, column=3, text="1\x00")
@example(line=3, column=0, text="5\n")
@example(line=3, column=9, text='"7"')
def test_any_text_in_a_cell_is_read_exactly_or_refused(digits_csv: Path, line: int, column: int, text: str) -> None:
    digits_csv.write_text(with_cell(line, column, text), encoding="utf-8", newline="")
    refused, digits = None, None
    try:
        digits = read_digits(digits_csv)
    except ValueError as error:
        refused = str(error)
    if digits is None:
        assert refused is not None
        assert refused.startswith(f"{digits_csv}: ")
    else:
        # what is read is the number that stands there, be it written 3, " 3", 03 or 3.0
        read = int(np.column_stack([digits.labels, digits.images])[line - 2, column])
        assert Decimal(text.strip('" \t\r\n').replace(",", ".")) == read


def test_a_very_long_cell_is_not_repeated_in_full(digits_csv: Path) -> None:
    digits_csv.write_text(with_cell(2, 5, "x" * 5000))
    assert len(refusal(digits_csv)) < 150


def test_the_first_of_several_faults_is_named(digits_csv: Path) -> None:
    digits_csv.write_text(with_lines(*(with_cell(2, 9, "x").split("\n")[1:3]), "1,2,3"))
    assert refusal(digits_csv).startswith("line 2, column 'pixel8': must be a whole number from 0 to 255 but is 'x'")


def test_the_largest_values_are_allowed(digits_csv: Path) -> None:
    digits_csv.write_text("\n".join(as_lines(np.array([9]), np.full((1, 784), 255))))
    digits = read_digits(digits_csv)
    assert (digits.images.min(), digits.labels.min()) == (255, 9)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_file_is_refused_with_a_sentence(digits_csv: Path, broken: str) -> None:
    content, sentence = BROKEN[broken]
    digits_csv.write_bytes(content)
    with pytest.raises(ValueError, match=rf"digits\.csv: {sentence}") as caught:
        read_digits(digits_csv)
    assert str(caught.value).startswith(f"{digits_csv}: ")
    packed = digits_csv.with_name("digits.csv.gz")
    packed.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=rf"digits\.csv\.gz: {sentence}"):
        read_digits(packed)


def test_no_file_a_folder_and_what_is_no_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv: there is no such file. Check the name and the folder"):
        read_digits(tmp_path / "nothing.csv")
    assert refusal(tmp_path) == "this is a folder. Name the CSV file in it"
    with pytest.raises(
        ValueError, match=r"^https://example\.org/train\.csv: this is an address. Fetch the file, and name"
    ):
        read_digits("https://example.org/train.csv")
    with pytest.raises(
        TypeError, match="path must be the name of a file, not ndarray: read_digits opens the file itself"
    ):
        read_digits(IMAGES)  # type: ignore[arg-type]


def test_a_file_one_may_not_read_is_not_called_damaged(digits_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits_csv.write_text(TEXT)

    def locked(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(PermissionError, match=r"digits\.csv"):
        read_digits(digits_csv)


def test_what_looks_wrong_is_warned_about_where_it_is_read_and_read_all_the_same(digits_csv: Path) -> None:
    images = np.full((1, 28, 28), 255)
    images[0, 5:20, 14] = 0
    digits_csv.write_text("\n".join(as_lines(np.array([1]), images.reshape(1, 784))))
    with pytest.warns(
        UserWarning, match=r"digits\.csv: paper looks to be 255 and ink 0, the wrong way round"
    ) as caught:
        digits = read_digits(digits_csv)
    np.testing.assert_array_equal(digits.images, images.reshape(1, 784))
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.slow
def test_a_plain_file_takes_little_memory_beyond_its_images() -> None:
    tracemalloc.start()
    digits = read_digits(DATA / "train.csv.gz")
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1.02 * (digits.images.nbytes + digits.labels.nbytes)
    assert peak < 1.6 * digits.images.nbytes


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rows"), [("train", 42_000), ("test", 10_000)])
def test_the_book_s_own_files_are_whole(name: str, rows: int) -> None:
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
    assert normalize(np.array([2], np.uint8)).dtype == np.float32


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.array([0.0, 1.0]), "must be integers from 0 to 255, not float64: were they normalised already?"),
        (np.array([0.0, 9.0]), r"must be integers from 0 to 255, not float64. Pass images.astype\(int\)"),
        (np.array([False, True]), r"must be integers from 0 to 255, not bool. Pass 255 \* images.astype\(int\)"),
        (np.array([0, "1"], object), r"must be integers from 0 to 255, not object. Pass images.astype\(int\)"),
        (np.array([[0, 1], [1, 0]], np.uint8), r"these go from 0 to 1. Pass 255 \* images if they are black and white"),
        (np.array([-1, 5]), "must be from 0 to 255, but these go from -1 to 5"),
        (np.array([0, 256]), "must be from 0 to 255, but these go from 0 to 256"),
    ],
)
def test_normalize_refuses_what_is_no_pixel(images: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        normalize(images)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normalize_takes_any_integer_dtype_and_shape(dtype: type) -> None:
    pixels = np.arange(256)
    wanted = pixels.astype(dtype) / dtype(255)
    for kind in (np.uint8, np.int16, np.int64, np.uint64):
        np.testing.assert_array_equal(normalize(pixels.astype(kind).reshape(1, 16, 16), dtype).ravel(), wanted)


def test_normalize_refuses_another_type_of_result() -> None:
    with pytest.raises(ValueError, match="dtype must be float32 or float64, not int"):
        normalize(np.array([0, 255]), int)


def test_blank_images_are_no_black_and_white_ones() -> None:
    assert not normalize(np.zeros((2, 784), np.uint8)).any()


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


@pytest.mark.parametrize("size", [0, 10, -1, 0.2, 2.0])
def test_a_split_refuses_to_leave_a_part_empty(size: float) -> None:
    with pytest.raises(ValueError, match=f"dev_size must be a whole number from 1 to 9, .* not {size}"):
        train_dev_split(X, y, size, rng)


def test_a_split_says_what_to_write_for_a_part_of_the_examples() -> None:
    with pytest.raises(ValueError, match=r"not 0\.25\. For that part of the examples, write dev_size=2"):
        train_dev_split(X, y, 0.25, rng)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"not 2\.0\. Write 2"):
        train_dev_split(X, y, 2.0, rng)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="X has one row: at least two examples are needed"):
        train_dev_split(X[:1], y[:1], 1, rng)


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


@pytest.mark.parametrize("batch_size", [1, 4, 10])
def test_batches_are_the_same_in_an_array_of_ones_own_and_each_overwrites_the_one_before(batch_size: int) -> None:
    out = np.full((batch_size, X.shape[1]), np.nan, X.dtype)
    apart = minibatches(X, y, batch_size, np.random.default_rng(1))
    for images, labels in minibatches(X, y, batch_size, np.random.default_rng(1), out):
        expected_images, expected_labels = next(apart)
        np.testing.assert_array_equal(images, expected_images)
        np.testing.assert_array_equal(labels, expected_labels)
        assert np.shares_memory(images, out[0])  # the first row of the array, whatever the number of images


def test_every_epoch_is_a_fresh_shuffle_of_examples() -> None:
    rng = np.random.default_rng(1)
    first, second = ([tuple(sorted(labels)) for _, labels in minibatches(X, y, 5, rng)] for _ in range(2))
    assert set(first) != set(second)


def test_a_wrong_batch_size_is_refused_at_the_call_and_not_at_the_first_batch() -> None:
    for size in (0, -1, 2.5):
        with pytest.raises(ValueError, match=f"batch_size must be a whole number, at least 1, not {size}"):
            minibatches(X, y, size, rng)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"y must have shape \(10,\)"):
        minibatches(X, y[:5], 2, rng)
