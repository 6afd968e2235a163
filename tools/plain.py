"""Translate a chapter into plain Markdown, which every notebook program shows as it is meant.

A chapter is written in MyST, whose roles and directives only the site understands. `Book` knows what the site knows of
a label: which heading, equation or exercise it belongs to, the number of that, and the file where it stands.
`Book.chapter` and `Book.solutions` turn the cells of a text into those of two notebooks: the chapter, which runs from
top to bottom without its solutions, and the solutions, which begin with what they need of the chapter.

A role or a directive that is not known here is refused, with its place, so that no markup gets into a notebook.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any
from unicodedata import normalize
from urllib.parse import quote

import jupytext
import nbformat as partly_typed
import pybtex.database
import pybtex.plugin
import yaml  # type: ignore[import-untyped]
from needs import needed
from pybtex.richtext import Text

sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))
from deeper import DEEPER as DEEPER
from no_break import NUMBER
from site_address import address

nbformat: Any = partly_typed  # some of its functions are annotated, these are not
Cell = Any  # nbformat's NotebookNode carries no types

FENCE = re.compile(r"(`{3,}|:{3,})(.*)")
DIRECTIVE = re.compile(r"\{([\w:-]+)\} *(.*)")
OPTION = re.compile(r":([\w-]+): *(.*)")
LABEL = re.compile(r"\(([\w-]+)\)=")
HEADING = re.compile(r"(#+) +(.*)")
ROLE = re.compile(r"\{([\w:]+)\}`([^`]+)`")
NAMED = re.compile(r"(.*?)\s*<([^<>]+)>", re.DOTALL)  # the words of a link, and in angle brackets where it leads
FORMULA = re.compile(r"^\$\$\n.*?\n\$\$$", re.DOTALL | re.MULTILINE)
BULLET = re.compile(r"\n *(?=[-+*>#=])")  # how a line begins that could be taken for a list, quotation or heading
TABLE = re.compile(r"^\|.*\n\|[ :|-]+\|(?:\n\|.*)+", re.MULTILINE)
IN_LINE = re.compile(r"\$([^$]+)\$")  # a formula in a line
# What would be parted at the end of a line: a formula and the marks that follow it, or a number and its sign. Before
# these stands what is left alone: a heading, a line of a table, code, and a formula on lines of its own.
TOGETHER = re.compile(
    r"^(?:#|\|)[^\n]*|(`+).*?\1|\$\$.*?\$\$"
    rf"|\$(?P<formula>[^$]+)\$(?P<marks>[,.;:!?)]*)|(?P<space>{NUMBER.pattern})",
    re.DOTALL | re.MULTILINE,
)
HIDDEN = {"hide-input", "remove-input"}
EM, JOINER = "\N{EM SPACE}", "\N{WORD JOINER}"
CODE = "Code"  # what the line above folded code says where a text has no words for it
MINUTES = re.compile(r"(?: ·|,) \d+ min$")  # stands at the end of the title of a fold or an exercise
FROM_CHAPTER = "From the chapter"
# Matches a text after which a sentence, a cell of a table or a point of a list begins, so that a term there may have a
# capital. A bracket, a quotation mark or stars may stand in between.
BEGINS = re.compile(r"""(?:\A|\n\s*\n|\n *(?:[-*]|\d+\.)\ |\||[.!?:][)"”'*_\]]*\s)[\s*_(\["“']*\Z""")
# First words of terms that keep their capital in a sentence.
NAMES = {"Adam", "He", "Hessian", "Jacobian", "Nesterov's", "Wilson's", "Xavier"}


@dataclass(frozen=True)
class Part:
    """Lines of a text: a directive with its name, argument, options and body, or anything else, whose name is ""."""

    name: str
    body: str
    argument: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str:
        """Return the value of an option, or an empty text."""
        return dict(self.options).get(name, "")


@dataclass(frozen=True)
class Target:
    """What a label stands for: the words of a link to it, and its address from any notebook of the book."""

    words: str
    page: str
    heading: str = ""  # empty for the title of a page, which is reached by the address of the page


def parts(text: str) -> Iterator[Part]:
    """Cut a text into directives and what lies between them. A plain code block is left where it is."""
    plain: list[str] = []
    lines = iter(text.split("\n"))
    for line in lines:
        fence = FENCE.fullmatch(line)
        if not fence:
            plain.append(line)
            continue
        inside: list[str] = []
        for within in lines:
            if within.strip() == fence[1]:
                break
            inside.append(within)
        else:
            raise SystemExit(f"this block is never closed: {line}")
        directive = DIRECTIVE.fullmatch(fence[2].strip())
        if not directive:
            plain += [line, *inside, fence[1]]
            continue
        yield Part("", "\n".join(plain))
        plain = []
        options = []
        while inside and (option := OPTION.fullmatch(inside[0])):
            options.append((option[1], option[2]))
            inside.pop(0)
        yield Part(directive[1], "\n".join(inside).strip("\n"), directive[2], tuple(options))
    yield Part("", "\n".join(plain))


def nested(text: str) -> Iterator[Part]:
    """Yield the parts of a text, and after an exercise the parts within it."""
    for part in parts(text):
        yield part
        if part.name == "exercise":
            yield from nested(part.body)


def quoted(text: str) -> str:
    """Return text as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def slug(heading: str) -> str:
    """Return the fragment by which Jupyter and nbconvert reach a heading of the notebook: its words, with hyphens.

    Jupyter compares it letter by letter with the heading, and does not find a sign written as % and a number.
    """
    return quote(re.sub(r"[`*]", "", heading).replace(" ", "-"), safe=",'!?:;=+~()")


def heading_id(heading: str) -> str:
    """Return the id of the cell that a heading begins, by which JupyterLab reaches it from another notebook.

    A heading alone would not do: JupyterLab looks for it only in a notebook that is open already. From its release 4.6
    on the same holds for an id, except where it draws only what is in sight, as .binder/postBuild tells it to. Notebook
    7 (up to 7.6.5) follows no form at all: it opens a notebook at its top, whatever stands behind the # of a link, and
    even of an address that is typed. So solutions begin with links to each of them. The minutes that a heading ends in
    may change, and are no part of the id.
    """
    return re.sub("[^a-z0-9]+", "-", MINUTES.sub("", heading).lower()).strip("-")[:64]


def markdown(source: str) -> Cell:
    """Return a cell of text, without repeated blank lines. If it begins with a heading, its id is made from that.

    Within a formula, lines are joined where one begins with a sign that Markdown would read, because some programs look
    for formulas last. A mark that follows a formula in a line becomes a part of it: a browser may break the line after
    a formula, and no sign that is put in between keeps Chromium from that. What is folded on the page is folded in
    Jupyter, which runs it with the heading above it. The minutes at the end of its heading are not parted from the
    last word, and neither is a number from its per cent sign.
    """
    squeezed = re.sub(r"\n{3,}", "\n\n", source).strip("\n")
    squeezed = TOGETHER.sub(together, squeezed)
    squeezed = TABLE.sub(lambda found: roomy(found[0]), squeezed)
    cell = nbformat.v4.new_markdown_cell(FORMULA.sub(lambda found: BULLET.sub(" ", found[0]), squeezed))
    if found := HEADING.match(cell.source):
        cell.id = heading_id(found[2])
        if found[2].startswith(DEEPER) and (minutes := MINUTES.search(found[2])):
            whole = found[0].replace(minutes[0], minutes[0].replace(" ", "\N{NO-BREAK SPACE}"))
            cell.source = cell.source.replace(found[0], whole, 1)
        if found[2].startswith((DEEPER, FROM_CHAPTER)):
            cell.metadata["jp-MarkdownHeadingCollapsed"] = True
    return cell


def together(found: re.Match[str]) -> str:
    """Return a formula with the marks after it within, or the space before a sign as one at which no line breaks.

    Two marks, or a colon, would be set apart as signs of a formula are, so they stand there as words do.
    """
    if found["formula"]:
        marks = found["marks"]
        words = len(marks) > 1 or marks == ":"
        return f"${found['formula']}" + (rf"\text{{{marks}}}$" if words else f"{marks}$")
    return "\N{NO-BREAK SPACE}" if found["space"] else found[0]


def roomy(table: str) -> str:
    """Return a table whose heading holds, in each column, about the width of the widest formula.

    Pages that nbconvert makes would otherwise break a formula that is wider than all words of its column, and make the
    column as wide as the page: MathJax 2 measures a table without its formulas. The room is made by spaces as wide as a
    letter is high, which are seen nowhere. A sign without width stands on either side, because spaces at the end of a
    cell do not count.
    """
    heading, *lines = table.split("\n")
    rows = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in (heading, *lines[1:])]
    if len({len(row) for row in rows}) > 1:
        raise SystemExit(f"the rows of this table do not have as many cells as its heading:\n{table}")
    cells = []
    for first, *others in zip(*rows, strict=True):
        widest = max((width(formula) for cell in (first, *others) for formula in IN_LINE.findall(cell)), default=0)
        words = [len(re.sub("[`*]", "", IN_LINE.sub("", cell))) / 2 for cell in (first, *others)]
        side = ceil((widest - words[0]) / 2) * EM if widest > max(words) else ""
        cells.append(f"{JOINER}{side}{first}{side}{JOINER}" if side else first)
    return "\n".join([f"| {' | '.join(cells)} |", *lines])


def width(formula: str) -> float:
    """Return about how wide a formula is, and rather too much, in letters as wide as they are high."""
    shown = re.sub(r"\\(?:operatorname|text)\{(\w+)\}", r"\1", formula)
    shown = re.sub(r"\\[dt]?frac *(\w|\{[^{}]*\}) *(\w|\{[^{}]*\})", lambda of: max(of[1], of[2], key=len), shown)
    shown = re.sub(r"\\([lr]Vert|quad|[,;])", " ", shown)
    shown = re.sub(r"\\(log|ln|max|min|exp|tanh)\b", r"\1", shown)
    shown = re.sub(r"\\(sum|sqrt)\b", "xx", shown)
    shown = re.sub(r"\\(approx|l?eq?|g?eq?|to|in)\b", "=", shown)
    shown = re.sub(r"\\(cdot|odot|times|pm)\b", "+", shown)
    shown = re.sub(r"\\[A-Za-z]+", "x", shown)
    signs, between = len(re.sub(r"[\s{}^_]", "", shown)), len(re.findall("[=<>+-]", shown))
    return 0.75 * signs + 0.6 * between


def sections(text: str) -> Iterator[str]:
    """Cut a text before each heading, so that the heading and what follows it can be folded without what is before."""
    lines: list[str] = []
    in_code = False
    for line in text.split("\n"):
        in_code ^= line.startswith("```")
        if HEADING.fullmatch(line) and not in_code:
            yield "\n".join(lines)
            lines = []
        lines.append(line)
    yield "\n".join(lines)


class Book:
    """What the pages of a book know of each other.

    folder: the folder of the book, which has pages without code in it, and the texts of the chapters in text/. site:
    the address of the site.
    """

    def __init__(self, folder: Path, site: str) -> None:
        self.folder, self.site = folder, site
        self.targets: dict[str, Target] = {}
        self.equations: dict[str, Target] = {}
        self.terms: dict[str, str] = {}  # terms as the glossary writes them, by the same in small letters
        self.chapters: set[str] = set()  # pages in which references and terms must fit their sentences
        self.exercises: dict[str, Part] = {}
        for path in sorted(folder.glob("*.md")):
            self._index(path, f"{site}book/{path.stem}.html")
        for path in sorted((folder / "text").glob("*.md")):
            self._index(path, f"{path.stem}.ipynb")

    def title(self, stem: str, title: str) -> str:
        """Return the title of a page with the number of its chapter, if it has one."""
        number = self.number(stem)
        return f"{number}. {title}" if number else title

    @staticmethod
    def number(stem: str) -> str:
        """Return the number of a chapter as its file says it, 7 for 07-backprop; an empty text for other pages."""
        return str(int(stem[:2])) if stem[:2].isdigit() else ""

    def _index(self, path: Path, page: str) -> None:
        """Note where each label of a text leads, and count its equations and exercises as the site does."""
        number, heading, waiting, exercises = self.number(path.stem), "", [], 0
        text = path.read_text(encoding="utf-8")
        if number:
            self.chapters |= {page, page.replace(".", "-solutions.")}
        for part in nested(text):
            label = part.option("label")
            if part.name == "math" and label:
                words = f"({number}.{len([t for t in self.equations.values() if t.page == page]) + 1})"
                self.equations[label] = Target(words, page, heading)
            elif part.name == "exercise":
                exercises += 1
                name = f"Exercise {number}.{exercises}"
                self.exercises[label] = part
                title = MINUTES.sub("", part.argument)
                # In notebooks, no link finds a heading that has a dot in the middle of a line (·) in it.
                minutes = part.argument.removeprefix(title).replace(" ·", ",")
                heading = f"{name} ({title}){minutes}"
                self.targets[label] = Target(name, page, heading)
            elif part.name == "glossary":
                self.terms |= {line.lower(): line for line in part.body.split("\n") if line.strip() == line != ""}
            elif part.name == "solution-start":
                self.targets[label] = replace(self.targets[part.argument], page=page.replace(".", "-solutions."))
            elif not part.name:
                for line in part.body.split("\n"):
                    if found := LABEL.fullmatch(line):
                        waiting.append(found[1])
                    elif found := HEADING.fullmatch(line):
                        heading = "" if found[1] == "#" else found[2]
                        for waited in waiting:
                            self.targets[waited] = Target(MINUTES.sub("", found[2]), page, heading)
                        waiting = []

    def link(self, words: str, target: Target, page: str) -> str:
        """Return a link to a target as the notebook `page` has to write it."""
        if not target.heading or target.page.startswith("http"):  # the site has other fragments than notebooks
            return f"[{words}]({target.page})"
        fragment = slug(target.heading)
        if target.page == page and "%" not in fragment:
            return f"[{words}](#{fragment})"
        return f"[{words}]({target.page}#cell-id={heading_id(target.heading)})"

    @cached_property
    def references(self) -> dict[str, Any]:
        """The entries of the bibliography, by key."""
        found = pybtex.database.parse_file(self.folder / "references.bib", bib_format="bibtex")
        return dict(found.entries)

    def authors(self, key: str) -> str:
        """Return the authors as a citation names them: one, two joined by "and", or the first of more."""
        people = [str(Text.from_latex(" ".join(who.prelast_names + who.last_names)))
                  for who in self.references[key].persons["author"]]  # fmt: skip
        return f"{people[0]} *et al.*" if len(people) > 2 else " and ".join(people)

    def year(self, key: str) -> str:
        """Return the year of an entry of the bibliography, or "n.d." where it has none."""
        return str(self.references[key].fields.get("year", "n.d."))

    def found_at(self, key: str) -> str:
        """Return where a citation leads: to the publication, or, where its entry has no address, to the list below."""
        fields = self.references[key].fields
        return f"https://doi.org/{quote(fields['doi'])}" if "doi" in fields else fields.get("url", "#References")

    def reference(self, key: str) -> str:
        """Return an entry of the bibliography in full, as Markdown."""
        style = pybtex.plugin.find_plugin("pybtex.style.formatting", "plain")()
        backend = pybtex.plugin.find_plugin("pybtex.backends", "markdown")()
        (entry,) = style.format_entries([self.references[key]])
        rendered = str(entry.text.render(backend)).replace("\n", " ")
        # Signs that mean nothing to Markdown inside a line, or within a word. Some programs show the backslash instead
        # where they make a link of an address by themselves.
        return re.sub(r"\\([.()-]|(?<=\w\\)_(?=\w))", r"\1", rendered)

    def plain(self, text: str, page: str, cited: dict[str, None]) -> str:
        """Return text with each role of MyST in plain Markdown, and note what it cites."""

        def say(found: re.Match[str]) -> str:
            role, content = found[1], re.sub(r"\s+", " ", found[2])
            named = NAMED.fullmatch(content)
            words, label = (named[1], named[2]) if named else ("", content)
            match role:
                case "ref" if label in self.targets:
                    target = self.targets[label]
                    if not named and page in self.chapters and label not in self.exercises:
                        raise SystemExit(
                            f"{page}: {found[0]} puts “{target.words}” into a sentence; write {{ref}}`words <{label}>`"
                        )
                    return self.link(words or target.words, target, page)
                case "eq" if label in self.equations:
                    target = self.equations[label]
                    return self.link(target.words, target, page)
                case "term" if label.lower() in self.terms:
                    said, before = words or label, found.string[: found.start()]
                    if page in self.chapters and shouts(said) and not BEGINS.search(before):
                        small = said[0].lower() + said[1:]
                        wanted = f"write {{term}}`{small}`, or, if it is a name, add it to NAMES in plain.py"
                        raise SystemExit(f"{page}: {found[0]} has a capital inside a sentence; {wanted}")
                    letters = normalize("NFKD", self.terms[label.lower()]).encode("ascii", "ignore").decode()
                    anchor = re.sub("[^a-zA-Z0-9._]+", "-", letters)  # as Sphinx makes it
                    return f"[**{said}**]({self.site}book/glossary.html#term-{anchor})"
                case "cite:t" | "cite:p" if all(key in self.references for key in content.split(",")):
                    keys = sorted(content.split(","), key=lambda key: (self.authors(key), self.year(key)))
                    cited.update(dict.fromkeys(keys))
                    if role == "cite:t":
                        return ", ".join(
                            f"{self.authors(key)} [[{self.year(key)}]({self.found_at(key)})]" for key in keys
                        )
                    each = [f"[{self.authors(key)}, {self.year(key)}]({self.found_at(key)})" for key in keys]
                    return f"[{', '.join(each)}]"
                case "py:func":
                    return f"[`{words or label}`]({self.site}book/api.html#{quote(label)})"
            raise SystemExit(f"{page}: a notebook does not know how to say {found[0]}")

        return ROLE.sub(say, text)

    def said(self, part: Part, page: str, cited: dict[str, None]) -> str:
        """Return a part of a text in plain Markdown."""
        match part.name:
            case "":
                lines = [line for line in part.body.split("\n") if not LABEL.fullmatch(line)]
                return self.plain("\n".join(lines), page, cited)
            case "index":
                return ""
            case "math":
                label = part.option("label")
                tag = f"\n\\tag{{{self.equations[label].words.strip('()')}}}" if label else ""
                return f"\n$$\n{part.body}{tag}\n$$\n"
            case "exercise":
                return f"\n### {self.targets[part.option('label')].heading}\n\n{self.inside(part, page, cited)}\n"
            case "bet":
                bet = f"**Bet.** {self.inside(part, page, cited)}\n\nYour bet: ____"
                return f"\n{quoted(bet)}\n"
            case "image":
                return f"\n![{part.option('alt')}]({part.argument})\n"
        raise SystemExit(f"{page}: a notebook does not know how to show {{{part.name}}}")

    def inside(self, directive: Part, page: str, cited: dict[str, None]) -> str:
        """Return the text inside a directive, such as what an exercise asks, in plain Markdown."""
        return "\n".join(self.said(part, page, cited) for part in parts(directive.body)).strip("\n")

    def split(self, cells: list[Cell]) -> tuple[list[Cell | Part | None], dict[str, list[Cell | Part | None]]]:
        """Take the solutions out of the cells of a page.

        Returns what is left, where a part "solution-start" marks the place of each solution, and the solutions by the
        labels of their exercises. In both, None stands where a cell of text ends.
        """
        left: list[Cell | Part | None] = []
        taken: dict[str, list[Cell | Part | None]] = {}
        here = left
        for cell in cells:
            if cell.cell_type == "code":
                here.append(cell)
                continue
            for part in parts(cell.source):
                if part.name == "solution-start":
                    left.append(part)
                    here = taken[part.argument] = []
                elif part.name == "solution-end":
                    here = left
                else:
                    here.append(part)
            here.append(None)
        return left, taken

    @staticmethod
    def given(left: list[Cell | Part | None]) -> dict[str, list[Cell]]:
        """Return, for each exercise, the cells between it and its solution, but for places for answers."""
        found: dict[str, list[Cell]] = {}
        here: list[Cell] = []
        for one in left:
            if isinstance(one, Part) and one.name in ("exercise", "solution-start"):
                here = found.setdefault(one.option("label"), []) if one.name == "exercise" else []
            elif one and not isinstance(one, Part) and not is_place(one):
                here.append(one)
        return found

    def solved(self, cells: list[Cell]) -> list[Cell]:
        """Return the code cells of all solutions in order, each after those that its exercise brings along."""
        left, taken = self.split(cells)
        given = self.given(left)
        return [cell for label, solution in taken.items() for cell in (*given[label], *code_of(solution))]

    def cells(self, found: list[Cell | Part | None], page: str, cited: dict[str, None]) -> list[Cell]:
        """Return the cells of a notebook: text in plain Markdown, a heading with its section, code as it is."""
        cells: list[Cell] = []
        text = ""

        def close() -> None:
            nonlocal text
            for section in sections(text):
                heading, _, below = section.partition("\n")
                # The heading of a fold has a cell of its own, because folding hides only the cells below that cell.
                pieces = [heading, below] if heading.lstrip("# ").startswith(DEEPER) else [section]
                cells.extend(markdown(piece) for piece in pieces if piece.strip())
            text = ""

        for one in found:
            if isinstance(one, Part) and one.name != "solution-start":
                text += self.said(one, page, cited)
                continue
            close()
            if isinstance(one, Part):
                cells.append(markdown(self.link("A solution", self.targets[one.option("label")], page)))
            elif one:
                cells += [*checked(one, page), code_cell(one), *in_words(one)]
        close()
        return cells

    def listed(self, cited: dict[str, None]) -> list[Cell]:
        """Return the references of a notebook as its last cell, in the order of surnames; none where none is cited."""
        if not cited:
            return []
        found = [
            self.reference(key) for key in sorted(cited, key=lambda key: (self.authors(key).lower(), self.year(key)))
        ]
        return [markdown("## References\n\n" + "\n".join(f"- {entry}" for entry in found))]

    def chapter(self, stem: str, cells: list[Cell]) -> list[Cell]:
        """Return the cells of a chapter's notebook: links where solutions stand on the page, references at the end."""
        page, cited = f"{stem}.ipynb", dict[str, None]()
        found = self.cells(self.split(cells)[0], page, cited)
        found[0].source = re.sub(r"^# (.*)", lambda m: f"# {self.title(stem, m[1])}", found[0].source, count=1)
        return found + self.listed(cited)

    def solutions(self, stem: str, cells: list[Cell]) -> list[Cell]:
        """Return the cells of the notebook of a chapter's solutions; none where it has no exercise.

        Each exercise is told again above its solution. What the solutions use of the chapter is run first.
        """
        left, taken = self.split(cells)
        if not taken:
            return []
        page, cited = f"{stem}-solutions.ipynb", dict[str, None]()
        title = next(match[2] for part in left if isinstance(part, Part) for line in part.body.split("\n")
                     if (match := HEADING.fullmatch(line)))  # fmt: skip
        given, solved = self.given(left), self.solved(cells)
        chapter = [cell for cell in code_of(left) if all(cell is not other for other in solved)]
        before = needed([cell for cell in chapter if not is_place(cell)], solved)
        for cell in needed([cell for cell in chapter if is_place(cell)], [*before, *solved]):
            raise SystemExit(
                f"{page}: a solution uses what this cell makes, whose answer it cannot know:\n{cell.source}"
            )
        told = f"# Solutions to chapter {self.number(stem)}\n\n"
        told += f"The chapter is [{title}]({stem}.ipynb){'' if title.endswith('?') else '.'} "
        told += "Try an exercise there before you read on here.\n"
        for label in taken:
            here = replace(self.targets[label], page=page)
            told += f"\n- {self.link(here.heading, here, page)}"
        above = f"## {FROM_CHAPTER}\n\nThe solutions below use what these cells of the chapter make. Run them first."
        found = [markdown(told), markdown(above), *self.cells(list(before), page, cited)]
        for label, solution in taken.items():
            target = self.targets[label]
            asked = quoted(self.inside(self.exercises[label], page, cited))
            back = self.link("Back to the exercise", target, page)
            found.append(markdown(f"## {target.heading}\n\n{asked}"))
            found += [*self.cells([*given[label], *solution], page, cited), markdown(back)]
        return found + self.listed(cited)


def code_of(found: list[Cell | Part | None]) -> list[Cell]:
    """Return the code cells of what `Book.split` has returned."""
    return [one for one in found if one and not isinstance(one, Part)]


def is_place(cell: Cell) -> bool:
    """Say whether a cell is the place for an answer, with three dots where it belongs."""
    assigned = [node.value for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Assign)]
    return any(isinstance(value, ast.Constant) and value.value is ... for value in assigned)


