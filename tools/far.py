"""Train what takes long, and write the tables that the book reads: `make far`, at most 90 minutes on two cores.

    python tools/far.py [--jobs 2] [NAME …]

Two processes work at a time, each on one core. What a job has found is kept in _build/far/, and after each epoch also
how far its training has come. So the command can be stopped with Ctrl-C, and when it is called again it goes on and
ends with the same bits. A table is written to book/ once all its jobs are done. With names, only those jobs are run
whose names begin with one of them: `far.py mlp-0`.
"""

import argparse
import csv
import json
import platform
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import races
import recipes
import remedies
from common import ROOT, same_bits
from progress import Durations, Status, in_words, together
from recipes import Job, Row

KEPT = ROOT / "_build" / "far"
BOOK = ROOT / "book"
JOBS: dict[str, Job] = {**recipes.jobs(), **remedies.jobs(), **races.jobs()}
ORDERS: dict[str, Callable[[Row], Any]] = {"races.csv": races.place}  # other tables are in the order of their jobs


def found(name: str) -> list[Row] | None:
    """Return what a job has found, or None if it is not done, or if `made_by` says that it was another job then."""
    try:
        kept = json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return kept["rows"] if kept["made_by"] == JOBS[name].made_by else None


def do(name: str) -> None:
    """Do a job, and keep what it found."""
    rows = JOBS[name].rows(KEPT / f"{name}.npz")
    partial = KEPT / f"{name}.partial"
    partial.write_text(json.dumps({"made_by": JOBS[name].made_by, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    partial.replace(KEPT / f"{name}.json")


def machine() -> str:
    """Return a line that says with what a table was made, and on what kind of machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")] or [platform.machine()]
    return f"# Python {platform.python_version()}, numpy {version('numpy')}; {names[0]}"


def write(table: str) -> bool:
    """Write a table, if all its jobs are done; return whether it was written."""
    rows: list[Row] = []
    for name, job in JOBS.items():
        if job.table == table:
            lines = found(name)
            if lines is None:
                return False
            rows += lines
    if table in ORDERS:
        rows.sort(key=ORDERS[table])
    partial = (BOOK / table).with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{machine()}{'; seconds are of one core' if 'seconds' in rows[0] else ''}\n")
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(BOOK / table)
    return True


def run(names: list[str], jobs: int, durations: Durations) -> None:
    """Do the jobs of these names, so many at a time and the longest first, and show how far the work has come."""
    expected = {name: durations.expected(name, JOBS[name].seconds) for name in names}
    left, status = sorted(names, key=lambda name: -expected[name]), Status()
    status.say(f"{len(names)} to do, {in_words(together(expected.values(), jobs))}. Ctrl-C stops, and a call goes on.")
    whole = sum(expected.values())
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        running: dict[Future[None], str] = {pool.submit(do, name): name for name in left}
        try:
            while running:
                ready = sum(expected[name] for name in names if name not in running.values()) / max(whole, 1)
                rest = in_words(together((expected[name] for name in running.values()), jobs))
                bar = "#" * round(20 * ready)
                status.show(f"[{bar:20}] {len(names) - len(running)} of {len(names)}, {rest} to go")
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    future.result()
                    status.say(f"{name}: done")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def main(beginnings: Iterable[str], jobs: int) -> int:
    """Do the jobs that are not done yet, and write every table whose jobs are all done; return the exit status."""
    KEPT.mkdir(parents=True, exist_ok=True)
    chosen = [name for name in JOBS if name.startswith(tuple(beginnings) or "")]
    if not chosen:
        print(f"there is no such job. There are: {', '.join(JOBS)}", file=sys.stderr)
        return 2
    try:
        run([name for name in chosen if found(name) is None], jobs, Durations(KEPT / "seconds.json"))
    except KeyboardInterrupt:
        print("\nstopped. Call it again, and it goes on from here", file=sys.stderr)
        return 130
    for table in dict.fromkeys(job.table for job in JOBS.values()):
        print(f"{table}: {'written' if write(table) else 'waits for other jobs'}")
    return 0


if __name__ == "__main__":
    same_bits()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    sys.exit(main(given.names, given.jobs))
