"""Decision regions in a real browser: trained as NumPy trains, cut where NumPy changes its answer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser_page import LETTERS, PHONE, Watched, alone, beside_itself, open_alone, without_scripts
from playwright.sync_api import Browser, Page

import scratchnet as sn
from scratchnet.figures import Figure, decision_regions
from scratchnet.figures.decision_regions import start, train

pytestmark = pytest.mark.site

INSIDE = """spots => {
    const region = document.querySelector(".sn-live .sn-region");
    return spots.map(([x, y]) => region.isPointInFill(new DOMPoint(x, y)));
}"""


def two_moons(N: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the two moons of chapter 5: N points and their labels."""
    t, y = rng.uniform(0, np.pi, N), rng.integers(0, 2, N)
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    return np.where(y[:, None] == 0, upper, lower) + rng.normal(0, noise, (N, 2)), y


MOONS = tuple(array[:100] for array in two_moons(400, 0.1, np.random.default_rng(0)))
XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def both() -> Figure:
    return decision_regions({"Two moons": MOONS, "XOR": XOR})


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return alone(both(), tmp_path_factory.mktemp("figure"))


@pytest.fixture
def page(page: Page, shared: Watched, address: str) -> Iterator[Page]:
    yield page
    figure = page.locator("sn-decision-regions").inner_html()
    assert "NaN" not in figure
    assert "Infinity" not in figure
    assert shared.requests == [address]


