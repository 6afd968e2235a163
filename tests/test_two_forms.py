"""A chapter has one source and two forms, the page of the site and the plain notebook: they say the same.

The site reads MyST with Sphinx; the notebooks are made by `tools/plain.py`, which numbers, links and cites by itself.
They are read here as any notebook program reads them: Markdown with formulas between dollars.
"""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from site_address import address

ROOT = Path(__file__).parents[1]
BOOK, HTML = ROOT / "book", ROOT / "_build" / "html" / "book"
TEXTS = sorted((BOOK / "text").glob("*.md"))
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
READER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
# What only the site understands: roles, labels, directives, colon fences, options.
MARKUP = re.compile(r"\{[\w:-]+\}`|^\([\w-]+\)=|^[`~:]{3,} *\{|^:{3,}|^:[\w-]+:|\{\{|^\+\+\+|^% ", re.MULTILINE)


def cells(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def words(soup: BeautifulSoup | Tag) -> list[str]:
    """The words and numbers that a reader sees, without formulas and the punctuation around them."""
    return re.findall(r"[^\W_]+", soup.get_text(" "))


def rendered(path: Path) -> BeautifulSoup:
    """A notebook's text as HTML, its formulas left out; and without the lines that the page says in another way."""
    sources = [cell.source for cell in cells(path, "markdown")]
    elsewhere = "[A solution]", "## References", "<details>", "*Checked: "
    kept = [text for text in sources if not text.startswith(elsewhere)]
    soup = BeautifulSoup("\n".join(READER.render(text) for text in kept), "html.parser")
    for formula in soup.select(".math"):
        formula.decompose()
    return soup


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


def printed(outputs: list) -> list[str]:
    """What cells wrote as text, line by line, blank lines left out."""
    texts = [output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs
             if not {"text/html", "text/markdown", "image/png"} & set(output.get("data", {}))]  # fmt: skip
    return [line.rstrip() for text in texts for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_of_a_notebook_shows_markup_of_the_site(path: Path) -> None:
    found = [match[0] for cell in cells(path, "markdown") for match in MARKUP.finditer(cell.source)]
    assert found == []
    assert {key for cell in nbformat.read(path, as_version=4).cells for key in cell.metadata} <= {
        "cellView", "jp-MarkdownHeadingCollapsed", "jupyter"
    }  # fmt: skip


@pytest.mark.site
@pytest.mark.parametrize("stem", [path.stem for path in TEXTS])
def test_page_and_notebook_say_the_same_words_and_show_the_same_outputs(stem: str) -> None:
    article = page(stem)
    for name in (stem, f"{stem}-solutions")[: 2 if stem[0].isdigit() else 1]:
        shown = [line for cell in article.select(".cell") for line in cell.select(".cell_output .output pre")
                 if bool(cell.find_parent(class_="solution")) == name.endswith("-solutions")]  # fmt: skip
        lines = [line.rstrip() for text in shown for line in text.get_text().splitlines() if line.strip()]
        held = printed([output for cell in cells(BOOK / f"{name}.ipynb", "code") for output in cell.outputs])
        # solutions begin with cells of the chapter, whose outputs the page shows where the chapter has them
        assert held[-len(lines) or len(held) :] == lines

    for extra in article.select(".cell, .solution, .math, .katex, .eqno, .headerlink, .run, .bd-footer-content, nav"):
        extra.decompose()
    seen, told = words(article), words(rendered(BOOK / f"{stem}.ipynb"))
    assert len(told) > 100
    if told != seen:
        at = next((n for n, (one, other) in enumerate(zip(told, seen, strict=False)) if one != other), -1)
        pytest.fail(f"notebook: {' '.join(told[at - 8 : at + 12])}\npage:     {' '.join(seen[at - 8 : at + 12])}")


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
