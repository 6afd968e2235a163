"""Say where a chapter departs from the form in two layers that all chapters have.

    python tools/anatomy.py [NUMBER or NAME …]

Each fault is one sentence. CONTRIBUTING.md describes the form; a test wants no fault in any chapter.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from minutes import PROGRAM, TEXTS, TIME, Clock, chosen_texts
from needs import names
from plain import CODE, HIDDEN, LABEL, alt, comments, read, tags
from two_layers import Cell, Piece, pieces

LEADS = ["In short.", "What you need.", "Time."]
LAST = [PROGRAM, "What people get wrong", "Neighbours", "Card", "Exercises", "Further reading"]
LINES, COLUMNS, PROGRAM_LINES, ALT_WORDS = 12, 88, 30, 60
NOT_IN_A_NOTEBOOK = re.compile(r"on this page|press Next|below the fold|at the top of this page", re.IGNORECASE)


def lines(cell: Cell) -> list[str]:
    """Return the lines of a cell that are not blank."""
    return [line for line in cell.source.split("\n") if line.strip()]


def start(text: str) -> str:
    """Return how a text begins, to point at it."""
    return "“" + next(line for line in text.strip().split("\n") if line.strip())[:60] + "”"


def joined(found: list[Piece]) -> list[Piece]:
    """Return the pieces without labels and entries of the index, and texts that stand together as one."""
    shown: list[Piece] = []
    for piece in found:
        if piece.part.name == "index":
            continue
        if not piece.cell and not piece.part.name:
            kept = "\n".join(line for line in piece.part.body.split("\n") if not LABEL.fullmatch(line)).strip()
            if not kept:
                continue
            last = shown[-1] if shown else None
            if last and not last.cell and not last.part.name and last.place == piece.place:
                shown[-1] = replace(last, part=replace(last.part, body=f"{last.part.body}\n\n{kept}"))
                continue
            piece = replace(piece, part=replace(piece.part, body=kept))
        shown.append(piece)
    return shown


def opening(found: list[Piece], number: str) -> Iterator[str]:
    """Title, map, set-up with the opening picture, and three paragraphs; then the first section."""
    head = found[: next((n for n, piece in enumerate(found) if piece.section != found[0].section), len(found))]
    if not found[0].part.body.endswith("?"):
        yield "the title is no question"
    kinds = ["cell" if piece.cell else piece.part.name for piece in head]
    if kinds != ["heading", "image", "cell", ""]:
        yield f"a chapter opens with title, map, set-up and text; here stand {kinds}"
        return
    _, image, cell, text = head
    if not re.fullmatch(rf"maps/{number}-[\w-]+\.svg", image.part.argument) or not image.part.option("alt"):
        yield "the first image is not the map of this chapter with an :alt:"
    if "hide-input" not in tags(cell.cell) or not alt(cell.cell):
        yield "the first cell, the set-up, is not tagged hide-input or shows no opening picture with an alt text"
    leads = re.findall(r"^\*\*([^*]+)\*\*", text.part.body, re.MULTILINE)
    if leads != LEADS:
        yield f"the opening paragraphs begin with {LEADS}, not with {leads}"
        return
    short, need, time = re.split(r"\n\s*\n", text.part.body)[:3]
    if not 4 <= len(re.findall(r"[.!?](?=\s|$)", short.removeprefix("**In short.**"))) <= 6:
        yield "“In short” has not four to six sentences"
    if int(number) and "{ref}" not in need:
        yield "“What you need” links to nothing"
    if not TIME.match(time):
        yield "the time is not said as `**Time.** N minutes, and M for the exercises.`"


def headings(found: list[Piece]) -> Iterator[str]:
    """Fixed sections at the end; folds at the end of their section; checks at the end of what is not folded."""
    titles = [piece.part.body for piece in found if piece.part.name == "heading" and piece.part.argument == "##"]
    wanted = LAST if PROGRAM in titles else LAST[1:]
    if titles[-len(wanted) :] != wanted:
        yield f"the last sections are not {wanted}"
    for section, inside in groupby(found, key=lambda piece: piece.section):
        places = list(inside)
        spine = [piece for piece in places if piece.place == "spine"]
        if section != "Exercises" and places[len(spine) :] != [piece for piece in places if piece.place == "fold"]:
            yield f"{section}: after a fold only folds may follow in a section"
        checks = [n for n, piece in enumerate(spine) if piece.cell and "checks" in tags(piece.cell)]
        if checks and checks != [len(spine) - 1]:
            yield f"{section}: its checks are not one cell at the end, before the folds"


def code(found: list[Piece]) -> Iterator[str]:
    """What may stand in cells in sight, and what folded cells have to say."""
    program = 0
    for piece in found:
        if not piece.cell:
            continue
        cell, said = piece.cell, start(piece.cell.source)
        if len(alt(cell).split()) > ALT_WORDS:
            yield f"{said}: the description of its picture has more than {ALT_WORDS} words"
        if "hide-input" in tags(cell) and cell.metadata.mystnb.code_prompt_show == CODE:
            yield f"{said}: no code_prompt_show says what is folded, such as “Set-up” or “Code of the figure”"
        if "checks" in tags(cell):
            for claim in comments(cell.source).values():
                if len(claim.split()) < 3 or not re.search(r"[.!?]”?$", claim):
                    yield f"{said}: the claim “{claim}” is no whole sentence"
        if piece.place != "spine" or HIDDEN & tags(cell):
            continue
        if piece.section == PROGRAM:
            program += len(lines(cell))
            if "scratchnet" in cell.source:
                yield f"{said}: a program to keep uses nothing of ours"
        elif len(lines(cell)) > LINES:
            yield f"{said}: {len(lines(cell))} lines are in sight, more than {LINES}"
        if any(len(line) > COLUMNS for line in lines(cell)):
            yield f"{said}: a line has more than {COLUMNS} characters"
        if any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(cell.source))):
            yield f"{said}: an assertion is in sight; it belongs into the checks"
    if program > PROGRAM_LINES:
        yield f"the program to keep has {program} lines, more than {PROGRAM_LINES}"


def leaning(found: list[Piece]) -> Iterator[str]:
    """Cells outside folds that use what only a fold makes or changes."""
    maker: dict[str, str] = {}
    generators = {name for piece in found if piece.cell for name in drawn_from(piece.cell.source)}
    for piece in found:
        if not piece.cell or piece.place == "solution":
            continue
        here = names(piece.cell.source)
        if piece.place == "fold":
            drawn = here.used & generators  # a draw changes its generator
            maker |= dict.fromkeys(here.bound | here.changed | drawn, piece.name)
            continue
        for name in sorted(here.used & maker.keys()):
            yield f"{start(piece.cell.source)}: `{name}` is made or changed in the fold “{maker[name]}”"
        for name in here.bound:
            maker.pop(name, None)


def drawn_from(source: str) -> set[str]:
    """Return the names that a cell binds to random generators."""
    bound = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign)]
    made = [node for node in bound if re.match(r"(\w+\.)*default_rng\(", ast.unparse(node.value))]
    return {target.id for node in made for target in node.targets if isinstance(target, ast.Name)}


def bets(found: list[Piece]) -> Iterator[str]:
    """A bet is followed by something to read or to run in its section."""
    for n, piece in enumerate(found):
        if piece.part.name != "bet":
            continue
        after = [one for one in found[n + 1 :] if one.section == piece.section and one.place == "spine"]
        if not [one for one in after if not (one.cell and "checks" in tags(one.cell))]:
            yield f"{start(piece.part.body)}: a bet is followed by at least a paragraph or a cell"


def faults(path: Path) -> list[str]:
    """Return all departures of a chapter from the form, in sentences."""
    found = joined(list(pieces(read(path))))
    number = path.stem[:2]
    said = [*opening(found, number), *headings(found), *code(found), *leaning(found), *bets(found)]
    said += Clock(path).faults()
    text = path.read_text(encoding="utf-8")
    said += [f"“{words}” means nothing in a notebook" for words in NOT_IN_A_NOTEBOOK.findall(text)]
    titles = re.findall(r"^`{3,}\{exercise\} (.*)$", text, re.MULTILINE)
    return said + [f"the title of an exercise has brackets: {title}" for title in titles if "(" in title]


def main(arguments: list[str]) -> int:
    """Print the faults of chapters; return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="chapters, such as 07 or 07-backprop; without names, all")
    found = [f"{path.stem}: {fault}" for path in chosen_texts(TEXTS, parser.parse_args(arguments).names)
             for fault in faults(path)]  # fmt: skip
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
