"""Folds in a real browser: opened by a click, a key, or a link, also without scripts; and open on paper."""

import re

import pytest
from browser_page import PHONE, Watched
from common import HTML
from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.site

ADDRESS = (HTML / "book" / "00-refresher.html").as_uri()
FOLD = "details.deeper"
IS_OPEN = "node => node.open"
NEAR_THE_TOP = "node => -1 < node.getBoundingClientRect().top && node.getBoundingClientRect().top < innerHeight / 3"
DRAWN = "node => node.checkVisibility({contentVisibilityAuto: true}) && node.getBoundingClientRect().height > 0"


def target(page: Page) -> str:
    page.goto(ADDRESS)
    return page.locator(f"{FOLD} > section").first.get_attribute("id")


def until(node: Locator, script: str) -> None:
    """Wait until this is true of the node: asked from here, since a page without scripts has no clock."""
    for _ in range(200):
        if node.evaluate(script):
            return
        node.page.wait_for_timeout(50)
    pytest.fail(f"this never became true: {script}")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_link_to_a_fold_or_into_it_opens_it_and_lands_on_it(browser: Browser, scripts: bool) -> None:
    context = browser.new_context(java_script_enabled=scripts, reduced_motion="reduce", viewport=PHONE)
    page = context.new_page()
    name = target(page)
    assert not re.search(r"-\d+-min$", name), "an address that changes with the minutes"
    fold, title = page.locator(FOLD).first, page.locator(f"{FOLD} > summary").first
    assert not fold.evaluate(IS_OPEN)
    page.goto("about:blank")
    page.goto(f"{ADDRESS}#{name}")
    until(title, NEAR_THE_TOP)
    assert fold.evaluate(IS_OPEN)
    title.click()
    assert not fold.evaluate(IS_OPEN)
    inside = page.locator(f"{FOLD} > section > *").last
    inside.evaluate("node => { node.id = 'within' }")
    page.evaluate("document.querySelector('article p.run').innerHTML = '<a href=\"#within\">there</a>'")
    page.locator("a[href='#within']").click()
    until(fold, IS_OPEN)
    until(inside, "node => node.getBoundingClientRect().top < innerHeight")
    context.close()


def test_the_title_of_a_fold_is_reached_and_pressed_by_keys_and_has_its_words_for_a_name(shared: Watched) -> None:
    page = shared.page
    target(page)
    fold, title = page.locator(FOLD).first, page.locator(f"{FOLD} > summary").first
    title.focus()
    assert page.evaluate("document.activeElement.localName") == "summary"
    for key, opened in (("Enter", True), ("Space", False)):
        page.keyboard.press(key)
        assert fold.evaluate(IS_OPEN) is opened
    assert title.get_attribute("aria-label") is None
    assert re.fullmatch(r"Deeper: .* · \d+ min#?", title.text_content())
    assert shared.complaints == []


def test_folded_code_and_checks_say_what_they_hide_and_a_picture_stands_above_its_code(shared: Watched) -> None:
    page = shared.page
    target(page)
    lines = [line.strip() for line in page.locator("details.code > summary").all_text_contents()]
    assert any(re.fullmatch(r"Checked: (1 claim|\d+ claims)", line) for line in lines)
    assert all(lines)
    assert page.locator("details.hide, .toggle-details").count() == 0
    tops = "cell => ['img', 'summary'].map(part => cell.querySelector(part).getBoundingClientRect().top)"
    picture, code = page.locator("article .cell").first.evaluate(tops)
    assert picture < code


def test_what_is_folded_is_printed(browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    target(page)
    kinds = {kind: page.locator(f"{kind} :is(p, pre)").first for kind in (FOLD, "details.code")}
    assert [node.evaluate(DRAWN) for node in kinds.values()] == [False, False]
    page.emulate_media(media="print")
    assert [node.evaluate(DRAWN) for node in kinds.values()] == [True, True]
    context.close()


def test_the_contents_beside_a_chapter_list_sections_and_no_folds(shared: Watched) -> None:
    target(shared.page)
    listed = shared.page.locator("nav.page-toc a").all_text_contents()
    assert len(listed) > 5
    assert not [line for line in listed if "Deeper" in line]


def test_a_search_finds_the_title_of_a_fold_and_leads_to_it(shared: Watched) -> None:
    page = shared.page
    name = target(page)
    words = page.locator(f"{FOLD} > summary").first.text_content().removeprefix("Deeper: ").partition(" · ")[0]
    page.goto(f"{(HTML / 'search.html').as_uri()}?q={words}")
    page.locator(f"#search-results a[href*='#{name}']").first.wait_for()
