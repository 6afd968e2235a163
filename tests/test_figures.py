"""The figures as Python makes them: whole elements, with the numbers of the network that was given."""

import base64
import json
import re

import numpy as np
import pytest

from scratchnet import initialize
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
