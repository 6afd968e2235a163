"""The book for the browser's own Python: what goes into it, and what its first page and its notebooks ask for."""

import ast
import hashlib
import importlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit
from zipfile import ZipFile

import nbformat
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, expect
from watched import PHONE, Watched

ROOT = Path(__file__).parents[1]
CHROMIUM_S_OWN = "content-autofill.googleapis.com"  # where it asks about fields to fill in, on every page that has some
PLUGIN = "@jupyterlite/pyodide-kernel-extension:kernel"


@pytest.fixture(scope="module")
def lite() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield importlib.import_module("lite")


def notebook(*sources: str) -> nbformat.NotebookNode:
    """A notebook that was run."""
    output = nbformat.v4.new_output("stream", text="42\n")
    cells = [nbformat.v4.new_code_cell(source, outputs=[output], execution_count=1) for source in sources]
    return nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_markdown_cell("# Title")])


def test_a_notebook_starts_with_the_package_and_without_outputs_and_knows_the_kernel(lite: ModuleType) -> None:
    stored = notebook(lite.colab_cell().source, "import scratchnet as sn")
    made = lite.for_lite(stored)
    nbformat.validate(made)
    assert [cell.source for cell in made.cells] == [lite.INSTALL, "import scratchnet as sn", "# Title"]
    assert [(cell.outputs, cell.execution_count) for cell in made.cells[:2]] == [([], None), ([], None)]
    assert made.metadata.kernelspec.name == "python"
    assert stored.cells[1].outputs[0].text == "42\n"


def test_a_notebook_that_does_without_the_package_does_not_fetch_it(lite: ModuleType) -> None:
    made = lite.for_lite(notebook(lite.colab_cell().source, 'open("../data/train.csv.gz")'))
    assert [cell.source for cell in made.cells] == ['open("../data/train.csv.gz")', "# Title"]