def shouts(words: str) -> bool:
    """Return whether words have a capital only because they begin a sentence, or an entry of the glossary."""
    first = words.split()[0]
    return first[:1].isupper() and first[1:].islower() and first not in NAMES


def tags(cell: Cell) -> set[str]:
    """Return the tags of a cell."""
    return set(cell.metadata.get("tags", []))


def alt(cell: Cell) -> str:
    """Return the description of a cell's picture in one line; an empty text where it has none."""
    return re.sub(r"\s+", " ", cell.metadata.get("mystnb", {}).get("image", {}).get("alt", ""))


def code_cell(cell: Cell) -> Cell:
    """Return a code cell with the same code and outputs. JupyterLab and Colab fold what the page hides."""
    metadata = {"jupyter": {"source_hidden": True}, "cellView": "form"} if HIDDEN & tags(cell) else {}
    new = nbformat.v4.new_code_cell(cell.source, metadata=metadata, execution_count=cell.execution_count)
    new.outputs = [nbformat.from_dict(output) for output in cell.outputs]
    return new


def checked(cell: Cell, page: str) -> list[Cell]:
    """Return the line above a cell of checks, which says how many there are; nothing above any other cell."""
    if "checks" not in tags(cell):
        return []
    if cell.outputs:
        raise SystemExit(f"{page}: a cell of checks may not print or show anything; move that into a cell of its own")
    return [markdown(f"*{cell.metadata.mystnb.code_prompt_show}.*")]


