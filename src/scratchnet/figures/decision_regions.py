"""Decision regions: a few hidden units learn two classes of points in the plane, and the line of each unit is shown."""

import math
from collections.abc import Mapping
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchnet.figures.figure import Figure, drawing, invitation, packed
from scratchnet.losses import cross_entropy, cross_entropy_backward
from scratchnet.metrics import accuracy
from scratchnet.network import backward, forward, predict
from scratchnet.optimizers import SGD
from scratchnet.parameters import Parameters, initialize
from scratchnet.plots import COLORS
from scratchnet.shapes import require_labels, require_matrix

__all__ = ["decision_regions"]

MOST_UNITS, MOST_POINTS, SEEDS = 8, 400, 6
# From this one of the six starts, any number of units learns the two moons. The others show that this takes luck.
SEED = 4
RATE, RATES, STEPS = 1.0, (0.03, 0.1, 0.3, 1.0, 3.0, 30.0, 300.0), 200
Points = tuple[NDArray[np.float64], NDArray[np.int64]]


def decision_regions(data: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Return the figure for sets of points, each by its name: X (N, 2), and y (N,) with labels 0 and 1.

    The first set is shown first. Coordinates are rounded to thousandths. The six starts, drawn by He's scheme, are
    rounded to float32. Raises ValueError where there is no set, and for a set of another form or of more than 400
    points. Source: chapters "hidden-layer" and "backprop".
    """
    sets = {name: _checked(name, *points) for name, points in data.items()}
    if not sets:
        raise ValueError("data must hold a set of points at least")
    everything = np.concatenate([X for X, _ in sets.values()])
    window = [_around(column) for column in everything.T]
    starts = [packed(np.concatenate([start(H, seed).theta for seed in range(SEEDS)])) for H in range(1, MOST_UNITS + 1)]
    numbers = {
        "most": MOST_POINTS,
        "rate": RATE,
        "rates": RATES,
        "seed": SEED,
        "seeds": SEEDS,
        "sets": [{"name": name, "X": X.tolist(), "y": y.tolist()} for name, (X, y) in sets.items()],
        "starts": starts,
        "steps": STEPS,
        "ticks": [_ticks(low, high) for low, high in window],
        "window": window,
    }
    return Figure("decision-regions", numbers, _static(*next(iter(sets.items())), window))


def start(H: int, seed: int) -> Parameters:
    """Return He's start for two inputs, H hidden units and two classes, in float64 with the values of float32."""
    params = Parameters((2, H, 2), np.float64)
    params.theta[:] = initialize((2, H, 2), np.random.default_rng(seed), dtype=np.float64).theta.astype(np.float32)
    return params


def train(params: Parameters, X: NDArray[np.float64], y: NDArray[np.int64], rate: float, steps: int) -> None:
    """Take so many steps of gradient descent, in place, each with the gradient of all points."""
    optimizer = SGD(rate)
    for _ in range(steps):
        Z, cache = forward(params, X)
        optimizer.step(params, backward(params, cache, cross_entropy_backward(Z, y)))


def _checked(name: str, X: ArrayLike, y: ArrayLike) -> Points:
    points, labels = np.asarray(X, np.float64).round(3) + 0.0, np.asarray(y)
    require_matrix(f"the points of {name!r}", points)
    if points.shape[1] != 2 or len(points) > MOST_POINTS or not np.isfinite(points).all():
        raise ValueError(f"{name!r} must have at most {MOST_POINTS} points of two finite numbers, not {points.shape}")
    require_labels(labels, len(points), 2)
    return points, labels.astype(np.int64)


def _around(column: NDArray[np.float64]) -> tuple[float, float]:
    """Return where the picture begins and ends along an axis, some way beyond the points."""
    low, high = float(column.min()), float(column.max())
    beyond = 0.15 * (high - low) or 1.0
    return round(low - beyond, 2), round(high + beyond, 2)


def _ticks(low: float, high: float) -> list[float]:
    """Return the multiples of 1, 2 or 5 times a power of ten that lie between, at most five of them."""
    power = 10.0 ** math.floor(math.log10((high - low) / 5))
    step = next(power * k for k in (1, 2, 5, 10) if (high - low) / (power * k) < 5)
    return [round(k * step, 9) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _static(name: str, points: Points, window: list[tuple[float, float]]) -> str:
    """Return the regions of three trained networks, and a table of how well each does."""
    X, y = points
    pictures, rows, steps = "", "", 1000
    for H in (1, 3, MOST_UNITS):
        params = start(H, SEED)
        train(params, X, y, RATE, steps)
        units = f"{H} hidden unit{'s' if H > 1 else ''}"
        right = round(accuracy(y, predict(params, X)) * len(y))
        loss = cross_entropy(forward(params, X)[0], y)
        pictures += f"<figure>{_panel(params, points, window)}<figcaption>{units}</figcaption></figure>"
        rows += f"<tr><td>{H}</td><td>{loss:.2g}</td><td>{right} of {len(y)}</td></tr>"
    return (
        f"<p><strong>Decision regions.</strong> Networks with one, three and eight hidden units, after {steps} steps "
        f"on the points “{escape(name)}”. One unit draws one straight border. With more, the border turns where it "
        "crosses the line of a unit, shown dashed.</p>"
        f'<div class="sn-row">{pictures}</div>'
        f"<table><tr><th>hidden units</th><th>loss</th><th>points right</th></tr>{rows}</table>"
        + invitation("you can train here, and add points of your own.")
    )


def _panel(params: Parameters, points: Points, window: list[tuple[float, float]]) -> str:
    """Return a picture, 144 by 108, of the regions, of each unit's line, and of the points.

    The region of class 1 is drawn row by row, each row as horizontal strokes.
    """
    width, height, thick = 144, 108, 2
    (left, right), (low, high) = window
    corner, scale = np.array([left, high]), np.array([width / (right - left), -height / (high - low)])
    across, down = np.meshgrid(np.arange(width) + 0.5, np.arange(0, height, thick) + thick / 2)
    plane = np.stack([across.ravel(), down.ravel()], axis=1) / scale + corner
    region = ""
    for row, answers in enumerate(predict(params, plane).reshape(across.shape)):
        edges = np.flatnonzero(np.diff(answers, prepend=0, append=0)).tolist()
        region += "".join(f"M{a} {thick * row + 1}h{b - a}" for a, b in zip(edges[::2], edges[1::2], strict=True))
    lines = ""
    for w, b in zip(params.layers[0].W.T, params.layers[0].b, strict=True):
        slope, first = w / scale, w @ corner + b  # z, in pixels: its value at the corner, and its slope
        nearest, along = -first * slope / (slope @ slope), slope[::-1] * (-1, 1) / np.linalg.norm(slope)
        (x1, y1), (x2, y2) = nearest - 400 * along, nearest + 400 * along
        lines += f"M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}"
    X, y = points
    spots = [f"M{x1:.1f} {x2:.1f}h0" for x1, x2 in (X - corner) * scale]
    circles, squares = ("".join(spot for spot, label in zip(spots, y, strict=True) if label == k) for k in (0, 1))
    data = COLORS["data"]
    shapes = (
        f'<path d="{region}" stroke="{data}" stroke-width="2" opacity="0.2"/>'
        f'<path d="{lines}" stroke="{COLORS["activations"]}" stroke-width="1.2" stroke-dasharray="5 3" fill="none"/>'
        f'<g stroke-linecap="round"><path d="{circles}" stroke="{COLORS["ink"]}" stroke-width="4.5"/>'
        f'<path d="{circles}" stroke="#fff" stroke-width="2.7"/></g>'
        f'<path d="{squares}" stroke="{data}" stroke-width="3.2" stroke-linecap="square"/>'
    )
    return drawing(shapes, (0, 0, width, height), "The regions of the two classes.")
