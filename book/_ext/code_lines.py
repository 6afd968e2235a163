"""A line of code that is too long for the screen goes on below, further in than it began; none has to be scrolled.

Each line of Python becomes a box of its own that knows how far it is indented, and may be broken after a bracket or a
comma and before a dot; the style sheet does the rest. The text stays as it was, so that copying gives what was typed.
What a cell printed may be a table and is left alone; but one line, a verdict, say, is a sentence and may wrap.
"""

import re
from typing import Any

from sphinx.errors import ExtensionError

START = r'<div class="{}"><div class="highlight"><pre>'
PYTHON = START.format("(?:(?:doctest )?highlight-default|highlight-(?:python|ipython3|sh)) notranslate")
LISTING = re.compile(rf"({PYTHON})(.*?)(</pre>)", re.DOTALL)
PRINTED = re.compile(START.format("(?:output (?:stream|text_plain) highlight-myst-ansi|highlight-text) notranslate"))
SENTENCE = re.compile(rf"({PRINTED.pattern.removesuffix('<pre>')})<pre>([^\n]*\n?</pre>)")
SHORT = 36  # characters, which every phone shows


def boxed(line: str) -> str:
    """The line, newline and all, in its box."""
    text = re.sub(r"<[^>]*>", "", line)
    if len(text) > SHORT:
        line = re.sub(r'(<span class="p">[^<]*</span>)', r"\1<wbr>", line)
        line = line.replace('<span class="o">.</span>', '<wbr><span class="o">.</span>')
    return f'<span class="line" style="--in:{len(text) - len(text.lstrip(" "))}">{line}</span>'


def wrap(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    body = context.get("body", "")
    lines, found = LISTING.subn(
        lambda m: m[1] + "".join(map(boxed, f"{m[2].rstrip()}\n".splitlines(keepends=True))) + m[3], body
    )
    if found + len(PRINTED.findall(body)) != body.count('<div class="highlight">'):
        raise ExtensionError(f"{pagename}: a listing is written in a way that code_lines.py does not know")
    if body:
        context["body"] = SENTENCE.sub(r'\1<pre class="sentence">\2', lines)


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", wrap, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
