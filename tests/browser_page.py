"""A page in a real browser that writes down what it asks for and what it complains about."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Locator, Page, Request, ViewportSize

from scratchnet.figures import Figure

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
# What a page does to itself once it was laid out, it has done when two pictures of it have been drawn.
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
# Bring a node into sight, and stay until nothing moves it any more. What lies above it is laid out only now that it
# comes near, has another height than was guessed, and pushes the node away; a reader scrolls after it, and so does
# this. The turn of a wheel tells the page that it is the reader who scrolls: else it may still be on its way elsewhere.
ARRIVE = """node => new Promise(arrived => {
    dispatchEvent(new WheelEvent("wheel"));
    let still = 0, before = null;
    (function step() {
        node.scrollIntoView({block: "nearest", behavior: "instant"});
        const now = node.getBoundingClientRect().top;
        still = now === before ? still + 1 : 0;
        before = now;
        if (still === 12) arrived();
        else requestAnimationFrame(step);
    })();
})"""
# How tall the letters of a figure are on the screen, those inside an SVG as large as it makes them.
LETTERS = """() => [...document.querySelectorAll(".sn-live *")]
    .filter(node => node.textContent)
    .map(node => parseFloat(getComputedStyle(node).fontSize)
                 * (node.localName === "text" ? node.getScreenCTM().a : 1))"""
# How far to the right the parts of a figure reach.
RIGHT = "nodes => Math.max(...nodes.map(node => node.getBoundingClientRect().right))"
# Most nodes of a page are those of formulas and of code, and axe looks at each by each of its rules. The picture of a
# formula is hundreds of boxes, hidden from screen readers, who get its MathML: one empty box of its size stands in for
# the picture, and plain text for the MathML, in which there is nothing for a rule to find. And a kind of token, such as
# a keyword in a cell, has the same colours wherever it stands.
THIN = """() => {
    const pictures = [...document.querySelectorAll(".katex-html")], seen = new Set();
    const sizes = pictures.map(node => node.getBoundingClientRect());
    pictures.forEach((node, n) => {
        node.replaceChildren();
        const {width, height} = sizes[n];
        Object.assign(node.style, {display: "inline-block", width: `${width}px`, height: `${height}px`});
    });
    for (const formula of document.querySelectorAll("math")) formula.replaceChildren(formula.textContent);
    for (const token of document.querySelectorAll("pre span:not(.line)")) {
        const around = [token.parentElement, token.closest("pre"), token.closest("div[class*=cell_], .highlight")];
        const kind = [token, ...around].map(node => node?.className).join("|");
        if (seen.has(kind)) token.replaceWith(...token.childNodes);
        seen.add(kind);
    }
}"""
# What axe does about colours is nearly all of its work, and text of one look has the same contrast wherever it stands.
# So of each look one text stays for it, and the others are set aside, until PUT_BACK; of a look that is known from
# another page, none. A look is the kind, the colours and the size of an element and of all that it stands in, and of a
# link also whether words stand beside it; it is told by two numbers that are made of all this. Drawings and figures
# stay whole: what lies behind a text there is beside it. Editors of code stay whole too, since they would take what is
# set aside for something that the reader has deleted.
SET_ASIDE = """known => {
    const looks = new Map([[document.documentElement, ""]]), seen = new Set(known), kept = new Set(), met = [];
    const says = node => [...node.childNodes].some(child => child.nodeType === Node.TEXT_NODE && child.data.trim());
    const brief = text => {
        let one = 7, two = 11;
        for (let at = 0; at < text.length; at++) {
            one = Math.imul(one ^ text.charCodeAt(at), 0x01000193);
            two = Math.imul(two, 31) + text.charCodeAt(at) | 0;
        }
        return `${one} ${two}`;
    };
    const look = node => {
        if (!looks.has(node)) {
            const style = getComputedStyle(node), {color, opacity, fontSize, fontWeight} = style;
            const own = [node.localName, node.getAttribute("class"), color, opacity, fontSize, fontWeight,
                         style.backgroundColor, style.backgroundImage, style.textDecorationLine,
                         node.checkVisibility(), node.localName === "a" && says(node.parentElement)];
            looks.set(node, brief(`${look(node.parentElement)}|${own}`));
        }
        return looks.get(node);
    };
    const all = [...document.body.querySelectorAll("*")], whole = "svg, .sn-figure, .cm-editor";
    for (const node of all) {
        const speaks = says(node);
        if (node.closest(whole) || speaks && !seen.has(look(node))) {
            if (speaks) seen.add(look(node)), met.push(look(node));
            for (let at = node; at && !kept.has(at); at = at.parentElement) kept.add(at);
        }
    }
    window.aside = all.filter(node => !kept.has(node) && kept.has(node.parentElement) && node.textContent.trim())
        .map(node => [node, node.parentElement, node.nextSibling]);
    for (const [node] of window.aside) node.remove();
    return met;
}"""
PUT_BACK = "() => window.aside.reverse().forEach(([node, parent, next]) => parent.insertBefore(node, next))"
# Between them, these are all the rules that axe knows by default. The second of colours asks whether a link differs
# from the words around it.
COLORS = ["color-contrast", "link-in-text-block"]
STRUCTURE = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in COLORS}}
CONTRAST = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": COLORS}}


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
        # What is aborted was not needed any more: the reader went on to the next page before all of this one was there.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url}: {request.failure}")

    def renew(self) -> None:
        """Be as a new window on a desk, in the light, for a reader who does not want motion."""
        self.complaints.clear()
        self.requests.clear()
        if self.page.viewport_size != DESKTOP:
            self.page.set_viewport_size(DESKTOP)
        self.page.emulate_media(media="screen", color_scheme="light", reduced_motion="reduce")
        self.page.mouse.move(0, 0)

    def forget(self) -> None:
        """Leave the page, and what it stored."""
        if self.page.url != "about:blank":
            self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self.page.goto("about:blank")

    def settle(self) -> None:
        """Wait until the page has been laid out and drawn as it now is."""
        self.page.evaluate(DRAWN)

    def violations(self) -> list[str]:
        """What breaks a rule of axe as the page now stands. Takes away what need not be looked at twice."""
        return self.faults_of_structure() + self.faults_of_contrast()

    def violations_in_light_and_dark(self) -> list[str]:
        """The same for both schemes: structure is the same in the light, which is left on."""
        found = self.violations()
        self.page.emulate_media(color_scheme="dark")
        found += [f"in the dark: {fault}" for fault in self.faults_of_contrast()]
        self.page.emulate_media(color_scheme="light")
        return found

    def faults_of_structure(self, leave_out: str = "") -> list[str]:
        """What breaks a rule of axe other than that of contrast; leave_out: a selector of what was looked at before."""
        self.page.evaluate(THIN)
        return self._broken(STRUCTURE, leave_out)

    def faults_of_contrast(self, known: set[str] | None = None) -> list[str]:
        """What is too faint to be read, or to be told from what is around it, for each look of a text once.

        known: looks that were found good on other pages, and those of this one if they are.
        """
        met = self.page.evaluate(SET_ASIDE, sorted(known or ()))
        found = self._broken(CONTRAST)
        self.page.evaluate(PUT_BACK)
        if known is not None and not found:
            known.update(met)
        return found

    def _broken(self, rules: dict[str, Any], leave_out: str = "") -> list[str]:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        where = {"exclude": [[leave_out]]} if leave_out else {}
        run = "([where, rules]) => axe.run({include: [['html']], ...where}, rules).then(result => result.violations)"
        found = self.page.evaluate(run, [where, rules])
        return [f"{rule['id']}: {n['target']} {n['html'][:90]}" for rule in found for n in rule["nodes"]]


def alone(figure: Figure, folder: Path) -> str:
    """Write a page that holds this figure and nothing else, and return its address."""
    page = folder / "figure.html"
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>F</title>'
    body = f'<main><h1 id="scratchnet">F</h1>{figure._repr_html_()}</main>'
    page.write_text(f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>', encoding="utf-8")
    return page.as_uri()


def open_alone(page: Page, figure: Figure, folder: Path) -> None:
    """Open a page that holds this figure and nothing else, and wait until the figure is awake."""
    page.goto(alone(figure, folder))
    page.locator(".sn-awake").first.wait_for()


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


def tap(place: Locator) -> None:
    """Touch what is in sight and at rest."""
    place.evaluate(ARRIVE)
    place.tap()


def click(place: Locator) -> None:
    """Click on what is in sight and at rest: what moves while the button is down is not clicked at all."""
    place.evaluate(ARRIVE)
    place.click()


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
