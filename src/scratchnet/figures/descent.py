"""Descent: a loss of two parameters, which is a bowl, and the path of steps against its gradient."""

import base64
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchnet.figures.figure import Figure, drawing, invitation
from scratchnet.optimizers import SGD, Adam, Momentum, Optimizer
from scratchnet.parameters import Parameters
from scratchnet.plots import COLORS
from scratchnet.shapes import require_generator

__all__ = ["descent"]

BOWL = ((5.0, 4.0), (4.0, 5.0))  # that of chapter 10, whose curvature is 9 across the valley and 1 along it
EXAMPLES, EPOCHS, SIGMA = 64, 50, 2.0
BATCHES = (64, 8, 1)
RUN = 40  # steps
OPTIMIZERS = ("SGD", "Momentum", "Adam")
STILL = 15  # how many steps a path has in the static picture
LEVELS = np.array([0.03, 0.15, 0.4, 0.9, 1.8, 3.2])  # the losses of the contours, in units of the loss at the start
REACH = 1.5  # how far the picture extends from its centre, in units of the larger coordinate of the start
Floats = NDArray[np.float64]


def descent(
    C: ArrayLike = BOWL,
    rng: np.random.Generator | None = None,
    start: tuple[float, float] = (2.0, 0.0),
    optimizers: Sequence[str] = ("SGD",),
) -> Figure:
    """Return the figure for the loss L(w) = ½ wᵀCw, the mean of ℓₙ(w) = L(w) + ξₙ·w over 64 examples.

    C (2, 2): the Hessian, symmetric, with positive eigenvalues. rng: draws the ξₙ, which sum to zero, and the order of
    the examples in each epoch; without one, the seed is 0. start: the point where the path begins, which must not be
    the minimum, 0. optimizers: those of "SGD", "Momentum" and "Adam" that the reader can choose from. Raises ValueError
    for arguments that are not so. Source: chapters "sgd" and "optimizers".
    """
    hessian, w = np.asarray(C, np.float64), np.asarray(start, np.float64)
    if hessian.shape != (2, 2) or not np.isfinite(hessian).all() or hessian[0, 1] != hessian[1, 0]:
        raise ValueError(f"C must be symmetric, of shape (2, 2), not {hessian.tolist()}")
    (low, high), angle = curvatures(hessian)
    if low <= 0:
        raise ValueError(f"C must have positive eigenvalues, not {low:.3g} and {high:.3g}: this is no bowl")
    if w.shape != (2,) or not np.isfinite(w).all() or not w.any():
        raise ValueError(f"start must be two numbers, not both 0, not {w.tolist()}")
    if not optimizers or isinstance(optimizers, str) or not set(optimizers) <= set(OPTIMIZERS):
        raise ValueError(f"optimizers must be some of {', '.join(OPTIMIZERS)}, not {optimizers!r}")
    rng = np.random.default_rng(0) if rng is None else rng
    require_generator(rng)
    noise, orders = draws(rng)
    limit, tick = 2 / high, _tick(high)
    data = {
        "angle": angle,
        "batches": BATCHES,
        "C": hessian.tolist(),
        "curvatures": [low, high],
        "levels": (loss(hessian, w) * LEVELS).tolist(),
        "noise": noise.tolist(),
        "optimizers": list(optimizers),
        "orders": base64.b64encode(orders.astype(np.uint8).tobytes()).decode(),
        "rates": {"first": 10 * tick, "tick": tick, "most": tick * math.ceil(1.2 * limit / tick)},
        "reach": REACH * float(np.abs(w).max()),
        "run": RUN,
        "start": w.tolist(),
    }
    batches = noise[orders]
    still = _static(hessian, w, batches) if tuple(optimizers) == ("SGD",) else _rules(hessian, w, batches, optimizers)
    return Figure("descent", data, still)


def curvatures(C: Floats) -> tuple[tuple[float, float], float]:
    """Return the eigenvalues of a symmetric C (2, 2), and the angle of the steepest direction, in degrees."""
    half, middle = (C[0, 0] - C[1, 1]) / 2, (C[0, 0] + C[1, 1]) / 2
    apart = math.hypot(half, C[0, 1])
    return (float(middle - apart), float(middle + apart)), math.degrees(math.atan2(C[0, 1], half) / 2)


def _tick(high: float) -> float:
    """Return the smallest change of the rate that a reader can make: a twentieth of the power of ten below 2 / high."""
    return 10.0 ** math.floor(math.log10(2 / high)) / 20


