"""What a chapter shows of the module's own code: the same code, in lines that a notebook need not break."""

import ast
import inspect
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import scratchnet as sn
from scratchnet.source import WIDTH, folded

SRC = Path(sn.__file__).parent
MODULES = sorted(SRC.rglob("*.py"))


def meaning(code: str) -> list[str]:
    """The tree of a program, and its texts word by word."""
    return [
        " ".join(node.value.split()) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        else ast.dump(node) if not list(ast.iter_child_nodes(node)) else type(node).__name__
        for node in ast.walk(ast.parse(code))
    ]  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_code_in_shorter_lines_is_the_same_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert meaning(folded(text)) == meaning(text)
    words = folded(text).replace("#", " ").split()
    assert "".join(words) == "".join(text.replace("#", " ").split())  # comments, too, are told to the end
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize("name", [name for name in sn.__all__ if inspect.isfunction(getattr(sn, name))])
def test_no_function_is_shown_in_lines_that_a_notebook_breaks(name: str) -> None:
    (_, _, _, *shown, _, _, _) = sn.source(getattr(sn, name))._repr_markdown_().split("\n")
    # what is left is one text, or the end of one, that has no room in a line
    assert [line for line in shown if len(line) > WIDTH and not line.lstrip(" rf").startswith(("'", '"'))] == []
    assert [line for line in shown if len(line) > 110] == []  # a window that is not wide has room for so many


def test_a_listing_is_markdown_whose_code_has_letters_of_one_width_in_pages_that_nbconvert_makes() -> None:
    """Its style sheet gives the code of an output the letters of what is around it, here those of <samp>."""
    first, *_, last = MarkdownIt("commonmark").parse(sn.source(sn.accuracy)._repr_markdown_())
    assert (first.type, first.content.strip(), last.type, last.content.strip()) == (
        "html_block", "<samp>", "html_block", "</samp>"
    )  # fmt: skip
    (code,) = MarkdownIt("commonmark").parse(sn.source(sn.accuracy)._repr_markdown_())[1:-1]
    assert (code.type, code.info, code.content) == ("fence", "python", folded(repr(sn.source(sn.accuracy))) + "\n")


def test_a_line_that_fits_stays_as_it_is() -> None:
    text = "def add(a, b):  # both of them\n    return a + b\n\n\n"
    assert folded(text) == text


def test_a_long_line_goes_on_further_in_where_its_brackets_are_fewest() -> None:
    arguments = "alpha=first, beta=second, gamma=third(one, two, three), delta=fourth"
    line = f"    result = some_function_with_a_name({arguments})  # and why we call"
    assert folded(f"if x:\n{line}").split("\n")[1:] == [
        "    result = some_function_with_a_name(alpha=first, beta=second,",
        "            gamma=third(one, two, three), delta=fourth)  # and why we call",
    ]


def test_a_paragraph_of_a_docstring_is_filled_and_the_one_beside_it_is_not() -> None:
    long, short = "word " * 25, "a line\n    and another"
    text = f'def f():\n    """Begin.\n\n    {long.strip()}\n    end.\n\n    {short}\n    """'
    shown = folded(text).split("\n")
    assert [len(line.split()) for line in shown[3:5]] == [15, 11]
    assert shown[3].startswith("    word word")
    assert shown[5:] == ["", "    a line", "    and another", '    """']
