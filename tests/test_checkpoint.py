"""A run that was stopped goes on to the same bits; a checkpoint of another run, or a broken one, is refused."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import scratchnet.training
from scratchnet import SGD, History, Parameters, StorageError, cosine, fit, initialize
from scratchnet.storage import read_arrays, write_arrays

rng = np.random.default_rng(4)
X = rng.normal(0, 1, (70, 5)).astype(np.float32)
y = rng.integers(3, size=70)


def start(seed: int = 1) -> tuple[Parameters, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return initialize((5, 6, 3), rng), rng


def run(path: Path | None, seed: int = 1, **changes: object) -> tuple[Parameters, History, np.random.Generator]:
    params, rng = start(seed)
    settings: dict = {"optimizer": SGD(0.2), "epochs": 6, "batch_size": 16, "rng": rng, "schedule": cosine}
    settings |= {"X": X[:50], "y": y[:50], "validation": (X[50:], y[50:]), "checkpoint": path}
    return params, fit(params, **(settings | changes)), rng


def stop_at(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """Interrupt the run at a step, as Ctrl-C would; four steps make an epoch."""
    calls, step = iter(range(1000)), SGD.step

    def interrupted(self: SGD, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt
        step(self, params, grads, factor)

    monkeypatch.setattr(SGD, "step", interrupted)


@pytest.mark.parametrize("call", [0, 3, 4, 9, 23])
def test_a_run_that_was_stopped_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    whole, whole_history, whole_rng = run(None)
    with monkeypatch.context() as patch:
        stop_at(patch, call)
        _, history, _ = run(tmp_path / "run.npz")
        assert history.interrupted
        assert len(history.loss) == call // 4
    params, history, rng = run(tmp_path / "run.npz")
    assert params.theta.tobytes() == whole.theta.tobytes()
    assert history == whole_history
    assert rng.bit_generator.state == whole_rng.bit_generator.state


def test_a_finished_run_is_read_back_without_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, whole_history, _ = run(tmp_path / "run.npz")
    stop_at(monkeypatch, 0)
    params, history, _ = run(tmp_path / "run.npz")
    np.testing.assert_array_equal(params.theta, whole.theta)
    assert history == whole_history


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
import test_checkpoint as t
steps, step = iter(range(1000)), t.SGD.step
def killed(self, *arguments):
    if next(steps) == 14:
        os.kill(os.getpid(), signal.SIGKILL)
    step(self, *arguments)
t.SGD.step = killed
t.run(t.Path(sys.argv[1]))
"""


def test_a_run_whose_process_was_killed_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, tmp_path / "run.npz", Path(__file__).parent]
    assert subprocess.run(command, check=False).returncode == -9
    assert len(read_arrays(tmp_path / "run.npz", "a checkpoint")["loss"]) == 3
    params, history, _ = run(tmp_path / "run.npz")
    whole, whole_history, _ = run(None)
    assert params.theta.tobytes() == whole.theta.tobytes()
    assert history == whole_history


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 2}, "the starting parameters, the random generator's seed"),
        ({"X": X[1:51]}, "the training data"),
        ({"y": y[1:51]}, "the training data"),
        ({"validation": None}, "the validation data"),
        ({"validation": (X[50:], y[49:69])}, "the validation data"),
        ({"optimizer": SGD(0.3)}, "the learning rate"),
        ({"schedule": None}, "the schedule"),
        ({"batch_size": 15}, "the batch size"),
        ({"epochs": 7}, "the number of epochs"),
        ({"params": Parameters((5, 3))}, "the network, the starting parameters"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_by_what_differs(tmp_path: Path, changes: dict, named: str) -> None:
    run(tmp_path / "run.npz", epochs=6)
    before = (tmp_path / "run.npz").read_bytes()
    params, rng = start(changes.pop("seed", 1))
    settings: dict = {"params": params, "X": X[:50], "y": y[:50], "validation": (X[50:], y[50:]), "rng": rng}
    settings |= {"optimizer": SGD(0.2), "epochs": 6, "batch_size": 16, "schedule": cosine} | changes
    theta, state = settings["params"].theta.copy(), rng.bit_generator.state
    with pytest.raises(StorageError, match=f"of another run, which differs in {named}. Call fit as it was"):
        fit(**settings, checkpoint=tmp_path / "run.npz")
    np.testing.assert_array_equal(settings["params"].theta, theta)
    assert rng.bit_generator.state == state
    assert (tmp_path / "run.npz").read_bytes() == before


def test_saved_parameters_are_no_checkpoint(tmp_path: Path) -> None:
    scratchnet.save(tmp_path / "net.npz", start()[0])
    with pytest.raises(StorageError, match="it holds parameters, not a checkpoint"):
        run(tmp_path / "net.npz")


@pytest.mark.parametrize("missing", ["run", "dev_loss"])
def test_a_checkpoint_with_a_part_missing_is_refused(tmp_path: Path, missing: str) -> None:
    run(tmp_path / "run.npz")
    arrays = read_arrays(tmp_path / "run.npz", "a checkpoint")
    del arrays[missing]
    write_arrays(tmp_path / "run.npz", "a checkpoint", arrays)
    with pytest.raises(StorageError, match=f"a part of the checkpoint is missing \\('{missing}'\\)"):
        run(tmp_path / "run.npz")


def test_a_checkpoint_that_says_no_json_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "run.npz")
    arrays = read_arrays(tmp_path / "run.npz", "a checkpoint")
    write_arrays(tmp_path / "run.npz", "a checkpoint", arrays | {"run": np.array("{")})
    with pytest.raises(StorageError, match="a part of the checkpoint is missing"):
        run(tmp_path / "run.npz")


def test_a_folder_that_does_not_exist_is_named_before_any_training(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        run(tmp_path / "nowhere" / "run.npz")


def test_bad_settings_leave_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="batch_size must be"):
        run(tmp_path / "run.npz", batch_size=0)
    assert not (tmp_path / "run.npz").exists()


def test_any_generator_of_numpy_can_be_kept(tmp_path: Path) -> None:
    """MT19937 has an array in its state, which JSON cannot hold as it is."""

    def with_twister(path: Path | None) -> Parameters:
        params, _ = start()
        rng = np.random.Generator(np.random.MT19937(3))
        fit(params, X, y, optimizer=SGD(0.1), epochs=2, batch_size=8, rng=rng, checkpoint=path)
        return params

    first = with_twister(tmp_path / "run.npz")
    np.testing.assert_array_equal(with_twister(tmp_path / "run.npz").theta, first.theta)
    np.testing.assert_array_equal(with_twister(None).theta, first.theta)
    state = json.loads(str(read_arrays(tmp_path / "run.npz", "a checkpoint")["run"]))["generator"]
    assert state["bit_generator"] == "MT19937"


def test_the_schedule_sees_the_part_of_the_steps_already_done() -> None:
    seen: list[float] = []

    def schedule(progress: float) -> float:
        seen.append(progress)
        return 1.0

    params, rng = start()
    fit(params, X[:5], y[:5], optimizer=SGD(0.1), epochs=2, batch_size=2, rng=rng, schedule=schedule)
    np.testing.assert_allclose(seen, np.arange(6) / 6)


def test_the_factor_scales_the_step() -> None:
    halved, rng = start()
    fit(halved, X, y, optimizer=SGD(0.2), epochs=1, batch_size=70, rng=rng, schedule=lambda progress: 0.5)
    plain, rng = start()
    fit(plain, X, y, optimizer=SGD(0.1), epochs=1, batch_size=70, rng=rng)
    np.testing.assert_array_equal(halved.theta, plain.theta)
