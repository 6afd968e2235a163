"""What a chapter's code needs: earlier cells by their names, files by what is imported and read."""

import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from needs import files, names, needed  # noqa: E402


def cells(*sources: str, setup: int = -1) -> list:
    made = [nbformat.v4.new_code_cell(source) for source in sources]
    if setup >= 0:
        made[setup].metadata["tags"] = ["setup"]
    return made


@pytest.mark.parametrize(
    ("source", "bound", "used"),
    [
        ("x = a + 1", "x", "a"),
        ("for i in range(n):\n    t = i", "i t", "n range"),
        ("x += 1", "x", "x"),
        ("x = 1\ny = x", "x y", ""),
        ("y = x\nx = 1", "x y", "x"),
        ("squares = [k * c for k in ks]\nk", "squares", "ks c k"),
        ("def f(a, b=d):\n    e = a\n    return e + g + f(b)", "f", "d g"),
        ("f = lambda a: a + h", "f", "h"),
        ("import numpy as np\nfrom m import (p, q as r)", "np p r", ""),
        ("with open(name) as file:\n    file.read()", "file", "open name"),
        ("class A(B):\n    c = d", "A", "B d"),
        ("def outer():\n    def inner():\n        return later\n    return inner\nlater = 1", "outer later", ""),
        ("if (n := m) > 1:\n    n", "n", "m"),
    ],
)
def test_names_are_bound_and_used_in_the_order_in_which_code_runs(source: str, bound: str, used: str) -> None:
    found = names(source)
    assert (found.bound, found.used) == (set(bound.split()), set(used.split()))


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (("import numpy as np", "a = 1", "b = 2"), ("np.abs(b)",), (0, 2)),
        (("a = 1", "b = a", "a = 3"), ("b",), (0, 1)),
        (("a = [1]", "a.append(2)", "c = a"), ("a",), (0, 1)),
        (("a = {}", "a['k'] = n", "a.x, b = 1, 2"), ("a",), (0, 1, 2)),
        (("n = net()", "fit(n, X)", "n.theta[0] += 1"), ("n",), (0, 1, 2)),
        (("a = 1",), ("a = 2\na",), ()),
        (("a = 1",), ("a = 2", "a"), ()),
        (("i = 1", "total = 0"), ("for i in range(3):\n    total += i",), (1,)),
    ],
)
def test_a_cell_is_kept_that_binds_or_changes_a_name_that_is_needed(before: tuple, after: tuple, kept: tuple) -> None:
    cells_before = cells(*before)
    assert needed(cells_before, cells(*after)) == [cells_before[number] for number in kept]


def test_a_cell_tagged_setup_is_always_kept() -> None:
    before = cells("a = 1", "b = 2", setup=0)
    assert needed(before, cells("b")) == before


def test_a_notebook_runs_on_the_modules_it_names_with_what_they_import_and_on_the_files_it_reads() -> None:
    def found(source: str) -> set[str]:
        return {path.relative_to(ROOT).as_posix() for path in files(cells(source), ROOT / "book")}

    src = "src/scratchnet"
    assert found("1 + 1") == set()
    assert found("import scratchnet as sn\nsn.softmax(Z)") == {
        f"{src}/{name}.py" for name in ("activations", "shapes", "types")
    }
    assert f"{src}/check/softmax.py" in found('from scratchnet.check import check\ncheck("softmax.odds", ...)')
    assert found('open("../data/SHA256SUMS")') == set()
    assert found('sn.read_digits("../data/train.csv.gz")') >= {"data/train.csv.gz", f"{src}/data.py"}
    figure = found("from scratchnet import figures\nfigures.descent()")
    assert {f"{src}/figures/{name}" for name in ("descent.py", "descent.js", "core.js", "figure.py")} <= figure
    assert f"{src}/figures/draw_digit.js" not in figure
    assert f"{src}/figures/photo.js" in found("from scratchnet import figures\nfigures.draw_digit(params)")
