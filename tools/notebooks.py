"""Turn book/text/*.md, which authors edit, into book/*.ipynb, which readers run and whose outputs pages show.

    python tools/notebooks.py [--all | --check] [NAME …]

From one text come two notebooks in plain Markdown (`plain.py`): the chapter, and its solutions. All code of a text is
run once, in the order of the page, and its outputs go to the notebook that has the cell. The page is made of the same
text and of these outputs, by the extension `book/_ext/full_pages.py`.

A chapter is run again when its code, or anything that its code runs on (`needs.py`), has changed, or with --all. Where
only a paragraph was edited, nothing runs. --check changes nothing, and exits with 1 when a notebook does not agree with
its text. Notebooks have stable cell ids and no trace of when or where they ran, so the same chapter gives the same
bytes.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from functools import cache, cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

import nbclient
import nbformat as partly_typed
import pybtex.plugin
import yaml  # type: ignore[import-untyped]
from common import same_bits
from needs import files
from plain import HEADING, Book, code_of, read, site_address
from progress import Durations, Status, in_words, together

nbformat: Any = partly_typed  # some of its functions are annotated, these are not
# For every reference, pybtex asks what plugins there are, and the answer takes reading the metadata of every installed
# package. Remembering it saves seconds, here and when Sphinx, which loads this file too, makes the pages.
pybtex.plugin.entry_points = cache(pybtex.plugin.entry_points)
ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
JOBS = 2  # so many chapters run at a time; each may take a gigabyte
SECONDS_A_LINE = 0.05  # the average time of a line of code, to estimate chapters that have not run on this machine
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FAILURES = (
    nbclient.exceptions.CellExecutionError,
    nbclient.exceptions.CellTimeoutError,
    nbclient.exceptions.DeadKernelError,
)
# In a second run, and after the kernel was restarted, the folder is there already. Then nothing is fetched.
COLAB = """\
# Google Colab opens a notebook alone. There, this cell fetches
# the rest of the book. Anywhere else it does nothing.
import os, sys
if "google.colab" in sys.modules and not os.path.exists("../data/train.csv.gz"):
    !test -d {name} || git clone --quiet --depth 1 {url}
    %pip install --quiet --no-deps ./{name}
    %cd -q {name}/book"""
Notebook = Any  # nbformat's NotebookNode carries no types
Cell = Any


def colab_cell() -> Cell:
    """Return the cell that makes a notebook complete in Colab."""
    url = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    return nbformat.v4.new_code_cell(COLAB.format(url=url, name=url.rpartition("/")[2]))


def code(cells: list[Cell]) -> list[Cell]:
    """Return the code cells."""
    return [cell for cell in cells if cell.cell_type == "code"]


class Chapter:
    """A text and the notebooks that are made of it, at `path` and, if it has exercises, at `path_of_solutions`."""

    def __init__(self, book: Book, text: Path) -> None:
        self.book, self.name = book, text.stem
        self.path = text.parents[1] / f"{self.name}.ipynb"
        self.path_of_solutions = text.parents[1] / f"{self.name}-solutions.ipynb"
        self.cells = read(text)  # all cells of the page, in its order

    @cached_property
    def digest(self) -> str:
        """A digest of the code and of everything that it runs on.

        It is computed once, so that a file that is edited while the chapter runs makes the chapter stale.
        """
        total = hashlib.sha256()
        for cell in code(self.cells):
            total.update(cell.source.encode() + b"\0")
        versions = ROOT / ".binder" / "requirements.txt"
        for file in sorted(files(code(self.cells), self.path.parent) | {versions}):
            total.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return total.hexdigest()[:16]

    def notebooks(self) -> dict[Path, Notebook]:
        """Return the notebooks by their paths, with the outputs that the cells of the page now have."""
        made = {self.path: self.book.chapter(self.name, self.cells)}
        made[self.path_of_solutions] = self.book.solutions(self.name, self.cells)
        return {path: self._notebook(cells) for path, cells in made.items() if cells}

    def _notebook(self, cells: list[Cell]) -> Notebook:
        """Return a notebook of these cells, with numbers, ids made from their content, and the cell for Colab."""
        if any("scratchnet" in cell.source or "../data" in cell.source for cell in code(cells)):
            cells = [colab_cell(), *cells]
        seen: dict[str, int] = {}
        for cell in cells:
            number = seen[cell.source] = seen.get(cell.source, 0) + 1
            if not begins_section(cell):
                cell.id = hashlib.sha256(f"{cell.cell_type}\0{cell.source}\0{number}".encode()).hexdigest()[:8]
        for number, cell in enumerate(code(cells), start=1):
            cell.execution_count = number
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = number
        return nbformat.v4.new_notebook(cells=cells, metadata={**METADATA, "digest": self.digest})

    def take_outputs(self, check: bool = False) -> bool:
        """Copy the outputs in the notebooks to the cells of the page, and return whether they belong to this very code.

        check: also compare everything else that the code runs on with what it was when the notebooks were written.
        """
        if not self.path.exists():
            return False
        stored = nbformat.read(self.path, as_version=4)
        if check and stored.metadata.get("digest") != self.digest:
            return False
        held = [cell for cell in code(stored.cells) if "google.colab" not in cell.source]
        pairs = [(code_of(self.book.split(self.cells)[0]), held)]
        if solved := self.book.solved(self.cells):
            if not self.path_of_solutions.exists():
                return False
            stored = nbformat.read(self.path_of_solutions, as_version=4)
            pairs.append((solved, code(stored.cells)[-len(solved) :]))
        for mine, theirs in pairs:
            if [cell.source for cell in mine] != [cell.source for cell in theirs]:
                return False
            for cell, old in zip(mine, theirs, strict=True):
                cell.outputs, cell.execution_count = old.outputs, old.execution_count
        return all(cell.execution_count for cell in code(self.cells))

    def run(self, began: Callable[[int], None]) -> None:
        """Run the code of the page from the top, in the folder of the book. Where a cell fails, end with a sentence.

        began: a function that is called with the number of each code cell as it begins.
        """
        numbers = {id(cell): number for number, cell in enumerate(code(self.cells), start=1)}
        whole = nbformat.v4.new_notebook(cells=self.cells, metadata=METADATA)
        client = nbclient.NotebookClient(
            whole,
            timeout=600,
            record_timing=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            coalesce_streams=True,  # otherwise chance would decide into how many pieces an output is cut
            resources={"metadata": {"path": str(self.path.parent)}},
            on_cell_execute=lambda cell, cell_index: began(numbers[id(cell)]),
        )
        try:
            client.execute()
        except FAILURES as error:
            done = sum(cell.execution_count is not None for cell in code(self.cells))
            left = f"{self.path.name} is left as it was"
            raise SystemExit(f"{self.name}: code cell {done} failed; {left}.\n{error}") from None
        for number, cell in enumerate(code(self.cells), start=1):
            for output in cell.outputs:
                if output.get("name") == "stderr":
                    raise SystemExit(f"{self.name}: code cell {number} warns; no page may.\n{output.text}")
                output.get("metadata", {}).clear()


def begins_section(cell: Cell) -> bool:
    """Return whether a cell begins with a heading. Its id is made from that, because other notebooks link to it."""
    return bool(cell.cell_type == "markdown" and HEADING.match(cell.source))


def keep_ids(notebook: Notebook, stored: Notebook) -> None:
    """Give a cell that was only moved or edited the id that it had, so that a diff shows nothing but the change."""
    ours, theirs = notebook.cells, stored.cells
    before, after = ([(cell.cell_type, cell.source) for cell in cells] for cells in (theirs, ours))
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and b - a == d - c):
            for old, new in zip(theirs[a:b], ours[c:d], strict=True):
                if not (begins_section(new) or begins_section(old)):
                    new.id = old.id
    taken: set[str] = set()
    for cell in ours:
        while cell.id in taken:
            cell.id = hashlib.sha256(cell.id.encode()).hexdigest()[:8]
        taken.add(cell.id)


def text_of(notebook: Notebook) -> str:
    """Return the text of a notebook's file."""
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook, indent=1, sort_keys=True)) + "\n"


