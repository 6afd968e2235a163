"""Bets in a real browser: an answer is covered until the reader has bet, guesses stand beside results at the end."""

import re
from collections.abc import Iterator

import pytest
from browser_page import DESKTOP, PHONE, Watched, click
from common import HTML
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.site

ADDRESS = (HTML / "book" / "03-softmax.html").as_uri()
SEEN = "node => node.checkVisibility({contentVisibilityAuto: false}) && node.getBoundingClientRect().height > 0"
FOCUSED = "document.activeElement.textContent"


@pytest.fixture
def page(shared: Watched) -> Iterator[Page]:
    shared.page.goto(ADDRESS)
    yield shared.page
    assert shared.complaints == []


def bet(page: Page, number: int = 1) -> Locator:
    return page.locator(f"div.bet[data-bet='{number}']")


def answer(page: Page, number: int = 1) -> Locator:
    return page.locator(f"#bet-{number}-result")


def see(place: Locator) -> None:
    """Wait until this is in sight: the page lays it out a moment after it has uncovered it."""
    place.page.wait_for_function(SEEN, arg=place.element_handle())


def place(page: Page) -> None:
    """Bet, in chapter 3, that least squares is the more confident, and too modest."""
    bet(page).get_by_label("least squares").check()
    bet(page).get_by_label("below its accuracy").check()
    click(bet(page).get_by_role("button", name="Place the bet"))


def count(page: Page, number: str = "7000", words: str = "I would print one") -> None:
    bet(page, 2).get_by_label("still numbers").fill(number)
    bet(page, 2).get_by_label("how to find out").fill(words)
    click(bet(page, 2).get_by_role("button", name="Place the bet"))


def test_the_answer_is_covered_until_the_reader_has_bet_and_the_bet_is_remembered(page: Page) -> None:
    assert not answer(page).evaluate(SEEN)
    assert bet(page).locator("xpath=following-sibling::p[1]").evaluate(SEEN), "what helps to think stays in sight"
    assert not bet(page, 2).get_by_label("still numbers").get_attribute("inputmode"), "a keyboard with a minus sign"
    bet(page).scroll_into_view_if_needed()
    expect(bet(page).get_by_role("button", name="Place the bet")).to_be_visible()
    assert "Your bet: ____" not in bet(page).inner_text()
    place(page)
    see(answer(page))
    assert not answer(page, 2).evaluate(SEEN)
    said = "Your bet: more confident: least squares; its confidence: below its accuracy."
    assert page.evaluate(FOCUSED).startswith(said)
    page.reload()
    expect(bet(page).locator(".bet-line")).to_contain_text(said)
    see(answer(page))


def test_a_bet_can_be_changed_while_its_answer_stays_open(page: Page) -> None:
    place(page)
    click(bet(page).get_by_role("button", name="Change it"))
    see(answer(page))
    assert bet(page).get_by_label("least squares").is_checked()
    bet(page).get_by_label("nearest mean").check()
    click(bet(page).get_by_role("button", name="Place the bet"))
    expect(bet(page)).to_contain_text("more confident: nearest mean", use_inner_text=True)


def test_half_a_bet_is_none_and_a_sentence_says_what_is_missing(page: Page) -> None:
    bet(page).get_by_label("least squares").check()
    click(bet(page).get_by_role("button", name="Place the bet"))
    expect(bet(page).get_by_role("status")).to_have_text("Say first what you think; a rough guess will do.")
    assert page.evaluate("document.activeElement.value") == "above its accuracy"
    assert not answer(page).evaluate(SEEN)
    count(page, number="many")
    expect(bet(page, 2).get_by_role("status")).to_have_text("Write a number first; a rough guess will do.")
    assert not answer(page, 2).evaluate(SEEN)


def test_nobody_has_to_bet(page: Page) -> None:
    click(bet(page).get_by_role("button", name="Read on without a bet"))
    see(answer(page))
    assert not answer(page, 2).evaluate(SEEN)
    page.reload()
    see(answer(page))
    assert page.locator("#your-bets").count() == 0
    click(bet(page, 2).get_by_role("button", name="Leave all bets open"))
    see(answer(page, 2))
    page.goto(ADDRESS.replace("03-softmax", "05-hidden-layer"))
    assert all(answer(page, number).evaluate(SEEN) for number in (1, 2, 3, 4))
    click(bet(page, 2).get_by_role("button", name="Cover answers until I have bet"))
    assert not any(answer(page, number).evaluate(SEEN) for number in (1, 2, 3, 4))


