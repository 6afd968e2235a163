"""The backprop stepper in a real browser: NumPy's numbers at every step, lit together, and words for every oddity."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from browser_page import PHONE, Watched, alone, without_scripts
from playwright.sync_api import Browser, Page

import scratchnet as sn
from scratchnet.figures import backprop_stepper
from scratchnet.figures.backprop_stepper import BACKWARD, FORWARD, PAPER, SIZES

pytestmark = pytest.mark.site

FIGURE = "document.querySelector('sn-backprop-stepper').figure"
RUN = f"""states => {{
    const figure = {FIGURE};
    return states.map(state => {{
        figure.set(state);
        return {{...figure.pass, slopes: state.theta.concat(state.x).map((_, index) => figure.central(index).slope)}};
    }});
}}"""
# What is lit: the titles of the boxes, and on the way back, on each arrow, local derivative and upstream gradient.
LIT = """() => {
    const all = kind => Array.from(document.querySelectorAll(`sn-backprop-stepper .${kind}`), node => node.textContent);
    const texts = node => Array.from(node.querySelectorAll("text"), text => text.textContent);
    return {
        nodes: Array.from(document.querySelectorAll(".sn-node.sn-lit"), node => texts(node)[0]),
        labels: Array.from(document.querySelectorAll(".sn-label.sn-lit"), texts),
        arrows: document.querySelectorAll(".sn-arrow.sn-lit").length,
        code: all("sn-code .sn-lit"),
        formulas: all("sn-equations > div"),
    };
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return alone(backprop_stepper(), tmp_path_factory.mktemp("figure"))


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    yield page
    assert "Infinity" not in page.locator("sn-backprop-stepper").inner_text()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def choose(page: Page, name: str) -> None:
    page.get_by_role("combobox").select_option(label=next(o for o in options(page) if o.startswith(f"{name},")))


def options(page: Page) -> list[str]:
    return page.get_by_role("combobox").locator("option").all_inner_texts()


def fill(page: Page, value: str) -> None:
    page.get_by_role("spinbutton").fill(value)


def outcome(page: Page) -> str:
    return page.locator(".sn-outcome").inner_text()


def number(text: str) -> float:
    return float(text.replace("−", "-").removesuffix(" ×"))


def by_numpy(theta: list[float], x: list[float], y: int) -> dict[str, np.ndarray]:
    """Every number of both passes, by the module; and the central differences of all twelve parameters and of x."""
    params = sn.Parameters(SIZES, np.float64)
    params.theta[:] = theta
    X, labels = np.array([x], float), np.array([y])
    Z, cache = sn.forward(params, X)
    ds = sn.cross_entropy_backward(Z, labels)
    grads = sn.backward(params, cache, ds)
    da, _, _ = sn.linear_backward(ds, cache[2], params.layers[1].W)
    dz = sn.relu_backward(da, cache[1])
    dx, _, _ = sn.linear_backward(dz, X, params.layers[0].W)

    def loss(_: np.ndarray) -> float:
        return sn.cross_entropy(sn.forward(params, X)[0], labels)

    slopes = [sn.numerical_gradient(loss, array, eps=1e-6).ravel() for array in (params.theta, X)]
    numbers = {
        "x": X, "z": cache[1], "a": cache[2], "s": Z, "p": sn.softmax(Z), "loss": loss(X),
        "ds": ds, "da": da, "dz": dz, "dx": dx,
        "dW1": grads.layers[0].W, "db1": grads.layers[0].b, "dW2": grads.layers[1].W, "db2": grads.layers[1].b,
        "slopes": np.concatenate(slopes),
    }  # fmt: skip
    return {name: np.ravel(array) for name, array in numbers.items()}


def states() -> Iterator[dict]:
    rng = np.random.default_rng(0)
    for scale in (0.3, 1, 3):
        for _ in range(15):
            theta, x = scale * rng.normal(size=12), rng.normal(size=2)
            yield {"theta": theta.tolist(), "x": x.tolist(), "y": int(rng.integers(2))}
    for _ in range(40):  # whole numbers: units that are off, and units on the kink
        theta, x = rng.integers(-2, 3, 12), rng.integers(-2, 3, 2)
        yield {"theta": theta.tolist(), "x": x.tolist(), "y": int(rng.integers(2))}


def test_every_number_is_numpy_s_on_random_networks(page: Page) -> None:
    asked = list(states())
    kinks = 0
    for state, got in zip(asked, page.evaluate(RUN, asked), strict=True):
        want = by_numpy(**state)
        assert got.keys() == want.keys()
        for name, values in want.items():
            tolerance = 1e-7 if name == "slopes" else 1e-12
            np.testing.assert_allclose(got[name], values, rtol=tolerance, atol=tolerance, err_msg=name)
        kinks += bool((want["z"] == 0).any())
    assert kinks > 5


def test_numbers_set_by_hand_go_through_the_same_walk(page: Page) -> None:
    rng = np.random.default_rng(1)
    theta, x = [float(value) for value in PAPER], [1.0, 2.0]
    for index, name in enumerate(options(page)):
        page.get_by_role("combobox").select_option(label=name)
        assert f"Value of {name}" == page.get_by_role("spinbutton").get_attribute("aria-label")
        value = round(float(rng.normal()), 3)
        fill(page, str(value))
        (theta if index < 12 else x)[index % 12] = value
        press(page, "Nudge it and compare")
        want = by_numpy(theta, x, 0)
        gradient = np.concatenate([want[name] for name in ("dW1", "db1", "dW2", "db2", "dx")])[index]
        nudged = page.evaluate(f"{FIGURE}.nudged")
        assert nudged["gradient"] == pytest.approx(gradient, abs=1e-12)
        assert nudged["slope"] == pytest.approx(want["slopes"][index], abs=1e-9)
        said = [number(found) for found in re.findall(r"(?:2h: |says )(−?[\d.]+(?:e-\d+)?)\. ", outcome(page))]
        assert said == pytest.approx([want["slopes"][index], gradient], abs=1e-5)
        assert "They agree." in outcome(page)
    press(page, "second image")
    assert "the second class is right: the loss is 5.01" in outcome(page)
    want, got = by_numpy(list(PAPER), [2, 1], 1), page.evaluate(f"{FIGURE}.pass")
    assert all(np.allclose(got[name], want[name], atol=1e-12) for name in got)


def test_boxes_arrows_formula_and_line_of_code_light_up_together(page: Page) -> None:
    want = by_numpy(list(PAPER), [1, 2], 0)
    W1, W2 = np.reshape(PAPER[:4], (2, 2)), np.reshape(PAPER[6:10], (2, 2))
    x, a, ds, dz, da = np.array([1, 2]), want["a"], want["ds"], want["dz"], want["da"]
    pairs = [(i, j) for i in (0, 1) for j in (0, 1)]
    steps = [
        (["z₁", "z₂"], 6, FORWARD[:1], "zh", None),
        (["a₁", "a₂"], 2, FORWARD[1:2], "ah", None),
        (["s₁", "s₂"], 6, FORWARD[2:3], "sk", None),
        (["loss"], 2, FORWARD[3:], "p", None),
        (["s₁", "s₂", "loss"], 2, BACKWARD[:1], "dsk", [(ds[0], 1), (ds[1], 1)]),
        ([], 4, BACKWARD[1:2], "(dW2)hk", [(a[h], ds[k]) for h, k in pairs]),
        ([], 2, BACKWARD[2:3], "(db2)k", [(1, ds[0]), (1, ds[1])]),
        (["a₁", "a₂"], 4, BACKWARD[3:4], "dah", [(W2[h, k], ds[k]) for h, k in pairs]),
        (["z₁", "z₂"], 2, BACKWARD[4:5], "dzh", [(1, da[0]), (1, da[1])]),
        ([], 4, BACKWARD[5:6], "(dW1)dh", [(x[d], dz[h]) for d, h in pairs]),
        ([], 2, BACKWARD[6:7], "(db1)h", [(1, dz[0]), (1, dz[1])]),
        (["x₁", "x₂"], 4, BACKWARD[7:], "dxd", [(W1[d, h], dz[h]) for d, h in pairs]),
    ]
    press(page, "Start")
    assert page.evaluate(LIT)["code"] == []
    for nodes, arrows, code, formula, products in steps:
        press(page, "Next")
        lit = page.evaluate(LIT)
        assert lit["nodes"] == nodes
        assert lit["arrows"] == arrows
        assert lit["code"] == list(code)
        assert lit["formulas"][0].split(" = ")[0] == formula
        if products:
            got = sorted((number(local), number(upstream)) for local, upstream in lit["labels"])
            three_digits = sorted((float(f"{local:.3g}"), float(f"{upstream:.3g}")) for local, upstream in products)
            np.testing.assert_allclose(got, three_digits)
        else:
            assert lit["labels"] == []
    assert page.get_by_role("button", name="Next").get_attribute("aria-disabled") == "true"
    assert lit["formulas"][1:] == [
        "dx1 = 1·(−0.538) + (−1)·1.08 = −1.61 = −6q",
        "dx2 = 1·(−0.538) + 1·1.08 = 0.538 = 2q",
    ]


def test_the_graph_ends_as_the_one_on_paper(page: Page) -> None:
    press(page, "End")
    want = by_numpy(list(PAPER), [1, 2], 0)
    shown = page.locator(".sn-node text").all_text_contents()
    shown = {shown[i]: tuple(map(number, shown[i + 1 : i + 3])) for i in range(0, len(shown), 3)}
    assert shown.pop("loss") == (round(want["loss"][0], 3), 1)
    for name in "xzas":
        for i in (0, 1):
            got = shown.pop(name + "₁₂"[i])
            assert got == pytest.approx((want[name][i], want[f"d{name}"][i]), abs=0.006)
    assert shown == {}
    assert "dx −1.61, 0.538" in page.locator("sn-backprop-stepper svg").get_attribute("aria-label")


def test_a_unit_on_the_kink_is_named_and_so_is_a_nudge_across_it(page: Page) -> None:
    choose(page, "b1[1]")
    fill(page, "-1")
    assert "z₂ is exactly 0" in page.locator(".sn-notice").inner_text()
    press(page, "Nudge it and compare")
    nudged = page.evaluate(f"{FIGURE}.nudged")
    theta = [*PAPER[:5], -1, *PAPER[6:]]
    want = by_numpy(theta, [1, 2], 0)
    assert nudged["gradient"] == want["db1"][1] == 0
    assert nudged["slope"] == pytest.approx(want["slopes"][5], abs=1e-8)
    assert nudged["slope"] > 0.01
    assert "kink" in outcome(page)
    press(page, "Next")
    (on, first), (kink, second) = page.evaluate(LIT)["labels"]
    assert (on, kink) == ("1 ×", "0 ×")  # dZ1 = dA1 * (Z1 > 0)
    assert (number(first), number(second)) == pytest.approx(tuple(want["da"]), abs=1e-4)
    press(page, "More by 0.5")
    assert page.locator(".sn-notice").inner_text() == ""
    assert page.get_by_role("spinbutton").input_value() == "-0.5"
    press(page, "second image")
    assert "Unit 2 is off" in page.locator(".sn-said").inner_text()


def test_what_cannot_be_a_number_is_refused_in_words(page: Page) -> None:
    before = page.evaluate(f"{FIGURE}.pass")
    choose(page, "W2[1, 0]")
    field = page.get_by_role("spinbutton")
    fill(page, "")
    assert outcome(page) == "W2[1, 0] needs a number. Until you type one, it stays at −2."
    assert field.get_attribute("aria-invalid") == "true"
    assert page.evaluate(f"{FIGURE}.pass") == before
    field.press_sequentially("-1.5")
    assert field.get_attribute("aria-invalid") == "false"
    assert "W2[1, 0] is −1.5: the loss went from 0.127 to 0.201." in outcome(page)
    field.press_sequentially("e999")
    assert outcome(page).startswith("W2[1, 0] needs a number.")
    press(page, "first image")
    assert field.input_value() == "-2"
    assert field.get_attribute("aria-invalid") != "true"


def test_an_overflow_ends_the_walk_in_words(page: Page) -> None:
    press(page, "End")
    backward = {
        "W1[0, 1]": "1e200",
        "W1[1, 0]": "-1e200",
        "W1[1, 1]": "1e-200",
        "W2[1, 0]": "-1e200",
        "X[0, 0]": "1e-200",
    }
    for edits, missing, last in (
        ({"X[0, 0]": "1e200", "W1[0, 0]": "1e200"}, "z", 0),
        ({"W1[0, 0]": "1e155", "W2[0, 0]": "1e155"}, "s", 2),
        ({"W2[0, 0]": "-8e307", "W2[0, 1]": "8e307"}, "loss", 3),
        ({"W1[0, 0]": "1e155", "W2[0, 1]": "1e155", "b2[0]": "-1e300", "W2[0, 0]": "0"}, "s", 2),
        (backward, "dx", 11),
    ):
        press(page, "first image")
        for name, value in edits.items():
            choose(page, name)
            fill(page, value)
        assert page.evaluate(f"[{FIGURE}.missing, {FIGURE}.shown]") == [missing, last]
        assert f"Overflow: in {missing} " in page.locator(".sn-notice").inner_text()
        press(page, "Nudge it and compare")
        assert "overflow" in outcome(page)
        assert "NaN" not in page.locator("sn-backprop-stepper").inner_text()
        assert "∞" not in page.locator("sn-backprop-stepper").inner_text()
    press(page, "first image")
    assert page.locator(".sn-notice").inner_text() == ""


def test_numbers_too_large_to_nudge_and_answers_too_sure_get_a_sentence(page: Page) -> None:
    choose(page, "b2[0]")
    fill(page, "1e15")
    press(page, "Nudge it and compare")
    assert "They agree." in outcome(page)  # 0, and 0
    for _ in range(3):
        press(page, "Previous")
    assert "nothing comes back" in page.locator(".sn-said").inner_text()
    fill(page, "-1e15")
    press(page, "Nudge it and compare")
    assert "changes nothing in a number as large" in outcome(page)
    press(page, "Previous")
    assert "rounds to 0" in page.locator(".sn-said").inner_text()
    choose(page, "W2[0, 0]")
    press(page, "Nudge it and compare")
    assert "rounding and the bend" in outcome(page)


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
    following = page.get_by_role("button", name="Next", exact=True)
    following.focus()
    for _ in range(9):  # some of them too many
        page.keyboard.press("Enter")
    assert page.evaluate(f"{FIGURE}.shown") == 12
    assert page.evaluate("document.activeElement.textContent") == "Next"  # at the end, too
    page.keyboard.press("Shift+Tab")
    for _ in range(9):
        page.keyboard.press(" ")
    assert page.evaluate(f"{FIGURE}.shown") == 3
    page.get_by_role("combobox").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(f"{FIGURE}.chosen") == 1
    for key in ("Tab", "Tab", "ArrowUp", "Tab", "Enter"):  # −, the number, half a step up, +, and once more
        page.keyboard.press(key)
    assert page.evaluate(f"{FIGURE}.theta[1]") == 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "Nudge W1[0, 1]" in outcome(page)


def test_a_number_can_be_chosen_in_the_graph(page: Page) -> None:
    for at, index in ((0, 0), (3, 3), (4, 4), (6, 6), (11, 11), (12, 12), (13, 13)):
        page.locator(".sn-choice").nth(at).click()
        assert page.evaluate(f"{FIGURE}.chosen") == index
        assert page.get_by_role("combobox").input_value() == str(index)
        assert page.locator(".sn-chosen").count() == 1


def test_it_fits_a_phone_and_its_targets_a_finger(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    for name in ("Start", "End"):
        page.get_by_role("button", name=name, exact=True).tap()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    sizes = page.locator("sn-backprop-stepper").evaluate("""element => ({
        targets: Array.from(element.querySelectorAll("button, select, input, .sn-choice > rect"),
            node => node.getBoundingClientRect()).map(box => Math.min(box.width, box.height)),
        letters: 13.5 * element.querySelector("svg").getBoundingClientRect().width / 310,
        outside: Array.from(element.querySelectorAll("svg text")).filter(node => {
            const box = node.getBoundingClientRect(), all = element.getBoundingClientRect();
            return box.width && (box.left < all.left || box.right > all.right);
        }).length,
    })""")
    assert min(sizes["targets"]) >= 38
    assert sizes["letters"] >= 12
    assert sizes["outside"] == 0
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()


def test_the_table_is_there_in_print_and_without_a_script(page: Page, browser: Browser, address: str) -> None:
    with without_scripts(page, browser, address, {"width": 320, "height": 700}) as still:
        assert still.get_by_text("dA1 = dZ2 @ W2.T").is_visible()
        assert still.get_by_text("(−2)·(−0.269) + 2·0.269 = 1.08").is_visible()
        assert still.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_figure_breaks_no_rule_of_accessibility_in_light_and_dark(shared: Watched, address: str) -> None:
    shared.page.goto(address)
    assert shared.violations_in_light_and_dark() == []
    press(shared.page, "Start")
    choose(shared.page, "X[0, 1]")
    fill(shared.page, "")
    assert shared.violations_in_light_and_dark() == []
