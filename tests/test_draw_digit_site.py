"""The interactive figures in a real browser: NumPy's numbers, every way to draw, and nothing that is not a number."""

import base64
import io
import math
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_page import PHONE, Watched, alone, open_alone, without_scripts
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page

import scratchnet as sn
from scratchnet.figures import draw_digit
from scratchnet.figures.draw_digit import PEN, SHEET, on_the_sheet

pytestmark = pytest.mark.site

ROOT = Path(__file__).parents[1]
PARAMS = sn.load(ROOT / "book" / "network.npz")
ROUNDED = sn.Parameters(PARAMS.sizes, np.float64)
ROUNDED.theta[:] = PARAMS.theta.astype(np.float32)  # the page is sent float32
SLIDES = sn.Convolution((1, 28, 28), 2, 5)
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
    """Return what the figure shows: the image that the network gets, the probabilities, and the sheet."""
    image, P, ink = page.evaluate("""() => {
        const figure = document.querySelector("sn-draw-digit").figure;
        figure.flush();
        const ink = Array.from(figure.drawing.ink, value => String.fromCharCode(value)).join("");
        return [figure.image && Array.from(figure.image), figure.probabilities, ink]; // a string travels fast
    }""")
    sheet = np.frombuffer(ink.encode("latin1"), np.uint8).reshape(SHEET, SHEET)
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
        return "No ink is l"  # the page says the same: its first eleven letters are compared


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


