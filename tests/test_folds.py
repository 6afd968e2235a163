"""The page's side of chapters in two layers: bets, folds, folded code, minutes, and chapters numbered from 0."""

import json
import re
from pathlib import Path

import bets
import chapter_zero
import finish_pages
import folds
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

TOC = """\
root: index
defaults: {numbered: 1}
subtrees:
  - {caption: Before, entries: [{file: 00-zero}]}
  - {caption: First, entries: [{file: 17-one}]}
"""
ZERO = """\
# Zero

(sec-proof)=
### Deeper: so it is · 12 min

Because.
"""
ONE = """\
# One

See {ref}`the proof <sec-proof>`.

```{bet}
:answer: with a bend: number of 100; without: yes | no
:result: s not one … ten of 100

How many *units*?

And why?
```

It's *not*
one. There are

```
at least
ten   of 100
```

```{bet}
Again?
```
"""


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[BeautifulSoup, BeautifulSoup]:
    """Two pages of a small book, as Sphinx writes them with our extensions."""
    for name, text in (("_toc.yml", TOC), ("index.md", "# Book\n"), ("00-zero.md", ZERO), ("17-one.md", ONE)):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(TocTreeCollectorWithStyles, "assign_section_numbers", chapter_zero.count_from_one)
    extensions = ["sphinx_external_toc", "myst_parser", "sphinx_multitoc_numbering", "bets", "folds", "chapter_zero"]
    settings = {"extensions": extensions, "html_theme": "basic", "external_toc_path": "_toc.yml", "numfig": True}
    out = tmp_path / "out"
    app = Sphinx(tmp_path, None, out, out / "trees", "html", settings, status=None, warning=None, freshenv=True)
    app.build()
    zero, one = (BeautifulSoup((out / f"{name}.html").read_text(), "html.parser") for name in ("00-zero", "17-one"))
    return zero, one


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:nodes.Node.traverse")
def test_a_small_book_has_a_chapter_0_bets_with_blanks_and_folds_whose_address_has_no_minutes(
    pages: tuple[BeautifulSoup, BeautifulSoup],
) -> None:
    zero, one = pages
    assert [page.h1.get_text().rstrip("¶") for page in pages] == ["0. Zero", "17. One"]
    assert "0. Zero" in [link.get_text() for link in one.select("a[href='00-zero.html']")]

    first, second = one.select("div.bet")
    assert [bet["data-bet"] for bet in (first, second)] == ["1", "2"]
    assert [line.get_text() for line in first.select("p")] == ["Bet. How many units?", "And why?", "Your bet: ____"]
    assert second.strong.get_text() == "Bet."
    assert json.loads(first["data-blanks"]) == [
        {"label": "with a bend", "kind": "number", "unit": "of 100"},
        {"label": "without", "kind": "choice", "choices": ["yes", "no"]},
    ]
    assert json.loads(second["data-blanks"]) == [{"label": "", "kind": "words"}]
    assert first["data-result"] == "s not one … ten of 100"
    assert one.find(id="bet-1-result").get_text() == "It’s not\none. There are"
    assert "data-result" not in second.attrs

    section = zero.select_one("section section")
    assert {section["id"], section.span["id"]} == {"deeper-so-it-is", "sec-proof"}
    assert one.select_one("a[href^='00-zero.html#']").get_text() == "the proof"
    assert zero.find(id=one.select_one("a[href^='00-zero.html#']")["href"].partition("#")[2])
    assert not re.search("12-min", str(zero))


def finished(body: str) -> BeautifulSoup:
    """A page with this body, after all steps."""
    page = f'<html><head><meta charset="utf-8" /></head><body>{body}</body></html>'
    return BeautifulSoup(finish_pages.finished(page, Path()), "html.parser")


FOLD = (
    '<section id="s"><h2>S</h2><p>Spine.</p><section id="d"><span id="sec-d"></span>'
    '<h3>Deeper: <em>why</em> not · 6 min<a class="headerlink" href="#d">#</a></h3><p>Deep.</p></section></section>'
)
CONTENTS = (
    '<ul><li class="toc-entry"><a href="#s">S</a><ul><li class="toc-entry"><a href="#d">D</a></li></ul></li></ul>'
)


