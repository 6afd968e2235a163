"""The promises a chapter keeps: twins agree, outputs are whole, figures have words, exercises are solved.

And two tools: what turns a text into a notebook, and what Binder installs."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

import scratchnet.check

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.stem[0].isdigit()]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())


def code(path: Path) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def prose(path: Path) -> str:
    return "\n\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")


def test_notebooks_say_what_their_texts_say() -> None:
    command = [sys.executable, ROOT / "tools" / "notebooks.py", "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert {path.stem for path in NOTEBOOKS} == {path.stem for path in (ROOT / "book" / "text").glob("*.md")}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_was_run_in_order_without_a_warning(path: Path) -> None:
    cells = code(path)
    # nbval compares nothing in a cell without a count, so a missing one would hide a change
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_figure_has_words_for_those_who_do_not_see_it(path: Path) -> None:
    for cell in code(path):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            words = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(words.split()) >= 8, cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_exercise_has_a_place_for_the_answer_and_an_executed_solution(path: Path) -> None:
    text = prose(path)
    labels = re.findall(r"^:label: ex-(\S+)", text, re.MULTILINE)
    solved = re.findall(r"\{solution-start\} ex-(\S+)", text)
    assert len(labels) >= 4
    assert labels == solved
    assert len(re.findall(r"\{solution-end\}", text)) == len(labels)
    said = "\n".join(str(o.get("text", "")) + str(o.get("data", {})) for cell in code(path) for o in cell.outputs)
    for name in {name for cell in code(path) for name in re.findall(r'check\("([\w.]+)"', cell.source)}:
        assert f"{name}: not answered yet" in said, name
        assert f"{name}: correct." in said, name
        assert name in scratchnet.check._markers or scratchnet.check.check(name, ...) is not None
    assert "not yet." not in said


def test_every_page_of_the_table_of_contents_exists_and_every_page_is_in_it() -> None:
    listed = {TOC["root"], *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])}
    pages = [*NOTEBOOKS, *(ROOT / "book").glob("*.md")]
    assert listed == {page.relative_to(ROOT).with_suffix("").as_posix() for page in pages}


def test_the_address_of_the_repository_stands_in_the_configuration_alone() -> None:
    owner = CONFIG["repository"]["url"].split("/")[-2]
    found = subprocess.run(
        # the first cell of a notebook repeats it: test_colab.py
        ["git", "grep", "-lE", f"github.com/{owner}|{owner}.github.io", "--", ":!tests", ":!book/*.ipynb"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    assert found == ["_config.yml"]


def test_chapters_leave_the_test_set_shut() -> None:
    """Only the chapters that report on it open it: each once, in one cell."""
    for path in CHAPTERS:
        opening = [cell.source for cell in code(path) if "test.csv" in cell.source]
        assert len(opening) == (path.stem in ("12-results", "13-your-digits")), (path.stem, opening)
        assert all(source.count("test.csv") == 1 for source in opening), path.stem


def test_no_cell_ends_in_a_semicolon_or_asks_the_network_for_data() -> None:
    for path in NOTEBOOKS:
        for cell in code(path)[1:]:  # the first is for Colab
            assert not cell.source.rstrip().endswith(";"), cell.source  # nbval would see the output it hides
            assert not re.search(r"https?://|urlopen|urlretrieve|requests\.get", cell.source), cell.source


def test_a_figure_is_a_picture_in_bytes_that_do_not_change_between_runs() -> None:
    for path in NOTEBOOKS:
        kinds = {kind for cell in code(path) for output in cell.outputs for kind in output.get("data", {})}
        assert kinds <= {"image/png", "text/plain", "text/markdown", "text/html"}, path.name


def test_binder_installs_the_locked_versions_and_the_package() -> None:
    lock = set(re.findall(r"^(\S+==\S+)", (ROOT / "requirements" / "book.txt").read_text(), re.MULTILINE))
    wanted = set(re.findall(r"^(\S+==\S+)", (ROOT / ".binder" / "requirements.txt").read_text(), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    cells = "\n".join(cell.source for path in NOTEBOOKS for cell in code(path))
    imported = set(re.findall(r"^ *(?:import|from) (\w+)", cells, re.MULTILINE)) - sys.stdlib_module_names
    declared = {re.split(r"[<>=]", name)[0] for name in project["dependencies"]}
    brought = {"scratchnet", "IPython"}  # by postBuild, and with the kernel
    assert wanted <= lock
    assert {pin.split("==")[0] for pin in wanted} == (imported | declared) - brought
    assert (ROOT / ".binder" / "postBuild").stat().st_mode & 0o111
    assert "pip install" in (ROOT / ".binder" / "postBuild").read_text()
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "reach.yml").read_text())
    versions = [step["with"]["python-version"] for step in workflow["jobs"]["reach"]["steps"] if "with" in step]
    assert (ROOT / ".binder" / "runtime.txt").read_text().strip() == f"python-{versions[0]}"


TEXT = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A title

```{code-cell} ipython3
x = 6
print("once")
print("twice")
```

A paragraph.

```{code-cell} ipython3
x * 7
```
"""


@pytest.mark.slow
def test_a_text_becomes_a_notebook_and_runs_again_only_when_its_code_changed(tmp_path: Path) -> None:
    text, notebook = tmp_path / "text" / "a.md", tmp_path / "a.ipynb"
    text.parent.mkdir()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, ROOT / "tools" / "notebooks.py", "--book", tmp_path, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    text.write_text(TEXT)
    assert run("--check").returncode == 1
    assert run().stdout == "running a …\n"
    first = notebook.read_bytes()
    assert run("--check").returncode == 0
    assert run().stdout == ""
    cells = code(notebook)
    assert [cell.execution_count for cell in cells] == [1, 2]
    assert [output.text for output in cells[0].outputs] == ["once\ntwice\n"]
    assert cells[1].outputs[0].data == {"text/plain": "42"}
    assert first.endswith(b"}\n")

    text.write_text(TEXT.replace("A paragraph", "+++\n\nNew.\n\n+++\n\nThe paragraph"))
    assert run("--check").returncode == 1
    assert run().stdout == ""
    assert [cell.id for cell in code(notebook)] == [cell.id for cell in cells]
    assert [cell.outputs for cell in code(notebook)] == [cell.outputs for cell in cells]

    text.write_text(TEXT)
    assert run().stdout == ""
    assert notebook.read_bytes() == first

    text.write_text(TEXT.replace("x * 7", "y * 7"))
    failed = run()
    assert failed.returncode == 1
    assert "a: code cell 2 failed; a.ipynb is left as it was" in failed.stderr
    assert "NameError" in failed.stderr
    assert notebook.read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ipynb", "text"]


def test_a_chapter_that_does_not_exist_is_refused() -> None:
    command = [sys.executable, ROOT / "tools" / "notebooks.py", "99-nothing"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "no such chapter in book/text: 99-nothing" in found.stderr
