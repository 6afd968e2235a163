"""Print the built site as one book, _build/scratchnet.pdf: A4, with a cover, contents, bookmarks and working links.

`make pdf` runs this. All pages are put into one document. A link to another page becomes a link inside the document;
a link to anything that is not in the document leads to the site. The browser prints the document with the style sheet
of the site and with pdf.css. It prints twice: after the first time, the page numbers of the contents are known.
"""

import json
import re
import tempfile
from html import escape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pikepdf
from bs4 import BeautifulSoup, Tag
from common import HTML, ROOT, chromium, is_title_page, pages, parts, require_site, settings
from playwright.sync_api import ViewportSize, sync_playwright

PDF = ROOT / "_build" / "scratchnet.pdf"
BOOK = """\
<!DOCTYPE html>
<html lang="en" data-theme="light">
<head><meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="{site}/_static/book.css">
<style>{style}</style></head>
<body>
<header class="cover"><h1>{title}</h1><p class="subtitle">{subtitle}</p>
<img src="{site}/_images/network.svg" alt="The network of the book reads a handwritten four.">
<p>{authors}</p><p>Version {version}, {date}. Text and figures: CC BY 4.0. Code: MIT licence.</p></header>
<div class="bd-article contents"><h2 id="contents">Contents</h2>
{contents}
</div>
{chapters}
</body>
</html>
"""
# The paper without the margins that pdf.css sets, and a script that finds elements which would be cut off on it: those
# that are wider than the paper, or than the box in which they scroll on a screen.
PAPER: ViewportSize = {"width": 627, "height": 948}
WIDE = """() => [...document.querySelectorAll(".bd-article :is(div.math, .katex-display, pre, table, td, img, p, li)")]
    .filter(node => node.scrollWidth > node.clientWidth + 4 && node.clientWidth
                    || node.getBoundingClientRect().right > innerWidth + 1)
    .map(node => `${node.closest("[id]").id}: ${node.textContent.trim().slice(0, 60)}`)"""


def place(page: str, fragment: str = "") -> str:
    """Return the id that an element of a page, or the page itself, has in the document."""
    return f"{Path(page).name}.{fragment}"


def chapter(page: str, pages: list[str]) -> Tag:
    """Return the text of a page, changed so that it can be a part of the document: its ids are unique there, its links
    lead to places in the document, and its headings stand one level lower.
    """
    file = HTML / f"{page}.html"
    soup = BeautifulSoup(file.read_text(encoding="utf-8"), "lxml")
    (article,), (canonical,) = soup.select("article.bd-article"), soup.select("link[rel=canonical]")
    address = str(canonical["href"])
    home = address.removesuffix(f"{page}.html")
    for tag in article.select("script, a.headerlink, .d-print-none"):
        tag.decompose()
    for tag in article.select("details"):
        tag["open"] = ""
    # Folds are open on paper, and a page of set-up would part the opening picture from the words about it.
    for tag in article.select("details.code"):
        (title,), (cell,) = tag.select("summary"), tag.find_parents(class_="cell", limit=1)
        if title.get_text(strip=True) == "Set-up" and (words := cell.find_next_siblings("p")):
            words[-1].insert_after(tag.extract())
    for tag in article.select("[id]"):
        tag["id"] = place(page, str(tag["id"]))
    article["id"] = place(page)
    for tag in article.select("img[src]:not([src^='data:'])"):
        tag["src"] = (file.parent / str(tag["src"])).resolve().as_uri()
        del tag["loading"]
    for tag in article.select("a[href]"):
        target, fragment = urldefrag(urljoin(address, str(tag["href"])))
        inside = unquote(target).removeprefix(home).removesuffix(".html")
        tag["href"] = f"#{place(inside, unquote(fragment))}" if inside in pages else urljoin(address, str(tag["href"]))
    for tag in article.find_all(re.compile("^h[1-5]$")):
        tag.name = f"h{int(tag.name[1]) + 1}"
    return article


