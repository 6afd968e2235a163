"""A chapter has one source and two forms, the page of the site and the plain notebook: they say the same.

The site reads MyST with Sphinx; the notebooks are made by `tools/plain.py`, which numbers, links and cites by itself.
They are read here as any notebook program reads them: Markdown with formulas between dollars.
"""

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup, NavigableString, Tag
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from site_address import address

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from plain import read as read_text  # noqa: E402

BOOK, HTML = ROOT / "book", ROOT / "_build" / "html" / "book"
TEXTS = sorted((BOOK / "text").glob("*.md"))
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
READER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
# What only the site understands: roles, labels, directives, colon fences, options.
MARKUP = re.compile(r"\{[\w:-]+\}`|^\([\w-]+\)=|^[`~:]{3,} *\{|^:{3,}|^:[\w-]+:|\{\{|^\+\+\+|^% ", re.MULTILINE)


def cells(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


# What the page says besides, and what a notebook says in another way than the page.
COLAB = "google.colab"  # in the first cell of a notebook, and in no text
BESIDES = {"eqno", "headerlink", "live-head", "run", "bd-footer-content"}
ELSEWHERE = "[A solution]", "[Back to the exercise]", "## References", "<details>", "*Checked: "
INSIDE = re.compile(r"^(?:https:[^#]*/book/|)(?!bibliography)([\w-]+)\.(?:html|ipynb)")  # a link to a page of the book
SIGN = re.compile(r"\\text\{([^{}\w]+)\}$")  # marks that may not be parted from the formula before them
MARKS = re.compile(r"[,.;:!?)]*")  # what a notebook takes into the formula that it follows
TAG = re.compile(r"\\tag\{[^{}]*\}")  # in a notebook, the number of a formula


def lines(kind: str, text: str) -> list[str]:
    """The lines of a text but for empty ones, each as a token."""
    return [f"{kind} {line.rstrip()}" for line in text.splitlines() if line.strip()]


def formula(source: str, after: str) -> str:
    """A formula with the marks that follow it, which stand behind it or within it. after: the text that follows."""
    bare = re.sub(r"\s", "", TAG.sub("", source))
    inside = SIGN.search(bare)
    return "formula " + SIGN.sub("", bare) + MARKS.match(inside[1] if inside else after)[0]


def picture(words: str) -> str:
    return f"picture {' '.join(words.split())}"


def in_html(soup: Tag) -> list[str]:
    """What an output in HTML shows: the name of an interactive figure, or words."""
    figure = soup.select_one(".sn-figure")
    return [f"figure {figure.name}"] if figure else lines("output", "\n".join(soup.get_text(" ").split()))


def read(node: Tag) -> Iterator[str]:
    """What a page, or a notebook's text as HTML, says: words, headings, formulas, cells, pictures, in their order."""
    for child in node.children:
        if type(child) is NavigableString:
            yield from re.findall(r"[^\W_]+", child)
        if not isinstance(child, Tag):
            continue
        classes = set(child.get("class", []))
        if classes & BESIDES or child.name in ("script", "style", "nav"):
            continue
        if classes & {"katex", "math"} and not (child.select_one(".katex") and "katex" not in classes):
            source = child.select_one("annotation") or child
            last = child if child.next_sibling or "math" not in child.parent.get("class", []) else child.parent
            yield formula(source.get_text(), last.next_sibling if type(last.next_sibling) is NavigableString else "")
        elif "cell" in classes:
            yield from read_cell(child)
        elif child.name == "img":
            yield picture(child["alt"])
        else:
            yield from ["heading"] if re.fullmatch("h[1-6]", child.name) or "admonition-title" in classes else []
            yield from [child.name] if child.name in ("li", "tr") else []
            if found := INSIDE.search(child.get("href", "")):
                yield f"link to {found[1]}"
            yield from read(child)


def read_cell(cell: Tag) -> Iterator[str]:
    """What a cell of a page says: its code, if it is shown, and what comes out."""
    for code in cell.select(".cell_input pre"):
        yield from lines("code", code.get_text())
    for output in cell.select(".cell_output > *"):
        pictures = [output] if output.name == "img" else output.select("img")
        if "text_html" in output.get("class", []):
            yield from in_html(output)
        elif pictures:
            yield from [picture(shown["alt"]) for shown in pictures]
        else:
            yield from lines("output", output.get_text())


def read_notebook(told: list, hidden: set[str]) -> Iterator[str]:
    """What cells of a notebook say one after the other. hidden: code that the page does not show."""
    for cell, after in zip(told, [*told[1:], nbformat.v4.new_markdown_cell()], strict=True):
        if cell.cell_type == "markdown":
            if not cell.source.startswith(ELSEWHERE):
                yield from read(BeautifulSoup(READER.render(cell.source), "html.parser"))
            continue
        yield from [] if cell.source in hidden else lines("code", cell.source)
        for output in cell.outputs:
            data = output.get("data", {})
            if "text/html" in data:
                yield from in_html(BeautifulSoup(data["text/html"], "html.parser"))
            elif "image/png" in data:
                yield picture(BeautifulSoup(after.source, "html.parser").get_text().partition("\n")[2])
            elif "text/markdown" in data:
                yield from lines("output", "\n".join(data["text/markdown"].split("\n")[3:-3]))
            else:
                yield from lines("output", output.get("text") or data["text/plain"])


@cache
def rendered_whole(path: Path) -> BeautifulSoup:
    """A notebook's text as HTML, all of it, as a program shows it before formulas are set."""
    plain = MarkdownIt("commonmark").enable("table")
    return BeautifulSoup("\n".join(plain.render(cell.source) for cell in cells(path, "markdown")), "html.parser")


@cache
def named(path: Path) -> dict[str, str]:
    """The headings of a notebook by the id of the cell that begins with it, by which JupyterLab finds it."""
    return {cell.id: BeautifulSoup(READER.render(cell.source), "html.parser").find().get_text()
            for cell in cells(path, "markdown") if cell.source.startswith("#")}  # fmt: skip


def page(stem: str) -> Tag:
    return BeautifulSoup((HTML / f"{stem}.html").read_text(encoding="utf-8"), "html.parser").select_one("article")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_of_a_notebook_shows_markup_of_the_site(path: Path) -> None:
    found = [match[0] for cell in cells(path, "markdown") for match in MARKUP.finditer(cell.source)]
    assert found == []
    assert {key for cell in nbformat.read(path, as_version=4).cells for key in cell.metadata} <= {
        "cellView", "jp-MarkdownHeadingCollapsed", "jupyter"
    }  # fmt: skip


def compare(stem: str, *said: Iterator[str]) -> None:
    """Compare what a page and its notebook say; a link from a page to itself does not name it."""
    page, notebook = ([token for token in one if token != f"link to {stem}"] for one in said)
    assert len(notebook) > 100
    if page != notebook:
        at = next((n for n, (one, other) in enumerate(zip(page, notebook, strict=False)) if one != other), -1)
        before, after = max(at - 8, 0), at + 12
        pytest.fail(f"notebook: {' | '.join(notebook[before:after])}\npage: {' | '.join(page[before:after])}")


@pytest.mark.site
@pytest.mark.parametrize("stem", [path.stem for path in TEXTS])
def test_page_and_notebook_say_the_same_one_thing_after_the_other(stem: str) -> None:
    article = page(stem)
    solutions = [solution.extract() for solution in article.select(".solution")]
    for solution in solutions:
        solution.summary.decompose()
    hidden = {cell.source for cell in read_text(BOOK / "text" / f"{stem}.md")
              if "remove-input" in cell.metadata.get("tags", [])}  # fmt: skip
    told = [cell for cell in nbformat.read(BOOK / f"{stem}.ipynb", as_version=4).cells if COLAB not in cell.source]
    compare(stem, read(article), read_notebook(told, hidden))

    if solutions:
        asked = {cell.source for cell in told if cell.cell_type == "code"}  # what solutions need, and exercises bring
        solved = [cell for cell in nbformat.read(BOOK / f"{stem}-solutions.ipynb", as_version=4).cells[3:]
                  if cell.source not in asked and not cell.source.startswith("## ")]  # fmt: skip
        compare(stem, (token for solution in solutions for token in read(solution)), read_notebook(solved, set()))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_link_of_a_notebook_leads_to_a_notebook_and_a_heading_that_are_there(path: Path) -> None:
    links = [link["href"] for link in rendered_whole(path).select("a[href]") if not link["href"].startswith("http")]
    for link in links:
        name, _, wanted = link.partition("#")
        target = BOOK / (name or path.name)
        assert target.exists(), link
        if name:  # in a notebook that is not open yet, JupyterLab finds a cell, and no heading
            assert not wanted or wanted.removeprefix("cell-id=") in named(target), link
        else:  # and it does not read a sign that is written as % and a number
            assert wanted in {heading.replace(" ", "-") for heading in named(target).values()}, link


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_heading_begins_a_cell_so_that_it_folds_what_follows_it_and_nothing_before(path: Path) -> None:
    assert list(named(path).values()) == [
        heading.get_text()
        for heading in rendered_whole(path).select("h1, h2, h3, h4")
        if not heading.find_parent("blockquote")
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_program_that_sets_no_formulas_sees_the_same_headings_lists_and_tables(path: Path) -> None:
    def structure(reader: MarkdownIt, source: str) -> list[str]:
        return [token.type for token in reader.parse(source) if token.type.endswith("_open") and token.tag != "p"]

    plain = MarkdownIt("commonmark").enable("table")
    for cell in cells(path, "markdown"):
        assert structure(plain, cell.source) == structure(READER, cell.source), cell.source
        assert not re.search(r"^ *(?:[,.;:?)]|![^[])", cell.source, re.MULTILINE), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_letter_or_digit_touches_a_formula_because_a_code_host_would_not_see_it(path: Path) -> None:
    for cell in cells(path, "markdown"):
        for block in READER.parse(cell.source):
            pieces = block.children or []
            around = [
                (before.content[-1:], after.content[:1])
                for before, piece, after in zip(pieces, pieces[1:], pieces[2:], strict=False)
                if piece.type == "math_inline"
            ]
            assert not [pair for pair in around if re.search(r"\w", "".join(pair))], block.content


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_line_that_is_printed_is_so_long_that_a_notebook_breaks_it_within_a_word(path: Path) -> None:
    printed = [output.text for cell in cells(path, "code") for output in cell.outputs if "text" in output]
    assert [line for text in printed for line in text.split("\n") if len(line) > 100] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_listing_has_letters_of_one_width_in_pages_that_nbconvert_makes(path: Path) -> None:
    outputs = [output.get("data", {}) for cell in cells(path, "code") for output in cell.outputs]
    for shown in (data["text/markdown"] for data in outputs if "text/markdown" in data):
        assert re.fullmatch(r"<samp>\n\n```python\n.*\n```\n\n</samp>", shown, re.DOTALL), shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_code_has_to_be_scrolled(path: Path) -> None:
    assert [line for cell in cells(path, "code") for line in cell.source.split("\n") if len(line) > 100] == []


@pytest.mark.site
def test_a_link_of_a_notebook_to_the_site_leads_to_a_page_and_a_place_that_are_there() -> None:
    site = address(yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"])
    links = {link["href"] for path in NOTEBOOKS for link in rendered_whole(path).select("a[href]")}
    ours = {link for link in links if link.startswith(site)}
    assert len(ours) > 100
    for link in ours:
        page, _, wanted = link.removeprefix(site).partition("#")
        assert not wanted or f'id="{unquote(wanted)}"' in (HTML.parent / page).read_text(encoding="utf-8"), link


@pytest.mark.parametrize("path", [path for path in TEXTS if path.stem[0].isdigit()], ids=lambda path: path.stem)
def test_solutions_are_out_of_sight_and_each_exercise_links_to_its_own(path: Path) -> None:
    chapter, solved = (rendered_whole(BOOK / f"{path.stem}{end}.ipynb") for end in ("", "-solutions"))
    asked = [heading.get_text() for heading in chapter.select("h3") if heading.get_text().startswith("Exercise ")]
    links = [link["href"] for link in chapter.select("a") if link.get_text() == "A solution"]
    headings = [heading.get_text() for heading in solved.select("h2")]
    assert len(asked) >= 4
    assert headings == ["From the chapter", *asked, "References"][: len(headings)]
    ids = {heading: name for name, heading in named(BOOK / f"{path.stem}-solutions.ipynb").items()}
    assert links == [f"{path.stem}-solutions.ipynb#cell-id={ids[heading]}" for heading in asked]
    outputs = [output for cell in cells(BOOK / f"{path.stem}.ipynb", "code") for output in cell.outputs]
    assert not [output for output in outputs if ": correct." in str(output)]
