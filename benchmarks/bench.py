"""What an epoch costs, here and in the frameworks: run every measurement and keep the results for the book.

    python benchmarks/bench.py [--rounds N] [--into FOLDER] [--only-convolution]

Run by `make bench`, where nothing else runs: twelve minutes on two cores. Each measurement is a process of its own,
because the number of threads is set before NumPy loads: the epoch, and an image in a network that slides, are run on
one thread and on all cores, the rest on one. When all are done it writes frameworks.csv (one epoch by everyone),
costs.csv (growth, time to a target, memory) and convolution.csv (an image in a network that slides), and, as arrays,
frameworks.npz (gradients), convolution_peers.npz (gradients and steps) and optimizers.npz (steps), and prints ratios
and whether the bars are met. `--only-convolution` measures and writes convolution.csv alone. Exits 1, and writes
nothing, when a measurement fails; not when a bar is missed, since that depends on the machine.
"""

import argparse
import csv
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from importlib.metadata import version
from io import StringIO
from pathlib import Path

HERE = Path(__file__).parent
BOOK = HERE.parent / "book"
EPOCH = ("threads", "images", "sizes", "batch", "who", "seconds", "ratio", "off")
COSTS = ("question", "case", "at", "value")
PEERS = {
    "gradients.py": "frameworks.npz",
    "optimizers.py": "optimizers.npz",
    "convolution_gradients.py": "convolution_peers.npz",
}
SLIDE = ("threads", "filters", "side", "batch", "task", "who", "microseconds")
JAX, FIT = "JAX, jit and scan", "scratchnet fit, measuring"
# What is aimed at on one thread: sizes, batch, whose time is divided by whose, and the least or the most of that.
BARS = (
    ("784-10-10", "32", "PyTorch", "scratchnet", 6, None),
    ("784-10-10", "32", "scikit-learn", "scratchnet", 2.9, None),
    ("784-10-10", "32", JAX, "scratchnet", 1.15, None),
    ("784-10-10", "32", "scratchnet", "floor", None, 1.6),
    ("784-10-10", "32", FIT, "scratchnet", None, 1.2),
    ("784-10-10", "128", JAX, "scratchnet", 1, None),
    ("784-10-10", "128", "a plain NumPy loop", "scratchnet", 1, None),
    ("784-10-10", "128", FIT, "scratchnet", None, 1.3),
    ("784-128-10", "32", JAX, "scratchnet", 0.9, None),
    ("784-128-10", "32", FIT, "scratchnet", None, 1.25),
    ("784-128-10", "128", JAX, "scratchnet", 1, None),
    ("784-128-10", "128", FIT, "scratchnet", None, 1.25),
)


def run(script: str, argument: object, threads: int = 1) -> list[list[str]]:
    """Run one measurement in a process of its own and return the table that it prints."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent / "src"), str(HERE)])}
    environment |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    environment.pop("OPENBLAS_CORETYPE", None)  # `make` names a kind of processor; here each may use what this one has
    print(f"{script}, threads: {threads} …", file=sys.stderr, flush=True)
    command = [sys.executable, HERE / script, str(argument)]
    alone = one_core if threads == 1 and hasattr(os, "sched_setaffinity") else None
    found = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False, preexec_fn=alone)
    if found.returncode:
        raise SystemExit(f"{script} failed, so nothing was written")
    return list(csv.reader(StringIO(found.stdout)))


def one_core() -> None:
    """Keep a process on one core: JAX starts threads of its own, which no setting of it takes back."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def cores() -> int:
    """Return how many threads are used where all cores are; at least two, so that there is something to compare."""
    return max(2, os.cpu_count() or 2)


