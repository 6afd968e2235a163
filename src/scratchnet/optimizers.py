"""How the parameters move: a step against the gradient. Source: chapter "sgd"."""

import math

from scratchnet.parameters import Parameters

__all__ = ["SGD", "cosine"]


class SGD:
    """Stochastic gradient descent: θ ← θ − η∇L, with η the learning rate.

    `learning_rate` may be changed between steps. Raises ValueError unless it is positive and finite.
    """

    def __init__(self, learning_rate: float) -> None:
        if not (learning_rate > 0 and math.isfinite(learning_rate)):
            raise ValueError(f"learning_rate must be a positive number, not {learning_rate}")
        self.learning_rate = learning_rate

    def step(self, params: Parameters, grads: Parameters, factor: float = 1.0) -> None:
        """Move `params` against `grads`, in place. Both must have the same sizes. A schedule sets the `factor` of η."""
        if grads.sizes != params.sizes:
            raise ValueError(f"the gradients are for sizes {grads.sizes} and the parameters have {params.sizes}")
        params.theta -= float(factor * self.learning_rate) * grads.theta


def cosine(progress: float, warmup: float = 0.0) -> float:
    """Return the factor of the learning rate when `progress` of the training is done: 1 at 0, ½ at ½, 0 at 1.

    Half a wave of the cosine: steps stay long for a while, and end short (Loshchilov and Hutter, 2017, equation 5).
    During the part `warmup` of the training the factor also rises from 0 in a straight line, because long steps from
    a random start can push a hidden unit so far that it never comes on again.
    """
    rising = progress / warmup if progress < warmup else 1.0
    return rising * (1 + math.cos(math.pi * progress)) / 2
