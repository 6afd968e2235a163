"""How the parameters move: a step against the gradient, and what steps can remember of earlier ones.

SGD and momentum are explained in chapter "sgd", all others in chapter "optimizers".
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scratchnet.parameters import Parameters, require_gradients
from scratchnet.shapes import is_number, require_positive
from scratchnet.types import FloatArray

__all__ = ["SGD", "AdaGrad", "Adam", "AdamW", "Momentum", "Optimizer", "RMSProp", "cosine"]


class Optimizer(Protocol):
    """Everything that `fit` asks of an optimiser. To write your own, define these three names, or derive it from `SGD`.

    `step(params, grads, factor)` moves `params` in place. `settings` holds, by name, the numbers and words that decide
    how. `state` holds, by name, the arrays that are remembered from one step to the next, such as a velocity. It is
    empty where nothing is remembered, and may be empty before the first step.

    A checkpoint keeps both. A run goes on only with the settings that it began with, and `fit` then assigns the arrays
    of the file to `state`. What an optimiser remembers anywhere else would be lost, so `fit` refuses to keep such a run
    in a checkpoint. `Momentum` is an example.
    """

    state: dict[str, NDArray[Any]]

    @property
    def settings(self) -> Mapping[str, object]:
        """The numbers and words that decide the steps, by name."""

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move `params` in place, with `factor` times the usual learning rate."""


PARTS = ("momentum", "beta", "beta1", "beta2")  # settings that say which part is kept from one step to the next


class _Steps:
    """What the optimisers of this module share: settings, what they remember, and an array to work in."""

    learning_rate: float

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.state: dict[str, NDArray[Any]] = {}  # empty until the first step
        self._scratch = _Scratch()

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a wrong setting whenever one is assigned, at the start or later."""
        if name in ("learning_rate", "epsilon"):
            require_positive(name, value)
        if name in PARTS and not (is_number(value) and 0 <= value < 1):
            raise ValueError(f"{name} must be a number from 0 to below 1, not {value!r}")
        if name == "weight_decay" and not (is_number(value) and 0 <= value < math.inf):
            raise ValueError(f"weight_decay must be a number, 0 or more, not {value!r}")
        if name == "nesterov" and not isinstance(value, bool):
            raise ValueError(f"nesterov must be True or False, not {value!r}")
        super().__setattr__(name, value)

    @property
    def settings(self) -> Mapping[str, object]:
        """The attributes that are numbers, words, True or False: they decide the steps."""
        return {name: value for name, value in vars(self).items() if is_number(value) or isinstance(value, bool | str)}

    def _rate(self, factor: float) -> float:
        """Return η for this step, as a plain float: times NumPy's own float64, float32 arrays would become float64."""
        return float(factor * self.learning_rate)

    def _remembered(self, name: str, theta: FloatArray) -> FloatArray:
        """Return the array that is remembered under this name; at first it holds zeros."""
        if name not in self.state:
            self.state[name] = np.zeros_like(theta)
        return self.state[name]


class _Scratch:
    """An array to work in. Nothing in it is needed after a step, so copies and checkpoints leave it out."""

    array: FloatArray | None = None

    def like(self, theta: FloatArray) -> FloatArray:
        """Return an array of the shape and dtype of theta, a new one only where the old does not fit."""
        if self.array is None or self.array.shape != theta.shape or self.array.dtype != theta.dtype:
            self.array = np.empty_like(theta)
        return self.array

    def __getstate__(self) -> None:
        """Return nothing, which is what copies and checkpoints are to see of this object."""


def _penalized(params: Parameters, grads: Parameters, weight_decay: float) -> FloatArray:
    """Return the gradient of L + ½λ‖θ‖², which is ∇L + λθ, with λ the weight decay."""
    return grads.theta + float(weight_decay) * params.theta if weight_decay else grads.theta


