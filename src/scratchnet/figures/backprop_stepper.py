"""Backprop stepper: the network on paper of chapter 6, forward and back, one line of NumPy at a time."""

from collections.abc import Iterable
from html import escape
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from scratchnet.activations import relu, relu_backward, softmax
from scratchnet.figures.figure import Figure, invitation
from scratchnet.layers import linear, linear_backward
from scratchnet.losses import cross_entropy, cross_entropy_backward
from scratchnet.parameters import Parameters

__all__ = ["backprop_stepper"]

Row = tuple[list[str], ArrayLike]  # of one line of NumPy: for each number the sum that it comes from, and the numbers
SIZES = (2, 2, 2)
PAPER = (1, -1, 1, 1, -1, 0, 1, -1, -2, 2, 2, 1)  # θ: W1 row by row, b1, W2 row by row, b2
LIMIT = 1_000_000
IMAGES = ({"x": (1, 2), "y": 0}, {"x": (2, 1), "y": 1})
# The lines of chapter 7. The figure lights them up one after the other, `P` and `loss` together.
FORWARD = (
    "Z1 = X @ W1 + b1",
    "A1 = np.maximum(Z1, 0)",
    "Z2 = A1 @ W2 + b2",
    "P = sn.softmax(Z2)",
    "loss = sn.cross_entropy(Z2, y)",
)
BACKWARD = (
    "dZ2 = (P - Y) / N",
    "dW2 = A1.T @ dZ2",
    "db2 = dZ2.sum(axis=0)",
    "dA1 = dZ2 @ W2.T",
    "dZ1 = dA1 * (Z1 > 0)",
    "dW1 = X.T @ dZ1",
    "db1 = dZ1.sum(axis=0)",
    "dX = dZ1 @ W1.T",
)


def backprop_stepper(params: Parameters | None = None) -> Figure:
    """Return the figure for a network 2-2-2, by default that of chapter 6.

    The figure begins with these parameters and with the first image of chapter 6, x = (1, 2) of the first class.
    Raises ValueError for a network of other sizes, and for parameters beyond a million, for which it has no room.
    Source: chapters "chain-rule" and "backprop".
    """
    if params is None:
        params = Parameters(SIZES, np.float64)
        params.theta[:] = PAPER
    if params.sizes != SIZES:
        raise ValueError(f"params must be a network 2-2-2, not {'-'.join(map(str, params.sizes))}")
    if not (np.abs(params.theta) <= LIMIT).all():
        raise ValueError(f"params must lie between -{LIMIT:,} and {LIMIT:,}: one of them does not")
    data = {"backward": BACKWARD, "forward": FORWARD, "images": IMAGES, "sizes": SIZES, "theta": params.theta.tolist()}
    return Figure("backprop-stepper", data, _static(params))


def _static(params: Parameters) -> str:
    """Return both passes as tables: each line of NumPy, and the products and sums that it computes."""
    (W1, b1), (W2, b2) = [(layer.W, layer.b) for layer in params.layers]
    X, y = np.array([IMAGES[0]["x"]], params.theta.dtype), np.array([IMAGES[0]["y"]])
    Z1 = linear(X, W1, b1)
    A1 = relu(Z1)
    Z2 = linear(A1, W2, b2)
    P, dZ2 = softmax(Z2), cross_entropy_backward(Z2, y)
    dA1, dW2, db2 = linear_backward(dZ2, A1, W2)
    dZ1 = relu_backward(dA1, Z1)
    dX, dW1, db1 = linear_backward(dZ1, X, W1)
    both, all_four, ones = range(2), list(product(range(2), repeat=2)), (1.0, 1.0)
    forward: tuple[Row, ...] = (
        ([_sum(zip(X[0], W1[:, h], strict=True), b1[h]) for h in both], Z1),
        ([f"relu({_short(z)})" for z in Z1[0]], A1),
        ([_sum(zip(A1[0], W2[:, k], strict=True), b2[k]) for k in both], Z2),
        ([f"p of the {name} class" for name in ("first", "second")], P),
        (["−log p of the first class"], cross_entropy(Z2, y)),
    )
    backward: tuple[Row, ...] = (
        ([_sum([(p - (k == y[0]), 1.0)]) for k, p in enumerate(P[0])], dZ2),
        ([_sum([(A1[0, h], dZ2[0, k])]) for h, k in all_four], dW2),
        ([_sum([pair]) for pair in zip(ones, dZ2[0], strict=True)], db2),
        ([_sum(zip(W2[h], dZ2[0], strict=True)) for h in both], dA1),
        ([_sum([(float(Z1[0, h] > 0), dA1[0, h])]) for h in both], dZ1),
        ([_sum([(X[0, d], dZ1[0, h])]) for d, h in all_four], dW1),
        ([_sum([pair]) for pair in zip(ones, dZ1[0], strict=True)], db1),
        ([_sum(zip(W1[d], dZ1[0], strict=True)) for d in both], dX),
    )
    return (
        "<p><strong>A network on paper, forward and back.</strong> Two inputs, two hidden units, two scores. "
        "The right class is the first. Each line uses only lines above it.</p>"
        f"{_table(FORWARD, forward)}"
        "<p>On the way back each product is <em>local derivative</em> · <em>what arrives from above</em>. Where a "
        "value was used twice, two products are added.</p>"
        f"{_table(BACKWARD, backward)}" + invitation("you can step through it here and change every number.")
    )


def _table(lines: Iterable[str], rows: Iterable[Row]) -> str:
    """Return an HTML table: a line of NumPy, and beside it each of its numbers."""
    body = ""
    for line, (sums, result) in zip(lines, rows, strict=True):
        numbers = "<br>".join(f"{how} = {_short(value)}" for how, value in zip(sums, np.ravel(result), strict=True))
        body += f"<tr><td><code>{escape(line)}</code></td><td>{numbers}</td></tr>"
    return f"<table>{body}</table>"


def _short(value: float) -> str:
    """Return a number to three digits, with a minus sign and not a hyphen."""
    return f"{value + 0.0:.3g}".replace("-", "−")  # adding 0.0 turns −0.0 into 0.0


def _sum(products: Iterable[tuple[float, float]], bias: float | None = None) -> str:
    """Return "2·1 + (−1)·3 − 1" as a reader would write it."""

    def factor(value: float) -> str:
        return f"({_short(value)})" if value < 0 else _short(value)

    text = " + ".join(f"{factor(left)}·{factor(right)}" for left, right in products)
    return text if bias is None else f"{text} {'−' if bias < 0 else '+'} {_short(abs(bias))}"
