"""In Colab, which opens a notebook alone, its first cell brings the rest; anywhere else that cell does nothing."""

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest
import yaml
from project_copy import copied

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
URL = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]


def code(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def published(folder: Path) -> None:
    """Make a repository there, with what a lone notebook can need from the working tree."""
    copied(folder, "src", "data", "book/*.csv", "book/*.npz", "pyproject.toml", "README.md", "LICENSE")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=all"]):
        subprocess.run([*git, *command], cwd=folder, check=True)


def colab_python(folder: Path) -> Path:
    """Make a Python like Colab's there: google.colab is in it from the start, and scratchnet is not.

    It borrows the packages of this environment by a path, which leaves out what is installed in place.
    """
    venv.create(folder)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    (site / "google" / "colab").mkdir(parents=True)
    (site / "google" / "colab" / "__init__.py").touch()
    (site / "colab.pth").write_text(f"{sysconfig.get_path('purelib')}\nimport google.colab\n", encoding="utf-8")
    return folder / "bin" / "python"


def test_a_lone_notebook_fetches_the_book_in_colab_and_runs_and_runs_again(tmp_path: Path) -> None:
    content, repository = tmp_path / "content", tmp_path / "repository"
    published(repository)
    python = colab_python(tmp_path / "environment")
    content.mkdir()
    # Colab knows nothing of where this project may be in the machine that tests it.
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = ours | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
        # What builds a package comes from an index in Colab, and here from this environment ("0" means no isolation).
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
    }
    lacking = subprocess.run(
        [python, "-c", "import scratchnet"], cwd=content, env=environment, capture_output=True, check=False
    )
    assert b"No module named 'scratchnet'" in lacking.stderr
    # the second starts where a restarted kernel does: in the folder of the notebook, with the book already there
    for name in ("07-backprop", "index"):
        notebook, path = nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4), content / f"{name}.ipynb"
        notebook.cells.insert(1, nbformat.v4.new_code_cell(notebook.cells[0].source))  # once more, in the same kernel
        nbformat.write(notebook, path)
        execute = "from nbclient.cli import main; main()"
        subprocess.run([python, "-c", execute, "--inplace", path], cwd=content, env=environment, check=True)
        cells = code(path)
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
        said = "".join(output.get("text", "") for output in cells[0].outputs)
        assert said.strip() == "Note: you may need to restart the kernel to use updated packages."
        assert cells[1].outputs == []
        path.unlink()
    assert [path.name for path in content.iterdir()] == [URL.rpartition("/")[2]]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cell_comes_first_and_it_alone_holds_the_address_of_the_configuration(path: Path) -> None:
    first, *others = nbformat.read(path, as_version=4).cells
    assert f"git clone --quiet --depth 1 {URL}\n" in first.source
    assert first.outputs == []
    assert not [cell.source for cell in others if URL in cell.source]
