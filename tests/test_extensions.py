"""The extensions of book/_ext: each does what it says, and stops the build when the theme or a package has changed."""

import os
import re
from collections import namedtuple
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import api_page
import bundles
import code_lines
import finish_pages
import full_pages
import katex_node
import no_break
import page_links
import pygments
import pytest
import root_redirect
import site_address
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from PIL import Image
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Token
from sphinx.errors import ExtensionError
from sphinxcontrib import katex

ROOT = Path(__file__).parents[1]


def test_the_site_lives_where_github_publishes_the_repository() -> None:
    assert site_address.address("https://github.com/Ada/book/") == "https://ada.github.io/book/"


@pytest.mark.parametrize("url", ["https://github.com/ada", "https://example.org/ada/book", "ada/book", ""])
def test_an_address_that_is_no_repository_of_github_is_refused(url: str) -> None:
    with pytest.raises(ExtensionError, match=r"html\.baseurl"):
        site_address.address(url)


def test_an_address_of_its_own_goes_first_and_the_rest_follows_it() -> None:
    config = SimpleNamespace(html_baseurl="https://book.example/v1/", html_theme_options={})
    site_address.derive(None, config)
    assert (config.ogp_site_url, config.notfound_urls_prefix) == ("https://book.example/v1/", "/v1/")


def test_the_link_for_a_jupyterhub_names_the_repository_of_the_configuration() -> None:
    config = SimpleNamespace(
        myst_substitutions={},
        html_theme_options={"repository_url": "https://github.com/Ada/book", "repository_branch": "trunk"},
    )
    site_address.offer_link(None, config)
    link = urlsplit(unescape(re.sub("<[^>]*>", "", config.myst_substitutions["hub_link"])))
    assert link.path == "/hub/user-redirect/git-pull"
    assert parse_qs(link.query) == {
        "repo": ["https://github.com/Ada/book"],
        "branch": ["trunk"],
        "urlpath": ["lab/tree/book/book/index.ipynb"],
    }


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NODEJS_BINARY", "STARTUP_TIMEOUT", "RENDER_TIMEOUT"):
        monkeypatch.setattr(katex, name, getattr(katex, name))
    monkeypatch.setattr(katex.KaTeXServer, "start_server_process", katex.KaTeXServer.start_server_process)
    katex_node.setup(None)


@pytest.mark.usefixtures("restored")
def test_formulas_are_rendered_by_the_node_of_this_environment(tmp_path: Path) -> None:
    assert os.access(katex.NODEJS_BINARY, os.X_OK)
    process, connection = katex.KaTeXServer.start_server_process(tmp_path, 60)
    server = katex.KaTeXServer(tmp_path, process, connection)
    try:
        assert "mfrac" in server.render({"latex": r"\frac12", "katex_options": {}}, 60)["html"]
    finally:
        server.terminate()
        process.stdin.close()
        process.stdout.close()
        process.wait()


@pytest.mark.usefixtures("restored")
def test_a_node_that_does_not_start_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(katex.KaTeXServer, "build_command", lambda socket: ["false"])
    with pytest.raises(katex.KaTeXError, match="STARTUP_TIMEOUT"):
        katex_node.start(tmp_path, 0.5)


def test_the_style_sheet_and_the_fonts_of_formulas_are_of_the_version_that_renders_them() -> None:
    folder = ROOT / "book" / "_static" / "katex"
    sheet = (folder / "katex.min.css").read_text(encoding="utf-8")
    assert re.findall(r'katex-version:after\{content:"([\d.]+)"', sheet) == [katex.katex_version]
    assert f"KaTeX {katex.katex_version}:" in (folder / "VERSION.txt").read_text(encoding="utf-8")
    fonts = set(re.findall(r"fonts/([\w-]+\.woff2)", sheet))
    assert fonts == {path.name for path in (folder / "fonts").glob("*")}


