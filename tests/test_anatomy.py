"""The form of a chapter in two layers: the rules find what departs from it, and no chapter does."""

import re
import sys
from pathlib import Path

import pytest
from front_matter import FRONT_MATTER

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from anatomy import faults  # noqa: E402
from minutes import TEXTS, chosen_texts  # noqa: E402

GOOD = (
    FRONT_MATTER
    + """(ch-a)=
# What is a?

```{image} maps/01-a.svg
:alt: The letter is lit.
```

```{code-cell} ipython3
---
tags: [hide-input]
mystnb:
  code_prompt_show: Set-up
  image:
    alt: A picture of a letter.
---
import numpy as np
rng = np.random.default_rng(0)
```

**In short.** One. Two $x.y$. Three? Four.

**What you need.** Letters, from {ref}`chapter 0 <ch-0>`.

**Time.** 0 minutes, and 0 for the exercises.

(sec-a)=
## The puzzle

WORDS

```{bet}
Which letter?
```

Think.

```{index} letter
```

```{code-cell} ipython3
a = "a"
print(a)
```

It is a.

```{code-cell} ipython3
:tags: [checks]

# The letter is a.
assert a == "a"
```

### Deeper: why it is a · 0 min

```{code-cell} ipython3
deep = a
a = a + a
```

## A program to keep

```{code-cell} ipython3
a = "a"
print(a)
```

## What people get wrong

**Nothing.** Yet.

## Neighbours

None.

## Card

$a$

## Exercises

````{exercise} Easy · 0 min
:label: ex-a-easy

What is a?
````

```{code-cell} ipython3
answer = ...
```

````{solution-start} ex-a-easy
:label: sol-a-easy
````

```{code-cell} ipython3
answer = deep
```

````{solution-end}
````

## Further reading

Books.
""".replace("WORDS", "word " * 2000)
)


def found(folder: Path, text: str) -> list[str]:
    path = folder / "01-a.md"
    path.write_text(text)
    return faults(path)


def test_a_chapter_of_the_right_form_has_no_fault(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD) == []
    without_program = re.sub(r"## A program to keep\n.*?(?=## What)", "", GOOD, flags=re.DOTALL)
    assert found(tmp_path, without_program) == []


SIGHT = 'a = "a"\nprint(a)\n```\n\nIt'
KEEP = "keep\n\n```{code-cell} ipython3\n"
FAULTS = [
    ("# What is a?", "# On a", "no question"),
    ("maps/01-a.svg", "maps/02-b.svg", "not the map of this chapter"),
    (":alt: The letter is lit.\n", "", "not the map of this chapter"),
    ("tags: [hide-input]\nmystnb", "mystnb", "the set-up, is not tagged"),
    ("  image:\n    alt: A picture of a letter.\n", "", "shows no opening picture"),
    ("```{image} maps/01-a.svg\n:alt: The letter is lit.\n```\n", "", "here stand ['heading', 'cell', '']"),
    ("**What you need.**", "**You need.**", "the opening paragraphs begin with"),
    (" Three? Four.", "", "four to six sentences"),
    ("{ref}`chapter 0 <ch-0>`", "chapter 0", "links to nothing"),
    (", and 0 for the exercises.", ".", "the time is not said"),
    ("## Neighbours", "## Friends", "the last sections are not"),
    ("## Card", "## More\n\n## Card", "the last sections are not"),
    ("## A program to keep", "### Wider\n\nx\n\n## A program to keep", "The puzzle: after a fold"),
    ("### Deeper", "Less deep.\n\n### Deeper", "its checks are not one cell"),
    ("A picture of a letter.", "word " * 61, "more than 60 words"),
    ("  code_prompt_show: Set-up\n", "", "no code_prompt_show"),
    ("# The letter is a.", "# The letter is a", "no whole sentence"),
    (SIGHT, "b = 1\n" * 11 + SIGHT, "13 lines are in sight, more than 12"),
    (SIGHT, f'b = "{"b" * 83}"\n{SIGHT}', "more than 88 characters"),
    (SIGHT, f"assert True\n{SIGHT}", "an assertion is in sight"),
    (KEEP, KEEP + "import scratchnet\n", "nothing of ours"),
    (KEEP, KEEP + "b = 1\n\n" * 29, "31 lines"),
    (KEEP + 'a = "a"', KEEP, "`a` is made or changed in the fold"),
    ("answer = ...", "answer = deep", "“answer = deep”: `deep` is made or changed in the fold “Deeper: why it is a"),
    (f'Think.\n\n```{{index}} letter\n```\n\n```{{code-cell}} ipython3\n{SIGHT} is a.', "", "a bet is followed by"),
    ("word " * 100, "", "the spine has 19"),
    ("None.", "None on this page.", "“on this page” means nothing in a notebook"),
    ("Easy ·", "Easy (or not) ·", "has brackets: Easy (or not)"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), FAULTS, ids=[said[:30] for _, _, said in FAULTS])
def test_a_departure_from_the_form_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert [fault for fault in found(tmp_path, GOOD.replace(old, new, 1)) if said in fault]


def test_a_draw_in_a_fold_changes_what_the_generator_gives_outside(tmp_path: Path) -> None:
    drawing = GOOD.replace("deep = a", "deep = rng.random()")
    assert found(tmp_path, drawing) == []
    (fault,) = found(tmp_path, drawing.replace(KEEP, f"{KEEP}rng.random()\n"))
    assert "`rng` is made or changed in the fold" in fault
    assert found(tmp_path, drawing.replace(KEEP, f"{KEEP}rng = np.random.default_rng(1)\nrng.random()\n")) == []


@pytest.mark.parametrize("path", chosen_texts(TEXTS, []), ids=lambda path: path.stem)
def test_a_chapter_has_the_form_that_chapters_have(path: Path) -> None:
    assert faults(path) == []
