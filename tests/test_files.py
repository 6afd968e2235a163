"""What a file is, whatever its name says: packings undone, other kinds of files refused by their names."""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from broken_csv import IMAGES, LABELS, TEXT, as_lines

import scratchnet.files
from scratchnet import read_digits

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
}
PLAIN = TEXT.encode()
SIDE_FILE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip of files, by their names in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def saved_by_numpy(save: Callable[..., None]) -> bytes:
    buffer = io.BytesIO()
    save(buffer, IMAGES)
    return buffer.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def refusal(path: Path) -> str:
    with pytest.raises(ValueError, match=re.escape(f"{path}: ")) as caught:
        read_digits(path)
    assert type(caught.value) is ValueError
    return str(caught.value).removeprefix(f"{path}: ")


PACKED = {
    "not at all": PLAIN,
    **{name: pack(PLAIN) for name, pack in PACKERS.items()},
    "gzip in two members": gzip.compress(PLAIN[:5000]) + gzip.compress(PLAIN[5000:]),
    "gzip of gzip": gzip.compress(gzip.compress(PLAIN)),
    "zip": zipped({"train.csv": PLAIN}),
    "zip of one file of another name": zipped({"digits.txt": PLAIN}),
    "Kaggle's zip": zipped({"sample_submission.csv": b"ImageId,Label", "test.csv": b"x", "train.csv": PLAIN}),
    "a Mac's zip": zipped({"digits/": b"", "digits/train.csv": PLAIN, "__MACOSX/digits/._train.csv": SIDE_FILE}),
    "a Mac's zip of three": zipped(
        {
            "test.csv": b"x",
            "._train.csv": SIDE_FILE,
            "train.csv": PLAIN,
            "__MACOSX/._test.csv": SIDE_FILE,
            ".DS_Store": b"x",
        }
    ),
    "a Mac's zip of one file of another name": zipped({"digits.csv": PLAIN, "__MACOSX/._digits.csv": SIDE_FILE}),
    "a zip made on Windows": zipped({"d\\train.csv": PLAIN, "d\\Thumbs.db": b"x", "d\\desktop.ini": b"x"}),
    "a zip in capitals": zipped({"TEST.CSV": b"x", "TRAIN.CSV": PLAIN}),
    "a zip of two sets": zipped({"mnist_test.csv": b"x", "mnist_train.csv": PLAIN}),
    "a zip with a second training file": zipped({"a/train.csv": PLAIN, "train_small.csv": b"x"}),
    "a zip with a word that ends in train": zipped({"my-train.csv": PLAIN, "constrain.csv": b"x"}),
    "a zip of zips": zipped({"test.csv.zip": b"x", "train.csv.zip": zipped({"train.csv": PLAIN})}),
    "a gzip in a zip": zipped({"train.csv.gz": gzip.compress(PLAIN), "constrained.csv": b"x"}),
}


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("name", ["train.csv", "train.csv.gz", "train.zip", "train"])
def test_the_first_bytes_decide_how_a_file_is_packed_and_not_its_name(tmp_path: Path, packed: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(packed)
    digits = read_digits(path)
    np.testing.assert_array_equal(digits.images, IMAGES)
    np.testing.assert_array_equal(digits.labels, LABELS)


@pytest.mark.parametrize("pack", [*PACKERS.values(), lambda data: zipped({"train.csv": data})], ids=[*PACKERS, "zip"])
def test_a_damaged_file_is_called_damaged(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    whole = pack(PLAIN)
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes(255 - byte for byte in whole[middle : middle + 20]) + whole[middle + 20 :]
    path = tmp_path / "train.csv"
    for broken in (whole[:-5], whole[:middle], whole[:13], flipped):
        path.write_bytes(broken)
        sentence = refusal(path)
        assert sentence.startswith("it is damaged or cut short (")
        assert sentence.endswith("). Fetch it again")


def test_damage_is_named_and_not_what_it_made_of_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratchnet.files, "BLOCK", 1000)  # so that the wrong line is met before the end
    whole = gzip.compress(PLAIN, compresslevel=0)  # the text as it is, and a checksum at the end
    place = whole.index(b"\n") + 1
    path = tmp_path / "train.csv.gz"
    path.write_bytes(whole[:place] + b"x" + whole[place + 1 :])
    assert refusal(path).startswith("it is damaged or cut short (CRC check failed")


def test_whole_lines_before_the_cut_are_not_read_either(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (40, 784))
    whole = gzip.compress("\n".join(as_lines(np.zeros(40, int), images)).encode())
    path = tmp_path / "train.csv.gz"
    for kept in range(len(whole) - 1, 1, -len(whole) // 20):
        path.write_bytes(whole[:kept])
        assert "cut short" in refusal(path)


AMBIGUOUS = "and which to read is unclear: "
ZIPS = {
    "nothing": ({}, "there is no file in this zip. Fetch it again"),
    "only a Mac's own": ({"__MACOSX/._train.csv": SIDE_FILE}, "there is no file in this zip. Fetch it again"),
    "two train.csv": (
        {"a/train.csv": PLAIN, "b/train.csv": PLAIN},
        f"this zip holds 2 files, {AMBIGUOUS}a/train.csv, b/train.csv. Unpack it and name one",
    ),
    "two training sets": ({"emnist-digits-train.csv": PLAIN, "emnist-letters-train.csv": PLAIN}, AMBIGUOUS),
    "none that trains": (
        {f"{n}.csv": PLAIN for n in range(9)},
        f"this zip holds 9 files, {AMBIGUOUS}0.csv, 1.csv, 2.csv, 3.csv, …. Unpack it and name one",
    ),
    "a workbook": (
        {"[Content_Types].xml": b"<", "xl/workbook.xml": b"<"},
        "this is an Excel workbook. Open it and save its",
    ),
    "a letter": (
        {"[Content_Types].xml": b"<", "word/document.xml": b"<"},
        "this is a document of an office program. Open",
    ),
    "a spreadsheet": (
        {"mimetype": b"application/vnd.oasis", "content.xml": b"<"},
        "this is a document of an office program",
    ),
    "a network of PyTorch": (
        {"net/data.pkl": b"\x80\x02", "net/version": b"3"},
        "this is a file of PyTorch. Read it with",
    ),
    "a picture": ({"a.png": b"\x89PNG\r\n\x1a\n"}, "this is a picture. sn.read_photo reads a picture of one digit"),
}


@pytest.mark.parametrize("kind", ZIPS)
def test_a_zip_of_anything_else_is_refused_by_what_is_in_it(tmp_path: Path, kind: str) -> None:
    files, sentence = ZIPS[kind]
    path = tmp_path / "train.zip"
    path.write_bytes(zipped(files))
    assert sentence in refusal(path)


def test_a_zip_with_a_password_or_an_unknown_method_is_refused(tmp_path: Path) -> None:
    whole = zipped({"train.csv": PLAIN})
    directory = whole.index(b"PK\x01\x02")
    path = tmp_path / "train.zip"
    # the lowest bit of the flags, in the file's header and in the directory, says that there is a password
    locked = bytearray(whole)
    locked[6] |= 1
    locked[directory + 8] |= 1
    path.write_bytes(locked)
    assert refusal(path) == "this zip has a password. Unpack it yourself and name the CSV"
    strange = bytearray(whole)
    strange[8] = strange[directory + 10] = 99
    path.write_bytes(strange)
    assert refusal(path).startswith("this zip is packed in a way that Python does not know (")


KINDS = {
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "this is a picture. sn.read_photo reads a picture of one digit"),
    "a photograph": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "this is a picture. "),
    "WebP": (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "this is a picture. "),
    "MNIST's images": (
        b"\x00\x00\x08\x03" + bytes(900),
        r"this is MNIST's own file of images \(IDX\), which has no labels",
    ),
    "MNIST's labels": (
        b"\x00\x00\x08\x01" + bytes(900),
        r"this is MNIST's own file of labels \(IDX\), which has no imag",
    ),
    "an array": (saved_by_numpy(np.save), "this is an array that NumPy saved .* Read it with np.load"),
    "arrays": (saved_by_numpy(np.savez), "these are arrays that NumPy saved .* Read them with np.load"),
    "Parquet": (b"PAR1\x15\x04\x15", "this is a Parquet file. pandas.read_parquet reads it; write it as CSV"),
    "MATLAB": (b"MATLAB 5.0 MAT-file", "this is a MATLAB file. Read it with scipy.io.loadmat"),
    "an old workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "this is an Excel workbook .* Open it and save the sheet as CSV",
    ),
    "a pickle": (
        b"\x80\x03}q\x00.",
        "this is a Python pickle. Unpickling runs whatever is in it: fetch the digits as CSV",
    ),
    "PDF": (b"%PDF-1.7\n", "this is a PDF document. Name the CSV file of digits"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c", "this is packed with 7-Zip, which Python cannot open. Unpack it and name the CSV"),
    "a Mac's side file": (
        SIDE_FILE,
        "this is what a Mac keeps beside a file, not the file. Name the one without ._ in front",
    ),
    "a tar archive": (tarred("train.csv", PLAIN), "this is a tar archive. Unpack it and name the CSV in it"),
    "a web page": (
        b"\n <!DOCTYPE html>\n<html>",
        "this is a web page, saved in place of the data, .* fetch the file again",
    ),
    "a refusal in XML": (b"<?xml version='1.0'?><Error>", "this is a web page, saved in place of the data"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9", "this is a pointer of Git LFS"),
    "JSON": (
        b'{"code": 403, "message": "Forbidden"}',
        "this is JSON, not a CSV. If it reports an error, fetch the file again",
    ),
    "rows in JSON": (b'\xef\xbb\xbf[{"label": 5}]', "this is JSON, not a CSV"),
    "RTF": (rb"{\rtf1\ansi label,pixel0", r"this is a text with formatting \(RTF\). Save it as plain text"),
    "ARFF": (
        b"% MNIST\n%\n\n@RELATION mnist_784\n",
        "this is an ARFF file. Remove all lines up to @DATA, or fetch the CSV",
    ),
    "LIBSVM": (b"5 153:3 154:18\n", "this is in the LIBSVM format. sklearn.datasets.load_svmlight_file reads it"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_a_file_of_another_kind_is_refused_by_its_name(
    tmp_path: Path, kind: str, pack: Callable[[bytes], bytes]
) -> None:
    content, sentence = KINDS[kind]
    path = tmp_path / "train.csv"
    if kind == "arrays" and pack is gzip.compress:
        sentence = "this is a zip, packed once more. Unpack it and name the zip"
    path.write_bytes(pack(content))
    assert re.match(sentence, refusal(path))


def test_what_unpacks_without_end_is_refused_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "train.csv"
    packed = PLAIN
    for _ in range(scratchnet.files.DEEPEST_PACKING + 1):
        packed = gzip.compress(packed)
    path.write_bytes(packed)
    assert refusal(path) == "it is packed more than 3 times over. Unpack it and name the CSV"
    path.write_bytes(gzip.compress(b"0" * 3_000_000))
    assert refusal(path).startswith("there is a line of more than a million characters in it.")
    monkeypatch.setattr(scratchnet.files, "BLOCK", 1000)
    monkeypatch.setattr(scratchnet.files, "LARGEST_TEXT", len(PLAIN) - 1)
    too_large = "there are more than 0 MB of text in it, and no file of digits is so large. Name a part of it"
    path.write_bytes(gzip.compress(PLAIN))
    assert refusal(path) == too_large
    path.write_bytes(zipped({"train.csv": PLAIN}))
    monkeypatch.delattr(zipfile.ZipFile, "open")  # a zip says how large its files are, so it need not be unpacked
    assert refusal(path) == too_large
