"""The backprop stepper as Python makes it: the network of chapter 6, and lines of NumPy that do what they say."""

import json
import re
from itertools import product

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.figures import backprop_stepper
from scratchnet.figures.backprop_stepper import BACKWARD, FORWARD, IMAGES, PAPER, SIZES


def carried(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])


def static(page: str) -> str:
    return re.search(r'<div class="sn-static">(.*?)</div>', page)[1]


def test_the_figure_carries_the_network_on_paper_or_the_one_it_is_given() -> None:
    page = backprop_stepper()._repr_html_()
    assert carried(page)["theta"] == [1, -1, 1, 1, -1, 0, 1, -1, -2, 2, 2, 1]
    assert carried(page)["images"] == [{"x": [1, 2], "y": 0}, {"x": [2, 1], "y": 1}]
    assert page == backprop_stepper()._repr_html_()
    mine = sn.initialize(SIZES, np.random.default_rng(0), dtype=np.float64)
    assert carried(backprop_stepper(mine)._repr_html_())["theta"] == mine.theta.tolist()


def test_the_static_table_is_the_page_of_chapter_6() -> None:
    table = static(backprop_stepper()._repr_html_())
    q = 1 / (1 + np.e)
    for whole in (-1, -2, 4, -4, 8, 2, -6):  # every gradient is a whole number times q
        assert f"{whole * q:.3g}".replace("-", "−") in table
    assert "1·1 + 2·1 − 1 = 2<br>1·(−1) + 2·1 + 0 = 1</td>" in table
    assert "1·(−0.269) + (−1)·0.269 = −0.538<br>(−2)·(−0.269) + 2·0.269 = 1.08</td>" in table
    assert "−0<" not in table


def test_the_lines_of_numpy_run_and_give_the_module_s_gradients() -> None:
    paper = sn.Parameters(SIZES, np.float64)
    paper.theta[:] = PAPER
    other = sn.initialize(SIZES, np.random.default_rng(1), scheme="uniform", dtype=np.float64)
    for params, image in product((paper, other), IMAGES):
        X, y = np.array([image["x"]], float), np.array([image["y"]])
        names = {"np": np, "sn": sn, "X": X, "y": y, "Y": np.eye(2)[y], "N": 1}
        for number, layer in enumerate(params.layers, start=1):
            names |= {f"W{number}": layer.W, f"b{number}": layer.b}
        for line in FORWARD + BACKWARD:
            exec(line, names)
        Z, cache = sn.forward(params, X)
        grads = sn.backward(params, cache, sn.cross_entropy_backward(Z, y))
        assert names["loss"] == sn.cross_entropy(Z, y)
        got = np.concatenate([names[name].ravel() for name in ("dW1", "db1", "dW2", "db2")])
        np.testing.assert_array_equal(got, grads.theta)
        nudged = sn.numerical_gradient(lambda X, params=params, y=y: sn.cross_entropy(sn.forward(params, X)[0], y), X)
        np.testing.assert_allclose(names["dX"], nudged, atol=1e-8)


def test_a_network_it_cannot_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="2-2-2, not 784-10-10"):
        backprop_stepper(sn.Parameters((784, 10, 10)))
    broken = sn.Parameters(SIZES)
    for number in (1e7, np.inf, np.nan):
        broken.theta[3] = number
        with pytest.raises(ValueError, match="between -1,000,000 and 1,000,000"):
            backprop_stepper(broken)
