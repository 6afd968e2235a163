"""The page that runs, in a real browser: exercises, their record, cells and outputs.

A stand-in takes the place of Python wherever Python itself does not matter. Run `make live` before these tests.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_page import DESKTOP, PHONE, Watched, click, tap
from common import HTML
from live_page import SAID, STAND_IN, exercise, served, verdict, write, written
from playwright.sync_api import Browser, BrowserContext, Locator, Page

import live

pytestmark = pytest.mark.site

BY_HAND, ODDS = "ex-softmax-by-hand", "ex-softmax-odds"
PATIENCE = 120_000  # milliseconds: the machine may have other work
RIGHT = 'answer = "right"\ncheck("softmax.by_hand", answer)'
WRONG = 'answer = "wrong"\ncheck("softmax.by_hand", answer)'
KEPT = "label => JSON.parse(localStorage.getItem(`scratchnet-answer ${label}`))"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    assert (HTML / "live" / "sizes.json").exists(), "the site does not run: `make live` first"
    with served() as address:
        yield address


@pytest.fixture
def address(site: str) -> str:
    return f"{site}/book/03-softmax.html"


@pytest.fixture
def page(desktop: Watched, address: str) -> Iterator[Page]:
    """Chapter 3, with the stand-in for Python. After the test, the browser must have complained of nothing."""
    desktop.page.context.set_default_timeout(PATIENCE)
    desktop.page.goto(address)
    desktop.page.evaluate(STAND_IN)
    yield desktop.page
    assert desktop.complaints == []


def kept(page: Page, text: str, label: str = BY_HAND) -> None:
    """Wait until this answer is in the record, where the page writes it a moment after the reader's last key."""
    page.wait_for_function(f"([label, text]) => ({KEPT})(label)?.text === text", arg=[label, text])


# --- exercises


def test_an_exercise_is_answered_before_anything_is_downloaded_and_found_again(page: Page, desktop: Watched) -> None:
    place = exercise(page, BY_HAND)
    assert written(place) == 'answer = ...\ncheck("softmax.by_hand", answer)'
    assert not place.locator(".cell_input").is_visible()
    write(place, WRONG)
    kept(page, WRONG)
    assert not [url for url in desktop.requests if ".bin" in url or "cells" in url]
    page.reload()
    assert written(exercise(page, BY_HAND)) == WRONG
    assert written(exercise(page, ODDS)) == 'answer = ...\ncheck("softmax.odds", answer)'


def test_what_was_typed_in_the_last_moment_is_kept_too(page: Page) -> None:
    write(exercise(page, BY_HAND), WRONG)
    page.reload()
    assert written(exercise(page, BY_HAND)) == WRONG


def test_the_verdict_is_said_in_a_word_and_a_sign_and_announced(page: Page) -> None:
    place = exercise(page, BY_HAND)
    assert verdict(place, "not-answered-yet") == "○ Not answered yet. Put your answer in."
    write(place, WRONG)
    assert verdict(place, "not-yet") == "✗ Not yet. Think of X."
    assert place.locator(".live-verdict code").text_content() == "X"
    write(place, "1 / 0")
    assert verdict(place, "error") == "! Error. Line 1: ZeroDivisionError: division by zero"
    write(place, RIGHT)
    assert verdict(place, "correct") == "✓ Correct. X it is."
    assert place.locator(".live-verdict").get_attribute("role") == "status"


def test_an_answer_runs_what_it_needs_and_no_more(page: Page) -> None:
    verdict(exercise(page, BY_HAND), "not-answered-yet")
    assert page.evaluate("ran") == [
        "from scratchnet.check import check", 'answer = ...\ncheck("softmax.by_hand", answer)',
    ]  # fmt: skip
    write(exercise(page, BY_HAND), "answer = X_dev[0]\n" + WRONG)
    verdict(exercise(page, BY_HAND), "not-yet")
    assert "sn.read_digits" in page.evaluate("ran")[2], "the digits, since the answer names them"
    write(
        exercise(page, ODDS),
        'answer = 1\nprint(f"{softmax_as_written(answer)}")\ncheck("softmax.odds", answer)',
    )
    verdict(exercise(page, ODDS), "not-yet")
    assert page.evaluate("ran")[-2].startswith("def softmax_as_written"), "what it names in the braces of a string"