def finished(body: str, folder: Path = Path()) -> BeautifulSoup:
    """Return a page with this body, after all steps of finish_pages.py."""
    head = '<head><meta charset="utf-8" /></head>'
    return BeautifulSoup(finish_pages.finished(f"<html>{head}<body>{body}</body></html>", folder), "html.parser")


def test_what_no_step_is_for_stays_as_it_is() -> None:
    hidden = (
        '<span class="katex"><span a><span>x</span></span></span>',
        '<svg viewBox="0 0 1 1"><path d="M0 0"/><svg></svg></svg>',
        '<pre>a &gt; <span class="p">(</span>&quot;\n</pre>',
    )
    rest = '<script>a(\'<svg><pre>\' && 1)</script><br><i z="1" b a="2"></i>'
    body = f"<p>1 &lt; 2 &amp; 3</p>{''.join(hidden)}<b>{hidden[0]}</b>{rest}"
    page = finish_pages.finished(f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"/>{body}</head></html>', Path())
    assert body in page
    with pytest.raises(ExtensionError, match="no end"):
        finished("<svg><svg></svg>")


def test_thebe_is_removed_and_noticed_when_it_hides() -> None:
    settings = '<script type="text/x-thebe-config">{}</script>'
    kernel = "<script>kernelName = 'python3'</script>"
    page = finished(f"<p>1</p>{settings}\n{kernel}<p>2</p><script>a()</script>")
    assert [part.get_text() for part in page.body.find_all(True)] == ["1", "2", "a()"]
    with pytest.raises(ExtensionError, match="kernel"):
        finished(settings)
    with pytest.raises(ExtensionError, match="does not know"):
        finished('<script src="/sphinx-thebe.js"></script>')


def test_boxes_of_exercises_share_no_id_and_a_solution_is_folded_under_a_title_that_is_no_link() -> None:
    exercise = '<div class="exercise" id="ex"><p class="admonition-title">1</p><section id="exercise-content"/></div>'
    title = '<p class="admonition-title">Solution to<a href="#ex"> 1</a></p>'
    solution = f'<div class="solution dropdown" id="sol">{title}<section id="solution-content"><a href="b">c</a></div>'
    page = finished(exercise + solution)
    assert [tag["id"] for tag in page.find_all(id=True)] == ["ex", "sol"]
    assert [link["href"] for link in page.find_all("a")] == ["b"]
    fold = page.select_one("details.solution:not([open])")
    assert [child.name for child in fold.find_all(recursive=False)] == ["summary", "section"]
    assert str(fold.summary) == "<summary>Solution to 1</summary>"
    assert fold.section["id"] == "sol"
    for changed in (exercise.replace("exercise-content", "box"), solution.replace("solution-content", "box")):
        with pytest.raises(ExtensionError, match="new way"):
            finished(changed)
    with pytest.raises(ExtensionError, match="new way"):
        finished(solution.replace('<a href="#ex"> 1</a>', "1"))
    with pytest.raises(ExtensionError, match="new way"):
        finished(solution.replace("admonition-title", "title"))


def test_the_bibliography_does_not_claim_to_be_a_list() -> None:
    entry = '<div class="citation" id="a" role="doc-biblioentry">Ada</div>'
    body = f'<div role="list" class="citation-list">{entry}</div>'
    assert not finished(body).find_all(role=True)
    for role in ("list", "doc-biblioentry"):
        with pytest.raises(ExtensionError, match=f"no role {role}"):
            finished(body.replace(f'role="{role}"', ""))


def test_the_sidebar_is_a_landmark() -> None:
    page = finished('<div id="pst-primary-sidebar"><a>scratchnet</a></div>')
    assert page.div.attrs == {"id": "pst-primary-sidebar", "role": "complementary", "aria-label": "The book"}


def test_a_cell_that_says_nothing_is_no_header_of_a_table_and_a_row_then_has_one() -> None:
    head, body = "<tr><th><p></p></th><th>1</th></tr>", "<tr><td>a</td><td></td></tr>"

    def names(head: str) -> list[str]:
        table = f"<article><table><thead>{head}</thead><tbody>{body}</tbody></table></article>"
        return [tag.name + tag.get("scope", "") for tag in finished(table).find_all(["thead", "th", "td"])]

    assert names(head) == ["thead", "td", "th", "throw", "td"]
    assert names(head.replace("<p></p>", '<p><span class="katex">x</span></p>')) == ["thead", "th", "th", "td", "td"]
    assert names(head.replace("1", " ")) == ["td", "td"]


def test_the_line_that_says_where_a_notebook_runs_goes_below_the_title() -> None:
    page = finished('<p class="run">Run</p><article><h1>T</h1><p>x</p></article>')
    assert [tag.get_text() for tag in page.article.find_all(True)] == ["T", "Run", "x"]
    with pytest.raises(ExtensionError, match="a title"):
        finished('<p class="run">Run</p>')


def test_a_picture_gets_its_size_and_others_are_left_alone(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    (tmp_path / "b.svg").write_text('<svg viewBox="0 0 640 104">')
    others = '<img src="data:image/png;b.png"><img src="https://c/d.png"><img src="e.png" width="1">'
    opening, later = '<img alt="x" src="a.png">', '<section><img alt="y" src="a.png"></section>'
    body = f'<section>{opening}{later}<img src="b.svg">{others}</section>'
    first, second, drawing, *left = finished(body, tmp_path).find_all("img")
    size = {"src": "a.png", "width": "30", "height": "20", "decoding": "async"}
    assert first.attrs == {"alt": "x", **size}
    assert second.attrs == {"alt": "y", **size, "loading": "lazy"}
    assert drawing.attrs == {"src": "b.svg", "width": "640", "height": "104"}
    assert "".join(map(str, left)) == others.replace('">', '"/>')
    (tmp_path / "b.svg").write_text("<svg>")
    with pytest.raises(ExtensionError, match="viewBox"):
        finished('<img src="b.svg">', tmp_path)


def test_a_policy_names_each_script_of_the_page_once_by_its_hash() -> None:
    page = finished('<script>a()</script><script>a()</script><script src="b.js"></script>')
    meta = page.find("meta", {"http-equiv": "Content-Security-Policy"})
    # The digest was found by: printf 'a()' | openssl dgst -sha256 -binary | base64
    assert re.findall("'sha256-([^']+)'", meta["content"]) == ["qVpDBgj7bpq5hMAcGp3AOc79J3Y1Z4HvySTwKrWDoy4="]
    assert meta.find_previous_sibling("meta")["charset"] == "utf-8"
    with pytest.raises(ExtensionError, match="character set"):
        finish_pages.finished("<html></html>", Path())


def test_a_site_is_finished_once_and_an_unknown_page_is_named(static: Path) -> None:
    site = static.parent
    app = SimpleNamespace(
        builder=SimpleNamespace(name="html"), outdir=site, confdir=site, config=SimpleNamespace(html_static_path=[])
    )
    raw = (
        '<html><head><meta charset="utf-8" /><link href="_static/book.css" /></head>'
        '<body class="a"><script src="_static/book.js"></script></body></html>'
    )
    (site / "a.html").write_text(raw)
    (site / "index.html").write_text("leads on")
    (static / "basic.css").write_text(".a{color:red}.b{color:blue}")
    finish_pages.finish(app, None)
    once = (site / "a.html").read_text()
    assert re.findall(r"_static/book\.(css|js)\?v=\w{8}\"", once) == ["css", "js"]
    assert (static / "book.css").read_text() == ".a{color:red}\n"
    finish_pages.finish(app, None)
    assert (site / "a.html").read_text() == once
    (static / "basic.css").write_text(".a{color:green}")  # a new bundle, which the page of the earlier build must name
    finish_pages.finish(app, None)
    again = (site / "a.html").read_text()
    assert again != once
    assert re.sub(r"css\?v=\w+", "", again) == re.sub(r"css\?v=\w+", "", once)
    assert (site / "index.html").read_text() == "leads on"
    (site / "b.html").write_text(raw.replace('charset="utf-8"', ""))
    with pytest.raises(ExtensionError, match=r"b\.html: .*character set"):
        finish_pages.finish(app, None)


def lean(css: str, *used: str) -> str:
    return bundles.lean(bundles.parsed(css), set(used))


def test_a_rule_stays_when_a_page_has_all_that_it_asks_for() -> None:
    assert lean("a{color:red}") == "a{color:red}\n"
    assert lean(".a .b, #c{color:red}", "a", "b") == ".a .b{color:red}\n"
    assert lean(".a .b{color:red}", "a") == ""
    assert lean(".a:not(.b){color:red}", "a") == ".a:not(.b){color:red}\n"
    assert lean("@media print{.a{color:red}.b{color:red}}", "a") == "@media print{\n.a{color:red}\n}\n"
    assert lean("@media print{.b{color:red}}") == ""
    assert lean("@keyframes turn{to{rotate:1turn}}") == "@keyframes turn{to{rotate:1turn}}\n"


def test_of_fonts_the_one_for_formulas_stays_in_the_format_that_all_read() -> None:
    source = "src:url(f.woff2) format('woff2'),url(f.woff) format('woff'),url(f.ttf) format('truetype')"
    assert lean(f"@font-face{{font-family:KaTeX_Main;{source}}}") == (
        '@font-face{font-family:KaTeX_Main;src:url(f.woff2) format("woff2")}\n'
    )
    assert lean(f"@font-face{{font-family:'Font Awesome 6 Free';{source}}}") == ""


def test_a_sheet_with_an_error_is_not_passed_over() -> None:
    with pytest.raises(ExtensionError, match="cannot be read"):
        lean("a{color:red}}")


def test_addresses_in_a_sheet_are_seen_from_the_bundle() -> None:
    assert bundles.rebased("url(fonts/a.woff2) url('b.svg') url(data:x) url(\"data:y\")", "katex") == (
        'url(katex/fonts/a.woff2) url(katex/b.svg) url(data:x) url("data:y")'
    )
    assert bundles.rebased("url(a.svg)", "") == "url(a.svg)"


@pytest.mark.parametrize("kind", ["css_files", "script_files"])
@pytest.mark.parametrize("name", ["_static/new.js", "https://example.org/doctools.js", "//example.org/a.css"])
def test_a_sheet_or_script_that_nobody_knows_stops_the_build(kind: str, name: str) -> None:
    known = {"css_files": f"_static/mystnb.{'0' * 64}.css", "script_files": "_static/doctools.js"}
    context = {kind: [SimpleNamespace(filename=name)] for kind, name in known.items()}
    bundles.refuse_unknown_files(None, "page", "page.html", context, None)
    context[kind].append(SimpleNamespace(filename=name))
    with pytest.raises(ExtensionError, match=name.rpartition("/")[2]):
        bundles.refuse_unknown_files(None, "page", "page.html", context, None)


EAGER = 'function I(){const e=()=>{document.querySelectorAll(["pre","x"]).forEach(e=>{e.x})},t=1;e()}function J(){}'


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A folder with all the style sheets and scripts that a build has. Nearly all of them are empty."""
    folder = tmp_path / "_static"
    for name in (*bundles.SHEETS, *bundles.SCRIPTS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    (folder / bundles.SCRIPTS[-1]).write_text(EAGER)
    (folder / "searchtools.js").write_text('remove([".headerlink", "script", "style"])')
    return folder


def test_what_the_theme_no_longer_brings_or_brings_in_a_new_way_stops_the_build(static: Path) -> None:
    bundles.write(static, [], [])
    assert "function I(){}function J(){}" in (static / "book.js").read_text()
    (static / bundles.SCRIPTS[-1]).write_text("function J(){}")
    with pytest.raises(ExtensionError, match="in a new way"):
        bundles.write(static, [], [])
    (static / "basic.css").unlink()
    with pytest.raises(ExtensionError, match=r"no longer brings \['basic\.css'\]"):
        bundles.write(static, [], [])


def test_a_sheet_of_our_own_is_taken_from_where_it_is_edited(static: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "scratchnet.css").write_text("p { color: red }")
    bundles.write(static, [tmp_path / "own"], [])
    assert "color: red" in (static / "book.css").read_text()


def test_the_search_shows_no_tex(static: Path) -> None:
    for _ in range(2):
        bundles.without_formulas_in_excerpts(static)
        assert (static / "searchtools.js").read_text() == 'remove([".headerlink", "script", "style", ".katex-mathml"])'
    (static / "searchtools.js").write_text("")
    with pytest.raises(ExtensionError, match="new way"):
        bundles.without_formulas_in_excerpts(static)


def group(label: str, **urls: str) -> dict[str, Any]:
    return {"type": "group", "label": label, "buttons": [{"text": text, "url": url} for text, url in urls.items()]}


BUTTONS = [
    group("launch-buttons", Binder="b", Colab="c"),
    group("source-buttons", **{"Repository": "r", "Open issue": "i"}),
    group("download-buttons", **{".ipynb": "n"}),
    {"type": "javascript", "text": ".pdf", "javascript": "print()"},
]


def linked(buttons: list[dict[str, Any]], file: str) -> dict[str, str]:
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: file))
    context: dict[str, Any] = {"header_buttons": buttons}
    page_links.give_links(app, "page", "page.html", context, object())
    return context["links"]


def test_the_template_is_given_the_addresses_behind_the_buttons_of_the_theme() -> None:
    assert linked(BUTTONS, "a.md") == {"source": "r", "issue": "i"}
    assert linked(BUTTONS, "a.ipynb") == {"source": "r", "issue": "i", "binder": "b", "colab": "c", "notebook": "n"}
    with pytest.raises(ExtensionError, match="Repository"):
        linked(BUTTONS[:1], "a.md")
    with pytest.raises(ExtensionError, match="Binder"):
        linked(BUTTONS[1:], "a.ipynb")


def test_the_root_of_the_site_is_a_whole_page_and_leads_to_the_first(tmp_path: Path) -> None:
    config = SimpleNamespace(root_doc="book/index", language="en", project="A book", html_baseurl="https://b.example/")
    app = SimpleNamespace(builder=SimpleNamespace(name="html"), outdir=tmp_path, config=config)
    with pytest.raises(ExtensionError, match="does not lead to"):
        root_redirect.redirect(app, None)
    (tmp_path / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=book/index.html" />')
    root_redirect.redirect(app, None)
    root_redirect.redirect(app, None)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert 'content="0; url=book/index.html"' in page
    assert 'rel="canonical" href="https://b.example/book/index.html"' in page


def sentence(*parts: Any) -> nodes.paragraph:
    """Return a paragraph of these words and formulas, after no_break has changed it."""
    document = new_document("")
    paragraph = nodes.paragraph("", "", *parts)
    document += paragraph
    no_break.NoBreak(document).apply()
    return paragraph


def test_a_formula_keeps_its_comma_and_its_bracket() -> None:
    paragraph = sentence(nodes.Text("so ("), nodes.math("", "x"), nodes.Text("), and on"))
    piece = paragraph[1]
    assert isinstance(piece, nodes.inline)
    assert piece["classes"] == ["no-break"]
    assert [part.astext() for part in piece] == ["(", "x", "),"]
    assert paragraph.astext() == "so (x), and on"
    assert [part.astext() for part in sentence(nodes.math("", "x"), nodes.Text("."))[0]] == ["x", "."]


def test_of_two_equal_texts_the_one_beside_the_formula_gives_its_mark() -> None:
    comma = nodes.Text(", "), nodes.emphasis("", "left"), nodes.Text(", ")
    paragraph = sentence(*comma, nodes.math("", "x"), nodes.Text(", "), nodes.math("", "y"), nodes.Text(", 5 %, 5 %"))
    assert paragraph.astext() == ", left, x, y, 5\N{NO-BREAK SPACE}%, 5\N{NO-BREAK SPACE}%"


def test_a_long_formula_and_one_that_nothing_touches_can_break() -> None:
    long = "x" * 60
    for before, formula, after in (("so (", long, "), and"), ("so ", "x", " and")):
        paragraph = sentence(nodes.Text(before), nodes.math("", formula), nodes.Text(after))
        assert [type(part) for part in paragraph] == [nodes.Text, nodes.math, nodes.Text]


def test_a_long_formula_takes_its_marks_with_it() -> None:
    paragraph = sentence(nodes.Text("so ("), nodes.math("", "x" * 60, label="a"), nodes.Text("), and on"))
    assert [part.astext() for part in paragraph] == ["so (", "x" * 60 + r"\text{),}", " and on"]
    assert paragraph[1]["label"] == "a"


def test_a_number_keeps_its_per_cent_and_code_stays_as_it_is() -> None:
    paragraph = sentence(nodes.Text("85 % of 4 × 5, "), nodes.literal("", "a % b, 5 % 3"))
    assert paragraph.astext() == "85\N{NO-BREAK SPACE}% of 4\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}5, a % b, 5 % 3"


def test_the_map_of_the_site_lists_every_page_also_those_that_were_not_written_again(tmp_path: Path) -> None:
    app = SimpleNamespace(
        builder=SimpleNamespace(name="html"), outdir=tmp_path, env=SimpleNamespace(found_docs={"book/b", "book/a"}),
        config=SimpleNamespace(html_baseurl="https://ada.github.io/book/"),
    )  # fmt: skip
    site_address.write_sitemap(app, None)
    places = [place.text for place in ElementTree.parse(tmp_path / "sitemap.xml").iter() if place.tag.endswith("loc")]
    assert places == ["https://ada.github.io/book/book/a.html", "https://ada.github.io/book/book/b.html"]


def listing(text: str) -> str:
    """Return the listing that the highlighter writes for this text."""
    return f'<div class="highlight"><pre><span></span>{text}</pre></div>\n'


def test_a_line_of_code_knows_its_indent_and_keeps_its_text() -> None:
    code = 'def f(x):\n\n    """Says\n    "so" & more."""\n    return x.reshape(1, 2).mean(axis=0).sum().item() > 10\n'
    written = pygments.highlight(code, PythonLexer(), HtmlFormatter())
    page = BeautifulSoup(code_lines.with_lines(written, "ipython3"), "html.parser")
    lines = page.find_all("span", class_="line")
    assert [line["style"] for line in lines] == ["--in:0", "--in:0", "--in:4", "--in:4", "--in:4"]
    assert [line.get_text() for line in lines] == code.splitlines(keepends=True)
    assert page.get_text().rstrip("\n") + "\n" == code


def test_a_long_line_may_break_after_an_opening_bracket_and_before_a_dot() -> None:
    dot, opened, closed = '<span class="o">.</span>', '<span class="p">([</span>', '<span class="p">])</span>'
    call = f"{dot}b{opened}{closed}\n"
    page = code_lines.with_lines(listing(f"a{call}{'x' * 40}{call}"), "python")
    assert f"a{dot}b([])\n" in page
    assert f"x<wbr>{dot}b([<wbr>])\n" in page


@pytest.mark.parametrize("style", ["a11y-high-contrast-light", "a11y-high-contrast-dark"])
def test_what_has_no_element_of_its_own_has_the_colour_of_plain_text(style: str) -> None:
    code = (
        "import os.path\nclass A:\n    x = -1.5e3\n    @property\n    def f(self) -> str:  # why\n"
        "        return f'{x:.2f}' @ None\n"
    )
    written = pygments.highlight(code, PythonLexer(), HtmlFormatter())
    page = code_lines.with_lines(written, "ipython3")
    lost = set(re.findall(r'class="(\w+)"', written)) - set(re.findall(r'class="(\w+)"', page))
    kinds = {short: kind for kind, short in STANDARD_TYPES.items()}
    colors = get_style_by_name(style)
    assert lost >= {"n", "p", "w"}
    assert {colors.style_for_token(kinds[short])["color"] for short in lost} == {
        colors.style_for_token(Token.Text)["color"]
    }


def test_what_a_cell_printed_keeps_its_lines_unless_it_is_sentences() -> None:
    sentence, row = "It is sure of &quot;4&quot;, and right in nine of ten images. " * 2, "0.1 " * 18
    for kept in ("a  b\nc  d\n", f"a  b\n{sentence}\n", f"{row}\n{row}\n"):
        assert code_lines.with_lines(listing(kept), "text") == listing(kept)
    for said in ("right\n", f"right\n{sentence}\n"):
        assert code_lines.with_lines(listing(said), "myst-ansi").count('class="line"') == said.count("\n")
    with pytest.raises(ExtensionError, match="'rust'"):
        code_lines.with_lines(listing("fn main() {}"), "rust")
    with pytest.raises(ExtensionError, match="does not know"):
        code_lines.with_lines("<pre>1</pre>", "python")


def test_the_highlighter_of_a_build_writes_lines_that_wrap_but_not_inside_a_sentence() -> None:
    highlighter = SimpleNamespace(highlight_block=lambda source, lang, **options: listing(source))
    code_lines.extend_highlighter(SimpleNamespace(builder=SimpleNamespace(format="html", highlighter=highlighter)))
    assert 'class="line"' in highlighter.highlight_block("x", "python")
    assert highlighter.highlight_block("x", "rust", nowrap=True) == listing("x")


def test_the_page_of_the_module_links_chapters_and_leaves_out_what_says_nothing() -> None:
    lines = ['How it moves. Source: chapter "sgd".', "And:", "chapter", '"your-digits"; chapters "data"', 'and "sgd".']
    api_page.link_chapters(None, "module", "m", None, None, lines)
    assert lines == [  # numbers, since a title ends with a mark of its own
        "How it moves. Source: :ref:`chapter 10 <ch-sgd>`.",
        "And:",
        ":ref:`chapter 13 <ch-your-digits>`; chapters :ref:`1 <ch-data>` and :ref:`10 <ch-sgd>`.",
    ]
    fields = namedtuple("fields", "x")
    assert api_page.leave_out_fields(None, "attribute", "x", fields.x, False, None) is True
    assert (
        api_page.leave_out_fields(None, "attribute", "x", test_a_sheet_with_an_error_is_not_passed_over, False, None)
        is None
    )
    assert api_page.empty_lists(None, "class", "H", None, None, "(a=<factory>)", None) == ("(a=[])", None)
    assert api_page.empty_lists(None, "class", "H", None, None, None, None) == (None, None)


def test_no_page_puts_the_title_of_a_chapter_into_a_sentence_and_each_number_is_the_chapters() -> None:
    """A title is a question, so a sentence that ends with it has two marks at its end. Lists and tables may hold it."""
    numbers = {path.stem[3:]: int(path.stem[:2]) for path in (ROOT / "book" / "text").glob("[0-9]*.md")}
    for path in (ROOT / "book").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        for line in re.findall(r"^.*{ref}`ch-.*$", text, re.MULTILINE):
            assert re.match(r"\d+\. {ref}`ch-[\w-]+`$|\| \d+ \| {ref}`ch-[\w-]+` \|", line), f"{path.name}: {line}"
        for number, name in re.findall(r"{ref}`(?:[Cc]hapter )?(\d+) <ch-([\w-]+)>`", text):
            assert numbers[name] == int(number), f"{path.name}: {name}"


def test_a_page_shows_a_listing_without_what_notebooks_need_around_it() -> None:
    root = Path(__file__).parents[1]
    app = SimpleNamespace(
        srcdir=root,
        config=SimpleNamespace(html_baseurl="https://site/"),
        env=SimpleNamespace(note_dependency=lambda file: None),
    )
    source = [(root / "book" / "03-softmax.ipynb").read_text(encoding="utf-8")]
    assert '"<samp>\\n"' in source[0]
    full_pages.read_text(app, "book/03-softmax", source)
    assert '"```python\\n"' in source[0]
    assert "samp>" not in source[0]
