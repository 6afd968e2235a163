"""The small extensions of book/_ext: each does its one thing, and says so when the world has changed under it."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
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


def test_the_bibliography_does_not_pretend_to_be_a_list() -> None:
    body = '<div role="list" class="citation-list"><div class="citation" id="a" role="doc-biblioentry">Ada</div></div>'
    context = repaired(script_files=[THEBE], body=body)
    assert context["body"] == '<div class="citation-list"><div class="citation" id="a">Ada</div></div>'


def test_formulas_are_rendered_by_the_node_of_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(katex, "NODEJS_BINARY", "node")
    extension("katex_node").setup(None)
    assert os.access(katex.NODEJS_BINARY, os.X_OK)