def write(chapter: Chapter, check: bool) -> bool:
    """Write the notebooks of a chapter, each whole or not at all, and return whether they were right already.

    check: only return that, and write nothing.
    """
    same = True
    made = chapter.notebooks()
    for path, notebook in made.items():
        stored = nbformat.read(path, as_version=4) if path.exists() else None
        if stored is not None:
            keep_ids(notebook, stored)
        text = text_of(notebook)
        if stored is None or path.read_text(encoding="utf-8") != text:
            same = False
            if not check:
                partial = path.with_suffix(".partial")
                partial.write_text(text, encoding="utf-8")
                partial.replace(path)
    if chapter.path_of_solutions not in made and chapter.path_of_solutions.exists():
        same = False
        if not check:
            chapter.path_of_solutions.unlink()
    return same


def run_all(stale: list[Chapter], total: int, durations: Durations) -> None:
    """Run chapters and write their notebooks, those that take longest first, and show how far the work has come.

    total: how many chapters there are, including those that need not run.
    """
    if not stale:
        print(f"Notebooks: no cell has to run ({total} chapter{'s' * (total != 1)}).", flush=True)
        return
    cells = {one.name: len(code(one.cells)) for one in stale}
    expected = {
        one.name: durations.expected(
            one.name, otherwise=SECONDS_A_LINE * sum(cell.source.count("\n") + 1 for cell in code(one.cells))
        )
        for one in stale
    }
    stale = sorted(stale, key=lambda one: expected[one.name], reverse=True)
    wait = in_words(together((expected[one.name] for one in stale), JOBS))
    print(f"Notebooks: running {len(stale)} of {total}, {sum(cells.values())} cells, {wait}.", flush=True)
    status, running, done = Status(), dict[str, int](), list[str]()

    def bring_up_to_date(chapter: Chapter) -> None:
        name, begin = chapter.name, perf_counter()

        def began(number: int) -> None:
            running[name] = number
            now = ", ".join(f"{one} cell {cell} of {cells[one]}" for one, cell in running.copy().items())
            status.show(f"  {len(done)} of {len(stale)} done; {now}")

        chapter.run(began)
        write(chapter, check=False)
        seconds = perf_counter() - begin
        running.pop(name, None)
        done.append(name)
        durations.note(name, seconds)
        status.say(f"  {len(done)} of {len(stale)}: ran {name}, {cells[name]} cells in {seconds:.0f} s")

    with ThreadPoolExecutor(JOBS) as pool:
        for one in [pool.submit(bring_up_to_date, one) for one in stale]:
            one.result()


