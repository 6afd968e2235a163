"""The two ways to read lines of numbers: on whatever the fast one takes, the careful one agrees."""

from pathlib import Path

import numpy as np
import pytest
from broken_csv import BAD_CELLS, DIALECTS, IMAGES, LABELS, WHOLE_CELLS
from hypothesis import example, given, settings
from hypothesis import strategies as st

import scratchnet.tables
from scratchnet.tables import Layout, read_carefully, read_plainly

quickly = settings(max_examples=60, deadline=None)
NAMES = ["label", *(f"pixel{n}" for n in range(784))]
LAYOUTS = {
    "train.csv": Layout(",", 1, NAMES, 785, 0, [*range(1, 785)]),
    "label last, semicolons": Layout(";", 0, None, 785, 784, [*range(784)]),
    "an index, tabs": Layout("\t", 0, None, 786, 1, [*range(2, 786)]),
    "blanks": Layout(None, 0, None, 785, 0, [*range(1, 785)]),
}
# Mostly what is right, so that many lines are right as a whole.
CELLS = st.sampled_from(["0", "7", "9"] * 4 + [*BAD_CELLS, *WHOLE_CELLS])
WIDTHS = st.sampled_from([0] * 6 + [1, -1, 2])
LINES = st.lists(
    st.none() | st.tuples(CELLS, WIDTHS, st.lists(st.tuples(st.integers(0, 787), CELLS), max_size=2)), max_size=4
)


@quickly
@given(layout=st.sampled_from([*LAYOUTS.values()]), lines=LINES, end=st.sampled_from(["\n", ""]))
@example(layout=LAYOUTS["an index, tabs"], lines=[("7", 0, [(0, "x")])], end="\n")
@example(layout=LAYOUTS["an index, tabs"], lines=[("7", 1, [(786, "1")])], end="\n")
@example(layout=LAYOUTS["train.csv"], lines=[("5.0", 0, []), None, ("255", 0, [(0, "9")])], end="\n")
def test_the_fast_way_takes_nothing_that_the_careful_one_would_not(
    layout: Layout, lines: list[tuple[str, int, list[tuple[int, str]]] | None], end: str
) -> None:
    rows = []
    for most, wider, others in [line or ("", -layout.width, []) for line in lines]:
        cells = [most] * (layout.width + wider)
        for place, other in others if cells else []:
            cells[place % len(cells)] = other
        rows.append((layout.delimiter or " ").join(cells))
    block = "\n".join(rows) + end
    fast = read_plainly(block, layout)
    if fast is not None:
        careful = read_carefully(block, layout, 1)
        for one, other in zip(fast, careful, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype


FAST = [name for name in DIALECTS if "quot" not in name and "e notation" not in name and name not in {
    "spaces", "tabs as blanks", "np.savetxt", "a separator at each line's end", "separators at the images' ends",
    "decimal commas", "rows of empty cells", "no header, rows of empty cells", "blank lines at the end",
    "names of images",
}]  # fmt: skip


@pytest.mark.parametrize("dialect", FAST)
def test_common_files_take_the_fast_way(tmp_path: Path, dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(scratchnet.tables, "read_carefully")
    path = tmp_path / "train.csv"
    path.write_bytes(DIALECTS[dialect].encode())
    np.testing.assert_array_equal(scratchnet.read_digits(path).images, IMAGES)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_file_takes_the_careful_way_too(tmp_path: Path, dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratchnet.tables, "read_plainly", lambda block, layout: None)
    path = tmp_path / "train.csv"
    path.write_bytes(DIALECTS[dialect].encode())
    digits = scratchnet.read_digits(path)
    np.testing.assert_array_equal(digits.images, IMAGES)
    np.testing.assert_array_equal(digits.labels, LABELS)
