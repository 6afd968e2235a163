"""A page in a real browser that writes down what it asks for and what it complains about."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, ViewportSize

from scratchnet.figures import Figure

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
# How tall the letters of a figure are on the screen, those inside an SVG as large as it makes them.
LETTERS = """() => [...document.querySelectorAll(".sn-live *")]
    .filter(node => node.textContent)
    .map(node => parseFloat(getComputedStyle(node).fontSize)
                 * (node.localName === "text" ? node.getScreenCTM().a : 1))"""
# How far to the right the parts of a figure reach.
RIGHT = "nodes => Math.max(...nodes.map(node => node.getBoundingClientRect().right))"
# What axe need not look at a second time, and what costs it most: each node of a page is compared with each other. The
# picture of a formula is hundreds of boxes, hidden from screen readers, who get its MathML; one empty box of its size
# stands in for it. And a kind of token, such as a keyword in a cell, has the same colours wherever it stands.
THIN = """() => {
    const pictures = [...document.querySelectorAll(".katex-html")], seen = new Set();
    const sizes = pictures.map(node => node.getBoundingClientRect());
    pictures.forEach((node, n) => {
        node.replaceChildren();
        const {width, height} = sizes[n];
        Object.assign(node.style, {display: "inline-block", width: `${width}px`, height: `${height}px`});
    });
    for (const token of document.querySelectorAll("pre span:not(.line)")) {
        const around = [token.parentElement, token.closest("pre"), token.closest("div[class*=cell_], .highlight")];
        const kind = [token, ...around].map(node => node?.className).join("|");
        if (seen.has(kind)) token.replaceWith(...token.childNodes);
        seen.add(kind);
    }
}"""
RULES = {"resultTypes": ["violations"]}  # all that axe looks at by default


class Watched:
    """A page, with everything it asked for and everything it complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self.note_failure)

    def note_failure(self, request: Request) -> None:
        if (
            request.failure != "net::ERR_ABORTED"
        ):  # the reader went on to the next page before all of this one was there
            self.complaints.append(f"failed: {request.url}: {request.failure}")

    def violations(self) -> list[str]:
        """What breaks a rule of axe as the page now stands. Takes away what need not be looked at twice."""
        self.page.evaluate(THIN)
        found = Axe().run(self.page, options=RULES).response["violations"]
        return [f"{rule['id']}: {n['target']} {n['html'][:90]}" for rule in found for n in rule["nodes"]]


def alone(figure: Figure, folder: Path) -> str:
    """Write a page that holds this figure and nothing else, and return its address."""
    page = folder / "figure.html"
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>F</title>'
    body = f'<main><h1 id="scratchnet">F</h1>{figure._repr_html_()}</main>'
    page.write_text(f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>', encoding="utf-8")
    return page.as_uri()


def beside_itself(page: Page, name: str) -> None:
    """Give the page a second figure of the name, made from the numbers of the first."""
    page.evaluate(
        """name => {
            const figure = document.querySelector(name), other = document.createElement(name);
            other.append(figure.querySelector("script[type='application/json']").cloneNode(true));
            figure.after(other);
        }""",
        name,
    )


@contextmanager
def without_scripts(page: Page, browser: Browser, address: str, size: ViewportSize = PHONE) -> Iterator[Page]:
    """Check that in print the static part of a figure shows, and it alone; give the page as it is without scripts."""
    assert not page.locator(".sn-static").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".sn-static").is_visible()
    assert not page.locator(".sn-live").is_visible()
    context = browser.new_context(java_script_enabled=False, viewport=size)
    still = context.new_page()
    still.goto(address)
    yield still
    context.close()
