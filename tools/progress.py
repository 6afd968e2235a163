"""Tell those who wait how long the work will take, judging by earlier builds, and how far it has come."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO


class Durations:
    """How many seconds each thing took when it was last done on this machine, kept in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            known = {}  # without the file, work is done in another order and no time is promised
        self.known = {name: float(seconds) for name, seconds in known.items()}

    def expected(self, name: str, otherwise: float) -> float:
        """Return the seconds that a thing took, or the given ones where it was never done here."""
        return self.known.get(name, otherwise)

    def note(self, name: str, seconds: float) -> None:
        """Remember how long a thing took."""
        self.known[name] = round(seconds, 1)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def together(seconds: Iterable[float], jobs: int) -> float:
    """Return how long things take when so many run at a time and each begins as soon as there is room, in this order.

    The longest first keeps the wait short: a long one that begins last runs alone.
    """
    ends = [0.0] * jobs
    for one in seconds:
        ends[ends.index(min(ends))] += one
    return max(ends)


def in_words(seconds: float) -> str:
    """Return a duration as one would say it: rounded to ten seconds, and from two minutes on to whole minutes."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 115:
        return f"about {round(seconds, -1):.0f} s"
    return f"about {seconds / 60:.0f} minutes"


class Status:
    """One line on a terminal that is written over and over; nothing where the output goes to a file."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stdout if stream is None else stream
        self.width = 0

    def show(self, text: str) -> None:
        """Put a text into the line, in place of what it held."""
        if self.stream.isatty():
            text = text[:78]  # a line that wraps could not be written over
            print(f"\r{text:<{self.width}}", end="", file=self.stream, flush=True)
            self.width = len(text)

    def say(self, text: str) -> None:
        """Print a text that stays, on a line of its own."""
        if self.width:
            self.show("")
            text = f"\r{text}"
        print(text, file=self.stream, flush=True)
