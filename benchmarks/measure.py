"""What the measurements share: the images, the table they print, and medians of interleaved rounds."""

import csv
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np

import scratchnet as sn
from scratchnet.network import Backpropagation

ROOT = Path(__file__).parents[1]
Case = TypeVar("Case")


@cache
def training_images() -> tuple[np.ndarray, np.ndarray]:
    """Return X (42000, 784), float32, and y."""
    digits = sn.read_digits(ROOT / "data" / "train.csv.gz")
    return sn.normalize(digits.images), digits.labels


def tell(*cells: object) -> None:
    """Print one line of a table, which `bench.py` reads."""
    csv.writer(sys.stdout, lineterminator="\n").writerow(cells)


def medians(run: Mapping[Case, Callable[[], object]], rounds: int) -> dict[Case, float]:
    """Return the median seconds of each. Every round runs all of them, so that a busy moment hits all alike."""
    seconds: dict[Case, list[float]] = {case: [] for case in run}
    for _ in range(rounds):
        for case, once in run.items():
            begin = perf_counter()
            once()
            seconds[case].append(perf_counter() - begin)
    return {case: float(np.median(times)) for case, times in seconds.items()}


def steps_of_fit(
    X: np.ndarray, y: np.ndarray, start: sn.Parameters, batch_size: int, rate: float
) -> Callable[[], np.ndarray]:
    """Return a function that takes the steps of one epoch of `fit` from `start`, and returns θ at their end."""

    def once() -> np.ndarray:
        params, optimizer = start.copy(), sn.SGD(rate)
        gradient, images = Backpropagation(), np.empty((batch_size, X.shape[1]), X.dtype)
        for X_batch, y_batch in sn.minibatches(X, y, batch_size, np.random.default_rng(1), images):
            optimizer.step(params, gradient(params, X_batch, y_batch))
        return params.theta

    return once
