"""fit: it learns, says how it went, stops with a sentence, and keeps what it has when interrupted."""

import math
import sys
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

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
    evaluate,
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


class Steps:
    """An optimiser whose step takes no factor."""

    def step(self, params: Parameters, grads: Parameters) -> None:
        """Do nothing."""


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


@pytest.mark.parametrize("units", [10, 100, 1000])
def test_the_peak_of_memory_is_the_images_and_little_more_however_wide_the_network(units: int) -> None:
    y = np.arange(20_000) % 2
    X = (y[:, None] + rng.random((20_000, 100))).astype(np.float32)
    params = initialize((100, units, 2), np.random.default_rng(0))
    tracemalloc.start()
    fit(params, X, y, optimizer=SGD(0.01), epochs=1, batch_size=1000, rng=rng, validation=(X, y))
    peak = X.nbytes + tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    predict(params, X)
    peak_of_use = X.nbytes + tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    own = 3 * params.theta.nbytes + 4 * 1000 * units * 4  # gradient and step; what a batch fills, forward and back
    assert peak < 1.4 * X.nbytes + own
    assert peak_of_use < 1.4 * X.nbytes + params.theta.nbytes


def test_loss_and_accuracy_are_those_of_all_examples_where_they_are_measured_in_parts() -> None:
    X, y = images(1, 1000)
    params = initialize((60, 5, 3), np.random.default_rng(0))
    history = fit(params, X, y, optimizer=SGD(0.1), epochs=2, batch_size=20, rng=np.random.default_rng(0))
    Z, _ = forward(params, X)
    assert history.loss[-1] == pytest.approx(cross_entropy(Z, y), rel=1e-6)
    assert history.accuracy[-1] == accuracy(y, Z.argmax(axis=1)) == accuracy(y, predict(params, X))


