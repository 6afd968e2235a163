"""Nothing is used before it is introduced: the terms of the glossary, and the idioms that the refresher explains."""

import sys
from pathlib import Path

import pytest
from front_matter import FRONT_MATTER

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from introduced import IDIOMS, faults, main, search  # noqa: E402
from minutes import TEXTS  # noqa: E402

GLOSSARY = "```{glossary}\nLoss\n  How wrong.\n\nPixel\n  A dot.\n\nPower\n  Of a test.\n```\n"
OLD = """# Old?

A {term}`pixel <Pixel>`, or two pixels, and {ref}`@ <sec-refresher-matrix-product>`.

```{code-cell} ipython3
A @ B
```
"""
NEW = """# New?

**In short.** The loss falls.

**What you need.** {ref}`axes <sec-refresher-axis>`

**Time.** 1 minutes, and 1 for the exercises.

## Puzzle

Pixels have no power. A {term}`loss <Loss>` does, and so do losses and `loss`.

```{code-cell} ipython3
X.sum(axis=0) @ B
```

### Deeper: more · 1 min

```{code-cell} ipython3
np.random.default_rng(0)
```
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "text").mkdir()
    (tmp_path / "glossary.md").write_text(GLOSSARY)
    write(
        tmp_path / "text",
        "00-refresher",
        "# Zero?\n\n{ref}`later <sec-refresher-generator>`, {ref}`axes <sec-refresher-axis>`\n",
    )
    write(tmp_path / "text", "01-old", OLD)
    write(tmp_path / "text", "02-new", NEW)
    return tmp_path / "text"


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.md").write_text(FRONT_MATTER + text)


def test_what_was_introduced_before_it_is_used_is_no_fault(folder: Path) -> None:
    assert faults(folder) == []
    found = search(folder)
    assert found["Pixel"].introduced.chapter == "01-old"
    assert (found["Loss"].introduced.chapter, found["Loss"].introduced.section) == ("02-new", "Puzzle")
    assert [set(found[term].used) for term in ("Loss", "Pixel")] == [{"02-new"}, {"01-old", "02-new"}]
    assert "Power" not in found
    assert not found["sec-refresher-generator"].used


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Pixels have", "Loss and pixels have", "02-new: Loss is used in “Puzzle” before it is introduced"),
        ("A {term}`loss <Loss>`", "A loss", "02-new: Loss is used"),
        ("{ref}`axes <sec-refresher-axis>`", "axes", "02-new: sec-refresher-axis is used in “Puzzle”"),
        ("### Deeper: more · 1 min", "### More", "02-new: sec-refresher-generator is used in “Puzzle”"),
    ],
)
def test_what_is_used_too_early_is_named(folder: Path, old: str, new: str, said: str) -> None:
    assert old in NEW
    write(folder, "02-new", NEW.replace(old, new))
    (fault,) = faults(folder)
    assert fault.startswith(said)


def test_a_term_introduces_its_word_whatever_the_case_of_its_letters(folder: Path) -> None:
    write(folder, "02-new", NEW.replace("A {term}`loss <Loss>`", "A {term}`loss`"))
    assert faults(folder) == []


def test_a_term_in_a_fold_introduces_nothing_outside(folder: Path) -> None:
    in_fold = NEW.replace("A {term}`loss <Loss>`", "A loss") + "\nA {term}`loss <Loss>`.\n"
    write(folder, "02-new", in_fold)
    assert len(faults(folder)) == 1
    write(folder, "03-newer", NEW.replace("A {term}`loss <Loss>`", "A loss"))
    assert [fault[:2] for fault in faults(folder)] == ["02", "03"]


def test_an_idiom_is_for_the_chapter_to_introduce_that_has_it_first(folder: Path) -> None:
    write(folder, "01-old", OLD.replace("{ref}`@ <sec-refresher-matrix-product>`", "@"))
    assert [fault.partition(" is ")[0] for fault in faults(folder)] == ["01-old: sec-refresher-matrix-product"]


def test_every_idiom_has_its_section_in_the_refresher() -> None:
    text = (TEXTS / "00-refresher.md").read_text(encoding="utf-8")
    assert [idiom for idiom in IDIOMS if f"(sec-refresher-{idiom})=" not in text] == []


@pytest.mark.slow
def test_chapters_use_nothing_before_it_is_introduced() -> None:
    assert faults(TEXTS) == []


@pytest.mark.slow
def test_the_list_says_where_a_chapter_has_its_terms_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["03"]) == 0
    assert "\n  Softmax: 03-softmax, " in capsys.readouterr().out