def test_what_is_solved_is_ticked_at_the_exercise_at_the_head_and_in_the_contents(page: Page, address: str) -> None:
    title = page.locator(f"#{BY_HAND} > .admonition-title")
    assert "solved" not in title.text_content()
    write(exercise(page, BY_HAND), RIGHT)
    verdict(exercise(page, BY_HAND), "correct")
    write(exercise(page, BY_HAND), WRONG)
    verdict(exercise(page, BY_HAND), "not-yet")
    for _ in range(2):
        assert "✓ solved" in title.text_content()
        assert page.locator(".live-solved").text_content() == "Exercises: ✓ 1 of 6 solved. Go on with them"
        assert page.locator("nav.bd-docs-nav li.current > a .live-count").text_content() == " ✓ 1/6"
        page.reload()
    page.goto(address.replace("03-softmax", "05-hidden-layer"))
    assert page.locator("nav.bd-docs-nav a[href*='03-softmax'] .live-count").text_content() == " ✓ 1/6"


def test_the_start_comes_back_and_what_was_written_is_not_lost(page: Page) -> None:
    place = exercise(page, BY_HAND)
    write(place, WRONG)
    click(place.get_by_role("button", name="Set back"))
    assert "..." in written(place)
    click(place.get_by_role("button", name="Another version"))
    assert written(place) == WRONG
    click(place.get_by_role("button", name="Another version"))
    assert "..." in written(place)


def test_two_tabs_show_one_answer_and_where_they_have_two_the_reader_chooses(page: Page, address: str) -> None:
    other = page.context.new_page()
    other.goto(address)
    write(exercise(page, BY_HAND), WRONG)
    kept(other, WRONG)
    other.wait_for_function(
        "() => document.querySelector('#ex-softmax-by-hand ~ .live-answered .live-note').textContent"
    )
    assert written(exercise(other, BY_HAND)) == WRONG
    assert exercise(other, BY_HAND).locator(".live-note").text_content() == "This is what you wrote in another tab."
    # A tab that slept was not told what the other has kept. So the events that would tell it are taken away.
    other.evaluate("addEventListener('storage', event => event.stopImmediatePropagation(), true)")
    other.evaluate("document.addEventListener('visibilitychange', event => event.stopImmediatePropagation(), true)")
    other.evaluate("""() => {
        const entry = JSON.parse(localStorage.getItem("scratchnet-answer ex-softmax-by-hand"));
        localStorage.setItem("scratchnet-answer ex-softmax-by-hand", JSON.stringify({...entry, text: "theirs"}));
    }""")
    write(exercise(other, BY_HAND), "mine")
    note = exercise(other, BY_HAND).locator(".live-note")
    note.get_by_text("Another tab has a different answer.").wait_for()
    assert other.evaluate(KEPT, BY_HAND)["text"] == "theirs"
    click(note.get_by_role("button", name="Keep this one"))
    kept(other, "mine")
    click(exercise(other, BY_HAND).get_by_role("button", name="Another version"))
    assert written(exercise(other, BY_HAND)) == "theirs"


@pytest.mark.parametrize("how", ["full", "forbidden"])
def test_where_nothing_can_be_kept_a_sentence_says_so_and_the_answer_is_checked(
    browser: Browser, address: str, how: str
) -> None:
    context = browser.new_context(viewport=DESKTOP)
    watched = Watched(context.new_page())
    if how == "full":
        watched.page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); }")
    else:
        forbidden = "{configurable: true, get() { throw new Error('forbidden'); }}"
        watched.page.add_init_script(f"Object.defineProperty(window, 'localStorage', {forbidden})")
    watched.page.goto(address)
    watched.page.evaluate(STAND_IN)
    place = exercise(watched.page, BY_HAND)
    write(place, RIGHT)
    verdict(place, "correct")
    assert "✓ solved" in watched.page.locator(f"#{BY_HAND} > .admonition-title").text_content()
    if how == "full":
        assert place.locator(".live-note").text_content().startswith("This browser keeps nothing more")
    context.close()


# --- the record


