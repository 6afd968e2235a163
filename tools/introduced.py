"""List what each chapter uses of the glossary and the refresher, and where the book has introduced it.

    python tools/introduced.py [NUMBER or NAME …]

A term of the glossary is introduced by the first `{term}` with it on a spine, and used where its words stand in a text
there. An idiom of NumPy is introduced by the first link to the section of the refresher that explains it, and used in
the cells in sight. Where nothing has introduced what is used, the line says so, and a test wants no such line.

Not looked at: what looks ahead or around (In short, What you need, Neighbours, Further reading), and chapter 0, which
says at each thing what the book will need it for.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minutes import TEXTS, chosen_texts
from plain import HIDDEN, NAMED, ROLE, read, tags
from two_layers import pieces

REFRESHER = "00-refresher"
AROUND = {"Neighbours", "Further reading"}
AHEAD = re.compile(r"^\*\*(?:In short|What you need)\.\*\*.*$", re.MULTILINE)
NO_WORDS = re.compile(r"```.*?```|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`", re.DOTALL)
# Terms that are also words of every day, and stand in texts in that sense too.
EVERYDAY = {
    "Bit", "Cache", "Class", "Closing", "Confidence", "Coverage", "Digest", "Floor", "Margin", "Mask", "Power",
    "Precision", "Rank", "Recall", "Schedule", "Score", "Seed", "Shape", "Smooth", "Stride", "Surprise", "Template",
    "View",
}  # fmt: skip
# Idioms of NumPy, by the section of the refresher that explains them.
IDIOMS = {
    "axis": r"\baxis=",
    "broadcasting": r"\bkeepdims=|\[:, None\]",
    "generator": r"\bdefault_rng\(",
    "matrix-product": r" @ ",
    "one-hot": r"\bnp\.eye\(\w+\)\[",
    "picking": r"\bnp\.arange\([^\]]*\), \w+\]",
    "quiet": r"\bprogress=False|\bdtype=np\.float64",
}


@dataclass(frozen=True)
class Place:
    """A place on the spine of a chapter. Places are compared by chapter, piece and character."""

    chapter: str
    piece: int
    character: int
    section: str

    def __le__(self, other: "Place") -> bool:
        return (self.chapter, self.piece, self.character) <= (other.chapter, other.piece, other.character)


@dataclass
class Found:
    """A term or an idiom: where it was introduced, if it was, and where each chapter uses it first."""

    introduced: Place | None
    used: dict[str, Place]

    def too_early(self, chapter: str) -> bool:
        """Say whether a chapter uses it before it is introduced. An idiom is asked for where the book has it first."""
        first = self.used.get(chapter)
        return first is not None and not (self.introduced and self.introduced <= first)


def glossary(folder: Path) -> list[str]:
    """Return the terms of the glossary."""
    page = (folder / "glossary.md").read_text(encoding="utf-8")
    (entries,) = re.findall(r"```\{glossary\}\n(.*?)\n```", page, re.DOTALL)
    return [entry.partition("\n")[0] for entry in entries.split("\n\n")]


def spine(path: Path) -> Iterator[tuple[Place, str, str]]:
    """Yield each text and each cell in sight of a chapter's spine, with its place: the place, the text, the code."""
    for n, piece in enumerate(pieces(read(path))):
        place = Place(path.stem, n, 0, piece.section)
        if piece.place != "spine" or piece.section in AROUND:
            continue
        if piece.cell:
            if not HIDDEN & tags(piece.cell):
                yield place, "", piece.cell.source
        elif piece.part.name in ("", "bet"):
            yield place, piece.part.body, ""


def links(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield where each role stands, its name, and where it leads."""
    for role in ROLE.finditer(text):
        named = NAMED.fullmatch(role[2])
        yield role.start(), role[1], named[2] if named else role[2]


def blank(found: re.Match[str]) -> str:
    """Return blanks in place of what has no words, so that what follows keeps its place."""
    return re.sub(r"[^\n]", " ", found[0])


def search(folder: Path) -> dict[str, Found]:
    """Return what the chapters in this folder use, and where it is introduced, by term and by section of chapter 0."""
    terms = [term for term in glossary(folder.parent) if term not in EVERYDAY]
    found = {name: Found(None, {}) for name in [*terms, *(f"sec-refresher-{idiom}" for idiom in IDIOMS)]}
    longest_first = "|".join(map(re.escape, sorted(terms, key=len, reverse=True)))
    words = re.compile(rf"(?<![\w-])(?:{longest_first})(?=(?:s|es)?(?![\w-]))", re.IGNORECASE)
    by_words = {term.lower(): term for term in terms}

    def use(name: str, place: Place, character: int = 0) -> None:
        found[name].used.setdefault(place.chapter, Place(place.chapter, place.piece, character, place.section))

    for path in sorted(folder.glob("[0-9]*.md")):
        for place, text, code in spine(path):
            for character, role, name in links(text):
                if path.stem == REFRESHER and role == "ref":  # it explains them, but others have to link to it
                    continue
                name = by_words.get(name.lower(), name) if role == "term" else name  # no case, as for Sphinx
                if role in ("term", "ref") and name in found and not found[name].introduced:
                    found[name].introduced = Place(place.chapter, place.piece, character, place.section)
            shown = NO_WORDS.sub(blank, ROLE.sub(blank, AHEAD.sub(blank, text)))
            for match in words.finditer(shown):
                use(by_words[match[0].lower()], place, match.start())
            for idiom, pattern in IDIOMS.items():
                if re.search(pattern, code):
                    use(f"sec-refresher-{idiom}", place)
    return found


def faults(folder: Path) -> list[str]:
    """Return, in sentences, what chapters use before it is introduced."""
    said = []
    for name, one in search(folder).items():
        for chapter in sorted(one.used):
            # an idiom of NumPy that an earlier chapter uses too is for that chapter to introduce
            first = not name.startswith("sec-") or chapter == min(one.used.keys() - {REFRESHER}, default=chapter)
            if chapter != REFRESHER and first and one.too_early(chapter):
                said.append(f"{chapter}: {name} is used in “{one.used[chapter].section}” before it is introduced")
    return said


def main(arguments: list[str]) -> int:
    """Print the list of each chapter."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="chapters, such as 07 or 07-backprop; without names, all")
    found = search(TEXTS)
    for path in chosen_texts(TEXTS, parser.parse_args(arguments).names):
        print(path.stem)
        for name, one in found.items():
            if path.stem in one.used:
                where = one.introduced
                said = f"{where.chapter}, {where.section}" if where else "nowhere"
                print(f"  {name}: {said}{', which is too late' * bool(where and one.too_early(path.stem))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
