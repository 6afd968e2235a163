"""What a cell prints is one output, however often the kernel sent a piece of it, so that two builds are the same.

`tools/notebooks.py` asks nbclient for the same. The build runs its cells through a cache that has no setting for it.
"""

from functools import partialmethod
from typing import Any

from nbclient import NotebookClient


def setup(app: Any) -> dict[str, bool]:
    NotebookClient.__init__ = partialmethod(NotebookClient.__init__, coalesce_streams=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