def test_the_files_that_a_notebook_names_are_found_and_no_others(lite: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    for name in ("data.csv", "book/net.npz", "book/unread.csv"):
        (tmp_path / name).touch()
    read = notebook(
        'a = load("net.npz", "book")\nb = load("../data.csv")', 'print("no.such.file", "gone.csv", "\\0.csv")'
    )
    assert lite.read_by(read, tmp_path / "book") == {tmp_path / "data.csv", tmp_path / "book" / "net.npz"}


@pytest.mark.slow
def test_every_chapter_is_plain_python_and_what_it_reads_is_there(lite: ModuleType, tmp_path: Path) -> None:
    assert {path.stem for path in lite.chapters()} == {path.stem for path in (ROOT / "book").glob("*.ipynb")} - {
        "index"
    }
    lite.gather(tmp_path)
    for path in lite.chapters():
        made = nbformat.read(tmp_path / path.relative_to(ROOT), as_version=4)
        python = [cell.source for cell in made.cells if cell.cell_type == "code" and cell.source != lite.INSTALL]
        strings = [node.value for source in python for node in ast.walk(ast.parse(source)) if hasattr(node, "value")]
        named = [text for text in strings if isinstance(text, str) and text.startswith("../")]
        assert [text for text in named if not (tmp_path / "book" / text).is_file()] == []
    copied = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*") if path.suffix != ".ipynb"}
    assert {"data/train.csv.gz", "data/test.csv.gz", "data/README.md", "book/network.npz", "book/ladder.csv"} <= copied
    assert copied == {path for path in copied if (ROOT / path).read_bytes() == (tmp_path / path).read_bytes()}


def test_what_is_compressed_is_not_called_text(lite: ModuleType, tmp_path: Path) -> None:
    listing = tmp_path / "api" / "contents" / "data" / "all.json"
    listing.parent.mkdir(parents=True)
    files = [{"name": name, "mimetype": "text/csv"} for name in ("train.csv.gz", "costs.csv")]
    listing.write_text(json.dumps({"content": files}))
    lite.mark_compressed(tmp_path)
    kinds = [file["mimetype"] for file in json.loads(listing.read_text())["content"]]
    assert kinds == ["application/gzip", "text/csv"]


@pytest.fixture
def pretended(lite: ModuleType, tmp_path: Path) -> Path:
    """As much of a built site as the first page asks about."""
    sizes = {"pypi/scratchnet-1-py3-none-any.whl": 120_000, "pypi/other-1-py3-none-any.whl": 5_000}
    sizes |= {
        "files/data/train.csv.gz": 7_000_000,
        "build/app.js": 3_400_000,
        "files/book/never-counted.npz": 9_000_000,
    }
    for name, size in sizes.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    schema = {"properties": {"pyodideUrl": {"default": "https://first.example.org/pyodide.mjs"}}}
    (tmp_path / lite.EXTENSION / "schema").mkdir(parents=True)
    (tmp_path / lite.EXTENSION / "schema" / "kernel.v0.schema.json").write_text(json.dumps(schema))
    configure(tmp_path, {})
    return tmp_path


def configure(site: Path, settings: dict[str, object]) -> None:
    config = {"jupyter-config-data": {"litePluginSettings": {PLUGIN: settings}}}
    (site / "jupyter-lite.json").write_text(json.dumps(config))


def test_the_first_page_says_what_is_downloaded_and_fetches_nothing(lite: ModuleType, pretended: Path) -> None:
    page = BeautifulSoup(lite.front(pretended), "lxml")
    rows = [[cell.get_text(" ", strip=True) for cell in row.select("td")][1:] for row in page.select("tbody tr")]
    assert rows == [
        ["at most 3.4 MB", "this site"],
        ["125 kB", "this site"],
        ["about 30 MB", "first.example.org"],
        ["7.0 MB", "this site"],
    ]
    assert not page.select("[src], link:not([href^='data:'])")
    assert "url(" not in page.style.get_text()
    links = [link["href"] for link in page.select("a:not([rel])")]
    assert links[0] == "notebooks/index.html?path=book/01-data.ipynb"
    assert links[1:] == [f"notebooks/index.html?path=book/{path.name}" for path in lite.chapters()]
    assert page.select("ul.chapters li")[2].get_text(strip=True).startswith("2. ")


def test_the_first_page_names_the_host_that_the_configuration_chose(lite: ModuleType, pretended: Path) -> None:
    configure(pretended, {"pyodideUrl": "https://second.example.org/p/pyodide.mjs"})
    page = lite.front(pretended)
    assert "second.example.org" in page
    assert "first.example.org" not in page


def test_the_first_page_has_the_colours_of_the_book_in_light_and_in_dark(lite: ModuleType, pretended: Path) -> None:
    style = (ROOT / "book" / "_static" / "scratchnet.css").read_text(encoding="utf-8")
    dark = style[style.index('html[data-theme="dark"] {') :].partition("--pst-color-background: ")[2].partition(";")[0]
    by_day, _, by_night = lite.front(pretended).partition("@media (prefers-color-scheme: dark)")
    assert f"--pst-color-background: {dark}" not in by_day
    assert f"--pst-color-background: {dark}" in by_night.partition("}")[0]


def test_what_is_amiss_is_said_in_a_sentence(lite: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite, "ENVIRONMENT", tmp_path)
    with pytest.raises(SystemExit, match="run `make lite`"):
        lite.main()
    (tmp_path / "untitled.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook()), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"untitled\.ipynb has no title"):
        lite.title(tmp_path / "untitled.ipynb")
    monkeypatch.setattr(lite, "read_by", lambda notebook, folder: {tmp_path / "untitled.ipynb"})
    with pytest.raises(SystemExit, match="not in the repository"):
        lite.gather(tmp_path / "contents")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def served(lite: ModuleType) -> Iterator[str]:
    """What `make lite` built last, as the command that it prints would serve it; gives the address."""
    assert (lite.LITE / "index.html").exists(), "run `make lite` first"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=lite.LITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A proxy that refuses everything, and the hosts that were asked for, by workers too; gives its address."""
    hosts = []

    class Refuse(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            host = self.path.rpartition(":")[0]
            if host != CHROMIUM_S_OWN:
                hosts.append(host)
            self.send_error(403)

        def do_GET(self) -> None:
            hosts.append(urlsplit(self.path).hostname)
            self.send_error(403)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", hosts
    server.shutdown()
    server.server_close()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.reach
def test_the_built_site_holds_every_chapter_the_digits_as_they_are_and_little_else(lite: ModuleType) -> None:
    def listed(folder: str) -> dict[str, dict[str, str]]:
        text = (lite.LITE / "api" / "contents" / folder / "all.json").read_text(encoding="utf-8")
        return {file["name"]: file for file in json.loads(text)["content"]}

    chapters = [path.name for path in lite.chapters()]
    assert {name for name, file in listed("book").items() if file["type"] == "notebook"} == set(chapters)
    for name in chapters:
        cells = nbformat.read(lite.LITE / "files" / "book" / name, as_version=4).cells
        assert not [cell.source for cell in cells if cell.get("outputs") or "google.colab" in cell.source]
    for name in ("train.csv.gz", "test.csv.gz"):
        assert listed("data")[name]["mimetype"] == "application/gzip"
        assert digest(lite.LITE / "files" / "data" / name) == digest(ROOT / "data" / name)
    assert sum(path.stat().st_size for path in lite.LITE.rglob("*") if path.is_file()) < 40e6
    assert not list(lite.LITE.rglob("*.map"))


@pytest.mark.reach
def test_the_index_of_packages_names_the_wheel_of_this_tree_with_its_digest(lite: ModuleType) -> None:
    settings = json.loads((lite.LITE / "jupyter-lite.json").read_text(encoding="utf-8"))
    settings = settings["jupyter-config-data"]["litePluginSettings"][PLUGIN]
    assert settings["disablePyPIFallback"] is True
    assert f"./pypi/all.json?sha256={digest(lite.LITE / 'pypi' / 'all.json')}" in settings["pipliteUrls"]
    index = json.loads((lite.LITE / "pypi" / "all.json").read_text(encoding="utf-8"))
    assert set(index) == {"scratchnet", "comm"}
    for package in index.values():
        ((release,),) = package["releases"].values()
        assert digest(lite.LITE / "pypi" / release["url"]) == release["digests"]["sha256"]
    (wheel,) = (lite.LITE / "pypi").glob("scratchnet-*.whl")
    for path in (ROOT / "src" / "scratchnet").rglob("*.py"):
        assert ZipFile(wheel).read(path.relative_to(ROOT / "src").as_posix()) == path.read_bytes()


@pytest.mark.reach
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_fetched_before_the_button_and_then_only_from_where_the_page_says(
    scheme: str, browser: Browser, served: str, asked: tuple[str, list[str]]
) -> None:
    proxy, hosts = asked
    context = browser.new_context(viewport=PHONE, color_scheme=scheme, proxy={"server": proxy, "bypass": "127.0.0.1"})
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(served)
    page.wait_for_timeout(1000)
    assert (watched.requests, hosts, watched.complaints) == ([served], [], [])
    assert watched.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    promised = page.locator("tbody a code").inner_text()

    page.get_by_role("link", name="open chapter 1").click()
    expect(page.get_by_role("heading", name="What does a computer see")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("%pip install -q scratchnet")).to_be_visible()
    assert page.evaluate("document.body.dataset.jpThemeLight") == str(scheme == "light").lower()
    for _ in range(120):
        if hosts:
            break
        page.wait_for_timeout(500)
    page.wait_for_timeout(3000)
    assert set(hosts) == {promised}
    assert {urlsplit(url).hostname for url in watched.requests if url.startswith("http")} == {"127.0.0.1", promised}
    page.screenshot(path=ROOT / "_build" / f"lite-{scheme}.png")
    context.close()