def test_a_section_that_goes_deeper_is_folded_under_its_heading_and_keeps_its_ids_inside() -> None:
    page = finished(CONTENTS + FOLD)
    fold = page.select_one("section#s > details.deeper")
    assert [child.name for child in fold.find_all(recursive=False)] == ["summary", "section"]
    assert fold.summary.h3.get_text() == "Deeper: why not · 6 min#"
    assert fold.select_one(".minutes").get_text() == " · 6 min"
    assert [tag["id"] for tag in fold.section.select("[id]")] + [fold.section["id"]] == ["sec-d", "d"]
    assert fold.section.p.get_text() == "Deep."
    assert [link["href"] for link in page.select("li a")] == ["#s"]
    assert len(page.select("ul")) == 1


def test_other_sections_stay_open_and_a_fold_without_minutes_is_refused() -> None:
    assert not finished(FOLD.replace("Deeper:", "Wider:")).select("details")
    with pytest.raises(ExtensionError, match="how long"):
        finished(FOLD.replace(" · 6 min", ""))


def cell(output: str, words: str = "Set-up") -> str:
    lines = f'<p class="collapsed">Set-up</p><p class="expanded">{words}</p>'
    code = f'<details class="hide"><summary aria-label="Toggle">{lines}</summary><b>code</b></details>'
    return f'<div class="cell">{code}<div class="cell_output">{output}</div></div>'


def test_folded_code_says_once_what_it_is_and_goes_below_a_picture_but_not_below_what_is_printed() -> None:
    picture_first = ["div", "details"]
    for output, order in (
        ('<img src="data:,"/>', picture_first),
        ('<b class="sn-figure"></b>', picture_first),
        ("<b>42</b>", ["details", "div"]),
    ):
        page = finished(cell(output))
        assert [child.name for child in page.select_one(".cell").find_all(recursive=False)] == order
        assert str(page.summary) == "<summary>Set-up</summary>"
    with pytest.raises(ExtensionError, match="same words"):
        finished(cell("", "Hide"))


def test_the_minutes_of_an_exercise_stand_behind_its_title_and_not_in_that_of_its_solution() -> None:
    title = '<p class="admonition-title"><span>Exercise 1</span> (Two (or 3) · 4 min)</p>'
    exercise = f'<div class="exercise">{title}<section id="exercise-content"></section></div>'
    solution = (
        '<div class="solution" id="s"><p class="admonition-title">Solution to'
        '<a href="#e"> Exercise 1 (Two (or 3) · 4 min)</a></p><section id="solution-content"></section></div>'
    )
    page = finished(exercise + solution)
    assert [title.get_text() for title in page.select(".admonition-title, summary")] == [
        "Exercise 1 (Two (or 3)) · 4 min", "Solution to Exercise 1 (Two (or 3))"
    ]  # fmt: skip
    assert page.select_one(".exercise .minutes").get_text() == " · 4 min"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a guess", "“a guess” is neither"),
        ("yes |", "is neither"),
        ("first: number; number", "each needs a label"),
        ("", "is neither"),
    ],
)
def test_a_bet_that_asks_for_nothing_known_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        bets.blanks(text)


@pytest.mark.parametrize(
    ("result", "missing"),
    [("twelve", "twelve"), ("nine … ten", "ten"), ("ten, before the bet", "ten, before the bet")],
)
def test_a_result_that_the_page_does_not_say_after_the_bet_stops_the_build(result: str, missing: str) -> None:
    from docutils import nodes
    from docutils.utils import new_document

    document = new_document("x")
    document.settings.env = type("Env", (), {"docname": "book/x"})()
    bet = bets.Bet(number=3, blanks=[], result=result)
    bet += nodes.paragraph("", f"How many? {result}")
    document += [nodes.paragraph("", "ten, before the bet"), bet, nodes.paragraph("", "ten, then nine")]
    with pytest.raises(ExtensionError, match=f"book/x, bet 3: “{missing}” does not stand after it"):
        bets.Results(document).apply()


def test_two_folds_of_one_name_are_refused() -> None:
    from docutils import nodes
    from docutils.utils import new_document

    document = new_document("x")
    for minutes in ("6", "7"):
        section = nodes.section("", nodes.title("", "Deeper: why"), ids=[f"deeper-why-{minutes}-min"])
        document += section
        document.ids[section["ids"][0]] = section
    document.settings.env = type("Env", (), {"docname": "book/x"})()
    with pytest.raises(ExtensionError, match="book/x: two headings have the id deeper-why;"):
        folds.StableIds(document).apply()
