"""Finish each page that Sphinx wrote: read it with a parser, change it step by step, and write it again.

The steps stand below in the order in which they run. Each changes the page as a tree, and stops the build with a
sentence where the page is not written as the step expects. So no new release of the theme can make a step useless
without anyone noticing. Sphinx writes only pages that have changed: a page that already has the policy of the last step
was finished in an earlier build.
"""

import base64
import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import bundles
from bs4 import BeautifulSoup, Tag
from bs4.dammit import EntitySubstitution
from bs4.formatter import HTMLFormatter
from deeper import DEEPER
from PIL import Image
from sphinx.errors import ExtensionError

POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'"
)
FINISHED = '<meta http-equiv="Content-Security-Policy"'
# Listings, drawings and rendered formulas make up nearly all of a page, and no step looks into them. Because the parser
# is slow, it is given a short comment in place of each. Scripts are looked for as well, so that the text of a script is
# left alone where it only looks like one of these.
OPAQUE = re.compile(r'<(?:(script|pre|svg)\b|(span) class="katex">)')

VIEW_BOX = re.compile(r'viewBox="0 0 (\d+) (\d+)"')


class Formatter(HTMLFormatter):
    """Write attributes in the order in which they were read, not sorted."""

    def attributes(self, tag: Tag) -> Any:
        return [(name, None if value == "" else value) for name, value in tag.attrs.items()]


WRITTEN = Formatter(EntitySubstitution.substitute_xml, void_element_close_prefix=None)


def the_one(found: list[Tag], what: str) -> Tag:
    """Return the only element of a list, or stop the build where there are none or several. what: a name for it."""
    if len(found) != 1:
        raise ExtensionError(f"{len(found)} times, not once, there is {what}: does the theme write pages in a new way?")
    return found[0]


def without_thebe(page: BeautifulSoup) -> None:
    """Remove the settings of thebe, which would run cells in a page in its own way. The book does not use it."""
    for settings in page.find_all("script", type="text/x-thebe-config"):
        kernel = settings.find_next_sibling("script")
        if kernel is None or not kernel.get_text().startswith("kernelName = "):
            raise ExtensionError("the settings of thebe are not followed by the name of a kernel")
        settings.decompose()
        kernel.decompose()
    if any("thebe" in str(script).lower() for script in page.find_all("script")):
        raise ExtensionError("thebe has written itself into the page in a way that finish_pages.py does not know")


def without_shared_ids(page: BeautifulSoup) -> None:
    """Remove the id of the box in an exercise or a solution, because all boxes are given the same one."""
    for kind in ("exercise", "solution"):
        for box in page.find_all("div", class_=kind):
            del the_one(box.find_all(id=f"{kind}-content"), f"a box in an {kind}")["id"]


def without_wrong_roles(page: BeautifulSoup) -> None:
    """Remove the roles of the bibliography, so that a screen reader reads it well.

    It claims to be a list, but its children are no list items, and their own role is one that browsers do not support.
    """
    for kind, role in (("citation-list", "list"), ("citation", "doc-biblioentry")):
        for element in page.find_all("div", class_=kind):
            if element.attrs.pop("role", None) != role:
                raise ExtensionError(f"the bibliography has no role {role} any more: remove it from finish_pages.py")


def with_a_landmark_around_the_sidebar(page: BeautifulSoup) -> None:
    """Make the sidebar a landmark, so that a screen reader finds the name of the book and the search in it."""
    for sidebar in page.find_all(id="pst-primary-sidebar"):
        sidebar.attrs |= {"role": "complementary", "aria-label": "The book"}


def with_headers_that_say_something(page: BeautifulSoup) -> None:
    """Let no empty cell of a table be a header, and remove a head whose cells are all empty.

    Where only the first column has an empty header, its cells become the headers of their rows.
    """
    for table in page.select("article table:has(thead)"):
        cells = table.thead.find_all("th")
        empty = [cell for cell in cells if not re.sub(r"</?p>|\s", "", cell.decode_contents())]
        for cell in empty:
            cell.name = "td"
        if len(empty) == len(cells):
            table.thead.decompose()
        elif cells[0] in empty:
            for first in table.select("tbody > tr > td:first-child"):
                first.name = "th"
                first["scope"] = "row"


