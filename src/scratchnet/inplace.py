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
        self.layers = params.layers
        self.grads = Parameters(params.sizes, params.theta.dtype)
        self.kind = np.result_type(params.theta.dtype, dtype)
        self.one_hot = np.eye(params.sizes[-1], dtype=self.kind)
        self.make_arrays(0)

    def make_arrays(self, N: int) -> None:
        """Make what a batch of N examples fills."""
        widths = self.grads.sizes[1:]
        self.A = [np.empty((N, width), self.kind) for width in widths]
        self.dA = [np.empty((N, width), self.kind) for width in widths[:-1]]
        self.Y = np.empty((N, widths[-1]), self.kind)
        self.row = np.empty((N, 1), self.kind)

    def __call__(self, X: FloatArray, y: IntArray) -> Parameters:
        N, last = len(X), len(self.layers) - 1
        if len(self.row) != N:
            self.make_arrays(N)
        A = [X, *self.A]  # the input of each layer, and the logits
        for index, layer in enumerate(self.layers):  # forward
            Z = A[index + 1]
            np.matmul(A[index], layer.W, out=Z)
            np.add(Z, layer.b, out=Z)
            if index < last:
                np.maximum(Z, 0, out=Z)
        dZ, row = A[-1], self.row  # (softmax(Z) − Y)/N, in the place of Z
        np.maximum.reduce(dZ, axis=1, keepdims=True, out=row)
        np.subtract(dZ, row, out=dZ)
        np.exp(dZ, out=dZ)
        np.add.reduce(dZ, axis=1, keepdims=True, out=row)
        np.divide(dZ, row, out=dZ)
        np.subtract(dZ, self.one_hot.take(y, axis=0, out=self.Y, mode="clip"), out=dZ)
        np.divide(dZ, N, out=dZ)
        for index in reversed(range(last + 1)):  # backward
            layer = self.grads.layers[index]
            np.matmul(A[index].T, dZ, out=layer.W)
            np.add.reduce(dZ, axis=0, out=layer.b)
            if index > 0:
                on = np.greater(A[index], 0, out=A[index])  # 1 where a unit is on, else 0; its activations have served
                dZ = np.matmul(dZ, self.layers[index].W.T, out=self.dA[index - 1])
                np.multiply(dZ, on, out=dZ)
        return self.grads