def test_a_user_can_measure_what_fit_measures(params: Parameters) -> None:
    history = run(params, epochs=1, validation=(X[60:], y[60:]))
    assert evaluate(params, X[:60], y[:60]) == (history.loss[-1], history.accuracy[-1])
    assert evaluate(params, X[60:], y[60:]) == (history.dev_loss[-1], history.dev_accuracy[-1])
    with pytest.raises(ValueError, match="X has 1 columns and the network 2 inputs"):
        evaluate(params, X[:, :1], y)
    with pytest.raises(ValueError, match="with 3 classes a label is from 0 to 2"):
        evaluate(params, X, y + 1)
    with pytest.raises(ValueError, match="params must be Parameters"):
        evaluate(params.theta, X, y)  # type: ignore[arg-type]
    params.theta[0] = np.nan
    assert math.isnan(evaluate(params, X, y)[0])


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
        ({"epochs": 0}, "epochs must be a whole number, at least 1, not 0"),
        ({"batch_size": 0}, "batch_size must be a whole number, at least 1, not 0"),
        ({"validation": (X[60:, :1], y[60:])}, "validation's X has 1 columns and the network 2 inputs"),
        ({"validation": (X[60:], y[:2])}, r"validation's y must have shape \(30,\)"),
        ({"validation": (X[60:], y[60:] + 1)}, "validation's y.* If your labels begin at 1, pass y - 1"),
        ({"validation": (X[:0], y[:0])}, "validation's X has no rows"),
        ({"validation": (X[60:].T.copy(), y[60:])}, r"validation's X has shape \(2, 30\), .* Pass X\.T"),
        ({"validation": (X[60:] + np.nan, y[60:])}, "validation's X must be finite numbers, but nan stands in row 0"),
        ({"validation": (pd.DataFrame(X[60:]), y[60:])}, r"validation's X .* not DataFrame\. Pass X\.to_numpy\(\)"),
        ({"validation": X[60:]}, r"validation must be a pair \(X_dev, y_dev\), not ndarray"),
        ({"validation": (X[60:], y[60:], 3)}, r"validation must be a pair \(X_dev, y_dev\), not 3 things"),
        ({"validation": ()}, r"validation must be a pair \(X_dev, y_dev\), not 0 things"),
        ({"validation": 0.2}, r"validation must be a pair \(X_dev, y_dev\), not float"),
        ({"optimizer": 0.1}, r"optimizer must have a method step, and 0\.1 has none\. Pass sn\.SGD\(0\.1\)"),
        ({"optimizer": "sgd"}, r"optimizer must have a method step, and 'sgd' has none\. Pass sn\.SGD\(0\.1\)"),
        ({"optimizer": None}, r"optimizer must have a method step, and None has none\. Pass sn\.SGD"),
        ({"optimizer": SGD}, r"optimizer must be an object, not a class\. Pass SGD\(learning_rate\)"),
        ({"optimizer": Steps()}, r"optimizer\.step must take \(params, grads, factor\)"),
        ({"schedule": 0.5}, r"schedule must be a function of the progress, such as sn\.cosine itself, not 0\.5"),
        ({"schedule": "cosine"}, "schedule must be a function .* not 'cosine'"),
        ({"schedule": print}, r"schedule must return the factor of the learning rate, .* but schedule\(0\) is None"),
        ({"schedule": lambda progress: math.nan}, r"schedule\(0\) is nan"),
        ({"schedule": lambda progress: progress - 1}, r"schedule\(0\) is -1"),
        ({"schedule": lambda progress: np.ones(2)}, r"schedule\(0\) is array"),
        ({"schedule": lambda progress: "1"}, r"schedule\(0\) is '1'"),
        ({"progress": "no"}, "progress must be True, False or None, not 'no'"),
        ({"checkpoint": 5}, "checkpoint must name a file, not be int"),
        ({"checkpoint": True}, "checkpoint must name a file, not be bool"),
    ],
)
def test_refuses_bad_settings_before_anything_changes(
    params: Parameters, changes: dict, sentence: str, tmp_path: Path
) -> None:
    before, rng = params.theta.copy(), np.random.default_rng(0)
    with pytest.raises(ValueError, match=sentence):
        run(params, **({"checkpoint": tmp_path / "run.npz", "rng": rng} | changes))
    np.testing.assert_array_equal(params.theta, before)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state
    assert list(tmp_path.iterdir()) == []


def test_refuses_parameters_that_are_none_or_diverged(params: Parameters) -> None:
    with pytest.raises(ValueError, match=r"params must be Parameters, as sn\.initialize returns them, not ndarray"):
        run(params.theta)  # type: ignore[arg-type]
    with pytest.raises(DivergedError, match="Start again with fresh parameters"):
        run(params, optimizer=SGD(1e30))
    with pytest.raises(
        ValueError, match=r"params\.theta must be finite numbers, .* Did training diverge\? Begin again"
    ):
        run(params)


def test_a_schedule_that_goes_wrong_on_the_way_is_stopped_before_the_step(params: Parameters) -> None:
    with pytest.raises(ValueError, match=r"schedule must return .* but schedule\(0\.5\) is None"):
        run(params, schedule=lambda progress: 1.0 if progress < 0.5 else None)
    assert np.isfinite(params.theta).all()


