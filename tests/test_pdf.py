"""The whole book on paper: the document that is printed, and the PDF that `make pdf` printed last."""

import importlib
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest
from lxml import html
from pypdf import PdfReader
from pypdf.generic import Destination
from thin_pages import thin_site

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pdf() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield importlib.import_module("pdf")


def has_class(name: str) -> str:
    """The condition, in XPath, that an element has this class."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


@pytest.mark.site
def test_the_document_that_is_printed_is_whole(
    pdf: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "HTML", thin_site(tmp_path))
    pages = [page for _, files in pdf.parts() for page in files]
    second = pdf.chapter(pages[1], pages).section["id"]
    document = html.document_fromstring(pdf.assemble({second: 321}))
    names, links = document.xpath("//@id"), document.xpath("//a/@href")
    assert len(names) == len(set(names))
    assert {link[1:] for link in links if link.startswith("#")} <= set(names)
    assert all(link.startswith(("#", "https://", "http://")) for link in links)
    here = tuple(f"/{page}.html" for page in pages)
    assert not [link for link in links if link.partition("#")[0].endswith(here)], "leads to the site, not into the book"
    assert not document.xpath(f"//script | //a[{has_class('headerlink')}] | //*[{has_class('d-print-none')}]")
    assert not document.xpath("//*[@loading]")
    assert document.xpath("//details[@open]")
    assert not document.xpath("//details[not(@open)]")
    before = [fold.getprevious() for fold in document.xpath("//details[summary[normalize-space()='Set-up']]")]
    assert before
    assert [tag.tag for tag in before if not tag.text_content().startswith("Time.")] == [], "set-up before the words"
    pictures = [address[7:] for address in document.xpath("//img/@src") if address.startswith("file:")]
    assert pictures
    assert [picture for picture in pictures if not Path(unquote(picture)).exists()] == []

    chapters = document.xpath("//article")
    assert [tag.get("id") for tag in chapters] == [pdf.place(page) for page in pages]
    titles = [tag.xpath(".//h2")[0].text_content() for tag in chapters]
    assert titles[pages.index("book/02-linear")].startswith("2. ")
    lines = document.xpath(f"//*[{has_class('contents')}]/p[{has_class('part')} or {has_class('chapter')}]/a[b]")
    assert [tag.find("span").text_content() for tag in lines] == titles
    assert [tag.find("b").text_content() for tag in lines][:3] == ["", "321", ""]


@pytest.fixture(scope="module")
def book(pdf: ModuleType) -> PdfReader:
    assert pdf.PDF.exists(), "there is no PDF to look at: run `make pdf` first"
    assert 1e6 < pdf.PDF.stat().st_size < 30e6
    return PdfReader(pdf.PDF)


def flat(outline: list[Destination | list]) -> Iterator[Destination]:
    for entry in outline:
        yield from flat(entry) if isinstance(entry, list) else [entry]


@pytest.mark.lasting
def test_every_link_inside_the_pdf_lands_on_a_page(book: PdfReader) -> None:
    numbers = {page.indirect_reference.idnum for page in book.pages}
    inside, outside = [], []
    for page in book.pages:
        for link in (entry.get_object() for entry in page.get("/Annots", [])):
            if "/A" in link:
                outside.append(link["/A"]["/URI"])
            else:
                inside.append(link["/Dest"])
    assert len(inside) > 500
    assert {book.named_destinations[name].page.idnum for name in inside} <= numbers
    assert outside
    assert all(url.startswith(("https://", "http://")) for url in outside)


@pytest.mark.lasting
def test_the_line_above_folded_code_is_never_the_last_on_a_page(book: PdfReader) -> None:
    line = r"\W*(Set-up|Checked: \d+ claims?|Code (of|that) .*)"
    texts = [[text for text in page.extract_text().splitlines() if text.strip()] for page in book.pages]
    assert sum(bool(re.fullmatch(line, text)) for lines in texts for text in lines) > 300
    assert [number for number, lines in enumerate(texts, start=1) if lines and re.fullmatch(line, lines[-1])] == []


@pytest.mark.lasting
def test_bookmarks_and_contents_agree_on_where_a_chapter_is(book: PdfReader, pdf: ModuleType) -> None:
    marks = {" ".join(mark.title.split()): book.get_destination_page_number(mark) for mark in flat(book.outline)}
    captions = [caption for caption, _ in pdf.parts() if caption]
    assert set(captions) <= marks.keys()
    contents = "".join(book.pages[number].extract_text() for number in range(1, 9))
    starts = []
    for title in [" ".join(title.split()) for title in marks if re.match(r"\d+\. ", title)]:
        starts.append(marks[title])
        words = " ".join(book.pages[marks[title]].extract_text().split())
        assert title in words, title
        printed = re.search(rf"{re.escape(title)}\s*(\d+)", " ".join(contents.split()))
        assert printed, title
        assert int(printed[1]) == marks[title] + 1, title
    assert len(starts) == len([page for _, pages in pdf.parts() for page in pages if re.match(r"book/\d", page)])
    assert all(5 < after - before < 80 for before, after in pairwise(starts))


@pytest.mark.lasting
def test_the_pdf_holds_the_text_its_fonts_and_no_trace_of_the_site_around_it(book: PdfReader) -> None:
    assert 200 < len(book.pages) < 700
    assert {tuple(round(float(x) / 72 * 25.4) for x in page.mediabox[2:]) for page in book.pages} == {(210, 297)}
    text = " ".join(" ".join(page.extract_text().split()) for page in book.pages)
    assert "How can one formula score ten classes?" in text
    assert "Nothing in the picture is made up" in text
    assert "Solution to Exercise 2.1" in text
    assert not re.search("Click to show|Open in Colab|Search the book", text)
    assert text.count("not answered yet") == 1, "on the page for teachers, and under no exercise: nobody answers here"
    fonts = {
        font.get_object()["/BaseFont"] for page in book.pages for font in page["/Resources"].get("/Font", {}).values()
    }
    assert any("KaTeX_Math" in name for name in fonts)
    assert all(re.match(r"/[A-Z]{6}\+", name) for name in fonts), "a font is not embedded"
    assert "/CreationDate" not in book.metadata
