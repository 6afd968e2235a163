"""The promises a chapter keeps: twins agree, outputs are whole, figures have words, exercises are solved.

And two tools: what turns a text into a notebook, and what Binder installs."""

import json
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import yaml
from common import pages
from front_matter import FRONT_MATTER
from notebooks import main as bring_up_to_date

import scratchnet.check

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
TEXTS = sorted((ROOT / "book" / "text").glob("*.md"))
CHAPTERS = [ROOT / "book" / f"{text.stem}.ipynb" for text in TEXTS if text.stem[0].isdigit()]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())


def code(path: Path) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_notebooks_say_what_their_texts_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert bring_up_to_date(["--check"]) == 0, capsys.readouterr().out
    assert {path.stem for path in NOTEBOOKS} == {
        *(path.stem for path in TEXTS), *(f"{path.stem}-solutions" for path in CHAPTERS)
    }  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_was_run_in_order_without_a_warning(path: Path) -> None:
    cells = code(path)
    # nbval compares nothing in a cell without a count, so a missing one would hide a change
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_figure_has_words_for_those_who_do_not_see_it(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    for cell, after in pairwise(cells):
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
            assert after.source.startswith("<details><summary>The picture in words</summary>"), cell.source
            assert len(after.source.split()) >= 12


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_exercise_has_a_place_for_the_answer_and_an_executed_solution(path: Path) -> None:
    text = (ROOT / "book" / "text" / f"{path.stem}.md").read_text(encoding="utf-8")
    labels = re.findall(r"^:label: ex-(\S+)", text, re.MULTILINE)
    solved = re.findall(r"\{solution-start\} ex-(\S+)", text)
    assert len(labels) >= 4
    assert labels == solved
    assert len(re.findall(r"\{solution-end\}", text)) == len(labels)
    asked, solved = (
        "\n".join(str(o.get("text", "")) + str(o.get("data", {})) for cell in code(file) for o in cell.outputs)
        for file in (path, path.with_name(f"{path.stem}-solutions.ipynb"))
    )
    for name in {name for cell in code(path) for name in re.findall(r'check\("([\w.]+)"', cell.source)}:
        assert f"{name}: not answered yet" in asked, name
        assert f"{name}: correct." in solved, name
        assert name in scratchnet.check._markers or scratchnet.check.check(name, ...) is not None
    assert "not yet." not in asked + solved


def test_every_page_of_the_table_of_contents_exists_and_every_page_is_in_it() -> None:
    written = [*TEXTS, *(ROOT / "book").glob("*.md")]
    assert set(pages()) == {f"book/{page.stem}" for page in written}


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


def test_a_verdict_is_shown_and_not_printed() -> None:
    """A notebook breaks what is printed in the middle of a word."""
    assert [path.stem for path in NOTEBOOKS for cell in code(path) if "print(check(" in cell.source] == []


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


TEXT = (
    FRONT_MATTER
    + """# A title

```{code-cell} ipython3
x = 6
print("once")
print("twice")
```

A paragraph.

```{code-cell} ipython3
x * 7
```

````{exercise} Easy
:label: ex-a-easy

What is $x$?
````

```{code-cell} ipython3
answer = ...
```

````{solution-start} ex-a-easy
:label: sol-a-easy
````

```{code-cell} ipython3
answer = x
answer
```

````{solution-end}
````
"""
)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A book of one chapter, with what every book has."""
    folder = tmp_path / "book"
    (folder / "text").mkdir(parents=True)
    (folder / "text" / "01-a.md").write_text(TEXT)
    (folder / "references.bib").write_text(
        "@book{bishop2006, author = {Bishop, Christopher}, title = {A}, year = {2006}}"
    )
    return folder


RESTS = "Notebooks: no cell has to run (1 chapter).\n"


def notebooks(shelf: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "tools" / "notebooks.py", "--book", shelf, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_text_becomes_two_notebooks_and_runs_again_only_when_its_code_changed(shelf: Path) -> None:
    text, chapter, solutions = shelf / "text" / "01-a.md", shelf / "01-a.ipynb", shelf / "01-a-solutions.ipynb"
    assert notebooks(shelf, "--check").returncode == 1
    assert re.fullmatch(
        r"Notebooks: running 1 of 1, 4 cells, a few seconds\.\n  1 of 1: ran 01-a, 4 cells in \d+ s\n",
        notebooks(shelf).stdout,
    )
    assert json.loads((shelf.parent / "_build" / "seconds.json").read_text())["01-a"] > 0
    first = chapter.read_bytes(), solutions.read_bytes()
    assert notebooks(shelf, "--check").returncode == 0
    assert notebooks(shelf).stdout == RESTS
    cells = code(chapter)
    assert [cell.execution_count for cell in cells] == [1, 2, 3]
    assert [output.text for output in cells[0].outputs] == ["once\ntwice\n"]
    assert cells[1].outputs[0].data == {"text/plain": "42"}
    assert [(cell.source, cell.execution_count) for cell in code(solutions)] == [
        ('x = 6\nprint("once")\nprint("twice")', 1), ("answer = x\nanswer", 2)
    ]  # fmt: skip
    assert all(file.endswith(b"}\n") for file in first)

    text.write_text(TEXT.replace("A paragraph", "+++\n\nNew.\n\n+++\n\nThe paragraph"))
    assert notebooks(shelf, "--check").returncode == 1
    assert notebooks(shelf).stdout == RESTS
    assert [cell.id for cell in code(chapter)] == [cell.id for cell in cells]
    assert [cell.outputs for cell in code(chapter)] == [cell.outputs for cell in cells]

    text.write_text(TEXT)
    assert notebooks(shelf).stdout == RESTS
    assert (chapter.read_bytes(), solutions.read_bytes()) == first

    for wrong, said in (("y * 7", "code cell 2 failed; 01-a.ipynb is left as it was"), ("warn('!')", "cell 2 warns")):
        text.write_text(TEXT.replace("x * 7", f"from warnings import warn\n{wrong}"))
        failed = notebooks(shelf)
        assert failed.returncode == 1
        assert said in failed.stderr
        assert (chapter.read_bytes(), solutions.read_bytes()) == first
    assert {path.name for path in shelf.iterdir()} == {"01-a.ipynb", "01-a-solutions.ipynb", "references.bib", "text"}


@pytest.mark.slow
def test_a_notebook_is_out_of_date_when_a_file_that_its_code_reads_has_changed(shelf: Path) -> None:
    (shelf / "numbers.csv").write_text("1")
    text = shelf / "text" / "01-a.md"
    text.write_text(TEXT.replace("x * 7", 'int(open("numbers.csv").read())'))
    assert notebooks(shelf).returncode == 0
    assert notebooks(shelf, "--check").returncode == 0
    (shelf / "numbers.csv").write_text("2")
    assert notebooks(shelf, "--check").returncode == 1
    assert "ran 01-a" in notebooks(shelf).stdout
    assert code(shelf / "01-a.ipynb")[1].outputs[0].data == {"text/plain": "2"}


@pytest.mark.parametrize(
    ("markup", "said"),
    [("{abbr}`SGD`", "{abbr}`SGD`"), ("```{note}\nOh.\n```", "{note}"), ("{ref}`nowhere`", "nowhere"),
     ("{cite:p}`nobody1900`", "nobody1900"), ("`````{math}\n:label: eq-open\nx", "never closed")],
)  # fmt: skip
def test_markup_that_a_notebook_cannot_say_is_refused_by_name(shelf: Path, markup: str, said: str) -> None:
    (shelf / "text" / "01-a.md").write_text(TEXT.replace("A paragraph.", markup))
    with pytest.raises(SystemExit, match=re.escape(said)):
        bring_up_to_date(["--book", str(shelf)])
    assert not (shelf / "01-a.ipynb").exists()


def test_a_chapter_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SystemExit, match="no such chapter in book/text: 99-nothing"):
        bring_up_to_date(["99-nothing"])
