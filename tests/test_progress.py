"""What a wait is told with: durations that are remembered, how long several take together, one line that moves."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import notebooks  # noqa: E402
from progress import Durations, Status, in_words, together  # noqa: E402


def test_a_duration_is_remembered_by_name_for_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "_build" / "seconds.json"
    first = Durations(file)
    assert first.expected("01-data", otherwise=7) == 7
    first.note("01-data", 12.34)
    first.note("02-linear", 3)
    first.note("02-linear", 4)
    again = Durations(file)
    assert [again.expected(name, otherwise=7) for name in ("01-data", "02-linear", "03-softmax")] == [12.3, 4, 7]


def test_a_file_of_durations_that_was_cut_off_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "seconds.json").write_text('{"01-data": 1')
    assert Durations(tmp_path / "seconds.json").expected("01-data", otherwise=7) == 7


@pytest.mark.parametrize(
    ("seconds", "jobs", "whole"),
    [([], 2, 0), ([5, 3], 1, 8), ([5, 3], 2, 5), ([4, 3, 2, 1], 2, 5), ([1, 1, 1, 6], 2, 7), ([6, 1, 1, 1], 2, 6)],
)
def test_things_done_together_begin_as_soon_as_there_is_room(seconds: list[float], jobs: int, whole: float) -> None:
    assert together(seconds, jobs) == whole


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2, "a few seconds"),
        (44, "about 40 s"),
        (114, "about 110 s"),
        (125, "about 2 minutes"),
        (600, "about 10 minutes"),
    ],
)
def test_a_duration_is_said_as_a_person_would(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_the_screen(written: str) -> list[str]:
    """What a terminal shows: what follows a carriage return is written over what was there."""
    lines = []
    for line in written.split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


def test_on_a_terminal_a_status_is_written_over_the_last_and_what_is_said_stays() -> None:
    terminal = Terminal()
    status = Status(terminal)
    status.show("cell 10 of 12, and much besides")
    status.show("cell 11 of 12")
    assert on_the_screen(terminal.getvalue()) == ["cell 11 of 12"]
    status.say("done")
    status.show("x" * 200)
    status.say("all done")
    assert on_the_screen(terminal.getvalue()) == ["done", "all done", ""]
    assert max(map(len, terminal.getvalue().split("\r"))) < 80


def test_in_a_file_only_what_stays_is_written() -> None:
    file = io.StringIO()
    status = Status(file)
    status.show("cell 1 of 2")
    status.say("done")
    assert file.getvalue() == "done\n"


def test_chapters_run_the_longest_first_as_they_took_before_and_else_by_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[str] = []

    def chapter(name: str, lines: int) -> SimpleNamespace:
        cell = SimpleNamespace(cell_type="code", source="\n".join(["x"] * lines))
        return SimpleNamespace(name=name, cells=[cell], run=lambda began: (begun.append(name), began(1)))

    durations = Durations(tmp_path / "seconds.json")
    durations.note("short", 1)
    durations.note("long", 300)
    monkeypatch.setattr(notebooks, "JOBS", 1)
    monkeypatch.setattr(notebooks, "write", lambda chapter, check: True)
    chapters = [chapter("short", 9000), chapter("few lines", 100), chapter("many lines", 1000), chapter("long", 1)]
    notebooks.run_all(chapters, 16, durations)
    assert begun == ["long", "many lines", "few lines", "short"]
    first, *ran = capsys.readouterr().out.splitlines()
    assert first == "Notebooks: running 4 of 16, 4 cells, about 6 minutes."
    assert [line.partition(", ")[0].strip() for line in ran] == [
        f"{n} of 4: ran {name}" for n, name in enumerate(begun, start=1)
    ]
