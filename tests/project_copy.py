"""Copy the project to another folder: the files that git would publish."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def copied(folder: Path, *patterns: str) -> Path:
    """Copy the files of the working tree, or those that match the patterns, and return the folder they are now in."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    found = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, found.split("\0")):
        if (ROOT / name).exists():  # git also names what was deleted and not yet committed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder
