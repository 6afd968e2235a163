"""Inside a neuron, the figure as Python makes it: how its numbers are rounded, its pictures, and what it refuses."""

import base64
import json
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.figures import inside_a_neuron

NETWORK = sn.load(Path(__file__).parents[1] / "book" / "network.npz")
IMAGES = np.array([sn.prepare(sn.render([150 * line for line in sn.STROKES[d][0]], pen=18)) for d in (4, 9, 7)])
LABELS = np.array([4, 9, 7])


def carried(page: str) -> dict[str, Any]:
    """What travels to the browser, unpacked: weights (stops, units, 784) and biases (stops, units), as rounded."""
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    limits = np.array(data["limits"])
    steps = np.frombuffer(base64.b64decode(data["weights"]), "<i2").reshape(*limits.shape, 784)
    data["weights"] = steps * limits[..., None] / 32767
    data["images"] = np.frombuffer(base64.b64decode(data["images"]), np.uint8).reshape(-1, 784)
    return data


def static(page: str) -> str:
    return re.search(r'<div class="sn-static">(.*?)</div>', page)[1].replace("−", "-")


def pictures(page: str) -> list[np.ndarray]:
    """The pixels of each picture: (28, 28) grey or (28, 28, 3) coloured."""
    found = []
    for text in re.findall(r'base64,([^"]*)"', static(page)):
        png = base64.b64decode(text)
        width, height, _, color = struct.unpack(">IIBB", png[16:26])
        start = png.index(b"IDAT") + 4
        raw = zlib.decompress(png[start : start + struct.unpack(">I", png[start - 8 : start - 4])[0]])
        rows = np.frombuffer(raw, np.uint8).reshape(height, -1)[:, 1:]
        found.append(rows.reshape(height, width, 3) if color == 2 else rows)
    return found


def test_rounded_numbers_give_the_networks_activations_to_a_thousandth() -> None:
    got = carried(inside_a_neuron(NETWORK, IMAGES, LABELS)._repr_html_())
    W, b = got["weights"][0], np.array(got["biases"][0])
    layer = NETWORK.layers[0]
    step = np.abs(layer.W).max(axis=0) / 32767
    assert (np.abs(W.T - layer.W) <= 0.51 * step).all()
    np.testing.assert_allclose(b, layer.b, atol=5.1e-7)
    X = sn.normalize(IMAGES, np.float64)
    _, cache = sn.forward(NETWORK, X)
    np.testing.assert_allclose(np.maximum(X @ W.T + b, 0), cache[2], atol=1e-3)


def test_it_begins_with_the_first_image_and_its_most_active_unit() -> None:
    for image, label in zip(IMAGES, LABELS, strict=True):
        page = inside_a_neuron(NETWORK, image[None], label[None])._repr_html_()
        _, cache = sn.forward(NETWORK, sn.normalize(image[None], np.float64))
        got = carried(page)
        assert got["unit"] == cache[2].argmax()
        assert got["labels"] == [label]
        np.testing.assert_array_equal(got["images"], image[None])


def test_without_a_script_the_sum_is_there_and_so_are_the_three_maps() -> None:
    page = inside_a_neuron(NETWORK, IMAGES, LABELS)._repr_html_()
    got = carried(page)
    x, w, b = IMAGES[0] / 255, NETWORK.layers[0].W[:, got["unit"]], NETWORK.layers[0].b[got["unit"]]
    z = float(x @ w + b)
    want = [sum(x * np.maximum(w, 0)), sum(x * np.minimum(w, 0)), b, z, max(z, 0)]
    shown = [float(cell) for cell in re.findall(r"<td>(.*?)</td>", static(page))]
    np.testing.assert_allclose(shown, want, atol=0.006)
    image, weights, products = pictures(page)
    np.testing.assert_array_equal(image, 255 - IMAGES[0].reshape(28, 28))
    purple, orange = weights[..., 0] < weights[..., 2], weights[..., 0] > weights[..., 2]
    assert (w.reshape(28, 28)[purple] > 0).all()
    assert (w.reshape(28, 28)[orange] < 0).all()
    assert (purple | orange).mean() > 0.9  # the rest are as good as zero
    most = divmod(int(np.abs(w).argmax()), 28)
    full = (84, 39, 136) if w.max() > -w.min() else (179, 88, 6)
    np.testing.assert_allclose(weights[most], full, atol=1)
    assert (products[IMAGES[0].reshape(28, 28) == 0] == 255).all()
    np.testing.assert_array_equal(products[IMAGES[0].reshape(28, 28) == 255], weights[IMAGES[0].reshape(28, 28) == 255])
    assert inside_a_neuron(NETWORK, IMAGES, LABELS)._repr_html_() == page


