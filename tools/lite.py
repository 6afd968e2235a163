"""Build the book for the browser's own Python into _build/lite: JupyterLite, the chapters, the package, the digits.

Run by `make lite`. Its first page says what will be downloaded and from where, and fetches nothing before the reader
asks for it. The site of the book knows nothing of all this.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat as partly_typed
from audit import ROOT, pages
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from notebooks import Notebook, code, colab_cell

nbformat: Any = partly_typed  # some of its functions are annotated, these are not
LITE = ROOT / "_build" / "lite"
ENVIRONMENT = ROOT / ".venv" / "lite"
EXTENSION = Path("extensions", "@jupyterlite", "pyodide-kernel-extension", "static")
DATA = ROOT / "data"
INSTALL = """\
# Fetches the package of the book, and what it needs. Run it first, whenever the kernel has started.
%pip install -q scratchnet"""
KERNEL = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
# The kernel may ask this site and the place that Pyodide comes from, and no package index.
SETTINGS = {"@jupyterlite/pyodide-kernel-extension:kernel": {"disablePyPIFallback": True}}
THEME = {"@jupyterlab/apputils-extension:themes": {"adaptive-theme": True}}  # light and dark as the reader's system is
# Notebooks one at a time, and the list of files: unlike JupyterLab, they fit on a phone.
OPTIONS = ["--apps=notebooks", "--apps=tree", "--no-sourcemaps", "--no-unused-shared-packages", "--no-libarchive"]
WHEEL = "import sys; from flit_core.buildapi import build_wheel; build_wheel(sys.argv[1])"


def for_lite(notebook: Notebook) -> Notebook:
    """Return the notebook as it starts in the browser: the package installed first if it is used, and no outputs."""
    colab = colab_cell().source
    cells = [cell for cell in notebook.cells if cell.source != colab]
    if any("scratchnet" in cell.source for cell in cells if cell.cell_type == "code"):
        cells.insert(0, nbformat.v4.new_code_cell(INSTALL, id="install"))
    lite = nbformat.from_dict({**notebook, "cells": cells, "metadata": {**notebook.metadata, "kernelspec": KERNEL}})
    for cell in code(lite):
        cell.outputs, cell.execution_count = [], None
    return lite


def read_by(notebook: Notebook, folder: Path) -> set[Path]:
    """Return the files that the code of a notebook in that folder names."""
    cells = [ast.parse(cell.source) for cell in code(notebook) if "%pip" not in cell.source]
    strings = {node.value for cell in cells for node in ast.walk(cell) if isinstance(node, ast.Constant)}
    named = {text for text in strings if isinstance(text, str) and re.fullmatch(r"[\w./-]+\.\w+", text)}
    return {(folder / text).resolve() for text in named if (folder / text).is_file()}


def chapters() -> list[Path]:
    """Return the notebooks of the book in reading order, without its first page, which this one stands for."""
    files = [ROOT / f"{page}.ipynb" for page in pages()[1:]]
    return [file for file in files if file.exists()]


def gather(folder: Path) -> None:
    """Put the notebooks and what they read into a folder, each where it is in the repository."""
    files = {DATA / "README.md"}  # the terms of the digits go with them
    for path in chapters():
        lite = for_lite(nbformat.read(path, as_version=4))
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.validate(lite)
        target.write_text(nbformat.writes(lite, indent=1) + "\n", encoding="utf-8")
        files |= read_by(lite, path.parent)
    for path in sorted(files):
        if not path.is_relative_to(ROOT):
            raise SystemExit(f"a chapter reads {path}, which is not in the repository")
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def mark_compressed(built: Path) -> None:
    """Call what is compressed by its own kind in the lists of files: as the "text/csv" of its inside it would be read
    as text, and its bytes lost.
    """
    for listing in (built / "api" / "contents").rglob("all.json"):
        folder = json.loads(listing.read_text(encoding="utf-8"))
        for file in folder["content"]:
            if file["name"].endswith(".gz"):
                file["mimetype"] = "application/gzip"
        listing.write_text(json.dumps(folder), encoding="utf-8")


def title(path: Path) -> str:
    """Return the title of a notebook, with the number of the chapter if it has one."""
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    if not found:
        raise SystemExit(f"{path.name} has no title: a line that begins with `# `")
    number = re.match(r"\d+", path.stem)
    return f"{int(number[0])}. {found[1]}" if number else found[1]


def pyodide(built: Path) -> str:
    """Return the address that the built application fetches Python from."""
    schema = json.loads((built / EXTENSION / "schema" / "kernel.v0.schema.json").read_text(encoding="utf-8"))
    config = json.loads((built / "jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]
    (settings,) = (config["litePluginSettings"][plugin] for plugin in SETTINGS)
    return settings.get("pyodideUrl", schema["properties"]["pyodideUrl"]["default"])


def colours() -> dict[str, str]:
    """Return the declarations of the book's colours, in light and in dark."""
    style = (ROOT / "book" / "_static" / "scratchnet.css").read_text(encoding="utf-8")
    found = re.findall(r'^html\[data-theme="(light|dark)"\][^{.]*\{([^}]*)\}', style, re.MULTILINE)
    return {theme: declarations.strip() for theme, declarations in found}


