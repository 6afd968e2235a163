"""`pytest --nbval`, typed at the root with nothing else, means every notebook of the book, and nothing besides.

Asked in a project that has our settings and our notebooks, and of every file of tests the name alone: to collect all
tests once more, each of them a process of its own, would take as long as many of them together.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from project_copy import copied

ROOT = Path(__file__).parents[1]
TESTS = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "tests").rglob("test_*.py"))]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied(tmp_path_factory.mktemp("project"), "conftest.py", "pyproject.toml", "book/*.ipynb")
    for name in TESTS:
        assert "\ndef test_" in (ROOT / name).read_text(encoding="utf-8"), f"{name} tests nothing"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("def test_something() -> None:\n    pass\n", encoding="utf-8")
    return folder


def collected(project: Path, *arguments: str) -> Counter[str]:
    """Return how many tests pytest collects from each file when it is called so, at the root."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return Counter(line.partition("::")[0] for line in run.stdout.splitlines() if "::" in line)


@pytest.mark.slow
def test_nbval_collects_each_code_cell_of_each_notebook_and_nothing_else(project: Path) -> None:
    cells = {
        path.relative_to(ROOT).as_posix(): sum(
            cell["cell_type"] == "code" for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        )
        for path in (ROOT / "book").glob("*.ipynb")
    }
    assert {f"book/{text.stem}.ipynb" for text in (ROOT / "book" / "text").glob("*.md")} < set(cells)
    assert collected(project, "--nbval") == cells


@pytest.mark.slow
def test_pytest_alone_collects_the_unit_tests_and_no_notebook(project: Path) -> None:
    assert set(collected(project)) == set(TESTS)


@pytest.mark.slow
def test_a_notebook_that_is_named_is_collected_alone(project: Path) -> None:
    assert set(collected(project, "--nbval", "book/01-data.ipynb")) == {"book/01-data.ipynb"}
