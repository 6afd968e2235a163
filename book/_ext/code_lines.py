"""Let a long line of code go on in the next line, indented further, so that no code has to be scrolled.

The highlighter puts each line of code into an element that knows how far it is indented, and that may be broken at a
space, after an opening bracket and before a dot; the style sheet does the rest. The text does not change, so that
copying gives what was typed. Names, punctuation and spaces have the colour of plain text. They get no elements of their
own, which would be every fifth element of a page, all of them to be laid out by a phone. What a cell printed may be a
table and keeps its lines, unless it is sentences: one line alone, or long lines without columns.
"""

import re
from html import unescape
from typing import Any

from sphinx.errors import ExtensionError

LISTING = re.compile(r'<div class="highlight"><pre>(.*)</pre></div>\n', re.DOTALL)
CODE = {"default", "python", "ipython3", "sh"}
PRINTED = {"myst-ansi", "text"}
SHORT = 36  # every phone shows a line of so many characters in one piece
LONG = 75  # no row of an array that NumPy prints has more characters
PLAIN = re.compile(r'<span class="(?:n|nn|nx|p|w)">([^<]*)</span>')
COLUMNS = re.compile(r"\S  +\S")


def in_element(line: str) -> str:
    """Put a highlighted line, with its end of line, into its element."""
    text = re.sub(r"<[^>]*>", "", line)
    if len(text) > SHORT:
        line = re.sub(r'(<span class="p">[^<]*[(\[{])</span>', r"\1</span><wbr>", line)
        line = line.replace('<span class="o">.</span>', '<wbr><span class="o">.</span>')
    line = PLAIN.sub(r"\1", line)
    return f'<span class="line" style="--in:{len(text) - len(text.lstrip(" "))}">{line}</span>'


def with_lines(listing: str, language: str) -> str:
    """Return a listing as the highlighter wrote it, with each line in its element."""
    found = LISTING.fullmatch(listing)
    if not found or language not in CODE | PRINTED:
        raise ExtensionError(f"code_lines.py does not know how to break lines of {language!r} in {listing[:80]}")
    if language in PRINTED and not is_said(unescape(re.sub(r"<[^>]*>", "", found[1])).rstrip("\n")):
        return listing
    lines = "".join(map(in_element, f"{found[1].rstrip()}\n".splitlines(keepends=True)))
    return f'<div class="highlight"><pre>{lines}</pre></div>\n'


def is_said(printed: str) -> bool:
    """Return whether what a cell printed is sentences, and not a table or an array."""
    return "\n" not in printed or (max(map(len, printed.split("\n"))) > LONG and not COLUMNS.search(printed))


def extend_highlighter(app: Any) -> None:
    """Let the highlighter of this build return its listings with lines that wrap."""
    if app.builder.format != "html":
        return
    highlight = app.builder.highlighter.highlight_block

    def highlight_block(source: str, lang: str, *args: Any, **options: Any) -> str:
        listing = highlight(source, lang, *args, **options)
        return listing if options.get("nowrap") else with_lines(listing, lang)

    app.builder.highlighter.highlight_block = highlight_block


def setup(app: Any) -> dict[str, bool]:
    app.connect("builder-inited", extend_highlighter)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
