"""Train the network of the book, 784-10-10, and write it to book/network.npz. `make network` runs this.

Chapter "training" trains the same network again and compares; later chapters and the interactive figures load the file.
It is trained in float64, so that rounding on another machine is too small to change what a page says about it.
"""

import sys

import numpy as np
from common import ROOT
from ladder import descend

import scratchnet as sn

RESULT = ROOT / "book" / "network.npz"


def train() -> sn.Parameters:
    """Return the network after 20 epochs on all but 2,000 of the images of data/train.csv.gz."""
    digits = sn.read_digits(ROOT / "data" / "train.csv.gz")
    X = sn.normalize(digits.images, np.float64)
    examples, _ = sn.train_dev_split(X, digits.labels, dev_size=2000, rng=np.random.default_rng(0))
    return descend(examples, np.random.default_rng(0), (784, 10, 10), start="he", rate=0.2, warmup=0.1)


def main() -> int:
    """Train and save."""
    sn.save(RESULT, train())
    return 0


if __name__ == "__main__":
    sys.exit(main())
