"""The loop of training: shuffle, forward, loss, backward, step. It also keeps how loss and accuracy went on the way.

Source: chapter "training".
"""

import inspect
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.checkpoint import Checkpoint, digest, require_resumable
from scratchnet.data import minibatches
from scratchnet.losses import cross_entropy
from scratchnet.metrics import accuracy
from scratchnet.network import Backpropagation, logits
from scratchnet.optimizers import Optimizer
from scratchnet.parameters import Parameters, described, require_finite_parameters, require_parameters
from scratchnet.shapes import is_number, require_count, require_examples, require_finite, require_generator
from scratchnet.types import FloatArray, IntArray

__all__ = ["DivergedError", "History", "evaluate", "fit"]

Schedule = Callable[[float], float]
Examples = tuple[FloatArray, IntArray]
Augment = Callable[[FloatArray, np.random.Generator], FloatArray]
PROBE = 8  # the number of images with which `augment` is tried before training
# A loss of so many times ln K, the loss of guessing among K classes, is warned of. It gives the right answer a
# probability of about 1/K⁵, far less than a guess would.
ABSURD = 5


class DivergedError(ArithmeticError):
    """The loss is no longer a finite number: the learning rate is most likely too large."""


@dataclass
class History:
    """Loss (nats) and accuracy after each epoch, on the training data and, where there is one, on the dev set.

    Losses and accuracies are lists with a number for each epoch; those of the dev set are empty where there is none.
    `interrupted` is True where Ctrl-C ended the run early. `pandas.DataFrame(history.to_dict())` makes a table of it.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    dev_loss: list[float] = field(default_factory=list)
    dev_accuracy: list[float] = field(default_factory=list)
    interrupted: bool = False

    def columns(self) -> dict[str, list[float]]:
        """Return the four lists by name. They are no copies: what is appended to them is appended to the history."""
        return {name: getattr(self, name) for name in ("loss", "accuracy", "dev_loss", "dev_accuracy")}

    @property
    def best(self) -> int:
        """The epoch, counted from 1, after which the loss on the dev set was smallest. In a tie it is the first.

        Raises ValueError where there is no dev set.
        """
        if not self.dev_loss:
            raise ValueError("no epoch is best without losses on a dev set: pass validation=(X_dev, y_dev) to fit")
        return 1 + int(np.argmin(self.dev_loss))

    def to_dict(self) -> dict[str, list[float]]:
        """Return the columns of a table with a row for each epoch; those of the dev set only where there is one."""
        columns = {"loss": self.loss, "accuracy": self.accuracy}
        if self.dev_loss:
            columns |= {"dev_loss": self.dev_loss, "dev_accuracy": self.dev_accuracy}
        return {"epoch": [float(n) for n in range(1, len(self.loss) + 1)], **columns}


def fit(
    params: Parameters,
    X: FloatArray,
    y: IntArray,
    *,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    schedule: Schedule | None = None,
    validation: Examples | None = None,
    augment: Augment | None = None,
    checkpoint: str | Path | None = None,
    progress: bool | None = None,
    gradient: Callable[..., Parameters] | None = None,
) -> History:
    """Train `params` in place on X (N, D) and labels y (N,), and return how loss and accuracy went.

    Each epoch goes once through the examples in a new order, which `rng` draws, in batches of `batch_size`. Loss and
    accuracy are measured after the epoch, with the parameters fixed, on all of X and on `validation`, a pair
    (X_dev, y_dev).

    `optimizer` is one of `scratchnet.optimizers`, such as `SGD(0.1)`, or one of your own: `Optimizer` in that module
    says what it needs.

    `schedule` takes the part of all steps that is done, 0 before the first step, and returns the number by which the
    learning rate is multiplied in the next: `cosine`, for example. Without a schedule the rate stays as it is.

    `augment` takes the images of a batch (N, D) and the generator of this run, and returns images of the same shape to
    train on: `partial(sn.distort, rotation=10)`, for example. It is called with a few images before training, and
    then for each batch. What is measured, of X and of the dev set, is never augmented.

    `checkpoint` names a file that keeps the whole state after each epoch. Where it exists, training goes on from there,
    and ends with the same bits as a run that was never stopped. For that, call `fit` as it was called before: with
    parameters, optimiser and generator made anew in the same way, or as Ctrl-C left them. Without a schedule, `epochs`
    may be larger than it was.

    `progress` says whether to show a bar. If it is None, there is one in a terminal or a notebook, unless the variable
    TQDM_DISABLE is set in the environment (as it was when this book was made).

    `gradient` is a function of (params, X, y) that returns the gradient of the mean cross-entropy of a batch. It takes
    the place of the network's own `forward` and `backward`: `automatic_gradient`, for example, or a function that
    `check_gradients` has judged. One that takes rng as a fourth argument is given the generator of this run, for layers
    that draw.

    Ctrl-C ends training early. With a checkpoint, everything is as it was after the last whole epoch, so that the same
    call goes on from there. Without one, the steps of the epoch that had begun are kept as well.

    Raises ValueError for data and settings that do not fit, and for a checkpoint of another run, before anything has
    changed; once training has begun, only for a schedule that returns no factor. Raises DivergedError, naming the epoch
    and the remedy, when the loss is no longer finite. Warns of inputs on a scale on which hardly anything is learned,
    and of a loss that ends far above that of guessing.
    """
    run = _Run(params, X, y, optimizer, epochs, batch_size, rng, schedule, validation, checkpoint, progress, augment)
    run.require()
    walk = _walk(gradient)
    history = History()
    file = None
    if checkpoint is not None:
        file = Checkpoint(checkpoint, run.settings() | _named(gradient), params, optimizer, rng, history.columns())
        file.resume(epochs, run.factors)
    step = len(history.loss) * run.steps_an_epoch
    images = np.empty((min(batch_size, len(X)), X.shape[1]), X.dtype)  # batch after batch: so it stays in the cache
    try:
        for epoch in _epochs(len(history.loss), epochs, progress):
            factors = []
            with np.errstate(over="ignore", invalid="ignore"):  # DivergedError says it once, and better than NumPy
                for X_batch, y_batch in minibatches(X, y, batch_size, rng, images):
                    factors.append(run.factor(step))
                    if augment:
                        X_batch = augment(X_batch, rng)
                    optimizer.step(params, walk(params, X_batch, y_batch, rng), factors[-1])
                    step += 1
            loss, right = evaluate(params, X, y)
            dev = evaluate(params, *validation) if validation else None
            if not np.isfinite(loss):
                raise DivergedError(
                    f"the loss is {loss} after epoch {epoch}: training diverged. "
                    "Start again with fresh parameters and a smaller learning rate "
                    f"than {getattr(optimizer, 'learning_rate', 'this')}"
                )
            history.loss.append(loss)
            history.accuracy.append(right)
            if dev:
                history.dev_loss.append(dev[0])
                history.dev_accuracy.append(dev[1])
            if file:
                file.keep(np.array(factors))
    except KeyboardInterrupt:
        history.interrupted = True
        if file:
            file.go_back()
    _warn_of_loss(history, params.sizes[-1])
    return history


def evaluate(params: Parameters, X: FloatArray, y: IntArray) -> tuple[float, float]:
    """Return the loss (nats) and the accuracy of a network on examples X (N, D) with labels y (N,).

    This is what `fit` measures after each epoch. The examples go through the network a few hundred at a time, so the
    memory that is needed hardly grows with their number. Where the parameters or X hold numbers that are not finite,
    the loss may be nan or inf, and nothing is raised. Raises ValueError where X, y and the network do not fit together.
    """
    require_parameters(params)
    require_examples(X, y, params.sizes[-1], params.sizes[0])
    with np.errstate(over="ignore", invalid="ignore"):
        Z = logits(params, X)
        return cross_entropy(Z, y), accuracy(y, Z.argmax(axis=1))


def _epochs(done: int, epochs: int, progress: bool | None) -> Iterable[int]:
    """Return the numbers of the epochs that are still to be done, in a progress bar that advances with them."""
    from tqdm import tqdm

    if progress is None:
        progress = "TQDM_DISABLE" not in os.environ and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    return tqdm(range(done + 1, epochs + 1), desc="epochs", initial=done, total=epochs, disable=not progress)


@dataclass(frozen=True)
class _Run:
    """What `fit` was called with. It is checked here, and described for a checkpoint, which must know its own run."""

    params: Parameters
    X: FloatArray
    y: IntArray
    optimizer: Optimizer
    epochs: int
    batch_size: int
    rng: np.random.Generator
    schedule: Schedule | None
    validation: Examples | None
    checkpoint: str | Path | None
    progress: bool | None
    augment: Augment | None

    @property
    def steps_an_epoch(self) -> int:
        """The number of batches; the last of them may be smaller."""
        return -(-len(self.X) // self.batch_size)

    def factor(self, step: int) -> float:
        """Return the factor of the learning rate at a step, counted from 0, or refuse what the schedule returned."""
        if self.schedule is None:
            return 1.0
        progress = step / (self.epochs * self.steps_an_epoch)
        factor = self.schedule(progress)
        if not (type(factor) is float or is_number(factor)) or not 0 <= factor < math.inf:  # `type` is quick
            found = f"schedule({progress:.3g}) is {factor!r}"
            raise ValueError(f"schedule must return the factor of the learning rate, 0 or more, but {found}")
        return float(factor)

    def factors(self, epochs: int) -> FloatArray:
        """Return the factors at all steps of the first `epochs` epochs."""
        return np.array([self.factor(step) for step in range(epochs * self.steps_an_epoch)])

    def settings(self) -> dict[str, str | int]:
        """Return what decides the run, by name, but for the optimiser, the schedule, the start and the generator.

        `Checkpoint` compares those four itself.
        """
        augmented = {"the augmentation": digest(self.augmented())} if self.augment else {}
        return {
            "the network": f"{described(self.params)}, {self.params.theta.dtype}",
            "the training data": digest(self.X, self.y),
            "the validation data": digest(*self.validation) if self.validation else "none",
            "the batch size": int(self.batch_size),
            **augmented,
        }

    def augmented(self) -> FloatArray:
        """Return what `augment` makes of a few images, always with the same draws.

        A function cannot be compared with another, but what it does can.
        """
        assert self.augment is not None
        return self.augment(self.X[:PROBE].copy(), np.random.default_rng(0))

    def require(self) -> None:
        """Refuse what `fit` cannot be called with, and warn of inputs on an unusual scale."""
        require_parameters(self.params)
        require_finite_parameters(self.params)
        require_examples(self.X, self.y, self.params.sizes[-1], self.params.sizes[0])
        require_count("epochs", self.epochs)
        require_count("batch_size", self.batch_size)
        require_generator(self.rng)
        _require_optimizer(self.optimizer)
        if self.schedule is not None and not callable(self.schedule):
            found = repr(self.schedule)
            raise ValueError(f"schedule must be a function of the progress, such as sn.cosine itself, not {found}")
        self.factor(0)
        if self.checkpoint is not None:
            if not isinstance(self.checkpoint, str | os.PathLike):
                raise ValueError(f"checkpoint must name a file, not be {type(self.checkpoint).__name__}")
            require_resumable(self.optimizer)
        if self.progress is not None and not isinstance(self.progress, bool):
            raise ValueError(f"progress must be True, False or None, not {self.progress!r}")
        self._require_finite_examples()
        self._require_augment()

    def _require_augment(self) -> None:
        """Refuse a function that does not make images of images, and one that draws from another generator."""
        if self.augment is None:
            return
        try:
            inspect.signature(self.augment).bind(self.X, self.rng)
        except TypeError:
            found = getattr(self.augment, "__name__", repr(self.augment))
            raise ValueError(f"augment must be a function of (X_batch, rng), not {found}") from None
        few = self.X[:PROBE]
        made = self.augmented()
        if not isinstance(made, np.ndarray) or (made.shape, made.dtype) != (few.shape, few.dtype):
            found = f"{made.shape} {made.dtype}" if isinstance(made, np.ndarray) else type(made).__name__
            raise ValueError(f"augment must return images of the same shape, {few.shape} {few.dtype}, not {found}")
        require_finite("what augment returns", made, "Look for a division by zero in it")
        if not np.array_equal(made, self.augmented()):
            raise ValueError(
                "augment must draw from the generator that it is given and from nothing else, "
                "or the run could not be repeated. Draw with rng, not with np.random"
            )

    def _require_finite_examples(self) -> None:
        """Refuse examples that are not finite, and a dev set that does not fit. Warn of unusual scales."""
        advice = "Replace them first, for example by np.where(np.isfinite(X), X, 0)"
        scale = require_finite("X", self.X, advice)
        if self.validation is None:
            _warn_of_scale(self.X, scale)
            return
        pair = isinstance(self.validation, tuple | list)
        if not pair or len(self.validation) != 2:
            found = f"{len(self.validation)} things" if pair else type(self.validation).__name__
            raise ValueError(f"validation must be a pair (X_dev, y_dev), not {found}")
        names = "validation's X", "validation's y"
        require_examples(*self.validation, self.params.sizes[-1], self.params.sizes[0], names)
        scale_dev = require_finite(names[0], self.validation[0], advice)
        _warn_of_scale(self.X, scale)
        if not 0.1 * scale <= scale_dev <= 10 * scale:
            sentence = (
                f"validation's X is on another scale than X: the root mean squares are {scale_dev:.2g} and {scale:.2g}"
            )
            warnings.warn(f"{sentence}. Prepare both in the same way", stacklevel=4)


def _require_optimizer(optimizer: Optimizer) -> None:
    """Refuse what has no step that `fit` can call."""
    if isinstance(optimizer, type):
        raise ValueError(f"optimizer must be an object, not a class. Pass {optimizer.__name__}(learning_rate)")
    if not callable(getattr(optimizer, "step", None)):
        plain = optimizer is None or isinstance(optimizer, str) or is_number(optimizer)
        found = repr(optimizer) if plain else type(optimizer).__name__
        rate = optimizer if is_number(optimizer) else 0.1
        raise ValueError(f"optimizer must have a method step, and {found} has none. Pass sn.SGD({rate})")
    try:
        inspect.signature(optimizer.step).bind(None, None, 1.0)
    except TypeError:
        raise ValueError("optimizer.step must take (params, grads, factor), as that of sn.SGD does") from None


def _walk(gradient: Callable[..., Parameters] | None) -> Callable[..., Parameters]:
    """Return a function of (params, X, y, rng) that finds the gradient, or refuse what is no such function."""
    if gradient is None:
        return Backpropagation()
    if not callable(gradient):
        raise ValueError(f"gradient must be a function of (params, X, y), not {gradient!r}")
    draws, plain = _takes(gradient, 4), _takes(gradient, 3)
    if not (draws or plain):
        raise ValueError(f"gradient must take (params, X, y), or these and rng, and {_name(gradient)} does not")
    return gradient if draws else lambda params, X, y, rng: gradient(params, X, y)


def _named(gradient: Callable[..., Parameters] | None) -> dict[str, str]:
    """Return the name of a gradient of one's own, as a setting that a checkpoint compares; else nothing."""
    return {} if gradient is None else {"the gradient": _name(gradient)}


