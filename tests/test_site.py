"""The built site in a real browser: no error, no stranger's host, no sideways scrolling, readable in light and dark."""

import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from browser_page import ARRIVE, DESKTOP, PHONE, Watched, click
from common import HTML, ROOT, pages
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

pytestmark = pytest.mark.site

CHAPTERS = pages()
PAGES = [*CHAPTERS, "genindex", "search"]
# A page of each template; of chapters one whose outputs are wider than a phone, one with tables, and one with a figure.
KINDS = [
    CHAPTERS[0], "book/part-1", "book/01-data", "book/08-gradient-check", "book/13-your-digits", "book/api", "genindex",
    "search",
]  # fmt: skip
LOOKS: set[str] = set()  # the looks of text that this process found readable on one page or another
SIDEWAYS = """width => [...document.querySelectorAll("article *")]
    .filter(node => node.getBoundingClientRect().right > width + 1 && !node.ownerSVGElement
                    && !node.closest("pre, table, .math, .katex, .pst-scrollable-table-container, .visually-hidden"))
    .map(node => node.outerHTML.slice(0, 120)).slice(0, 3)"""

# The tables of the text that have to be scrolled sideways, by their beginnings.
CUT_OFF = """() => [...document.querySelectorAll("article .pst-scrollable-table-container")]
    .filter(box => box.scrollWidth > box.clientWidth).map(box => box.innerText.slice(0, 40))"""

# The page as if the reader had been everywhere on it: a section is laid out only when it comes near.
EVERYWHERE = ".bd-article section > * { content-visibility: visible !important }"

# Each bet of a page: where it is settled, what covers that, and whether anything before the cover is a cell.
TOLD = """() => [...document.querySelectorAll("div.bet")].map(bet => {
    const settled = document.getElementById(`bet-${bet.dataset.bet}-result`);
    let next = bet.nextElementSibling, thoughts = 0, cell = false;
    for (; next && !next.matches(".bet-covered"); next = next.nextElementSibling) {
        thoughts += next.matches("p"); cell ||= next.matches(".cell");
    }
    const covered = settled && settled.closest(".bet-covered");
    return {fields: bet.querySelectorAll(".bet-place input").length, settled: Boolean(settled), thoughts, cell,
            here: Boolean(settled && bet.parentElement.contains(settled)), covered: Boolean(covered),
            after: Boolean(settled && bet.compareDocumentPosition(settled) & Node.DOCUMENT_POSITION_FOLLOWING)};
})"""
# Folds and solutions are opened, and laid out, since only then the browser knows which faces it has to wait for.
UNFOLD = """() => {
    document.querySelectorAll("details").forEach(node => { node.open = true });
    document.body.getBoundingClientRect();
    return document.fonts.ready.then(() => null);
}"""
WIDTHS = """nodes => nodes.map(node => [node.querySelector("annotation").textContent.trim(),
                                        node.clientWidth, node.scrollWidth])"""

