"""The figures as Python makes them: whole elements, with the numbers of the network that was given."""

import base64
import json
import re

import numpy as np
import pytest

from scratchnet import Convolution, Linear, MaxPool, MeanPool, ReLU, Tanh, initialize
from scratchnet.figures import draw_digit, softmax_explorer


def test_a_figure_carries_its_network_a_static_picture_and_one_script() -> None:
    params = initialize((784, 10, 10), np.random.default_rng(0))
    figure = draw_digit(params)
    page = figure._repr_html_()
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    theta = np.frombuffer(base64.b64decode(data["network"]["theta"]), "<f4")
    np.testing.assert_array_equal(theta, params.theta)
    assert data["network"]["sizes"] == [784, 10, 10]
    assert len(data["samples"]) == 10
    static = re.search(r'<div class="sn-static">(.*?)</div>', page)[1]
    assert static.count("<img") == 2
    assert page.count("</script>") == 2
    assert "readPhoto = " in page
    assert repr(figure) == "an interactive figure: draw digit"
    assert draw_digit(params)._repr_html_() == page


def test_a_figure_brings_along_no_script_of_another() -> None:
    assert "readPhoto" not in softmax_explorer()._repr_html_()


def test_a_network_that_reads_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="784 pixels into 10 classes, not 5 into 3"):
        draw_digit(initialize((5, 3), np.random.default_rng(0)))


def test_a_network_that_slides_brings_its_layers_and_shows_what_its_filters_find() -> None:
    first = Convolution((1, 28, 28), 10, 5, stride=2, padding=1)
    params = initialize([first, ReLU(), Linear(first.outputs, 10)], np.random.default_rng(0))
    page = draw_digit(params)._repr_html_()
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    kinds = [layer["kind"] for layer in data["network"]["layers"]]
    assert kinds == ["Convolution", "ReLU", "Linear"]
    assert data["network"]["layers"][0]["result"] == [10, 13, 13]
    theta = np.frombuffer(base64.b64decode(data["network"]["theta"]), "<f4")
    np.testing.assert_array_equal(theta, params.theta)
    static = re.search(r'<div class="sn-static">(.*?)</div>', page)[1]
    assert static.count("<img") == 3
    assert "scratchnet.sliding = " in page
    other = initialize([Linear(784, 5), ReLU(), Linear(5, 10)], np.random.default_rng(0))
    assert "scratchnet.sliding = " not in draw_digit(other)._repr_html_()


def test_a_network_whose_first_layer_does_not_slide_shows_no_maps() -> None:
    layers = [ReLU(), Convolution((1, 28, 28), 2, 28), ReLU(), Linear(2, 10)]
    static = draw_digit(initialize(layers, np.random.default_rng(0))).static
    assert static.count("<img") == 2


@pytest.mark.parametrize(
    "layers",
    [
        [Linear(784, 4), Tanh(), Linear(4, 10)],
        [MeanPool((1, 28, 28)), Linear(196, 10)],
        [MaxPool((1, 28, 28)), Linear(196, 10), ReLU()],
    ],
)
def test_a_network_of_other_layers_is_refused(layers: list) -> None:
    with pytest.raises(
        ValueError, match="params must be convolutions, max pooling, ReLU and linear layers, a linear one"
    ):
        draw_digit(initialize(layers, np.random.default_rng(0)))