def _takes(function: Callable[..., Any], arguments: int) -> bool:
    """Return whether a function can be called with so many arguments by position."""
    try:
        inspect.signature(function).bind(*[None] * arguments)
    except TypeError:
        return False
    return True


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", type(function).__name__)


def _warn_of_scale(X: FloatArray, scale: float) -> None:
    """Warn where X is so large or so small that hardly anything will be learned. scale: its root mean square."""
    if 0.005 <= scale <= 10:
        return
    question, remedy = "Were the pixels not divided by 255?", "X / 255"
    if scale < 0.005:
        question, remedy = "Were the pixels divided by 255 twice, or were they 0 and 1?", "255 * X"
    wanted = "Networks learn from numbers of about 0 to 1, or with mean 0 and standard deviation 1"
    found = f"X goes from {X.min():.3g} to {X.max():.3g}"
    warnings.warn(f"{found}. {wanted}. {question} Then pass {remedy}", stacklevel=5)


def _warn_of_loss(history: History, classes: int) -> None:
    """Warn where training has ended with a loss that is finite, and yet far above that of guessing."""
    if history.loss and history.loss[-1] > ABSURD * math.log(classes) > 0:
        warnings.warn(
            f"the loss is {history.loss[-1]:.3g} after {len(history.loss)} epochs, and that of guessing is "
            f"{math.log(classes):.3g}. The learning rate is most likely too large, or X: start again with less",
            stacklevel=3,
        )
