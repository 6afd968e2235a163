"""fit: it learns, says how it went, stops with a sentence, and keeps what it has when interrupted."""

import math
import sys

import numpy as np
import pandas as pd
import pytest

import scratchnet.training
from scratchnet import (
    SGD,
    DivergedError,
    History,
    Parameters,
    accuracy,
    cross_entropy,
    fit,
    forward,
    initialize,
    predict,
)

rng = np.random.default_rng(4)
CENTRES = np.array([[2.0, 0.0], [-2.0, 2.0], [0.0, -2.0]])
y = rng.integers(3, size=90)
X = (CENTRES[y] + rng.normal(0, 0.3, (90, 2))).astype(np.float32)


def run(params: Parameters, seed: int = 0, **changes: object) -> History:
    settings: dict = {"optimizer": SGD(0.2), "epochs": 20, "batch_size": 16, "rng": np.random.default_rng(seed)}
    return fit(params, X[:60], y[:60], **(settings | changes))


@pytest.fixture
def params() -> Parameters:
    return initialize((2, 8, 3), np.random.default_rng(1))


def test_it_learns_three_clusters(params: Parameters) -> None:
    history = run(params, validation=(X[60:], y[60:]))
    assert history.dev_accuracy[-1] == 1.0
    assert history.loss[-1] < 0.05 < history.loss[0]


def test_history_holds_what_the_parameters_give_after_each_epoch(params: Parameters) -> None:
    history = run(params, epochs=3, validation=(X[60:], y[60:]))
    assert [len(column) for column in history.to_dict().values()] == [3] * 5
    assert history.loss[-1] == cross_entropy(forward(params, X[:60])[0], y[:60])
    assert history.accuracy[-1] == accuracy(y[:60], predict(params, X[:60]))
    assert history.dev_loss[-1] == cross_entropy(forward(params, X[60:])[0], y[60:])
    assert history.dev_accuracy[-1] == accuracy(y[60:], predict(params, X[60:]))
    assert not history.interrupted


def test_pandas_takes_the_history_with_and_without_a_dev_set(params: Parameters) -> None:
    table = pd.DataFrame(run(params, epochs=2).to_dict())
    assert list(table.columns) == ["epoch", "loss", "accuracy"]
    assert list(table["epoch"]) == [1, 2]
    table = pd.DataFrame(run(params, epochs=2, validation=(X[60:], y[60:])).to_dict())
    assert list(table.columns) == ["epoch", "loss", "accuracy", "dev_loss", "dev_accuracy"]


def test_the_seed_decides_every_bit(params: Parameters) -> None:
    again, other = params.copy(), params.copy()
    assert run(params).loss == run(again).loss
    np.testing.assert_array_equal(params.theta, again.theta)
    run(other, seed=1)
    assert (other.theta != params.theta).any()


def test_one_full_batch_epoch_is_one_step_of_the_formula() -> None:
    params = Parameters((2, 3), np.float64)
    fit(params, X[:3].astype(np.float64), np.array([0, 1, 2]), optimizer=SGD(0.3), epochs=1, batch_size=3, rng=rng)
    # at zero every probability is 1/3, so db = mean over examples of (1/3 - one-hot) = 0
    np.testing.assert_allclose(params.layers[0].b, 0, atol=1e-15)
    P_minus_Y = 1 / 3 - np.eye(3)
    np.testing.assert_allclose(params.layers[0].W, -0.3 * X[:3].astype(np.float64).T @ P_minus_Y / 3, rtol=1e-12)


def test_a_run_that_diverges_stops_with_the_remedy(params: Parameters) -> None:
    with pytest.raises(DivergedError, match=r"after epoch 1: training diverged.*smaller learning rate than 1e\+30"):
        run(params, optimizer=SGD(1e30), epochs=5)


def test_an_interrupt_keeps_the_epochs_so_far(params: Parameters, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(100))

    def interrupted(*arguments: object) -> float:
        if next(calls) == 4:  # two measurements an epoch: the third epoch's first
            raise KeyboardInterrupt
        return 0.5

    monkeypatch.setattr(scratchnet.training, "cross_entropy", interrupted)
    history = run(params, validation=(X[60:], y[60:]))
    assert history.interrupted
    assert len(history.loss) == len(history.accuracy) == len(history.dev_loss) == len(history.dev_accuracy) == 2


def test_an_interrupt_between_training_and_dev_leaves_columns_of_one_length(
    params: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))

    def interrupted(*arguments: object) -> float:
        if next(calls) == 3:  # the second epoch's dev measurement
            raise KeyboardInterrupt
        return 0.5

    monkeypatch.setattr(scratchnet.training, "cross_entropy", interrupted)
    history = run(params, validation=(X[60:], y[60:]))
    assert {len(column) for column in history.to_dict().values()} == {1}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"validation": (X[60:, :1], y[60:])}, "validation has 1 columns and the network 2 inputs"),
        ({"validation": (X[60:], y[:2])}, r"y must have shape \(30,\)"),
        ({"validation": (X[:0], y[:0])}, "validation has no rows"),
    ],
)
def test_refuses_bad_settings_before_anything_changes(params: Parameters, changes: dict, sentence: str) -> None:
    before = params.theta.copy()
    with pytest.raises(ValueError, match=sentence):
        run(params, **changes)
    np.testing.assert_array_equal(params.theta, before)


def test_refuses_labels_the_network_has_no_output_for(params: Parameters) -> None:
    with pytest.raises(ValueError, match=r"y\[1\] is 3, but with 3 classes"):
        fit(params, X[:2], np.array([0, 3]), optimizer=SGD(0.1), epochs=1, batch_size=1, rng=rng)


@pytest.mark.parametrize(
    ("progress", "notebook", "silenced", "shown"),
    [
        (True, False, True, True),
        (False, True, False, False),
        (None, False, False, False),  # what pytest captures is no terminal
        (None, True, False, True),
        (None, True, True, False),
    ],
)
def test_the_bar_is_shown_when_asked_for_or_in_a_notebook_unless_silenced(
    params: Parameters,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    progress: bool | None,
    notebook: bool,
    silenced: bool,
    shown: bool,
) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    if notebook:
        monkeypatch.setitem(sys.modules, "ipykernel", math)
    if silenced:
        monkeypatch.setenv("TQDM_DISABLE", "1")
    run(params, epochs=2, progress=progress)
    assert ("epochs" in capsys.readouterr().err) == shown
