"""The gradients that PyTorch, JAX and scikit-learn find at one start on the first 32 images, into a file.

Nobody is asked for a gradient: everyone takes one step of rate 1, as in the benchmark, and the gradient is where it
started less where it ended. Started by `bench.py`.
"""

import sys
from pathlib import Path

import numpy as np
from contenders import jax_scan, pytorch, sklearn_mlp
from measure import training_images

import scratchnet as sn
from scratchnet.storage import write_arrays

SIZES = (784, 10, 10)
PEERS = {"PyTorch": pytorch(compiled=False), "JAX": jax_scan, "scikit-learn": sklearn_mlp}


def main(path: Path) -> int:
    """Write the start and the three gradients, laid out as θ."""
    X, y = (array[:32] for array in training_images())
    start = sn.initialize(SIZES, np.random.default_rng(0))
    ends = {name: make(X, y, start, np.arange(len(X)), len(X), 1.0)() for name, make in PEERS.items()}
    write_arrays(path, "gradients", {"start": start.theta} | {name: start.theta - end for name, end in ends.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
