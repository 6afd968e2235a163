"""All weights and biases of a network in one flat vector θ, and where they start.

With one vector the update is literally θ ← θ − η∇L, the gradient check walks along one array, and a saved network is
one array. Each layer's W and b are views into it, so the two always agree. Source: chapter "initialisation".
"""

import copy
from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.activations import ReLU
from scratchnet.kinds import Kind, size_of, sizes_of
from scratchnet.layers import Linear
from scratchnet.shapes import require_columns, require_dtype, require_finite, require_generator
from scratchnet.types import FloatArray

__all__ = ["Layer", "Parameters", "initialize"]


class NeverRebound:
    """An object whose attributes named in `FIXED` are never replaced: what is assigned is copied into the array there.

    So every view of the array sees the new numbers, and `theta = theta - g` means the same as `theta -= g`.
    """

    FIXED: ClassVar[tuple[str, ...]] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        kept = self.__dict__.get(name)
        if value is kept:
            return  # `theta -= g` has changed the array in place, and then assigns the array to itself
        if name not in self.FIXED or kept is None:
            super().__setattr__(name, value)
        elif not isinstance(kept, np.ndarray):
            raise AttributeError(f"{name} cannot be replaced: make new Parameters, or write into theta, W and b")
        else:
            values = np.asarray(value)
            if values.shape != kept.shape:
                raise ValueError(f"{name} must keep its shape {kept.shape} and cannot become {values.shape}")
            if not np.can_cast(values.dtype, kept.dtype, "same_kind"):
                raise ValueError(f"{name} must be real numbers, not dtype {values.dtype}")
            kept[...] = values


class Layer(NeverRebound):
    """One layer's parameters, by name: for a linear layer the weights W (D, H) and the biases b (H,).

    They are views of the network's θ, and remain so when numbers are assigned to them.
    """

    W: FloatArray
    b: FloatArray
    FIXED = property(lambda self: tuple(vars(self)))

    def __init__(self, **arrays: FloatArray) -> None:
        vars(self).update(arrays)

    def __repr__(self) -> str:
        return f"Layer({', '.join(f'{name} {array.shape}' for name, array in vars(self).items())})"


class Parameters(NeverRebound):
    """The parameters of a network, all zero to begin with.

    network: the kinds of its layers from first to last, such as `[Linear(784, 10), Tanh(), Linear(10, 10)]`; or sizes:
    inputs, hidden units …, classes. (784, 10, 10) is short for linear, ReLU, linear: every layer of such a network is
    linear, and ReLU stands between layers; after the last comes none, because the loss takes logits.

    `theta` (Q,) holds every number, layer after layer, W row by row and then b. `layers` are its views, one Layer for
    each that has parameters. `kinds` are all layers of the network, and `network` pairs each with its Layer, which is
    empty where there are no parameters. `sizes` are the numbers of columns between them. The gradients of a network
    are `Parameters` too, with the same layout.

    θ and its views always agree. What is assigned to `theta`, or to a layer's `W` or `b`, is copied into the array that
    is there, and must have its shape. `copy`, `copy.copy`, `copy.deepcopy` and `pickle` all make another network, which
    shares no memory with this one.

    Raises ValueError for fewer than two sizes, a size below 1, layers that do not fit together, or a dtype that is not
    float32 or float64.
    """

    kinds: tuple[Kind, ...]
    sizes: tuple[int, ...]
    theta: FloatArray
    network: tuple[tuple[Kind, Layer], ...]
    layers: tuple[Layer, ...]
    FIXED = ("kinds", "sizes", "theta", "network", "layers")

    def __init__(self, network: Sequence[int] | Sequence[Kind], dtype: DTypeLike = np.float32) -> None:
        self.kinds = _kinds(network)
        self.sizes = sizes_of(self.kinds)
        require_dtype(dtype)
        self.theta = np.zeros(sum(map(size_of, self.kinds)), dtype=dtype)
        views, start = [], 0
        for kind in self.kinds:
            arrays = {}
            for name, shape in kind.shapes.items():
                end = start + prod(shape)
                arrays[name] = self.theta[start:end].reshape(shape)
                start = end
            views.append(Layer(**arrays))
        self.network = tuple(zip(self.kinds, views, strict=True))
        self.layers = tuple(layer for layer in views if vars(layer))

    def copy(self) -> "Parameters":
        """Return other parameters with the same values, in memory of their own."""
        return copy.copy(self)

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes into copies and pickles: everything but the views, which `__setstate__` makes again."""
        return {name: value for name, value in vars(self).items() if name not in ("network", "layers")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become a network with these layers and numbers, in memory of its own."""
        Parameters.__init__(self, state.get("kinds", state["sizes"]), state["theta"].dtype)
        self.theta = state["theta"]
        vars(self).update({name: value for name, value in state.items() if name not in vars(self)})

    def __repr__(self) -> str:
        return f"Parameters({described(self)}, {self.theta.dtype}, {self.theta.size:,} numbers)"


