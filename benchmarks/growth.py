"""How the time of an epoch of `fit` grows with images, with the width of the hidden layer, with the number of them.

Started by `bench.py`. Prints "growth", what grows, how far, and the median seconds of an epoch.
"""

import sys
from collections.abc import Callable

import numpy as np
from measure import medians, steps_of_fit, tell, training_images

import scratchnet as sn

IMAGES = (5250, 10500, 21000, 42000)
WIDTHS = (128, 256, 512, 1024)
DEPTHS = (1, 2, 4, 8, 16)
FEW = 8400


def main(rounds: int) -> int:
    """Print the table."""
    X, y = training_images()

    def epoch(sizes: tuple[int, ...], images: int, batch_size: int) -> Callable[[], object]:
        return steps_of_fit(X[:images], y[:images], sn.initialize(sizes, np.random.default_rng(0)), batch_size, 0.01)

    run = {("images", images): epoch((784, 10, 10), images, 32) for images in IMAGES}
    run |= {("hidden units", width): epoch((784, width, 10), FEW, 128) for width in WIDTHS}
    run |= {("hidden layers of 128", depth): epoch((784, *depth * (128,), 10), FEW, 128) for depth in DEPTHS}
    for (grows, at), seconds in medians(run, rounds).items():
        tell("growth", grows, at, f"{seconds:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