def size(*paths: Path) -> str:
    """Return how large files and folders are together, in words."""
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    total = sum(file.stat().st_size for file in files)
    return f"{total / 1e6:.1f} MB" if total >= 1e6 else f"{total / 1e3:.0f} kB"


def front(built: Path) -> str:
    """Return the first page, which says what a built site downloads and from where."""
    address = pyodide(built)
    template = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    links = [(f"notebooks/index.html?path={path.relative_to(ROOT).as_posix()}", title(path)) for path in chapters()]
    return template.get_template("lite.html").render(
        colours=colours(),
        chapters=links,
        first=next(link for link, name in links if name.startswith("1.")),
        application=size(built / "build", built / "extensions"),
        packages=size(*(built / "pypi").glob("*.whl")),
        digits=[(file.name, size(file)) for file in sorted((built / "files" / "data").glob("*.csv.gz"))],
        pyodide=address,
        host=urlsplit(address).hostname,
    )


def main() -> None:
    """Build whole, or leave what was there."""
    if not (ENVIRONMENT / "ready").exists():
        raise SystemExit("JupyterLite is not installed: run `make lite`, which installs it first")
    LITE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "_build") as name:
        folder = Path(name)
        shutil.copytree(ENVIRONMENT / "wheels", folder / "pypi")  # JupyterLite offers what it finds there
        subprocess.run([sys.executable, "-c", WHEEL, folder / "pypi"], cwd=ROOT, check=True)
        gather(folder / "contents")
        settings = {"jupyter-lite-schema-version": 0, "jupyter-config-data": {"litePluginSettings": SETTINGS}}
        (folder / "jupyter-lite.json").write_text(json.dumps(settings), encoding="utf-8")
        (folder / "overrides.json").write_text(json.dumps(THEME), encoding="utf-8")
        command: list[str | Path] = [ENVIRONMENT / "bin" / "jupyter-lite", "build", *OPTIONS, "--lite-dir", folder]
        command += ["--contents", folder / "contents", "--output-dir", folder / "lite"]
        built = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        if built.returncode:
            raise SystemExit(f"JupyterLite could not be built.\n{built.stdout}{built.stderr}")
        mark_compressed(folder / "lite")
        (folder / "lite" / "index.html").write_text(front(folder / "lite"), encoding="utf-8")
        shutil.rmtree(LITE, ignore_errors=True)
        (folder / "lite").rename(LITE)
    print(f"The book for the browser's own Python is in {LITE} ({size(LITE)}). It has to be served:")
    print(f"python3 -m http.server --bind 127.0.0.1 --directory {LITE.relative_to(ROOT)} 8001")


if __name__ == "__main__":
    main()