def saved(page: Page, folder: Path) -> Path:
    click(page.locator(".live-record > summary"))
    with page.expect_download() as coming:
        click(page.get_by_role("button", name="Save as a file"))
    coming.value.save_as(folder / "record.json")
    return folder / "record.json"


def test_the_record_is_carried_to_another_machine_and_nothing_is_lost_there(
    page: Page, address: str, browser: Browser, tmp_path: Path
) -> None:
    write(exercise(page, BY_HAND), RIGHT)
    verdict(exercise(page, BY_HAND), "correct")
    page.evaluate(
        'localStorage.setItem(\'scratchnet-bets\', \'{"03-softmax": {"2": {"answer": ["7", "so"], "at": 5}}}\')'
    )
    record = saved(page, tmp_path)
    context = browser.new_context(viewport=DESKTOP)
    there = context.new_page()
    there.goto(address)
    write(exercise(there, BY_HAND), "a thought of my own")
    write(exercise(there, ODDS), "another")
    kept(there, "another", ODDS)
    click(there.locator(".live-record > summary"))
    there.locator("#live-file").set_input_files(record)
    there.get_by_text("Added: one entry. Nothing that was here is lost.").wait_for()
    assert "✓ solved" in there.locator(f"#{BY_HAND} > .admonition-title").text_content()
    assert there.evaluate(KEPT, ODDS)["text"] == "another"
    texts = {written(exercise(there, BY_HAND))}
    click(exercise(there, BY_HAND).get_by_role("button", name="Another version"))
    assert texts | {written(exercise(there, BY_HAND))} == {RIGHT, "a thought of my own"}
    there.reload()
    assert "7 of 7,840" in there.locator(".bet-line", has_text="still numbers").text_content()
    context.close()


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"format": "else"}', "null"])
def test_a_file_that_is_no_record_is_refused_in_a_sentence(page: Page, tmp_path: Path, content: str) -> None:
    write(exercise(page, BY_HAND), WRONG)
    kept(page, WRONG)
    (tmp_path / "x.json").write_text(content)
    click(page.locator(".live-record > summary"))
    page.locator("#live-file").set_input_files(tmp_path / "x.json")
    page.get_by_text("This file is not a record of this book.").wait_for()
    assert written(exercise(page, BY_HAND)) == WRONG


def test_the_record_is_deleted_after_a_question(page: Page) -> None:
    write(exercise(page, BY_HAND), RIGHT)
    verdict(exercise(page, BY_HAND), "correct")
    click(page.locator(".live-record > summary"))
    click(page.get_by_role("button", name="Delete all"))
    click(page.get_by_role("button", name="Keep", exact=True))
    assert page.evaluate(KEPT, BY_HAND)["text"] == RIGHT
    click(page.get_by_role("button", name="Delete all"))
    click(page.get_by_role("button", name="Delete", exact=True))
    assert "..." in written(exercise(page, BY_HAND))
    assert "solved" not in page.locator(f"#{BY_HAND} > .admonition-title").text_content()
    assert (
        page.evaluate(
            "Object.keys(localStorage).filter(key => key.startsWith('scratchnet-') && key !== 'scratchnet-read')"
        )
        == []
    )
    assert not page.locator(".live-solved").is_visible()


# --- cells


def start(page: Page) -> None:
    """Start Python, after all bets have been left open so that no cell is covered."""
    click(page.get_by_role("button", name="Leave all bets open").first)
    click(page.get_by_role("button", name="Run this page, here"))
    page.locator(SAID, has_text="Python is ready.").wait_for()


def cell(page: Page, text: str) -> Locator:
    """Return the first cell whose listing has this text."""
    return page.locator(".live-cell").filter(has=page.locator(".cell_input pre", has_text=text)).first


def press(place: Locator, name: str = "Run") -> None:
    click(place.get_by_role("button", name=name, exact=True))


def done(page: Page) -> None:
    page.locator(SAID, has_text="Done, in").wait_for()


CELL = "for name, Z in"  # stands only in the cell that prints a table of confidences


