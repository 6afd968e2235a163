"""How a text in MyST is said in plain Markdown: references, terms, citations, and what solutions need."""

import re
import sys
from pathlib import Path

import pytest
from front_matter import FRONT_MATTER
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from plain import Book, read  # noqa: E402

SITE = "https://site/"
TEXT = (
    FRONT_MATTER
    + """(ch-a)=
# How does it begin?

**In short.** With an a.

{said}

```{code-cell} ipython3
a = 1
```

```{code-cell} ipython3
b = 2
```

## Exercises

````{exercise} Easy
:label: ex-a-easy

What is $a$ plus `more`?
````

```{code-cell} ipython3
more = 40
```

```{code-cell} ipython3
answer = ...
```

````{solution-start} ex-a-easy
:label: sol-a-easy
````

```{code-cell} ipython3
{solved}
```

````{solution-end}
````
"""
)
GLOSSARY = """(glossary)=
# Glossary

```{glossary}
Jacobian
  A matrix.

Sum over paths
  What it says.
```
"""
REFERENCES = """
@book{ada1843, author = {Lovelace, Ada}, title = {Notes}, publisher = {Taylor}, year = {1843}, doi = {10.1/a_b}}
@book{babbage1864, author = {Babbage, Charles}, title = {Passages}, publisher = {Longman}, year = {1864}}
@book{turing1950, author = {Turing, Alan}, title = {Can machines think?}, publisher = {Mind}, year = {1950}, url = {https://mind.org}}
"""


def cells(folder: Path, said: str = "Text.", solved: str = "a + more", end: str = "") -> list:
    """The cells of the chapter's notebook, or of that of its solutions, told in the new form."""
    (folder / "text").mkdir(exist_ok=True)
    text = folder / "text" / "01-a.md"
    text.write_text(TEXT.replace("{said}", said).replace("{solved}", solved))
    (folder / "glossary.md").write_text(GLOSSARY)
    (folder / "references.bib").write_text(REFERENCES)
    book = Book(folder, SITE)
    return book.solutions("01-a", read(text)) if end else book.chapter("01-a", read(text))


def told(folder: Path, said: str) -> str:
    """What a notebook says for this text, in a chapter told in the new form."""
    return cells(folder, said)[0].source.partition("With an a.\n\n")[2]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Here is a {term}`sum over paths`.", "sum over paths"),
        ("{term}`Sum over paths` is long.", "Sum over paths"),
        ("It ends. {term}`Sum over paths` begins.", "Sum over paths"),
        ("It ends.*\n({term}`Sum over paths` begins.)", "Sum over paths"),
        ("- {term}`Sum over paths`", "Sum over paths"),
        ("Two {term}`sums <Sum over paths>`.", "sums"),
    ],
)
def test_a_term_is_said_as_its_sentence_wants_it_and_found_as_the_glossary_writes_it(
    tmp_path: Path, said: str, words: str
) -> None:
    assert f"[**{words}**]({SITE}book/glossary.html#term-Sum-over-paths)" in told(tmp_path, said)


def test_a_name_among_the_terms_keeps_its_capital(tmp_path: Path) -> None:
    assert "The [**Jacobian**](https://site/book/glossary.html#term-Jacobian)." in told(
        tmp_path, "The {term}`Jacobian`."
    )


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("Here is a {term}`Sum over paths`.", "write {term}`sum over paths`, or, if it is a name"),
        ("Here is a {term}`Sum <Sum over paths>`.", "a capital inside a sentence"),
        ("Here is a\n{term}`Sum over paths`.", "a capital inside a sentence"),
        ("See {ref}`ch-a`.", "puts “How does it begin?” into a sentence; write {ref}`words <ch-a>`"),
        ("A {term}`Product`.", "does not know how to say {term}`Product`"),
    ],
)
def test_what_would_not_read_as_a_sentence_is_refused_with_its_remedy(tmp_path: Path, said: str, remedy: str) -> None:
    with pytest.raises(SystemExit) as refused:
        cells(tmp_path, said)
    assert remedy in str(refused.value)


def test_an_exercise_is_referred_to_by_its_number(tmp_path: Path) -> None:
    assert told(tmp_path, "See {ref}`ex-a-easy`.") == "See [Exercise 1.1](#Exercise-1.1-(Easy))."


def test_a_citation_leads_to_the_publication_or_to_the_list_at_the_end(tmp_path: Path) -> None:
    notebook = cells(tmp_path, "{cite:t}`ada1843,babbage1864` said so {cite:p}`turing1950,ada1843`.")
    assert (
        "Babbage [[1864](#References)], Lovelace [[1843](https://doi.org/10.1/a_b)] said so "
        "[[Lovelace, 1843](https://doi.org/10.1/a_b), [Turing, 1950](https://mind.org)]."
    ) in notebook[0].source
    listed = notebook[-1].source
    assert notebook[-1].id == "references"
    assert [listed.index(name) for name in ("Babbage", "Lovelace", "Turing")] == sorted(
        listed.index(name) for name in ("Babbage", "Lovelace", "Turing")
    )


def test_a_reference_is_shown_without_backslashes_where_a_program_makes_a_link_of_its_address(tmp_path: Path) -> None:
    listed = cells(tmp_path, "{cite:t}`ada1843` said so.")[-1].source
    assert "[doi:10.1/a_b](https://doi.org/10.1/a_b)" in listed