def in_words(cell: Cell) -> list[Cell]:
    """Return a folded description of a cell's picture, because no notebook program shows alternative texts."""
    words = alt(cell)
    return [markdown(f"<details><summary>The picture in words</summary>\n\n{words}\n\n</details>")] if words else []


def read(source: Path) -> list[Cell]:
    """Return the cells of a text, in the order of the page. Folded cells are given the words of the line above them.

    A cell that begins with a function has two blank lines above that in a text, as the formatter wants them, and none
    in a notebook.
    """
    cells = list(jupytext.read(source).cells)
    for cell in cells:
        cell.source = cell.source.strip("\n")
        options = dict(cell.metadata.get("mystnb", {}))
        if "checks" in tags(cell):
            number = claims(cell.source, source.stem)
            cell.metadata.tags = [*cell.metadata.tags, "hide-input"]
            options["code_prompt_show"] = f"Checked: {number} claim{'s' * (number != 1)}"
        if {"checks", "hide-input"} & tags(cell):
            options["code_prompt_hide"] = options.setdefault("code_prompt_show", CODE)
            cell.metadata.mystnb = nbformat.from_dict(options)
    return cells


def comments(code: str) -> dict[int, str]:
    """Return each run of comment lines as one text, by the number of its first line."""
    runs: dict[int, str] = {}
    begin = 0  # the first line of the run that this line may continue, or 0
    for number, line in enumerate(code.split("\n"), start=1):
        if not line.lstrip().startswith("#"):
            begin = 0
        elif begin:
            runs[begin] += " " + line.strip().lstrip("#").strip()
        else:
            begin = number
            runs[begin] = line.strip().lstrip("#").strip()
    return runs


