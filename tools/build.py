"""Build the site into _build/html, strictly: any warning, unknown reference or failing cell stops it.

Run by `make book`. Says where the site is and how long it took. Cells run through Jupyter Book's cache, so an edited
paragraph costs seconds; the cache is emptied when anything changes that a cell's output can depend on.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / "_build" / ".jupyter_cache"
STAMP = ROOT / "_build" / "cells-depend-on.sha256"


def digest() -> str:
    """Return one sum over what the outputs of cells depend on: the package, the data and the locked versions."""
    files = [*sorted((ROOT / "src").rglob("*.py")), ROOT / "data" / "SHA256SUMS", ROOT / "requirements" / "book.txt"]
    total = hashlib.sha256()
    for file in files:
        total.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()


def main() -> int:
    """Build; return the exit status."""
    start = time.perf_counter()
    subprocess.run([sys.executable, ROOT / "tools" / "notebooks.py"], cwd=ROOT, check=True)
    now = digest()
    if not STAMP.exists() or STAMP.read_text() != now:
        shutil.rmtree(CACHE, ignore_errors=True)
        STAMP.parent.mkdir(exist_ok=True)
        STAMP.write_text(now)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "-W", "-n", "--keep-going", "-q"]
    # A session of its own, ended as a whole: when a build fails, the process that renders formulas stays behind and
    # would keep whoever reads our output waiting for ever.
    build = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        status = build.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(build.pid, signal.SIGTERM)
    seconds = time.perf_counter() - start
    if status:
        print(f"The build failed after {seconds:.0f} s; the messages above say where.", file=sys.stderr)
    else:
        print(f"The book is at {ROOT / '_build' / 'html' / 'index.html'} ({seconds:.0f} s). `make serve` shows it.")
    return status


if __name__ == "__main__":
    sys.exit(main())
