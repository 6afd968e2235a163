"""The derivative graph as Python makes it: what it begins with, and a table that carries the lesson."""

import json
import re

import pytest

from scratchnet.figures import derivative_graph


def test_it_begins_with_the_chain_of_chapter_6_or_with_values_of_one_s_own() -> None:
    page = derivative_graph()._repr_html_()
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    assert data["values"] == {"x": 2, "w": 3, "b": -1}
    assert page == derivative_graph()._repr_html_()
    mine = derivative_graph({"x": 1, "w": 0.5, "b": 0})._repr_html_()
    assert '"x": 1.0' in mine


def test_the_static_table_holds_the_values_and_gradients_of_chapter_6() -> None:
    static = re.search(r'<div class="sn-static">(.*?)</div>', derivative_graph()._repr_html_())[1]
    rows = [re.findall("<td>(.*?)</td>", row) for row in static.split("<tr>")[2:]]
    found = {name.split(" = ")[0]: (value, gradient) for name, value, gradient in rows}
    assert found == {
        "x": ("2", "6"), "w": ("3", "4"), "b": ("−1", "2"),
        "u": ("6", "2"), "v": ("5", "2"), "a": ("5", "2"), "e": ("1", "2"), "L": ("1", "1"),
    }  # fmt: skip


def test_what_it_cannot_show_is_refused() -> None:
    with pytest.raises(ValueError, match="must name x, w and b, not x, y"):
        derivative_graph({"x": 1, "y": 2})
    for wrong in (4, float("nan")):
        with pytest.raises(ValueError, match="w must be a number from -3 to 3"):
            derivative_graph({"x": 1, "w": wrong, "b": 0})