# Delimiters of a formula that nobody rendered; a rendered one keeps its source for screen readers, and code is code.
RAW_FORMULAS = r"""() => {
    const page = document.body.cloneNode(true);
    page.querySelectorAll(".katex, pre, code, script").forEach(node => node.remove());
    return page.textContent.match(/.{0,60}(\\\(|\\\[|\$\$).{0,60}/)?.[0] ?? null;
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    assert (HTML / "index.html").exists(), "there is no site to look at: run `make book` first"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(HTML)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def well_formed(page: Page) -> dict[str, bool]:
    """What must be true of a page before any script or size matters."""
    return {
        "it is in the light": page.locator("html[data-theme=light]").count() == 1,
        "it has one title": page.locator("h1").count() == 1,
        "pictures have words": page.locator("img:not([alt]), img[alt='']").count() == 0,
        "no formula failed": page.locator(".katex-error, .merror, merror, mjx-container").count() == 0,
        "no formula is left raw": page.evaluate(RAW_FORMULAS) is None,
    }


def check_offer(page: Page, name: str) -> None:
    """Check that a page that is a notebook offers in words, within the first screen, to be run; and no other does."""
    line = page.locator("article h1 ~ p.run")
    assert line.count() == (1 if (ROOT / f"{name}.ipynb").exists() else 0)
    if line.count():
        assert line.evaluate("node => node.getBoundingClientRect().top") < 400
        notebook = line.locator("a[download]").get_attribute("href")
        assert page.request.get(urljoin(page.url, notebook)).json()["nbformat"] == 4


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound_on_a_phone_in_the_dark_and_on_a_desk_in_the_light(
    site: str, shared: Watched, name: str
) -> None:
    page = shared.page
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/{name}.html", wait_until="load")
    assert [what for what, holds in well_formed(page).items() if not holds] == []
    check_offer(page, name)

    page.add_style_tag(content=EVERYWHERE)
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-theme=dark]", state="attached")
    shared.settle()
    assert page.evaluate(SIDEWAYS, 360) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(CUT_OFF) == []
    assert not shared.faults_of_structure()
    assert not shared.faults_of_contrast(LOOKS)

    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)
    page.wait_for_selector("html[data-theme=light]", state="attached")
    shared.settle()
    assert not shared.faults_of_contrast(LOOKS)
    assert shared.complaints == []
    assert {urlsplit(url).netloc for url in shared.requests if not url.startswith("data:")} == {urlsplit(site).netloc}


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_page_is_sound_before_the_reader_has_been_anywhere_on_it_and_on_a_desk_around_the_text(
    site: str, shared: Watched, name: str
) -> None:
    """What is laid out late and what stands around a text is made by the same scripts and templates on every page."""
    page = shared.page
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/{name}.html", wait_until="load")
    shared.settle()
    assert not shared.faults_of_structure()
    page.set_viewport_size(DESKTOP)
    shared.settle()
    assert not shared.faults_of_structure(leave_out="article")  # its structure is the same on a phone


def check_formulas(page: Page) -> None:
    """Check that a reader with a phone sees each displayed formula whole: half of an equality is hard to read."""
    page.add_style_tag(content=EVERYWHERE)
    page.evaluate(UNFOLD)
    formulas = page.locator(".katex-display").evaluate_all(WIDTHS)
    assert [source for source, column, _ in formulas if not column] == [], "these were not laid out"
    assert [source for source, column, width in formulas if width > column] == []


def check_bets(page: Page) -> None:
    """Check that each bet is settled after it, and covered where that is in its section."""
    for told in page.evaluate(TOLD):
        assert told["fields"] > 0
        assert told["settled"]
        assert told["after"]
        assert told["covered"] >= told["here"]  # another bet may cover what settles this one
        assert not told["here"] or not told["cell"], "a cell before the cover may show the answer"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_a_folder_too_and_there_its_formulas_fit_and_its_bets_are_settled(
    shared: Watched, name: str
) -> None:
    shared.page.set_viewport_size({"width": 390, "height": 844})  # CSS pixels, as many phones have
    shared.page.goto((HTML / f"{name}.html").as_uri(), wait_until="load")
    check_bets(shared.page)
    check_formulas(shared.page)
    assert shared.complaints == []
    assert all(url.startswith(("file:", "data:")) for url in shared.requests)


def test_the_front_door_leads_to_the_landing_page(site: str, shared: Watched) -> None:
    shared.page.goto(f"{site}/", wait_until="load")
    shared.page.wait_for_url(f"{site}/{CHAPTERS[0]}.html")
    assert shared.complaints == []


def test_no_code_has_to_be_scrolled_even_on_a_phone_and_it_is_what_the_notebook_says(
    site: str, shared: Watched
) -> None:
    page = shared.page
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/book/05-hidden-layer.html", wait_until="load")
    page.add_style_tag(content=EVERYWHERE)
    listings = page.locator("div.cell_input pre")
    assert listings.evaluate_all("nodes => nodes.filter(node => node.scrollWidth > node.clientWidth)") == []
    names = "05-hidden-layer", "05-hidden-layer-solutions"
    held = [cell for name in names for cell in json.loads((ROOT / "book" / f"{name}.ipynb").read_text())["cells"]]
    code = {"".join(cell["source"]) + "\n" for cell in held if cell["cell_type"] == "code"}
    shown = listings.evaluate_all("nodes => nodes.map(node => node.textContent)")
    assert set(shown) == {text for text in code if "google.colab" not in text}


def test_formulas_are_there_without_a_script(site: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/book/notation.html")
    assert page.locator(".katex-html").count() > 20
    assert page.locator(".katex-html").first.bounding_box()["height"] < 40  # the style sheet is at work
    assert page.get_by_role("link", name="All chapters").is_visible()  # the menu needs a script
    page.emulate_media(media="print")
    assert page.locator("h1").is_visible()
    context.close()


@pytest.mark.parametrize(("where", "size"), [("server", PHONE), ("folder", DESKTOP)], ids=["server", "folder"])
def test_there_is_one_search_box_and_it_finds(site: str, shared: Watched, where: str, size: ViewportSize) -> None:
    page, home = shared.page, site if where == "server" else HTML.as_uri()
    page.set_viewport_size(size)
    page.goto(f"{home}/{CHAPTERS[0]}.html", wait_until="load")
    boxes = page.locator(".search-button__button, form.bd-search")
    visible = [boxes.nth(number) for number in range(boxes.count()) if boxes.nth(number).is_visible()]
    assert len(visible) == 1
    visible[0].click()
    page.keyboard.type("softmax")
    page.keyboard.press("Enter")
    expect(page.locator("#search-results .search-summary")).to_contain_text("Search finished")
    assert page.locator("#search-results li").count() >= 2
    assert "\\" not in page.locator("#search-results").inner_text()  # no TeX
    assert page.locator("form.bd-search:visible, .search-button__button:visible").count() == 1
    assert shared.complaints == []


def test_the_reader_chooses_between_light_and_dark_and_is_remembered(site: str, shared: Watched) -> None:
    page = shared.page
    page.goto(f"{site}/{CHAPTERS[1]}.html", wait_until="load")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    for _ in range(3):
        page.locator(".theme-switch-button:visible").click()
        if page.locator("html[data-theme=dark]").count():
            break
    assert page.evaluate(background) != light
    page.reload(wait_until="load")
    assert page.locator("html[data-theme=dark]").count() == 1
    assert shared.complaints == []


def test_a_solution_is_folded_until_asked_for(site: str, shared: Watched) -> None:
    name = next(name for name in CHAPTERS if re.match(r"book/\d", name))
    shared.page.goto(f"{site}/{name}.html", wait_until="load")
    solution = shared.page.locator("details.solution").first
    title, answer = solution.locator("summary"), solution.locator("div.cell").first
    assert not answer.is_visible()
    assert title.text_content().startswith("Solution to Exercise")
    title.press("Enter")
    answer.wait_for(state="visible")
    title.press("Enter")
    answer.wait_for(state="hidden")


class Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.names: set[str] = set()
        self.twice: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for key, value in attributes:
            if key in ("href", "src") and value:
                self.links.add(value)
            if key == "id" and value in self.names:
                self.twice.add(value)
            if key in ("id", "name") and value:
                self.names.add(value)


def parsed(path: Path) -> Anchors:
    anchors = Anchors()
    anchors.feed(path.read_text(encoding="utf-8"))
    return anchors


def test_every_link_inside_the_book_leads_somewhere() -> None:
    written = [path for path in HTML.rglob("*.html") if "_static" not in path.parts and path.name != "404.html"]
    pages = {path: parsed(path) for path in written}
    assert len(pages) > len(PAGES)
    assert {path.name: anchors.twice for path, anchors in pages.items() if anchors.twice} == {}
    broken = []
    for path, anchors in pages.items():
        for link in anchors.links:
            address, fragment = urldefrag(link)
            if urlsplit(address).scheme or address.startswith("//"):
                continue
            target = (path.parent / unquote(address.split("?")[0])).resolve() if address else path
            if not target.exists() or (fragment and target in pages and unquote(fragment) not in pages[target].names):
                broken.append(f"{path.name}: {link}")
    assert not broken


def test_binder_and_colab_are_offered_for_notebooks_that_exist() -> None:
    for name in CHAPTERS:
        links = [link for link in parsed(HTML / f"{name}.html").links if link.startswith("https://")]
        offers = [link for link in links if urlsplit(link).netloc in ("mybinder.org", "colab.research.google.com")]
        assert len(offers) == (2 if (ROOT / f"{name}.ipynb").exists() else 0), name
        assert all(unquote(link).endswith(f"/{name}.ipynb") for link in offers), offers


def test_a_page_loads_one_sheet_and_one_script_and_no_icon_font(site: str, shared: Watched) -> None:
    shared.page.goto(f"{site}/{CHAPTERS[1]}.html", wait_until="load")
    kinds = {kind: [u for u in shared.requests if urlsplit(u).path.endswith(kind)] for kind in (".css", ".js")}
    assert [len(addresses) for addresses in kinds.values()] == [1, 1]
    assert not [u for u in shared.requests if "awesome" in u]
    icons = shared.page.locator("i[class*=fa-], span[class*=fa-]")
    assert icons.count() > 5
    drawn = (
        "nodes => nodes.filter(node => !getComputedStyle(node).maskImage.startsWith('url')).map(node => node.className)"
    )
    assert icons.evaluate_all(drawn) == []


def test_a_thing_is_laid_out_when_the_reader_comes_near_and_what_scrolls_can_then_be_reached(
    site: str, shared: Watched
) -> None:
    page = shared.page
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/book/08-gradient-check.html", wait_until="load")
    click(page.get_by_role("button", name="Leave all bets open").first)
    last = page.locator("article section > :is(p, ul) *").last
    wide = page.locator("article .cell_output pre", has_text="two different means W1")
    near = "node => node.checkVisibility({contentVisibilityAuto: true})"
    assert not last.evaluate(near)
    assert not wide.get_attribute("tabindex")
    wide.evaluate(ARRIVE)
    page.locator("article pre[tabindex='0']", has_text="two different means W1").wait_for()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_link_into_a_chapter_lands_on_its_target(site: str, shared: Watched, size: dict[str, int]) -> None:
    page = shared.page
    page.set_viewport_size(size)
    there = """id => {
        const target = document.getElementById(id), page = document.documentElement;
        const begin = target.matches("details > section") ? target.parentElement : target;  // of a fold, its title
        const top = begin.getBoundingClientRect().top;
        const end = scrollY + innerHeight > page.scrollHeight - 2;
        return top > -1 && (top < 0.2 * innerHeight || end && top < innerHeight);
    }"""
    targets = "nodes => nodes.map(node => node.id)"
    page.goto(f"{site}/book/07-backprop.html", wait_until="load")
    ids = page.locator("article :is(section section[id], div.exercise[id], div.math[id])").evaluate_all(targets)
    assert len(ids) > 15
    for target in ids[3 if size == DESKTOP else 5 :: len(ids) // 3]:
        page.goto("about:blank")
        page.goto(f"{site}/book/07-backprop.html#{target}", wait_until="load")
        page.wait_for_function(there, arg=target)
        shared.settle()  # and there it stays
        assert page.evaluate(there, target), f"{target}, from outside"
    link = page.locator("article > section > section > p a.internal[href^='#equation-']").last
    near = "node => Math.abs(node.getBoundingClientRect().top) < innerHeight"
    link.evaluate(ARRIVE)
    link.press("Enter")
    page.wait_for_function(there, arg=link.get_attribute("href")[1:])
    shared.settle()
    assert page.evaluate(there, link.get_attribute("href")[1:])
    page.go_back()
    page.wait_for_function(near, arg=link.element_handle())
    shared.settle()
    assert link.evaluate(near)


def test_a_menu_opens_where_the_reader_is_and_the_contents_make_way_for_what_was_chosen(
    site: str, shared: Watched
) -> None:
    page = shared.page
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/book/12-results.html", wait_until="load")
    page.locator("button.primary-toggle").click()
    here = page.locator("dialog[open] a.current")
    here.wait_for()
    page.wait_for_function("node => node.getBoundingClientRect().bottom < innerHeight", arg=here.element_handle())
    page.keyboard.press("Escape")
    focused = "name => document.activeElement.classList.contains(name)"
    page.wait_for_function(focused, arg="primary-toggle")
    page.locator("button.secondary-toggle").click()
    page.locator("dialog[open] a[href='#exercises']").click()
    page.locator("dialog[open]").wait_for(state="detached")
    page.wait_for_function("() => Math.abs(document.getElementById('exercises').getBoundingClientRect().top) < 150")
    assert shared.complaints == []


def test_what_was_pressed_keeps_the_focus_and_marks_of_a_search_can_be_taken_away(site: str, desktop: Watched) -> None:
    page = desktop.page
    page.context.grant_permissions(["clipboard-write"])
    page.goto(f"{site}/book/03-softmax.html?highlight=softmax", wait_until="load")
    for name in ("theme-switch-button", "copybtn"):
        page.locator(f"button.{name}:visible").first.press("Enter")
        desktop.settle()
        assert page.evaluate("name => document.activeElement.classList.contains(name)", name), name
    assert page.locator("article .highlighted").count() > 20
    page.locator(".highlight-link a").click()
    page.wait_for_function("() => !document.querySelector('.highlighted')")
    assert desktop.complaints == []


def test_a_tap_on_the_title_opens_a_solution(site: str, shared: Watched) -> None:
    page = shared.page
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/book/03-softmax.html", wait_until="load")
    page.locator(".solution > summary", has_text="Exercise 3.1").first.click(position={"x": 150, "y": 12})
    expect(page.locator(".solution").first.locator("section p").first).to_be_visible()
    assert shared.complaints == []


def test_pictures_say_how_large_they_are_and_wait_until_the_reader_comes_near() -> None:
    for name in CHAPTERS:
        opening, heading, rest = (HTML / f"{name}.html").read_text(encoding="utf-8").partition("<h2")
        now, later = (re.findall(r"<img[^>]*_images/[^>]*>", part) for part in (opening, heading + rest))
        assert not [tag for tag in now + later if not re.search(r'width="\d+" height="\d+"', tag)], name
        assert not [tag for tag in now if "lazy" in tag], name
        assert not [tag for tag in later if ".png" in tag and 'loading="lazy"' not in tag], name


def test_a_page_runs_its_own_scripts_and_no_others(site: str, desktop: Watched) -> None:
    page = desktop.page
    page.goto(f"{site}/{CHAPTERS[1]}.html", wait_until="load")
    assert desktop.complaints == []
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.foreign = 1'}))"
    )
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://example.org/x.png'}))")
    page.wait_for_timeout(100)
    assert page.evaluate("window.foreign") is None
    assert len([said for said in desktop.complaints if "Content Security Policy" in said]) == 2


def test_the_table_of_contents_remembers_how_far_the_reader_came(site: str, shared: Watched) -> None:
    page = shared.page
    chapters = [name for name in CHAPTERS if re.match(r"book/\d", name)]
    page.goto(f"{site}/{chapters[0]}.html", wait_until="load")
    assert page.locator(".read").count() == 0
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    here = page.locator("nav.bd-docs-nav li.current > a.current .read")
    expect(here).to_contain_text(re.compile(r"read to [3-6]\d %"))
    half = here.text_content()
    page.goto(f"{site}/{chapters[1]}.html", wait_until="load")
    expect(page.locator("nav.bd-docs-nav .read")).to_have_text([half])
    page.goto(f"{site}/{chapters[0]}.html", wait_until="load")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.get_by_text("(read)").wait_for(state="attached")


def test_a_shared_link_shows_the_network() -> None:
    page = (HTML / f"{CHAPTERS[0]}.html").read_text(encoding="utf-8")
    (url,) = re.findall(r'<meta property="og:image" content="([^"]+)"', page)
    (place,) = re.findall(r'<link rel="canonical" href="([^"]+)"', page)
    folder = place.removesuffix(f"{CHAPTERS[0]}.html")
    assert folder != place
    with Image.open(HTML / url.removeprefix(folder)) as picture:
        assert picture.size == (1200, 630)


@pytest.mark.parametrize("name", ["book/index", "book/13-your-digits"])
def test_the_figures_of_a_page_wake_up_under_its_policy(site: str, shared: Watched, name: str) -> None:
    shared.page.goto(f"{site}/{name}.html", wait_until="load")
    asleep = shared.page.locator(".sn-figure:not(.sn-awake)")
    expect(asleep).to_have_count(0)
    expect(shared.page.locator(".sn-figure.sn-awake .sn-live").first).to_be_visible()
