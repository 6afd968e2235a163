"""All weights and biases of a network in one flat vector θ, and where they start.

One vector makes the update literally θ ← θ − η∇L, the gradient check a walk along one array, and a saved network one
array; each layer's W and b are views into it, so there is nothing to keep in step. Source: chapter "initialisation".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.types import FloatArray

__all__ = ["Layer", "Parameters", "initialize"]


@dataclass(frozen=True)
class Layer:
    """One layer's weights W (D, H) and biases b (H,): views of the network's θ."""

    W: FloatArray
    b: FloatArray


class Parameters:
    """The parameters of a network with layers of these sizes, all zero to begin with.

    sizes: inputs, hidden units …, classes; (784, 10, 10) has one hidden layer. `theta` (P,) holds every number,
    layer after layer, W row by row and then b; `layers` are its views. `Parameters` also holds gradients: same
    sizes, same layout. Raises ValueError for fewer than two sizes, a size below 1, or a dtype that is not float32 or
    float64.
    """

    def __init__(self, sizes: Sequence[int], dtype: DTypeLike = np.float32) -> None:
        self.sizes = tuple(int(size) for size in sizes)
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ValueError(f"sizes must name inputs and classes at least, each 1 or more, not {tuple(sizes)}")
        if np.dtype(dtype) not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"dtype must be float32 or float64, not {np.dtype(dtype)}")
        self.theta: FloatArray = np.zeros(sum(D * H + H for D, H in pairwise(self.sizes)), dtype=dtype)
        layers, start = [], 0
        for D, H in pairwise(self.sizes):
            middle, end = start + D * H, start + D * H + H
            layers.append(Layer(W=self.theta[start:middle].reshape(D, H), b=self.theta[middle:end]))
            start = end
        self.layers = tuple(layers)

    def copy(self) -> "Parameters":
        """Return parameters of their own with the same values."""
        other = Parameters(self.sizes, self.theta.dtype)
        other.theta[:] = self.theta
        return other

    def __repr__(self) -> str:
        return f"Parameters({'-'.join(map(str, self.sizes))}, {self.theta.dtype}, {self.theta.size:,} numbers)"


def initialize(
    sizes: Sequence[int], rng: np.random.Generator, scheme: str = "he", dtype: DTypeLike = np.float32
) -> Parameters:
    """Return fresh parameters: weights drawn by `scheme`, biases zero except where the scheme says otherwise.

    "he": normal with variance 2/D, D the layer's inputs (He et al., 2015, equation 10).
    "uniform": weights and biases uniform in [−0.5, 0.5), as in the much-copied notebook that reads 85 %.
    "small": normal with standard deviation 0.01.
    "zeros": all zero.
    """
    params = Parameters(sizes, dtype)
    for layer in params.layers:
        inputs = len(layer.W)
        match scheme:
            case "he":
                layer.W[:] = rng.normal(0, np.sqrt(2 / inputs), layer.W.shape)
            case "uniform":
                layer.W[:] = rng.uniform(-0.5, 0.5, layer.W.shape)
                layer.b[:] = rng.uniform(-0.5, 0.5, layer.b.shape)
            case "small":
                layer.W[:] = rng.normal(0, 0.01, layer.W.shape)
            case "zeros":
                pass
            case _:
                raise ValueError(f'scheme must be "he", "uniform", "small" or "zeros", not {scheme!r}')
    return params
