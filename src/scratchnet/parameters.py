"""All weights and biases of a network in one flat vector θ, and where they start.

One vector makes the update literally θ ← θ − η∇L, the gradient check a walk along one array, and a saved network one
array; each layer's W and b are views into it, so there is nothing to keep in step. Source: chapter "initialisation".
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.shapes import require_columns, require_dtype, require_finite, require_generator
from scratchnet.types import FloatArray

__all__ = ["Layer", "Parameters", "initialize"]


class NeverRebound:
    """What has attributes, named in `FIXED`, that are never replaced: an array takes over what is assigned to it.

    So whatever else looks at the array sees the new numbers, and `theta = theta - g` means the same as `theta -= g`.
    """

    FIXED: ClassVar[tuple[str, ...]] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        kept = vars(self).get(name)
        if name not in self.FIXED or kept is None:
            super().__setattr__(name, value)
        elif value is kept:
            return  # theta -= g has done its work before it assigns
        elif not isinstance(kept, np.ndarray):
            raise AttributeError(f"{name} cannot be replaced: make new Parameters, or write into theta, W and b")
        else:
            values = np.asarray(value)
            if values.shape != kept.shape:
                raise ValueError(f"{name} must keep its shape {kept.shape} and cannot become {values.shape}")
            if not np.can_cast(values.dtype, kept.dtype, "same_kind"):
                raise ValueError(f"{name} must be real numbers, not dtype {values.dtype}")
            kept[...] = values


@dataclass(eq=False)
class Layer(NeverRebound):
    """One layer's weights W (D, H) and biases b (H,): views of the network's θ, and they stay that."""

    W: FloatArray
    b: FloatArray
    FIXED = ("W", "b")


class Parameters(NeverRebound):
    """The parameters of a network with layers of these sizes, all zero to begin with.

    sizes: inputs, hidden units …, classes; (784, 10, 10) has one hidden layer. `theta` (Q,) holds every number,
    layer after layer, W row by row and then b; `layers` are its views. `Parameters` also holds gradients: same
    sizes, same layout.

    θ and its views cannot come apart. What is assigned to `theta`, or to a layer's `W` or `b`, is copied into the
    array that is there, and must have its shape. `copy`, `copy.copy`, `copy.deepcopy` and `pickle` all make a network
    of its own, which shares nothing with this one.

    Raises ValueError for fewer than two sizes, a size below 1, or a dtype that is not float32 or float64.
    """

    sizes: tuple[int, ...]
    theta: FloatArray
    layers: tuple[Layer, ...]
    FIXED = ("sizes", "theta", "layers")

    def __init__(self, sizes: Sequence[int], dtype: DTypeLike = np.float32) -> None:
        self.sizes = _whole(sizes)
        require_dtype(dtype)
        self.theta = np.zeros(sum(D * H + H for D, H in pairwise(self.sizes)), dtype=dtype)
        layers, start = [], 0
        for D, H in pairwise(self.sizes):
            middle, end = start + D * H, start + D * H + H
            layers.append(Layer(W=self.theta[start:middle].reshape(D, H), b=self.theta[middle:end]))
            start = end
        self.layers = tuple(layers)

    def copy(self) -> "Parameters":
        """Return parameters of their own with the same values."""
        return copy.copy(self)

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles are made of: everything but the views, which are made again."""
        return {name: value for name, value in vars(self).items() if name != "layers"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become a network of its own with these sizes and numbers."""
        Parameters.__init__(self, state["sizes"], state["theta"].dtype)
        self.theta = state["theta"]
        vars(self).update({name: value for name, value in state.items() if name not in vars(self)})

    def __repr__(self) -> str:
        return f"Parameters({'-'.join(map(str, self.sizes))}, {self.theta.dtype}, {self.theta.size:,} numbers)"


def require_parameters(params: Parameters, name: str = "params") -> None:
    """Refuse anything but Parameters."""
    if not isinstance(params, Parameters):
        raise ValueError(f"{name} must be Parameters, as sn.initialize returns them, not {type(params).__name__}")


def require_gradients(params: Parameters, grads: Parameters, name: str = "grads") -> None:
    """Refuse anything but Parameters, and gradients laid out like them."""
    if not (isinstance(params, Parameters) and isinstance(grads, Parameters)):
        require_parameters(params)
        require_parameters(grads, name)
    if grads.sizes != params.sizes:
        raise ValueError(f"the gradients are for sizes {grads.sizes} and the parameters have {params.sizes}")


def require_inputs(params: Parameters, X: FloatArray) -> None:
    """Refuse anything but Parameters, and a matrix with a column for each of their inputs."""
    require_parameters(params)
    require_columns("X", X, params.sizes[0])


def require_finite_parameters(params: Parameters) -> None:
    """Refuse parameters that are no longer numbers."""
    require_finite("params.theta", params.theta, "Did training diverge? Begin again with fresh ones, of sn.initialize")


def _whole(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return sizes as a tuple of Python's integers, or refuse them."""
    found = tuple(sizes) if hasattr(sizes, "__iter__") else ()
    whole = all(isinstance(size, int | np.integer) and not isinstance(size, bool) for size in found)
    if not whole or len(found) < 2 or min(found) < 1:
        example = "each a whole number from 1, as in (784, 10, 10)"
        raise ValueError(f"sizes must name inputs and classes at least, {example}, not {sizes!r}")
    return tuple(map(int, found))


def initialize(
    sizes: Sequence[int], rng: np.random.Generator, scheme: str = "he", dtype: DTypeLike = np.float32
) -> Parameters:
    """Return fresh parameters: weights drawn by `scheme`, biases zero except where the scheme says otherwise.

    "he": normal with variance 2/D, D the layer's inputs (He et al., 2015, equation 10).
    "uniform": weights and biases uniform in [−0.5, 0.5), as in the much-copied notebook that reads 85 %.
    "small": normal with standard deviation 0.01.
    "zeros": all zero.
    """
    require_generator(rng)
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