def test_a_page_that_nobody_runs_fetches_no_more_than_its_script_and_style(page: Page, desktop: Watched) -> None:
    fetched = sorted(url.rpartition("/")[2].partition("-")[0] for url in desktop.requests if "/live/" in url)
    assert fetched == ["page", "style"]
    assert page.get_by_text("34 MB once").count() + page.get_by_text("35 MB once").count() == 1
    assert page.locator(".live-head + p.run").count() == 1, "before Binder, Colab and the download"


def test_nothing_moves_while_a_page_loads(browser: Browser, address: str) -> None:
    shifts = """new PerformanceObserver(list => {
        for (const entry of list.getEntries()) window.moved = (window.moved ?? 0) + entry.value;
    }).observe({type: "layout-shift", buffered: true})"""
    for size in (DESKTOP, PHONE):
        context = browser.new_context(viewport=size)
        page = context.new_page()
        page.add_init_script(shifts)
        page.goto(address, wait_until="load")
        page.locator(".live-head button").wait_for()
        Watched(page).settle()
        assert page.evaluate("window.moved ?? 0") < 0.02, size
        context.close()


def test_the_bar_tells_how_much_is_downloaded(page: Page) -> None:
    page.evaluate("window.held = {10e6: new Promise(go => { window.go_on = go })}")
    click(page.get_by_role("button", name="Run this page, here"))
    page.locator(".live-amount", has_text="10.0 of 35.0 MB").wait_for()
    assert page.locator(".live-bar progress").evaluate("node => node.value / node.max") == pytest.approx(10 / 35)
    page.evaluate("window.go_on()")
    page.locator(SAID, has_text="Python is ready.").wait_for()
    assert not page.locator(".live-bar progress").is_visible()
    assert page.get_by_role("button", name="Run this page, here").count() == 0


def test_every_cell_in_sight_is_the_one_of_the_text(page: Page) -> None:
    start(page)
    shown = page.locator("article div.cell:has(.cell_input)")
    furnished = page.locator("article :is(.live-cell, .live-answered)")
    assert shown.count() == furnished.count() > 50


def test_outputs_of_the_book_stay_until_a_cell_is_run_and_come_back(page: Page) -> None:
    start(page)
    place = cell(page, CELL)
    of_the_book = place.locator(".cell_output", has_text="confidence 89%")
    assert of_the_book.is_visible()
    press(place)
    done(page)
    assert place.locator(".live-outputs pre").text_content().startswith("ran <cell ")
    assert not of_the_book.is_visible()
    ran = page.evaluate("ran")
    assert "sn.read_digits" in ran[0], "what the cell needs has run before"
    press(place)
    page.wait_for_function("n => ran.length === n + 1", arg=len(ran))
    press(place, "Change")
    write(place, "print(1)")
    press(place, "Set back")
    assert of_the_book.is_visible()
    assert not place.locator(".live-outputs").is_visible()
    assert place.locator(".cell_input pre").first.is_visible()


def test_a_cell_is_changed_run_by_a_key_and_found_again(page: Page) -> None:
    start(page)
    place = cell(page, CELL)
    press(place, "Change")
    place.locator(".cm-content").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.type("print('changed')")
    page.keyboard.press("Shift+Enter")
    done(page)
    assert page.evaluate("ran.at(-1)") == "print('changed')"
    page.reload()
    place = page.locator(".live-cell:has(.live-field)").first
    place.wait_for()
    assert written(place) == "print('changed')"
    assert place.locator(".cell_output", has_text="confidence 89%").count() == 1


def test_what_a_changed_cell_above_binds_is_computed_again(page: Page) -> None:
    start(page)
    press(cell(page, CELL))
    done(page)
    before = len(page.evaluate("ran"))
    opening = page.locator(".live-cell").first
    click(opening.locator("summary"))
    press(opening, "Change")
    write(opening, "import scratchnet as sn\nX_dev = 1")
    press(cell(page, CELL))
    page.wait_for_function("n => ran.length >= n + 2", arg=before)
    assert page.evaluate("n => ran[n]", before) == "import scratchnet as sn\nX_dev = 1"


def changed(page: Page, text: str) -> Locator:
    """Write a text into the cell with the table of confidences, run it, and return the cell."""
    place = cell(page, CELL)
    press(place, "Change")
    write(place, text)
    press(place)
    return place


