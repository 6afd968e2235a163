"""Race the optimisers of chapter "optimizers" at equal work, each at a rate that was chosen in the same way for all.

    python tools/races.py

Writes book/races.csv, one line for each training, in about seven minutes of one core. What is done is kept in
_build/races.csv, so that a run which was stopped goes on where it was.

Every optimiser trains a network 784-32-10 in batches of 32 from He's start, for the same number of epochs. In the part
"tune" it trains at every rate of one grid, with two seeds, and its best rate is the one with the lowest dev loss, on
average over both. In the part "race" it trains at that rate, with five other seeds. A seed decides the split of the
images, the start and the order of the examples, so with one seed all optimisers are given the same. Of
data/train.csv.gz, 8,000 images are set aside as the dev set; the test images are not used.
"""

import csv
import math
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from common import ROOT

import scratchnet as sn
from scratchnet.optimizers import Optimizer
from scratchnet.types import FloatArray, IntArray

RESULT, KEPT = ROOT / "book" / "races.csv", ROOT / "_build" / "races.csv"
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
Examples = tuple[FloatArray, IntArray]


class Training(NamedTuple):
    """What decides one training. `part` is "tune" or "race"."""

    part: str
    schedule: str
    epochs: int
    optimizer: str
    rate: float
    seed: int


Found = tuple[float, float]  # dev loss and dev accuracy
COLUMNS = (*Training._fields, "dev_loss", "dev_accuracy")


@lru_cache(maxsize=1)
def split(seed: int) -> tuple[Examples, Examples]:
    """Return the training and the dev images of a seed."""
    digits = sn.read_digits(ROOT / "data" / "train.csv.gz")
    X, y = sn.normalize(digits.images), digits.labels
    return sn.train_dev_split(X, y, DEV_SIZE, np.random.default_rng(seed))


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
            sn.fit(
                params, *examples, optimizer=optimizer, schedule=schedule, epochs=training.epochs, batch_size=BATCH,
                rng=rng, progress=False,
            )  # fmt: skip
        except sn.DivergedError:
            return math.inf, 0.1
    loss, accuracy = sn.evaluate(params, *dev)
    return round(loss, 4), round(accuracy, 4)


def tuning() -> Iterator[Training]:
    """Yield every training of the grid."""
    for seed in TUNING:  # first, so that the images of a split are read once
        for schedule, epochs in BUDGETS:
            for name in OPTIMIZERS:
                for rate in RATES:
                    yield Training("tune", schedule, epochs, name, rate, seed)


def best_rates(found: dict[Training, Found]) -> dict[tuple[str, int, str], float]:
    """Return the rate with the lowest mean dev loss for each schedule, number of epochs and optimiser."""
    losses: dict[tuple[str, int, str], dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for training, (loss, _) in found.items():
        if training.part == "tune":
            losses[training.schedule, training.epochs, training.optimizer][training.rate].append(loss)
    return {case: min(rates, key=lambda rate: sum(rates[rate])) for case, rates in losses.items()}


def racing(best: dict[tuple[str, int, str], float]) -> Iterator[Training]:
    """Yield every training of the race."""
    for seed in RACING:
        for (schedule, epochs, name), rate in best.items():
            yield Training("race", schedule, epochs, name, rate, seed)


def read(path: Path) -> dict[Training, Found]:
    """Return the trainings of a table, and what was found."""
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return {
        Training(part, schedule, int(epochs), name, float(rate), int(seed)): (float(loss), float(accuracy))
        for part, schedule, epochs, name, rate, seed, loss, accuracy in rows
    }


def write(path: Path, found: dict[Training, Found]) -> None:
    """Write the table, in one step."""
    path.parent.mkdir(exist_ok=True)
    partial_file = path.with_suffix(".partial")
    with partial_file.open("w", newline="") as file:
        rows = [(*training, f"{loss:.4f}", f"{accuracy:.4f}") for training, (loss, accuracy) in found.items()]
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    partial_file.replace(path)


def run(trainings: Iterable[Training], found: dict[Training, Found]) -> None:
    """Do what is not done yet, and keep each training as soon as it is done."""
    for training in trainings:
        if training not in found:
            found[training] = train(training)
            write(KEPT, found)
            print(*training, *(f"{number:.4f}" for number in found[training]), sep="\t", flush=True)


def main() -> int:
    """Tune, race, and write the table."""
    found = read(KEPT)
    run(tuning(), found)
    run(racing(best_rates(found)), found)
    write(RESULT, {training: found[training] for training in (*tuning(), *racing(best_rates(found)))})
    KEPT.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
