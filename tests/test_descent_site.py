"""Descent in a real browser: NumPy's path, step by step, and a sentence for every way to end."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from browser_page import LETTERS, PHONE, Watched, alone, beside_itself, open_alone, without_scripts
from playwright.sync_api import Browser, Page

import scratchnet as sn
from scratchnet.figures import descent
from scratchnet.figures.descent import BOWL
from scratchnet.optimizers import Optimizer

pytestmark = pytest.mark.site

C, START = np.array(BOWL), (2.0, 0.0)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return alone(descent(), tmp_path_factory.mktemp("figure"))


@pytest.fixture(scope="module")
def with_rules(tmp_path_factory: pytest.TempPathFactory) -> str:
    return alone(descent(optimizers=("SGD", "Momentum", "Adam")), tmp_path_factory.mktemp("rules"))


@pytest.fixture
def page(page: Page, shared: Watched, address: str) -> Iterator[Page]:
    yield page
    assert shared.requests == [address]


def path(page: Page) -> np.ndarray:
    return np.array(page.evaluate("document.querySelector('sn-descent').figure.path"))


def said(page: Page) -> str:
    return page.locator(".sn-said").inner_text().replace("\n", "")


def press(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def choose(page: Page, rate: float, batch: int = 64) -> None:
    page.get_by_role("slider", name="Learning rate").fill(str(rate))
    page.get_by_role("radio", name=f"all {batch}" if batch == 64 else str(batch), exact=True).check()


def rule(page: Page, name: str, kept: float | None = None) -> None:
    page.get_by_role("radio", name=name, exact=True).check()
    if kept is not None:
        page.get_by_role("slider", name="Kept of the").fill(str(kept))


def stepped(optimizer: Optimizer, B: int, steps: int) -> np.ndarray:
    """Where an optimiser of the module leads, with the figure's own draws and the book's own batches."""
    rng = np.random.default_rng(0)
    half = np.round(64 * rng.normal(0, 2, (32, 2))) / 64
    xi, w = np.concatenate([half, -half]), [np.array(START)]
    params, grads = sn.Parameters((1, 1), np.float64), sn.Parameters((1, 1), np.float64)
    params.theta = w[0]
    while len(w) <= steps:
        for batch, _ in sn.minibatches(xi, np.zeros(64, int), B, rng):
            grads.theta = C @ params.theta + batch.mean(axis=0)
            optimizer.step(params, grads)
            w.append(params.theta.copy())
    return np.array(w[: steps + 1])


def expected(rates: Sequence[float], B: int, start: Sequence[float] = START) -> np.ndarray:
    """The same steps with the book's own batches: draws as the figure's, from the same seed."""
    rng = np.random.default_rng(0)
    half = np.round(64 * rng.normal(0, 2, (32, 2))) / 64
    xi, w = np.concatenate([half, -half]), [np.array(start)]
    batches: Iterator = iter(())
    for rate in rates:
        batch = next(batches, None)
        if batch is None:
            batches = sn.minibatches(xi, np.zeros(64, int), B, rng)
            batch = next(batches)
        w.append(w[-1] - rate * (C @ w[-1] + batch[0].mean(axis=0)))
    return np.array(w)


@pytest.mark.parametrize(("rate", "B"), [(0.05, 64), (0.2, 64), (0.23, 64), (0.1, 8), (0.05, 1), (0.215, 1)])
def test_the_path_is_numpys(page: Page, rate: float, B: int) -> None:
    choose(page, rate, B)
    press(page, "Run 40 steps", "Step", "Run 40 steps")
    got = path(page)
    np.testing.assert_allclose(got, expected([rate] * 81, B), rtol=1e-9, atol=1e-12)
    shown = page.evaluate("document.querySelector('sn-descent').figure.loss")
    assert shown == pytest.approx(got[-1] @ C @ got[-1] / 2, rel=1e-12)
    assert (
        page.get_by_role("row", name="across the valley").inner_text().replace("−", "-").endswith(f"{1 - 9 * rate:.2f}")
    )
    assert said(page).startswith("After 81 steps the loss is ")


def test_a_rate_can_fall_on_the_way_and_a_new_batch_size_begins_an_epoch(page: Page) -> None:
    choose(page, 0.2, 8)
    press(page, "Run 40 steps")  # five epochs
    choose(page, 0.02, 8)
    press(page, "Run 40 steps", "Step")
    np.testing.assert_allclose(path(page), expected([0.2] * 40 + [0.02] * 41, 8), atol=1e-12)
    choose(page, 0.2, 64)
    press(page, "Step")
    before, after = path(page)[-2:]
    np.testing.assert_allclose(after, before - 0.2 * C @ before, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "kept", "rate", "B", "optimizer"),
    [
        ("momentum", 0.25, 0.25, 64, sn.Momentum(0.25, 0.25)),
        ("momentum", 0.9, 0.4, 64, sn.Momentum(0.4, 0.9)),
        ("momentum", 0.5, 0.05, 8, sn.Momentum(0.05, 0.5)),
        ("Adam", 0.9, 0.2, 64, sn.Adam(0.2)),
        ("Adam", 0, 0.05, 64, sn.Adam(0.05, beta1=0)),
        ("Adam", 0.6, 0.1, 1, sn.Adam(0.1, beta1=0.6)),
        ("plain", None, 0.1, 8, sn.SGD(0.1)),
    ],
)
def test_with_another_rule_the_path_is_that_of_the_module(
    shared: Watched, with_rules: str, name: str, kept: float | None, rate: float, B: int, optimizer: Optimizer
) -> None:
    page = shared.page
    page.goto(with_rules)
    rule(page, "Adam", 0.35)
    rule(page, name, kept)
    choose(page, rate, B)
    press(page, "Run 40 steps", "Step", "Run 40 steps")
    np.testing.assert_allclose(path(page), stepped(optimizer, B, 81), rtol=1e-9, atol=1e-12)
    assert page.get_by_role("slider", name="Kept of the").is_visible() == (name != "plain")
    assert page.get_by_role("table").is_visible() == (name != "Adam")
    press(page, "Reset", "Step")
    twice = path(page)
    press(page, "Reset", "Step")
    np.testing.assert_array_equal(path(page), twice)
    assert shared.complaints == []


def test_another_rule_goes_on_from_where_the_path_is_and_remembers_nothing(shared: Watched, with_rules: str) -> None:
    page = shared.page
    page.goto(with_rules)
    rule(page, "momentum", 0.9)
    choose(page, 0.4)
    press(page, "Step", "Step")
    w = path(page)[-1]
    rule(page, "plain")
    assert page.evaluate("document.querySelector('sn-descent').figure.rate") == 0.27  # the most that plain descent has
    press(page, "Step")
    np.testing.assert_allclose(path(page)[-1], w - 0.27 * C @ w, atol=1e-12)
    w = path(page)[-1]
    rule(page, "momentum")
    choose(page, 0.1)
    press(page, "Step")
    np.testing.assert_allclose(path(page)[-1], w - 0.1 * C @ w, atol=1e-12)  # the velocity is the gradient at first


def test_momentum_has_a_sentence_for_every_way_to_end_and_adam_for_its_own(shared: Watched, with_rules: str) -> None:
    page = shared.page
    page.goto(with_rules)
    rule(page, "momentum", 0.5)
    choose(page, 0.2)
    press(page, "Step")
    assert "by √μ = 0.71 a step, whatever the curvature" in said(page)
    for name in ("across the valley", "along its floor"):
        assert page.get_by_role("row", name=name).inner_text().endswith("0.71")
    rule(page, "momentum", 0.25)
    choose(page, 0.1)
    assert "swings across the valley, and rolls along its floor" in said(page)
    np.testing.assert_allclose(  # the slower root of z² − (1 + μ − ηλ)z + μ
        float(page.get_by_role("row", name="along its floor").inner_text()[-4:]),
        max(np.roots([1, 0.1 - 1.25, 0.25])), atol=0.005,
    )  # fmt: skip
    choose(page, 0.02)
    assert "rolls without a swing" in said(page)
    choose(page, 0.02, 1)
    assert "a cloud around the minimum" in said(page)
    choose(page, 0.3, 64)
    rule(page, "momentum", 0.05)
    assert "above 2(1 + μ)/λmax = 0.233: each swing is wider" in said(page)
    for _ in range(4):
        press(page, "Run 40 steps")
    assert "flown apart: the rate was above 2(1 + μ)/λmax" in said(page)
    press(page, "Reset")
    rule(page, "Adam")
    press(page, "Step")
    assert "as long in w₁ as in w₂" in said(page)
    choose(page, 0.3, 8)
    assert "a cloud around the minimum" in said(page)


def test_with_rules_it_fits_a_phone_and_breaks_no_rule_of_accessibility_in_light_and_dark(
    shared: Watched, with_rules: str
) -> None:
    page = shared.page
    page.set_viewport_size(PHONE)
    page.goto(with_rules)
    for name in ("momentum", "Adam"):
        rule(page, name)
        press(page, "Step")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert min(page.evaluate(LETTERS)) >= 12
        assert shared.violations_in_light_and_dark() == []


def test_reset_goes_back_to_the_start_and_to_the_first_epoch(page: Page) -> None:
    choose(page, 0.1, 1)
    press(page, "Run 40 steps")
    once = path(page)
    press(page, "Reset")
    assert path(page).tolist() == [list(START)]
    assert said(page) == "At the start, (2.00, 0.00), the loss is 10."
    press(page, "Run 40 steps")
    np.testing.assert_array_equal(path(page), once)


def test_a_click_and_a_tap_set_the_start(page: Page, browser: Browser, address: str) -> None:
    box = page.locator(".sn-field").bounding_box()
    press(page, "Step")
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.1)
    np.testing.assert_allclose(path(page), [[-1.5, 2.4]], atol=0.03)
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    phone = context.new_page()
    phone.goto(address)
    box = phone.locator(".sn-field").bounding_box()
    phone.touchscreen.tap(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.9)
    np.testing.assert_allclose(path(phone), [[1.5, -2.4]], atol=0.05)
    context.close()


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
    keys = page.keyboard
    keys.press("Tab")  # the picture
    for key in ["ArrowLeft"] * 5 + ["ArrowUp"] * 3 + ["ArrowRight", "ArrowDown"]:
        keys.press(key)
    np.testing.assert_allclose(path(page), [[1.6, 0.2]], atol=1e-12)
    assert page.get_by_role("img", name="a path from (1.60, 0.20) in 0 steps to (1.60, 0.20)").is_visible()
    keys.press("Tab")
    keys.press("Enter")
    keys.press("Tab")
    keys.press(" ")
    assert len(path(page)) == 42
    for key in ("Tab", "Tab", "ArrowRight", "Tab", "ArrowRight"):  # past Reset, the rate, the batch
        keys.press(key)
    state = page.evaluate("(({rate, batch}) => [rate, batch])(document.querySelector('sn-descent').figure)")
    assert state == [0.055, 8]
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    keys.press("Enter")
    np.testing.assert_allclose(path(page), [[1.6, 0.2]], atol=1e-12)
    page.locator(".sn-pad").focus()
    for key in ["ArrowUp"] * 40:
        keys.press(key)
    assert path(page)[0].tolist() == [1.6, 3]  # no farther than the picture


def test_each_way_to_end_has_its_sentence(page: Page) -> None:
    press(page, "Step")
    assert "No step overshoots" in said(page)
    choose(page, 0.2)
    assert "overshoots across the valley, and still comes nearer" in said(page)
    choose(page, 0.2, 1)
    assert "a cloud around the minimum" in said(page)
    choose(page, 0.225)
    assert "The rate is above 2/λmax = 0.222: each step overshoots by more than it gained" in said(page)
    choose(page, 0.27)
    for _ in range(4):
        press(page, "Run 40 steps")
    assert "flown apart" in said(page)
    end = path(page)
    assert np.isfinite(end).all()
    assert 3000 < np.abs(end[-1]).max() < 10000
    choose(page, 0.1)
    press(page, "Step")
    np.testing.assert_array_equal(path(page), end)  # too far away; reset first
    press(page, "Reset", "Run 40 steps")
    assert "flown apart" not in said(page)


def test_a_start_on_the_floor_or_in_the_minimum_is_told_as_it_is(page: Page) -> None:
    pad = page.locator(".sn-pad")
    for key in ["ArrowLeft"] * 10 + ["ArrowDown"] * 10:  # (1, −1)
        pad.press(key)
    press(page, "Step")
    assert "on the floor of the valley, where no step overshoots" in said(page)
    choose(page, 0.25)
    press(page, "Run 40 steps")
    assert "above 2/λmax = 0.222, but the path is on the floor" in said(page)
    assert np.abs(path(page)[-1]).max() < 1
    for key in ["ArrowLeft"] * 10 + ["ArrowUp"] * 10:
        pad.press(key)
    press(page, "Run 40 steps")
    assert not path(page).any()
    assert "This is the minimum" in said(page)


def test_at_the_limit_itself_it_jumps_back_and_forth(shared: Watched, tmp_path_factory: pytest.TempPathFactory) -> None:
    bowl = np.diag([10.0, 1.0])
    open_alone(shared.page, descent(bowl, start=(1.0, 1.0)), tmp_path_factory.mktemp("limit"))
    choose(shared.page, 0.2)
    press(shared.page, "Run 40 steps")
    assert "by as much as it gained, back and forth for ever" in said(shared.page)
    np.testing.assert_allclose(path(shared.page)[:, 0], (-1.0) ** np.arange(41), atol=1e-12)
    assert shared.complaints == []


def test_a_run_can_be_watched_and_paused_where_motion_is_welcome(browser: Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="no-preference")
    page = context.new_page()
    page.clock.install(time=0)
    page.goto(address)
    page.clock.pause_at(3_600_000)  # from here on only the test moves it
    press(page, "Run 40 steps")
    assert len(path(page)) == 1
    page.clock.run_for(600)
    assert len(path(page)) == 11
    assert page.locator(".sn-said").get_attribute("aria-live") == "off"
    press(page, "Pause")
    page.clock.run_for(600)
    assert len(path(page)) == 11
    press(page, "Run 40 steps")
    page.clock.run_for(3000)
    assert len(path(page)) == 51
    assert page.locator(".sn-said").get_attribute("aria-live") == "polite"
    press(page, "Run 40 steps")
    page.locator(".sn-pad").press("ArrowUp")  # a new start ends the run
    page.clock.run_for(600)
    assert len(path(page)) == 1
    context.close()


def test_it_fits_a_phone_and_its_words_can_be_read(browser: Browser, address: str) -> None:
    for width in (PHONE["width"], 320):
        page = browser.new_page(viewport={"width": width, "height": 740}, reduced_motion="reduce")
        page.goto(address)
        page.get_by_role("slider").fill("0.27")
        press(page, "Run 40 steps")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator(".sn-pad").focus()
        before = page.evaluate("scrollY")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("scrollY") == before  # the key moved the start and not the page
        if width == PHONE["width"]:
            assert min(page.evaluate(LETTERS)) >= 12
            for target in page.locator(".sn-live :is(button, label)").all():
                assert target.bounding_box()["height"] >= 38
        page.close()


def test_two_figures_on_a_page_do_not_share_their_choice(shared: Watched, tmp_path: Path) -> None:
    open_alone(shared.page, descent(), tmp_path)
    beside_itself(shared.page, "sn-descent")
    radios = shared.page.get_by_role("radio")
    radios.nth(4).check()
    assert [radio.is_checked() for radio in radios.all()] == [True, False, False, False, True, False]


def test_the_still_pictures_are_there_in_print_and_without_a_script(page: Page, browser: Browser, address: str) -> None:
    with without_scripts(page, browser, address) as still:
        picture = still.locator(".sn-static img").last
        assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 140
        assert still.get_by_text("Descent.").is_visible()
        assert still.locator("main").evaluate("node => node.scrollWidth") <= PHONE["width"]


def test_the_figure_breaks_no_rule_of_accessibility_in_light_and_dark(shared: Watched, address: str) -> None:
    shared.page.goto(address)
    press(shared.page, "Step")
    assert shared.violations_in_light_and_dark() == []
    shared.page.emulate_media(media="print")
    assert shared.violations_in_light_and_dark() == []
