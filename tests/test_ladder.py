"""The numbers of chapter "training" that are made beforehand: the ladder's table and the book's network."""

import csv
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import scratchnet as sn

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
NEAREST, LINEAR = "nearest mean image", "SGD, no hidden layer"


@pytest.fixture(scope="module")
def tools() -> Iterator[dict[str, ModuleType]]:
    """The programs behind `make ladder` and `make network`, as modules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield {name: importlib.import_module(name) for name in ("ladder", "network")}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (ROOT / "book" / "ladder.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_every_recipe_with_every_seed_once(
    tools: dict[str, ModuleType], rows: list[dict[str, str]]
) -> None:
    ladder = tools["ladder"]
    assert [(row["recipe"], int(row["seed"])) for row in rows] == [
        (name, seed) for seed in ladder.SEEDS for name in ladder.RECIPES
    ]
    assert list(ladder.SEEDS) == [0, 1, 2, 3, 4]
    assert len(ladder.RECIPES) == 10
    assert set(rows[0]) == {"recipe", "seed", "train", "dev"}


def test_every_number_of_the_table_is_a_fraction_of_the_images(rows: list[dict[str, str]]) -> None:
    for row in rows:
        for part, images in (("train", 34_000), ("dev", 8_000)):
            right = round(float(row[part]) * images)
            assert 0.5 * images < right <= images
            assert f"{right / images:.4f}" == row[part]


# The nearest mean is two sums and a product, so no more than an image on a border may fall to the other side. A linear
# model takes twenty thousand steps in float32. Its loss is convex: rounding does not grow, and moves a few images.
@pytest.mark.parametrize(("recipe", "images"), [(NEAREST, 1), (LINEAR, 8)])
def test_cheap_recipes_give_the_table_s_numbers_again(
    tools: dict[str, ModuleType], rows: list[dict[str, str]], recipe: str, images: int
) -> None:
    [(name, seed, train, dev)] = tools["ladder"].climb([recipe], [3])
    stored = next(row for row in rows if (row["recipe"], int(row["seed"])) == (name, seed))
    assert name == recipe
    assert train == pytest.approx(float(stored["train"]), abs=(images + 0.5) / 8_000)
    assert dev == pytest.approx(float(stored["dev"]), abs=(images + 0.5) / 8_000)


def test_published_biases_stay_where_they_started_and_repaired_ones_learn(tools: dict[str, ModuleType]) -> None:
    """By hand, without a hidden layer: rows of dZ sum to zero, so the one number for the whole layer is zero."""
    rng = np.random.default_rng(5)
    X, y = rng.random((60, 4)), rng.choice(3, 60, p=[0.6, 0.3, 0.1])  # one class is rare: biases matter
    fresh, answers = rng.random((500, 4)), []
    for published in (True, False):
        classify = tools["ladder"].full_batch((4, 3), "uniform", published)((X, y), np.random.default_rng(6))
        start = sn.initialize((4, 3), np.random.default_rng(6), "uniform").layers[0]
        W, b = start.W.astype(float), start.b.astype(float)
        for _ in range(500):
            P = np.exp(X @ W + b)
            P /= P.sum(axis=1, keepdims=True)
            P[np.arange(60), y] -= 1
            W -= 0.1 * X.T @ P / 60
            b -= 0 if published else 0.1 * P.sum(axis=0) / 60
        answers.append(classify(fresh))
        assert (answers[-1] == (fresh @ W + b).argmax(axis=1)).mean() > 0.99
    assert (answers[0] == answers[1]).mean() < 0.95


def test_the_network_in_the_book_is_what_its_program_trains(tools: dict[str, ModuleType]) -> None:
    stored, fresh = sn.load(ROOT / "book" / "network.npz"), tools["network"].train()
    assert stored.sizes == fresh.sizes == (784, 10, 10)
    assert stored.theta.dtype == fresh.theta.dtype == np.float64
    np.testing.assert_allclose(stored.theta, fresh.theta, rtol=0, atol=1e-6)
