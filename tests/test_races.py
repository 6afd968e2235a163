"""The races of chapter "optimizers": the table is whole, its rates were chosen as it says, and a part is run again."""

import importlib
from collections.abc import Iterator
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
def small(races: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The same program on 300 images of four pixels, in moments."""
    rng = np.random.default_rng(0)
    X, y = rng.random((300, 4)).astype(np.float32), rng.integers(10, size=300)
    monkeypatch.setattr(races, "split", lambda seed: sn.train_dev_split(X, y, 50, np.random.default_rng(seed)))
    fewer = {"SIZES": (4, 3, 10), "RATES": (0.01, 1e38), "RACING": (0,), "BUDGETS": (("cosine", 1),)}
    for name, value in fewer.items():
        monkeypatch.setattr(races, name, value)
    monkeypatch.setattr(races, "RESULT", tmp_path / "races.csv")
    monkeypatch.setattr(races, "KEPT", tmp_path / "kept" / "races.csv")
    return races


def test_the_table_has_every_training_once_and_races_at_the_best_rate_of_the_grid(races: ModuleType) -> None:
    found = races.read(races.RESULT)
    best = races.best_rates(found)
    assert list(found) == [*races.tuning(), *races.racing(best)]
    assert set(races.TUNING).isdisjoint(races.RACING)
    for (schedule, epochs, name), rate in best.items():
        means = {
            tried: np.mean([found[races.Training("tune", schedule, epochs, name, tried, s)][0] for s in races.TUNING])
            for tried in races.RATES
        }
        assert rate == min(means, key=means.get)
        assert min(means) < rate < max(means)
    for _, accuracy in found.values():
        assert round(accuracy * 8000) / 8000 == pytest.approx(accuracy, abs=6e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_sprint_gives_the_table_s_numbers_again(races: ModuleType, name: str) -> None:
    """A thousand steps in float32: rounding on another machine grows on the way, and moves a few images."""
    found = races.read(races.RESULT)
    rate = races.best_rates(found)["cosine", 1, name]
    training = races.Training("race", "cosine", 1, name, rate, 3)
    loss, accuracy = races.train(training)
    assert accuracy == pytest.approx(found[training][1], abs=0.006)
    assert loss == pytest.approx(found[training][0], abs=0.02)


def test_a_race_that_was_stopped_goes_on_and_ends_with_the_same_table(
    small: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert small.main() == 0
    table = small.RESULT.read_bytes()
    assert not small.KEPT.exists()
    train, calls = small.train, []

    def stopped(training: object) -> tuple[float, float]:
        calls.append(training)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return train(training)

    monkeypatch.setattr(small, "train", stopped)
    with pytest.raises(KeyboardInterrupt):
        small.main()
    assert len(small.read(small.KEPT)) == 9
    assert small.main() == 0
    assert len(calls) == 10 + 6 * (2 * 2 + 1) - 9
    assert small.RESULT.read_bytes() == table
    assert "SGD" in capsys.readouterr().out


def test_a_training_that_diverges_has_no_loss_and_is_never_the_best(small: ModuleType) -> None:
    assert small.train(small.Training("tune", "constant", 5, "momentum", 1e38, 5)) == (np.inf, 0.1)
    found = {training: small.train(training) for training in small.tuning()}
    assert set(small.best_rates(found).values()) == {0.01}
