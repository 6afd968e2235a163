"""A run that was stopped goes on to the same bits; a checkpoint of another run, or a broken one, is refused."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import scratchnet.checkpoint
from scratchnet import SGD, AdaGrad, AdamW, History, Parameters, RMSProp, StorageError, cosine, fit, initialize
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


class Momentum(SGD):
    """An optimiser as a reader may write it, which makes its velocity at the first step."""

    def __init__(self, learning_rate: float, beta: float) -> None:
        super().__init__(learning_rate)
        self.beta = beta

    @property
    def settings(self) -> dict:
        return {"learning_rate": self.learning_rate, "beta": self.beta}

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        velocity = self.state.setdefault("velocity", np.zeros_like(params.theta))
        velocity *= self.beta
        velocity += grads.theta
        params.theta -= factor * self.learning_rate * velocity


class Adam:
    """An optimiser that derives from none of ours. It makes new arrays at each step, and counts steps in its state."""

    def __init__(self, learning_rate: float) -> None:
        self.settings = {"rate": learning_rate, "beta": (0.9, 0.999)}
        self.m = self.v = None
        self.t = np.array(0)

    @property
    def state(self) -> dict:
        return {"m": self.m, "v": self.v, "t": self.t}

    @state.setter
    def state(self, state: dict) -> None:
        self.m, self.v, self.t = state.get("m"), state.get("v"), state["t"]

    def step(self, params: Parameters, grads: Parameters, factor: float) -> None:
        (a, b), g = self.settings["beta"], grads.theta.astype(np.float64)
        self.t = self.t + 1
        self.m = (0 if self.m is None else a * self.m) + (1 - a) * g
        self.v = (0 if self.v is None else b * self.v) + (1 - b) * g * g
        m, v = self.m / (1 - a**self.t), self.v / (1 - b**self.t)
        params.theta = params.theta - factor * self.settings["rate"] * m / (np.sqrt(v) + 1e-8)


OPTIMIZERS = {
    "SGD": lambda: SGD(0.2, weight_decay=0.01),
    "a reader's momentum": lambda: Momentum(0.05, 0.9),
    "a reader's Adam": lambda: Adam(0.01),
    "momentum": lambda: scratchnet.Momentum(0.05, weight_decay=0.01),
    "Nesterov": lambda: scratchnet.Momentum(0.05, nesterov=True),
    "AdaGrad": lambda: AdaGrad(0.05),
    "RMSProp": lambda: RMSProp(0.01),
    "Adam": lambda: scratchnet.Adam(0.01),
    "AdamW": lambda: AdamW(0.01),
}


def stop_at(monkeypatch: pytest.MonkeyPatch, call: int, kind: type = SGD) -> None:
    """Interrupt the run at a step, counted from 0, as Ctrl-C would. Four steps make an epoch."""
    calls, step = iter(range(1000)), kind.step

    def interrupted(self: SGD, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt
        step(self, params, grads, factor)

    monkeypatch.setattr(kind, "step", interrupted)


@pytest.mark.parametrize("call", [0, 3, 4, 9, 23])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_run_that_was_stopped_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int, name: str
) -> None:
    make = OPTIMIZERS[name]
    whole, whole_history, whole_rng = run(None, optimizer=make())
    with monkeypatch.context() as patch:
        stop_at(patch, call, type(make()))
        _, history, _ = run(tmp_path / "run.npz", optimizer=make())
        assert history.interrupted
        assert len(history.loss) == call // 4
    params, history, rng = run(tmp_path / "run.npz", optimizer=make())
    assert params.theta.tobytes() == whole.theta.tobytes()
    assert history == whole_history
    assert rng.bit_generator.state == whole_rng.bit_generator.state


@pytest.mark.parametrize("call", [0, 3, 4, 9, 23])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_cell_that_was_interrupted_may_simply_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int, name: str
) -> None:
    """The cell is called again with the same parameters, generator and optimiser, and makes none of them anew.

    This works because the interrupt has put them back to the end of the last whole epoch.
    """
    make = OPTIMIZERS[name]
    whole, whole_history, whole_rng = run(None, optimizer=make())
    (params, rng), optimizer = start(), make()
    cell: dict = {"optimizer": optimizer, "epochs": 6, "batch_size": 16, "rng": rng, "schedule": cosine}
    cell |= {"validation": (X[50:], y[50:]), "checkpoint": tmp_path / "run.npz"}
    with monkeypatch.context() as patch:
        stop_at(patch, call, type(optimizer))
        history = fit(params, X[:50], y[:50], **cell)
    kept = read_arrays(tmp_path / "run.npz", "a checkpoint")
    np.testing.assert_array_equal(params.theta, kept["theta"])
    assert history.interrupted
    assert history.loss == kept["loss"].tolist()
    for _ in range(2):  # the second call finds the run finished
        history = fit(params, X[:50], y[:50], **cell)
        assert params.theta.tobytes() == whole.theta.tobytes()
        assert history == whole_history
        assert rng.bit_generator.state == whole_rng.bit_generator.state


def test_a_run_that_was_interrupted_twice_still_knows_how_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, whole_history, _ = run(None)
    params, rng = start()
    cell: dict = {"optimizer": SGD(0.2), "epochs": 6, "batch_size": 16, "rng": rng, "schedule": cosine}
    cell |= {"validation": (X[50:], y[50:]), "checkpoint": tmp_path / "run.npz"}
    for call in (6, 9):
        with monkeypatch.context() as patch:
            stop_at(patch, call)
            assert fit(params, X[:50], y[:50], **cell).interrupted
    params, history, _ = run(tmp_path / "run.npz")  # with everything made anew, as after a restart
    assert params.theta.tobytes() == whole.theta.tobytes()
    assert history == whole_history


def test_an_interrupt_while_the_file_is_written_leaves_one_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, whole_history, _ = run(None)
    calls, written = iter(range(100)), scratchnet.checkpoint.write_arrays

    def interrupted(*arguments: object) -> None:
        if next(calls) == 3:
            raise KeyboardInterrupt
        written(*arguments)

    params, rng = start()
    cell: dict = {"optimizer": SGD(0.2), "epochs": 6, "batch_size": 16, "rng": rng, "schedule": cosine}
    cell |= {"validation": (X[50:], y[50:]), "checkpoint": tmp_path / "run.npz"}
    with monkeypatch.context() as patch:
        patch.setattr(scratchnet.checkpoint, "write_arrays", interrupted)
        history = fit(params, X[:50], y[:50], **cell)
    assert len(history.loss) == len(history.accuracy) == 2
    assert fit(params, X[:50], y[:50], **cell) == whole_history
    assert params.theta.tobytes() == whole.theta.tobytes()


def test_parameters_or_a_generator_that_have_moved_are_asked_for_anew(tmp_path: Path) -> None:
    run(tmp_path / "run.npz")
    before = (tmp_path / "run.npz").read_bytes()
    moved = np.random.default_rng(1)
    moved.random()
    for changes, named in (
        ({"seed": 2}, "the parameters, the random generator"),
        ({"rng": moved}, "the random generator"),
        ({"optimizer": used(Momentum(0.05, 0.9))}, "the optimizer's state"),
    ):
        path = tmp_path / "run.npz"
        if "optimizer" in changes:
            path = tmp_path / "momentum.npz"
            run(path, optimizer=Momentum(0.05, 0.9))
        sentence = (
            f"began with other values of {named}. To go on with that run, make params, rng and optimizer anew, with"
        )
        with pytest.raises(StorageError, match=sentence):
            run(path, **changes)
    assert (tmp_path / "run.npz").read_bytes() == before


def used(optimizer: Momentum) -> Momentum:
    optimizer.step(Parameters((5, 6, 3)), start()[0])
    return optimizer


def test_without_a_schedule_a_run_may_grow_longer(tmp_path: Path) -> None:
    longer, longer_history, _ = run(None, epochs=9, schedule=None)
    run(tmp_path / "run.npz", epochs=6, schedule=None)
    params, history, _ = run(tmp_path / "run.npz", epochs=9, schedule=None)
    assert params.theta.tobytes() == longer.theta.tobytes()
    assert history == longer_history
    with pytest.raises(StorageError, match="9 epochs are done in this run, and epochs=6 asks for fewer"):
        run(tmp_path / "run.npz", epochs=6, schedule=None)


def test_with_a_schedule_the_message_says_how_to_train_longer_and_is_right(tmp_path: Path) -> None:
    run(tmp_path / "run.npz")
    sentence = (
        "It was called with epochs=6, and the schedule depends on that. To train longer, let that run end, and then"
    )
    with pytest.raises(StorageError, match=sentence):
        run(tmp_path / "run.npz", epochs=9)
    params, rng = start()
    cell: dict = {"optimizer": SGD(0.2), "batch_size": 16, "rng": rng, "schedule": cosine}
    cell |= {"validation": (X[50:], y[50:])}
    history = fit(params, X[:50], y[:50], epochs=6, checkpoint=tmp_path / "run.npz", **cell)
    further = fit(params, X[:50], y[:50], epochs=3, checkpoint=tmp_path / "further.npz", **cell)
    assert (len(history.loss), len(further.loss)) == (6, 3)
    assert further.loss[-1] < history.loss[-1]


def test_a_schedule_that_differs_only_in_what_is_to_come_is_the_same_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later(progress: float) -> float:
        return cosine(progress) if progress < 0.5 else 0.1

    whole, _, _ = run(None, schedule=later)
    with monkeypatch.context() as patch:
        stop_at(patch, 13)
        run(tmp_path / "run.npz")
    params, _, _ = run(tmp_path / "run.npz", schedule=later)
    assert params.theta.tobytes() == whole.theta.tobytes()


class Bare:
    """An optimiser that has neither settings nor a state."""

    def step(self, params: Parameters, grads: Parameters, factor: float) -> None:
        params.theta -= 0.1 * factor * grads.theta


class Forgetful(SGD):
    """An optimiser that inherits an empty state, and remembers something outside it."""

    def __init__(self, what: str) -> None:
        super().__init__(0.1)
        self.what, self.remembered = what, [0]
        if what == "an array":
            self.memory = np.zeros(57, np.float32)

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        super().step(params, grads, factor)
        match self.what:
            case "a number":
                self.learning_rate *= 0.99
            case "an array":
                self.memory += grads.theta
            case "a later array":
                self.memory = grads.theta.copy()
            case "a list":
                self.remembered.append(1)


class Slotted:
    """An optimiser that keeps its attributes in slots, and remembers something in one of them."""

    __slots__ = ("count", "state")

    def __init__(self) -> None:
        self.count, self.state = 0, {}

    @property
    def settings(self) -> dict:
        return {}

    def step(self, params: Parameters, grads: Parameters, factor: float) -> None:
        self.count += 1


@pytest.mark.parametrize(
    ("optimizer", "name"),
    [
        (Forgetful("a number"), "learning_rate"),
        (Forgetful("an array"), "memory"),
        (Forgetful("a later array"), "memory"),
        (Forgetful("a list"), "remembered"),
        (Slotted(), "count"),
    ],
)
def test_what_an_optimiser_remembers_outside_its_state_is_refused(tmp_path: Path, optimizer: SGD, name: str) -> None:
    sentence = rf"optimizer\.{name} has changed in training and is not in optimizer\.state.* or leave checkpoint out"
    with pytest.raises(ValueError, match=sentence):
        run(tmp_path / "run.npz", optimizer=optimizer)
    assert len(read_arrays(tmp_path / "run.npz", "a checkpoint")["loss"]) == 0
    run(None, optimizer=optimizer)


def test_arrays_of_the_state_may_be_held_elsewhere_as_well(tmp_path: Path) -> None:
    class Pair(Momentum):
        def __init__(self) -> None:
            super().__init__(0.05, 0.9)
            self.state = {"velocity": np.zeros(57, np.float32)}
            self.mine = [self.state["velocity"]]

    assert run(tmp_path / "run.npz", optimizer=Pair())[1] == run(None, optimizer=Momentum(0.05, 0.9))[1]


def test_a_digest_tells_arrays_of_the_same_bytes_apart() -> None:
    zeros = [np.zeros(4, np.float32), np.zeros((2, 2), np.float32), np.zeros(2), np.zeros(4, np.int32)]
    assert len({scratchnet.checkpoint.digest(array) for array in zeros}) == 4
    assert scratchnet.checkpoint.digest(zeros[0]) == scratchnet.checkpoint.digest(np.zeros(4, np.float32))


def test_a_subclass_that_remembers_nothing_is_as_good_as_its_parent(tmp_path: Path) -> None:
    class Said(SGD):
        def __init__(self) -> None:
            super().__init__(0.1)
            self.say = lambda: None  # a function cannot be compared with another, and need not be

        def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
            super().step(params, grads, factor)

    assert run(tmp_path / "run.npz", optimizer=Said())[1] == run(None, optimizer=SGD(0.1))[1]


def test_a_number_that_an_optimiser_does_not_name_is_compared_all_the_same(tmp_path: Path) -> None:
    class Unnamed(Momentum):
        settings = {"learning_rate": 0.05}  # noqa: RUF012

    run(tmp_path / "run.npz", optimizer=Unnamed(0.05, 0.9))
    with pytest.raises(StorageError, match=r"differs in the optimizer's beta \(0\.9 then, 0\.5 now\)"):
        run(tmp_path / "run.npz", optimizer=Unnamed(0.05, 0.5))


def with_attributes(**attributes: object) -> Bare:
    optimizer = Bare()
    vars(optimizer).update(attributes)
    return optimizer


class Fixed(Bare):
    settings: dict = {}  # noqa: RUF012

    @property
    def state(self) -> dict:
        return {}


class Deaf(Momentum):
    """An optimiser to whose state arrays can be assigned, but which does not keep them."""

    @property  # type: ignore[override]
    def state(self) -> dict:
        return {"velocity": np.ones(57)}

    @state.setter
    def state(self, state: dict) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("optimizer", "sentence"),
    [
        (Bare(), "optimizer is a Bare without a dictionary `settings`, .* as sn.SGD has them, or leave checkpoint out"),
        (with_attributes(settings={}), "optimizer is a Bare without a dictionary `state`"),
        (with_attributes(settings=[0.1], state={}), "optimizer is a Bare without a dictionary `settings`"),
        (
            with_attributes(settings={"f": print}, state={}),
            r"optimizer\.settings must hold numbers and words: <built-in",
        ),
        (with_attributes(settings={}, state={"v": "a"}), r"optimizer\.state must hold arrays of numbers, and v is <U1"),
        (Fixed(), r"optimizer\.state cannot be assigned, as resuming has to: make it an attribute"),
    ],
)
def test_an_optimiser_that_a_checkpoint_cannot_hold_is_refused_at_the_door(
    tmp_path: Path, optimizer: SGD, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        run(tmp_path / "run.npz", optimizer=optimizer)
    assert list(tmp_path.iterdir()) == []
    assert len(run(None, optimizer=optimizer)[1].loss) == 6


def test_a_state_that_does_not_take_what_is_assigned_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "run.npz", optimizer=Momentum(0.05, 0.9))
    arrays = read_arrays(tmp_path / "run.npz", "a checkpoint")
    run_of = json.loads(str(arrays["run"]))
    run_of["settings"]["the optimizer"] = "Deaf"
    optimizer = Deaf(0.05, 0.9)
    run_of["start"]["the optimizer's state"] = scratchnet.checkpoint.digest("velocity", np.ones(57))
    write_arrays(tmp_path / "run.npz", "a checkpoint", arrays | {"run": np.array(json.dumps(run_of))})
    with pytest.raises(
        ValueError, match=r"optimizer\.state was assigned the arrays of the checkpoint, and holds others"
    ):
        run(tmp_path / "run.npz", optimizer=optimizer)


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
        ({"X": X[1:51]}, "the training data"),
        ({"y": y[1:51]}, "the training data"),
        ({"validation": None}, "the validation data"),
        ({"validation": (X[50:], y[49:69])}, "the validation data"),
        ({"optimizer": SGD(0.3)}, r"the optimizer's learning_rate \(0\.2 then, 0\.3 now\)"),
        ({"optimizer": SGD(np.float32(0.2))}, r"the optimizer's learning_rate \(0\.2 then, 0\.20000000298"),
        ({"optimizer": Momentum(0.2, 0.9)}, r"the optimizer \(SGD then, Momentum now\), the optimizer's beta"),
        ({"schedule": None}, "the schedule"),
        ({"schedule": lambda progress: 1.0 if progress == 5 / 24 else cosine(progress)}, "the schedule"),
        ({"batch_size": 15}, r"the batch size \(16 then, 15 now\)"),
        ({"params": Parameters((5, 3))}, r"the network \(5-6-3, float32 then, 5-3, float32 now\)"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_by_what_differs(tmp_path: Path, changes: dict, named: str) -> None:
    run(tmp_path / "run.npz", epochs=6)
    before = (tmp_path / "run.npz").read_bytes()
    params, rng = start()
    settings: dict = {"params": params, "X": X[:50], "y": y[:50], "validation": (X[50:], y[50:]), "rng": rng}
    settings |= {"optimizer": SGD(0.2), "epochs": 6, "batch_size": 16, "schedule": cosine} | changes
    theta, state = settings["params"].theta.copy(), rng.bit_generator.state
    with pytest.raises(StorageError, match=f"of another run, which differs in {named}.*Call fit as it was"):
        fit(**settings, checkpoint=tmp_path / "run.npz")
    np.testing.assert_array_equal(settings["params"].theta, theta)
    assert rng.bit_generator.state == state
    assert (tmp_path / "run.npz").read_bytes() == before


def test_saved_parameters_are_no_checkpoint(tmp_path: Path) -> None:
    scratchnet.save(tmp_path / "net.npz", start()[0])
    with pytest.raises(StorageError, match="it holds parameters, not a checkpoint"):
        run(tmp_path / "net.npz")


@pytest.mark.parametrize("missing", ["run", "loss", "dev_loss"])
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
    with pytest.raises(StorageError, match="a part of the checkpoint cannot be read"):
        run(tmp_path / "run.npz")


def test_a_checkpoint_of_an_older_scratchnet_is_called_so_and_its_parameters_are_to_be_had(tmp_path: Path) -> None:
    old = {"settings": {"the learning rate": 0.2, "the schedule": [1.0] * 8}, "generator": {}}
    columns = dict.fromkeys(("loss", "accuracy", "dev_loss", "dev_accuracy"), np.ones(2))
    theta = np.arange(57, dtype=np.float32)
    arrays = {"sizes": np.array([5, 6, 3]), "theta": theta, **columns, "run": np.array(json.dumps(old))}
    write_arrays(tmp_path / "run.npz", "a checkpoint", arrays)
    with pytest.raises(StorageError, match=r"an older scratchnet wrote this checkpoint.*np\.load\(file\)\['theta'\]"):
        run(tmp_path / "run.npz")
    params, _ = start()
    params.theta = np.load(tmp_path / "run.npz")["theta"]
    np.testing.assert_array_equal(params.layers[1].b, theta[-3:])


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="this is a folder"):
        run(tmp_path)


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
    assert seen.pop(0) == 0  # `fit` also asks once before training, to see whether the schedule returns a factor
    np.testing.assert_allclose(seen, np.arange(6) / 6)


def test_the_factor_scales_the_step() -> None:
    halved, rng = start()
    fit(halved, X, y, optimizer=SGD(0.2), epochs=1, batch_size=70, rng=rng, schedule=lambda progress: 0.5)
    plain, rng = start()
    fit(plain, X, y, optimizer=SGD(0.1), epochs=1, batch_size=70, rng=rng)
    np.testing.assert_array_equal(halved.theta, plain.theta)