def machine(medians: str) -> str:
    """Return a line that says what was measured, and on what."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")] or [platform.machine()]
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch", "jax", "scikit-learn"))
    python = f"Python {platform.python_version()}"
    return f"# {python}, {versions}; {names[0]}, {os.cpu_count()} cores; {medians}"


def report(epoch: list[dict[str, str]], costs: list[list[str]]) -> str:
    """Return the ratios as tables, and the bars."""
    cases: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for row in epoch:
        cases[tuple(row[name] for name in EPOCH[:4])][row["who"]] = float(row["seconds"])
    lines = []
    for (threads, images, sizes, batch), seconds in cases.items():
        ours = seconds["scratchnet"]
        lines += ["", f"{images} images, {sizes}, batches of {batch}, threads: {threads}; scratchnet {ours:.3f} s"]
        lines += [f"  {who:28}{time / ours:6.2f}" for who, time in seconds.items()]
    one = {case[2:]: seconds for case, seconds in cases.items() if case[0] == "1"}
    value = {(case, at): float(value) for _, case, at, value in costs}
    slow, quick = (
        sum(number for (case, _), number in value.items() if case == name)
        for name in ("500 full-batch steps, seconds", "SGD, seconds to 88 %")
    )
    memory = max(float(peak) / float(images) for question, _, images, peak in costs if question == "memory")
    found: list[tuple[str, float, float | None, float | None]] = []
    for sizes, batch, a, b, least, most in BARS:
        seconds = one[sizes, batch]
        found.append((f"{sizes}, {batch}: {a} / {b}", seconds[a] / seconds[b], least, most))
    found += [
        ("500 full-batch steps / SGD to 88 %", slow / quick, 100, None),
        ("peak memory / images", memory, None, 1.4),
    ]
    lines += ["", "one thread"]
    for what, number, least, most in found:
        met = number >= least if least else number <= most
        bar = f"at least {least}" if least else f"at most {most}"
        lines.append(f"  {what:60}{number:8.2f}   {bar}: {'met' if met else 'missed'}")
    return "\n".join(lines)


def write(path: Path, head: str, names: tuple[str, ...], rows: list[list[str]]) -> None:
    """Write a table, whole or not at all."""
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{head}\n")
        csv.writer(file, lineterminator="\n").writerows([names, *rows])
    partial.replace(path)


def slide(rounds: int, into: Path) -> int:
    """Measure the network that slides, write its table, and print ratios."""
    rows = [row for threads in (1, cores()) for row in run("convolution.py", rounds, threads)]
    head = machine(f"medians of 3 to {20 * rounds} interleaved rounds")
    write(into / "convolution.csv", head, SLIDE, rows)
    print(report_slide(rows))
    return 0


def report_slide(rows: list[list[str]]) -> str:
    """Return a line for each case of the network that slides: everyone's time, relative to scratchnet's."""
    cases: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for *case, who, time in rows:
        cases[tuple(case)][who] = float(time)
    lines = ["", "µs an image in a network that slides, and everyone's time relative to it"]
    for (threads, few, side, batch, task), times in cases.items():
        ours = times["scratchnet"]
        others = ", ".join(f"{who} {time / ours:.2f}" for who, time in times.items() if who != "scratchnet")
        case = f"threads {threads}, {few} filters, side {side}, batch {batch}, {task}"
        lines.append(f"  {case}: {ours:.0f} µs; {others}")
    return "\n".join(lines)


def main(rounds: int, into: Path) -> int:
    """Measure, then write and print."""
    if not into.is_dir():
        raise SystemExit(f"{into}: there is no such folder")
    if not any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        raise SystemExit("torch.compile needs a C++ compiler: install g++ or clang++")
    with tempfile.TemporaryDirectory() as folder:
        for script, name in PEERS.items():
            run(script, Path(folder) / name)
        costs = [*run("memory.py", rounds), *run("growth.py", 2 * rounds + 1), *run("target.py", rounds)]
        epoch = [row for threads in (1, cores()) for row in run("epoch.py", rounds, threads)]
        slide(rounds, into)
        head = machine(f"medians of {rounds} interleaved rounds; of {2 * rounds + 1} where growth is measured")
        for name in PEERS.values():
            shutil.copyfile(Path(folder) / name, into / "arrays.partial")
            (into / "arrays.partial").replace(into / name)
    write(into / "frameworks.csv", head, EPOCH, epoch)
    write(into / "costs.csv", head, COSTS, costs)
    print(report([dict(zip(EPOCH, row, strict=True)) for row in epoch], costs))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--into", type=Path, default=BOOK)
    parser.add_argument("--only-convolution", action="store_true")
    chosen = parser.parse_args()
    sys.exit((slide if chosen.only_convolution else main)(chosen.rounds, chosen.into))
