"""`pytest --nbval`, typed at the root with nothing else, means every notebook of the book, and nothing besides."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def collected(*arguments: str) -> Counter[str]:
    """Return how many tests pytest collects from each file when it is called so, at the root."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return Counter(line.partition("::")[0] for line in run.stdout.splitlines() if "::" in line)


@pytest.mark.slow
def test_nbval_collects_each_code_cell_of_each_notebook_and_nothing_else() -> None:
    cells = {
        path.relative_to(ROOT).as_posix(): sum(
            cell["cell_type"] == "code" for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        )
        for path in (ROOT / "book").glob("*.ipynb")
    }
    assert {f"book/{text.stem}.ipynb" for text in (ROOT / "book" / "text").glob("*.md")} < set(cells)
    assert collected("--nbval") == cells


@pytest.mark.slow
def test_pytest_alone_collects_the_unit_tests_and_no_notebook() -> None:
    files = collected()
    assert set(files) == {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    assert all(file.endswith(".py") for file in files)


@pytest.mark.slow
def test_a_notebook_that_is_named_is_collected_alone() -> None:
    assert set(collected("--nbval", "book/01-data.ipynb")) == {"book/01-data.ipynb"}
