"""The loop that puts it together: shuffle, forward, loss, backward, step; and what it looked like on the way.

Source: chapter "training".
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from scratchnet.data import minibatches
from scratchnet.losses import cross_entropy, cross_entropy_backward
from scratchnet.metrics import accuracy
from scratchnet.network import backward, forward
from scratchnet.optimizers import SGD
from scratchnet.parameters import Parameters
from scratchnet.shapes import require_labels, require_matrix
from scratchnet.types import FloatArray, IntArray

__all__ = ["DivergedError", "History", "fit"]


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
    validation: tuple[FloatArray, IntArray] | None = None,
    progress: bool | None = None,
) -> History:
    """Train `params` in place on X (N, D) and labels y (N,), and return how loss and accuracy went.

    Each epoch goes once through a fresh shuffle of the examples. Loss and accuracy are measured after the epoch,
    with the parameters fixed, on all of X and on `validation`, a pair (X_dev, y_dev). `progress` shows a bar; by
    default only in a terminal or a notebook, and not where TQDM_DISABLE is set (as it is for the book's own pages).

    Raises ValueError for data that does not fit the network, before anything has changed, and DivergedError, naming
    the epoch and the remedy, when the loss is no longer finite. Ctrl-C ends training early and keeps what there is.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {epochs}")
    for name, images, labels in (("X", X, y), ("validation", *validation)) if validation else (("X", X, y),):
        require_matrix(name, images)
        require_labels(labels, len(images), params.sizes[-1])
        if images.shape[1] != params.sizes[0]:
            raise ValueError(f"{name} has {images.shape[1]} columns and the network {params.sizes[0]} inputs")
    history = History()
    try:
        for epoch in _epochs(epochs, progress):
            with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is reported once, in words
                for X_batch, y_batch in minibatches(X, y, batch_size, rng):
                    Z, cache = forward(params, X_batch)
                    dZ = cross_entropy_backward(Z, y_batch)
                    optimizer.step(params, backward(params, cache, dZ))
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
    except KeyboardInterrupt:
        history.interrupted = True
    return history


def _measure(params: Parameters, X: FloatArray, y: IntArray) -> tuple[float, float]:
    Z, _ = forward(params, X)
    return cross_entropy(Z, y), accuracy(y, Z.argmax(axis=1))


def _epochs(epochs: int, progress: bool | None) -> Iterable[int]:
    """Count from 1 to `epochs` behind a progress bar."""
    from tqdm import tqdm

    if progress is None:
        progress = "TQDM_DISABLE" not in os.environ and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    return tqdm(range(1, epochs + 1), desc="epochs", disable=not progress)
