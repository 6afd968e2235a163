"""A run kept in a file, so that it can be stopped at any moment and go on to the same bits.

Before a run goes on, all that decides it is compared with the file, so that no other run goes on by mistake. Then the
numbers that it had reached are brought back. Source: chapter "training".
"""

import hashlib
import json
import pickle
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchnet.optimizers import Optimizer
from scratchnet.parameters import Parameters
from scratchnet.storage import StorageError, parameter_arrays, parameters_from, read_arrays, write_arrays

__all__ = ["Checkpoint", "digest"]

Array = NDArray[Any]
STATE = "optimizer."  # begins the names of the optimiser's arrays in the file


class Checkpoint:
    """The file of one run. What training changes is written to it after each epoch, and can be brought back from it.

    That is params, optimizer, rng, and columns: the lists of the history, with a number for each epoch that is done.
    settings: whatever else decides the run, as words, numbers, and digests of data.

    A run goes on from its file only where it will end as the same call without a file would. So the settings have to be
    the same, and the schedule's factor at each step that is done. (Without a schedule the number of epochs may grow.)
    The parameters, the optimiser's state and the generator have to be those that the run began with, made anew; or
    those that the file holds, where a call is repeated that was interrupted or that is over.
    """

    def __init__(
        self,
        path: str | Path,
        settings: Mapping[str, Any],
        params: Parameters,
        optimizer: Optimizer,
        rng: np.random.Generator,
        columns: Mapping[str, list[float]],
    ) -> None:
        self.path, self.params, self.optimizer, self.rng, self.columns = Path(path), params, optimizer, rng, columns
        self.run = {
            "settings": json.loads(json.dumps({**settings, **_settings(optimizer)}, default=_plain)),
            "start": self._moving(),
        }
        self.remembered = _remembered(optimizer)
        self.schedule = hashlib.sha256()

    def resume(self, epochs: int, factors: Callable[[int], Array]) -> None:
        """Bring everything to where the file left it. Without a file, write one, to see at once that this works.

        factors: a function of a number of epochs, which returns the schedule's factors at all of their steps. Raises
        StorageError for the file of another run.
        """
        self.run["epochs"] = epochs
        if not self.path.exists():
            self.keep(np.zeros(0))
            return
        arrays, then = self._read()
        self._compare(then)
        self.run["start"] = then["start"]  # the run began there, even where this call begins in the middle of it
        done = len(arrays["loss"])
        if done > epochs:
            raise self._refusal(
                f"{done} epochs are done in this run, and epochs={epochs} asks for fewer. Ask for as many, or "
                "name another file"
            )
        self.schedule.update(factors(done).tobytes())
        if self.schedule.hexdigest() != then["schedule"]:
            advice = "Call fit as it was called then, or name another file"
            if then["epochs"] != epochs:
                advice = (
                    f"It was called with epochs={then['epochs']}, and the schedule depends on that. To train longer, "
                    "let that run end, and then call fit with the same params, the further epochs and another file"
                )
            raise self._refusal(f"this checkpoint is of another run, which differs in the schedule. {advice}")
        self._become(arrays, then)

    def keep(self, factors: Array) -> None:
        """Write everything, in one step. factors: those of the schedule at the steps since the last call."""
        for name, value in _remembered(self.optimizer).items():
            if self.remembered.get(name) != value:
                raise ValueError(
                    f"optimizer.{name} has changed in training and is not in optimizer.state, so this run could not be "
                    "resumed to the same bits. Keep it in optimizer.state, as an array, or leave checkpoint out"
                )
        self.schedule.update(factors.tobytes())
        moving = {"now": self._moving(), "generator": json.loads(_generator(self.rng))}
        run = json.dumps({**self.run, **moving, "schedule": self.schedule.hexdigest()})
        columns = {name: np.array(values, np.float64) for name, values in self.columns.items()}
        state = {STATE + name: array for name, array in _state(self.optimizer).items()}
        arrays = {**parameter_arrays(self.params), **columns, **state, "run": np.array(run)}
        write_arrays(self.path, "a checkpoint", arrays)

    def go_back(self) -> None:
        """Bring everything back to the end of the last whole epoch, as the file holds it."""
        self._become(*self._read())

    def _compare(self, then: Mapping[str, Any]) -> None:
        """Refuse a file of another run, and name what differs."""
        ours, theirs = self.run["settings"], then["settings"]
        other = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        if other:
            found = ", ".join(_then_and_now(name, theirs.get(name), ours.get(name)) for name in other)
            raise self._refusal(
                f"this checkpoint is of another run, which differs in {found}. "
                "Call fit as it was called then, or name another file"
            )
        began = [name for name, value in self.run["start"].items() if then["start"][name] != value]
        if began and self.run["start"] != then["now"]:
            raise self._refusal(
                f"this checkpoint is of a run that began with other values of {', '.join(began)}. To go on with that "
                "run, make params, rng and optimizer anew, with the same seeds (run the cells that make them again), "
                "and then call fit as before. To begin another run, name another file"
            )

    def _read(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return the file's arrays, and what it says of its run."""
        arrays = read_arrays(self.path, "a checkpoint")
        parameters_from(self.path, arrays)
        missing = [name for name in ("run", *self.columns) if name not in arrays]
        if missing:
            raise self._refusal(f"a part of the checkpoint is missing ({missing[0]!r})")
        try:
            run = json.loads(str(arrays["run"]))
        except json.JSONDecodeError as error:
            raise self._refusal(f"a part of the checkpoint cannot be read ({error})") from None
        if "start" not in run:
            raise self._refusal(
                "an older scratchnet wrote this checkpoint, without all that decides a run, so it cannot go on to the "
                "same bits. Name another file; the parameters in this one are np.load(file)['theta']"
            )
        return arrays, run

    def _become(self, arrays: Mapping[str, Array], then: Mapping[str, Any]) -> None:
        """Take over what the file holds."""
        state = {name.removeprefix(STATE): array for name, array in arrays.items() if name.startswith(STATE)}
        self.optimizer.state = state
        if self._moving()["the optimizer's state"] != then["now"]["the optimizer's state"]:
            raise ValueError(
                "optimizer.state was assigned the arrays of the checkpoint, and holds others: let it keep them"
            )
        self.params.theta = arrays["theta"]
        self.rng.bit_generator.state = then["generator"]
        for name, values in self.columns.items():
            values[:] = arrays[name].tolist()

    def _moving(self) -> dict[str, str]:
        """Return a digest of each thing that training moves."""
        return {
            "the parameters": digest(self.params.theta),
            "the optimizer's state": digest(
                *(part for pair in sorted(_state(self.optimizer).items()) for part in pair)
            ),
            "the random generator": digest(_generator(self.rng)),
        }

    def _refusal(self, sentence: str) -> StorageError:
        return StorageError(f"{self.path}: {sentence}")


def digest(*parts: Array | str) -> str:
    """Return a few characters that differ where any of these arrays and texts differs, in number, type or shape."""
    found = hashlib.sha256()
    for part in parts:
        array = np.asarray(part)
        found.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return found.hexdigest()


def require_resumable(optimizer: Optimizer) -> None:
    """Raise ValueError for an optimiser whose state a checkpoint could not keep or bring back."""
    kind = type(optimizer).__name__
    for name in ("settings", "state"):
        if not isinstance(getattr(optimizer, name, None), Mapping):
            raise ValueError(
                f"optimizer is a {kind} without a dictionary `{name}`, so a checkpoint could not resume the run to the "
                "same bits. Give it settings and state, as sn.SGD has them, or leave checkpoint out"
            )
    try:
        json.dumps(_settings(optimizer), default=_plain)
    except TypeError as error:
        raise ValueError(f"optimizer.settings must hold numbers and words: {error}") from None
    for name, array in _state(optimizer).items():
        if array.dtype.kind not in "fiub":
            raise ValueError(f"optimizer.state must hold arrays of numbers, and {name} is {array.dtype}")
    try:
        optimizer.state = optimizer.state
    except AttributeError:
        raise ValueError("optimizer.state cannot be assigned, as resuming has to: make it an attribute") from None


def _settings(optimizer: Optimizer) -> dict[str, Any]:
    """Return what decides the optimiser's steps: its settings, and all its attributes that are numbers or words."""
    attributes = {name: value for name, value in _attributes(optimizer).items() if isinstance(value, int | float | str)}
    named = {f"the optimizer's {name}": value for name, value in {**attributes, **optimizer.settings}.items()}
    return {"the optimizer": type(optimizer).__name__, **named}


def _state(optimizer: Optimizer) -> dict[str, Array]:
    """Return the optimiser's arrays. None stands for one that is made later, and is left out."""
    return {name: np.asarray(array) for name, array in optimizer.state.items() if array is not None}


def _remembered(optimizer: Optimizer) -> dict[str, bytes]:
    """Return, for each attribute of the optimiser that is not in its state, what it holds as bytes to compare."""
    state = optimizer.state
    known = {id(state), *(id(array) for array in state.values() if array is not None)}
    attributes = {name: value for name, value in _attributes(optimizer).items() if id(value) not in known}
    return {name: _bytes(value, known) for name, value in attributes.items()}


def _attributes(optimizer: Optimizer) -> dict[str, Any]:
    """Return the attributes of an optimiser, those in slots included."""
    state: Any = optimizer.__getstate__()
    parts = state if isinstance(state, tuple) else (state,)
    return {name: value for part in parts if isinstance(part, dict) for name, value in part.items()}


class _Pickler(pickle.Pickler):
    """Writes all that an object holds, only to be compared. Known objects, the optimiser's state, are left out."""

    def __init__(self, file: BytesIO, known: set[int]) -> None:
        super().__init__(file)
        self.known = known

    def persistent_id(self, thing: object) -> str | None:
        return "known" if id(thing) in self.known else None


def _bytes(value: object, known: set[int]) -> bytes:
    file = BytesIO()
    try:
        _Pickler(file, known).dump(value)
    except (pickle.PicklingError, AttributeError, TypeError):  # a function or an open file, for example
        return b""
    return file.getvalue()


def _generator(rng: np.random.Generator) -> str:
    return json.dumps(rng.bit_generator.state, default=_plain)


def _plain(value: Any) -> Any:
    """Return NumPy's arrays and numbers as lists and numbers of Python's, which JSON can hold."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{value!r} is a {type(value).__name__}")


def _then_and_now(name: str, then: object, now: object) -> str:
    digests = any(isinstance(value, str) and len(value) == 64 for value in (then, now))
    return name if digests else f"{name} ({then} then, {now} now)"
