"""The whole network: forward through its layers, and the gradient of the loss back through them.

Source: chapter "hidden-layer" (forward) and chapter "backprop" (backward).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchnet.activations import softmax
from scratchnet.losses import cross_entropy_backward
from scratchnet.parameters import Parameters, require_finite_parameters, require_inputs, require_parameters
from scratchnet.shapes import require_finite, require_matrix, require_shape
from scratchnet.types import FloatArray, IntArray

__all__ = ["Backpropagation", "Cache", "backward", "forward", "predict", "predict_proba"]

# What backward needs of forward, a thing for each layer: a linear one keeps its input, and so does ReLU.
Cache = list[Any]
Arrays = list[FloatArray | None]
BLOCK = 256  # examples: with their activations they fit the processor's cache, and products are large enough


def no_arrays(params: Parameters) -> Arrays:
    """Return what `forward` and `backward` take as `out` the first time: no layer has an array yet."""
    return [None] * len(params.kinds)


def forward(
    params: Parameters, X: FloatArray, rng: np.random.Generator | None = None, out: Arrays | None = None
) -> tuple[FloatArray, Cache]:
    """Return the logits of a batch, and the cache that `backward` needs.

    Shapes: X (N, D); logits Z (N, K). The cache holds for each layer what its way back needs: of linear, ReLU, linear
    these are X, Z₁ and A₁. rng: a generator for layers that draw in training, None where the network is only used.
    `out` holds for each layer an array for what it returns, or None, and is given what it returned; with `out`,
    nothing is checked.
    """
    if out is None:
        require_inputs(params, X)
        out = no_arrays(params)
    cache: Cache = []
    for n, (kind, layer) in enumerate(params.network):
        X, saved = kind.forward(layer, X, rng, out[n])
        out[n] = X
        cache.append(saved)
    return X, cache


def backward(
    params: Parameters, cache: Cache, dZ: FloatArray, out: tuple[Parameters, Arrays] | None = None
) -> Parameters:
    """Return the gradient of the loss with respect to every parameter, laid out as `params`.

    dZ (N, K) is the gradient with respect to the logits, as `cross_entropy_backward` returns it. Layers are walked
    from last to first; each hands the gradient of its input to the layer before it. The first one need not.
    `out` is a pair: parameters for the result, and for each layer an array for the gradient that it hands on, or None.
    With `out`, nothing is checked.
    """
    if out is None:
        _require_backward(params, cache, dZ)
        out = Parameters(params.kinds, np.result_type(params.theta, dZ)), no_arrays(params)
    grads, handed_on = out
    for n in reversed(range(len(cache))):
        (kind, layer), (_, grad) = params.network[n], grads.network[n]
        dZ = handed_on[n] = kind.backward(layer, grad, dZ, cache[n], n > 0, handed_on[n])
    return grads


class Backpropagation:
    """The gradient of the mean cross-entropy of a minibatch: forward, loss and backward, one after the other.

    It is the function (params, X, y) that `fit` calls at every step. It hands each function the arrays that the step
    before has filled, because making new ones takes longer than much of what a small network computes: so the next
    call overwrites what this one returned. X and y are not checked. rng: as in `forward`.
    """

    def __init__(self) -> None:
        self.made_for: tuple[Any, ...] = ()

    def __call__(
        self, params: Parameters, X: FloatArray, y: IntArray, rng: np.random.Generator | None = None
    ) -> Parameters:
        if self.made_for != (params, X.shape, X.dtype):
            self.made_for = params, X.shape, X.dtype
            self.forward, self.backward = no_arrays(params), no_arrays(params)
            self.dZ: FloatArray | None = None
            self.grads = Parameters(params.kinds, np.result_type(params.theta, X))
        Z, cache = forward(params, X, rng, out=self.forward)
        self.dZ = cross_entropy_backward(Z, y, out=self.dZ)
        return backward(params, cache, self.dZ, out=(self.grads, self.backward))


def predict(params: Parameters, X: FloatArray) -> IntArray:
    """Return the class with the largest logit for each row of X: labels (N,). The first one wins a tie.

    Raises ValueError where X or the parameters hold numbers that are not finite.
    """
    return _finite_logits(params, X).argmax(axis=1)


def predict_proba(params: Parameters, X: FloatArray) -> FloatArray:
    """Return the probabilities P (N, K) that the network gives the classes for each row of X.

    Raises ValueError where X or the parameters hold numbers that are not finite.
    """
    return softmax(_finite_logits(params, X))


def logits(params: Parameters, X: FloatArray) -> FloatArray:
    """Return the logits (N, K) of any number of examples. Nothing is checked."""
    return np.concatenate([Z.copy() for Z, _ in _blocks(params, X)])


def _blocks(params: Parameters, X: FloatArray) -> Iterator[tuple[FloatArray, Cache]]:
    """Yield the logits and the cache of a few hundred examples at a time, each time in the same arrays.

    So the memory that is needed does not grow with the number of examples, and the arrays fit the processor's cache.
    """
    rows = 0
    for start in range(0, len(X), BLOCK):
        block = X[start : start + BLOCK]
        if len(block) != rows:
            rows, arrays = len(block), no_arrays(params)
        yield forward(params, block, out=arrays)


def _finite_logits(params: Parameters, X: FloatArray) -> FloatArray:
    """Return the logits, or refuse X or parameters that are not finite.

    The logits alone would not show it, because ReLU turns −∞ into 0: so all that was kept on the way is looked at.
    """
    require_inputs(params, X)
    found = []
    with np.errstate(over="ignore", invalid="ignore"):
        for Z, cache in _blocks(params, X):
            if not all(np.isfinite(each).all() for each in (Z, *cache) if isinstance(each, np.ndarray)):
                require_finite_parameters(params)
                require_finite("X", X, "Replace them, for example by np.where(np.isfinite(X), X, 0)")
                raise ValueError("X or params holds numbers so large that the logits overflow")
            found.append(Z.copy())
    return np.concatenate(found)


def _require_backward(params: Parameters, cache: Cache, dZ: FloatArray) -> None:
    require_parameters(params)
    if len(cache) != len(params.kinds):
        raise ValueError(f"the cache has {len(cache)} layers and the network {len(params.kinds)}: not the same network")
    require_matrix("dZ", dZ)
    rows = len(cache[-1]) if isinstance(cache[-1], np.ndarray) else len(dZ)
    require_shape("dZ", dZ, (rows, params.sizes[-1]), "(that of the logits)")
