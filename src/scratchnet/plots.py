"""The pictures that several chapters draw: grids of images, curves of a training run, bars of a distribution.

One colour stands for one kind of thing everywhere in the book, and never alone: a label says it too. All four read at
4.5:1 or better on white and stay apart for readers who do not see red and green. Each function returns a Figure and
leaves showing it to the caller.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from scratchnet.training import History

COLORS = {
    "data": "#0072B2",
    "parameters": "#B8480B",
    "activations": "#00745A",
    "gradients": "#A03C84",
    "ink": "#333333",
    "muted": "#6B6B6B",
}


def use_style() -> None:
    """Set Matplotlib's defaults for the book: sizes that stay readable on a phone, no box, calm grid."""
    import matplotlib as mpl

    colors = [COLORS[kind] for kind in ("data", "parameters", "activations", "gradients")]
    mpl.rcParams.update(
        {
            "figure.figsize": (6.4, 3.8),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.size": 12,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": COLORS["muted"],
            "axes.labelcolor": COLORS["ink"],
            "axes.prop_cycle": mpl.rcsetup.cycler(color=colors),
            "axes.titlesize": 12,
            "text.color": COLORS["ink"],
            "xtick.color": COLORS["muted"],
            "ytick.color": COLORS["muted"],
            "lines.linewidth": 2,
            "savefig.bbox": "tight",
        }
    )


def image_grid(
    images: np.ndarray[Any, np.dtype[Any]],
    titles: Sequence[str] | None = None,
    columns: int = 5,
    signed: bool = False,
) -> "Figure":
    """Draw each row of `images` (n, 784) as a 28x28 picture, `columns` to a line, with a title above each.

    Ink is dark on white. With `signed`, zero is white, positive purple and negative orange, on one scale for all
    pictures, as suits weights.
    """
    import matplotlib.pyplot as plt

    count = len(images)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.3 * columns, 1.55 * rows), squeeze=False)
    limit = float(np.abs(images).max()) if signed else None
    for axis in axes.flat:
        axis.axis("off")
    for index, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        square = np.asarray(image).reshape(28, 28)
        if limit is not None:
            axis.imshow(square, cmap="PuOr", vmin=-limit, vmax=limit)
        else:
            axis.imshow(square, cmap="gray_r")
        if titles is not None:
            axis.set_title(titles[index])
    return figure


def history_curves(history: "History") -> "Figure":
    """Draw loss (left) and accuracy (right) per epoch, training against dev, each line labelled at its end."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.3))
    panels = (
        (left, "loss (nats)", history.loss, history.dev_loss),
        (right, "accuracy", history.accuracy, history.dev_accuracy),
    )
    for axis, name, train, dev in panels:
        epochs = range(1, len(train) + 1)
        axis.plot(epochs, train, color=COLORS["data"])
        if dev:
            axis.plot(epochs, dev, color=COLORS["activations"], linestyle="--")
        low, high = axis.get_ylim()
        ends = [("training", train, "data"), ("dev", dev, "activations")] if dev else [("training", train, "data")]
        ends.sort(key=lambda end: end[1][-1])
        close = len(ends) == 2 and ends[1][1][-1] - ends[0][1][-1] < 0.1 * (high - low)
        for (label, line, color), up in zip(ends, (-8, 8) if close else (0, 0), strict=False):
            spot: dict[str, Any] = {"xytext": (5, up), "textcoords": "offset points", "va": "center"}
            axis.annotate(label, (len(line), line[-1]), color=COLORS[color], annotation_clip=False, **spot)
        axis.set_xlabel("epoch")
        axis.set_ylabel(name)
    return figure
