"""Check that every link that leaves the book still works: in the built pages and in the files at the root.

`make links` runs this; it needs the network. Sphinx's link checker does the work. It is given a page with all the
addresses, because it would not read the files that are no pages of the book. Exits 1 when an address is dead.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bs4 import BeautifulSoup
from common import HTML, ROOT, pages, require_site

FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE-text", "data/README.md")
# A server may be slow, or busy for a while. Anchors are not checked: many are made by scripts, which do not run here.
SETTINGS = {"timeout": 30, "retries": 3, "anchors": 0, "report_timeouts_as_broken": 1}
# Publishers refuse to answer programs. For a DOI we ask the registry of DOIs instead.
DOI = ("https://doi.org/", "https://doi.org/api/handles/")


def addresses() -> dict[str, str]:
    """Return every address, and the page or file where it occurs first."""
    found: dict[str, str] = {}
    for page in pages():
        soup = BeautifulSoup((HTML / f"{page}.html").read_text(encoding="utf-8"), "lxml")
        for tag in soup.select("article.bd-article :not(.d-print-none) > a[href^=http]"):
            found.setdefault(str(tag["href"]), page)
    for name in FILES:
        for address in re.findall(r"https?://(?!127\.)[^\s)>`]+", (ROOT / name).read_text(encoding="utf-8")):
            found.setdefault(address, name)
    return found


def dead(found: dict[str, str]) -> list[str]:
    """Return a line for every address that does not answer: where it occurs, the address, and the reason."""
    asked = {address.replace(*DOI): address for address in found}
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"- `address <{address}>`__" for address in asked]
        (Path(folder) / "index.rst").write_text("\n".join(["Links", "=====", "", *lines, ""]), encoding="utf-8")
        settings = [f"-Dlinkcheck_{name}={value}" for name, value in SETTINGS.items()]
        command = [sys.executable, "-m", "sphinx", "-C", "-q", "-b", "linkcheck", *settings, folder, f"{folder}/out"]
        subprocess.run(command, check=False, capture_output=True)
        said = (Path(folder) / "out" / "output.txt").read_text(encoding="utf-8")
    broken = re.findall(r"\[broken\] (\S+): (.*)$", said, re.MULTILINE)
    return [f"{found[asked[address]]}: {asked[address]}: {reason}" for address, reason in broken]


def main() -> int:
    """Print the dead addresses; return the exit status."""
    require_site()
    found = addresses()
    lost = dead(found)
    print("\n".join([*lost, f"{len(found)} addresses, {len(lost)} dead."]))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
