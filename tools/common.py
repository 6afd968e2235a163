"""What several tools and tests share: where the project is, its table of contents, and the browser of the machine."""

import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"


class Part(NamedTuple):
    """A part of the book: its caption, which is empty before the first part, and its pages, such as book/01-data.

    The caption of a part that begins with a page of its own is the title of that page.
    """

    caption: str
    pages: list[str]


def same_bits() -> None:
    """Let every process that is started from here multiply matrices with the same bits, on every machine.

    That takes one thread, and the kernels of one kind of processor: those for Haswell run on every x86 processor since
    2013, and elsewhere the name is ignored. It must be called before NumPy is imported where it is to hold here too.
    """
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"


def settings(name: str) -> Any:
    """Return what a YAML file at the root of the project says."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def is_title_page(page: str) -> bool:
    """Say whether a page is the one that a part of the book begins with."""
    return page.startswith("book/part-")


def parts() -> list[Part]:
    """Return the parts of the table of contents. The root of the book stands before the first, as a part of its own."""
    contents = settings("_toc.yml")
    found = [Part("", [contents["root"]])]
    for listed in contents["parts"]:
        files = [chapter["file"] for chapter in listed["chapters"]]
        if is_title_page(found[-1].pages[-1]):
            found[-1].pages.extend(files)
        elif is_title_page(files[0]):
            title = (ROOT / f"{files[0]}.md").read_text(encoding="utf-8").partition("\n# ")[2].partition("\n")[0]
            found.append(Part(title, files))
        else:
            found.append(Part(listed["caption"], files))
    return found


def pages() -> list[str]:
    """Return every page of the table of contents, the root first."""
    return [page for part in parts() for page in part.pages]


def require_site() -> None:
    """End the program where the site has not been built."""
    if not (HTML / "index.html").exists():
        raise SystemExit("there is no site to look at: run `make book` first")


def find_chromium() -> str | None:
    """Return where Chromium or Chrome is: where the variable CHROMIUM says, or else on the PATH; None if nowhere."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def chromium() -> str:
    """Return where Chromium or Chrome is, or end the program."""
    found = find_chromium()
    if found is None:
        raise SystemExit("there is no Chromium. Install it, or name it in CHROMIUM")
    return found
