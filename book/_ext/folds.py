"""Stable addresses for folds.

A fold for depth begins with a heading `### Deeper: … · 6 min`, and finish_pages.py folds it. The minutes may change, so
they are taken out of the id that Sphinx makes of the heading.
"""

import re
from typing import Any

from deeper import DEEPER
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform


class StableIds(SphinxTransform):
    """Take the minutes out of the ids of folds, before Sphinx connects labels with these ids."""

    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        for section in self.document.findall(nodes.section):
            if not section[0].astext().startswith(DEEPER):
                continue
            for old in list(section["ids"]):
                new = re.sub(r"-\d+-min$", "", old)
                if new == old:
                    continue
                if new in self.document.ids:
                    raise ExtensionError(f"{self.env.docname}: two headings have the id {new}; give one another title")
                section["ids"][section["ids"].index(old)] = new
                self.document.ids[new] = self.document.ids.pop(old)
                for name, known in self.document.nameids.items():
                    if known == old:
                        self.document.nameids[name] = new


def setup(app: Any) -> dict[str, bool]:
    app.add_transform(StableIds)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
