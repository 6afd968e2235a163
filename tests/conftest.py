"""What the unit tests share: properties on the same examples each time, however slow the machine; and one browser.

Hypothesis and Playwright are imported where they are used, because pytest also reads this file when it is about to run
nothing but notebooks, and Binder's environment has neither.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from watched import Watched

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("hypothesispytest"):
        from hypothesis import settings

        settings.register_profile("book", deadline=None, derandomize=True)
        settings.load_profile("book")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
    from browser import program
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=[*FLAGS, "--no-first-run"])
        yield browser
        browser.close()


@pytest.fixture
def desktop(browser: Browser) -> Iterator[Watched]:
    from watched import DESKTOP, Watched

    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce", color_scheme="light")
    yield Watched(context.new_page())
    context.close()


@pytest.fixture
def page(desktop: Watched, address: str) -> Iterator[Page]:
    """The page at the `address` that a figure's test module gives; in the end nothing is amiss, and no number NaN."""
    desktop.page.goto(address)
    desktop.page.locator(".sn-awake").first.wait_for()
    yield desktop.page
    assert "NaN" not in desktop.page.locator(".sn-figure").first.inner_text()
    assert desktop.complaints == []
    assert [url for url in desktop.requests if not url.startswith("data:")] == [address]
