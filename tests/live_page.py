"""The pages that run, as tests meet them: a server for the site, and a stand-in for Python that answers at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from browser_page import click
from common import HTML
from playwright.sync_api import Locator, Page

STAND_IN = (Path(__file__).parent / "live_stand_in.js").read_text(encoding="utf-8")
SAID = ".live-bar [role=status]"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """The site, with `make live` in it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(HTML)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def exercise(page: Page, label: str) -> Locator:
    """The cell that holds the answer to this exercise."""
    return page.locator(f"#{label} ~ .live-answered").first


def write(place: Locator, text: str) -> None:
    """Write into a field, whichever editor stands there by now."""
    place.locator(".live-field :is(textarea, .cm-content)").fill(text)


def written(place: Locator) -> str:
    """What stands in a field."""
    return place.locator(".live-field").evaluate(
        """node => node.querySelector("textarea")?.value
            ?? [...node.querySelectorAll(".cm-line")].map(line => line.textContent).join("\\n")"""
    )


def verdict(place: Locator, kind: str, timeout: float = 30_000) -> str:
    """Check the answer; return the verdict, once it is of this kind."""
    click(place.get_by_role("button", name="Check"))
    shown = place.locator(f".live-verdict.{kind}")
    shown.wait_for(timeout=timeout)
    return shown.text_content() or ""
