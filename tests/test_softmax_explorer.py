"""Softmax and cross-entropy, the figure as Python makes it: its numbers, its static tables, and what it refuses."""

import json
import re
from typing import Any

import numpy as np
import pytest

from scratchnet import cross_entropy, cross_entropy_backward, softmax
from scratchnet.figures import softmax_explorer


def carried(page: str) -> dict[str, Any]:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])


def tables(page: str) -> list[list[list[str]]]:
    """The cells of each static table, row by row, without its heads."""
    static = re.search(r'<div class="sn-static">(.*?)</div>', page)[1].replace("−", "-")
    rows = [re.findall(r"<tr>(.*?)</tr>", table) for table in re.findall(r"<table>(.*?)</table>", static)]
    return [[re.findall(r"<td>(.*?)</td>", row) for row in table[1:]] for table in rows]


def test_without_a_script_the_numbers_and_the_overflow_are_there_as_numpy_gives_them() -> None:
    z, label = np.array([[2.0, 1.0, 0.0]]), np.array([0])
    figure = softmax_explorer()
    page = figure._repr_html_()
    assert carried(page) == {"logits": [2.0, 1.0, 0.0], "y": 0}
    first, both = tables(page)
    shown = np.array(first, float)
    want = [range(3), z[0], softmax(z)[0], [1, 0, 0], cross_entropy_backward(z, label)[0]]
    np.testing.assert_allclose(shown, np.transpose([list(column) for column in want]), atol=5e-4)
    assert f"the loss is {cross_entropy(z, label):.3f} nats" in page
    assert [row[:2] for row in both] == [["1002", "no value"], ["1001", "no value"], ["1000", "no value"]]
    np.testing.assert_allclose([float(row[2]) for row in both], softmax(z + 1000)[0], atol=5e-4)
    assert "exp(1002) is larger than any float: ∞/∞ has no value" in page
    assert repr(figure) == "an interactive figure: softmax explorer"
    assert softmax_explorer()._repr_html_() == page


def test_without_a_true_class_there_is_no_loss_and_no_gradient() -> None:
    page = softmax_explorer([3, -2.5, 0, 0.5], y=None)._repr_html_()
    assert carried(page) == {"logits": [3.0, -2.5, 0.0, 0.5], "y": None}
    first, _ = tables(page)
    assert [row[1] for row in first] == ["3", "-2.5", "0", "0.5"]
    assert {len(row) for row in first} == {3}
    static = re.search(r'<div class="sn-static">(.*?)</div>', page)[1]
    assert "loss" not in static
    assert "entropy" not in static


def test_logits_keep_four_decimals_and_there_is_no_minus_zero() -> None:
    page = softmax_explorer([-1e-9, 0.123456, -100, 100], y=3)._repr_html_()
    assert str(carried(page)["logits"]) == "[0.0, 0.1235, -100.0, 100.0]"
    first, both = tables(page)
    assert first[3][2:] == ["1.000", "1", "0.000"]
    assert both[1][0] == "1000.1235"


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        ([1, 2], r"three to five numbers, not an array of shape \(2,\)"),
        (range(6), r"not an array of shape \(6,\)"),
        (np.zeros((3, 3)), r"not an array of shape \(3, 3\)"),
        ([0, 1, np.nan], r"from -100 to 100, not \[0.0, 1.0, nan\]"),
        ([0, 1, -np.inf], "from -100 to 100"),
        ([0, 1, 100.1], "from -100 to 100"),
    ],
)
def test_other_logits_are_refused(logits: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        softmax_explorer(logits)


@pytest.mark.parametrize("y", [3, -1, 0.5, "0"])
def test_a_label_that_is_no_class_is_refused(y: Any) -> None:
    with pytest.raises(ValueError, match="y must be a class from 0 to 2, or None, not"):
        softmax_explorer(y=y)
