"""The whole network: forward through its layers, and the gradient of the loss back through them.

Source: chapter "hidden-layer" (forward) and chapter "backprop" (backward).
"""

import numpy as np

from scratchnet.activations import relu, relu_backward, softmax
from scratchnet.layers import linear, linear_backward
from scratchnet.parameters import Parameters, require_finite_parameters, require_inputs, require_parameters
from scratchnet.shapes import require_finite
from scratchnet.types import FloatArray, IntArray

__all__ = ["Cache", "backward", "forward", "predict", "predict_proba"]

# What backward needs of forward: for each layer its input, and for each hidden layer what went into its ReLU.
Cache = list[tuple[FloatArray, FloatArray]]


def forward(params: Parameters, X: FloatArray) -> tuple[FloatArray, Cache]:
    """Return the logits of a batch, and the cache that `backward` needs.

    Shapes: X (N, D); logits Z (N, K). The cache holds a pair (input, Z) for each layer. Every layer is linear, and
    ReLU stands between layers; after the last comes none, because the loss takes logits.
    """
    require_inputs(params, X)
    cache: Cache = []
    A = X
    for layer in params.layers[:-1]:
        Z = linear(A, layer.W, layer.b)
        cache.append((A, Z))
        A = relu(Z)
    last = params.layers[-1]
    Z = linear(A, last.W, last.b)
    cache.append((A, Z))
    return Z, cache


def backward(params: Parameters, cache: Cache, dZ: FloatArray) -> Parameters:
    """Return the gradient of the loss with respect to every parameter, laid out as `params`.

    dZ (N, K) is the gradient with respect to the logits, as `cross_entropy_backward` returns it. Layers are walked
    from last to first; each hands the gradient of its input to the layer before it.
    """
    require_parameters(params)
    if len(cache) != len(params.layers):
        raise ValueError(
            f"the cache has {len(cache)} layers and the network {len(params.layers)}: not the same network"
        )
    grads = Parameters(params.sizes, params.theta.dtype)
    for index in reversed(range(len(params.layers))):
        A, _ = cache[index]
        dA, grads.layers[index].W[:], grads.layers[index].b[:] = linear_backward(dZ, A, params.layers[index].W)
        if index > 0:
            _, Z_before = cache[index - 1]
            dZ = relu_backward(dA, Z_before)
    return grads


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


def _finite_logits(params: Parameters, X: FloatArray) -> FloatArray:
    """Return the logits, or refuse X or parameters that are not finite.

    A number in X that is not finite makes every sum of its row so in the first layer, where there are few to look at.
    The logits alone would not show it, because ReLU turns −∞ into 0.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        Z, cache = forward(params, X)
    if not (np.isfinite(cache[0][1]).all() and np.isfinite(Z).all()):
        require_finite_parameters(params)
        require_finite("X", X, "Replace them, for example by np.where(np.isfinite(X), X, 0)")
        raise ValueError("X or params holds numbers so large that the logits overflow")
    return Z
