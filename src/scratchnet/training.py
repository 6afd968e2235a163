"""The loop that puts it together: shuffle, forward, loss, backward, step; and what it looked like on the way.

Source: chapter "training".
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.data import minibatches
from scratchnet.inplace import Gradient
from scratchnet.losses import cross_entropy
from scratchnet.metrics import accuracy
from scratchnet.network import forward
from scratchnet.optimizers import SGD
from scratchnet.parameters import Parameters
from scratchnet.shapes import require_labels, require_matrix
from scratchnet.storage import StorageError, parameter_arrays, parameters_from, read_arrays, write_arrays
from scratchnet.types import FloatArray, IntArray

__all__ = ["DivergedError", "History", "fit"]

Schedule = Callable[[float], float]
Examples = tuple[FloatArray, IntArray]
COLUMNS = ("loss", "accuracy", "dev_loss", "dev_accuracy")


class DivergedError(ArithmeticError):
    """The loss is no longer a finite number: the learning rate is most likely too large."""


@dataclass
class History:
    """Loss (nats) and accuracy after each epoch, on the training data and, where there is one, on the dev set.

    `pandas.DataFrame(history.to_dict())` makes a table of it. `interrupted` says that the run
    was stopped by hand and the numbers end early.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    dev_loss: list[float] = field(default_factory=list)
    dev_accuracy: list[float] = field(default_factory=list)
    interrupted: bool = False

    def to_dict(self) -> dict[str, list[float]]:
        """Return the columns that were recorded, epoch by epoch: what `pandas.DataFrame` takes."""
        columns = {"loss": self.loss, "accuracy": self.accuracy}
        if self.dev_loss:
            columns |= {"dev_loss": self.dev_loss, "dev_accuracy": self.dev_accuracy}
        return {"epoch": [float(n) for n in range(1, len(self.loss) + 1)], **columns}


