"""The points and the starts that travel to the page, and the still pictures of what is learned from them."""

import base64
import json
import re

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.figures import decision_regions
from scratchnet.figures.decision_regions import start, train

pytestmark = pytest.mark.slow
CORNERS, DIFFER = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
XOR = {"XOR": (CORNERS, DIFFER)}


def sent(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])


def drawn(page: str) -> list[str]:
    """The still pictures, as SVG."""
    return [base64.b64decode(text).decode() for text in re.findall(r'src="data:image/svg\+xml;base64,(.*?)"', page)]


def test_the_starts_are_he_s_as_chapter_five_draws_them() -> None:
    data = sent(decision_regions(XOR)._repr_html_())
    for H, text in enumerate(data["starts"], start=1):
        theta = np.frombuffer(base64.b64decode(text), "<f4").reshape(6, 5 * H + 2)
        for seed in range(6):
            want = sn.initialize((2, H, 2), np.random.default_rng(seed), dtype=np.float64)
            np.testing.assert_array_equal(theta[seed], want.theta.astype(np.float32))
            np.testing.assert_array_equal(start(H, seed).theta, theta[seed])


def test_training_is_descent_on_all_points() -> None:
    X, y = np.random.default_rng(5).normal(size=(12, 2)), np.arange(12) % 2

    def loss(theta: np.ndarray) -> float:
        probe = start(3, 1)
        probe.theta[:] = theta
        return sn.cross_entropy(sn.forward(probe, X)[0], y)

    params = start(3, 1)
    theta = params.theta.copy()
    train(params, X, y, 0.01, 1)
    np.testing.assert_allclose(params.theta, theta - 0.01 * sn.numerical_gradient(loss, theta, 1e-6), atol=1e-9)
    heights = [loss(theta)]
    for _ in range(5):
        heights.append(loss(params.theta))
        train(params, X, y, 0.01, 10)
    assert (np.diff(heights) < 0).all()


def test_points_travel_in_thousandths_with_a_window_around_them() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)) * (3, 0.2), rng.integers(0, 2, 30)
    data = sent(decision_regions({"cloud": (X, y), **XOR})._repr_html_())
    assert [points["name"] for points in data["sets"]] == ["cloud", "XOR"]
    np.testing.assert_array_equal(data["sets"][0]["X"], X.round(3))
    assert data["sets"][1]["y"] == [0, 1, 1, 0]
    everything = np.concatenate([X, CORNERS])
    for column, (low, high), ticks in zip(everything.T, data["window"], data["ticks"], strict=True):
        assert low < column.min() < column.max() < high
        assert 2 <= len(ticks) <= 5
        assert low <= ticks[0] < ticks[-1] <= high
    assert sent(decision_regions({"one": ([[2, 2]], [1])})._repr_html_())["window"] == [[1, 3], [1, 3]]


def test_the_still_pictures_show_what_the_networks_say() -> None:
    page = decision_regions(XOR)._repr_html_()
    assert decision_regions(XOR)._repr_html_() == page
    still = re.search(r'<div class="sn-static">(.*?)</div>\n</sn-decision-regions>', page, re.DOTALL)[1]
    assert "style=" not in page
    (left, right), (low, high) = sent(page)["window"]
    assert "<svg" not in still  # what a notebook that is not trusted takes out
    for H, panel in zip((1, 3, 8), drawn(still), strict=True):
        region = re.search(r'<path d="([^"]*)"[^>]* opacity', panel)[1]
        params = start(H, 4)
        train(params, CORNERS, DIFFER, 1.0, 1000)
        blue = np.zeros((54, 144), bool)
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)", region):
            blue[int(y) // 2, int(x) : int(x) + int(length)] = True
        for row, column in np.random.default_rng(H).integers(0, (54, 144), (60, 2)):
            x = [left + (column + 0.5) / 144 * (right - left), high - (2 * row + 1) / 108 * (high - low)]
            assert blue[row, column] == sn.predict(params, np.array([x]))[0]
        loss = sn.cross_entropy(sn.forward(params, CORNERS)[0], DIFFER)
        right_ones = (sn.predict(params, CORNERS) == DIFFER).sum()
        assert f"<tr><td>{H}</td><td>{loss:.2g}</td><td>{right_ones} of 4</td></tr>" in still


def test_the_dashed_lines_are_where_a_unit_is_zero() -> None:
    page = decision_regions(XOR)._repr_html_()
    (left, right), (low, high) = sent(page)["window"]
    params = start(8, 4)
    train(params, CORNERS, DIFFER, 1.0, 1000)
    lines = re.search(r'<path d="([^"]*)"[^>]* stroke-dasharray', drawn(page)[2])[1].split("M")[1:]
    assert len(lines) == 8
    for h, line in enumerate(lines):
        ends = np.array(re.findall(r"(-?\d+) (-?\d+)", line), float)
        assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(800, abs=2)
        X = ends * ((right - left) / 144, -(high - low) / 108) + (left, high)
        w, b = params.layers[0].W[:, h], params.layers[0].b[h]
        assert np.abs(X @ w + b).max() / np.linalg.norm(w) < 0.02  # the ends are whole pixels


def test_a_name_is_text_and_not_markup() -> None:
    page = decision_regions({"<b>bold</b>": (CORNERS, DIFFER)})._repr_html_()
    assert "&lt;b&gt;bold" in page
    assert page.count("</script>") == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "data must hold a set of points at least"),
        ({"a": (np.zeros((0, 2)), [])}, "the points of 'a' has no rows"),
        ({"a": (np.zeros((4, 3)), DIFFER)}, "'a' must have at most 400 points of two finite numbers"),
        ({"a": (np.zeros((401, 2)), np.zeros(401, int))}, "at most 400 points"),
        ({"a": ([[np.inf, 0]], [1])}, "two finite numbers"),
        ({"a": (CORNERS, DIFFER + 1)}, "with 2 classes a label is from 0 to 1"),
        ({"a": (CORNERS, DIFFER[:3])}, "one label for each example"),
        ({"a": (CORNERS, DIFFER * 0.5)}, "integer labels"),
    ],
)
def test_points_that_do_not_fit_are_refused(data: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        decision_regions(data)
