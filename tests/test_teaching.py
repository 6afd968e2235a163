"""The page for teachers: what it says of verdicts is so, its marker marks, its script reads notebooks."""

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
    assert "square" in check("lab.double", np.square).message
    assert "Z + Z" in check("lab.double", lambda Z: Z + 2).message
    assert "transposed" in check("lab.double", lambda Z: 2 * Z.T).message


def test_the_script_counts_what_a_student_answered_and_not_the_solutions(tmp_path: Path) -> None:
    (tmp_path / "marks.py").write_text(PROGRAMS["marks.py"], encoding="utf-8")
    notebook = nbformat.read(BOOK / "02-linear.ipynb", as_version=4)
    nbformat.write(notebook, tmp_path / "ada.ipynb")
    answer = next(cell for cell in notebook.cells if cell.source.endswith('check("linear.shape", answer)'))
    answer.outputs[0]["data"]["text/plain"] = repr(check("linear.shape", ((784, 10), (10,), (64, 10))))
    nbformat.write(notebook, tmp_path / "ben.ipynb")
    found = subprocess.run([sys.executable, "marks.py", "."], cwd=tmp_path, capture_output=True, text=True, check=True)
    asked = len(set(re.findall(r'check\("(linear\.\w+)"', str(notebook.cells))))
    assert found.stdout == f"ada: 0 of {asked}\nben: 1 of {asked} linear.shape\n"
