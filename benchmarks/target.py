"""How long until the network reads 88 % of 2,000 dev images, against the 500 full-batch steps of the famous recipe?

The famous recipe starts from the uniform distribution and takes 500 steps of rate 0.1 on all 40,000 images, at float64
as NumPy does by default; ours starts from He's and takes steps of rate 0.1 on 32 images, at float32. Both steps run in
the same code; looking at the dev set is not timed. Started by `bench.py`. Prints "target", what, seed, value.
"""

import sys
from time import perf_counter

import numpy as np
from measure import tell, training_images

import scratchnet as sn
from scratchnet.network import Backpropagation

SIZES, TARGET, SEEDS = (784, 10, 10), 0.88, range(3)


def minibatch_seconds(train: tuple, dev: tuple, rng: np.random.Generator) -> float:
    """Return the seconds until the target is reached, looking after every 50 steps."""
    params, optimizer, seconds, done = sn.initialize(SIZES, rng), sn.SGD(0.1), 0.0, 0
    gradient, images = Backpropagation(), np.empty((32, SIZES[0]), train[0].dtype)
    while True:
        begin = perf_counter()
        for X, y in sn.minibatches(*train, 32, rng, images):
            optimizer.step(params, gradient(params, X, y))
            done += 1
            if done % 50 == 0:
                seconds += perf_counter() - begin
                if sn.accuracy(dev[1], sn.predict(params, dev[0])) >= TARGET:
                    return seconds
                begin = perf_counter()
        seconds += perf_counter() - begin


def full_batch(train: tuple, dev: tuple, rng: np.random.Generator) -> tuple[float, float]:
    """Return the seconds that 500 steps take, and the accuracy on the dev images after them."""
    params, optimizer = sn.initialize(SIZES, rng, "uniform", np.float64), sn.SGD(0.1)
    X, y = train[0].astype(np.float64), train[1]
    begin = perf_counter()
    gradient = Backpropagation()
    for _ in range(500):
        optimizer.step(params, gradient(params, X, y))
    return perf_counter() - begin, sn.accuracy(dev[1], sn.predict(params, dev[0].astype(np.float64)))


def main() -> int:
    """Print the table."""
    X, y = training_images()
    for seed in SEEDS:
        train, dev = sn.train_dev_split(X, y, 2000, np.random.default_rng(seed))
        tell(
            "target", "SGD, seconds to 88 %", seed, f"{minibatch_seconds(train, dev, np.random.default_rng(seed)):.4f}"
        )
        seconds, accuracy = full_batch(train, dev, np.random.default_rng(seed))
        tell("target", "500 full-batch steps, seconds", seed, f"{seconds:.4f}")
        tell("target", "500 full-batch steps, accuracy", seed, f"{accuracy:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