class SGD(_Steps):
    """Stochastic gradient descent: θ ← θ − ηg, with η the learning rate and g the gradient of a minibatch.

    With a weight decay λ, the loss has an L2 penalty on all parameters: it is L + ½λ‖θ‖², and g is ∇L + λθ. Every
    setting may be changed between steps. Raises ValueError for a learning rate that is not positive and finite, and for
    a weight decay that is not finite or below 0.
    """

    def __init__(self, learning_rate: float, weight_decay: float = 0.0) -> None:
        super().__init__(learning_rate)
        self.weight_decay = weight_decay

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move `params` against `grads`, in place. A schedule sets `factor`, by which η is multiplied.

        Raises ValueError where the two are not of the same network. So do the steps of all optimisers below.
        """
        require_gradients(params, grads)
        params.theta -= self._rate(factor) * _penalized(params, grads, self.weight_decay)


class Momentum(_Steps):
    """SGD with momentum: v ← μv + g, then θ ← θ − ηv, with v the velocity, 0 at first (Polyak, 1964).

    η is the learning rate and μ the momentum, the part of the velocity that is kept; with μ = 0 this is SGD. Where
    gradients agree, steps grow up to 1/(1 − μ) times as long. With `nesterov` the step is the one that the velocity
    will take if the next gradient is like this one: θ ← θ − η(g + μv) (Nesterov, 1983, in the form of Sutskever et al.,
    2013, and of PyTorch). The weight decay is that of `SGD`. Settings may be changed between steps. Raises ValueError
    for a momentum that is not from 0 to below 1, and for what `SGD` refuses.
    """

    def __init__(
        self, learning_rate: float, momentum: float = 0.9, nesterov: bool = False, weight_decay: float = 0.0
    ) -> None:
        super().__init__(learning_rate)
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move `params` along the velocity, in place. A schedule sets the `factor` of η."""
        require_gradients(params, grads)
        g, mu = _penalized(params, grads, self.weight_decay), float(self.momentum)
        velocity, step = self._remembered("velocity", params.theta), self._scratch.like(params.theta)
        velocity *= mu
        velocity += g
        direction = velocity
        if self.nesterov:
            direction = np.multiply(velocity, mu, out=step)
            direction += g
        params.theta -= np.multiply(direction, self._rate(factor), out=step)


