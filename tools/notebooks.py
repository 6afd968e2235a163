"""Turn book/text/*.md, which authors edit, into book/*.ipynb, which readers run and the site is built from.

    python tools/notebooks.py [--all | --check] [NAME …]

A notebook is run again when one of its code cells changed, or with --all; an edited paragraph alone keeps the stored
outputs and takes no time. --check runs nothing and exits 1 when a pair of twins disagrees. Notebooks are written with
stable cell ids and no trace of when or where they ran, so the same chapter gives the same bytes.

A notebook that needs more than itself begins with a cell that no text has: in Colab, which opens a notebook alone, it
fetches the repository at the address in _config.yml. Pages do not show it.
"""

import argparse
import hashlib
import os
import sys
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import jupytext
import nbclient
import nbformat as partly_typed
import yaml  # type: ignore[import-untyped]

nbformat: Any = partly_typed  # some of its functions are annotated, these are not
ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FAILURES = (
    nbclient.exceptions.CellExecutionError,
    nbclient.exceptions.CellTimeoutError,
    nbclient.exceptions.DeadKernelError,
)
# `test -d` and the folder asked for, so that a second run and a restarted kernel fetch nothing.
COLAB = """\
# In Colab this cell fetches the code and the data of the book. Anywhere else it does nothing.
import os, sys
if "google.colab" in sys.modules and not os.path.exists("../data/train.csv.gz"):
    !test -d {name} || git clone --quiet --depth 1 {url}
    %pip install --quiet --no-deps ./{name}
    %cd -q {name}/book"""
Notebook = Any  # nbformat's NotebookNode carries no types


def twin(source: Path) -> Path:
    """Return where the notebook of a chapter's text lives."""
    return source.parents[1] / f"{source.stem}.ipynb"


def colab_cell() -> Any:
    """Return the cell that makes a notebook complete in Colab."""
    url = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    source = COLAB.format(url=url, name=url.rpartition("/")[2])
    return nbformat.v4.new_code_cell(source, metadata={"tags": ["remove-cell"]})


def parse(source: Path) -> Notebook:
    """Return the notebook that the text describes, without outputs, each cell named after what it says."""
    notebook = jupytext.read(source)
    if any("scratchnet" in cell.source or "../data" in cell.source for cell in code(notebook)):
        notebook.cells.insert(0, colab_cell())
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        number = seen[cell.source] = seen.get(cell.source, 0) + 1
        cell.id = hashlib.sha256(f"{cell.cell_type}\0{cell.source}\0{number}".encode()).hexdigest()[:8]
    return notebook


def content(cells: list[Any]) -> list[tuple[str, str, Any]]:
    """Return what makes two lists of cells the same to a reader who has not run them."""
    return [(cell.cell_type, cell.source, cell.metadata) for cell in cells]


def code(notebook: Notebook) -> list[Any]:
    """Return the code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def keep_ids(notebook: Notebook, stored: Notebook) -> None:
    """Let a cell that was only moved or edited keep its id, so that a diff shows no more than what changed."""
    ours, theirs = notebook.cells, stored.cells
    before, after = ([(cell.cell_type, cell.source) for cell in cells] for cells in (theirs, ours))
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and b - a == d - c):
            for old, new in zip(theirs[a:b], ours[c:d], strict=True):
                new.id = old.id
    taken: set[str] = set()
    for cell in ours:
        while cell.id in taken:
            cell.id = hashlib.sha256(cell.id.encode()).hexdigest()[:8]
        taken.add(cell.id)


def keep_outputs(notebook: Notebook, stored: Notebook) -> bool:
    """Give `notebook` the stored outputs when its code is unchanged and was run; say whether that was so."""
    ours, theirs = code(notebook), code(stored)
    if [cell.source for cell in ours] != [cell.source for cell in theirs]:
        return False
    for cell, old in zip(ours, theirs, strict=True):
        cell.outputs, cell.execution_count = old.outputs, old.execution_count
    return all(cell.execution_count == number for number, cell in enumerate(ours, start=1))


def execute(notebook: Notebook, path: Path) -> None:
    """Run every cell from the top in the folder of the book; stop with a sentence where one fails."""
    client = nbclient.NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        coalesce_streams=True,  # else how often the kernel flushed would decide how the output is cut up
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except FAILURES as error:
        done = sum(cell.execution_count is not None for cell in code(notebook))
        raise SystemExit(f"{path.stem}: code cell {done} failed; {path.name} is left as it was.\n{error}") from None
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in code(notebook):
        for output in cell.outputs:
            output.get("metadata", {}).clear()


def write(notebook: Notebook, path: Path) -> None:
    """Write whole or not at all."""
    nbformat.validate(notebook)
    partial = path.with_suffix(".partial")
    partial.write_text(nbformat.writes(notebook, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(path)


def main(arguments: list[str]) -> int:
    """Bring the notebooks up to date with their texts, or say which are not."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="chapters, such as 01-data; all of them when none is named")
    parser.add_argument("--all", action="store_true", help="run them again even if no code changed")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if twins disagree")
    parser.add_argument("--book", type=Path, default=BOOK, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
        os.environ[variable] = "1"
    sources = sorted((chosen.book / "text").glob("*.md"))
    unknown = set(chosen.names) - {source.stem for source in sources}
    if unknown:
        raise SystemExit(f"no such chapter in {chosen.book.name}/text: {', '.join(sorted(unknown))}")
    disagree = 0
    for source in sources:
        if chosen.names and source.stem not in chosen.names:
            continue
        notebook, path = parse(source), twin(source)
        stored = nbformat.read(path, as_version=4) if path.exists() else None
        same = stored is not None and content(notebook.cells) == content(stored.cells)
        if chosen.check:
            if not same:
                print(f"{path.name} is not what text/{source.name} says; run `make notebooks`")
                disagree = 1
            continue
        kept = stored is not None and keep_outputs(notebook, stored) and not chosen.all
        if same and kept:
            continue
        if stored is not None:
            keep_ids(notebook, stored)
        if not kept:
            print(f"running {source.stem} …", flush=True)
            execute(notebook, path)
        write(notebook, path)
    return disagree


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