def test_at_the_end_guesses_stand_beside_results(page: Page) -> None:
    count(page)
    place(page)
    shown = page.locator("#your-bets")
    assert shown.locator("xpath=following-sibling::*[1]").get_attribute("id") == "exercises"
    shown.scroll_into_view_if_needed()
    # The list's text is there once its part of the page has been laid out: these wait for that.
    expect(shown.locator("li").nth(0)).to_have_text(
        "Which of the two models is the more confident one, on average? And is its confidence above or below its "
        "accuracy? Your bet more confident: least squares; its confidence: below its accuracy What came out nearest "
        "mean right 80%, confidence 89% … least squares right 85%, confidence 16% (there)",
        use_inner_text=True,
    )
    expect(shown.locator("li").nth(1)).to_contain_text(
        "still numbers: 7000 of 7,840; how to find out: I would print one", use_inner_text=True
    )
    row = shown.locator("li").first.locator("p")
    left, right = row.nth(1).bounding_box(), row.nth(2).bounding_box()
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    assert left["width"] > 200
    there = shown.get_by_role("link", name="Where bet 1 is settled")
    click(there)
    page.wait_for_function("document.getElementById('bet-1-result').getBoundingClientRect().top < innerHeight / 3")


@pytest.mark.parametrize("how", ["loading", "a link"])
def test_a_link_to_what_is_covered_uncovers_it_and_the_bet_may_still_be_placed(page: Page, how: str) -> None:
    if how == "loading":
        page.goto("about:blank")
        page.goto(f"{ADDRESS}#bet-2-result")
    else:
        page.evaluate("document.querySelector('article p').innerHTML = '<a href=\"#bet-2-result\">there</a>'")
        click(page.locator("a[href='#bet-2-result']"))
    page.wait_for_function("""() => {
        const {top} = document.getElementById("bet-2-result").getBoundingClientRect();
        return -1 < top && top < innerHeight / 3;
    }""")
    assert not answer(page).evaluate(SEEN)
    count(page)
    assert page.locator("#your-bets li").count() == 1


def test_what_is_covered_is_found_by_the_search_of_the_browser(page: Page) -> None:
    hidden = page.locator(".bet-covered").evaluate_all("nodes => nodes.map(node => node.getAttribute('hidden'))")
    assert set(hidden) == {"until-found"}
    answer(page).evaluate("node => node.dispatchEvent(new Event('beforematch', {bubbles: true}))")
    see(answer(page))
    assert not answer(page, 2).evaluate(SEEN)


def test_a_bet_is_placed_with_the_keyboard_alone(page: Page) -> None:
    bet(page).evaluate("node => { node.tabIndex = -1; node.focus(); }")
    for key in ("Tab", "ArrowDown", "Tab", "Space", "Enter"):  # the second choice of the first, the first of the second
        page.keyboard.press(key)
    assert page.evaluate(FOCUSED).startswith(
        "Your bet: more confident: least squares; its confidence: above its accuracy"
    )
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Change it"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.type") == "radio"


def test_two_tabs_do_not_take_bets_from_each_other(page: Page) -> None:
    other = page.context.new_page()
    other.goto(ADDRESS)
    place(page)
    other.wait_for_function("document.querySelector('div.bet .bet-line').textContent.startsWith('Your bet:')")
    count(other)
    page.reload()
    assert page.locator("#your-bets li").count() == 2
    other.close()


def test_without_storage_bets_are_placed_all_the_same(browser: Browser) -> None:
    context = browser.new_context(viewport=DESKTOP)
    watched = Watched(context.new_page())
    for name in ("localStorage", "sessionStorage"):
        forbidden = "{configurable: true, get() { throw new Error('forbidden'); }}"
        watched.page.add_init_script(f"Object.defineProperty(window, '{name}', {forbidden})")
    watched.page.goto(ADDRESS)
    place(watched.page)
    assert answer(watched.page).evaluate(SEEN)
    count(watched.page)
    assert watched.page.locator("#your-bets li").count() == 2
    assert watched.complaints == []
    context.close()


@pytest.mark.parametrize("media", ["screen", "print"])
def test_without_scripts_and_on_paper_everything_is_open(browser: Browser, media: str) -> None:
    context = browser.new_context(java_script_enabled=media == "print", viewport=PHONE)
    page = context.new_page()
    page.goto(ADDRESS)
    page.emulate_media(media=media)
    drawn = "node => node.checkVisibility({contentVisibilityAuto: true}) && node.getBoundingClientRect().height > 0"
    assert all(answer(page, number).evaluate(drawn) for number in (1, 2))
    assert not page.locator("div.bet input").first.is_visible()
    if media == "screen":
        expect(bet(page)).to_have_text(re.compile(r"Your bet: ____$"), use_inner_text=True)
    context.close()


def test_bets_are_sound_on_a_phone_in_light_and_dark(shared: Watched) -> None:
    page = shared.page
    page.set_viewport_size(PHONE)
    page.goto(ADDRESS)
    sizes = page.locator(".bet-place input").evaluate_all(
        "nodes => nodes.map(n => parseFloat(getComputedStyle(n).fontSize))"
    )
    assert min(sizes) >= 16, "a phone would zoom"
    place(page)
    page.evaluate("document.querySelectorAll('#your-bets, .bet').forEach(node => node.scrollIntoView())")
    shared.settle()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert shared.violations_in_light_and_dark() == []