def with_links_below_the_title(page: BeautifulSoup) -> None:
    """Move the line that says where a notebook runs below the title. The template can only write it above."""
    for line in page.find_all("p", class_="run"):
        the_one(page.find_all("h1"), "a title").insert_after("\n", line)


def minutes_said(page: BeautifulSoup, minutes: str) -> Tag:
    """Return the words after a title that say how long its text takes, to be set in a quiet style."""
    said = page.new_tag("span", attrs={"class": "minutes"})
    said.string = f" · {minutes}"
    return said


def with_folds(page: BeautifulSoup) -> None:
    """Fold each section whose heading begins with "Deeper:", under that heading, and leave it out of the contents.

    The section with its ids stays inside the fold. So a browser opens the fold for a link to the section, as it does
    for a link to anything in it.
    """
    for heading in page.select("section > h3"):
        if not heading.get_text().startswith(DEEPER):
            continue
        section = heading.parent
        fold, summary = page.new_tag("details", attrs={"class": "deeper"}), page.new_tag("summary")
        section.wrap(fold)
        fold.insert(0, summary)
        summary.append(heading)
        words = heading.find(string=re.compile(r" · \d+ min"))
        if words is None:
            raise ExtensionError(f"a fold does not say how long it takes: {heading.get_text()}")
        title, _, minutes = str(words).rpartition(" · ")
        words.replace_with(title, minutes_said(page, minutes))
        for label in [section, *section.find_all(id=True)]:
            for link in page.select(f'li.toc-entry > a[href="#{label.get("id")}"]'):
                link.parent.decompose()
    for emptied in page.select("li.toc-entry > ul"):
        if not emptied.find("li"):
            emptied.decompose()


def with_folded_code(page: BeautifulSoup) -> None:
    """Let the line above folded code say what is hidden, whether it is open or not, and put pictures above their code.

    Without this the theme writes "Toggle hidden content" there, and draws a box around it.
    """
    for fold in page.select("details.hide"):
        summary = the_one(fold.find_all("summary", recursive=False), "a line above folded code")
        words = {line.get_text() for line in summary.find_all("p")}
        if len(words) != 1:
            raise ExtensionError(f"the line above folded code has not the same words open and folded: {sorted(words)}")
        fold["class"] = ["code"]
        summary.attrs.clear()
        summary.string = words.pop()
        output = fold.find_next_sibling("div", class_="cell_output")
        if output and output.select_one("img, .sn-figure"):
            output.insert_after(fold.extract())


def with_minutes_after_titles(page: BeautifulSoup) -> None:
    """Move the minutes of an exercise out of the brackets in its title, and remove them from that of its solution."""
    for title in page.select("div:is(.exercise, .solution) > p.admonition-title"):
        for words in title.find_all(string=re.compile(r" · \d+ min\)")):
            name, _, minutes = str(words).rpartition(" · ")
            words.replace_with(f"{name})")
            if "exercise" in title.parent["class"]:
                title.append(minutes_said(page, minutes.strip()[:-1]))


def with_folded_solutions(page: BeautifulSoup) -> None:
    """Fold each solution under its title, which is no link: a tap on it should unfold the solution, not lead away.

    As in other folds, the id is that of the section inside, so that a browser opens the fold for a link to it.
    """
    for solution in page.select("div.solution"):
        title = the_one(solution.select(":scope > p.admonition-title"), "a title of a solution")
        the_one(title.find_all("a"), "a link in the title of a solution").unwrap()
        the_one(solution.select(":scope > section"), "a box in a solution")["id"] = solution["id"]
        solution.name, title.name = "details", "summary"
        solution.attrs, title.attrs = {"class": "solution"}, {}