def press(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def units(page: Page, H: int) -> None:
    page.get_by_role("slider", name="Hidden units").fill(str(H))


def rate(page: Page, value: str) -> None:
    page.get_by_role("combobox", name="Learning rate").select_option(value)


def said(page: Page) -> str:
    return page.locator(".sn-said").inner_text()


def state(page: Page) -> dict:
    figure = page.evaluate("JSON.parse(JSON.stringify(document.querySelector('sn-decision-regions').figure))")
    figure["X"] = np.array([point["x"] for point in figure["points"]], float).reshape(-1, 2)
    figure["y"] = np.array([point["y"] for point in figure["points"]], int)
    params = sn.Parameters((2, figure["units"], 2), np.float64)
    params.theta[:] = figure["theta"]
    return figure | {"params": params}


def agrees(page: Page, params: sn.Parameters, X: np.ndarray, y: np.ndarray) -> None:
    """Assert that the figure has these points, and the parameters, loss and count that scratchnet has for them."""
    got = state(page)
    np.testing.assert_array_equal(got["X"], X)
    np.testing.assert_array_equal(got["y"], y)
    np.testing.assert_allclose(got["theta"], params.theta, atol=1e-8)
    assert got["loss"] == pytest.approx(sn.cross_entropy(sn.forward(params, X)[0], y), abs=1e-8)
    assert got["right"] == (sn.predict(params, X) == y).sum()
    assert f"{got['right']} of {len(y)}" in said(page)


@pytest.mark.parametrize(
    ("name", "H", "seed", "eta"),
    [
        ("Two moons", 1, 4, "1"),
        ("Two moons", 3, 4, "1"),
        ("Two moons", 8, 5, "0.3"),
        ("XOR", 3, 1, "0.3"),
        ("XOR", 2, 0, "3"),
    ],
)
def test_training_is_that_of_scratchnet(page: Page, name: str, H: int, seed: int, eta: str) -> None:
    X, y = {"Two moons": MOONS, "XOR": XOR}[name]
    X, params = X.round(3), start(H, seed)
    press(page, name)
    units(page, H)
    rate(page, eta)
    for _ in range((seed - 4) % 6):
        press(page, "Another start")
    agrees(page, params, X, y)
    press(page, "Train 200 steps", "Train 200 steps")
    train(params, X, y, float(eta), 400)
    agrees(page, params, X, y)
    assert state(page)["steps"] == 400


def window(page: Page) -> np.ndarray:
    text = page.locator("script[type='application/json']").text_content()
    return np.array(json.loads(text)["window"])


def pixels(page: Page, X: np.ndarray) -> np.ndarray:
    (left, right), (low, high) = window(page)
    wide, high_px = page.evaluate(
        "(box => [box.width, box.height])(document.querySelector('.sn-live .sn-inside').viewBox.baseVal)"
    )
    return (X - (left, high)) * (wide / (right - left), -high_px / (high - low))


@pytest.mark.parametrize(("H", "presses"), [(1, 0), (1, 2), (3, 1), (8, 0), (8, 2)])
def test_the_regions_are_where_the_network_says_so(page: Page, H: int, presses: int) -> None:
    units(page, H)
    press(page, *["Train 200 steps"] * presses)
    params, rng = state(page)["params"], np.random.default_rng(H)
    X = rng.uniform(*window(page).T, (1500, 2))
    logits = sn.forward(params, X)[0]
    margin = logits[:, 1] - logits[:, 0]
    hidden = sn.linear(X, params.layers[0].W, params.layers[0].b)
    clear = (np.abs(margin) > 0.03) | (hidden < -0.03).all(axis=1)  # if all are off, the tie is class 0
    inside = np.array(page.evaluate(INSIDE, pixels(page, X[clear]).tolist()))
    np.testing.assert_array_equal(inside, margin[clear] > 0)
    assert clear.sum() > 1200
    # A region is where the same units are on. So a fine grid has as many patterns of units as the picture has regions.
    (left, right), (low, high) = window(page)
    plane = np.stack(np.meshgrid(np.linspace(left, right, 1500), np.linspace(low, high, 1200)), axis=-1).reshape(-1, 2)
    on = sn.linear(plane, params.layers[0].W, params.layers[0].b) > 0
    patterns = len(np.unique(on @ (1 << np.arange(H))))
    assert state(page)["regions"] == patterns
    assert f"{patterns} regions" in page.locator(".sn-left").inner_text()


def test_each_line_is_where_its_unit_is_zero_and_its_tick_where_it_is_on(page: Page) -> None:
    units(page, 8)
    press(page, "Train 200 steps")
    layer = state(page)["params"].layers[0]
    origin, one = pixels(page, np.array([[0.0, 0], [1, 1]]))
    lines, ticks = (
        [
            np.array(re.findall(r"-?[\d.]+(?:e-\d+)?", path.get_attribute("d")), float)
            for path in page.locator(kind).all()
        ]
        for kind in (".sn-live .sn-line", ".sn-live .sn-tick")
    )
    numbers = [int(text) - 1 for text in page.locator(".sn-number").all_text_contents()]
    assert len(lines) == len(ticks) == len(numbers) >= 7
    for h, line, tick in zip(numbers, lines, ticks, strict=True):
        w, b = layer.W[:, h], layer.b[h]
        z = ((line.reshape(2, 2) - origin) / (one - origin)) @ w + b
        assert np.abs(z).max() / np.linalg.norm(w) < 0.02
        foot, tip = tick[:2], tick[:2] + tick[2:]
        z = ((np.array([foot, tip]) - origin) / (one - origin)) @ w + b
        assert abs(z[0]) / np.linalg.norm(w) < 0.02
        assert z[1] / np.linalg.norm(w) > 0.05


def test_the_numbers_of_many_units_do_not_stand_on_one_another(page: Page) -> None:
    for seed in range(5):
        press(page, "Another start")
        units(page, 8)
        numbers = page.locator(".sn-live .sn-number")
        at = np.array([[float(text.get_attribute(axis)) for axis in "xy"] for text in numbers.all()])
        apart = np.linalg.norm(at[:, None] - at, axis=-1) + 100 * np.eye(len(at))
        assert apart.min() > 14, (seed, apart.min())


def test_points_are_added_by_click_and_learned_in_place(page: Page) -> None:
    units(page, 3)
    press(page, "XOR", "Train 200 steps")
    params, (X, y) = start(3, 4), XOR
    train(params, X, y, 1.0, 200)
    box = page.locator(".sn-field").bounding_box()
    for across, down, k in ((0.5, 0.5, 1), (0.1, 0.9, 0)):
        page.get_by_role("radio", name=f"class {k}").check()
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    got = state(page)
    want = pixels(page, got["X"][4:]) / (272, 207)
    np.testing.assert_allclose(want, [[0.5, 0.5], [0.1, 0.9]], atol=0.005)
    assert got["y"].tolist() == [0, 1, 1, 0, 1, 0]
    np.testing.assert_array_equal(got["X"], got["X"].round(3))  # to thousandths, like all others
    assert got["steps"] == 200
    agrees(page, params, got["X"], got["y"])
    press(page, "Train 200 steps")
    train(params, got["X"], got["y"], 1.0, 200)
    agrees(page, params, got["X"], got["y"])
    press(page, "Remove the last")
    assert len(state(page)["points"]) == 5
    press(page, "Reset")
    agrees(page, start(3, 4), got["X"][:5], got["y"][:5])
    press(page, "XOR", "Two moons")
    agrees(page, start(3, 4), MOONS[0].round(3), MOONS[1])


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
    keys = page.keyboard
    page.get_by_role("button", name="No points").press("Enter")
    page.locator(".sn-pad").focus()
    middle = page.evaluate("document.querySelector('sn-decision-regions').querySelector('.sn-cross').getAttribute('d')")
    for key in [
        "1",
        *["ArrowLeft"] * 5,
        *["ArrowUp"] * 3,
        "0",
        *["ArrowRight"] * 9,
        *["ArrowDown"] * 4,
        "Enter",
        "ArrowDown",
        " ",
    ]:
        keys.press(key)
    assert page.locator(".sn-cross").get_attribute("d") != middle
    assert page.locator(".sn-cross").is_visible()
    got = state(page)
    assert got["y"].tolist() == [1, 0, 1, 1]
    steps = np.diff(got["X"], axis=0) / (np.ptp(window(page), axis=1) / 40)
    np.testing.assert_allclose(steps, [[-5, 3], [9, -4], [0, -1]], atol=0.02)
    keys.press("Tab")
    keys.press("Enter")
    assert state(page)["steps"] == 200
    keys.press("Tab")
    keys.press(" ")
    assert state(page)["steps"] == 0
    keys.press("Tab")
    keys.press("ArrowRight")
    assert state(page)["units"] == 2
    keys.press("Tab")
    keys.press("Enter")
    assert state(page)["seed"] == 5
    keys.press("Tab")
    keys.press("ArrowDown")
    assert state(page)["rate"] == 3
    keys.press("Tab")
    keys.press("ArrowLeft")  # chooses class 0
    page.locator(".sn-pad").focus()
    keys.press("Enter")
    for key in ["ArrowUp"] * 60 + ["1"]:
        keys.press(key)
    got = state(page)
    assert got["y"].tolist() == [1, 0, 1, 1, 0, 1]
    top, step = window(page)[1, 1], np.ptp(window(page)[1]) / 40
    assert got["X"][-1][1] == top  # the cursor stops at the edge of the picture
    for key in ("ArrowDown", "1"):
        keys.press(key)
    assert state(page)["X"][-1][1] == pytest.approx(top - step, abs=1e-3)
    page.set_viewport_size({"width": 800, "height": 300})
    page.locator(".sn-pad").scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    for key in ("ArrowUp", "ArrowDown", "ArrowDown", " "):
        keys.press(key)
    page.wait_for_timeout(200)
    assert page.evaluate("scrollY") == before  # the keys moved the cursor and not the page


def test_each_state_has_its_sentence(page: Page) -> None:
    assert said(page).startswith("Before training the loss is 0.635, and 45 of 100 points are right.")
    press(page, "Train 200 steps")
    assert "One unit has one straight border to give" in said(page)
    press(page, "Another start", "Another start")  # to seed 0, from which the only unit is soon off everywhere
    press(page, "Train 200 steps")
    assert "No unit is on for any point, so no gradient reaches them. Try another start" in said(page)
    units(page, 4)
    rate(page, "30")
    press(page, "Train 200 steps")
    assert "The loss rose: the steps are too long." in said(page)
    press(page, "No points", "Train 200 steps")
    assert "There is nothing to learn yet" in said(page)
    assert state(page)["loss"] is None
    assert state(page)["steps"] == 0
    page.locator(".sn-pad").press("1")
    assert "of 1 point is right" in said(page)
    rate(page, "0.1")
    press(page, "Train 200 steps")
    assert "1 of 1 point is right" in said(page)  # points of one class alone can be learned too


def test_other_points_are_not_blamed_on_the_steps(page: Page) -> None:
    press(page, "XOR")
    units(page, 2)
    press(page, "Another start", *["Train 200 steps"] * 3)
    settled = state(page)["loss"]
    press(page, "Remove the last")
    assert state(page)["loss"] > 1.02 * settled
    assert "rose" not in said(page)


def test_some_units_off_are_named(page: Page) -> None:
    press(page, "XOR")
    units(page, 5)
    rate(page, "3")
    named = re.compile(r"Units? ([\d, and]+) (?:is|are) off for every point")
    for _ in range(6):
        press(page, "Another start", "Train 200 steps")
        got, found = state(page), named.search(said(page))
        on = (sn.linear(got["X"], got["params"].layers[0].W, got["params"].layers[0].b) > 0).any(axis=0)
        if found:
            assert [int(h) for h in re.findall(r"\d", found[1])] == [h + 1 for h in range(5) if not on[h]]
        else:
            assert on.all() or not on.any() or "rose" in said(page)


def test_training_that_flies_apart_is_named_and_stopped(page: Page) -> None:
    rate(page, "300")
    for H in (4, 8):
        for _ in range(6):
            units(page, H)
            press(page, "Another start", "Train 200 steps", "Train 200 steps")
            got = state(page)
            assert np.isfinite(got["theta"]).all()
            assert got["lost"] == bool(np.abs(got["theta"]).max() > 1e6)
            if got["lost"]:
                assert "a weight is beyond a million" in said(page)
                press(page, "Train 200 steps")
                assert state(page)["steps"] == got["steps"]
    units(page, 4)
    page.evaluate("document.querySelector('sn-decision-regions').figure.seed = 5")
    rate(page, "300")
    press(page, "Reset", "Train 200 steps")
    assert state(page)["lost"]
    rate(page, "1")
    press(page, "Reset", "Train 200 steps")
    assert "After 200 steps the loss is" in said(page)


def test_no_more_than_four_hundred_points(shared: Watched, tmp_path: Path) -> None:
    X, y = two_moons(399, 0.1, np.random.default_rng(0))
    open_alone(shared.page, decision_regions({"many": (X, y)}), tmp_path)
    for _ in range(3):
        shared.page.locator(".sn-pad").press("0")
    assert len(state(shared.page)["points"]) == 400
    assert "400 points are enough" in shared.page.locator(".sn-left").inner_text()
    units(shared.page, 8)
    press(shared.page, "Train 200 steps")
    assert state(shared.page)["loss"] < 0.1
    assert shared.complaints == []


def test_training_can_be_watched_and_paused_where_motion_is_welcome(browser: Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="no-preference")
    page = context.new_page()
    page.clock.install(time=0)
    page.goto(address)
    page.clock.pause_at(3_600_000)  # from here on the clock moves only when the test says so
    press(page, "Train 200 steps")
    assert state(page)["steps"] == 0
    page.clock.run_for(500)
    assert state(page)["steps"] == 100
    assert page.locator(".sn-said").get_attribute("aria-live") == "off"
    press(page, "Pause")
    page.clock.run_for(500)
    assert state(page)["steps"] == 100
    press(page, "Train 200 steps")
    page.clock.run_for(2000)
    assert state(page)["steps"] == 300
    assert page.locator(".sn-said").get_attribute("aria-live") == "polite"
    press(page, "Train 200 steps")
    page.clock.run_for(100)
    units(page, 2)  # ends the training
    page.clock.run_for(500)
    assert state(page)["steps"] == 0
    context.close()


def test_it_fits_a_phone_and_a_tap_adds_a_point(browser: Browser, address: str) -> None:
    for width in (PHONE["width"], 320):
        context = browser.new_context(
            viewport={"width": width, "height": 740}, reduced_motion="reduce", has_touch=True, is_mobile=True
        )
        page = context.new_page()
        page.goto(address)
        units(page, 8)
        press(page, "Train 200 steps")
        box = page.locator(".sn-field").bounding_box()
        page.touchscreen.tap(box["x"] + 20, box["y"] + 30)
        assert len(state(page)["points"]) == 101
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == PHONE["width"]:
            assert min(page.evaluate(LETTERS)) >= 12
            for target in page.locator(".sn-live :is(button, label, select)").all():
                assert target.bounding_box()["height"] >= 38
        context.close()


def test_two_figures_on_a_page_do_not_share_their_choice(shared: Watched, tmp_path: Path) -> None:
    open_alone(shared.page, both(), tmp_path)
    beside_itself(shared.page, "sn-decision-regions")
    radios = shared.page.get_by_role("radio")
    radios.nth(2).check()
    assert [radio.is_checked() for radio in radios.all()] == [False, True, True, False]


def test_the_still_pictures_are_there_in_print_and_without_a_script(page: Page, browser: Browser, address: str) -> None:
    with without_scripts(page, browser, address) as still:
        picture = still.locator(".sn-static img").last
        assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 144
        assert still.get_by_text("Decision regions.").is_visible()
        assert still.locator("main").evaluate("node => node.scrollWidth") <= PHONE["width"]


def test_the_figure_breaks_no_rule_of_accessibility_in_light_and_dark(shared: Watched, address: str) -> None:
    shared.page.goto(address)
    units(shared.page, 8)
    press(shared.page, "Train 200 steps")
    assert shared.violations_in_light_and_dark() == []
    shared.page.emulate_media(media="print")
    assert shared.violations_in_light_and_dark() == []
