"""Number the chapters from 0: the first numbered one is the refresher.

What numbers the chapters, sphinx-external-toc, only counts from 1. The numbers of formulas and exercises follow from
those of the chapters.
"""

from typing import Any

from docutils import nodes
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

from_one = TocTreeCollectorWithStyles.assign_section_numbers


def assign_section_numbers(collector: Any, env: Any) -> list[str]:
    """Number all chapters, and return the pages whose numbers have changed since the last build."""
    before = env.toc_secnumbers
    from_one(collector, env)
    for page, numbers in env.toc_secnumbers.items():
        env.toc_secnumbers[page] = {at: number and (number[0] - 1, *number[1:]) for at, number in numbers.items()}
        for numbered in [env.titles[page], *env.tocs[page].findall(nodes.reference)]:
            if number := numbered.get("secnumber"):
                numbered["secnumber"] = [number[0] - 1, *number[1:]]
    return [page for page, numbers in env.toc_secnumbers.items() if numbers != before.get(page)]


def setup(app: Any) -> dict[str, bool]:
    TocTreeCollectorWithStyles.assign_section_numbers = assign_section_numbers
    return {"parallel_read_safe": True, "parallel_write_safe": True}