def fit(
    params: Parameters,
    X: FloatArray,
    y: IntArray,
    *,
    optimizer: SGD,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    schedule: Schedule | None = None,
    validation: Examples | None = None,
    checkpoint: str | Path | None = None,
    progress: bool | None = None,
) -> History:
    """Train `params` in place on X (N, D) and labels y (N,), and return how loss and accuracy went.

    Each epoch goes once through a fresh shuffle of the examples. Loss and accuracy are measured after the epoch,
    with the parameters fixed, on all of X and on `validation`, a pair (X_dev, y_dev).

    `schedule` takes the part of the steps already done, 0 at the first, and returns the factor of the learning rate
    for the next: `cosine`, for example. By default the rate stays.

    `checkpoint` names a file that keeps the whole state after each epoch. If it exists, training goes on from there
    and ends with the same bits as a run that was never stopped; call `fit` as it was called before.

    `progress` shows a bar; by default only in a terminal or a notebook, and not where TQDM_DISABLE is set (as it is
    for the book's own pages).

    Raises ValueError for data that does not fit the network, and for a checkpoint of another run, before anything has
    changed; DivergedError, naming the epoch and the remedy, when the loss is no longer finite. Ctrl-C ends training
    early and keeps what there is.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {epochs}")
    for name, images, labels in (("X", X, y), ("validation", *validation)) if validation else (("X", X, y),):
        require_matrix(name, images)
        require_labels(labels, len(images), params.sizes[-1])
        if images.shape[1] != params.sizes[0]:
            raise ValueError(f"{name} has {images.shape[1]} columns and the network {params.sizes[0]} inputs")
    minibatches(X, y, batch_size, np.random.default_rng(0))  # refuses a bad batch size before the checkpoint is made
    factor = schedule or _constant
    history = History()
    state = None
    if checkpoint is not None:
        settings = _settings(params, X, y, optimizer, epochs, batch_size, rng, factor, validation)
        state = _Checkpoint(checkpoint, settings)
        state.resume(params, history, rng)
    steps = epochs * -(-len(X) // batch_size)
    step = len(history.loss) * (steps // epochs)
    gradient = Gradient(params, X.dtype)
    try:
        for epoch in _epochs(len(history.loss), epochs, progress):
            with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is reported once, in words
                for X_batch, y_batch in minibatches(X, y, batch_size, rng):
                    optimizer.step(params, gradient(X_batch, y_batch), factor(step / steps))
                    step += 1
                loss, right = _measure(params, X, y)
                dev = _measure(params, *validation) if validation else None
            if not np.isfinite(loss):
                raise DivergedError(
                    f"the loss is {loss} after epoch {epoch}: training diverged. "
                    f"Start again with a smaller learning rate than {optimizer.learning_rate}"
                )
            history.loss.append(loss)
            history.accuracy.append(right)
            if dev:
                history.dev_loss.append(dev[0])
                history.dev_accuracy.append(dev[1])
            if state:
                state.keep(params, history, rng)
    except KeyboardInterrupt:
        history.interrupted = True
    return history


def _constant(progress: float) -> float:
    return 1.0


def _measure(params: Parameters, X: FloatArray, y: IntArray) -> tuple[float, float]:
    Z, _ = forward(params, X)
    return cross_entropy(Z, y), accuracy(y, Z.argmax(axis=1))


def _epochs(done: int, epochs: int, progress: bool | None) -> Iterable[int]:
    """Count from the first epoch not yet done to `epochs`, behind a progress bar."""
    from tqdm import tqdm

    if progress is None:
        progress = "TQDM_DISABLE" not in os.environ and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    return tqdm(range(done + 1, epochs + 1), desc="epochs", initial=done, total=epochs, disable=not progress)


def _settings(
    params: Parameters,
    X: FloatArray,
    y: IntArray,
    optimizer: SGD,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    factor: Schedule,
    validation: Examples | None,
) -> dict[str, Any]:
    """Return what decides every bit of a run, as JSON can hold it: a checkpoint belongs to a run with the same."""
    return {
        "the network": f"{'-'.join(map(str, params.sizes))}, {params.theta.dtype}",
        "the starting parameters": _fingerprint(params.theta),
        "the training data": _fingerprint(X, y),
        "the validation data": _fingerprint(*validation) if validation else "none",
        "the learning rate": float(optimizer.learning_rate),
        "the schedule": [float(factor(part / 8)) for part in range(8)],
        "the batch size": int(batch_size),
        "the number of epochs": int(epochs),
        "the random generator's seed": _fingerprint(np.array(_state(rng))),
    }


def _fingerprint(*arrays: FloatArray | IntArray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return digest.hexdigest()


def _state(rng: np.random.Generator) -> str:
    return json.dumps(rng.bit_generator.state, default=lambda array: array.tolist())


class _Checkpoint:
    """The file that keeps a run: parameters, history, the generator's state, and the settings it belongs to."""

    def __init__(self, path: str | Path, settings: dict[str, Any]) -> None:
        self.path = path
        self.settings = settings

    def keep(self, params: Parameters, history: History, rng: np.random.Generator) -> None:
        """Write everything, in one step."""
        run = json.dumps({"settings": self.settings, "generator": json.loads(_state(rng))})
        columns = {name: np.array(getattr(history, name), np.float64) for name in COLUMNS}
        write_arrays(self.path, "a checkpoint", {**parameter_arrays(params), **columns, "run": np.array(run)})

    def resume(self, params: Parameters, history: History, rng: np.random.Generator) -> None:
        """Bring everything to where the file left it; without a file, write one, to see at once that this works."""
        if not Path(self.path).exists():
            self.keep(params, history, rng)
            return
        arrays = read_arrays(self.path, "a checkpoint")
        then = parameters_from(self.path, arrays)
        try:
            run, columns = json.loads(str(arrays["run"])), {name: arrays[name].tolist() for name in COLUMNS}
            settings, generator = run["settings"], run["generator"]
        except (KeyError, ValueError) as error:
            raise StorageError(f"{self.path}: a part of the checkpoint is missing ({error})") from None
        other = [name for name, value in self.settings.items() if settings.get(name) != value]
        if other:
            raise StorageError(
                f"{self.path}: this checkpoint is of another run, which differs in {', '.join(other)}. "
                "Call fit as it was called then, or name another file"
            )
        params.theta[:] = then.theta
        for name, values in columns.items():
            getattr(history, name).extend(values)
        rng.bit_generator.state = generator
