"""The package itself: light to import, complete, able to show its own source, and built with all that it needs."""

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

import scratchnet

ROOT = Path(__file__).parents[1]
SOURCES = [path for path in (ROOT / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def build(project: Path, folder: Path) -> tuple[Path, Path]:
    """Return the wheel and the sdist of a project, built into a folder."""
    code = (
        "import sys; from flit_core import buildapi as b; print(b.build_wheel(sys.argv[1]), b.build_sdist(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, folder]
    wheel, sdist = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout.split()
    return folder / wheel, folder / sdist


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(ROOT, tmp_path_factory.mktemp("built"))


def contents(wheel: Path) -> set[str]:
    return {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}


@pytest.mark.parametrize("module", ["scratchnet", "scratchnet.check.softmax", "scratchnet.figures"])
def test_importing_it_imports_numpy_and_nothing_heavier(module: str) -> None:
    code = (
        f"import sys, {module}; print({{'IPython', 'PIL', 'matplotlib', 'pandas', 'scipy', 'tqdm'}} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_what_it_imports_anywhere_is_what_it_asks_for() -> None:
    imported = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.suffix == ".py" else ():
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    asked = {re.split(r"[<>=]", name)[0] for name in PROJECT["dependencies"]}
    asked |= {"PIL"}  # Pillow comes with Matplotlib
    assert imported - sys.stdlib_module_names - {"scratchnet"} == asked


def test_the_wheel_holds_the_modules_the_scripts_of_the_figures_and_the_types_and_no_more(
    built: tuple[Path, Path],
) -> None:
    found = contents(built[0])
    assert found == {path.relative_to(ROOT / "src").as_posix() for path in SOURCES}
    assert {"scratchnet/py.typed", "scratchnet/figures/core.js", "scratchnet/figures/core.css"} <= found
    assert {Path(name).suffix for name in found} == {".py", ".js", ".css", ".typed"}


def test_the_sdist_builds_the_same_wheel_and_is_small(built: tuple[Path, Path], tmp_path: Path) -> None:
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (project,) = tmp_path.iterdir()
    again, _ = build(project, tmp_path)
    assert contents(again) == contents(wheel)
    assert {path.name for path in project.iterdir()} == {
        "LICENSE", "LICENSE-text", "PKG-INFO", "README.md", "pyproject.toml", "src",
    }  # fmt: skip


def test_every_public_name_exists_and_is_documented() -> None:
    for name in scratchnet.__all__:
        assert getattr(scratchnet, name).__doc__, name


def test_source_shows_the_module_s_own_lines() -> None:
    shown = scratchnet.source(scratchnet.relu, scratchnet.softmax)
    assert repr(shown).startswith("def relu(Z: FloatArray, out: FloatArray | None = None) -> FloatArray:")
    assert "\n\ndef softmax(" in repr(shown)
    assert scratchnet.source(scratchnet.accuracy)._repr_markdown_().startswith("<samp>\n\n```python\ndef accuracy(")