def assemble(numbers: dict[str, int]) -> str:
    """Return the book as one document. `numbers` has the page of the PDF for each id, once that is known."""
    cited = settings("CITATION.cff")
    title, _, subtitle = cited["title"].partition(": ")
    style = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    contents: list[str] = []
    chapters: list[str] = []
    for caption, files in parts():
        if caption and not is_title_page(files[0]):
            contents.append(f'<p class="part"><a href="#{place(files[0])}"><span>{escape(caption)}</span></a></p>')
        for page in files:
            article = chapter(page, pages())
            headings = article.find_all(["h2", "h3"])
            for heading in headings:
                (section,) = heading.find_parents("section", limit=1)
                target = str(section["id"])
                words = f"<span>{heading.decode_contents()}</span><b>{numbers.get(target, '')}</b>"
                level = ("part" if is_title_page(page) else "chapter") if heading is headings[0] else "section"
                contents.append(f'<p class="{level}"><a href="#{target}">{words}</a></p>')
            # Each chapter has a page style of its own, which writes the title of the chapter at the foot of its pages.
            paper, foot = f"paper-{len(chapters)}", json.dumps(headings[0].get_text(), ensure_ascii=False)
            style += f"@page {paper} {{ @bottom-left {{ content: {foot}; }} }}\n"
            article["style"] = f"page: {paper}"
            if page == files[0] and caption and not is_title_page(page):
                article.insert(0, BeautifulSoup(f'<h1 class="part">{escape(caption)}</h1>', "html.parser"))
            chapters.append(str(article))
    return BOOK.format(
        title=title,
        subtitle=subtitle,
        authors=", ".join(author["name"] for author in cited["authors"]),
        version=cited["version"],
        date=cited["date-released"],
        site=HTML.as_uri(),
        style=style,
        contents="\n".join(contents),
        chapters="\n".join(chapters),
    )


def printed(book: str, path: Path) -> dict[str, int]:
    """Let the browser print the document; return the number of the page for every id that a link leads to."""
    source = path.with_suffix(".html")
    source.write_text(book, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport=PAPER)
        tab.set_default_timeout(600_000)
        tab.emulate_media(media="print")
        tab.goto(source.as_uri())
        if wide := tab.evaluate(WIDE):
            raise SystemExit("wider than the paper:\n" + "\n".join(wide))
        tab.pdf(path=path, prefer_css_page_size=True, print_background=True, tagged=True)
        browser.close()
    with pikepdf.open(path) as pdf:
        pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages, start=1)}
        return {str(name)[1:]: pages[target[0].objgen] for name, target in pdf.Root.Dests.items()}


def bind(draft: Path, book: str) -> int:
    """Write the PDF with bookmarks, compressed and without dates, so that the same print gives the same bytes. Return
    its number of pages.
    """
    contents = BeautifulSoup(book, "lxml").select(".contents p")
    with pikepdf.open(draft) as pdf:
        with pdf.open_outline() as outline:
            branches = [outline.root]  # the lists to which a part, a chapter and a section are added
            for line in contents:
                level = min(("part", "chapter", "section").index(str(line["class"][0])), len(branches) - 1)
                (link,), (words,) = line.select("a"), line.select("a > span")
                target = pdf.Root.Dests[f"/{str(link['href'])[1:]}"]
                bookmark = pikepdf.OutlineItem(words.get_text(), pikepdf.Array(target))
                branches[level].append(bookmark)
                branches[level + 1 :] = [bookmark.children]
        del pdf.docinfo["/CreationDate"], pdf.docinfo["/ModDate"]
        pdf.save(PDF, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        return len(pdf.pages)


def main() -> None:
    """Print the book."""
    require_site()
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.pdf"
        numbers = printed(assemble({}), draft)
        book = assemble(numbers)
        if printed(book, draft) != numbers:
            raise SystemExit("the contents took more pages with their numbers than without: see pdf.css")
        count = bind(draft, book)
    print(f"The PDF is at {PDF} ({count} pages, {PDF.stat().st_size / 1e6:.0f} MB).")


if __name__ == "__main__":
    main()