def with_sizes_of_pictures(page: BeautifulSoup, folder: Path) -> None:
    """Write the size of each picture into the page, so that the text does not jump when the picture arrives.

    Pictures are fetched only when the reader comes near. The exception is the opening picture of a chapter, which is
    in no section but that of the whole page.
    """
    for picture in page.find_all("img", src=re.compile(r"^(?!data:|https?:).*\.png$"), width=False):
        with Image.open(folder / picture["src"]) as image:
            width, height = image.size
        picture.attrs |= {"width": str(width), "height": str(height), "decoding": "async"}
        if len(picture.find_parents("section")) > 1:
            picture["loading"] = "lazy"
    for drawing in page.find_all("img", src=re.compile(r"^(?!data:|https?:).*\.svg$"), width=False):
        found = VIEW_BOX.search((folder / drawing["src"]).read_text(encoding="utf-8"))
        if found is None:
            raise ExtensionError(
                f"{drawing['src']} does not say how large it is: give it a viewBox that begins with 0 0"
            )
        drawing.attrs |= {"width": found[1], "height": found[2]}


def with_policy(page: BeautifulSoup) -> None:
    """Add a policy that lets the page load only what comes from the site, and run its own scripts, by their hashes."""
    inline = [script.decode_contents() for script in page.find_all("script", src=False)]
    digests = sorted({base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in inline})
    allowed = POLICY.format(hashes="".join(f" 'sha256-{digest}'" for digest in digests))
    meta = page.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy", "content": allowed})
    the_one(page.find_all("meta", charset=True), "a character set").insert_after("\n", meta)


def hide(text: str) -> tuple[str, list[str]]:
    """Replace each listing, drawing and formula by a comment, and return the page and the list of what was replaced."""
    shown, hidden, position = [], [], 0
    while found := OPAQUE.search(text, position):
        name, depth = found[1] or found[2], 0
        for tag in re.compile(rf"<(/?){name}\b[^>]*>").finditer(text, found.start()):
            depth += -1 if tag[1] else 1
            if depth == 0:
                break
        else:
            raise ExtensionError(f"an element has no end: {text[found.start() :][:120]}")
        shown.append(text[position : found.start()])
        element = text[found.start() : tag.end()]
        if name == "script":
            shown.append(element)
        else:
            shown.append(f"<!--hidden {len(hidden)}-->")
            hidden.append(element)
        position = tag.end()
    return "".join([*shown, text[position:]]), hidden


def finished(text: str, folder: Path) -> str:
    """Return a page after all steps. folder: where its file is, from which the addresses of its pictures count."""
    shown, hidden = hide(text)
    page = BeautifulSoup(shown, "html.parser")
    without_thebe(page)
    without_shared_ids(page)
    without_wrong_roles(page)
    with_a_landmark_around_the_sidebar(page)
    with_headers_that_say_something(page)
    with_links_below_the_title(page)
    with_folds(page)
    with_folded_code(page)
    with_minutes_after_titles(page)
    with_folded_solutions(page)
    with_sizes_of_pictures(page, folder)
    with_policy(page)
    return re.sub("<!--hidden ([0-9]+)-->", lambda found: hidden[int(found[1])], page.decode(formatter=WRITTEN))


def shrink(picture: Path) -> None:
    """Reduce a picture to 256 colours, on white paper, so that it is quick to load."""
    with Image.open(picture) as image:
        if image.mode != "P":
            paper = Image.new("RGB", image.size, "white")
            paper.paste(image, mask=image.convert("RGBA").getchannel("A"))
            paper.quantize(256, dither=Image.Dither.NONE).save(picture, optimize=True)


def finish(app: Any, exception: Exception | None) -> None:
    """Finish the pages that were written, write the bundles, and put the digests of the bundles into every page."""
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    for picture in sorted((site / "_images").glob("*.png")):
        shrink(picture)
    for unused in [*static.rglob("*.map"), *static.rglob("*fontawesome.js*")]:
        unused.unlink(missing_ok=True)
    shutil.rmtree(static / "vendor", ignore_errors=True)
    pages = {}
    for path in sorted(site.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        if static in path.parents or "book.css" not in text:
            continue  # not made by the theme, as index.html, which only leads on to the first page
        try:
            pages[path] = text if FINISHED in text else finished(text, path.parent)
        except ExtensionError as error:
            raise ExtensionError(f"{path.relative_to(site)}: {error}") from error
    bundles.without_formulas_in_excerpts(static)
    names = bundles.write(
        static, [Path(app.confdir) / folder for folder in app.config.html_static_path], pages.values()
    )
    for path, text in pages.items():
        if (new := bundles.named(text, names)) != path.read_text(encoding="utf-8"):
            path.write_text(new, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
