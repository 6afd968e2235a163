"""Tell by its first bytes what a file is, and unpack the text in it. The name of a file is not asked: it may be wrong.

Source: chapter "data".
"""

import bz2
import codecs
import gzip
import io
import lzma
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast
from zipfile import ZipFile, ZipInfo

BLOCK = 1 << 20  # so many bytes are read at a time: 1 MiB, some 600 images
START = 4096  # so many bytes are looked at to see what a file is
LONGEST_LINE = 1 << 20  # characters. A row of 28 × 28 numbers with 18 decimals each has 20,000
LARGEST_TEXT = 2 << 30  # bytes: 70,000 images with 18 decimals a pixel are 1.4 GB, and nothing known is larger
DEEPEST_PACKING = 3  # as a gzip in a zip in a zip is


class Refused(Exception):  # noqa: N818  not called an error, because the program has done right and the file is wrong
    """Raised for a file that is not read. Its sentence gives the reason and the remedy."""


PACKINGS: dict[bytes, Callable[[IO[bytes]], object]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"]\x00\x00": lzma.open,
}
ZIP = (b"PK\x03\x04", b"PK\x05\x06")

# Files that are no text, by how they begin.
KINDS = {
    b"\x00\x00\x08\x03": "this is MNIST's own file of images (IDX), which has no labels in it. Unpacked, it is read by "
    "np.fromfile(path, np.uint8, offset=16).reshape(-1, 784), and the file of labels with offset=8",
    b"\x00\x00\x08\x01": "this is MNIST's own file of labels (IDX), which has no images in it. Unpacked, it is read by "
    "np.fromfile(path, np.uint8, offset=8), and the file of images with offset=16 and reshape(-1, 784)",
    b"\x93NUMPY": "this is an array that NumPy saved (.npy). Read it with np.load",
    b"PAR1": "this is a Parquet file. pandas.read_parquet reads it; write it as CSV with to_csv(…, index=False)",
    b"ARROW1": "this is a Feather file. pandas.read_feather reads it; write it as CSV with to_csv(…, index=False)",
    b"\x89HDF": "this is an HDF5 file. Read it with h5py, and write a label and 784 pixels a line as CSV",
    b"MATLAB": "this is a MATLAB file. Read it with scipy.io.loadmat, and write a label and 784 pixels a line as CSV",
    b"\xd0\xcf\x11\xe0": "this is an Excel workbook (.xls). Open it and save the sheet as CSV",
    b"SQLite format": "this is a database (SQLite). Export its table as CSV",
    b"%PDF": "this is a PDF document. Name the CSV file of digits",
    b"7z\xbc\xaf": "this is packed with 7-Zip, which Python cannot open. Unpack it and name the CSV",
    b"Rar!": "this is packed with RAR, which Python cannot open. Unpack it and name the CSV",
    b"\x28\xb5\x2f\xfd": "this is packed with Zstandard. Unpack it (unzstd) and name the CSV",
    b"\x1f\x9d": "this is packed with compress (.Z). Unpack it (gunzip does) and name the CSV",
    b"\x00\x05\x16\x07": "this is what a Mac keeps beside a file, not the file. Name the one without ._ in front",
} | dict.fromkeys(
    (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
    "this is a Python pickle. Unpickling runs whatever is in it: fetch the digits as CSV instead",
)
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")

# Texts that are no table, by a pattern near their beginning, in small letters.
TEXTS = {
    rb"\s*<": "this is a web page, saved in place of the data, as a site sends to those who are not logged in. Log in, "
    "and fetch the file again",
    rb"version https://git-lfs": "this is a pointer of Git LFS, which stands for the file. Run git lfs pull to get it",
    rb"\s*\{\\rtf": "this is a text with formatting (RTF). Save it as plain text",
    rb"\s*[{[]": "this is JSON, not a CSV. If it reports an error, fetch the file again",
    rb"(%.*\n|\s)*@relation": "this is an ARFF file. Remove all lines up to @DATA, or fetch the CSV",
    rb"[0-9.+-]+ +[0-9]+:[0-9]": "this is in the LIBSVM format. sklearn.datasets.load_svmlight_file reads it",
}


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """Open the text in a file, whatever it is packed in; raise `Refused` for what is no text or cannot be unpacked."""
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(path.open("rb"))
        in_order_only = False  # whether a jump to the end means unpacking everything before it
        for _ in range(DEEPEST_PACKING + 1):
            start = file.read(START)
            file.seek(0)
            if start.startswith(ZIP):
                if in_order_only:
                    raise Refused("this is a zip, packed once more. Unpack it and name the zip")
                file = stack.enter_context(_open_zipped(stack.enter_context(ZipFile(file))))
                continue
            opener = next((opener for first, opener in PACKINGS.items() if start.startswith(first)), None)
            if opener is None:
                _refuse_unless_text(start)
                yield file
                return
            file = stack.enter_context(cast(IO[bytes], opener(file)))
            in_order_only = True
        raise Refused(f"it is packed more than {DEEPEST_PACKING} times over. Unpack it and name the CSV")


def _open_zipped(archive: ZipFile) -> IO[bytes]:
    entry = _find_csv(archive)
    if entry.flag_bits & 1:
        raise Refused("this zip has a password. Unpack it yourself and name the CSV")
    if entry.file_size > LARGEST_TEXT:
        raise Refused(_too_large(entry.file_size))
    try:
        return archive.open(entry)
    except NotImplementedError as error:
        raise Refused(f"this zip is packed in a way that Python does not know ({error}). Unpack it yourself") from None


def _find_csv(archive: ZipFile) -> ZipInfo:
    """Return the only file in a zip, or else the only train.csv, leaving out what systems add of their own."""
    names = archive.namelist()
    if "[Content_Types].xml" in names or "mimetype" in names:
        kind = "an Excel workbook" if "xl/workbook.xml" in names else "a document of an office program"
        raise Refused(f"this is {kind}. Open it and save its sheet as CSV")
    if names and all(name.endswith(".npy") for name in names):
        raise Refused("these are arrays that NumPy saved (.npz). Read them with np.load")
    if any(name.endswith("/data.pkl") for name in names):
        raise Refused(
            "this is a file of PyTorch. Read it with torch.load, and write a label and 784 pixels a line as CSV"
        )
    files = {}
    for entry in archive.infolist():
        name = re.split(r"[/\\]", entry.filename)[-1]
        if name and name[0] != "." and name not in ("Thumbs.db", "desktop.ini"):  # a Mac's own begin with ._
            files[entry] = name.lower()
    for wanted in (r".*", r"train\.csv(\.\w+)?", r"(.*[^a-z])?train([^a-z].*)?\.csv(\.\w+)?"):
        found = [entry for entry, name in files.items() if re.fullmatch(wanted, name)]
        if len(found) == 1:
            return found[0]
    if not files:
        raise Refused("there is no file in this zip. Fetch it again")
    few = ", ".join([entry.filename for entry in files][:4]) + (", …" if len(files) > 4 else "")
    raise Refused(f"this zip holds {len(files)} files, and which to read is unclear: {few}. Unpack it and name one")


def _too_large(size: int) -> str:
    return f"there are more than {size >> 20:,} MB of text in it, and no file of digits is so large. Name a part of it"


def _refuse_unless_text(start: bytes) -> None:
    """Refuse a file that begins as one of another kind does, by the name of that kind."""
    if start.startswith(PICTURES) or start[8:12] == b"WEBP":
        raise Refused("this is a picture. sn.read_photo reads a picture of one digit; this wants a CSV of many")
    for first, sentence in KINDS.items():
        if start.startswith(first):
            raise Refused(sentence)
    if start[257:262] == b"ustar":
        raise Refused("this is a tar archive. Unpack it and name the CSV in it")
    for pattern, sentence in TEXTS.items():
        if re.match(pattern, start.removeprefix(codecs.BOM_UTF8), re.IGNORECASE):
            raise Refused(sentence)
    if b"\0" in start and _encoding(start) == "utf-8-sig":
        raise Refused("this is not a text file, so not a CSV. Name the CSV of digits, or save it as CSV in UTF-8")


def _encoding(start: bytes) -> str:
    """Return how a text is encoded, by the byte order mark at its start: UTF-8 needs none."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


class Text:
    r"""The lines of an open file, as blocks of whole lines that end in \n, each time from the beginning."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __iter__(self) -> Iterator[str]:
        self.file.seek(0)
        encoding = _encoding(self.file.read(4))
        self.file.seek(0)
        # Whatever ends a line, \r\n, \r or \n, becomes \n.
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
        size, rest = 0, ""
        while block := self.file.read(BLOCK):
            size += len(block)
            if size > LARGEST_TEXT:
                raise Refused(_too_large(LARGEST_TEXT))
            lines, end, rest = (rest + decoder.decode(block)).rpartition("\n")
            if len(rest) > LONGEST_LINE:
                raise Refused("there is a line of more than a million characters in it. This is no CSV of digits")
            if end:
                yield lines + end
        if rest := rest + decoder.decode(b"", final=True):
            yield rest  # the last line, where nothing ends it

    def lines(self) -> Iterator[str]:
        """Go through the lines one by one, without their ends."""
        for block in self:
            yield from block.removesuffix("\n").split("\n")

    def read_to_the_end(self) -> None:
        """Read what is left, because a packed file shows only at its end that it is damaged."""
        left = LARGEST_TEXT
        while left > 0 and (block := self.file.read(BLOCK)):
            left -= len(block)
