"""Number each chapter as its file is numbered: 00-refresher is chapter 0, and 18-frameworks is chapter 18.

sphinx-external-toc, which numbers the chapters, can only count from 1. The numbers of formulas and exercises follow
from those of the chapters.
"""

from pathlib import PurePosixPath
from typing import Any

from docutils import nodes
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

count_from_one = TocTreeCollectorWithStyles.assign_section_numbers


def number_of(page: str) -> int:
    """Return the number at the beginning of a chapter's file name."""
    return int(PurePosixPath(page).name.partition("-")[0])


def assign_section_numbers(collector: Any, env: Any) -> list[str]:
    """Number all chapters, and return the pages whose numbers have changed since the last build."""
    before = env.toc_secnumbers
    count_from_one(collector, env)
    for page, numbers in env.toc_secnumbers.items():
        number = number_of(page)
        env.toc_secnumbers[page] = {at: counted and (number, *counted[1:]) for at, counted in numbers.items()}
        for numbered in [env.titles[page], *env.tocs[page].findall(nodes.reference)]:
            if counted := numbered.get("secnumber"):
                numbered["secnumber"] = [number, *counted[1:]]
    return [page for page, numbers in env.toc_secnumbers.items() if numbers != before.get(page)]


def setup(app: Any) -> dict[str, bool]:
    TocTreeCollectorWithStyles.assign_section_numbers = assign_section_numbers
    return {"parallel_read_safe": True, "parallel_write_safe": True}
