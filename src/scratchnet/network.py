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

# What `forward` keeps for `backward`, an entry for each layer. Linear and ReLU both keep their input there.
Cache = list[Any]
# For each layer an array that may be written into, or None where it has none yet.
Arrays = list[FloatArray | None]
# So many examples go through the network at once: few enough for their activations to stay in the processor's cache,
# and enough for large matrix products, which are faster than many small ones.
BLOCK = 256


def no_arrays(params: Parameters) -> Arrays:
    """Return the arrays to begin with: none, for every layer of the network."""
    return [None] * len(params.kinds)


def forward(
    params: Parameters, X: FloatArray, rng: np.random.Generator | None = None, out: Arrays | None = None
) -> tuple[FloatArray, Cache]:
    """Return the logits of a batch, and the cache that `backward` needs.

    Shapes: X (N, D); logits Z (N, K). The cache holds what the backward rule of each layer needs: for linear, ReLU,
    linear these are X, Z₁ and A₁. rng: a generator for layers that draw in training, or None where the network is only
    used. out: a list with an array for each layer, which the layer may overwrite with its outputs, or None. Every entry
    is then replaced by the outputs, so that the same list can be passed to the next call. With `out`, nothing is
    checked; without it, a ValueError says what does not fit.
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

    dZ (N, K) is the gradient with respect to the logits, as `cross_entropy_backward` returns it. The walk goes from the
    last layer to the first, and each hands the gradient of its input to the layer before it. Before the first layer
    there is none, so its input needs no gradient. out: a pair of the parameters to be filled with the result, and a
    list with an array for each layer, or None, for the gradient that the layer hands on. With `out`, nothing is
    checked; without it, a ValueError says what does not fit.
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

    `fit` calls an object of this class with (params, X, y, rng) at every step. In a small network, making new arrays
    takes longer than much of the arithmetic. So the object keeps its arrays, and each call writes into those of the
    call before. The gradient that is returned lasts only until the next call: copy it to keep it. X and y are not
    checked. rng: as in `forward`.
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
    """Return the class with the largest logit for each row of X (N, D): labels (N,). In a tie the first class wins.

    Raises ValueError where X or the parameters hold numbers that are not finite.
    """
    return _finite_logits(params, X).argmax(axis=1)


def predict_proba(params: Parameters, X: FloatArray) -> FloatArray:
    """Return the probabilities P (N, K) that the network gives the K classes for each row of X (N, D).

    Raises ValueError where X or the parameters hold numbers that are not finite.
    """
    return softmax(_finite_logits(params, X))


def logits(params: Parameters, X: FloatArray) -> FloatArray:
    """Return the logits (N, K) of any number of examples X (N, D). Nothing is checked."""
    return np.concatenate([Z.copy() for Z, _ in _blocks(params, X)])


def _blocks(params: Parameters, X: FloatArray) -> Iterator[tuple[FloatArray, Cache]]:
    """Yield the logits and the cache of `BLOCK` examples at a time, always in the same arrays: copy what is to be kept.

    This way the memory that is needed does not grow with the number of examples.
    """
    rows = 0
    for start in range(0, len(X), BLOCK):
        block = X[start : start + BLOCK]
        if len(block) != rows:
            rows, arrays = len(block), no_arrays(params)
        yield forward(params, block, out=arrays)


def _finite_logits(params: Parameters, X: FloatArray) -> FloatArray:
    """Return the logits, or refuse X or parameters that are not finite.

    Finite logits prove nothing, because ReLU turns −∞ into 0. So the arrays in the cache are looked at as well.
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
    """Refuse the cache of another network, and an error signal in another shape than the logits."""
    require_parameters(params)
    if len(cache) != len(params.kinds):
        raise ValueError(f"the cache has {len(cache)} layers and the network {len(params.kinds)}: not the same network")
    require_matrix("dZ", dZ)
    rows = len(cache[-1]) if isinstance(cache[-1], np.ndarray) else len(dZ)
    require_shape("dZ", dZ, (rows, params.sizes[-1]), "(that of the logits)")
