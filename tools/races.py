"""Race the optimisers of chapter "optimizers" at equal work, each at a rate that was chosen in the same way for all.

`make far` runs this and writes book/races.csv, a line for each training, in about seven minutes of one core.

Every optimiser trains a network 784-32-10 in batches of 32 from He's start, for the same number of epochs. In the part
"tune" it trains at every rate of one grid, with two seeds, and its best rate is the one with the lowest dev loss, on
average over both. In the part "race" it trains at that rate, with five other seeds. A seed decides the split of the
images, the start and the order of the examples, so with one seed all optimisers are given the same. Of
data/train.csv.gz, 8,000 images are set aside as the dev set; the test images are not used.
"""

import math
import warnings
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from recipes import Examples, Job, Row, images

import scratchnet as sn
from scratchnet.optimizers import Optimizer

SIZES, BATCH, DEV_SIZE = (784, 32, 10), 32, 8000
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # in steps of about three, as in the book
TUNING, RACING = (5, 6), (0, 1, 2, 3, 4)  # seeds
BUDGETS = (("cosine", 1), ("cosine", 5), ("constant", 5))  # schedule and epochs
OPTIMIZERS: dict[str, Callable[[float], Optimizer]] = {
    "SGD": sn.SGD,
    "momentum": sn.Momentum,
    "Nesterov": partial(sn.Momentum, nesterov=True),
    "AdaGrad": sn.AdaGrad,
    "RMSProp": sn.RMSProp,
    "Adam": sn.Adam,
}


class Training(NamedTuple):
    """What decides one training. `part` is "tune" or "race"."""

    part: str
    schedule: str
    epochs: int
    optimizer: str
    rate: float
    seed: int


Found = tuple[float, float]  # dev loss and dev accuracy


@lru_cache(maxsize=1)
def split(seed: int) -> tuple[Examples, Examples]:
    """Return the training and the dev images of a seed."""
    return sn.train_dev_split(*images("train"), DEV_SIZE, np.random.default_rng(seed))


def train(training: Training) -> Found:
    """Return dev loss and dev accuracy at the end, to four places; ∞ and 0.1, that of guessing, where it diverges."""
    examples, dev = split(training.seed)
    rng = np.random.default_rng([training.seed, 1])
    params = sn.initialize(SIZES, rng, dtype=examples[0].dtype)
    schedule = sn.cosine if training.schedule == "cosine" else None
    optimizer = OPTIMIZERS[training.optimizer](training.rate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `fit` warns of the loss at the largest rates, which the table shows anyway
        try:
            history = sn.fit(
                params, *examples, optimizer=optimizer, schedule=schedule, epochs=training.epochs, batch_size=BATCH,
                rng=rng, progress=False,
            )  # fmt: skip
        except sn.DivergedError:
            return math.inf, 0.1
    if history.interrupted:
        raise KeyboardInterrupt
    loss, accuracy = sn.evaluate(params, *dev)
    return round(loss, 4), round(accuracy, 4)


def race(schedule: str, epochs: int, name: str) -> list[Row]:
    """Return the lines of one optimiser in one race: its grid, and five seeds at the rate that was best there."""
    grid = [Training("tune", schedule, epochs, name, rate, seed) for seed, rate in product(TUNING, RATES)]
    tried = {training: train(training) for training in grid}
    best = best_rate(tried)
    raced = [Training("race", schedule, epochs, name, best, seed) for seed in RACING]
    found = tried | {training: train(training) for training in raced}
    return [
        {**training._asdict(), "dev_loss": f"{loss:.4f}", "dev_accuracy": f"{accuracy:.4f}"}
        for training, (loss, accuracy) in found.items()
    ]


def best_rate(tried: dict[Training, Found]) -> float:
    """Return the rate with the lowest mean dev loss."""
    losses: dict[float, float] = dict.fromkeys(RATES, 0.0)
    for training, (loss, _) in tried.items():
        losses[training.rate] += loss
    return min(losses, key=lambda rate: losses[rate])


def place(row: Row) -> object:
    """Return what a line of the table is sorted by: first all grids, seed by seed, and then all races."""
    return row["part"] != "tune", row["seed"]


def _rows(schedule: str, epochs: int, name: str) -> Callable[[Path], list[Row]]:
    return lambda _: race(schedule, epochs, name)


def jobs() -> dict[str, Job]:
    """Return the jobs of book/races.csv by name: one for each optimiser in each race."""
    words = f"{SIZES}, {BATCH}, {DEV_SIZE}, {RATES}, {TUNING}, {RACING}"
    return {
        f"races-{name}-{schedule}-{epochs}": Job("races.csv", 8.0 * epochs, _rows(schedule, epochs, name), words)
        for (schedule, epochs), name in product(BUDGETS, OPTIMIZERS)
    }
