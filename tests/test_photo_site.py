"""A photograph in the page: from the decoded pixels on the same bytes and sentences as Python's; nothing is sent."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_page import PHONE, Watched, alone
from bs4 import BeautifulSoup
from finish_pages import WRITTEN, with_policy
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

import scratchnet as sn
from scratchnet.figures import draw_digit

pytestmark = pytest.mark.site

ROOT = Path(__file__).parents[1]
PARAMS = sn.load(ROOT / "book" / "network.npz")
# What the figure's own function makes of pixels.
READ = """([text, width, height]) => {
    const data = Uint8ClampedArray.from(atob(text), letter => letter.charCodeAt(0));
    const digest = plane => plane.reduce((sum, value, k) => sum + value * (7919 * k % 65521), 0);
    try {
        const photo = scratchnet.readPhoto({width, height, data}), {picture, paper, ink, digit} = photo.steps;
        const planes = [...picture.planes, ...paper.planes, ink.ink, digit.ink];
        return [Array.from(photo.image), photo.notes, planes.map(digest)];
    } catch (error) { return error.message; }
}"""
# What the browser decodes is kept, for Python to read it too.
KEEP = """() => {
    const decode = scratchnet.decode;
    scratchnet.decode = file => decode(file).then(pixels => { window.pixels = pixels; return pixels; });
}"""
KEPT = """() => {
    const {width, height, data} = window.pixels;
    return [width, height, Array.from(data, value => String.fromCharCode(value)).join("")];
}"""
SHOWN = """() => {
    const figure = document.querySelector("sn-draw-digit").figure;
    figure.flush();
    return figure.image && Array.from(figure.image);
}"""
GIVE = """([name, type, text]) => {
    const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0)), data = new DataTransfer();
    data.items.add(new File([bytes], "digit.png", {type: "image/png"}));
    const init = {bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data};
    document.querySelector(".sn-pad").dispatchEvent(new window[type](name, init));
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The figure alone on a page, under the policy that pages of the book have."""
    folder = tmp_path_factory.mktemp("figure")
    address = alone(draw_digit(PARAMS), folder)
    page = BeautifulSoup((folder / "figure.html").read_text(encoding="utf-8"), "html.parser")
    with_policy(page)
    (folder / "figure.html").write_text(page.decode(formatter=WRITTEN), encoding="utf-8")
    return address


# --- pictures --------------------------------------------------------------------------------------------------------


def photograph(
    rng: np.random.Generator,
    shape: tuple[int, int] = (120, 160),
    *,
    paper: tuple[float, float] = (150, 250),
    shadow: float = 1,
    noise: float = 3,
    contrast: float = 0.7,
    high: float = 0.6,
    thick: float = 0.1,
    at: tuple[float, float] = (0.25, 0.2),
    digits: int = 1,
) -> NDArray[np.uint8]:
    """A drawing of ours on paper, in colour: lit from one side, partly in shadow, with noise; (height, width, 4)."""
    height, width = shape
    size = high * min(shape)
    ink = np.zeros(shape)
    for k in range(digits):
        styles = sn.STROKES[rng.integers(10)]
        corner = np.array([width * (at[0] + 0.4 * k), height * at[1]])
        lines = [size / digits * line + corner for line in styles[rng.integers(len(styles))]]
        ink += sn.render(lines, pen=thick * size + 1, shape=shape) / 255.0
    light = np.linspace(*paper, width) * np.linspace(1, 0.9, height)[:, None]
    light = np.where(np.arange(width) + np.arange(height)[:, None] > 0.6 * width, shadow * light, light)
    color = light[..., None] * rng.uniform(0.8, 1, 3) * (1 - contrast * np.minimum(ink, 1)[..., None])
    color = color + rng.normal(0, noise, color.shape)
    return np.dstack([np.clip(np.rint(color), 0, 255), np.full(shape, 255)]).astype(np.uint8)


def with_things(shape: tuple[int, int], *some: tuple[slice, slice, int]) -> NDArray[np.uint8]:
    """White paper with rectangles: their rows, their columns, and how light they are."""
    pixels = np.full((*shape, 4), 255, np.uint8)
    for rows, columns, light in some:
        pixels[rows, columns, :3] = light
    return pixels


def inverted(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.dstack([255 - pixels[..., :3], pixels[..., 3]])


def pictures() -> Iterator[tuple[str, NDArray[np.integer]]]:
    rng = np.random.default_rng(7)
    yield "plain", photograph(rng)
    yield "without noise", photograph(rng, noise=0, paper=(255, 255))
    yield "a shadow", photograph(rng, shadow=0.6)
    yield "a deep shadow", photograph(rng, shadow=0.35, noise=1)
    yield "a lamp from one side", photograph(rng, paper=(60, 255))
    yield "noise", photograph(rng, noise=15)
    yield "nothing but noise", rng.integers(0, 256, (90, 120, 4)).astype(np.uint8)
    yield "noise in black and white", (255 * rng.integers(0, 2, (60, 45, 4))).astype(np.uint8)
    yield "pencil", photograph(rng, contrast=0.2, thick=0.03)
    yield "faint pencil", photograph(rng, contrast=0.06, thick=0.03)
    yield "a thick pen", photograph(rng, thick=0.4)
    yield "a thin pen", photograph(rng, thick=0.01)
    yield "chalk", inverted(photograph(rng))
    yield "chalk in a shadow", inverted(photograph(rng, shadow=0.7))
    yield "tiny", photograph(rng, high=0.15)
    yield "as large as the sheet", photograph(rng, high=0.95, at=(0.05, 0.02))
    yield "cut off", photograph(rng, high=0.9, at=(0.6, 0.3))
    yield "two digits", photograph(rng, digits=2, high=0.8, at=(0.1, 0.3))
    yield "two digits close together", photograph(rng, digits=2, high=1.1, at=(0.15, 0.2), noise=1)
    for high in (0.1, 0.12):
        yield f"a small digit, {high}", photograph(rng, high=high, noise=0, at=(0.4, 0.4), thick=0.15)
    for contrast in (0.22, 0.26, 0.3):
        yield f"pencil, {contrast}", photograph(rng, contrast=contrast, noise=1)
    yield "dark paper", photograph(rng, paper=(20, 40), noise=1)
    yield "upright", photograph(rng, (333, 207))
    yield "a strip", photograph(rng, (40, 300), high=0.8)
    yield "sixteen pixels", photograph(rng, (16, 16), high=0.7, thick=0.15)
    yield "as small as an image of MNIST", photograph(rng, (28, 28), high=0.7, thick=0.12)
    yield "larger than is needed", photograph(rng, (601, 431))
    yield (
        "larger, and transparent",
        np.dstack([photograph(rng, (390, 520))[..., :3], rng.integers(200, 256, (390, 520))]),
    )
    soft = photograph(rng, noise=0)
    ink = 255 - soft[..., :3].min(axis=2)
    yield "ink on transparency", np.dstack([np.zeros_like(soft[..., :3]), np.where(ink > 120, 255, 0)]).astype(np.uint8)
    yield "soft ink on transparency", np.dstack([soft[..., :3] // 4, ink])
    yield "white ink on transparency", np.dstack([np.full_like(soft[..., :3], 255), np.where(ink > 120, 255, 0)])
    yield "half transparent noise", np.dstack([photograph(rng)[..., :3], rng.integers(0, 256, (120, 160))])
    ruled = photograph(rng)
    ruled[::20, :, :3] = ruled[::20, :, :3] // 4 * 3
    yield "ruled paper", ruled
    specks = photograph(rng, noise=1)
    for y, x in zip(rng.integers(0, 117, 12), rng.integers(0, 157, 12), strict=True):
        specks[y : y + 3, x : x + 3, :3] = 20
    yield "specks", specks
    framed = photograph(rng)
    framed[:, :15, :3] = 30
    yield "the edge of a table", framed
    note = with_things((480, 640), (slice(None), slice(None), 50))
    one = sn.render([150 * line + (300, 160) for line in sn.STROKES[1][0]], pen=16, shape=(480, 640)) > 0
    note[100:380, 180:460, :3] = np.where(one, 40, 220)[100:380, 180:460, None]
    yield "a note on a dark table", note
    yield "chalk on a small board", inverted(note)
    yield "a dark table alone", with_things((480, 640), (slice(0, 380), slice(0, 460), 50))
    yield "blank", np.full((30, 40, 4), 255, np.uint8)
    yield "black", np.pad(np.zeros((30, 40, 3), np.uint8), ((0, 0), (0, 0), (0, 1)), constant_values=255)
    yield "all transparent", np.zeros((31, 17, 4), np.uint8)
    yield "one pixel", np.full((1, 1, 4), 200, np.uint8)
    yield "one row", rng.integers(0, 256, (1, 50, 4)).astype(np.uint8)
    for width in (160, 240):
        rules = (slice(50, 51), slice(None), 60), (slice(90, 91), slice(None), 60)
        yield f"rules, {width}", with_things((120, width), *rules)
    yield "a rule", with_things((240, 320), (slice(100, 101), slice(40, 280), 60))
    yield "a blot", with_things((120, 160), (slice(40, 80), slice(50, 90), 60))
    yield "a bar", with_things((120, 160), (slice(40, 80), slice(50, 66), 60))
    yield "a faint bar", with_things((120, 160), (slice(40, 100), slice(50, 68), 210))
    yield (
        "a bar apart",
        with_things((120, 160), (slice(40, 100), slice(50, 56), 60), (slice(38, 44), slice(62, 90), 60)),
    )
    yield (
        "bars side by side",
        with_things((120, 160), (slice(40, 100), slice(50, 56), 60), (slice(40, 65), slice(62, 68), 60)),
    )
    yield (
        "a lighter bar far away",
        with_things((120, 160), (slice(20, 100), slice(30, 36), 60), (slice(30, 60), slice(90, 96), 60)),
    )
    yield "as large as can be", with_things((512, 64), (slice(100, 300), slice(20, 32), 60))
    yield "one spot", np.pad(np.full((9, 9), 255), ((50, 40), (30, 90)))[..., None] * [-1, -1, -1, 0] + 255


def png(pixels: NDArray[np.uint8]) -> FilePayload:
    return file(pixels, "PNG")


def file(pixels: NDArray[np.uint8], kind: str, **more: Any) -> FilePayload:
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, kind, **more)
    return {"name": f"digit.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": packed.getvalue()}


def pythons(source: Any) -> list[Any] | str:
    """What Python makes of it: image, notes and a digest of each plane of the steps; or its refusal."""
    try:
        photo = sn.read_photo(source)
    except ValueError as refusal:
        return str(refusal)
    colors = (photo.steps[name][..., k] for name in ("picture", "paper") for k in range(3))
    planes = [plane.ravel().astype(int) for plane in (*colors, photo.steps["ink"], photo.steps["digit"])]
    digests = [int(plane @ (7919 * np.arange(plane.size) % 65521)) for plane in planes]
    return [photo.image.tolist(), list(photo.notes), digests]


def bring(page: Page, payload: FilePayload) -> str:
    """Choose this file, and return what the figure says once it has read it."""
    said = page.locator(".sn-said")
    said.evaluate("node => { node.textContent = 'Nothing yet'; }")
    page.locator("input[type=file]").first.set_input_files(payload)
    expect(said).not_to_have_text("Nothing yet")
    expect(said).not_to_have_text("Reading the picture …")
    return said.inner_text()


def frames(page: Page) -> int:
    """How many pictures the film strip shows."""
    return page.locator(".sn-film canvas:visible").count()


# --- tests -----------------------------------------------------------------------------------------------------------


def test_pixels_become_the_same_image_and_the_same_sentences_as_in_python(page: Page) -> None:
    for name, picture in pictures():
        pixels = picture.astype(np.uint8)
        height, width = pixels.shape[:2]
        text = base64.b64encode(pixels.tobytes()).decode()
        assert page.evaluate(READ, [text, width, height]) == pythons(pixels), name


def test_a_file_is_read_as_python_reads_it(page: Page) -> None:
    rng = np.random.default_rng(1)
    for pixels in (photograph(rng), photograph(rng, shadow=0.6)[..., :3], inverted(photograph(rng))[..., 0]):
        payload = png(pixels)
        image, notes, _ = pythons(io.BytesIO(payload["buffer"]))
        said = bring(page, payload)
        assert page.evaluate(SHOWN) == image
        assert "The network reads" in said
        assert all(note in said for note in notes)
        assert frames(page) == 7


def test_a_telephones_picture_is_turned_upright(page: Page) -> None:
    pixels = photograph(np.random.default_rng(2))[..., :3]
    exif = Image.Exif()
    exif[0x0112] = 6  # it was taken with the telephone upright: the right of what is stored is the bottom
    payload = file(np.rot90(pixels), "JPEG", exif=exif, quality=90)
    page.evaluate(KEEP)
    bring(page, payload)
    width, height, text = page.evaluate(KEPT)
    decoded = np.frombuffer(text.encode("latin1"), np.uint8).reshape(height, width, 4)
    assert decoded.shape == (*pixels.shape[:2], 4)
    assert np.abs(decoded[..., :3].astype(int) - pixels).mean() < 4
    assert [page.evaluate(SHOWN)] == pythons(decoded)[:1]


def test_a_photograph_makes_way_for_a_drawing_and_a_drawing_for_a_photograph(page: Page) -> None:
    payload = png(photograph(np.random.default_rng(3)))
    image = page.evaluate(SHOWN)
    assert frames(page) == 4
    bring(page, payload)
    photo = page.evaluate(SHOWN)
    page.get_by_role("button", name="Move left").click()
    assert page.evaluate(SHOWN) != photo
    assert page.locator("input[type=file]").first.input_value() == ""  # so that the same file can be chosen once more
    bring(page, payload)
    assert page.evaluate(SHOWN) == photo
    page.get_by_role("button", name="Undo").click()
    assert page.evaluate(SHOWN) is None
    assert frames(page) == 4
    bring(page, payload)
    page.get_by_role("button", name="Show a sample of 4").click()
    page.get_by_role("button", name="Show a sample of 4").click()
    assert page.evaluate(SHOWN) == image
    bring(page, payload)
    page.locator(".sn-pad").click(position={"x": 40, "y": 40})
    ink = page.evaluate("document.querySelector('sn-draw-digit').figure.drawing.ink.reduce((a, b) => a + b) / 255")
    assert 300 < ink < 460  # one dab and nothing else: the pen is 22 wide
    assert frames(page) == 4


def test_what_cannot_be_read_is_refused_in_pythons_words(page: Page) -> None:
    blank = png(np.full((60, 80, 3), 240, np.uint8))
    sentence = pythons(io.BytesIO(blank["buffer"]))
    assert isinstance(sentence, str)
    said = bring(page, blank)
    assert said.rstrip(".") == f"{sentence[0].upper()}{sentence[1:]}"
    assert page.evaluate(SHOWN) is None
    assert frames(page) == 4
    said = bring(page, {"name": "digit.png", "mimeType": "image/png", "buffer": b"no picture"})
    assert said == "This file is no picture that the browser can read: save it as PNG or JPEG."
    page.evaluate("() => { delete window.createImageBitmap; }")  # as in a browser of long ago
    assert bring(page, png(photograph(np.random.default_rng(0)))) == said


def test_a_file_chooser_opens_from_the_keyboard(page: Page) -> None:
    payload = png(photograph(np.random.default_rng(4)))
    page.on("filechooser", lambda chooser: None)  # a listener that comes with the key may come too late
    button = page.get_by_role("button", name="Read a photograph")
    button.focus()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(payload)
    expect(page.locator(".sn-film canvas:visible")).to_have_count(7)
    assert page.evaluate(SHOWN) == pythons(io.BytesIO(payload["buffer"]))[0]
    assert button.evaluate("button => button === document.activeElement")


@pytest.mark.parametrize(("name", "kind"), [("drop", "DragEvent"), ("paste", "ClipboardEvent")])
def test_a_picture_may_be_dropped_or_pasted(page: Page, name: str, kind: str) -> None:
    payload = png(photograph(np.random.default_rng(5)))
    page.evaluate(GIVE, [name, kind, base64.b64encode(payload["buffer"]).decode()])
    expect(page.locator(".sn-film canvas:visible")).to_have_count(7)
    assert page.evaluate(SHOWN) == pythons(io.BytesIO(payload["buffer"]))[0]


def test_a_picture_that_is_decoded_late_changes_nothing(page: Page) -> None:
    image = page.evaluate(SHOWN)
    payload = png(photograph(np.random.default_rng(6)))
    page.evaluate("""() => {
        const decode = scratchnet.decode, wait = () => new Promise(resolve => setTimeout(resolve, 200));
        window.given = [];
        scratchnet.decode = file => {
            given.push(wait().then(() => decode(file)));
            return given[given.length - 1];
        };
    }""")
    page.locator("input[type=file]").first.set_input_files(payload)
    page.locator("input[type=file]").first.set_input_files({**payload, "buffer": b"no picture"})
    for _ in range(2):
        page.get_by_role("button", name="Show a sample of 4").click()
    assert page.evaluate("Promise.allSettled(given).then(all => all.map(one => one.status))") == [
        "fulfilled",
        "rejected",
    ]
    assert page.evaluate(SHOWN) == image
    assert "The network reads" in page.locator(".sn-said").inner_text()


def test_a_picture_beyond_what_a_canvas_may_hold_is_made_smaller(page: Page) -> None:
    large = Image.fromarray(photograph(np.random.default_rng(8), noise=0)[..., 0]).resize((4800, 3600), Image.NEAREST)
    page.evaluate(KEEP)
    assert "The network reads" in bring(page, png(np.asarray(large)))
    width, height = page.evaluate("[window.pixels.width, window.pixels.height]")
    assert 16e6 < width * height <= 4096 * 4096
    assert abs(width / height - 4 / 3) < 1e-3


def test_a_telephone_offers_its_camera_and_other_machines_do_not(page: Page, browser: Browser, address: str) -> None:
    camera = "Take a photograph"
    assert not page.get_by_role("button", name=camera).is_visible()
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    phone = context.new_page()
    phone.on("filechooser", lambda chooser: None)
    phone.goto(address)
    with phone.expect_file_chooser() as chooser:
        phone.get_by_role("button", name=camera).tap()
    assert chooser.value.element.get_attribute("capture") == "environment"
    assert chooser.value.element.get_attribute("accept") == "image/*"
    chooser.value.set_files(png(photograph(np.random.default_rng(9))))
    expect(phone.locator(".sn-film canvas:visible")).to_have_count(7)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_the_figure_with_a_photograph_breaks_no_rule_of_accessibility_in_light_and_dark(
    shared: Watched, address: str
) -> None:
    shared.page.goto(address)
    bring(shared.page, png(inverted(photograph(np.random.default_rng(10)))))
    assert frames(shared.page) == 7
    assert shared.violations_in_light_and_dark() == []
    assert shared.page.locator(".sn-said").get_attribute("aria-live") == "polite"
