"""The book lasts: Jupyter Book 1.x or plain Sphinx, two builds with the same bytes, links that are asked, old versions.

What is marked `lasting` runs with `make lasting`: it builds the whole book twice, which takes a while.
"""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest
import yaml
from project_copy import copied
from thin_pages import thin_site

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
STRICT = ["-W", "-n", "--keep-going", "-q"]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    """The program of that name behind a target of the Makefile, as a module."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    return importlib.import_module(request.param)


def using(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("tool", [name], indirect=True, ids=[name])


def run(folder: Path, *command: str, **environment: str) -> None:
    program, *arguments = command
    subprocess.run([BIN / program, *arguments], cwd=folder, check=True, env={**os.environ, **environment})


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


TIMED = "book/18-frameworks.html"  # it draws how long its own lines took, and a picture is named after what is in it


def unexplained(one: dict[str, bytes], two: dict[str, bytes]) -> list[str]:
    """The files of which two builds have not the same bytes, without the pictures of times and where they stand."""
    differ = {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)}
    shown = re.findall(rb"<img[^>]*>", one[TIMED] + two[TIMED])
    if re.sub(rb"<img[^>]*>", b"", one[TIMED]) == re.sub(rb"<img[^>]*>", b"", two[TIMED]):
        differ -= {TIMED}
    return sorted(name for name in differ if not any(Path(name).name.encode() in image for image in shown))


def test_two_builds_may_differ_in_pictures_of_times_and_in_nothing_else() -> None:
    one = {TIMED: b'<p>1</p><img src="a.png">', "a.png": b"a", "c.css": b"c", "index.html": b"i"}
    two = {TIMED: b'<p>1</p><img src="b.png">', "b.png": b"b", "c.css": b"c", "index.html": b"i"}
    assert unexplained(one, two) == []
    assert unexplained(one, {**two, "index.html": b"j"}) == ["index.html"]
    assert unexplained(one, {**two, "more.html": b""}) == ["more.html"]
    assert unexplained(one, {name: page for name, page in two.items() if name != "c.css"}) == ["c.css"]
    assert unexplained(one, {**two, TIMED: b'<p>2</p><img src="b.png">'}) == [TIMED]


def test_jupyter_book_is_of_the_line_that_reads_our_configuration() -> None:
    assert version("jupyter-book").startswith("1.")
    lock = (ROOT / "requirements" / "book.txt").read_text(encoding="utf-8")
    assert re.search(r"^jupyter-book==1\.", lock, re.MULTILINE)


@pytest.mark.slow
def test_the_configuration_for_plain_sphinx_has_everything_that_ours_has(tmp_path: Path) -> None:
    run(copied(tmp_path, "_config.yml", "_toc.yml", "book"), "jupyter-book", "config", "sphinx", ".")
    tree = ast.parse((tmp_path / "conf.py").read_text(encoding="utf-8"))
    conf = {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body}
    assert {*CONFIG["sphinx"]["local_extensions"], *CONFIG["sphinx"]["extra_extensions"]} <= set(conf["extensions"])
    for name, folder in CONFIG["sphinx"]["local_extensions"].items():
        assert (tmp_path / folder / f"{name}.py").exists()
    for name, value in CONFIG["sphinx"]["config"].items():
        expected = {**conf[name], **value} if isinstance(value, dict) else value
        assert conf[name] == expected, name
    assert "conf.py" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.lasting
def test_jupyter_book_in_one_place_and_plain_sphinx_in_another_write_the_same_bytes(tmp_path: Path) -> None:
    here, there = copied(tmp_path / "book"), copied(tmp_path / "the" / "other" / "place")
    run(here, "jupyter-book", "build", ".", *STRICT, PYTHONHASHSEED="1", TZ="UTC")
    run(there, "jupyter-book", "config", "sphinx", ".")
    # Where our extensions are is the one thing that a conf.py written by Jupyter Book does not say.
    other = {"PYTHONPATH": "book/_ext", "PYTHONHASHSEED": "2", "TZ": "Pacific/Auckland"}
    run(there, "sphinx-build", "-d", "_build/.doctrees", ".", "_build/html", *STRICT, **other)
    one, two = files(here / "_build" / "html"), files(there / "_build" / "html")
    assert "book/index.html" in one
    assert unexplained(one, two) == []


@using("build")
def test_the_zip_has_the_same_bytes_whenever_it_is_packed(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {f"book/{number}.html": b"one" * number for number in range(30)}
    packed = []
    for seconds, names in ((1e9, sorted(pages)), (1.5e9, sorted(pages, reverse=True))):
        html = tmp_path / f"{seconds}" / "html"
        for name in names:
            (html / name).parent.mkdir(parents=True, exist_ok=True)
            (html / name).write_bytes(pages[name])
            os.utime(html / name, (seconds, seconds))
            (html / name).chmod(0o600 if seconds == 1e9 else 0o755)
        monkeypatch.setattr(tool, "ROOT", html.parent)
        monkeypatch.setattr(tool, "HTML", html)
        (html.parent / "_build").mkdir()
        packed.append(tool.pack().read_bytes())
    assert packed[0] == packed[1]
    archive = html.parent / "_build" / "scratchnet-book.zip"
    with ZipFile(archive) as packed_last:
        assert packed_last.namelist() == sorted(packed_last.namelist())
    shutil.unpack_archive(archive, tmp_path / "out")
    assert files(tmp_path / "out" / "scratchnet") == pages


class Door(BaseHTTPRequestHandler):
    """Answers where the path says so; publishers, behind /doi/, never."""

    def do_GET(self) -> None:
        self.send_response(200 if "alive" in self.path and not self.path.startswith("/doi/") else 404)
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@using("links")
def test_a_dead_link_is_told_from_a_living_one(tool: ModuleType, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "DOI", (f"{host}/doi/", f"{host}/registry/"))
    alive = [f"{host}/alive_(1)?x=1&y=2#part", f"{host}/doi/alive"]
    dead = [f"{host}/gone", f"{host}/doi/10.1/gone"]
    found = tool.dead(dict.fromkeys(alive + dead, "book/01-data"))
    assert sorted(line.split(" ")[1].rstrip(":") for line in found) == sorted(dead)
    assert all(line.startswith("book/01-data: ") and "404" in line for line in found)


@pytest.mark.site
@using("links")
def test_the_bibliography_and_the_files_at_the_root_are_asked_about(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "HTML", thin_site(tmp_path))
    found = tool.addresses()
    cited = re.findall(r"doi\s*=\s*\{([^}]+)\}", (ROOT / "book" / "references.bib").read_text(encoding="utf-8"))
    assert len(cited) > 20
    assert {f"https://doi.org/{doi}" for doi in cited} <= found.keys()
    assert {"data/README.md", "LICENSE-text", "CHANGELOG.md"} <= set(found.values())


def floors(lines: list[str]) -> dict[str, str]:
    """The oldest version of each package that is declared with one."""
    found = (re.match(r"([\w.-]+)>=([\d.]+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def test_the_oldest_versions_that_are_tested_are_the_oldest_that_are_promised() -> None:
    requirements = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "requirements").glob("*.*")}
    promised = floors(requirements["book.in"].splitlines())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert floors(project["dependencies"]).items() <= promised.items()
    assert {"numpy", "pandas", "matplotlib", "tqdm"} == promised.keys()
    assert dict(re.findall(r"^(\w+)==([\d.]+)", requirements["oldest.in"], re.MULTILINE)) == promised
    locked = dict(re.findall(r"^([\w.-]+)==([\d.]+)", requirements["oldest.txt"], re.MULTILINE))
    assert all(f"{locked[name]}.".startswith(f"{oldest}.") for name, oldest in promised.items())


@using("locks")
def test_what_changed_in_a_lock_is_said_in_a_line_each(tool: ModuleType) -> None:
    before = "numpy==2.4.6 \\\n    --hash=sha256:aa\nold==1.0\nsame==3 ; python_version < '3.12'\n"
    after = "numpy==2.5.0 \\\n    --hash=sha256:bb\nnew==0.1.post1\nsame==3 ; python_version < '3.13'\n"
    assert tool.changes(before, after) == ["new: 0.1.post1 is new", "numpy: 2.4.6 to 2.5.0", "old: 1.0 is gone"]
    assert tool.changes(before, before) == []
