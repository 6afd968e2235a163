"""The network on one page: its own formulas against those of the package, and its promises."""

import ast
import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import numpy as np
import pandas as pd
import pytest
from broken_csv import HEADER

import scratchnet as sn

BOOK = Path(__file__).parents[1] / "book"
TEXT = jupytext.read(BOOK / "text" / "mnist-ml.md").cells
PROGRAM = [cell for cell in TEXT if cell.cell_type == "code" and "checks" not in cell.metadata.get("tags", [])]
CELLS = [cell.source for cell in PROGRAM]


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """Whatever the page's cells define, without what they read, train and draw."""
    names: dict[str, Any] = {"np": np, "pd": pd, "rng": np.random.default_rng(0)}
    definitions = [node for cell in CELLS for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef)]
    exec(compile(ast.Module(definitions, []), "mnist-ml", "exec"), names)
    return names


@pytest.fixture
def batch() -> tuple[sn.Parameters, list[np.ndarray], np.ndarray, np.ndarray]:
    """Return one network in the package's layout and in the page's, and ten examples."""
    rng = np.random.default_rng(1)
    params = sn.initialize((784, 10, 10), rng, dtype=np.float64)
    params.theta += rng.normal(0, 0.01, params.theta.shape)  # no bias is zero
    first, second = params.layers
    return params, [first.W, first.b, second.W, second.b], rng.random((10, 784)), rng.integers(0, 10, 10)


def test_its_loss_is_the_package_s_loss(page: dict[str, Any], batch: Any) -> None:
    params, blocks, X, y = batch
    Z, _ = sn.forward(params, X)
    log_P = page["forward"](X, blocks)[2]
    np.testing.assert_allclose(np.exp(log_P), sn.softmax(Z), rtol=1e-12)
    assert page["loss"](log_P, y) == pytest.approx(sn.cross_entropy(Z, y), rel=1e-12)


def test_its_gradients_are_the_package_s_gradients(page: dict[str, Any], batch: Any) -> None:
    params, blocks, X, y = batch
    Z, cache = sn.forward(params, X)
    want = sn.backward(params, cache, sn.cross_entropy_backward(Z, y))
    found = page["backward"](X, y, *page["forward"](X, blocks), blocks)
    for layer, (dW, db) in zip(want.layers, (found[:2], found[2:]), strict=True):
        np.testing.assert_allclose(dW, layer.W, rtol=1e-10, atol=1e-15)
        np.testing.assert_allclose(db, layer.b, rtol=1e-10, atol=1e-15)


def test_enormous_inputs_give_a_finite_loss(page: dict[str, Any], batch: Any) -> None:
    _, blocks, X, y = batch
    assert np.isfinite(page["loss"](page["forward"](X * 1e5, blocks)[2], y))


def test_weights_start_with_the_variance_the_page_names(page: dict[str, Any]) -> None:
    W = page["he"](784, 1000)
    assert W.dtype == np.float32
    assert float(W.var()) == pytest.approx(2 / 784, rel=0.01)


DIGITS = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]


def rows(change: Callable[[list[str]], list[str]] = list, header: str = HEADER) -> str:
    """Return a file of ten images, each of another digit, with the cells of each line changed."""
    return "\n".join([header, *(",".join(change([str(digit), *"0" * 783, "255"])) for digit in DIGITS)]) + "\n"


