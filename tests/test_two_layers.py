"""The two layers of a chapter: folds, checks and bets on the page and in the notebook, and their minutes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from front_matter import FRONT_MATTER

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from minutes import TEXTS, Clock, chosen_texts, words  # noqa: E402
from plain import Book, claims, heading_id, read  # noqa: E402
from two_layers import pieces  # noqa: E402

CHAPTERS = chosen_texts(TEXTS, [])
TEXT = (
    FRONT_MATTER
    + """(ch-a)=
# What is a?

```{code-cell} ipython3
---
tags: [hide-input]
mystnb:
  code_prompt_show: Set-up
---
import math
```

**In short.** It is $a$ letter.

**Time.** 0 minutes, and 0 for the exercises.

## The puzzle

See {ref}`the proof <sec-a-proof>` and believe.

```{bet}
Is $a$ a letter?
```

Think about it.

```{code-cell} ipython3
a = "a"
print(a)
```

```{code-cell} ipython3
:tags: [checks]

# It is one letter.
assert len(a) == 1
assert a.isalpha()

# It is small, and
# it stays so.
for letter in a:
    assert letter.islower()
```

(sec-a-proof)=
### Deeper: a is a letter

$$ a = a $$

```{code-cell} ipython3
2 + 2
```

## A program to keep

```{code-cell} ipython3
print("kept")
```

## Exercises

````{exercise} Easy · 77 min
:label: ex-a-easy

What is a?
````

```{code-cell} ipython3
answer = ...
```

````{solution-start} ex-a-easy
:label: sol-a-easy
````

A letter.

```{code-cell} ipython3
answer = a
```

````{solution-end}
````
"""
)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A book of one chapter."""
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "01-a.md").write_text(TEXT)
    return tmp_path


def notebook(shelf: Path) -> list:
    return Book(shelf, "https://site/").chapter("01-a", read(shelf / "text" / "01-a.md"))


def test_a_bet_is_a_quotation_with_a_blank(shelf: Path) -> None:
    (cell,) = [cell for cell in notebook(shelf) if "Your bet" in cell.source]
    assert "\n\n> **Bet.** Is $a$ a letter?\n>\n> Your bet: ____\n\nThink about it." in cell.source


def test_a_cell_of_checks_is_folded_below_a_line_that_counts_its_claims(shelf: Path) -> None:
    cells = notebook(shelf)
    (at,) = [n for n, cell in enumerate(cells) if cell.source == "*Checked: 2 claims.*"]
    assert cells[at + 1].source.startswith("# It is one letter.")
    assert cells[at + 1].metadata == {"jupyter": {"source_hidden": True}, "cellView": "form"}
    page = read(shelf / "text" / "01-a.md")
    prompts = [
        (cell.metadata.tags, cell.metadata.mystnb.code_prompt_show, cell.metadata.mystnb.code_prompt_hide)
        for cell in page
        if "mystnb" in cell.metadata
    ]
    assert prompts == [
        (["hide-input"], "Set-up", "Set-up"),
        (["checks", "hide-input"], "Checked: 2 claims", "Checked: 2 claims"),
    ]


