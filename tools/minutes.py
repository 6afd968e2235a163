"""Compute how long the chapters take, by one rule for all, and write the minutes into book/text/.

    python tools/minutes.py [NUMBER or NAME …]

Without names, all chapters. Three kinds of minutes are written: the line `**Time.** N minutes, and M
for the exercises.`, the end of each `### Deeper: … · N min`, and that of the title of each exercise.

**Reading** takes a minute for 130 words, and a minute for each displayed formula, table and cell in sight; the program
to keep takes three. Words are those of paragraphs, lists, headings and bets; a formula or a piece of code within a line
counts as one. Tables, displayed formulas, code, the titles of folds and descriptions of figures have no words. The
spine is all that is neither in a fold nor in an exercise, from the title to the further reading. A fold is read by the
same rule, and so is what an exercise asks.

**An exercise** takes, beside the reading of what it asks, a minute to begin and the work, which is judged by its
solution: two minutes for each line of code, without blank lines, comments, imports, and what only prints or marks; two
for each displayed formula; and one for 20 words, because what takes a sentence to explain takes a while to find. The
sum is rounded to a number that one would say: the nearest of 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 90.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from plain import DEEPER, HIDDEN, LABEL, MINUTES, NAMED, ROLE, parts, read, tags
from two_layers import Piece, pieces

TEXTS = Path(__file__).parents[1] / "book" / "text"
WORDS_A_MINUTE = 130
SPINE = range(2000, 2801)  # words
SAID = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 90)
PROGRAM = "A program to keep"
FENCED = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
DISPLAYED = re.compile(r"\$\$.*?\$\$", re.DOTALL)
TABLE = re.compile(r"(?:^\|.*\n?)+", re.MULTILINE)
FORMULA = re.compile(r"\$[^$]+\$|`[^`]+`")
LINK = re.compile(r"\[([^][]*)\]\([^)\s]*\)")
MARKER = re.compile(r"^ *(?:[-*>]|\d+\.) ", re.MULTILINE)
NO_WORK = re.compile(r" *(?:#|print\(|check\(|import |from |$)")
TIME = re.compile(r"^\*\*Time\.\*\* \d+ minutes, and \d+ for the exercises\.", re.MULTILINE)
FOLD = re.compile(rf"^(### {DEEPER}.*?)(?: · \d+ min)?$", re.MULTILINE)
EXERCISE = re.compile(r"^(`{3,}\{exercise\} .*?)(?: · \d+ min)?$", re.MULTILINE)


@dataclass
class Reading:
    """What there is to read somewhere: words, and things to look at for a minute."""

    words: int = 0
    things: int = 0

    def minutes(self) -> float:
        """Return how long it takes."""
        return self.words / WORDS_A_MINUTE + self.things

    def add(self, piece: Piece) -> None:
        """Count one piece of a chapter."""
        part = piece.part
        if piece.cell:
            if not HIDDEN & tags(piece.cell):
                self.things += 3 if piece.section == PROGRAM else 1
        elif part.name in ("", "bet"):
            self.add_text(part.body)
        elif part.name == "heading" and piece.place != "fold":
            self.words += words(part.body)
        elif part.name == "math":
            self.things += 1
        elif part.name == "exercise":
            for inner in parts(part.body):
                self.add(replace(piece, part=inner))

    def add_text(self, text: str) -> None:
        """Count a text without directives."""
        for thing in (FENCED, DISPLAYED, TABLE):
            text, number = thing.subn(" ", text)
            self.things += number
        self.words += words("\n".join(line for line in text.split("\n") if not LABEL.fullmatch(line)))


def words(text: str) -> int:
    """Count the words of a text: what stands between blanks and has a letter or a digit in it."""

    def shown(found: re.Match[str]) -> str:
        named = NAMED.fullmatch(found[2])
        return named[1] if named else found[2]

    text = LINK.sub(r"\1", FORMULA.sub("x", ROLE.sub(shown, MARKER.sub("", text))))
    return sum(bool(re.search(r"\w", word)) for word in text.split())


@dataclass
class Exercise:
    """An exercise: what it asks, its solution, and how many lines of code in the solution are work."""

    asked: Reading = field(default_factory=Reading)
    solved: Reading = field(default_factory=Reading)
    lines: int = 0

    def minutes(self) -> int:
        """Return how long it takes, as one would say it."""
        found = self.asked.minutes() + 1 + 2 * (self.lines + self.solved.things) + self.solved.words / 20
        return min(SAID, key=lambda said: abs(said - found))


class Clock:
    """The times of a chapter: of its spine, of each fold, and of each exercise by its label."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.spine = Reading()
        self.folds: dict[str, Reading] = {}
        self.exercises: dict[str, Exercise] = {}
        for piece in pieces(read(path)):
            self._count(piece)

    def _count(self, piece: Piece) -> None:
        match piece.place:
            case "fold":
                self.folds.setdefault(piece.name, Reading()).add(piece)
            case "exercise":
                exercise = self.exercises.setdefault(piece.name, Exercise())
                if not piece.cell:  # that is for the answer
                    exercise.asked.add(piece)
            case "solution" if piece.cell:
                work = [line for line in piece.cell.source.split("\n") if not NO_WORK.match(line)]
                self.exercises[piece.name].lines += len(work)
            case "solution":
                self.exercises[piece.name].solved.add(piece)
            case _:
                self.spine.add(piece)

    def rewritten(self) -> str:
        """Return the text with all its minutes."""
        total = sum(exercise.minutes() for exercise in self.exercises.values())
        line = f"**Time.** {round(self.spine.minutes())} minutes, and {total} for the exercises."
        folds, exercises = iter(self.folds.values()), iter(self.exercises.values())
        text = TIME.sub(line, self.text, count=1)
        text = FOLD.sub(lambda found: f"{found[1]} · {max(1, round(next(folds).minutes()))} min", text)
        return EXERCISE.sub(lambda found: f"{found[1]} · {next(exercises).minutes()} min", text)

    def faults(self) -> list[str]:
        """Say in a sentence if the spine is too short or too long. Chapter 0 is for looking up, and may be longer."""
        if self.path.stem.startswith("00-") or self.spine.words in SPINE:
            return []
        return [f"the spine has {self.spine.words} words, not {SPINE[0]} to {SPINE[-1]}"]

    def told(self) -> str:
        """Return what the chapter takes, line by line."""
        lines = [f"{self.path.stem}: {self.spine.words} words, {round(self.spine.minutes())} minutes on the spine"]
        lines += [f"  WARNING: {fault}" for fault in self.faults()]
        lines += [f"  {max(1, round(fold.minutes())):3} min  {MINUTES.sub('', title)}"
                  for title, fold in self.folds.items()]  # fmt: skip
        lines += [f"  {exercise.minutes():3} min  {label}" for label, exercise in self.exercises.items()]
        return "\n".join(lines)


def chosen_texts(folder: Path, wanted: list[str]) -> list[Path]:
    """Return the texts of the chapters that are named, such as 07 or 07-backprop; all where none is named."""
    texts = sorted(folder.glob("[0-9]*.md"))
    for name in wanted:
        if not any(name in (path.stem, path.stem[:2]) for path in texts):
            raise SystemExit(f"there is no chapter {name}: name it by its number or its file, 07 or 07-backprop")
    return [path for path in texts if not wanted or {path.stem, path.stem[:2]} & set(wanted)]


def main(arguments: list[str]) -> int:
    """Write the minutes of chapters into their texts, and print them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="chapters, such as 07 or 07-backprop; without names, all")
    parser.add_argument("--texts", type=Path, default=TEXTS, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    for path in chosen_texts(chosen.texts, chosen.names):
        clock = Clock(path)
        print(clock.told())
        if (text := clock.rewritten()) != clock.text:
            path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