def images(scale: float, examples: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Sparse images that a network can learn: each class has pixels of its own."""
    rng = np.random.default_rng(2)
    y = rng.integers(3, size=examples)
    X = (
        rng.random((examples, 60)) * (rng.random((examples, 60)) < 0.2 + 0.4 * (np.arange(60) % 3 == y[:, None]))
    ) * scale
    return X.astype(np.float32), y


@pytest.mark.parametrize(
    ("scale", "sentence"),
    [
        (255, r"X goes from 0 to 25\d\. .* Were the pixels not divided by 255\? Then pass X / 255"),
        (1 / 255, r"X goes from 0 to 0\.0039\d\. .* divided by 255 twice, or were they 0 and 1\? Then pass 255 \* X"),
    ],
)
def test_images_on_the_wrong_scale_are_warned_about_and_the_remedy_is_right(scale: float, sentence: str) -> None:
    (X, y), settings = images(scale), {"optimizer": SGD(0.1), "epochs": 1, "batch_size": 20, "rng": rng}
    with pytest.warns(UserWarning, match=sentence) as caught:
        fit(initialize((60, 5, 3), np.random.default_rng(0)), X, y, **settings)
    assert [warning.filename for warning in caught] == [__file__]
    fit(initialize((60, 5, 3), np.random.default_rng(0)), X / 255 if scale > 1 else 255 * X, y, **settings)


@pytest.mark.parametrize(
    "of", [lambda X: X, lambda X: (X - X.mean(0)) / X.std(0), lambda X: (X > 0).astype(float), np.sign]
)
def test_scales_that_networks_learn_from_are_not_warned_about(of: Callable[[np.ndarray], np.ndarray]) -> None:
    X, y = images(1)
    history = fit(initialize((60, 5, 3), rng), of(X), y, optimizer=SGD(0.1), epochs=20, batch_size=20, rng=rng)
    assert history.accuracy[-1] > 0.8


def test_half_floats_whose_squares_overflow_are_no_large_numbers() -> None:
    X, y = images(1)
    X = np.sqrt(X).astype(np.float16).repeat(60, axis=1)  # more than 65,504 in sum, and none above 1
    fit(initialize((3600, 5, 3), rng), X, y, optimizer=SGD(0.01), epochs=1, batch_size=20, rng=rng)


def test_numbers_too_large_to_be_squared_are_finite_and_warned_about(params: Parameters) -> None:
    with pytest.warns(UserWarning, match=r"X goes from -.*e\+21 to .*e\+21"), pytest.raises(DivergedError):
        fit(params, 1e21 * X, y, optimizer=SGD(0.1), epochs=1, batch_size=90, rng=rng)


def test_a_dev_set_on_another_scale_is_warned_about(params: Parameters) -> None:
    sentence = "validation's X is on another scale than X: .* Prepare both in the same way"
    with pytest.warns(UserWarning, match=sentence) as caught:
        run(params, epochs=1, validation=(X[60:] * 255, y[60:]))
    assert [Path(warning.filename).name for warning in caught] == ["test_training.py"]


def test_a_loss_that_is_finite_and_absurd_is_said() -> None:
    X, y = images(1)
    linear, y = Parameters((60, 3)), np.random.default_rng(3).permutation(y)  # nothing to learn, and long steps
    with pytest.warns(UserWarning, match="that of guessing is 1.1. The learning rate is most likely too") as caught:
        history = fit(linear, X, y, optimizer=SGD(300), epochs=3, batch_size=5, rng=rng)
    assert str(caught[0].message).startswith(f"the loss is {history.loss[-1]:.3g} after 3 epochs, ")
    assert [Path(warning.filename).name for warning in caught] == ["test_training.py"]
    assert np.isfinite(linear.theta).all()


@pytest.mark.parametrize(
    ("loss", "said"), [(0.5, False), (5 * math.log(3) - 0.1, False), (5 * math.log(3) + 0.1, True)]
)
def test_a_loss_is_absurd_from_five_times_that_of_guessing(
    params: Parameters, monkeypatch: pytest.MonkeyPatch, loss: float, said: bool
) -> None:
    monkeypatch.setattr(scratchnet.training, "cross_entropy", lambda *arguments: loss)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(params, epochs=1)
    assert bool(caught) == said


@pytest.mark.parametrize("rate", [5, 10])
def test_a_rate_that_silences_the_network_is_left_to_the_reader(rate: float) -> None:
    """As chapters 10 and 11 do: every unit is dead, the loss is that of guessing, and nothing is absurd."""
    X, y = images(1)
    params, rng = initialize((60, 5, 3), np.random.default_rng(0)), np.random.default_rng(0)
    assert fit(params, X, y, optimizer=SGD(rate), epochs=3, batch_size=20, rng=rng).loss[-1] > 0.9 * math.log(3)


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
