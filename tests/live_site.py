"""The built site with what runs its pages, served as poorly as a server can, and its Python driven from a test."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from browser_page import Watched
from common import HTML, ROOT
from playwright.sync_api import Browser

from live import with_script, without_script

RUNTIME = ROOT / "live" / "runtime" / "runtime.js"
# A page of a chapter is served with its policy as a header of every file, so that it binds the worker too.
CHAPTER = HTML / "book" / "03-softmax.html"
BLANK = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Python</title></html>'
)
# A page; the module that only tests load as one; and what a browser takes from no server that does not say what it is.
TYPES = {".html": "text/html", "/runtime.js": "text/javascript", "/offline.js": "text/javascript"}
START = """async ([digits, now]) => {
    const {Runtime} = await import("/live/runtime.js");
    window.told = [];
    window.python = new Runtime({base: "/live/", digits});
    const began = performance.now();
    await window.python.start({onProgress: (...said) => window.told.push(said), digits: now});
    return (performance.now() - began) / 1000;
}"""
RUN = """async ([source, name]) => {
    const outputs = [];
    const ended = await window.python.run(source, {name, onOutput: output => outputs.push(output)});
    return {...ended, outputs};
}"""


def policy() -> str:
    """Return the policy of a chapter's page once it can start Python."""
    page = with_script(without_script(CHAPTER.read_text(encoding="utf-8")), "page.js", "style.css", "")
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert found
    return found[1]


@dataclass
class Host:
    """A server of the site that can be stopped. It says of no file what type it is, but of those in TYPES."""

    policy: str
    types: dict[str, str] = field(default_factory=lambda: dict(TYPES))
    asked: list[str] = field(default_factory=list)
    cut: dict[str, int] = field(
        default_factory=dict
    )  # bytes of a file that arrive, by a part of its name; -1: none is there

    def __post_init__(self) -> None:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        self.asked.append(path)
        files = {"/live/runtime.js": RUNTIME, "/blank.html": None}
        file = files.get(path, HTML / path.lstrip("/"))
        found = BLANK.encode() if file is None else file.read_bytes() if file.is_file() else None
        for part, length in self.cut.items():
            if part in path:
                found = found[:length] if found and length >= 0 else None
        request.send_response(200 if found is not None else 404)
        for ending, kind in self.types.items():
            if path.endswith(ending):
                request.send_header("Content-Type", kind)
        request.send_header("Content-Security-Policy", self.policy)
        request.send_header("Content-Length", str(len(found or b"")))
        request.end_headers()
        request.wfile.write(found or b"")

    def stop(self) -> None:
        """Cut the network: from now on nothing answers."""
        self.server.shutdown()
        self.server.server_close()


class Python:
    """The Python of a blank page of the site."""

    def __init__(self, watched: Watched, host: Host) -> None:
        self.watched, self.page, self.host = watched, watched.page, host
        self.page.set_default_timeout(0)
        self.page.goto(f"{host.address}/blank.html")

    def start(self, digits: int = 42000, now: bool = False) -> float:
        """Start it; return how many seconds that took."""
        return float(self.page.evaluate(START, [digits, now]))

    def run(self, source: str, name: str = "<cell 1>") -> dict[str, Any]:
        return dict(self.page.evaluate(RUN, [source, name]))

    def shown(self, source: str) -> list[Any]:
        """Run a cell that must not fail, and return what it shows."""
        ended = self.run(source)
        assert ended["status"] == "ok", ended["outputs"]
        return told(ended["outputs"])

    def failed(self, source: str) -> dict[str, Any]:
        """Run a cell that must fail, and return its error."""
        ended = self.run(source)
        assert ended["status"] == "error"
        return dict(ended["outputs"][-1])

    def settle(self) -> None:
        """Wait until the page has been kept, which goes on while Python runs already."""
        self.ask("navigator.serviceWorker.getRegistration().then(found => found && navigator.serviceWorker.ready)")

    def ask(self, script: str) -> Any:
        return self.page.evaluate(f"async () => await ({script})")


def told(outputs: list[dict[str, Any]]) -> list[Any]:
    """Return outputs, those of the page or of a notebook, as nbval compares them: their text, and where a figure is."""
    found: list[Any] = []
    for output in outputs:
        kind = output.get("kind") or output["output_type"]
        if kind == "stream":
            before = found.pop()[1] if found and output["name"] in found[-1] else ""
            found.append((output["name"], before + output["text"]))
        elif "data" in output:
            found.append({medium: medium == "image/png" or content for medium, content in output["data"].items()})
        else:
            found.append((output.get("ename") or output["name"], output.get("evalue") or output["message"]))
    return found


@contextmanager
def opened(browser: Browser, host: Host) -> Iterator[Python]:
    """Open a blank page of the site with nothing kept from before. At the end, no complaint and no other host."""
    context = browser.new_context()
    python = Python(Watched(context.new_page()), host)
    yield python
    python.settle()
    assert not python.watched.complaints, python.watched.complaints
    assert {urlsplit(url).netloc for url in python.watched.requests} <= {urlsplit(host.address).netloc, ""}
    context.close()


def cells(name: str) -> list[dict[str, Any]]:
    return list(json.loads((HTML / "live" / "cells" / f"{name}.json").read_text(encoding="utf-8")))


def names() -> list[str]:
    """Return the names of the pages that have code."""
    texts = sorted((ROOT / "book" / "text").glob("*.md"))
    return [text.stem for text in texts if "{code-cell}" in text.read_text(encoding="utf-8")]
