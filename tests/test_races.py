"""The races of chapter "optimizers": the table is whole, its rates were chosen as it says, and a part is run again."""

import csv
import importlib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import scratchnet as sn

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def races() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield importlib.import_module("races")


@pytest.fixture
def small(races: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The same program on 300 images of four pixels, in moments."""
    rng = np.random.default_rng(0)
    X, y = rng.random((300, 4)).astype(np.float32), rng.integers(10, size=300)
    monkeypatch.setattr(races, "split", lambda seed: sn.train_dev_split(X, y, 50, np.random.default_rng(seed)))
    fewer = {"SIZES": (4, 3, 10), "RATES": (0.01, 0.1, 1e38), "RACING": (0, 1), "BUDGETS": (("cosine", 1),)}
    for name, value in fewer.items():
        monkeypatch.setattr(races, name, value)
    return races


def table(races: ModuleType) -> dict[object, tuple[float, float]]:
    """The trainings of the table in its order, and what was found."""
    with (ROOT / "book" / "races.csv").open(newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    assert rows[0] == [*races.Training._fields, "dev_loss", "dev_accuracy"]
    return {
        races.Training(part, schedule, int(epochs), name, float(rate), int(seed)): (float(loss), float(accuracy))
        for part, schedule, epochs, name, rate, seed, loss, accuracy in rows[1:]
    }


def best_rates(found: dict[object, tuple[float, float]], races: ModuleType) -> dict[tuple[str, int, str], float]:
    best = {}
    for (schedule, epochs), name in product(races.BUDGETS, races.OPTIMIZERS):
        means = {
            rate: np.mean(
                [found[races.Training("tune", schedule, epochs, name, rate, seed)][0] for seed in races.TUNING]
            )
            for rate in races.RATES
        }
        best[schedule, epochs, name] = min(means, key=means.__getitem__)
    return best


def test_the_table_has_every_training_once_and_races_at_the_best_rate_of_the_grid(races: ModuleType) -> None:
    found = table(races)
    best = best_rates(found, races)
    cases = [(*budget, name) for budget, name in product(races.BUDGETS, races.OPTIMIZERS)]
    grid = [("tune", *case, rate, seed) for seed, case, rate in product(races.TUNING, cases, races.RATES)]
    assert list(found) == grid + [("race", *case, best[case], seed) for seed, case in product(races.RACING, cases)]
    assert set(races.TUNING).isdisjoint(races.RACING)
    for rate in best.values():
        assert min(races.RATES) < rate < max(races.RATES)
    for _, accuracy in found.values():
        assert round(accuracy * 8000) / 8000 == pytest.approx(accuracy, abs=6e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_sprint_gives_the_table_s_numbers_again(races: ModuleType, name: str) -> None:
    """A thousand steps in float32: rounding on another machine grows on the way, and moves a few images."""
    found = table(races)
    training = races.Training("race", "cosine", 1, name, best_rates(found, races)["cosine", 1, name], 3)
    loss, accuracy = races.train(training)
    assert accuracy == pytest.approx(found[training][1], abs=0.006)
    assert loss == pytest.approx(found[training][0], abs=0.02)


def test_a_job_tries_the_grid_and_then_races_at_the_rate_that_was_best_there(small: ModuleType, tmp_path: Path) -> None:
    jobs = small.jobs()
    assert list(jobs) == [f"races-{name}-cosine-1" for name in small.OPTIMIZERS]
    rows = jobs["races-RMSProp-cosine-1"].rows(tmp_path / "unused")
    grid = [row for row in rows if row["part"] == "tune"]
    assert [(row["rate"], row["seed"]) for row in grid] == [(rate, seed) for seed in (5, 6) for rate in small.RATES]
    losses = {rate: sum(float(row["dev_loss"]) for row in grid if row["rate"] == rate) for rate in small.RATES}
    raced = [(row["part"], row["rate"], row["seed"]) for row in rows[len(grid) :]]
    assert raced == [("race", min(losses, key=losses.__getitem__), seed) for seed in (0, 1)]
    assert not list(tmp_path.iterdir())


def test_make_far_does_the_jobs_and_writes_all_grids_first_and_one_seed_after_the_other(
    small: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    far = importlib.import_module("far")
    assert far.JOBS.keys() >= small.jobs().keys()
    for name, value in {"JOBS": small.jobs(), "KEPT": tmp_path, "BOOK": tmp_path}.items():
        monkeypatch.setattr(far, name, value)
    assert not far.write("races.csv")
    for name in reversed(far.JOBS):
        far.do(name)
    assert far.write("races.csv")
    above, names, *lines = (tmp_path / "races.csv").read_text().splitlines()
    assert above.startswith("# Python 3.")
    assert "seconds" not in above
    assert names == "part,schedule,epochs,optimizer,rate,seed,dev_loss,dev_accuracy"
    found = [(line.split(",")[0], int(line.split(",")[5]), line.split(",")[3]) for line in lines]
    grids = [("tune", seed, name) for seed in (5, 6) for name in small.OPTIMIZERS for _ in small.RATES]
    assert found == grids + [("race", seed, name) for seed in (0, 1) for name in small.OPTIMIZERS]


def test_a_training_that_diverges_has_no_loss_and_is_never_the_best(small: ModuleType) -> None:
    assert small.train(small.Training("tune", "constant", 5, "momentum", 1e38, 5)) == (np.inf, 0.1)
    assert all(row["rate"] != 1e38 for row in small.race("cosine", 1, "momentum") if row["part"] == "race")


def test_a_training_that_was_stopped_counts_for_nothing(small: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small.sn, "fit", lambda *_, **__: sn.History(interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        small.train(small.Training("race", "cosine", 1, "SGD", 0.1, 0))
