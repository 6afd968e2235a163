"""Walk through a chapter: say of each piece whether it stands on the spine or in a fold.

The spine is what everyone reads. A fold for depth is a heading `### Deeper: …` with all that follows it up to the next
heading. An exercise is asked and answered between the two, and its solution is folded like depth.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plain import DEEPER, HEADING, Part, parts, sections

Cell = Any  # nbformat's NotebookNode carries no types
NO_PART = Part("", "")


@dataclass(frozen=True)
class Piece:
    """A code cell or a part of a text, and where it stands.

    place: "spine", "fold", "exercise" or "solution". name: the title of the fold, the label of the exercise.
    section: the title of the section. cell: the code cell, or None where the piece is a part of the text. A part called
    "heading" has its signs as argument.
    """

    place: str
    name: str
    section: str
    cell: Cell | None
    part: Part = NO_PART


def pieces(cells: list[Cell]) -> Iterator[Piece]:
    """Yield the pieces of a chapter in the order of the page."""
    place, name, section = "spine", "", ""
    for cell in cells:
        if cell.cell_type == "code":
            yield Piece(place, name, section, cell)
            continue
        for part in parts(cell.source):
            match part.name:
                case "exercise":
                    place, name = "exercise", part.option("label")
                case "solution-start":
                    place, name = "solution", part.argument
                case "solution-end":
                    place, name = "spine", ""
            if part.name:
                yield Piece(place, name, section, None, part)
                continue
            for text in sections(part.body):
                first, _, rest = text.partition("\n")
                if heading := HEADING.fullmatch(first):
                    place, name = ("fold", heading[2]) if heading[2].startswith(DEEPER) else ("spine", "")
                    section = section if len(heading[1]) > 2 else heading[2]
                    yield Piece(place, name, section, None, Part("heading", heading[2], heading[1]))
                    text = rest
                if text.strip():
                    yield Piece(place, name, section, None, Part("", text))