def require_parameters(params: Parameters, name: str = "params") -> None:
    """Refuse anything but Parameters."""
    if not isinstance(params, Parameters):
        raise ValueError(f"{name} must be Parameters, as sn.initialize returns them, not {type(params).__name__}")


def require_gradients(params: Parameters, grads: Parameters, name: str = "grads") -> None:
    """Refuse anything but Parameters, and gradients laid out like them."""
    if not (isinstance(params, Parameters) and isinstance(grads, Parameters)):
        require_parameters(params)
        require_parameters(grads, name)
    if grads.kinds != params.kinds:
        raise ValueError(
            f"the gradients are for a network {described(grads)} and the parameters for {described(params)}"
        )


def require_inputs(params: Parameters, X: FloatArray) -> None:
    """Refuse anything but Parameters, and a matrix with a column for each of their inputs."""
    require_parameters(params)
    require_columns("X", X, params.sizes[0])


def require_finite_parameters(params: Parameters) -> None:
    """Refuse parameters that are no longer numbers."""
    require_finite("params.theta", params.theta, "Did training diverge? Begin again with fresh ones, of sn.initialize")


def described(params: Parameters) -> str:
    """Return a network in a few words: its sizes where every layer is linear with ReLU between, or its layers."""
    if params.kinds == between(params.sizes):
        return "-".join(map(str, params.sizes))
    return ", ".join(map(str, params.kinds))


def _kinds(network: Sequence[int] | Sequence[Kind]) -> tuple[Kind, ...]:
    """Return the layers of a network that is given by its layers or by its sizes, or refuse it."""
    found: tuple[Any, ...] = tuple(network) if hasattr(network, "__iter__") else ()
    if any(isinstance(each, Kind) for each in found):
        for each in found:
            if not isinstance(each, Kind):
                remedy = f"{each.__name__}(…)" if isinstance(each, type) else "sn.Linear(784, 10) or sn.ReLU()"
                raise ValueError(f"a network must be all layers or all sizes, and {each!r} is no layer. Write {remedy}")
        return found
    whole = all(isinstance(size, int | np.integer) and not isinstance(size, bool) for size in found)
    if not whole or len(found) < 2 or min(found) < 1:
        example = "each a whole number from 1, as in (784, 10, 10)"
        raise ValueError(f"sizes must name inputs and classes at least, {example}, not {network!r}")
    return between(tuple(map(int, found)))


def between(sizes: Sequence[int]) -> tuple[Kind, ...]:
    """Return linear layers of these sizes, with ReLU between them."""
    kinds = [kind for D, H in pairwise(sizes) for kind in (Linear(D, H), ReLU())]
    return tuple(kinds[:-1])


def initialize(
    network: Sequence[int] | Sequence[Kind],
    rng: np.random.Generator,
    scheme: str = "he",
    dtype: DTypeLike = np.float32,
) -> Parameters:
    """Return fresh parameters of a network, given by its sizes or its layers: each layer draws its own, by `scheme`.

    Weights are drawn, and biases are zero except where the scheme says otherwise. Raises ValueError for a scheme that
    is not one of these, and for what `Parameters` refuses.

    "he": normal with variance 2/D, D the layer's inputs (He et al., 2015, equation 10).
    "uniform": weights and biases uniform in [−0.5, 0.5), as in the much-copied notebook that reads 85 %.
    "small": normal with standard deviation 0.01.
    "zeros": all zero.
    """
    require_generator(rng)
    params = Parameters(network, dtype)
    for kind, layer in params.network:
        kind.start(layer, rng, scheme)
    return params
