"""Find the browser that the tests look at the site with; where there is none, bring one or say what to type.

Run by `make test` before anything else. A Chromium or Chrome that is installed is taken. Else Debian's package is
installed where that needs no password, that is for root; then the Chromium that Playwright brings, into the user's own
folder, which needs no root but whose libraries may be missing. A browser counts when it starts.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from common import find_chromium

APT = ("chromium", "fonts-liberation")
# Tells in a moment that a machine is cut off from where Playwright keeps its browsers.
PATIENCE = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000"}


def starts() -> bool:
    """Say whether there is a browser that starts."""
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]).close()
    except Error:
        return False
    return True


def is_debian() -> bool:
    """Say whether Debian's packages can be installed. Ubuntu's package of the name only leads to its own store."""
    release = Path("/etc/os-release")
    return (
        release.exists()
        and "ID=debian" in release.read_text(encoding="utf-8").split()
        and bool(shutil.which("apt-get"))
    )


def ways(root: bool, debian: bool) -> list[list[list[str]]]:
    """Return the ways to bring a browser that this user has, the best first: each is a list of commands."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    found = []
    if root and debian:
        apt = ["apt-get", "install", "--yes", "-qq", "--no-install-recommends", *APT]
        found.append([["apt-get", "update", "-qq"], apt])
    found.append([[*playwright, "--with-deps"] if root else playwright])
    return found


def advice(debian: bool) -> str:
    """Return the one command that brings a browser where this program may not or could not."""
    if debian:
        return f"sudo apt-get install {' '.join(APT)}"
    return "sudo .venv/bin/python -m playwright install --with-deps chromium"


def main() -> int:
    """See that there is a browser; return the exit status."""
    if starts():
        return 0
    if named := os.environ.get("CHROMIUM"):
        print(f"CHROMIUM names {named}, which is no browser that starts. Correct it or unset it.", file=sys.stderr)
        return 1
    debian = is_debian()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **PATIENCE}
    for way in ways(os.geteuid() == 0, debian):
        print(f"The tests need a browser and found none that starts. Installing one: {' '.join(way[-1])}", flush=True)
        for command in way:
            if subprocess.run(
                command, check=False, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ).returncode:
                break
        if starts():
            return 0
    told = "No browser could be installed. No test has run. Type this, and `make test` again:"
    print(f"{told}\n\n    {advice(debian)}\n", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
