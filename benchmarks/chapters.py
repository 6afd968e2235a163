"""Run every notebook of the book in a kernel of its own, and print how long each takes and how much memory at most.

    python benchmarks/chapters.py [NAME …]

One thread, as in the build; a chapter may take 90 seconds and 1.5 GB. Also what `read_digits` takes on its own, beyond
the memory of Python and NumPy. Exits 1 when a bar is missed. Only for systems with wait4, so not for Windows.
"""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[1]
RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
quiet = ["--IPKernelApp.log_level=ERROR"]
place = {"metadata": {"path": sys.argv[2]}}
nbclient.NotebookClient(notebook, timeout=600, extra_arguments=quiet, resources=place).execute()
"""
READ = "import scratchnet as sn\nif len(__import__('sys').argv) > 1: sn.read_digits('data/train.csv.gz')"


def cost(*arguments: str) -> tuple[float, float]:
    """Return the seconds and the largest resident memory in MB of a Python process and of those it waited for."""
    begin = perf_counter()
    child = subprocess.Popen([sys.executable, *arguments])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{arguments[-1]} failed")
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kB elsewhere
    return perf_counter() - begin, usage.ru_maxrss / unit


def main(names: list[str]) -> int:
    """Print the table; return the exit status."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
        os.environ[name] = "1"
    os.chdir(ROOT)
    missed = []
    print(f"{'':28}{'seconds':>8}{'MB':>7}")
    for path in sorted(ROOT.glob("book/*.ipynb")):
        if names and path.stem not in names:
            continue
        seconds, memory = cost("-c", RUN, str(path), str(path.parent))
        print(f"{path.stem:28}{seconds:8.1f}{memory:7.0f}", flush=True)
        if seconds > 90 or memory > 1500:
            missed.append(path.stem)
    if not names:
        (idle, floor), (busy, peak) = cost("-c", READ), cost("-c", READ, "read")
        print(f"{'read_digits':28}{busy - idle:8.1f}{peak - floor:7.0f}")
        if busy - idle > 3 or peak - floor > 400:
            missed.append("read_digits")
    for name in missed:
        print(f"{name} takes too much", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
