"""How the parameters move: a step against the gradient. Source: chapter "sgd"."""

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scratchnet.parameters import Parameters, require_gradients
from scratchnet.shapes import is_number, require_positive

__all__ = ["SGD", "Momentum", "Optimizer", "cosine"]


class Optimizer(Protocol):
    """What `fit` asks of an optimiser, and all it asks: write your own with these three names, or begin from `SGD`.

    `step(params, grads, factor)` moves `params` in place. `settings` names the numbers and words that decide how.
    `state` names the arrays that are remembered from one step to the next, such as a velocity; it is empty where
    nothing is, and may be so before the first step. A checkpoint keeps both: a run goes on only with the settings it
    began with, and `fit` then assigns the kept arrays to `state`. What is remembered anywhere else would be lost, so
    `fit` refuses to keep such a run. `Momentum` is an example.
    """

    state: dict[str, NDArray[Any]]

    @property
    def settings(self) -> Mapping[str, object]:
        """The numbers and words that decide the steps, by name."""

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move `params` in place, with `factor` times the usual learning rate."""


class _Checked:
    """What refuses a wrong learning rate or momentum whenever one is assigned, at the start or later."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "learning_rate":
            require_positive(name, value)
        if name == "momentum" and not (is_number(value) and 0 <= value < 1):
            raise ValueError(f"momentum must be a number from 0 to below 1, not {value!r}")
        super().__setattr__(name, value)


class SGD(_Checked):
    """Stochastic gradient descent: θ ← θ − η∇L, with η the learning rate.

    `learning_rate` may be changed between steps. Raises ValueError unless it is positive and finite.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.state: dict[str, NDArray[Any]] = {}  # nothing is remembered from step to step

    @property
    def settings(self) -> Mapping[str, object]:
        """What decides the steps."""
        return {"learning_rate": self.learning_rate}

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move `params` against `grads`, in place. Both must have the same sizes. A schedule sets the `factor` of η."""
        require_gradients(params, grads)
        params.theta -= float(factor * self.learning_rate) * grads.theta


class Momentum(_Checked):
    """SGD with momentum: v ← μv + ∇L, then θ ← θ − ηv, with v the velocity, 0 at first (Polyak, 1964).

    η is the learning rate and μ the momentum, the part of the velocity that is kept: 0 is SGD. Where gradients agree,
    steps grow up to 1/(1 − μ) times as long. Both may be changed between steps. Raises ValueError for a learning rate
    that is not positive and finite, and for a momentum that is not from 0 to below 1.
    """

    def __init__(self, learning_rate: float, momentum: float = 0.9) -> None:
        self.learning_rate, self.momentum = learning_rate, momentum
        self.state: dict[str, NDArray[Any]] = {}

    @property
    def settings(self) -> Mapping[str, object]:
        """What decides the steps."""
        return {"learning_rate": self.learning_rate, "momentum": self.momentum}

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move `params` along the velocity, in place. A schedule sets the `factor` of η."""
        require_gradients(params, grads)
        velocity = self.state.setdefault("velocity", np.zeros_like(params.theta))
        velocity *= float(self.momentum)
        velocity += grads.theta
        params.theta -= float(factor * self.learning_rate) * velocity


def cosine(progress: float, warmup: float = 0.0) -> float:
    """Return the factor of the learning rate when `progress` of the training is done: 1 at 0, ½ at ½, 0 at 1.

    Half a wave of the cosine: steps stay long for a while, and end short (Loshchilov and Hutter, 2017, equation 5).
    During the part `warmup` of the training the factor also rises from 0 in a straight line, because long steps from
    a random start can push a hidden unit so far that it never comes on again. Raises ValueError for a `warmup` that
    is not such a part, from 0 to 1.
    """
    if not 0 <= warmup <= 1:
        raise ValueError(f"warmup must be a part of the training, from 0 to 1, not {warmup!r}")
    rising = progress / warmup if progress < warmup else 1.0
    return rising * (1 + math.cos(math.pi * progress)) / 2
