"""Softmax and cross-entropy: how probabilities, loss and gradient follow a logit, and how exp overflows at 1000."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.activations import softmax
from scratchnet.figures.figure import Figure, invitation
from scratchnet.losses import cross_entropy, cross_entropy_backward
from scratchnet.types import FloatArray

__all__ = ["softmax_explorer"]

LIMIT = 100  # the logits at the start go from −100 to 100; a reader may go further
SHIFT = 1000  # what the button adds to every logit


def softmax_explorer(logits: Sequence[float] = (2.0, 1.0, 0.0), y: int | None = 0) -> Figure:
    """Return the figure for one example. It begins with these logits, three to five of them; the true class is y.

    Logits are rounded to four decimals. With y=None no class is true, and the figure leaves out loss and gradient, as
    suits a reader who has not met them. Raises ValueError for another number of logits, for logits that are not numbers
    from −100 to 100, and for a y that is no class.
    """
    z = np.asarray(logits, np.float64).round(4) + 0.0  # adding 0.0 turns −0.0 into 0.0
    if z.ndim != 1 or not 3 <= z.size <= 5:
        raise ValueError(f"logits must be three to five numbers, not an array of shape {z.shape}")
    if not (np.abs(z) <= LIMIT).all():
        raise ValueError(f"logits must be numbers from -{LIMIT} to {LIMIT}, not {z.tolist()}")
    if y is not None and y not in range(z.size):
        raise ValueError(f"y must be a class from 0 to {z.size - 1}, or None, not {y!r}")
    data = {"logits": z.tolist(), "y": None if y is None else int(y)}
    return Figure("softmax-explorer", data, _static(z, y))


def _static(z: FloatArray, y: int | None) -> str:
    """Return a table of what the figure shows first, and one of both forms after 1000 was added."""
    p = softmax(z[None])[0]
    heads = ["class", "z", "p"]
    columns: list[Any] = [range(len(z)), map(_plain, z), map(_three, p)]
    lesson = "Softmax turns logits z into probabilities p: what one class gains, the others lose."
    if y is not None:
        label = np.array([y])
        slope = cross_entropy_backward(z[None], label)[0]
        loss = cross_entropy(z[None], label)
        heads += ["y", "p − y"]
        columns += [np.eye(len(z), dtype=int)[y], map(_three, slope)]
        lesson += (
            f" Class {y} is true, so its y is 1; the loss is {_three(loss)} nats. Only its p − y is negative: "
            "raising its logit lowers the loss, and so does lowering the others."
        )
    high = z + SHIFT
    with np.errstate(over="ignore", invalid="ignore"):
        written = np.exp(high) / np.exp(high).sum()
    both = [map(_plain, high), ["no value" if np.isnan(v) else _three(v) for v in written], map(_three, p)]
    return (
        f"<p><strong>Softmax{'' if y is None else ' and cross-entropy'}.</strong> {lesson}</p>{_table(heads, columns)}"
        f"<p>Add {SHIFT} to every logit, and on paper no probability changes. But exp({_plain(high.max())}) is larger "
        "than any float: ∞/∞ has no value. With the largest logit m taken out first, the largest exponential is "
        f"exp(0) = 1.</p>{_table(['z', 'exp(z) / sum', 'exp(z − m) / sum'], both)}"
        + invitation("you can move the logits yourself here.")
    )


def _three(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}".replace("-", "−")


def _plain(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".").replace("-", "−")


def _table(heads: list[str], columns: list[Any]) -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in zip(*columns, strict=True))
    return f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>{rows}</table>"
