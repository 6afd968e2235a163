"""One epoch of the same minibatch SGD over the 42,000 images, by everyone, in one process: who takes how long?

    python benchmarks/epoch.py [--threads N] [--rounds N]

The two frameworks and scikit-learn have to be installed beside the book's environment. Everyone starts from the same
parameters and takes the same batches in the same order, at float32; first it is checked that all end an epoch at the
same parameters, up to rounding. Rounds are interleaved, so that a busy moment hits all alike, and the median counts.
Prints a table of ratios and writes it, with versions and machine, to benchmarks/epoch-N.txt, N being the threads;
run it where nothing else runs.
"floor" is the gather and the five matrix products alone, which no way of calling NumPy goes below.
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
CASES = (((784, 10, 10), 32), ((784, 10, 10), 128), ((784, 128, 10), 32), ((784, 128, 10), 128))
RATE = 0.05


def main(threads: int, rounds: int) -> int:
    """Print and write the table; return the exit status."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)  # before NumPy is loaded
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1" * (threads == 1)
    import jax
    import numpy as np
    import sklearn
    import torch
    from contenders import CONTENDERS

    import scratchnet as sn

    torch.set_num_threads(threads)
    digits = sn.read_digits(HERE.parent / "data" / "train.csv.gz")
    X, y = sn.normalize(digits.images), digits.labels
    versions = [f"{module.__name__} {module.__version__}" for module in (np, torch, jax, sklearn)]
    lines = [
        f"Python {platform.python_version()}, {', '.join(versions)}; {processor()}; threads: {threads}",
        f"one epoch of 42,000 images, float32, median of {rounds} interleaved rounds, relative to scratchnet",
        "",
    ]
    wrong = []
    for sizes, batch_size in CASES:
        start = sn.initialize(sizes, np.random.default_rng(0))
        order = np.random.default_rng(1).permutation(len(X))
        run: dict[str, Callable[[], np.ndarray | None]] = {
            name: make(X, y, start, order, batch_size, RATE) for name, make in CONTENDERS.items()
        }
        ends = {name: once() for name, once in run.items()}  # also compiles what compiles
        for name, theta in ends.items():
            if theta is not None and sn.relative_error(theta, ends["scratchnet"]) > 1e-3:
                wrong.append(f"{sizes}, {batch_size}: {name} ends elsewhere")
        seconds: dict[str, list[float]] = {name: [] for name in run}
        for _ in range(rounds):
            for name, once in run.items():
                begin = perf_counter()
                once()
                seconds[name].append(perf_counter() - begin)
        median = {name: float(np.median(times)) for name, times in seconds.items()}
        lines.append(f"{'-'.join(map(str, sizes))}, batches of {batch_size}: scratchnet {median['scratchnet']:.3f} s")
        for name, time in sorted(median.items(), key=lambda pair: pair[1]):
            theta = ends[name]
            off = "" if theta is None else f"   off by {sn.relative_error(theta, ends['scratchnet']):.0e}"
            lines.append(f"  {name:28}{time / median['scratchnet']:6.2f}{off}")
        lines.append("")
        print("\n".join(lines[-len(median) - 2 :]), flush=True)
    (HERE / f"epoch-{threads}.txt").write_text("\n".join(lines), encoding="utf-8")
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


def processor() -> str:
    """Return what the processor calls itself, and how many cores there are."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.split(":")[1] for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    )
    return f"{(names or [platform.machine()])[0].strip()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    sys.exit(main(chosen.threads, chosen.rounds))
