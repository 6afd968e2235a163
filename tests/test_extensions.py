"""The small extensions of book/_ext: each does its one thing, and says so when the world has changed under it."""

import base64
import hashlib
import importlib.util
import os
import re
from collections import namedtuple
from html import unescape
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from docutils import nodes
from docutils.utils import new_document
from PIL import Image
from sphinx.errors import ExtensionError
from sphinxcontrib import katex

FOLDER = Path(__file__).parents[1] / "book" / "_ext"


def extension(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def file(name: str, body: str = "") -> SimpleNamespace:
    return SimpleNamespace(filename=name, attributes={"body": body} if body else {})


def repaired(**context: Any) -> dict[str, Any]:
    app = SimpleNamespace(config=SimpleNamespace(html_theme="sphinx_book_theme"))
    extension("theme_repairs").repair(app, "page", "page.html", context, None)
    return context


def listed(*parts: str) -> str:
    context = {"body": "".join(parts)}
    extension("code_lines").wrap(None, "page", "page.html", context, None)
    return context["body"]


THEBE = file("", "const THEBE_JS_URL = 'https://example.org'")


def test_the_site_lives_where_github_publishes_the_repository() -> None:
    assert extension("site_address").address("https://github.com/Ada/book/") == "https://ada.github.io/book/"


@pytest.mark.parametrize("url", ["https://github.com/ada", "https://example.org/ada/book", "ada/book", ""])
def test_an_address_that_is_no_repository_of_github_is_refused(url: str) -> None:
    with pytest.raises(ExtensionError, match=r"html\.baseurl"):
        extension("site_address").address(url)


def test_an_address_of_its_own_goes_first_and_the_rest_follows_it() -> None:
    config = SimpleNamespace(html_baseurl="https://book.example/v1/", html_theme_options={})
    extension("site_address").derive(None, config)
    assert (config.ogp_site_url, config.notfound_urls_prefix) == ("https://book.example/v1/", "/v1/")


def test_the_link_for_a_jupyterhub_names_the_repository_of_the_configuration() -> None:
    config = SimpleNamespace(
        myst_substitutions={},
        html_theme_options={"repository_url": "https://github.com/Ada/book", "repository_branch": "trunk"},
    )
    extension("site_address").offer_link(None, config)
    link = urlsplit(unescape(re.sub("<[^>]*>", "", config.myst_substitutions["hub_link"])))
    assert link.path == "/hub/user-redirect/git-pull"
    assert parse_qs(link.query) == {
        "repo": ["https://github.com/Ada/book"],
        "branch": ["trunk"],
        "urlpath": ["lab/tree/book/book/index.ipynb"],
    }


def test_thebe_is_taken_off_the_page_and_nothing_else() -> None:
    context = repaired(script_files=[file("doctools.js"), THEBE], css_files=[file("sphinx-thebe.css"), file("a.css")])
    assert [script.filename for script in context["script_files"]] == ["doctools.js"]
    assert [sheet.filename for sheet in context["css_files"]] == ["a.css"]


def test_a_theme_without_thebe_asks_for_the_repair_to_go() -> None:
    with pytest.raises(ExtensionError, match="remove this repair"):
        repaired(script_files=[file("doctools.js")])


@pytest.mark.parametrize("address", ["https://example.org/a.js", "//example.org/a.js"])
def test_a_script_or_style_sheet_from_another_host_stops_the_build(address: str) -> None:
    with pytest.raises(ExtensionError, match="another host"):
        repaired(script_files=[THEBE, file(address)])
    with pytest.raises(ExtensionError, match="another host"):
        repaired(script_files=[THEBE], css_files=[file(address)])


def test_the_boxes_of_exercises_share_no_id() -> None:
    body = '<div class="exercise admonition" id="ex-a"><section id="exercise-content">Add</section></div>'
    assert repaired(body=body)["body"] == body.replace(' id="exercise-content"', "")
    with pytest.raises(ExtensionError, match="remove this repair"):
        repaired(body=body.replace(' id="exercise-content"', ""))


def test_the_bibliography_does_not_pretend_to_be_a_list() -> None:
    body = '<div role="list" class="citation-list"><div class="citation" id="a" role="doc-biblioentry">Ada</div></div>'
    context = repaired(script_files=[THEBE], body=body)
    assert context["body"] == '<div class="citation-list"><div class="citation" id="a">Ada</div></div>'


@pytest.fixture
def formulas(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("NODEJS_BINARY", "STARTUP_TIMEOUT", "RENDER_TIMEOUT"):
        monkeypatch.setattr(katex, name, getattr(katex, name))
    monkeypatch.setattr(katex.KaTeXServer, "start_server_process", katex.KaTeXServer.start_server_process)
    module = extension("katex_node")
    module.setup(None)
    return module


def test_formulas_are_rendered_by_the_node_of_this_environment(formulas: ModuleType, tmp_path: Path) -> None:
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


def test_a_node_that_does_not_start_is_reported(
    formulas: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(katex.KaTeXServer, "build_command", lambda socket: ["false"])
    with pytest.raises(katex.KaTeXError, match="STARTUP_TIMEOUT"):
        formulas.start(tmp_path, 0.5)


def test_thebe_is_taken_out_of_the_text_too_and_noticed_when_it_hides() -> None:
    config = '<script type="text/x-thebe-config">{}</script>'
    body = f"<p>1</p>{config}\n<script>kernelName = 'python3'</script><p>2</p>"
    assert repaired(script_files=[THEBE], body=body)["body"] == "<p>1</p><p>2</p>"
    with pytest.raises(ExtensionError, match="not known here"):
        repaired(script_files=[THEBE], body=config)


def lean(css: str, *used: str) -> str:
    pages = extension("lean_pages")
    return pages.lean(pages.parsed(css), set(used))


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
    rebased = extension("lean_pages").rebased
    assert rebased("url(fonts/a.woff2) url('b.svg') url(data:x) url(\"data:y\")", "katex") == (
        'url(katex/fonts/a.woff2) url(katex/b.svg) url(data:x) url("data:y")'
    )
    assert rebased("url(a.svg)", "") == "url(a.svg)"


@pytest.mark.parametrize("kind", ["css", "script"])
def test_a_sheet_or_script_that_nobody_knows_stops_the_build(kind: str) -> None:
    pages, digest = extension("lean_pages"), "0" * 64
    context = {"css_files": [file(f"_static/mystnb.{digest}.css")], "script_files": [file("_static/doctools.js")]}
    pages.one_of_each(None, "page", "page.html", context, None)
    assert context == {"css_files": [], "script_files": []}
    context[f"{kind}_files"] = [file("_static/new.js")]
    with pytest.raises(ExtensionError, match=r"new\.js"):
        pages.one_of_each(None, "page", "page.html", context, None)


def test_a_sheet_that_the_theme_no_longer_brings_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError, match=r"basic\.css.*no more"):
        extension("lean_pages").bundle(tmp_path, [], [])


IMPATIENT = 'function I(){const e=()=>{document.querySelectorAll(["pre","x"]).forEach(e=>{e.x})},t=1;e()}function J(){}'


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A folder with all the sheets and scripts that a build has, nothing in any."""
    lean_pages = extension("lean_pages")
    for name in (*lean_pages.SHEETS, *lean_pages.SCRIPTS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / lean_pages.SCRIPTS[-1]).write_text(IMPATIENT)
    return tmp_path


def test_what_lays_out_the_whole_page_is_taken_out_and_missed_when_it_is_not_there(static: Path) -> None:
    lean_pages = extension("lean_pages")
    lean_pages.bundle(static, [], [])
    assert "function I(){}function J(){}" in (static / "book.js").read_text()
    (static / lean_pages.SCRIPTS[-1]).write_text("function J(){}")
    with pytest.raises(ExtensionError, match="in another way"):
        lean_pages.bundle(static, [], [])


def test_a_sheet_of_our_own_is_taken_from_where_it_is_edited(static: Path, tmp_path_factory: Any) -> None:
    own = tmp_path_factory.mktemp("own")
    (own / "scratchnet.css").write_text("p { color: red }")
    extension("lean_pages").bundle(static, [own], [])
    assert "color: red" in (static / "book.css").read_text()


def test_a_policy_names_each_script_of_the_page_once_by_its_hash() -> None:
    page = '<html><head>\n<meta charset="utf-8" />\n</head><script>a()</script><script src="b.js"></script></html>'
    once = extension("lean_pages").policy(page)
    digest = base64.b64encode(hashlib.sha256(b"a()").digest()).decode()
    assert re.findall("'sha256-([^']+)'", once) == [digest]
    assert extension("lean_pages").policy(once) == once
    with pytest.raises(ExtensionError, match="character set"):
        extension("lean_pages").policy("<html></html>")


def test_a_picture_gets_its_size_once(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    page = '<img alt="x" src="a.png"/><img src="data:y"/><img src="b.svg"/>'
    once = extension("lean_pages").measured(page, tmp_path)
    assert (
        '<img width="30" height="20" loading="lazy" decoding="async" alt="x" src="a.png"/><img src="data:y"/>' in once
    )
    assert extension("lean_pages").measured(once, tmp_path) == once


def group(label: str, **urls: str) -> dict[str, Any]:
    return {"type": "group", "label": label, "buttons": [{"text": text, "url": url} for text, url in urls.items()]}


BUTTONS = [
    group("launch-buttons", Binder="b", Colab="c"),
    group("source-buttons", **{"Repository": "r", "Open issue": "i?a&b"}),
    group("download-buttons", **{".ipynb": "n"}),
]
BUTTONS[2]["buttons"].append({"text": ".pdf", "javascript": "print()"})


def offered(buttons: list[dict[str, Any]], file: str, body: str = "<h1>T</h1><p>x</p>") -> dict[str, Any]:
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: file))
    context = {"header_buttons": buttons, "body": body}
    extension("offers").offer(app, "page", "page.html", context, object())
    return context


def test_a_notebook_says_below_its_title_where_it_runs() -> None:
    context = offered(BUTTONS, "a.ipynb")
    assert re.findall('href="([^"]+)"', context["body"]) == ["b", "c", "n"]
    assert context["body"].startswith('<h1>T</h1>\n<p class="run')
    assert context["offers"] == {"repository": "r", "issue": "i?a&amp;b"}
    assert offered(BUTTONS, "a.md")["body"] == "<h1>T</h1><p>x</p>"


def test_a_theme_with_other_buttons_stops_the_build() -> None:
    with pytest.raises(ExtensionError, match="names its buttons otherwise"):
        offered(BUTTONS[:1], "a.md")
    with pytest.raises(ExtensionError, match="a place to run"):
        offered(BUTTONS[1:], "a.ipynb")
    with pytest.raises(ExtensionError, match="without a title"):
        offered(BUTTONS, "a.ipynb", body="<p>x</p>")


def test_the_front_door_is_a_whole_page_and_leads_to_the_root(tmp_path: Path) -> None:
    config = SimpleNamespace(root_doc="book/index", language="en", project="A book", html_baseurl="https://b.example/")
    app = SimpleNamespace(builder=SimpleNamespace(name="html"), outdir=tmp_path, config=config)
    open_door = extension("front_door").open_door
    with pytest.raises(ExtensionError, match="leads nowhere"):
        open_door(app, None)
    (tmp_path / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=book/index.html" />')
    open_door(app, None)
    open_door(app, None)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert 'content="0; url=book/index.html"' in page
    assert 'rel="canonical" href="https://b.example/book/index.html"' in page


def sentence(*parts: Any) -> nodes.paragraph:
    """A paragraph as no_break leaves it, from words and formulas."""
    module = extension("no_break")
    document = new_document("")
    paragraph = nodes.paragraph("", "", *parts)
    document += paragraph
    module.NoBreak(document).apply()
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


LISTING = '<div class="{}"><div class="highlight"><pre>{}</pre></div></div>'


def test_a_line_of_python_knows_its_indent_and_keeps_its_text() -> None:
    code = '<span></span>def f():\n\n    <span class="k">return</span> <span class="mi">1</span>\n'
    page = listed(LISTING.format("highlight-ipython3 notranslate", code))
    lines = re.findall(r'<span class="line" style="--in:(\d+)">(.*?\n)</span>', page, re.DOTALL)
    assert [int(indent) for indent, _ in lines] == [0, 0, 4]
    assert "".join(line for _, line in lines) == code


def test_a_long_line_may_break_after_a_bracket_and_before_a_dot() -> None:
    dot, bracket = '<span class="o">.</span>', '<span class="p">(</span>'
    page = listed(LISTING.format("highlight-python notranslate", f"a{dot}b{bracket}\n{'x' * 40}{dot}b{bracket}\n"))
    assert f"a{dot}b{bracket}\n" in page
    assert f"x<wbr>{dot}b{bracket}<wbr>\n" in page


def test_what_a_cell_printed_is_left_alone_and_another_listing_stops_the_build() -> None:
    printed = LISTING.format("output stream highlight-myst-ansi notranslate", "a  b\nc  d\n")
    assert listed(printed) == printed
    verdict = LISTING.format("output text_plain highlight-myst-ansi notranslate", "right\n")
    assert listed(verdict + printed) == verdict.replace("<pre>", '<pre class="sentence">') + printed
    with pytest.raises(ExtensionError, match="does not know"):
        listed(LISTING.format("highlight-rust notranslate", "fn main() {}"))


def test_the_page_of_the_module_links_chapters_and_leaves_out_what_says_nothing() -> None:
    module = extension("api_page")
    lines = ['How it moves. Source: chapter "sgd".', "And:", "chapter", '"your-digits".']
    module.link_chapters(None, "module", "m", None, None, lines)
    assert lines == ["How it moves. Source: :ref:`ch-sgd`.", "And:", ":ref:`ch-your-digits`."]
    fields = namedtuple("fields", "x")
    assert module.leave_out_fields(None, "attribute", "x", fields.x, False, None) is True
    assert (
        module.leave_out_fields(None, "attribute", "x", test_a_sheet_with_an_error_is_not_passed_over, False, None)
        is None
    )
    assert module.empty_lists(None, "class", "H", None, None, "(a=<factory>)", None) == ("(a=[])", None)
    assert module.empty_lists(None, "class", "H", None, None, None, None) == (None, None)