def test_a_solution_stands_below_its_exercise_and_what_comes_with_that_but_not_below_the_place_for_an_answer(
    tmp_path: Path,
) -> None:
    notebook = cells(tmp_path, end="-solutions")
    told = [cell.source for cell in notebook]
    assert told[1:] == [
        "## From the chapter\n\nThe solutions below use what these cells of the chapter make. Run them first.",
        "a = 1",
        "## Exercise 1.1 (Easy)\n\n> What is $a$ plus `more`?",
        "more = 40",
        "a + more",
        "[Back to the exercise](01-a.ipynb#cell-id=exercise-1-1-easy)",
    ]


def test_solutions_begin_with_links_to_each(tmp_path: Path) -> None:
    first = cells(tmp_path, end="-solutions")[0].source
    assert first == (
        "# Solutions to chapter 1\n\n"
        "The chapter is [How does it begin?](01-a.ipynb) Try an exercise there before you read on here.\n\n"
        "- [Exercise 1.1 (Easy)](#Exercise-1.1-(Easy))"
    )


def test_a_solution_that_uses_the_reader_s_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"a solution uses what this cell makes[^\n]*\nanswer = \.\.\."):
        cells(tmp_path, solved="answer + 1", end="-solutions")


def test_no_line_of_a_formula_begins_like_a_list(tmp_path: Path) -> None:
    assert told(tmp_path, "It is\n\n$$\na\n  + b\n= c\n\\\\ d\n$$\n\n- one\n- two") == (
        "It is\n\n$$\na + b = c\n\\\\ d\n$$\n\n- one\n- two"
    )


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("With $a$, $b$ and\n$c$.", "With $a,$ $b$ and\n$c.$"),
        ("(As *it is* in $f(x)$.) **So $n$:** it", r"(As *it is* in $f(x)\text{.)}$ **So $n\text{:}$** it"),
        ("In `$HOME`, $a$; `$b$.`", "In `$HOME`, $a;$ `$b$.`"),
        ("It is\n\n$$\na\n$$\n\n, and\n\n```\n$a$.\n```", "It is\n\n$$\na\n$$\n\n, and\n\n```\n$a$.\n```"),
        ("[The rate $r$](#a) and $(\\varepsilon$-close", "[The rate $r$](#a) and $(\\varepsilon$-close"),
    ],
)
def test_a_formula_takes_in_the_mark_after_it_so_that_no_line_begins_with_that(
    tmp_path: Path, said: str, wanted: str
) -> None:
    assert told(tmp_path, said) == wanted


def test_a_cell_does_not_begin_with_a_blank_line_that_only_the_formatter_wants(tmp_path: Path) -> None:
    text = "```{code-cell} ipython3\n:tags: [hide-input]\n\n\ndef one():\n    return 1\n```"
    assert "def one():\n    return 1" in [cell.source for cell in cells(tmp_path, text)]


def test_a_number_keeps_its_sign_in_the_same_line(tmp_path: Path) -> None:
    said = "About 84 % of\n3 × 5 in $2 %$, `5 % 2` and | 7 %\n\n```\n6 % 4\n```"
    assert told(tmp_path, said) == said.replace("84 %", "84\xa0%").replace("3 × 5", "3\xa0×\xa05").replace(
        "$,", ",$"
    ).replace("| 7 %", "| 7\xa0%")


def test_a_heading_keeps_its_marks_outside_formulas_because_links_find_it_by_its_words(tmp_path: Path) -> None:
    assert "## How large is $a$?" in [cell.source for cell in cells(tmp_path, "Text.\n\n## How large is $a$?")]


# How wide MathJax 2 sets them beside letters of a size of 1, measured in a browser.
WIDTHS = {
    "f": 0.6,
    r"dX = dZ\,W^\top": 5.8,
    r"\operatorname{Var}(z + w) = \operatorname{Var}(z) + \operatorname{Var}(w)": 16,
}


@pytest.mark.parametrize(("formula", "measured"), WIDTHS.items())
def test_a_column_has_room_for_its_formulas_before_they_are_set(tmp_path: Path, formula: str, measured: float) -> None:
    """Pages that nbconvert makes measure a table without its formulas, and break one that is wider than its column."""
    table = f"| a | b |\n| :-- | --- |\n| ${formula}$ | a word or two |\n| 1 | |"
    said = told(tmp_path, table)
    assert re.sub("[\N{EM SPACE}\N{WORD JOINER}]", "", said) == table
    tokens = MarkdownIt("commonmark").enable("table").parse(said)
    first, second, *_ = [token.content for token in tokens if token.type == "inline"]
    assert measured <= first.count("\N{EM SPACE}") + 0.5 <= 1.6 * measured + 2
    assert second == "b"


def test_a_column_whose_words_are_wider_than_its_formulas_stays_as_it_is(tmp_path: Path) -> None:
    table = "| one | a column |\n| --- | --- |\n| $x$, and more | $a + b$ |"
    assert told(tmp_path, table) == table


def test_a_table_without_formulas_is_left_as_it_is(tmp_path: Path) -> None:
    table = "| a | b |\n| --- | --- |\n| $1 and more | 2 |"
    assert told(tmp_path, table) == table


def test_a_table_whose_rows_differ_in_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="do not have as many cells as its heading:\n\\| a"):
        told(tmp_path, "| a | b |\n| --- | --- |\n| $x$ |")


def test_the_minutes_of_a_fold_are_not_parted_from_the_last_word_of_its_heading(tmp_path: Path) -> None:
    headings = [
        cell for cell in cells(tmp_path, "Text.\n\n### Deeper: why · 5 min\n\nBecause.") if "why" in cell.source
    ]
    assert [(cell.source, cell.id) for cell in headings] == [("### Deeper: why\xa0·\xa05\xa0min", "deeper-why")]