def draws(rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """Return ξ (64, 2), and the order of the 64 examples in each of 50 epochs.

    Each ξ is a whole number of 64ths, and −ξ is among them too. So they sum to zero exactly, in whatever order.
    """
    half = np.round(64 * rng.normal(0, SIGMA, (EXAMPLES // 2, 2))) / 64
    return np.concatenate([half, -half]), np.array([rng.permutation(EXAMPLES) for _ in range(EPOCHS)])


def loss(C: Floats, w: Floats) -> float:
    """Return L(w) = ½ wᵀCw."""
    return float(w @ C @ w / 2)


def walk(C: Floats, start: Floats, optimizer: Optimizer, batches: Floats) -> Floats:
    """Return the path (steps + 1, 2) of one step for each batch; batches (steps, B, 2) holds the ξ of the examples."""
    params, grads = Parameters((1, 1), np.float64), Parameters((1, 1), np.float64)  # their two numbers θ stand for w
    params.theta, path = start, [start]
    for xi in batches:
        grads.theta = C @ params.theta + xi.mean(axis=0)
        optimizer.step(params, grads)
        path.append(params.theta.copy())
    return np.array(path)


def _static(C: Floats, start: Floats, examples: Floats) -> str:
    """Return small pictures of four paths (slow, best, unstable and noisy), and a table of how they end."""
    (low, high), _ = curvatures(C)
    best, steps = 2 / (low + high), STILL
    pictures, rows = "", ""
    for rate, B in ((best / 4, EXAMPLES), (best, EXAMPLES), (2.07 / high, EXAMPLES), (best / 4, 1)):
        path = walk(C, start, SGD(rate), examples.reshape(-1, B, 2)[:steps])
        pictures += _captioned(C, path, f"rate {rate:.3g}, batch {B}")
        factors = f"<td>{1 - rate * high:.2f}</td><td>{1 - rate * low:.2f}</td>".replace("-", "−")
        rows += f"<tr><td>{rate:.3g}</td><td>{B}</td>{factors}<td>{loss(C, path[-1]):.2g}</td></tr>"
    return (
        f"<p><strong>Descent.</strong> Four times the same valley, and {steps} steps. A small rate drops to the floor "
        "and crawls along it. The best one overshoots across the valley and still comes nearer, as fast as can be. "
        f"Above 2/λ<sub>max</sub> = {2 / high:.3g} each step overshoots by more than it gained. With a batch of one "
        "example of 64 the path staggers.</p>"
        f'<div class="sn-row">{pictures}</div><table><tr><th>rate</th><th>batch</th><th>factor across</th>'
        f"<th>factor along</th><th>loss after {steps} steps</th></tr>{rows}</table>"
        + invitation("you choose the rate, the batch and the start here.")
    )


def _rules(C: Floats, start: Floats, examples: Floats, names: Sequence[str]) -> str:
    """Return a small picture of a path for each optimiser, and a table of how they end.

    The rate of each is chosen in the same way: it is the one of ten that ends lowest.
    """
    (low, high), _ = curvatures(C)
    mu = best_momentum(low, high)[1]
    shown: dict[str, tuple[str, Callable[[float], Optimizer]]] = {
        "SGD": ("plain", SGD),
        "Momentum": (f"momentum, μ = {mu:.2g}", lambda rate: Momentum(rate, mu)),
        "Adam": ("Adam", Adam),
    }
    rates = [10 * _tick(high) * times for times in range(1, 11)]
    pictures, rows = "", ""
    for name, made in (shown[name] for name in names):
        paths = {rate: walk(C, start, made(rate), examples[:STILL]) for rate in rates}
        rate, path = min(paths.items(), key=lambda each: loss(C, each[1][-1]))
        pictures += _captioned(C, path, f"{name}, rate {rate:.3g}")
        rows += f"<tr><td>{name}</td><td>{rate:.3g}</td><td>{loss(C, path[-1]):.2g}</td></tr>"
    return (
        f"<p><strong>Descent.</strong> The same valley, and {STILL} steps of each rule, at the best of ten rates from "
        f"{rates[0]:.3g} to {rates[-1]:.3g}: the one that ends lowest. Momentum swings, and arrives sooner. Adam's "
        "first step is as long in one parameter as in the other, whatever the slopes are.</p>"
        f'<div class="sn-row">{pictures}</div>'
        "<table><tr><th>rule</th><th>rate</th>"
        f"<th>loss after {STILL} steps</th></tr>{rows}</table>"
        + invitation("you choose the rule, its settings, the batch and the start here.")
    )


def best_momentum(low: float, high: float) -> tuple[float, float]:
    """Return the learning rate and the momentum that are best for curvatures from `low` to `high` (Polyak, 1964)."""
    a, b = math.sqrt(low), math.sqrt(high)
    return (2 / (a + b)) ** 2, ((b - a) / (b + a)) ** 2


def _captioned(C: Floats, path: Floats, caption: str) -> str:
    return f"<figure>{_panel(C, path)}<figcaption>{caption}</figcaption></figure>"


def _panel(C: Floats, path: Floats) -> str:
    """Return a small picture of the valley with a path in it."""
    (low, high), angle = curvatures(C)
    scale = 70 / (REACH * np.abs(path[0]).max())
    contours = "".join(
        f'<ellipse rx="{scale * math.sqrt(2 * level / high):.1f}" ry="{scale * math.sqrt(2 * level / low):.1f}"/>'
        for level in loss(C, path[0]) * LEVELS
    )
    points = (np.round(scale * path * (1, -1), 1) + 0.0).tolist()  # adding 0.0 turns −0.0 into 0.0
    line = " ".join(f"{x},{y}" for x, y in points)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="2"/>' for x, y in points)
    blue, orange = COLORS["data"], COLORS["parameters"]
    shapes = (
        f'<g fill="none" stroke="{blue}" stroke-opacity="0.45" transform="rotate({-angle:.1f})">{contours}</g>'
        f'<g fill="{orange}"><polyline fill="none" stroke="{orange}" stroke-width="1.4" '
        f'stroke-linejoin="round" points="{line}"/>{dots}</g>'
    )
    return drawing(shapes, (-70, -70, 140, 140), "The path in the valley.")
