"""The page for teachers: what it says of verdicts, hours and memory is so; its marker marks; its scripts work."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from scratchnet.check import check

BOOK = Path(__file__).parents[1] / "book"
PAGE = (BOOK / "teaching.md").read_text(encoding="utf-8")
PROGRAMS = {code.split()[1]: code for code in re.findall(r"```python\n(# .*?)```", PAGE, re.DOTALL)}


def test_the_verdicts_are_those_of_the_page() -> None:
    examples = doctest.DocTestParser().get_doctest(PAGE, {}, "teaching.md", None, 0)
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(examples, out=said.append)
    assert result.attempted >= 4
    assert result.failed == 0, "".join(said)


def test_a_marker_of_one_s_own_marks_and_hints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lab.py").write_text(PROGRAMS["lab.py"], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__("lab")
    assert check("lab.double", lambda Z: 2 * Z)
    assert "changed its argument" in check("lab.double", lambda Z: np.multiply(Z, 2, out=Z)).message
    assert "square" in check("lab.double", np.square).message
    assert "Z + Z" in check("lab.double", lambda Z: Z + 2).message
    assert "transposed" in check("lab.double", lambda Z: 2 * Z.T).message


def run(name: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / name).write_text(PROGRAMS[name], encoding="utf-8")
    return subprocess.run([sys.executable, name, *arguments], cwd=folder, capture_output=True, text=True)


def test_the_script_counts_what_a_student_answered(tmp_path: Path) -> None:
    handed_in = tmp_path / "handed-in"
    for folder in ("ben", "cem", ".ipynb_checkpoints"):
        (handed_in / folder).mkdir(parents=True)
    notebook = nbformat.read(BOOK / "02-linear.ipynb", as_version=4)
    for copy in ("ada-02-linear", ".ipynb_checkpoints/ada-02-linear"):
        nbformat.write(notebook, handed_in / f"{copy}.ipynb")
    answer = next(cell for cell in notebook.cells if cell.source.endswith('check("linear.shape", answer)'))
    answer.outputs[0]["data"]["text/plain"] = repr(check("linear.shape", ((784, 10), (10,), (64, 10))))
    nbformat.write(notebook, handed_in / "ben" / "02-linear.ipynb")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    nbformat.write(notebook, handed_in / "cem" / "02-linear.ipynb")
    (handed_in / "cem" / "empty.ipynb").touch()
    (handed_in / "cem" / "list.ipynb").write_text("[]")
    found = run("marks.py", "handed-in", folder=tmp_path)
    assert found.stdout.splitlines() == [
        "ada-02-linear: 0 of 6",
        "ben/02-linear: 1 of 6 linear.shape",
        "cem/02-linear: 0 of 6",
        "cem/empty: unreadable",
        "cem/list: unreadable",
    ]
    assert not found.stderr


@pytest.mark.parametrize("arguments", [[], ["handed-inn"]])
def test_the_script_refuses_a_folder_without_notebooks(tmp_path: Path, arguments: list[str]) -> None:
    found = run("marks.py", *arguments, folder=tmp_path)
    assert found.returncode == 1
    assert found.stderr.startswith("There is no notebook in ")


def test_no_chapter_needs_its_solutions_and_no_solution_more_than_stands_above_it() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", *BOOK.glob("*.ipynb")]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def test_the_timetable_has_every_chapter_in_order_and_exercises_that_exist() -> None:
    rows = re.findall(r"^\| \d+ \| \{ref\}`(.*?)` \|.*\| \*(.*)\* \|$", PAGE, re.MULTILINE)
    texts = [path.read_text(encoding="utf-8") for path in sorted((BOOK / "text").glob("[01]*.md"))]
    by_label = {re.search(r"^\((ch-[\w-]+)\)=$", text, re.MULTILINE)[1]: text for text in texts}
    assert [label for label, _ in rows] == list(by_label)[1:-1]  # chapter 0 comes before, the epilogue after
    for label, exercise in rows:
        assert re.search(rf"{{exercise}} {re.escape(exercise)}( · \d+ min)?\n", by_label[label]), label


def test_a_chapter_takes_between_half_an_hour_and_an_hour_and_its_exercises_mostly_longer() -> None:
    """This page says so in words, and the front page calls it about three quarters of an hour."""
    assert "between half an hour and an hour to read, and mostly more for its exercises" in PAGE
    times = []
    for path in (BOOK / "text").glob("*.md"):
        told = re.search(
            r"^\*\*Time\.\*\* (\d+) minutes, and (\d+) for the exercises\.",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
        if told and path.stem != "00-refresher":
            reading, exercises = map(int, told.groups())
            assert 30 <= reading <= 60, path.stem
            times.append((reading, exercises))
    assert 40 <= sum(reading for reading, _ in times) / len(times) <= 50
    assert sum(exercises > reading for reading, exercises in times) > 0.8 * len(times)


def test_a_notebook_fits_into_the_memory_that_the_page_plans_for_it() -> None:
    table = (BOOK.parent / "benchmarks" / "chapters.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert table[-1].startswith("read_digits ")  # "The last line" of the page
    assert max(float(line.split()[2]) for line in table) < 1000
