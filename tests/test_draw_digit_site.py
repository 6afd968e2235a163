"""The interactive figures in a real browser: NumPy's numbers, every way to draw, and nothing that is not a number."""

import base64
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page
from watched import PHONE, Watched, alone, without_scripts

import scratchnet as sn
from scratchnet.figures import draw_digit
from scratchnet.figures.draw_digit import PEN, SHEET, on_the_sheet

pytestmark = pytest.mark.site

ROOT = Path(__file__).parents[1]
PARAMS = sn.load(ROOT / "book" / "network.npz")
ROUNDED = sn.Parameters(PARAMS.sizes, np.float64)
ROUNDED.theta[:] = PARAMS.theta.astype(np.float32)  # what travels to the page
STEPS = [dict(zip(("box", "antialias", "center"), chosen, strict=True)) for chosen in product((True, False), repeat=3)]
PREPARE = """([ink, width, height, choices]) => {
    const drawing = {width, height, ink: Uint8Array.from(atob(ink), letter => letter.charCodeAt(0))};
    return choices.map(steps => {
        try { return Array.from(scratchnet.prepare(drawing, steps).image); }
        catch (error) { return error.message.slice(0, 11); }
    });
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return alone(draw_digit(PARAMS), tmp_path_factory.mktemp("figure"))


def state(page: Page) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray]:
    """What the figure shows: the image that the network gets, the probabilities, and the sheet."""
    image, P, ink = page.evaluate("""() => {
        const figure = document.querySelector("sn-draw-digit").figure;
        figure.flush();
        return [figure.image && Array.from(figure.image), figure.probabilities, Array.from(figure.drawing.ink)];
    }""")
    sheet = np.array(ink, np.uint8).reshape(SHEET, SHEET)
    return (None if image is None else np.array(image)), (None if P is None else np.array(P)), sheet


def drawings() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for styles in sn.STROKES:
        for strokes in styles:
            scale, move = rng.uniform(20, 150), rng.uniform(0, 60, 2)
            yield sn.render([scale * line + move for line in strokes], pen=rng.uniform(3, 30), shape=(190, 260))
    yield rng.integers(0, 256, (37, 53)).astype(np.uint8)  # grey, as from a scanner
    yield np.full((28, 28), 255, np.uint8)
    yield np.pad(np.full((1, 1), 255, np.uint8), ((30, 9), (4, 50)))


def prepared(drawing: np.ndarray, steps: dict[str, bool]) -> list[int] | str:
    try:
        return sn.prepare(drawing, **steps).tolist()
    except ValueError:
        return "No ink is l"  # at this size


def test_a_drawing_becomes_the_same_image_as_in_python_to_the_byte(page: Page) -> None:
    for drawing in drawings():
        ink = base64.b64encode(drawing.tobytes()).decode()
        got = page.evaluate(PREPARE, [ink, *drawing.shape[::-1], STEPS])
        assert got == [prepared(drawing, steps) for steps in STEPS]


def test_the_arithmetic_is_that_of_numpy(page: Page) -> None:
    rng = np.random.default_rng(1)
    for scale in (1, 30, 1e4):
        Z, y = scale * rng.normal(size=(4, 10)), rng.integers(10, size=4)
        for z, label in zip(Z, y, strict=True):
            p, loss = page.evaluate(
                "([z, y]) => [scratchnet.softmax(z), scratchnet.crossEntropy(z, y)]", [z.tolist(), int(label)]
            )
            np.testing.assert_allclose(p, sn.softmax(z[None])[0], rtol=1e-12, atol=1e-300)
            assert loss == pytest.approx(sn.cross_entropy(z[None], np.array([label])), rel=1e-12)


def test_a_pen_leaves_the_same_ink_as_in_python(page: Page) -> None:
    page.get_by_role("button", name="Show a sample of 7").click()
    _, _, sheet = state(page)
    np.testing.assert_array_equal(sheet, sn.render(on_the_sheet(sn.STROKES[7][0]), pen=PEN, shape=(SHEET, SHEET)))


def test_what_the_figure_says_is_what_the_network_says(page: Page) -> None:
    for digit in range(10):
        page.get_by_role("button", name=f"Show a sample of {digit}").click()
        image, P, sheet = state(page)
        np.testing.assert_array_equal(image, sn.prepare(sheet))
        want = sn.predict_proba(ROUNDED, image[None] / 255)[0]
        np.testing.assert_allclose(P, want, atol=1e-6)
        assert f"reads {want.argmax()}" in page.locator(".sn-said").inner_text()


def press(page: Page, x: float, y: float) -> None:
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()


def test_test_images_traced_with_a_pen_are_read(page: Page) -> None:
    digits = sn.read_digits(ROOT / "data" / "test.csv.gz")
    page.evaluate(
        "() => { window.requestAnimationFrame = () => 0; }"
    )  # 16,000 dabs: read each image once, not each dab
    page.locator("input[type=range]").fill("14")  # a dab covers its pixel
    box = page.locator(".sn-pad").bounding_box()
    session = page.context.new_cdp_session(page)
    right = 0
    for image, label in zip(digits.images[:200], digits.labels[:200], strict=True):
        page.get_by_role("button", name="Clear the sheet").click()
        for y, x in np.argwhere(image.reshape(28, 28) >= 128).tolist():
            spot = {"x": box["x"] + 1 + 10 * x + 5, "y": box["y"] + 1 + 10 * y + 5, "button": "left", "clickCount": 1}
            for kind in ("mousePressed", "mouseReleased"):
                session.send("Input.dispatchMouseEvent", {"type": kind, **spot})
        _, P, _ = state(page)
        right += int(P is not None and P.argmax() == label)
    assert right >= 180


def test_a_finger_draws_on_a_phone_and_the_page_stays_where_it_is(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Clear the sheet").tap()
    page.evaluate("scrollTo(0, 40)")
    box = page.locator(".sn-pad").bounding_box()
    session = context.new_cdp_session(page)
    path = [(box["x"] + 140, box["y"] + 30 + 12 * k) for k in range(18)]
    for k, (x, y) in enumerate(path):
        kind = "touchStart" if k == 0 else "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(100)
    _, P, sheet = state(page)
    assert page.evaluate("scrollY") == 40
    rows = np.flatnonzero(sheet.any(axis=1))
    assert rows[-1] - rows[0] > 180
    assert P.argmax() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
    page.get_by_role("button", name="Clear the sheet").press("Enter")
    pad = page.locator(".sn-pad")
    pad.focus()
    for key in ["ArrowUp"] * 8 + [" "] + ["ArrowDown"] * 16 + [" ", "ArrowLeft"]:
        page.keyboard.press(key)
    _, P, sheet = state(page)
    assert P.argmax() == 1
    columns = np.flatnonzero(sheet.any(axis=0))
    assert columns[-1] - columns[0] < 2 * PEN  # the last arrow moved a lifted pen
    page.get_by_role("button", name="Undo the last stroke").press(" ")
    assert not state(page)[2].any()


def test_steps_can_be_left_out_and_the_image_moved(page: Page) -> None:
    page.get_by_role("button", name="Show a sample of 3").click()
    _, before, sheet = state(page)
    for label, step in (("Cut to its ink", "box"), ("edges soft", "antialias"), ("Centre of mass", "center")):
        page.get_by_role("checkbox", name=label).uncheck()
        np.testing.assert_array_equal(state(page)[0], sn.prepare(sheet, **{step: False}))
        page.get_by_role("checkbox", name=label).check()
    for _ in range(3):
        page.get_by_role("button", name="Move up").click()
    image = state(page)[0].reshape(28, 28)
    np.testing.assert_array_equal(image[:-3], sn.prepare(sheet).reshape(28, 28)[3:])
    assert not image[-3:].any()
    page.get_by_role("button", name="Move back").click()
    np.testing.assert_array_equal(state(page)[1], before)


def test_no_drawing_is_too_odd_for_a_sentence(page: Page) -> None:
    page.get_by_role("button", name="Clear the sheet").click()
    image, P, _ = state(page)
    assert image is None
    assert P is None
    assert "Draw a digit" in page.locator(".sn-said").inner_text()
    page.get_by_role("checkbox", name="Cut to its ink").uncheck()
    page.get_by_role("checkbox", name="edges soft").uncheck()
    page.locator("input[type=range]").fill("8")
    box = page.locator(".sn-pad").bounding_box()
    press(page, box["x"] + 11, box["y"] + 11)
    state(page)
    assert page.locator(".sn-said").inner_text() != ""
    page.evaluate("() => document.querySelector('sn-draw-digit').figure.drawing.ink.fill(255)")
    assert np.isfinite(state(page)[1]).all()
    assert "NaN" not in page.locator("sn-draw-digit").inner_text()


def test_the_static_picture_is_there_in_print_and_without_a_script(page: Page, browser: Browser, address: str) -> None:
    with without_scripts(page, browser, address) as still:
        assert still.locator(".sn-static img").first.is_visible()
        assert still.get_by_text("Draw a digit.").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figure_breaks_no_rule_of_accessibility(desktop: Watched, address: str, scheme: str) -> None:
    desktop.page.emulate_media(color_scheme=scheme)
    desktop.page.goto(address)
    desktop.page.locator("details").evaluate_all("nodes => nodes.forEach(node => node.open = true)")
    assert desktop.violations() == []
