"""Inside a neuron in a real browser: NumPy's numbers for every unit, image, epoch and bias, and the maps' colours."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_page import LETTERS, PHONE, RIGHT, Watched, alone, open_alone, without_scripts
from playwright.sync_api import Browser, Page

import scratchnet as sn
from scratchnet.figures import Figure, inside_a_neuron
from scratchnet.figures.inside_a_neuron import _signed

pytestmark = pytest.mark.site

NETWORK = sn.load(Path(__file__).parents[1] / "book" / "network.npz")
IMAGES = np.array([sn.prepare(sn.render([150 * line for line in sn.STROKES[d][0]], pen=18)) for d in (4, 9, 7)])
LABELS = np.array([4, 9, 7])
START = sn.initialize((784, 10, 10), np.random.default_rng(0))
MIDDLE = sn.initialize((784, 10, 10), np.random.default_rng(1))
FIGURE = inside_a_neuron(NETWORK, IMAGES, LABELS, {0: START, 1: MIDDLE})
DATA = json.loads(re.search(r'<script type="application/json">(.*?)</script>', FIGURE._repr_html_())[1])
LIMITS, BIASES = np.array(DATA["limits"]), np.array(DATA["biases"])
W = (
    np.frombuffer(base64.b64decode(DATA["weights"]), "<i2").reshape(3, 10, 784) * LIMITS[..., None] / 32767
)  # as rounded

SET = """([name, value]) => {
    const input = document.querySelector(`sn-inside-a-neuron input[aria-label="${name}"]`);
    if (input.type === "radio") { input.click(); return; }
    input.value = value;
    input.dispatchEvent(new Event("input", {bubbles: true}));
}"""
STATE = """() => ({
    ...document.querySelector("sn-inside-a-neuron").figure,
    cells: [...document.querySelectorAll(".sn-live td:last-child")].map(cell => cell.textContent.replace("−", "-")),
    said: document.querySelector(".sn-live [aria-live]").textContent,
})"""
COLORS = """() => {
    const canvas = document.querySelector(".sn-maps canvas"), copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext("2d", {willReadFrequently: true});
    context.drawImage(canvas, 0, 0);
    return [0, 1, 2].map(map => Array.from({length: 784}, (_, d) => Array.from(context.getImageData(
        8 * (32 * map + d % 28) + 4, 8 * Math.floor(d / 28) + 4, 1, 1).data.slice(0, 3))));
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return alone(FIGURE, tmp_path_factory.mktemp("figure"))


def test_every_sum_is_numpys(page: Page) -> None:
    rng = np.random.default_rng(0)
    for unit in range(10):
        stop, image = int(rng.integers(3)), int(rng.integers(3))
        page.evaluate(SET, ["Weights in the course of training", stop])
        page.evaluate(SET, [f"Unit {unit}", 1])
        page.evaluate(SET, [f"Image {image + 1}, a {LABELS[image]}", 1])
        b = BIASES[stop, unit]
        for moved in (None, 0.75, -1.0):
            if moved is not None:
                page.evaluate(SET, ["Bias of the unit", moved])
                b = moved
            got = page.evaluate(STATE)
            assert (got["unit"], got["image"], got["stop"], got["bias"]) == (unit, image, stop, b)
            x, w = IMAGES[image] / 255, W[stop, unit]
            np.testing.assert_array_equal(got["x"], x)
            np.testing.assert_array_equal(got["w"], w)
            np.testing.assert_array_equal(got["products"], x * w)
            z = sn.linear(x[None], w[:, None], np.array([b]))
            want = {"inkFor": x @ np.maximum(w, 0), "inkAgainst": x @ np.minimum(w, 0), "sum": x @ w}
            want |= {"z": z.item(), "a": sn.relu(z).item()}
            assert {name: got[name] for name in want} == pytest.approx(want, abs=1e-10)
            shown = [want["inkFor"], want["inkAgainst"], b, want["z"], want["a"]]
            np.testing.assert_allclose(np.array(got["cells"], float), shown, atol=0.005001)


def test_the_trained_network_says_the_same_to_a_thousandth(page: Page) -> None:
    _, cache = sn.forward(NETWORK, sn.normalize(IMAGES, np.float64))
    got = page.evaluate(STATE)
    assert got["stop"] == 2
    assert got["unit"] == cache[2][0].argmax()
    assert got["a"] == pytest.approx(cache[2][0].max(), abs=1e-3)


def test_the_maps_have_the_colours_of_the_static_picture_in_every_pixel(page: Page) -> None:
    for stop, unit in ((2, 3), (0, 7)):
        page.evaluate(SET, ["Weights in the course of training", stop])
        page.evaluate(SET, [f"Unit {unit}", 1])
        image, weights, products = np.array(page.evaluate(COLORS))
        limit = LIMITS[:, unit].max()  # one scale for all epochs, so that weights are seen to grow
        np.testing.assert_array_equal(image, np.repeat(255 - IMAGES[0][:, None], 3, axis=1))
        np.testing.assert_array_equal(weights, _signed(W[stop, unit], limit).reshape(784, 3))
        np.testing.assert_array_equal(products, _signed(IMAGES[0] / 255 * W[stop, unit], limit).reshape(784, 3))


def test_the_bars_add_up(page: Page) -> None:
    page.evaluate(SET, ["Bias of the unit", -2])
    got = page.evaluate(STATE)
    bars = page.locator(".sn-live table svg").evaluate_all("""nodes => nodes.map(node => {
        const [fill, zero] = node.children;
        return [fill.x.baseVal.value, fill.width.baseVal.value, zero.x1.baseVal.value];
    })""")
    (p, ahead, zero), (n, against, _), (bias, width, _), (z, total, _), (_, active, _) = bars
    assert {round(bar[2], 3) for bar in bars} == {round(zero, 3)}
    scale = ahead / got["inkFor"]
    assert p == pytest.approx(zero, abs=1e-3)
    assert [against, width, total, active] == pytest.approx(
        [scale * abs(got[name]) for name in ("inkAgainst", "bias", "z", "a")], abs=1e-3
    )
    assert n + against == pytest.approx(p + ahead, abs=1e-3)  # what is against is taken from what is for,
    assert bias + width == pytest.approx(n, abs=1e-3)  # a negative bias from what is left,
    assert z + total == pytest.approx(bias, abs=1e-3)  # and z goes from zero to there
    assert min(bar[0] for bar in bars) >= 0
    assert max(bar[0] + bar[1] for bar in bars) <= 200


def test_the_bias_turns_the_unit_off_and_on(page: Page) -> None:
    threshold = -page.evaluate(STATE)["sum"]
    slider = page.get_by_role("slider", name="Bias of the unit")
    assert page.get_by_role("button", name="Trained bias").is_disabled()
    slider.fill(str(np.floor(threshold / 0.05) * 0.05))
    got = page.evaluate(STATE)
    assert got["a"] == 0
    assert got["z"] <= 0
    assert f"unit {got['unit']} is off." in got["said"]
    assert f"bias up to {threshold:.2f}".replace("-", "−") in got["said"]
    slider.fill(str((np.floor(threshold / 0.05) + 1) * 0.05))
    got = page.evaluate(STATE)
    assert 0 < got["a"] == got["z"] < 0.06
    assert "ReLU passes it on" in got["said"]
    page.get_by_role("button", name="Trained bias").click()
    assert page.evaluate(STATE)["bias"] == BIASES[2, got["unit"]]
    low, high = (float(slider.get_attribute(name)) for name in ("min", "max"))
    for image in IMAGES / 255:  # the slider can silence or wake the unit for every image
        assert low < -(image @ W[2, got["unit"]]) < high


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
    before = page.evaluate(STATE)
    page.get_by_role("radio", name=f"Unit {before['unit']}").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(STATE)["unit"] == (before["unit"] + 1) % 10
    page.get_by_role("radio", name="Image 1, a 4").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(STATE)["image"] == 1
    page.get_by_role("slider", name="Weights in the course").focus()
    page.keyboard.press("Home")
    assert page.evaluate(STATE)["stop"] == 0
    assert page.get_by_text("Weights at the start").is_visible()
    page.keyboard.press("ArrowRight")
    assert page.get_by_text("Weights after 1 epoch").is_visible()
    assert page.get_by_role("slider", name="Weights in the").get_attribute("aria-valuetext") == "after 1 epoch"
    bias = page.get_by_role("slider", name="Bias of the unit")
    assert bias.get_attribute("aria-valuetext") == "0.00"
    bias.press("ArrowRight")
    assert page.evaluate(STATE)["bias"] == pytest.approx(0.05)
    page.get_by_role("button", name="Trained bias").press("Enter")
    assert page.evaluate(STATE)["bias"] == 0


def test_no_ink_and_no_weights_give_a_sentence_and_no_nan(shared: Watched, tmp_path: Path) -> None:
    blank, full = np.zeros((1, 784), np.uint8), np.full((1, 784), 255, np.uint8)
    for params, images in ((NETWORK, blank), (sn.Parameters((784, 4, 10)), full), (sn.Parameters((784, 1, 2)), blank)):
        open_alone(shared.page, inside_a_neuron(params, images, np.array([0])), tmp_path)
        got = shared.page.evaluate(STATE)
        assert got["sum"] == 0
        assert got["z"] == got["bias"]
        text = shared.page.locator(".sn-live").inner_text()
        assert not re.search("NaN|∞|Framed|undefined|not a number", text)
        assert "bias up to 0.00" in text
        assert (np.array(shared.page.evaluate(COLORS)[2]) == 255).all()
        shared.page.evaluate(SET, ["Bias of the unit", 0.5])
        assert shared.page.evaluate(STATE)["a"] == 0.5
    assert shared.complaints == []


def test_it_fits_a_phone_and_a_thumb(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("radio", name="Unit 8").tap()
    assert page.evaluate(STATE)["unit"] == 8
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".sn-live *").evaluate_all(RIGHT) <= width - 8
    targets = page.locator("sn-inside-a-neuron :is(button, input[type=range], .sn-chips label)")
    boxes = targets.evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().toJSON())")
    assert len(boxes) == 1 + 2 + 10 + 3
    assert min(box["height"] for box in boxes) >= 38
    assert min(box["width"] for box in boxes) >= 38
    assert min(page.evaluate(LETTERS)) >= 12
    context.close()


