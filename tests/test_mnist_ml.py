"""The network on one page: its own formulas against those of the package, and its promises."""

import ast
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import numpy as np
import pytest

import scratchnet as sn

BOOK = Path(__file__).parents[1] / "book"
CELLS = [cell.source for cell in jupytext.read(BOOK / "text" / "mnist-ml.md").cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """Whatever the page's cells define, without what they read, train and draw."""
    names: dict[str, Any] = {"np": np, "rng": np.random.default_rng(0)}
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


def test_it_needs_nothing_but_numpy_pandas_and_matplotlib_and_about_a_hundred_lines() -> None:
    trees = [ast.parse(cell) for cell in CELLS]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert plain == {"numpy", "pandas", "matplotlib.pyplot"}
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom)]
    assert sum(bool(line.strip()) for cell in CELLS for line in cell.splitlines()) <= 100


def test_it_reaches_what_the_front_page_and_the_readme_say() -> None:
    """Both say "about 94": the stored output, which nbval compares with a fresh run, has to bear that out."""
    notebook = nbformat.read(BOOK / "mnist-ml.ipynb", as_version=4)
    table = next(o.text for c in notebook.cells for o in c.get("outputs", []) if "dev accuracy" in o.get("text", ""))
    epochs = [line.split() for line in table.splitlines()[2:]]
    assert [int(row[0]) for row in epochs] == list(range(1, 21))
    assert float(epochs[0][2].rstrip("%")) > 85
    assert 93 < float(epochs[-1][2].rstrip("%")) < 95
    for page in (BOOK / "text" / "index.md", BOOK.parent / "README.md"):
        assert "about 94" in page.read_text(encoding="utf-8")