def main(arguments: list[str]) -> int:
    """Bring the notebooks up to date with their texts, or with --check say which are not; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="chapters, such as 01-data; all of them when none is named")
    parser.add_argument("--all", action="store_true", help="run them again even if nothing changed")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a notebook is out of date")
    parser.add_argument("--book", type=Path, default=BOOK, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    same_bits()
    os.environ["TQDM_DISABLE"] = "1"
    texts = sorted((chosen.book / "text").glob("*.md"))
    unknown = set(chosen.names) - {text.stem for text in texts}
    if unknown:
        raise SystemExit(f"no such chapter in {chosen.book.name}/text: {', '.join(sorted(unknown))}")
    book = Book(chosen.book, site_address(ROOT))
    chapters = [Chapter(book, text) for text in texts if not chosen.names or text.stem in chosen.names]
    if chosen.check:
        wrong = [one.name for one in chapters if not (one.take_outputs(check=True) and write(one, check=True))]
        for name in wrong:
            print(f"{name}.ipynb is not what text/{name}.md says, or what it runs on has changed; run `make notebooks`")
        return bool(wrong)
    stale = [one for one in chapters if chosen.all or not one.take_outputs(check=True)]
    for chapter in stale:
        chapter.notebooks()  # so that a mistake in the markup is found before anything runs
    for chapter in chapters:
        if chapter not in stale:
            write(chapter, check=False)
    run_all(stale, len(chapters), Durations(chosen.book.parent / "_build" / "seconds.json"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