def claims(code: str, name: str) -> int:
    """Return how many claims a cell of checks makes: runs of comment lines, each with assertions below it.

    Ends the program where a claim has no assertion, or an assertion has no claim.
    """
    begins = list(comments(code))
    nodes = list(ast.walk(ast.parse(code)))
    asserts = [node.lineno for node in nodes if isinstance(node, ast.Assert)]
    asserts += [call.lineno for call in nodes if isinstance(call, ast.Call)
                if ast.unparse(call.func).rpartition(".")[2].startswith("assert")]  # fmt: skip
    if not asserts:
        raise SystemExit(f"{name}: a cell of checks has no assertion; assert its claims, or take the tag away")
    if not begins or min(asserts) < begins[0]:
        raise SystemExit(f"{name}: a cell of checks asserts something without a comment above it that says the claim")
    for begin, end in pairwise([*begins, len(code.split("\n")) + 1]):
        if not any(begin < line < end for line in asserts):
            claim = code.split("\n")[begin - 1].strip("# ")
            raise SystemExit(f"{name}: a cell of checks claims “{claim}” and asserts nothing below it")
    return len(begins)


def site_address(root: Path) -> str:
    """Return the address of the site, which follows from the one address in _config.yml."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return str(config.get("html", {}).get("baseurl") or address(config["repository"]["url"]))