def test_one_claim_is_not_called_claims(shelf: Path) -> None:
    text = shelf / "text" / "01-a.md"
    text.write_text(re.sub(r"# It is small.*?islower\(\)\n", "", TEXT, flags=re.DOTALL))
    assert "*Checked: 1 claim.*" in [cell.source for cell in notebook(shelf)]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("# It is.\na = 1", "no assertion"),
        ("assert a", "without a comment"),
        ("assert a  # It is.", "without a comment"),
        ("assert a\n# It is.\nassert b", "without a comment"),
        ("# It is.\n\n# It was.\nassert a", "“It is.” and asserts nothing"),
        ("# It is.\nassert a\n# It was.", "“It was.” and asserts nothing"),
    ],
)
def test_a_cell_of_checks_without_a_claim_or_without_an_assertion_is_refused(code: str, said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        claims(code, "01-a")


def test_assertions_of_numpy_count_and_a_claim_may_have_some_lines_before_it() -> None:
    assert claims("a = 1\n# Equal.\n# Really.\nnp.testing.assert_allclose(a, 1)\nassert a\n\n# So.\nassert b", "") == 2


def test_a_cell_of_checks_that_prints_is_refused(shelf: Path) -> None:
    cells = read(shelf / "text" / "01-a.md")
    (checks,) = [cell for cell in cells if "checks" in cell.metadata.get("tags", [])]
    checks.outputs = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    with pytest.raises(SystemExit, match="may not print"):
        Book(shelf, "").chapter("01-a", cells)


def test_minutes_are_no_part_of_an_id(shelf: Path) -> None:
    assert heading_id("Deeper: a is a letter · 6 min") == heading_id("Deeper: a is a letter")
    text = shelf / "text" / "01-a.md"

    def ids() -> list[str]:
        return [cell.id for cell in notebook(shelf) if cell.cell_type == "markdown" and cell.source.startswith("#")]

    without = ids()
    text.write_text(Clock(text).rewritten())
    cells = notebook(shelf)
    assert ids() == without
    (link,) = [cell for cell in cells if "the proof" in cell.source]
    address = "01-a.ipynb#cell-id=deeper-a-is-a-letter"
    assert f"See [the proof]({address}) and believe." in link.source
    assert "### Exercise 1.1 (Easy), 3 min" in [cell.source.partition("\n")[0] for cell in cells]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Two words, $x + y$ and `a + b`.", 5),
        ("- 7,840 weights – of them\n1. half", 5),
        ("{ref}`the third chapter <ch-c>`, {term}`Sum over paths`, {cite:t}`ada1843` and [here](http://a.b/c)", 9),
    ],
)
def test_words_are_those_that_a_reader_says(text: str, number: int) -> None:
    assert words(text) == number


def test_each_piece_of_a_chapter_knows_where_it_stands(shelf: Path) -> None:
    found = pieces(read(shelf / "text" / "01-a.md"))
    assert [(piece.place, piece.section) for piece in found if piece.cell] == [
        ("spine", "What is a?"), ("spine", "The puzzle"), ("spine", "The puzzle"), ("fold", "The puzzle"),
        ("spine", "A program to keep"), ("exercise", "Exercises"), ("solution", "Exercises"),
    ]  # fmt: skip


def test_minutes_come_from_words_and_from_what_is_looked_at(shelf: Path) -> None:
    text = shelf / "text" / "01-a.md"
    clock = Clock(text)
    # title 3, in short 6, time 8, puzzle 2, see 5 (a link without words is one), bet 4, think 3, program 4, exercises 1
    assert clock.spine.words == 36
    assert clock.spine.things == 1 + 3  # the cell that prints, and the program
    (fold,) = clock.folds.values()
    assert (fold.words, fold.things) == (0, 2)
    (exercise,) = clock.exercises.values()
    assert (exercise.asked.words, exercise.lines, exercise.solved.words) == (3, 1, 2)


@pytest.mark.slow
def test_the_tool_writes_the_minutes_and_a_second_run_changes_nothing(shelf: Path) -> None:
    command = [sys.executable, ROOT / "tools" / "minutes.py", "--texts", shelf / "text", "01"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.startswith(
        "01-a: 36 words, 4 minutes on the spine\n  WARNING: the spine has 36 words, not 2000 to 2800\n"
    )
    text = (shelf / "text" / "01-a.md").read_text()
    assert "\n**Time.** 4 minutes, and 3 for the exercises.\n" in text
    assert "\n### Deeper: a is a letter · 2 min\n" in text
    assert "\n````{exercise} Easy · 3 min\n" in text
    subprocess.run(command, capture_output=True, check=True)
    assert (shelf / "text" / "01-a.md").read_text() == text
    failed = subprocess.run([*command[:-1], "02"], capture_output=True, text=True, check=False)
    assert "there is no chapter 02" in failed.stderr


def test_the_minutes_of_the_chapters_are_those_of_the_rule() -> None:
    wrong = [path.stem for path in CHAPTERS if Clock(path).rewritten() != path.read_text(encoding="utf-8")]
    assert wrong == [], "run `python tools/minutes.py`"