def test_two_figures_on_a_page_live_side_by_side(shared: Watched, tmp_path: Path) -> None:
    class Two(Figure):
        def _repr_html_(self) -> str:
            return FIGURE._repr_html_() + inside_a_neuron(NETWORK, IMAGES, LABELS)._repr_html_()

    page = shared.page
    open_alone(page, Two("", {}, ""), tmp_path)
    page.get_by_role("radio", name="Unit 1").first.check()
    page.get_by_role("radio", name="Unit 2").last.check()
    figures: list[dict[str, Any]] = page.evaluate(
        "() => [...document.querySelectorAll('sn-inside-a-neuron')].map(node => node.figure)"
    )
    assert [figure["unit"] for figure in figures] == [1, 2]
    assert page.get_by_role("radio", checked=True).count() == 4
    assert page.get_by_role("slider", name="Weights in the course").count() == 1  # the second has no history
    assert shared.complaints == []


def test_the_static_picture_is_there_in_print_and_without_a_script(page: Page, browser: Browser, address: str) -> None:
    with without_scripts(page, browser, address) as still:
        tops = [still.locator(".sn-static img").nth(n).bounding_box()["y"] for n in range(4)]
        assert tops[0] == tops[1] == tops[2] < tops[3]  # image, weights and products in one row, the start below
        widths = "nodes => nodes.map(node => [node.complete, node.naturalWidth])"
        assert still.locator(".sn-static img").count() == 4
        assert page.locator(".sn-static img").evaluate_all(widths) == [[True, 28]] * 4
        assert still.get_by_text("ReLU keeps what is positive").is_visible()


def test_the_figure_breaks_no_rule_of_accessibility_in_light_and_dark(shared: Watched, address: str) -> None:
    shared.page.goto(address)
    shared.page.evaluate(SET, ["Bias of the unit", 1])
    assert shared.page.get_by_role("img", name="Three maps of 28 by 28 pixels: the image, a 4").is_visible()
    assert shared.violations_in_light_and_dark() == []
