"""Show the source of a function in the book: it prints the module's own lines, never a second copy."""

import inspect
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Callable
from textwrap import dedent, wrap
from typing import Any

WIDTH = 80  # characters of a line: a page has room for them, and a notebook, which breaks words in longer ones


class Source:
    """The text of one or more functions; a notebook shows it as highlighted Python."""

    def __init__(self, *functions: Callable[..., Any]) -> None:
        self.text = "\n\n".join(dedent(inspect.getsource(function)).rstrip() for function in functions)

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        # <samp>, "output of a program", keeps to letters of one width in pages that nbconvert makes: their style sheet
        # says that the code of an output has the letters of what is around it.
        return f"<samp>\n\n```python\n{folded(self.text)}\n```\n\n</samp>"


def source(*functions: Callable[..., Any]) -> Source:
    """Return the source of `functions`, read live from the module that defines them."""
    return Source(*functions)


def folded(text: str) -> str:
    """Return Python code with lines of at most 80 characters; a longer line goes on in the next, further indented.

    The code keeps its meaning: a line is broken only within brackets and comments. Docstrings are filled anew.
    """
    # Where each line may be broken, how bad a place that is, in characters, and what the rest then begins with.
    places = defaultdict[int, list[tuple[int, int, str]]](list)
    told, depth, strings, before = set[int](), 0, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind, (row, column), line = tokenize.tok_name[token.type], token.start, token.line
        if kind == "STRING" and before in ("INDENT", "NEWLINE"):
            told |= set(range(row, token.end[0] + 1))
        elif kind == "COMMENT":
            places[row] += [(0, space.end(), "# ") for space in re.finditer(" ", line) if space.end() > column + 2]
            places[row] += [(0, column, "")] if line[:column].strip() else []
        if depth and not strings and line[:column].strip() and line[column - 1] in " ([{":
            after = line[:column].rstrip()[-1]
            if "=" not in (after, token.string):
                places[row].append((15 * (depth + (after not in ",([{")), column, ""))
        strings += kind.endswith("STRING_START") - kind.endswith("STRING_END")  # from Python 3.12 on
        depth += (token.string in "([{") - (token.string in ")]}") if kind == "OP" else 0
        before = kind
    shown, paragraph = list[str](), list[str]()
    for row, line in enumerate([*text.split("\n"), ""], start=1):
        if row in told and line.strip(' "') and (not paragraph or indent(line) == indent(paragraph[0])):
            paragraph.append(line)
            continue
        shown += filled(paragraph)
        paragraph = [line] if row in told and line.strip(' "') else []
        shown += [] if paragraph else broken(line, places[row])
    return "\n".join(shown[:-1])


def indent(line: str) -> str:
    """Return the spaces with which a line begins."""
    return line[: len(line) - len(line.lstrip())]


def filled(paragraph: list[str]) -> list[str]:
    """Return a paragraph of a docstring, its words laid out anew where a line is too long."""
    if max(map(len, paragraph), default=0) <= WIDTH:
        return paragraph
    margin = indent(paragraph[0])
    words = " ".join(line.strip() for line in paragraph)
    return wrap(
        words, WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )


def broken(line: str, places: list[tuple[int, int, str]], further: int = 8) -> list[str]:
    """Return a line of code as several where it is too long, each as full as good places to break it allow."""
    fitting = [(column - bad, column, begin) for bad, column, begin in places if column <= WIDTH]
    if len(line) <= WIDTH or not fitting:
        return [line]
    _, column, begin = max(fitting)
    begin = indent(line) + " " * (0 if line.lstrip().startswith("#") else further) + begin
    left = [(bad, place - column + len(begin), mark) for bad, place, mark in places if place > column]
    return [line[:column].rstrip(), *broken(begin + line[column:], left, further=0)]