def test_it_reads_the_layout_it_names_as_numbers_between_0_and_1(page: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(rows())
    X, y = page["read"](path)
    assert y.tolist() == DIGITS
    assert (X.shape, X.dtype) == ((10, 784), np.float32)
    assert (X[:, 783] == 1).all()
    assert (X[:, :783] == 0).all()


WRONG = {
    "a header of other names": (rows(header=HEADER.replace("pixel0", "1x1")), "other columns"),
    "no header": (rows().partition("\n")[2], "other columns"),
    "no labels": (rows(lambda cells: cells[1:], HEADER.removeprefix("label,")), "other columns"),
    "an index": (rows(lambda cells: ["0", *cells], "," + HEADER), "other columns"),
    # pandas takes the first cell of each for the row's name, and moves all others by one
    "rows longer than the header": (rows(lambda cells: [*cells, "7"]), "longer rows"),
    "rows shorter than the header": (rows(lambda cells: cells[:-1]), "Integer column has NA values in column 784"),
    "letters": (rows(lambda cells: [str(int(cells[0]) + 10), *cells[1:]]), "not exactly the labels 0 to 9"),
    "only some digits": (rows(lambda cells: ["1", *cells[1:]]), "not exactly the labels 0 to 9"),
    "divided": (
        rows(lambda cells: [*cells[:-1], "0.5"]),
        "cannot safely convert passed user dtype of uint8 for float64",
    ),
    "a pixel too large": (rows(lambda cells: [*cells[:-1], "256"]), "cannot safely convert passed user dtype of uint8"),
    "a gap": (rows(lambda cells: [*cells[:-1], ""]), "Integer column has NA values in column 784"),
    "text": (rows(lambda cells: [*cells[:-1], "ink"]), "invalid literal for int"),
    "semicolons": (rows().replace(",", ";"), "invalid literal for int"),
    "a web page": ("<!DOCTYPE html>\n<html></html>\n", "invalid literal for int"),
    "nothing": ("", "No columns to parse from file"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_file_that_is_not_as_it_should_be_is_refused_with_a_sentence(
    page: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    text, reason = WRONG[kind]
    path = tmp_path / "train.csv"
    path.write_text(text)
    wanted = "should be a CSV of label, pixel0 … pixel783: whole numbers, not divided by 255. Here: "
    with pytest.raises(ValueError, match=re.escape(f"{path} {wanted}{reason}")):
        page["read"](path)


def test_a_missing_and_a_damaged_file_are_refused_with_a_sentence(page: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "train.csv.gz"
    with pytest.raises(ValueError, match=r"train\.csv\.gz should be a CSV .* Here: .*No such file"):
        page["read"](path)
    path.write_bytes(gzip.compress(rows().encode())[:-20])
    with pytest.raises(ValueError, match=r"train\.csv\.gz should be a CSV .* Here: Compressed file ended before"):
        page["read"](path)


def test_it_needs_nothing_but_numpy_pandas_and_matplotlib_and_about_a_hundred_lines() -> None:
    trees = [ast.parse(cell) for cell in CELLS]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert plain == {"numpy", "pandas", "matplotlib.pyplot"}
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom)]
    assert sum(bool(line.strip()) for cell in CELLS for line in cell.splitlines()) <= 100


def test_it_shows_a_digit_first_and_opens_the_test_set_once_at_the_end() -> None:
    shown, trained, opened = (
        [number for number, cell in enumerate(CELLS) if words in cell] for words in ("imshow", "for epoch", "test.csv")
    )
    assert shown[0] < 3 < trained[0]
    assert opened == [len(CELLS) - 1]


def test_one_image_s_gradient_has_the_numbers_of_the_text(page: dict[str, Any]) -> None:
    """The text computes p - y for p = (0.7, 0.2, 0.1) and the first class."""
    log_P, y = np.log([[0.7, 0.2, 0.1]]), np.array([0])
    blocks = [np.zeros((1, 3)), np.zeros(3), np.zeros((3, 3)), np.zeros(3)]
    *_, db2 = page["backward"](np.zeros((1, 1)), y, np.zeros((1, 3)), np.zeros((1, 3)), log_P, blocks)
    (said,) = re.findall(r"this is \$\((.*?)\)\$", "".join(cell.source for cell in TEXT))
    np.testing.assert_allclose(db2, [float(number) for number in said.split(r",\ ")], rtol=1e-12)


def test_it_reaches_what_the_front_page_and_the_readme_say() -> None:
    """Both say "about 94": the stored output, which nbval compares with a fresh run, has to bear that out."""
    notebook = nbformat.read(BOOK / "mnist-ml.ipynb", as_version=4)
    printed = [output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])]
    (table,) = [text for text in printed if "dev accuracy" in text]
    epochs = [line.split() for line in table.splitlines()[2:]]
    assert [int(row[0]) for row in epochs] == list(range(1, 21))
    assert float(epochs[0][2].rstrip("%")) > 85
    assert 93 < float(epochs[-1][2].rstrip("%")) < 95
    (tested,) = [text for text in printed if "test images" in text]
    assert 93 < float(tested.partition("%")[0]) < 95
    for page in (BOOK / "text" / "index.md", BOOK.parent / "README.md"):
        assert "about 94" in page.read_text(encoding="utf-8")