def test_every_layer_of_a_network_that_slides_gives_numpy_s_numbers(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = sn.Convolution((1, 28, 28), 5, 5, padding=2)
    second = sn.Convolution((5, 14, 14), 7, 3, stride=2, padding=1)
    layers = [
        first,
        sn.MaxPool(first.result),
        sn.ReLU(),
        second,
        sn.ReLU(),
        sn.Linear(343, 12),
        sn.ReLU(),
        sn.Linear(12, 10),
    ]
    params = sn.initialize(layers, np.random.default_rng(5))
    for layer in params.layers:
        layer.b[:] = np.random.default_rng(6).normal(size=layer.b.shape)
    exact = sn.Parameters(layers, np.float64)
    exact.theta = params.theta
    page = browser.new_page()
    open_alone(page, draw_digit(params), tmp_path_factory.mktemp("slides"))
    page.locator(".sn-pad").scroll_into_view_if_needed()
    for digit in (4, 8):
        page.get_by_role("button", name=f"Show a sample of {digit}").click()
        image, P, _ = state(page)
        found = page.evaluate('() => document.querySelector("sn-draw-digit").figure.outputs')
        A = image[None] / 255
        for (kind, layer), theirs in zip(exact.network, found, strict=True):
            A, _ = kind.forward(layer, A)
            np.testing.assert_allclose(theirs, A[0], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(P, sn.softmax(A)[0], atol=1e-6)
    page.get_by_text("What the filters find").click()
    assert page.locator(".sn-maps canvas").count() == 5 + 7
    assert page.get_by_role("img", name="What filter 7 of layer 2 finds").is_visible()
    page.close()


@pytest.mark.parametrize("layers", [(784, 12, 10), [SLIDES, sn.Linear(SLIDES.outputs, 10)]], ids=["units", "filters"])
def test_a_figure_says_nothing_of_what_its_network_does_not_have(browser: Browser, tmp_path: Path, layers: Any) -> None:
    page = browser.new_page()
    page.goto(alone(draw_digit(sn.initialize(layers, np.random.default_rng(0))), tmp_path))
    assert page.locator(".sn-live details").count() == 1
    loose = page.locator(".sn-live").evaluate(
        "root => [...root.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => node.data)"
    )
    assert loose == []  # all words stand in elements; a part left out once stood here as "null"
    page.close()


def press(page: Page, x: float, y: float) -> None:
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()


def dots(image: np.ndarray) -> list[list[float]]:
    """Return the places where a pen has to touch the sheet to trace an image."""
    return [[10.0 * x + 5, 10.0 * y + 5] for y, x in np.argwhere(image.reshape(28, 28) >= 128).tolist()]


def test_test_images_traced_with_a_pen_are_read(page: Page) -> None:
    digits = sn.read_digits(ROOT / "data" / "test.csv.gz")
    traced = page.evaluate(
        """sheets => {
            const figure = document.querySelector("sn-draw-digit").figure;
            return sheets.map(dots => {
                figure.lay(dots.map(point => ({pen: 14, points: [point]})), false); // a dab covers its pixel
                return [Array.from(figure.image), figure.probabilities];
            });
        }""",
        [dots(image) for image in digits.images[:200]],
    )
    right = sum(int(np.argmax(P)) == label for (_, P), label in zip(traced, digits.labels, strict=False))
    assert right >= 180
    # Without frames the network reads an image only when `state` asks, and not after every touch.
    page.evaluate("() => { window.requestAnimationFrame = () => 0; }")
    page.locator("input[type=range]").fill("14")
    box = page.locator(".sn-pad").bounding_box()
    session = page.context.new_cdp_session(page)
    for image, (want, _) in zip(digits.images[:10], traced, strict=False):
        page.get_by_role("button", name="Clear the sheet").click()
        for x, y in dots(image):
            spot = {"x": box["x"] + x, "y": box["y"] + y, "button": "left", "clickCount": 1}
            for kind in ("mousePressed", "mouseReleased"):
                session.send("Input.dispatchMouseEvent", {"type": kind, **spot})
        np.testing.assert_array_equal(state(page)[0], want)


def drift(page: Page, density: float = 1) -> float:
    """Touch the sheet, and return how far from the pen the middle of its ink is seen, in pixels of the page."""
    page.evaluate("document.querySelector('sn-draw-digit').figure.lay([], false)")
    box = page.locator(".sn-pad").bounding_box()
    x, y = box["x"] + 0.65 * box["width"], box["y"] + 0.35 * box["height"]
    press(page, x, y)
    state(page)
    around = 30
    clip = {"x": x - around, "y": y - around, "width": 2 * around, "height": 2 * around}
    seen = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("L")
    dark = np.argwhere(np.asarray(seen) < 60) + 0.5
    return float(np.abs(dark.mean(axis=0) / density - around).max()) if len(dark) else math.inf


LAID = [
    "",
    "zoom: 1.5",
    "zoom: 0.7",
    "transform: scale(0.6)",
    "transform: scale(1.6, 1.2)",
    "transform: rotate(90deg)",
    "transform: rotate(200deg) scale(1.4)",
    "transform: rotate(-30deg) skewX(20deg)",
    "transform: scaleX(-1)",
    "scale: 1.3; rotate: 45deg",
    "zoom: 1.2; transform: rotate(10deg) scale(0.9)",
    "padding: 0.3px 0 0 0.4px; width: 250px",
]


def test_ink_appears_under_the_pen_however_the_sheet_lies_on_the_screen(page: Page) -> None:
    page.locator("input[type=range]").fill("20")
    for style in LAID:
        placed = f"margin: 200px 0 0 400px; transform-origin: 150px 200px; {style}"
        page.evaluate("style => { document.querySelector('main').style.cssText = style; }", placed)
        assert drift(page) < 1.2, style


@pytest.mark.parametrize("density", [0.67, 1.25, 3])
def test_ink_appears_under_the_pen_on_any_screen_and_under_browser_zoom(
    browser: Browser, address: str, density: float
) -> None:
    size = {"width": round(1440 / density), "height": round(900 / density)}
    context = browser.new_context(viewport=size, device_scale_factor=density)
    page = context.new_page()
    page.goto(address)
    page.locator(".sn-pad").scroll_into_view_if_needed()
    assert drift(page, density) < 1.2
    context.close()


def touch(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    fingers = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": fingers})


def test_ink_appears_under_the_finger_when_the_phone_is_turned_and_under_a_magnifier(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=3)
    page = context.new_page()
    page.goto(address)
    page.locator(".sn-pad").wait_for()
    session = context.new_cdp_session(page)

    def drift() -> float:
        page.evaluate("document.querySelector('sn-draw-digit').figure.lay([], false)")
        box = page.locator(".sn-pad").bounding_box()
        touch(session, "Start", (box["x"] + 80, box["y"] + 60))
        touch(session, "End")
        _, _, sheet = state(page)
        middle = (np.argwhere(sheet) + 0.5).mean(axis=0)
        across = page.locator(".sn-pad").evaluate("pad => pad.clientWidth") / SHEET
        return float(np.abs(across * middle - (60, 80)).max())

    assert drift() < 1.2
    page.set_viewport_size({"width": PHONE["height"], "height": PHONE["width"]})
    page.locator(".sn-pad").scroll_into_view_if_needed()
    assert drift() < 1.2
    session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
    assert page.evaluate("visualViewport.scale") == 2
    assert drift() < 1.2
    context.close()


ENDS = {
    "the sheet is cleared": "document.querySelector('button[aria-label^=Clear]').click()",
    "the stroke is undone": "document.querySelector('button[aria-label^=Undo]').click()",
    "a sample is chosen": "document.querySelector('button[aria-label=\"Show a sample of 0\"]').click()",
    "the browser takes the pointer": "document.querySelector('.sn-pad').releasePointerCapture(held)",
    "the system takes the pointer": "document.querySelector('.sn-pad').dispatchEvent("
    "new PointerEvent('pointercancel', {pointerId: held}))",
    "the sheet is hidden": "document.querySelector('main').style.display = 'none'",
    "the sheet leaves the page": "main.remove()",
    "the window grows": "document.querySelector('main').style.zoom = 2",
}


def test_a_stroke_may_end_while_the_sheet_changes(page: Page) -> None:
    page.evaluate("""() => {
        addEventListener("pointerdown", event => { window.held = event.pointerId; });
        window.figure = document.querySelector("sn-draw-digit").figure;
        window.main = document.querySelector("main");
    }""")
    ink = "figure.drawing.ink.reduce((sum, value) => sum + value)"
    for event, change in ENDS.items():
        page.evaluate("() => { document.body.append(main); main.style.cssText = ''; figure.lay([], false); }")
        box = page.locator(".sn-pad").bounding_box()
        page.mouse.move(box["x"] + 60, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 90, box["y"] + 60)
        assert page.evaluate(ink) > 100_000, event  # the move has drawn, so the stroke of the case before has ended
        page.evaluate(change)
        before = page.evaluate(ink)
        page.mouse.move(box["x"] + 90, box["y"] + 200, steps=3)
        page.mouse.up()
        assert (page.evaluate(ink) == before) == (event != "the window grows"), event
        page.evaluate("figure.flush()")  # must throw nothing, which the fixture looks for after the test


def test_a_stroke_goes_on_when_the_sheet_was_hidden_for_a_moment(page: Page) -> None:
    page.evaluate("window.figure = document.querySelector('sn-draw-digit').figure; figure.lay([], false)")
    main = page.locator("main")
    box = page.locator(".sn-pad").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    main.evaluate("main => { main.style.display = 'none'; }")
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    main.evaluate("main => { main.style.display = ''; }")
    page.mouse.move(box["x"] + 60, box["y"] + 200)
    page.mouse.up()
    _, _, sheet = state(page)
    assert sheet[60:200, 60].all()
    assert not sheet[:, 80:].any()


def test_a_sample_that_was_touched_is_itself_when_it_is_chosen_again(page: Page) -> None:
    (only,) = sn.STROKES[0]
    zero = sn.render(on_the_sheet(only), pen=PEN, shape=(SHEET, SHEET))
    button = page.get_by_role("button", name="Show a sample of 0")
    button.click()
    np.testing.assert_array_equal(state(page)[2], zero)
    box = page.locator(".sn-pad").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    button.evaluate("button => button.click()")  # by voice, or with another finger
    page.mouse.move(box["x"] + 200, box["y"] + 60)
    page.mouse.up()
    np.testing.assert_array_equal(state(page)[2], zero)
    page.locator(".sn-pad").focus()
    page.keyboard.press(" ")
    button.evaluate("button => button.click()")
    page.keyboard.press("ArrowRight")
    np.testing.assert_array_equal(state(page)[2], zero)
    page.get_by_role("button", name="Undo the last stroke").click()
    press(page, box["x"] + 60, box["y"] + 60)
    button.click()
    np.testing.assert_array_equal(state(page)[2], zero)


def test_a_second_finger_draws_nothing_and_ends_nothing(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    page.locator(".sn-pad").wait_for()
    page.evaluate("document.querySelector('sn-draw-digit').figure.lay([], false)")
    box, session = page.locator(".sn-pad").bounding_box(), context.new_cdp_session(page)

    def on(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x, box["y"] + y

    touch(session, "Start", on(40, 40))
    touch(session, "Start", on(40, 40), on(200, 200))
    touch(session, "Move", on(80, 40), on(200, 240))
    touch(session, "Move", on(120, 40), on(160, 240))
    touch(session, "End")
    _, _, sheet = state(page)
    rows, columns = np.flatnonzero(sheet.any(axis=1)), np.flatnonzero(sheet.any(axis=0))
    assert rows[-1] < 60
    assert columns[-1] > 115
    touch(session, "Start", on(40, 200))
    touch(session, "Cancel")
    touch(session, "Start", on(40, 240))
    touch(session, "End")
    assert state(page)[2][238:242, 38:42].all()
    context.close()


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
    assert columns[-1] - columns[0] < 2 * PEN  # the last arrow drew nothing, because the pen was lifted
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


def test_the_figure_breaks_no_rule_of_accessibility_in_light_and_dark(shared: Watched, address: str) -> None:
    shared.page.goto(address)
    shared.page.locator("details").evaluate_all("nodes => nodes.forEach(node => node.open = true)")
    assert shared.violations_in_light_and_dark() == []
