"""Settings of Hypothesis for all tests, and the browser that all tests of pages share.

Hypothesis and Playwright are imported where they are used: pytest also reads this file when it runs only notebooks, and
Binder's environment has neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from browser_page import Watched
    from playwright.sync_api import Browser, Page

PATIENCE = 30_000  # milliseconds that a page has to become what a test expects: the machine may have other work
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("hypothesispytest"):
        from hypothesis import HealthCheck, settings

        # No limit of time, which a slow machine would miss; and examples that do not depend on chance. They do depend
        # on which modules are loaded, since Hypothesis also tries the constants it finds there.
        slow = [HealthCheck.too_slow]  # it measures how fast the machine makes examples
        settings.register_profile("book", deadline=None, derandomize=True, suppress_health_check=slow)
        settings.load_profile("book")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give the generator `rng` of a test's module a seed that is the test's own.

    So a test draws the same numbers alone and among others, whatever ran before it in its process.
    """
    module = getattr(item, "module", None)
    if hasattr(module, "rng"):
        from zlib import crc32

        import numpy as np

        module.rng = np.random.default_rng(crc32(item.name.encode()))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from common import find_chromium
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*FLAGS, "--no-first-run"])
        yield browser
        browser.close()


@pytest.fixture
def desktop(browser: Browser) -> Iterator[Watched]:
    from browser_page import DESKTOP, Watched

    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce", color_scheme="light")
    yield Watched(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Watched]:
    """A window that the tests of a module share: a new one costs more than most of what they do in it."""
    from browser_page import DESKTOP, Watched

    context = browser.new_context(viewport=DESKTOP)
    yield Watched(context.new_page())
    context.close()


@pytest.fixture
def shared(window: Watched) -> Iterator[Watched]:
    """The shared window as a new one is, like `desktop`: nothing was asked for, complained about or stored."""
    window.renew()
    yield window
    window.forget()


@pytest.fixture
def page(shared: Watched, address: str) -> Iterator[Page]:
    """Open the page at the fixture `address` of the test module. After the test, check that the figure shows no NaN,
    that the page logged no error, and that nothing else was loaded.
    """
    shared.page.goto(address)
    shared.page.locator(".sn-awake").first.wait_for()
    yield shared.page
    assert "NaN" not in shared.page.locator(".sn-figure").first.inner_text()
    assert shared.complaints == []
    assert [url for url in shared.requests if not url.startswith("data:")] == [address]