class AdaGrad(_Steps):
    """A rate for each parameter: s ← s + g², then θ ← θ − ηg/(√s + ε) (Duchi, Hazan and Singer, 2011).

    s is the sum of the squares of all gradients of a parameter since the start, so steps become shorter and shorter. ε
    prevents a division by 0. Raises ValueError for a learning rate or an ε that is not positive and finite.
    """

    def __init__(self, learning_rate: float, epsilon: float = 1e-8) -> None:
        super().__init__(learning_rate)
        self.epsilon = epsilon

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move each parameter at its own rate, in place. A schedule sets the `factor` of η."""
        require_gradients(params, grads)
        squares, step = self._remembered("squares", params.theta), self._scratch.like(params.theta)
        np.square(grads.theta, out=step)
        squares += step
        _divide(grads.theta, squares, float(self.epsilon), out=step)
        step *= self._rate(factor)
        params.theta -= step


class RMSProp(_Steps):
    """AdaGrad that forgets: s ← βs + (1 − β)g², then θ ← θ − ηg/(√s + ε) (Hinton's lecture 6e, 2012).

    s is an average of the squares over about the last 1/(1 − β) steps. Raises ValueError for a β that is not from 0 to
    below 1, and for what `AdaGrad` refuses.
    """

    def __init__(self, learning_rate: float, beta: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__(learning_rate)
        self.beta, self.epsilon = beta, epsilon

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move each parameter at its own rate, in place. A schedule sets the `factor` of η."""
        require_gradients(params, grads)
        square, step = self._remembered("square", params.theta), self._scratch.like(params.theta)
        np.square(grads.theta, out=step)
        _average(square, step, float(self.beta))
        _divide(grads.theta, square, float(self.epsilon), out=step)
        step *= self._rate(factor)
        params.theta -= step


class Adam(_Steps):
    """Momentum at a rate for each parameter (Kingma and Ba, 2015, algorithm 1).

    m ← β₁m + (1 − β₁)g and s ← β₂s + (1 − β₂)g² are averages that forget, of the gradient and of its square. Both
    begin at 0, so after t steps the first is too small by the factor 1 − β₁ᵗ, and the second by 1 − β₂ᵗ. Divided by
    these they are m̂ and ŝ, and θ ← θ − ηm̂/(√ŝ + ε). Raises ValueError for a β₁ or β₂ that is not from 0 to below 1,
    and for a learning rate or an ε that is not positive and finite.
    """

    def __init__(
        self, learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        super().__init__(learning_rate)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move each parameter along its average gradient, at its own rate, in place. A schedule sets the `factor`."""
        require_gradients(params, grads)
        g, beta1, beta2 = grads.theta, float(self.beta1), float(self.beta2)
        mean, square = self._remembered("mean", params.theta), self._remembered("square", params.theta)
        steps = self.state.setdefault("steps", np.array(0))
        steps += 1
        t, step = int(steps), self._scratch.like(params.theta)
        np.copyto(step, g)
        _average(mean, step, beta1)
        np.square(g, out=step)
        _average(square, step, beta2)
        # With c = √(1 − β₂ᵗ), √ŝ is √s/c. So m/(√ŝ + ε) is c·m/(√s + cε), and no array needs to be divided by c.
        c = math.sqrt(1 - beta2**t)
        _divide(mean, square, c * float(self.epsilon), out=step)
        step *= self._rate(factor) * c / (1 - beta1**t)
        params.theta -= step


class AdamW(Adam):
    """Adam, and beside it a weight decay: θ ← (1 − ηλ)θ, then Adam's step (Loshchilov and Hutter, 2019, algorithm 2).

    λ is the weight decay. As a penalty, λθ would be a part of the gradient, and Adam would divide it by √ŝ: parameters
    with large gradients would decay less. So here λθ is kept out of the gradient. As in PyTorch, and unlike in the
    paper, λ is multiplied by the learning rate and not by the factor of the schedule alone. Raises ValueError for a
    weight decay that is not finite or below 0, and for what `Adam` refuses.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        weight_decay: float = 0.01,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon)
        self.weight_decay = weight_decay

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Let all parameters decay, then take Adam's step, in place. A schedule sets the `factor` of η in both."""
        require_gradients(params, grads)
        params.theta *= 1 - self._rate(factor) * float(self.weight_decay)
        super().step(params, grads, factor)


def _average(average: FloatArray, new: FloatArray, beta: float) -> None:
    """Let an average forget a little and take in what is new: a ← βa + (1 − β)·new. This also overwrites `new`."""
    average *= beta
    new *= 1 - beta
    average += new


def _divide(g: FloatArray, square: FloatArray, epsilon: float, out: FloatArray) -> None:
    """Fill `out` with g/(√square + ε)."""
    np.sqrt(square, out=out)
    out += epsilon
    np.divide(g, out, out=out)


def cosine(progress: float, warmup: float = 0.0) -> float:
    """Return the factor of the learning rate when `progress` of the training is done: 1 at 0, ½ at ½, 0 at 1.

    It follows half a wave of the cosine: steps stay long for a while, and are short at the end (Loshchilov and Hutter,
    2017, equation 5). During the first part of the training, `warmup`, the factor is also multiplied by a number that
    rises from 0 to 1 in a straight line, because long steps from a random start can push a hidden unit so far that it
    never comes on again. Both arguments are parts of the training, from 0 to 1. Raises ValueError for a `warmup` that
    is not.
    """
    if not 0 <= warmup <= 1:
        raise ValueError(f"warmup must be a part of the training, from 0 to 1, not {warmup!r}")
    rising = progress / warmup if progress < warmup else 1.0
    return rising * (1 + math.cos(math.pi * progress)) / 2
