"""One epoch of the same minibatch SGD, by everyone, in one process: who takes how long?

Everyone starts from the same parameters and takes the same batches in the same order, at float32; first it is checked
that all end an epoch at the same parameters, up to rounding. "floor" is the gather and the five matrix products alone,
which a step made of these calls cannot go below. Started by `bench.py`, which sets the number of threads before NumPy
loads. Prints threads, images, sizes, batch, who, seconds, seconds relative to scratchnet, and how far off the
parameters are.
"""

import os
import sys

import numpy as np
import torch
from contenders import CONTENDERS
from measure import medians, tell, training_images

import scratchnet as sn

# The last one is a network that frameworks are made for; fewer images, so that nobody has to wait.
CASES = (
    (42000, (784, 10, 10), 32),
    (42000, (784, 10, 10), 128),
    (42000, (784, 128, 10), 32),
    (42000, (784, 128, 10), 128),
    (8192, (784, 1024, 10), 128),
)
RATE = 0.05


def main(rounds: int) -> int:
    """Print the table; return the exit status, 1 where somebody does other work than the rest."""
    threads = int(os.environ["OPENBLAS_NUM_THREADS"])
    torch.set_num_threads(threads)
    X_all, y_all = training_images()
    for images, sizes, batch_size in CASES:
        X, y = X_all[:images], y_all[:images]
        start, order = sn.initialize(sizes, np.random.default_rng(0)), np.random.default_rng(1).permutation(images)
        run = {name: make(X, y, start, order, batch_size, RATE) for name, make in CONTENDERS.items()}
        ends = {name: once() for name, once in run.items()}  # also compiles what compiles
        off = {name: sn.relative_error(theta, ends["scratchnet"]) for name, theta in ends.items() if theta is not None}
        if max(off.values()) > 1e-3:
            print(f"{sizes}, {batch_size}: not all end at the same parameters: {off}", file=sys.stderr)
            return 1
        seconds = medians(run, rounds)
        for name, time in sorted(seconds.items(), key=lambda pair: pair[1]):
            error = f"{off[name]:.0e}" if name in off else ""
            ratio = time / seconds["scratchnet"]
            tell(threads, images, "-".join(map(str, sizes)), batch_size, name, f"{time:.4f}", f"{ratio:.2f}", error)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
