"""The page runs, with Python itself: an evening with chapter 3 on a phone; and every exercise marked as elsewhere."""

import json
from collections.abc import Iterator

import pytest
from browser_page import PHONE, Watched, tap
from common import HTML, ROOT
from live_page import SAID, exercise, served, verdict, write, written
from playwright.sync_api import Browser, BrowserContext, Page

from scratchnet.check import check

pytestmark = pytest.mark.site

PATIENCE = 300_000  # milliseconds: the machine may have other work
CHAPTERS = sorted(path.stem for path in (ROOT / "book" / "text").glob("[0-9]*.md"))
WRONG = "no answer of this kind"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    assert (HTML / "live" / "sizes.json").exists(), "the site does not run: `make live` first"
    with served() as address:
        yield address


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def watched(context: BrowserContext, address: str) -> Watched:
    seen = Watched(context.new_page())
    seen.page.goto(address)
    return seen


def bet(page: Page) -> None:
    page.get_by_label("least squares").check()
    page.get_by_label("below its accuracy").check()
    tap(page.locator("div.bet").first.get_by_role("button", name="Place the bet"))


def check_found_again(page: Page, code: str, answers: dict[str, str]) -> None:
    """All that the reader left there."""
    assert "least squares" in page.locator("div.bet").first.locator(".bet-line").text_content()
    assert page.locator("#your-bets li").count() == 1
    changed = page.locator(".live-cell:has(.live-field)")
    changed.wait_for()
    assert written(changed) == code
    for label, answer in answers.items():
        assert written(exercise(page, label)) == answer
        assert "✓ solved" in page.locator(f"#{label} > .admonition-title").text_content()
    assert page.locator(".live-solved").text_content().startswith("Exercises: ✓ 2 of 6 solved")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_on_a_phone_chapter_3_is_read_and_all_that_was_done_is_found_again(phone: BrowserContext, site: str) -> None:
    first = watched(phone, f"{site}/book/03-softmax.html")
    page = first.page
    tap(page.get_by_role("button", name="Run this page, here"))
    bet(page)
    page.locator(SAID, has_text="Python is ready.").wait_for()
    place = page.locator(".live-cell").filter(has=page.locator(".cell_input pre", has_text="E = np.exp(Z)")).first
    tap(place.get_by_role("button", name="Change"))
    code = (
        "def softmax_as_written(Z):\n    E = np.exp(Z)\n    return E / E.sum(axis=1, keepdims=True)\n\n\nprint(6 * 7)"
    )
    write(place, code)
    tap(place.get_by_role("button", name="Run", exact=True))
    place.locator(".live-outputs pre", has_text="42").wait_for()
    answers = {
        "ex-softmax-by-hand": 'answer = [0.75, -0.625, -0.125]\ncheck("softmax.by_hand", answer)',
        "ex-softmax-logistic": "def logistic(t):\n    e = np.exp(-np.abs(t))\n"
        '    return np.where(t >= 0, 1, e) / (1 + e)\n\n\ncheck("softmax.logistic", logistic)',
    }
    for label, answer in answers.items():
        assert written(exercise(page, label)).count("...") == 1
        verdict(exercise(page, label), "not-answered-yet", PATIENCE)
        write(exercise(page, label), answer)
        verdict(exercise(page, label), "correct", PATIENCE)
    assert first.complaints == []
    assert {url.split("/")[2] for url in first.requests if url.startswith("http")} == {site.split("/")[2]}
    page.close()
    again = watched(phone, f"{site}/book/03-softmax.html")
    check_found_again(again.page, code, answers)
    assert again.complaints == []


def test_an_interactive_figure_wakes_in_an_output(phone: BrowserContext, site: str) -> None:
    seen = watched(phone, f"{site}/book/03-softmax.html")
    page = seen.page
    tap(page.get_by_role("button", name="Run this page, here"))
    page.locator(SAID, has_text="Python is ready.").wait_for()
    place = page.locator(".live-cell").filter(has=page.locator(".cell_output .sn-figure")).first
    tap(place.get_by_role("button", name="Run", exact=True))
    place.locator(".live-outputs .sn-figure").wait_for()
    place.locator(".live-outputs").scroll_into_view_if_needed()
    place.locator(".live-outputs .sn-awake .sn-live").wait_for()
    tap(place.locator(".live-outputs").get_by_role("button", name="Add 1000"))
    assert "does not notice" in place.locator(".live-outputs").text_content()
    assert [said for said in seen.complaints if "Content Security Policy" not in said] == []


def exercises(name: str) -> dict[str, tuple[str, str]]:
    """For each exercise of a chapter: its marker, and the code of its solution, up to the cell that marks it."""
    cells = json.loads((HTML / "live" / "cells" / f"{name}.json").read_text(encoding="utf-8"))
    found = {}
    for label in dict.fromkeys(cell["exercise"] for cell in cells if cell["exercise"]):
        parts = {part: [c["source"] for c in cells if c["exercise"] == label and c["part"] == part]
                 for part in ("start", "solution")}  # fmt: skip
        marker = parts["start"][-1].rpartition('check("')[2].partition('"')[0]
        marked = max(n for n, source in enumerate(parts["solution"]) if f'check("{marker}"' in source)
        found[label] = marker, "\n\n".join(parts["solution"][: marked + 1])
    return found


@pytest.mark.lasting
@pytest.mark.parametrize("name", CHAPTERS)
def test_every_exercise_is_marked_as_in_python(phone: BrowserContext, site: str, name: str) -> None:
    page = watched(phone, f"{site}/book/{name}.html").page
    for label, (marker, solution) in exercises(name).items():
        place = exercise(page, label)
        for kind, text, answer in (
            ("not-answered-yet", None, ...),
            ("not-yet", f'check("{marker}", "{WRONG}")', WRONG),
            ("correct", solution, None),
        ):
            if text is not None:
                write(place, text)
            said = verdict(place, kind, PATIENCE)
            if answer is not None:
                wanted = check(marker, answer).message.removeprefix(f"{marker}: ").partition(". ")[2]
                assert " ".join(wanted.replace("`", "").split()) in " ".join(said.split()), label
