"""Softmax and cross-entropy in a real browser: NumPy's numbers from every control, and overflow named, never NaN."""

from typing import Any

import numpy as np
import pytest
from browser_page import LETTERS, PHONE, RIGHT, Watched, alone, open_alone, without_scripts
from playwright.sync_api import Browser, Page

import scratchnet as sn
from scratchnet.figures import Figure, softmax_explorer

pytestmark = pytest.mark.site

FIGURE = "document.querySelector('sn-softmax-explorer').figure"
# Type each row of logits into the number boxes, choose the true class, and write down what the figure then holds.
VISIT = """([rows, labels]) => {
    const element = document.querySelector("sn-softmax-explorer"), figure = element.figure;
    const [boxes, radios] = ["number", "radio"].map(type => element.querySelectorAll(`input[type=${type}]`));
    return rows.map((row, n) => {
        row.forEach((z, k) => { boxes[k].value = z; boxes[k].dispatchEvent(new Event("input", {bubbles: true})); });
        radios[labels[n]].click();
        return JSON.parse(JSON.stringify(figure, (_, value) => value === Infinity ? "inf" : value));
    });
}"""
SHOWN = """() => [...document.querySelectorAll(".sn-class:not(.sn-heads)")].map(row => ({
    slider: Number(row.querySelector("input[type=range]").value),
    number: Number(row.querySelector("input[type=number]").value),
    texts: [...row.querySelectorAll(".sn-get span")].map(node => node.textContent.replace("−", "-")),
    bar: Number(row.querySelector(".sn-p").getAttribute("width")) / 200,
    gap: ["x1", "x2"].map(name => (Number(row.querySelector(".sn-gap").getAttribute(name)) - 4) / 200),
}))"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return alone(softmax_explorer(), tmp_path_factory.mktemp("figure"))


def state(page: Page) -> dict[str, Any]:
    return page.evaluate(f"() => {FIGURE}")


def verdict(page: Page) -> str:
    return page.locator("sn-softmax-explorer p[aria-live]").last.inner_text()


def type_in(page: Page, *logits: float | str) -> None:
    for k, z in enumerate(logits):
        page.get_by_label(f"Logit of class {k}, as a number").fill(str(z))


def agree(got: dict[str, Any]) -> None:
    """Compare all that the figure holds with NumPy's, on the figure's own logits."""
    Z, y = np.array([got["logits"]], float), np.array([got["y"]])
    close = {"rtol": 1e-12, "atol": 1e-300}
    np.testing.assert_allclose(got["probabilities"], sn.softmax(Z)[0], **close)
    assert got["loss"] == pytest.approx(sn.cross_entropy(Z, y), rel=1e-12, abs=1e-15)
    np.testing.assert_allclose(got["gradient"], sn.cross_entropy_backward(Z, y)[0], rtol=1e-12, atol=1e-15)
    with np.errstate(over="ignore", invalid="ignore"):
        for name, E in (("written", np.exp(Z[0])), ("stable", np.exp(Z[0] - Z[0].max()))):
            form = got[name]
            np.testing.assert_allclose(np.array(form["exponentials"], float), E, **close)
            assert float(form["sum"]) == pytest.approx(E.sum(), rel=1e-12)
            np.testing.assert_allclose(np.array(form["probabilities"], float), E / E.sum(), **close)


def test_every_number_is_numpys_also_where_the_form_as_written_has_no_value(page: Page) -> None:
    rng = np.random.default_rng(0)
    Z = np.concatenate([scale * rng.standard_normal((8, 3)) for scale in (1, 5, 30, 400, 2000)])
    Z = np.concatenate([Z.clip(-1e4, 1e4).round(4), [[1e4, -1e4, 0], [0, 0, 0], [709.5, 709.5, 0], [-744, -745, -746]]])
    y = rng.integers(0, 3, len(Z))
    visited = page.evaluate(VISIT, [Z.tolist(), y.tolist()])
    for z, label, got in zip(Z, y, visited, strict=True):
        assert got["logits"] == z.tolist()
        assert got["y"] == label
        agree(got)
    lost = [None in got["written"]["probabilities"] for got in visited]
    assert 0 < sum(lost) < len(lost)


def test_what_is_written_and_drawn_is_what_was_computed(page: Page) -> None:
    for logits, y in (((2, 1, 0), 0), ((-1.5, 3.25, 0.1), 0), ((-1.5, 3.25, 0.1), 1), ((4, 4, -9), 2)):
        type_in(page, *logits)
        page.get_by_role("radio").nth(y).check()
        Z, label = np.array([logits], float), np.array([y])
        p, slope = sn.softmax(Z)[0], sn.cross_entropy_backward(Z, label)[0]
        for k, row in enumerate(page.evaluate(SHOWN)):
            assert row["number"] == logits[k]
            assert row["slider"] == pytest.approx(logits[k], abs=0.051)  # it has steps of a tenth
            assert row["bar"] == pytest.approx(p[k], abs=1e-9)
            assert row["gap"] == pytest.approx([float(k == y), p[k]], abs=1e-9)
            if p[k] >= 0.0005:
                assert row["texts"] == [f"{p[k]:.3f}", f"{slope[k]:.3f}"]
        said = page.locator(".sn-said").inner_text().replace("\u00a0", " ")
        assert f"Class {y} is true" in said
        assert f"−ln p, is {sn.cross_entropy(Z, label):.3f} nats" in said
        x, height = page.locator(".sn-curve circle").evaluate("node => [node.cx.baseVal.value, node.cy.baseVal.value]")
        assert (x - 34) / 200 == pytest.approx(p[y], abs=1e-6)
        assert 5.5 * (1 - (height - 14) / 110) == pytest.approx(min(sn.cross_entropy(Z, label), 5.5), abs=1e-5)
    assert page.evaluate(SHOWN)[2]["texts"] == ["1.1·10⁻⁶", "-1.000"]


def test_a_thousand_more_breaks_the_form_as_written_and_the_stable_one_does_not_notice(page: Page) -> None:
    type_in(page, 1.3, -0.7, 0.1)
    before = state(page)
    assert "Both forms give the same probabilities" in verdict(page)
    page.get_by_role("button", name="Add 1000").click()
    after = state(page)
    assert after["logits"] == [1001.3, 999.3, 1000.1]
    assert after["written"]["probabilities"] == [None] * 3
    np.testing.assert_allclose(after["stable"]["probabilities"], before["probabilities"], rtol=1e-12)
    assert page.locator(".sn-forms table").first.get_by_text("no value").count() == 4  # three classes and their sum
    assert page.locator(".sn-forms table").last.get_by_text("no value").count() == 0
    assert verdict(page).startswith("exp(1001.3) is larger than any float: ∞/\N{WORD JOINER}∞ has no value.")
    assert "does not notice" in verdict(page)
    page.get_by_role("button", name="Subtract 1000").click()
    assert state(page) == before  # to the last bit
    page.get_by_role("button", name="Subtract 1000").click()
    assert verdict(page).startswith(
        "exp(−998.7) is nearer to 0 than to any other float and becomes 0: 0/0 has no value."
    )
    page.get_by_role("button", name="Reset").click()
    assert state(page)["logits"] == [2, 1, 0]


def test_the_two_quiet_ways_to_be_wrong_are_named(page: Page) -> None:
    type_in(page, 709.5, 709.5, 709.5)
    assert state(page)["written"]["probabilities"] == [0, 0, 0]
    assert "their sum is larger than any" in verdict(page)
    type_in(page, -744, -744.3, -745)
    assert None not in state(page)["written"]["probabilities"]
    assert "keeps only its first digits" in verdict(page)
    type_in(page, 800, 0, 0)  # one class is lost, the others are 0
    assert state(page)["written"]["probabilities"] == [None, 0, 0]
    assert verdict(page).startswith("exp(800) is larger than any float: ∞/\N{WORD JOINER}∞ has no value.")


def test_a_hopeless_guess_still_has_a_finite_loss(page: Page) -> None:
    type_in(page, 0, 1000, 0)
    said = page.locator(".sn-said").inner_text()
    assert "rounded to 0" in said
    assert "the loss is still 1000.000 nats" in said
    assert "above the top" in page.locator(".sn-curve").get_attribute("aria-label")
    page.get_by_role("radio").nth(1).check()
    assert "hardly anything is left to learn" in page.locator(".sn-said").inner_text()


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
    slider = page.get_by_role("slider", name="Logit of class 1")
    slider.focus()
    for key in ["ArrowRight"] * 3 + ["ArrowDown"]:
        page.keyboard.press(key)
    assert state(page)["logits"] == [2, 1.2, 0]
    page.keyboard.press("End")
    assert state(page)["logits"] == [2, 5, 0]
    page.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    assert state(page)["y"] == 1
    page.get_by_label("Logit of class 2, as a number").focus()
    page.keyboard.press("ArrowUp")
    assert state(page)["logits"] == [2, 5, 0.1]
    page.get_by_role("button", name="Add 1000").press("Enter")
    assert state(page)["logits"] == [1002, 1005, 1000.1]
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert state(page)["logits"] == [1002, 1004.9, 1000.1]
    page.get_by_role("button", name="Reset").press(" ")
    assert (state(page)["logits"], state(page)["y"]) == ([2, 1, 0], 0)


def test_a_slider_reaches_whatever_was_typed(page: Page) -> None:
    type_in(page, 5000)
    assert page.evaluate(SHOWN)[0]["slider"] == 5000
    page.get_by_role("button", name="Reset").click()
    assert page.locator("input[type=range]").first.get_attribute("max") == "5"


def test_what_is_no_logit_gets_a_sentence_and_changes_nothing(page: Page) -> None:
    before = state(page)
    box, complaint = page.get_by_label("Logit of class 1, as a number"), page.locator(".sn-complaint")
    for typed in ("", "-", "1e", "10001", "-1e5", "1e999"):
        box.focus()
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.keyboard.type(typed)
        assert "The logit of class 1 must be a number from −10,000 to 10,000. Until then" in complaint.inner_text()
        assert box.get_attribute("aria-invalid") == "true"
        kept = state(page)["logits"][1]  # what was a number on the way, such as the 1000 of 10001, counted
        assert abs(kept) <= 1e4
        assert "NaN" not in page.locator("sn-softmax-explorer").inner_text()
        page.keyboard.press("Tab")
        assert box.input_value() == f"{kept:g}"
        assert box.get_attribute("aria-invalid") == "false"
        page.get_by_role("button", name="Reset").click()
        assert state(page) == before
        assert complaint.inner_text() == ""


def test_the_buttons_end_where_the_logits_end(page: Page) -> None:
    more, less = page.get_by_role("button", name="Add 1000"), page.get_by_role("button", name="Subtract 1000")
    for button, limit in ((more, 9002), (less, -10000)):
        page.get_by_role("button", name="Reset").click()
        for _ in range(12):
            if button.is_enabled():
                button.click()
        assert button.is_disabled()
        assert state(page)["logits"][0] in (limit, limit + 2)
        assert max(map(abs, state(page)["logits"])) <= 10000


def test_it_fits_a_phone_and_a_thumb(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    address = alone(softmax_explorer([5, -5, 0.1, 1, -3], y=1), tmp_path_factory.mktemp("phone"))
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Add 1000").tap()
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".sn-live *").evaluate_all(RIGHT) <= width - 8
    targets = page.locator("sn-softmax-explorer :is(button, input:not([type=radio]), label)")
    boxes = targets.evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().toJSON())")
    assert len(boxes) == 3 + 5 * 3
    assert min(box["height"] for box in boxes) >= 38
    assert min(box["width"] for box in boxes) >= 38
    assert min(page.evaluate(LETTERS)) >= 12
    context.close()


def test_two_figures_on_a_page_live_side_by_side(shared: Watched, tmp_path_factory: pytest.TempPathFactory) -> None:
    class Two(Figure):
        def _repr_html_(self) -> str:
            return softmax_explorer()._repr_html_() + softmax_explorer([1, 2, 3, 4], y=2)._repr_html_()

    open_alone(shared.page, Two("", {}, ""), tmp_path_factory.mktemp("two"))
    shared.page.get_by_role("radio").nth(1).check()
    labels = "[...document.querySelectorAll('sn-softmax-explorer')].map(node => node.figure.y)"
    assert shared.page.evaluate(labels) == [1, 2]
    assert shared.page.get_by_role("radio", checked=True).count() == 2
    assert shared.complaints == []


def test_without_a_true_class_nothing_is_said_of_loss(
    shared: Watched, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = shared.page
    open_alone(page, softmax_explorer([3, -2, 0.5, 1], y=None), tmp_path_factory.mktemp("none"))
    assert page.get_by_role("radio").count() == 0
    text = page.locator(".sn-live").inner_text()
    assert "loss" not in text
    assert "y" not in text.split()
    np.testing.assert_allclose(state(page)["probabilities"], sn.softmax(np.array([[3, -2, 0.5, 1]]))[0], rtol=1e-12)
    page.get_by_role("button", name="Add 1000").click()
    assert verdict(page).startswith("exp(1003) is larger than any float")
    assert shared.violations() == []
    assert shared.complaints == []


def test_the_static_tables_are_there_in_print_and_without_a_script(page: Page, browser: Browser, address: str) -> None:
    with without_scripts(page, browser, address) as still:
        assert still.locator(".sn-static table").count() == 2
        assert still.get_by_text("∞/∞ has no value").is_visible()
        box = still.locator(".sn-static table").first.bounding_box()
        assert box["x"] + box["width"] <= PHONE["width"] - 8


def test_the_figure_breaks_no_rule_of_accessibility_in_light_and_dark(shared: Watched, address: str) -> None:
    shared.page.goto(address)
    shared.page.get_by_label("Logit of class 1, as a number").fill("")
    shared.page.get_by_role("button", name="Add 1000").click()
    assert shared.violations_in_light_and_dark() == []
