"""The gradient of a minibatch, in arrays that are made once and used again at every step.

`forward`, `cross_entropy_backward` and `backward` make new arrays each time, check what they are given, and also find
the gradient of the images, which training does not need. For 32 images that costs more than the arithmetic. `Gradient`
does the same operations in the same order, so its numbers are the same to the last bit; `fit` uses it, and the tests
compare. Source: chapter "training".
"""

import numpy as np

from scratchnet.parameters import Parameters
from scratchnet.types import FloatArray, IntArray

__all__ = ["Gradient"]


class Gradient:
    """A function of a minibatch: the gradient of its mean cross-entropy with respect to `params`, as they then are.

    `gradient(X, y)` with X (N, D) and labels y (N,) returns Parameters, which the next call overwrites. The arrays in
    between are those of the call before, or new ones where N has changed. X and y are not checked: a label that is
    no class would count as the nearest one. dtype: that of X.
    """

    def __init__(self, params: Parameters, dtype: np.dtype[np.floating]) -> None:
        self.params = params
        self.grads = Parameters(params.sizes, params.theta.dtype)
        self.kind = np.result_type(params.theta.dtype, dtype)
        self.one_hot = np.eye(params.sizes[-1], dtype=self.kind)
        self.zero = np.zeros((), self.kind)
        # np.dot starts sooner than np.matmul, but fills only arrays of the type that the product has
        self.dot = np.dot if self.kind == params.theta.dtype else np.matmul
        self.make_arrays(0)

    def make_arrays(self, N: int) -> None:
        """Make what a batch of N examples fills, and lay it out beside the parameters that each step takes."""
        self.N = np.array(N, self.kind)  # of the type of what it divides, like zero: nothing is left to convert
        A = [np.empty((N, width), self.kind) for width in self.grads.sizes[1:]]
        *self.hidden, self.output = [(layer.W, layer.b, Z) for layer, Z in zip(self.params.layers, A, strict=True)]
        self.Y = np.empty_like(A[-1])
        self.row = np.empty((N, 1), self.kind)
        later = list(zip(A[:-1], self.params.layers[1:], self.grads.layers[1:], strict=True))
        self.later = [(Z, layer.W.T, grad.W, grad.b, np.empty_like(Z)) for Z, layer, grad in reversed(later)]

    def __call__(self, X: FloatArray, y: IntArray) -> Parameters:
        if len(X) != len(self.row):
            self.make_arrays(len(X))
        A, row, dot = X, self.row, self.dot
        for W, b, Z in self.hidden:  # forward
            dot(A, W, out=Z)
            np.add(Z, b, out=Z)
            A = np.maximum(Z, self.zero, out=Z)
        W, b, dZ = self.output
        dot(A, W, out=dZ)
        np.add(dZ, b, out=dZ)
        np.maximum.reduce(dZ, axis=1, keepdims=True, out=row)  # (softmax(Z) − Y)/N, in the place of Z
        np.subtract(dZ, row, out=dZ)
        np.exp(dZ, out=dZ)
        np.add.reduce(dZ, axis=1, keepdims=True, out=row)
        np.divide(dZ, row, out=dZ)
        np.subtract(dZ, self.one_hot.take(y, axis=0, out=self.Y, mode="clip"), out=dZ)
        np.divide(dZ, self.N, out=dZ)
        for A, WT, dW, db, dA in self.later:  # backward
            dot(A.T, dZ, out=dW)
            np.add.reduce(dZ, axis=0, out=db)
            dot(dZ, WT, out=dA)
            on = np.greater(A, self.zero, out=A)  # 1 where a unit is on, else 0; its activations have served
            dZ = np.multiply(dA, on, out=dA)
        first = self.grads.layers[0]
        dot(X.T, dZ, out=first.W)
        np.add.reduce(dZ, axis=0, out=first.b)
        return self.grads
