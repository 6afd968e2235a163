"""Ask every address outside the book whether it still answers: those of the built pages and of the files at the root.

Run by `make links`, with the network. Sphinx's own link checker asks; it is given one page with all the addresses, so
that the files which are no pages of the book are looked at too. Exits 1 when one is dead.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from audit import HTML, ROOT, pages
from bs4 import BeautifulSoup

FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE-text", "data/README.md")
# A server may be slow, or busy for a while. Anchors are often made by scripts, which nobody runs here.
SETTINGS = {"timeout": 30, "retries": 3, "anchors": 0, "report_timeouts_as_broken": 1}
# Publishers refuse programs; whether a DOI is known, its registry tells them.
DOI = ("https://doi.org/", "https://doi.org/api/handles/")


def addresses() -> dict[str, str]:
    """Return the addresses, each with where it stands first."""
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
    """Return a line for every address that does not answer: where it stands, what it is, and why."""
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
    """Print what is dead; return the exit status."""
    if not (HTML / "index.html").exists():
        raise SystemExit("there is no site to look at: run `make book` first")
    found = addresses()
    lost = dead(found)
    print("\n".join([*lost, f"{len(found)} addresses, {len(lost)} dead."]))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
