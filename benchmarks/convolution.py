"""What an image costs in a network that slides, forward and in a step of training, by everyone; and when that turns.

The network of chapter "convolution" comes first. Then one thing at a time is changed: its filters, the batch, the side
of an image. Everyone starts from the same parameters and takes the same batch, at float32; first it is checked that all
find the same, up to rounding. Started by `bench.py`, which sets the number of threads before NumPy loads; with several,
fewer cases are run. Prints threads, filters of the first layer, side, batch, task, who, and microseconds an image. On
one thread these are seconds of the processor, so that what else runs on the machine counts little.
"""

import os
import sys
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np
import torch
from measure import tell, training_images
from sliding import CONTENDERS, network

import scratchnet as sn

CASES = (  # filters of the first layer, side of an image, batch
    *((few, 28, 64) for few in (16, 4, 8, 32, 64)),
    *((16, 28, batch) for batch in (1, 8, 256)),
    *((16, side, 64) for side in (56, 112)),
)
SEVERAL = ((16, 28, 64), (64, 28, 64), (16, 28, 256), (16, 112, 64))  # on several threads
SECONDS, LEAST = 4, 3  # a task of a case is measured for so long, and in at least so many rounds


def examples(side: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first training images, with each pixel as a square of pixels, and their labels."""
    X, y = (array[:batch] for array in training_images())
    times = side // 28
    return X.reshape(-1, 28, 28).repeat(times, axis=1).repeat(times, axis=2).reshape(batch, -1), y


def timed(run: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Return the median seconds of each, of interleaved rounds: of so many at most."""
    seconds: dict[str, list[float]] = {who: [] for who in run}
    begin = perf_counter()
    for taken in range(rounds):
        if taken >= LEAST and perf_counter() - begin > SECONDS:
            break
        for who, once in run.items():
            before = clock()
            once()
            seconds[who].append(clock() - before)
    return {who: float(np.median(times)) for who, times in seconds.items()}


def main(rounds: int) -> int:
    """Print the table; return the exit status, 1 where somebody does other work than the rest."""
    threads = int(os.environ["OPENBLAS_NUM_THREADS"])
    torch.set_num_threads(threads)
    for few, side, batch in CASES if threads == 1 else SEVERAL:
        X, y = examples(side, batch)
        start = sn.initialize(network(few, side), np.random.default_rng(0))
        run = {who: make(X, y, start) for who, make in CONTENDERS.items()}
        for task in ("forward", "step"):
            found = {who: steps[task]() for who, steps in run.items()}
            ours = found["scratchnet"]
            off = {who: sn.relative_error(array, ours) for who, array in found.items() if array is not None}
            if max(off.values()) > 1e-3:
                print(f"{few}, {side}, {batch}: in {task} not all find the same: {off}", file=sys.stderr)
                return 1
            clock = process_time if threads == 1 else perf_counter
            seconds = timed({who: steps[task] for who, steps in run.items()}, 20 * rounds, clock)
            for who, time in seconds.items():
                tell(threads, few, side, batch, task, who, f"{time / batch * 1e6:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
