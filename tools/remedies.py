"""What helps against the gap: small networks trained on few images, without a remedy, with each alone, and with all.

`make far` runs this and writes book/remedies.csv, a line for each network, remedy and seed. A seed decides which images
are for what, and the first weights; it is the same for all remedies, so that they can be compared in pairs. Of
data/train.csv.gz, 2,000 images are for training, 1,000 decide which epoch was best, and 10,000 others measure the
network of the last epoch, and that of the best. The test images are not used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from recipes import SEEDS, Examples, Job, Row, images

import scratchnet as sn

TRAINING, STOPPING, MEASURING = 2000, 1000, 10_000
EPOCHS = 40


@dataclass(frozen=True)
class Remedy:
    """The hidden units of a network, layer by layer, and what is done against the gap."""

    units: tuple[int, ...] = (100,)
    weight_decay: float = 0.0
    dropout: float = 0.0
    augment: Mapping[str, Any] = field(default_factory=dict)

    def network(self) -> list[sn.Kind]:
        """Return the layers: linear ones with ReLU between them, and after each ReLU dropout, if there is to be any."""
        layers: list[sn.Kind] = []
        for D, H in pairwise((784, *self.units, 10)):
            layers += [sn.Linear(D, H), sn.ReLU()] + [sn.Dropout(self.dropout)] * (self.dropout > 0)
        return layers[: -2 if self.dropout else -1]


MOVES = {"shift": 1.0, "rotation": 10.0}
BENDS = {"rotation": 10.0, "elastic": 1.3}
DECAY, RATE = 1e-3, 0.3
REMEDIES: dict[str, Remedy] = {
    "none": Remedy(),
    "weight decay": Remedy(weight_decay=DECAY),
    "dropout": Remedy(dropout=RATE),
    "shifts and turns": Remedy(augment=MOVES),
    "elastic and turns": Remedy(augment=BENDS),
    "all": Remedy(weight_decay=DECAY, dropout=RATE, augment=BENDS),
}
SIZES: tuple[tuple[int, ...], ...] = ((10,), (30,), (300,), (1000,), (100, 100), (100, 100, 100))


def parts(seed: int) -> tuple[Examples, Examples, Examples]:
    """Return the images that a seed chooses for training, for finding the best epoch, and for measuring."""
    X, y = images("train")
    order = np.random.default_rng(seed).permutation(len(X))
    cuts = np.split(order[: TRAINING + STOPPING + MEASURING], [TRAINING, TRAINING + STOPPING])
    train, stop, measure = ((X[rows], y[rows]) for rows in cuts)
    return train, stop, measure


def train(remedy: Remedy, seed: int, epochs: int = EPOCHS) -> tuple[sn.Parameters, sn.Parameters, int]:
    """Return the network of the last epoch, that of the epoch with the smallest dev loss, and the number of that."""
    examples, stop, _ = parts(seed)
    rng = np.random.default_rng([seed, 1])
    params, optimizer = sn.initialize(remedy.network(), rng), sn.Momentum(0.02, weight_decay=remedy.weight_decay)
    augment = partial(sn.distort, **remedy.augment) if remedy.augment else None
    history = sn.History()
    for epoch in range(1, epochs + 1):
        one = sn.fit(
            params,
            *examples,
            optimizer=optimizer,
            epochs=1,
            batch_size=50,
            rng=rng,
            validation=stop,
            augment=augment,
        )
        if one.interrupted:
            raise KeyboardInterrupt
        history.dev_loss += one.dev_loss
        if history.best == epoch:
            best = params.copy()
    return params, best, history.best


def line(name: str, seed: int, epochs: int = EPOCHS) -> Row:
    """Return the line of the table for a remedy, or for a network without one, such as "100-100"."""
    remedy, begin = _remedy(name), process_time()
    last, best, epoch = train(remedy, seed, epochs)
    seconds = process_time() - begin
    examples, _, measure = parts(seed)
    sizes = "-".join(map(str, (784, *remedy.units, 10)))
    row: Row = {"network": sizes, "remedy": name if name in REMEDIES else "none", "seed": seed, "epochs": epochs}
    row |= {"parameters": last.theta.size, "best_epoch": epoch}
    for which, params in (("last", last), ("best", best)):
        for where, these in (("train", examples), ("dev", measure)):
            loss, right = sn.evaluate(params, *these)
            row |= {f"{which}_{where}_accuracy": f"{right:.5f}", f"{which}_{where}_loss": f"{loss:.5f}"}
    return row | {"seconds": f"{seconds:.0f}"}


def _remedy(name: str) -> Remedy:
    if name in REMEDIES:
        return REMEDIES[name]
    return Remedy(units=tuple(map(int, name.split("-"))))


def _rows(name: str, seed: int) -> Callable[[Path], list[Row]]:
    return lambda _: [line(name, seed)]


def jobs() -> dict[str, Job]:
    """Return the jobs of book/remedies.csv by name."""
    names = [*REMEDIES, *("-".join(map(str, units)) for units in SIZES)]
    words = f"{EPOCHS} epochs, {TRAINING} {STOPPING} {MEASURING}"
    return {
        f"remedies-{name.replace(' ', '-')}-{seed}": Job(
            "remedies.csv", 8 if "1000" in name else 2, _rows(name, seed), f"{_remedy(name)!r}, {words}"
        )
        for name in names
        for seed in SEEDS
    }