def test_an_error_points_at_its_line(page: Page) -> None:
    start(page)
    place = changed(page, "a = 1\nb = 1 / 0\nc = 2")
    error = place.locator(".live-error")
    error.wait_for()
    assert "Line 2: ZeroDivisionError: division by zero" in error.text_content()
    place.locator(".cm-content").wait_for()
    press(place)
    place.locator(".cm-line.live-at", has_text="b = 1 / 0").wait_for()


def test_a_name_from_above_is_offered_to_be_made(page: Page) -> None:
    start(page)
    place = changed(page, "nowhere")
    click(place.locator(".live-error").get_by_role("button", name="Run all above"))
    page.wait_for_function("() => ran.length > 8")
    assert "nowhere" in page.evaluate("ran")[1]


def test_stop_ends_what_runs_and_what_waits_and_keeps_what_was_typed(page: Page) -> None:
    start(page)
    place = changed(page, "while True: pass")
    place.locator(".live-outputs", has_text="round and round").wait_for()
    press(cell(page, "softmax_as_written(np.array"))
    click(page.get_by_role("button", name="Stop"))
    page.locator(SAID, has_text="Stopped.").wait_for()
    assert page.evaluate("stops") == 1
    assert page.evaluate("ran.at(-1)") == "while True: pass"
    assert written(place) == "while True: pass"
    write(place, "print(2)")
    press(place)
    done(page)
    assert page.evaluate("ran.filter(source => source.includes('read_digits')).length") >= 1


def test_a_reload_while_a_cell_runs_loses_nothing_that_was_typed(page: Page) -> None:
    start(page)
    place = changed(page, "while True: pass")
    place.locator(".live-outputs", has_text="round and round").wait_for()
    write(exercise(page, BY_HAND), WRONG)
    page.reload()
    page.evaluate(STAND_IN)
    place = page.locator(".live-cell:has(.live-field)").first
    place.wait_for()
    assert written(place) == "while True: pass"
    assert written(exercise(page, BY_HAND)) == WRONG
    write(place, "print(2)")
    press(place)
    done(page)
    assert page.evaluate("ran.at(-1)") == "print(2)"


def test_where_memory_ends_fewer_images_are_offered(page: Page) -> None:
    start(page)
    changed(page, "too_much")
    click(page.get_by_role("button", name="Start again with 5,000 images"))
    page.locator(SAID, has_text="Python is ready.").wait_for()
    assert page.evaluate("made") == [42000, 5000]


def test_a_picture_has_words_and_a_script_that_a_cell_brings_does_not_run(page: Page, desktop: Watched) -> None:
    start(page)
    place = changed(page, "a_picture\na_script")
    place.locator(".live-outputs b").wait_for()
    assert place.locator(".live-outputs img").first.get_attribute("alt") == "A picture that the cell drew."
    page.wait_for_timeout(300)
    assert page.evaluate("window.foreign") is None
    desktop.complaints.clear()  # the browser has complained that the policy of the page stopped the script


