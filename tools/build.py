"""Build the site into _build/html, strictly: any warning, unknown reference or failing cell stops it.

`make book` runs this. First it brings the notebooks up to date, where the cells of a chapter run only if their code, or
something that it runs on, has changed. Pages take their outputs from the notebooks, so it takes only seconds to edit a
paragraph. The program says what it is doing, how long that took the last time, and in the end where the site is. With
--zip the site also goes into one file, to be unpacked and read anywhere.
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
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from progress import Durations, in_words

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
# The files that decide how every page looks. Sphinx does not notice when they change.
LOOK = ("book/_ext/**/*.*", "book/_static/**/*.*", "requirements/book.txt")


def changed(name: str, patterns: tuple[str, ...]) -> bool:
    """Return whether these files differ from those of the last build, and remember their digest for the next."""
    files = sorted(file for pattern in patterns for file in ROOT.glob(pattern) if "__pycache__" not in file.parts)
    total = hashlib.sha256()
    for file in files:
        total.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    stamp = ROOT / "_build" / f"{name}.sha256"
    if stamp.exists() and stamp.read_text() == total.hexdigest():
        return False
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(total.hexdigest())
    return True


def pack() -> Path:
    """Put the site into one zip, whose bytes depend on nothing but the site, and return where it is."""
    archive = ROOT / "_build" / "scratchnet-book.zip"
    with ZipFile(archive, "w", ZIP_DEFLATED) as file:
        for path in sorted(path for path in HTML.rglob("*") if path.is_file() and path.name != ".buildinfo"):
            entry = ZipInfo(f"scratchnet/{path.relative_to(HTML).as_posix()}")  # its date is always 1980
            file.writestr(entry, path.read_bytes(), ZIP_DEFLATED)
    return archive


def main() -> int:
    """Build the site and return the exit status."""
    start = time.perf_counter()
    subprocess.run([sys.executable, ROOT / "tools" / "notebooks.py"], cwd=ROOT, check=True)
    if changed("look", LOOK):
        shutil.rmtree(HTML, ignore_errors=True)  # Sphinx then writes every page again
    durations = Durations(ROOT / "_build" / "seconds.json")
    which = "changed pages" if (HTML / ".buildinfo").exists() else "all pages"
    print(f"Pages: making {which}, {in_words(durations.expected(which, otherwise=30))}.", flush=True)
    begin = time.perf_counter()
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "-W", "-n", "--keep-going", "-q"]
    # When a build fails, the process that renders formulas goes on running and keeps our output open, so that whoever
    # reads the output would wait for ever. So the build gets a session of its own, which is ended as a whole. What it
    # prints only repeats what is printed here, and is thrown away; warnings and errors come on the other stream.
    build = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        status = build.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(build.pid, signal.SIGTERM)
    seconds = time.perf_counter() - start
    if status:
        # Sphinx warns only when it reads a page. It has kept what it read, and the next build would pass silently.
        shutil.rmtree(ROOT / "_build" / ".doctrees", ignore_errors=True)
        print(f"The build failed after {seconds:.0f} s; the messages above say where.", file=sys.stderr)
    else:
        durations.note(which, time.perf_counter() - begin)
        if "--zip" in sys.argv[1:]:
            print(f"Packed: {pack()}")
        print(f"The book is at {HTML / 'index.html'} ({seconds:.0f} s). Open it, or let `make serve` show it.")
    return status


if __name__ == "__main__":
    sys.exit(main())
