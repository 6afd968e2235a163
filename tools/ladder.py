"""Measure why the famous network is worse than it could be: train each recipe of chapter "training" with five seeds.

`make ladder` runs this and writes book/ladder.csv, one line for each recipe and seed. A seed decides the split of the
images, the first weights and the order of the images, and is the same for all recipes. Of data/train.csv.gz, 8,000
images are set aside to measure the accuracy, and a recipe is trained on the others. The test images are not used.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
from common import ROOT

import scratchnet as sn
from scratchnet.types import FloatArray, IntArray

RESULT = ROOT / "book" / "ladder.csv"
SEEDS = range(5)
DEV_SIZE = 8000

Examples = tuple[FloatArray, IntArray]
Classifier = Callable[[FloatArray], IntArray]
Recipe = Callable[[Examples, np.random.Generator], Classifier]


def nearest_mean(train: Examples, rng: np.random.Generator) -> Classifier:
    """Answer with the digit whose mean training image is nearest. Nothing is learned."""
    X, y = train
    means = np.stack([X[y == digit].mean(axis=0) for digit in range(10)])
    return lambda images: ((means**2).sum(axis=1) - 2 * images @ means.T).argmin(axis=1)


def full_batch(sizes: tuple[int, ...], start: str, published_biases: bool = False) -> Recipe:
    """Take 500 steps of gradient descent at rate 0.1, on all images at once, as the famous notebook does."""

    def recipe(train: Examples, rng: np.random.Generator) -> Classifier:
        X, y = train
        params, optimizer = sn.initialize(sizes, rng, start), sn.SGD(0.1)
        for _ in range(500):
            Z, cache = sn.forward(params, X)
            grads = sn.backward(params, cache, sn.cross_entropy_backward(Z, y))
            if published_biases:
                for layer in grads.layers:
                    layer.b[:] = layer.b.sum()  # as the published code does, which calls np.sum without an axis
            optimizer.step(params, grads)
        return lambda images: sn.predict(params, images)

    return recipe


def descend(
    train: Examples, rng: np.random.Generator, sizes: tuple[int, ...], start: str, rate: float, warmup: float
) -> sn.Parameters:
    """Train for 20 epochs in batches of 32; the rate falls to 0 along a cosine, after a warm-up if one is given."""
    params = sn.initialize(sizes, rng, start, train[0].dtype)
    schedule = partial(sn.cosine, warmup=warmup)
    sn.fit(params, *train, optimizer=sn.SGD(rate), schedule=schedule, epochs=20, batch_size=32, rng=rng)
    return params


def sgd(sizes: tuple[int, ...], start: str, rate: float = 0.1, warmup: float = 0.0) -> Recipe:
    """Return a recipe that trains by `descend`."""

    def recipe(train: Examples, rng: np.random.Generator) -> Classifier:
        params = descend(train, rng, sizes, start, rate, warmup)
        return lambda images: sn.predict(params, images)

    return recipe


RECIPES: dict[str, Recipe] = {
    "nearest mean image": nearest_mean,
    "famous": full_batch((784, 10, 10), "uniform", published_biases=True),
    "famous, bias gradient repaired": full_batch((784, 10, 10), "uniform"),
    "famous, He start": full_batch((784, 10, 10), "he"),
    "SGD, no hidden layer": sgd((784, 10), "he"),
    "SGD, uniform start": sgd((784, 10, 10), "uniform"),
    "SGD, He start": sgd((784, 10, 10), "he"),
    "SGD, He start, warm-up": sgd((784, 10, 10), "he", rate=0.2, warmup=0.1),
    "famous, 100 hidden units": full_batch((784, 100, 10), "uniform", published_biases=True),
    "SGD, He start, warm-up, 100 hidden units": sgd((784, 100, 10), "he", rate=0.2, warmup=0.1),
}


def climb(recipes: Iterable[str] = RECIPES, seeds: Iterable[int] = SEEDS) -> Iterator[tuple[str, int, float, float]]:
    """Yield the name of each recipe, each seed, and the accuracies on the training and on the dev images."""
    digits = sn.read_digits(ROOT / "data" / "train.csv.gz")
    X, y = sn.normalize(digits.images), digits.labels
    for seed in seeds:
        train, dev = sn.train_dev_split(X, y, DEV_SIZE, np.random.default_rng(seed))
        for name in recipes:
            classify = RECIPES[name](train, np.random.default_rng([seed, 1]))
            accuracy_train, accuracy_dev = (sn.accuracy(labels, classify(images)) for images, labels in (train, dev))
            yield name, seed, accuracy_train, accuracy_dev


def main() -> int:
    """Measure every recipe with every seed, then write the table."""
    rows = []
    for name, seed, train, dev in climb():
        rows.append((name, seed, f"{train:.4f}", f"{dev:.4f}"))
        print(*rows[-1], sep="\t", flush=True)
    with RESULT.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("recipe", "seed", "train", "dev"), *rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())
