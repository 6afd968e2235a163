"""The derivative graph in a real browser: the numbers of `walk_back` for whatever is typed, and words for mistakes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from browser_page import PHONE, Watched, alone, without_scripts
from playwright.sync_api import Browser, Page

from scratchnet.autodiff import Node, walk_back
from scratchnet.figures import derivative_graph
from scratchnet.figures.derivative_graph import EXPRESSIONS

pytestmark = pytest.mark.site

FIGURE = "document.querySelector('sn-derivative-graph').figure"
RUN = f"""states => states.map(state => {{
    const figure = {FIGURE};
    figure.set(state);
    const kept = figure.nodes.filter(node => node.kind in figure.values);
    return {{
        value: figure.nodes.at(-1).value,
        gradients: Object.fromEntries(kept.map(node => [node.kind, node.gradient])),
    }};
}})"""
NAMES = {"relu": lambda x: np.maximum(x, 0), "exp": np.exp, "log": np.log, "tanh": np.tanh}
TYPED = (
    "x",
    "-x*-w - .5",
    "2 * (x - 3) / (1 + w * w) - b / 4",
    "x - w - b",
    "x / (w * w + 1) / 2",
    "tanh(tanh(x) * relu(w)) + log(exp(b) + 1)",
    "x * x * x * x",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return alone(derivative_graph(), tmp_path_factory.mktemp("figure"))


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    yield page
    assert "NaN" not in page.locator("sn-derivative-graph").inner_text()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def said(page: Page) -> str:
    return page.locator(".sn-said").inner_text()


def by_python(text: str, values: dict[str, float]) -> dict[str, Any]:
    leaves = {name: Node(np.float64(value)) for name, value in values.items()}
    end = eval(text, {**NAMES, **leaves})
    arrived = walk_back(end)
    gradients = {name: float(arrived[leaf]) for name, leaf in leaves.items() if leaf in arrived}
    return {"value": float(end.value), "gradients": gradients}


def test_every_number_is_that_of_the_module(page: Page) -> None:
    rng = np.random.default_rng(0)
    states = [
        {"text": text, "values": dict(zip("xwb", map(float, draw), strict=True))}
        for text in (*EXPRESSIONS, *TYPED)
        for draw in (*rng.normal(size=(5, 3)), *rng.integers(-2, 3, (5, 3)))
    ]
    for state, got in zip(states, page.evaluate(RUN, states), strict=True):
        want = by_python(**state)
        assert got["value"] == pytest.approx(want["value"], rel=1e-12, abs=1e-12)
        assert got["gradients"] == pytest.approx(want["gradients"], rel=1e-12, abs=1e-12)


def test_it_goes_forward_node_by_node_and_back_with_words(page: Page) -> None:
    page.get_by_role("combobox").select_option("x * x + w * x")
    assert "The start." in said(page)
    heard = []
    for _ in range(6):
        press(page, "Next")
        heard.append(said(page))
    assert heard[0] == "Forward, step 1 of 3. u₁ = x · x = 2 · 2 = 4."
    assert heard[2].startswith("Forward, step 3 of 3. u₃ = u₁ + u₂ = 4 + 6 = 10. This is the end.")
    assert heard[3].startswith(
        "Back, step 1 of 3. At u₃ has arrived 1. It hands down 1 · 1 = 1 to u₁, and 1 · 1 = 1 to u₂."
    )
    assert "1 · 2 = 2 to x, and 1 · 2 = 2 to x. Where several parts arrive they are added." in heard[4] + heard[5]
    assert page.get_by_role("button", name="Next").get_attribute("aria-disabled") == "true"
    assert "x, value 2, gradient 7" in page.locator("sn-derivative-graph svg").get_attribute("aria-label")
    press(page, "Start")
    assert "gradient" not in page.locator("sn-derivative-graph svg").get_attribute("aria-label")


def test_a_slider_changes_the_numbers_and_keeps_the_step(page: Page) -> None:
    press(page, "End")
    before = page.evaluate(f"{FIGURE}.step")
    page.get_by_role("slider", name="x", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(f"[{FIGURE}.values.x, {FIGURE}.step]") == [1.5, before]
    want = by_python(EXPRESSIONS[0], {"x": 1.5, "w": 3, "b": -1})
    assert page.evaluate(f"{FIGURE}.nodes.at(-1).value") == pytest.approx(want["value"])


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("sin(x)", "“sin” has no rule here"),
        ("x +", "Something is missing at the end"),
        ("", "Something is missing at the end"),
        ("relu x", "A bracket ( is missing before x"),
        ("relu", "A bracket ( is missing at the end"),
        ("(x", "A bracket ) is missing"),
        ("x x", "“x”, which does not fit"),
        ("x % w", "“%”, which does not fit"),
        ("+".join("x" * 30), "more than 24 nodes"),
        ("x", "a leaf alone"),
    ],
)
def test_what_is_typed_wrong_gets_a_sentence(page: Page, typed: str, sentence: str) -> None:
    field = page.get_by_role("textbox")
    field.fill(typed)
    assert sentence in said(page)
    assert field.get_attribute("aria-invalid") == str(typed != "x").lower()
    field.fill("x * w")
    assert field.get_attribute("aria-invalid") == "false"
    press(page, "End")
    assert "Back, step 1 of 1." in said(page)


def test_an_overflow_and_a_logarithm_of_nothing_are_said_in_words(page: Page) -> None:
    page.get_by_role("textbox").fill("log(x - x) + exp(exp(exp(w * 3)))")
    press(page, "End")
    assert "not a number" in page.locator("sn-derivative-graph").inner_text()


def test_it_fits_a_phone_and_can_be_used_by_keys(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Next", exact=True).focus()
    for _ in range(30):
        page.keyboard.press("Enter")
    assert page.evaluate(f"{FIGURE}.step === {FIGURE}.last")
    assert page.evaluate("document.activeElement.textContent") == "Next"
    for text in EXPRESSIONS:
        page.get_by_role("combobox").select_option(text)
        press(page, "End")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        outside = page.locator("sn-derivative-graph").evaluate("""element => {
            const all = element.getBoundingClientRect();
            return [...element.querySelectorAll("svg .sn-node")].filter(node => {
                const box = node.getBoundingClientRect(), paper = node.querySelector("rect").getBoundingClientRect();
                return box.width > paper.width + 6 || box.left < all.left || box.right > all.right;
            }).map(node => node.textContent);
        }""")
        assert outside == []
    targets = page.locator("sn-derivative-graph").evaluate("""element => [...element.querySelectorAll(
        "button, select, input[type=text]")].map(node => node.getBoundingClientRect().height)""")
    assert min(targets) >= 36
    context.close()


def test_the_table_is_there_without_a_script(page: Page, browser: Browser, address: str) -> None:
    with without_scripts(page, browser, address, {"width": 320, "height": 700}) as still:
        assert still.get_by_text("a = relu(v)").is_visible()
        assert still.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_figure_breaks_no_rule_of_accessibility_in_light_and_dark(shared: Watched, address: str) -> None:
    shared.page.goto(address)
    press(shared.page, "End")
    assert shared.violations_in_light_and_dark() == []