# --- readers and their machines


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_running_page_is_sound_on_a_phone(browser: Browser, address: str, scheme: str) -> None:
    context = phone(browser, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(address)
    page.evaluate(STAND_IN)
    start(page)
    changed(page, "a = 1\nb = 1 / 0  # " + 30 * "long ")
    write(exercise(page, BY_HAND), RIGHT)
    verdict(exercise(page, BY_HAND), "correct")
    verdict(exercise(page, ODDS), "not-answered-yet")
    click(page.locator(".live-record > summary"))
    sizes = "nodes => nodes.map(node => parseFloat(getComputedStyle(node).fontSize))"
    assert min(page.locator(".live-field :is(textarea, .cm-content)").evaluate_all(sizes)) >= 16, "a phone would zoom"
    watched.settle()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert watched.violations() == []
    assert watched.complaints == []
    context.close()


def phone(browser: Browser, **more: str) -> BrowserContext:
    return browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce", **more)


def test_under_a_finger_the_editor_comes_when_the_reader_has_left_the_place(browser: Browser, address: str) -> None:
    context = phone(browser)
    page = context.new_page()
    page.goto(address)
    place = exercise(page, BY_HAND)
    tap(place.locator("textarea"))
    page.wait_for_function("() => document.querySelector('script[src*=editor]')")
    page.wait_for_timeout(1000)
    page.keyboard.type("x")
    assert place.locator("textarea").count() == 1
    tap(page.locator("h1"))
    place.locator(".cm-content").wait_for()
    assert "x" in written(place)
    context.close()


def test_a_tap_on_check_is_heard_although_the_editor_comes_then(browser: Browser, address: str) -> None:
    context = phone(browser)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    page.evaluate(STAND_IN)
    place = exercise(page, BY_HAND)
    tap(place.locator("textarea"))
    page.wait_for_function("() => document.querySelector('script[src*=editor]')")
    write(place, RIGHT + 20 * "\n# a line that makes the place higher")
    tap(place.get_by_role("button", name="Check"))
    place.locator(".live-verdict.correct").wait_for()
    place.locator(".cm-content").wait_for()
    context.close()


def test_a_device_with_little_memory_is_offered_fewer_images(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'deviceMemory', {get: () => 2})")
    page.goto(address)
    page.evaluate(STAND_IN)
    assert "This device has little memory for 42,000 images." in page.locator(".live-head").text_content()
    page.get_by_label("Take 5,000 of them").check()
    start(page)
    assert page.evaluate("made") == [5000]
    context.close()


def test_an_old_browser_is_told_so_and_answers_are_kept_all_the_same(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.add_init_script("WebAssembly.validate = () => false")
    page.goto(address)
    assert "This browser is too old to run Python in a page" in page.locator(".live-none").text_content()
    assert page.get_by_role("button", name="Check").count() == 0
    write(exercise(page, BY_HAND), WRONG)
    page.reload()
    assert written(exercise(page, BY_HAND)) == WRONG
    context.close()


def test_a_page_opened_from_a_folder_says_what_it_takes(desktop: Watched) -> None:
    desktop.page.goto((HTML / "book" / "03-softmax.html").as_uri())
    assert "comes from a server" in desktop.page.locator(".live-none").text_content()
    assert desktop.complaints == []


def test_without_scripts_a_sentence_says_what_it_takes(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert "once scripts are allowed" in page.locator("p.run").text_content()
    assert page.locator(f"#{BY_HAND} ~ .cell pre").first.is_visible()
    context.close()


def test_all_is_done_with_the_keyboard_alone(page: Page) -> None:
    def go_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim() || document.activeElement.ariaLabel") == name:
                return
        pytest.fail(f"{name} is not reached")

    page.locator("h1").evaluate("node => { node.tabIndex = -1; node.focus(); }")
    go_to("Run this page, here")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    page.locator(SAID, has_text="Python is ready.").wait_for()
    place = exercise(page, BY_HAND)
    page.locator(f"#{BY_HAND}").evaluate("node => { node.tabIndex = -1; node.focus(); }")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type('answer = "right"\ncheck("softmax.by_hand", answer)')
    place.locator(".cm-content").wait_for()
    go_to("Check")
    page.keyboard.press("Enter")
    place.locator(".live-verdict.correct").wait_for()


def test_the_page_weighs_little_until_it_is_run() -> None:
    added = [*(HTML / "live").glob("page-*.js"), *(HTML / "live").glob("style-*.css")]
    weight = sum(len(gzip.compress(path.read_bytes())) for path in added)
    bets = len(gzip.compress((Path(__file__).parents[1] / "book" / "_static" / "bets.js").read_bytes()))
    assert len(added) == 2
    assert weight + bets < 15_000, "with the bets' part of style sheet, a page loads at most 15 kB more"


def test_the_first_run_weighs_less_than_promised_with_something_to_spare() -> None:
    folder = HTML / "live"
    parts = json.loads((folder / "sizes.json").read_text(encoding="utf-8"))["parts"]
    more = [*folder.glob("page-*"), *folder.glob("cells-*"), *folder.glob("style-*")]
    cells = max(path.stat().st_size for path in folder.glob("cells/*.json"))
    assert live.to_first_run(parts) + sum(path.stat().st_size for path in more) + cells < live.MOST - 500_000