def test_a_unit_that_is_off_is_shown_as_off() -> None:
    params = NETWORK.copy()
    params.layers[0].b[:] = -100
    cells = re.findall(r"<td>(.*?)</td>", static(inside_a_neuron(params, IMAGES, LABELS)._repr_html_()))
    assert float(cells[3]) < 0
    assert cells[4] == "0.00"


def test_normalised_images_make_the_same_figure_and_others_are_rounded_to_the_nearest() -> None:
    greys = (np.arange(784) % 256).astype(np.uint8)[None]
    page = inside_a_neuron(NETWORK, greys, LABELS[:1])._repr_html_()
    for dtype in (np.float32, np.float64):
        assert inside_a_neuron(NETWORK, sn.normalize(greys, dtype), LABELS[:1])._repr_html_() == page
    assert inside_a_neuron(NETWORK, 0.999 * sn.normalize(greys), LABELS[:1])._repr_html_() == page


def test_a_history_comes_before_the_trained_network() -> None:
    start, first, second = (sn.initialize((784, 10, 10), np.random.default_rng(seed)) for seed in range(3))
    page = inside_a_neuron(NETWORK, IMAGES, LABELS, {0: start, 1: first, 12: second})._repr_html_()
    got = carried(page)
    assert got["stops"] == ["at the start", "after 1 epoch", "after 12 epochs", "at the end"]
    for weights, then in zip(got["weights"], (start, first, second, NETWORK), strict=True):
        np.testing.assert_allclose(weights, then.layers[0].W.T, atol=1e-4)
    assert len(pictures(page)) == 4
    assert "at the start, in the same colours" in static(page)
    assert len(page) < 150_000


def test_units_are_the_first_ten_or_as_many_as_there_are() -> None:
    for units, shown in ((3, 3), (10, 10), (40, 10)):
        params = sn.initialize((784, units, 5, 10), np.random.default_rng(0))
        got = carried(inside_a_neuron(params, IMAGES, LABELS)._repr_html_())
        assert got["weights"].shape == (1, shown, 784)
        np.testing.assert_allclose(got["weights"][0], params.layers[0].W.T[:shown], atol=1e-5)


def test_a_network_of_zeros_is_white_and_off() -> None:
    page = inside_a_neuron(sn.Parameters((784, 4, 10)), IMAGES, LABELS)._repr_html_()
    _, weights, products = pictures(page)
    assert (weights == 255).all()
    assert (products == 255).all()
    assert set(re.findall(r"<td>(.*?)</td>", static(page))) == {"0.00"}


def nan_at_the_end() -> sn.Parameters:
    params = sn.Parameters((784, 10, 10))
    params.theta[-1] = np.nan
    return params


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((sn.Parameters((784, 10)), IMAGES, LABELS), "784 pixels into a hidden layer, which 784-10 does not"),
        ((sn.Parameters((64, 10, 10)), IMAGES, LABELS), "which 64-10-10 does not"),
        ((nan_at_the_end(), IMAGES, LABELS), "params has parameters that are no finite numbers"),
        ((NETWORK, IMAGES, LABELS, {3: nan_at_the_end()}), "history: epoch 3 has parameters that are no finite"),
        (
            (NETWORK, IMAGES, LABELS, {2: sn.Parameters((784, 5, 10))}),
            r"epoch 2 is of a network of sizes \(784, 5, 10\)",
        ),
        ((NETWORK, IMAGES, LABELS, dict.fromkeys(range(5), NETWORK)), "3 images and 6 states .* Give fewer epochs"),
        ((NETWORK, IMAGES[0], LABELS), r"images must have shape \(n, 784\) with n from 1 to 10, not \(784,\)"),
        ((NETWORK, IMAGES[:0], LABELS[:0]), r"not \(0, 784\)"),
        ((NETWORK, np.repeat(IMAGES, 4, axis=0), np.repeat(LABELS, 4)), r"not \(12, 784\)"),
        ((NETWORK, IMAGES[:, 1:], LABELS), r"not \(3, 783\)"),
        ((NETWORK, IMAGES.astype(float), LABELS), "whole numbers from 0 to 255, or normalised"),
        ((NETWORK, IMAGES.astype(int) - 1, LABELS), "whole numbers from 0 to 255, or normalised"),
        ((NETWORK, np.full((3, 784), np.nan), LABELS), "whole numbers from 0 to 255, or normalised"),
        ((NETWORK, IMAGES, LABELS[:2]), r"y must have shape \(3,\)"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        inside_a_neuron(*arguments)
