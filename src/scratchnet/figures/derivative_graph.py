"""Derivative graph: a small expression as a graph, forward and back, node by node. The reader can type another."""

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

from scratchnet.autodiff import Node, users_first, walk_back
from scratchnet.figures.figure import Figure, invitation

__all__ = ["derivative_graph"]

LIMIT = 3  # variables go from −3 to 3
# The first is that of chapter 6, with (a − 4)² written as a product. In the second and third a value is used twice.
EXPRESSIONS = (
    "(relu(w * x + b) - 4) * (relu(w * x + b) - 4)",
    "x * x + w * x",
    "exp(x) / (exp(x) + exp(w))",
    "log(1 + exp(-w * x))",
    "relu(x) - relu(-x)",
    "tanh(w * x + b)",
)
START = {"x": 2.0, "w": 3.0, "b": -1.0}


def derivative_graph(values: Mapping[str, float] = START) -> Figure:
    """Return the figure, which begins with these values of its three variables x, w and b.

    Raises ValueError for other names, and for values that are not numbers from −3 to 3. Source: chapter "autodiff".
    """
    if set(values) != set(START):
        raise ValueError(f"values must name x, w and b, not {', '.join(map(str, values))}")
    for name, value in values.items():
        if not -LIMIT <= value <= LIMIT:
            raise ValueError(f"{name} must be a number from -{LIMIT} to {LIMIT}, not {value}")
    start = {name: float(values[name]) for name in START}
    return Figure("derivative-graph", {"expressions": EXPRESSIONS, "limit": LIMIT, "values": start}, _static(start))


def _static(values: Mapping[str, float]) -> str:
    """Return a table of the nodes of w x + b, bent by ReLU and squared: what each is, its value and its gradient."""
    leaves = {name: Node(np.float64(value)) for name, value in values.items()}
    product = leaves["w"] * leaves["x"]
    total = product + leaves["b"]
    bent = np.maximum(total, 0)
    off = bent - 4
    end = off * off
    names = {product: "u = w · x", total: "v = u + b", bent: "a = relu(v)", off: "e = a − 4", end: "L = e · e"}
    names |= {leaf: name for name, leaf in leaves.items()}
    arrived = walk_back(end)
    rows = "".join(
        f"<tr><td>{escape(names[node])}</td><td>{_short(node.value)}</td><td>{_short(arrived[node])}</td></tr>"
        for node in reversed(users_first(end))
    )
    return (
        "<p><strong>A program that writes itself down.</strong> On the way forward each line makes a value, from the "
        "top down. On the way back each line hands a gradient to what it used, from the bottom up: what arrives, "
        f"times the slope.</p><table><tr><th>node</th><th>value</th><th>gradient</th></tr>{rows}</table>"
        + invitation("you can choose or type an expression, change its numbers, and walk it forward and back.")
    )


def _short(value: Any) -> str:
    return f"{float(value) + 0.0:.3g}".replace("-", "−")
