"""Show the source of a function in a page: the book prints the module's own lines, never a second copy."""

import inspect
from collections.abc import Callable
from textwrap import dedent
from typing import Any


class Source:
    """The text of one or more functions; a notebook shows it as highlighted Python."""

    def __init__(self, *functions: Callable[..., Any]) -> None:
        self.text = "\n\n".join(dedent(inspect.getsource(function)).rstrip() for function in functions)

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}\n```"


def source(*functions: Callable[..., Any]) -> Source:
    """Return the source of `functions`, read live from the module that defines them."""
    return Source(*functions)
