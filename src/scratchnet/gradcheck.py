"""Is the gradient right? Nudge every number, see how the loss moves, and compare.

Source: chapter "gradient-check".
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scratchnet.losses import cross_entropy, cross_entropy_backward
from scratchnet.network import backward, forward
from scratchnet.parameters import Parameters, require_finite_parameters, require_gradients, require_parameters
from scratchnet.shapes import is_number, require_examples, require_finite, require_positive
from scratchnet.types import FloatArray, IntArray

__all__ = ["BlockReport", "GradientReport", "check_gradients", "numerical_gradient", "relative_error"]

Gradient = Callable[[Parameters, FloatArray, IntArray], Parameters]
Loss = Callable[[Parameters, FloatArray, IntArray], float]


def numerical_gradient(f: Callable[[FloatArray], float], x: FloatArray, eps: float = 1e-5) -> FloatArray:
    """Return the central difference (f(x + eps·e) − f(x − eps·e)) / 2eps for every entry of x, in the shape of x.

    f is called twice for each entry, with that entry of x changed, and afterwards put back. Because x itself is changed
    and not a copy, f may also read x through a view. Raises ValueError unless x is float64, since float32 rounds the
    difference away, and where f does not return one number.
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        found = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise ValueError(f"x must be float64 for a numerical gradient, not {found}. Pass np.array(x, dtype=float)")
    require_positive("eps", eps)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        try:
            x[index] = kept + eps
            above = f(x)
            if not is_number(above):
                raise ValueError(f"f must return one number, not a {type(above).__name__}")
            x[index] = kept - eps
            below = f(x)
        finally:
            x[index] = kept
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def relative_error(a: FloatArray, b: FloatArray) -> float:
    """Return ‖a − b‖ / (‖a‖ + ‖b‖): 0 for equal arrays, 1 for opposite ones or when one is zero; 0 when both are."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"a and b must have the same shape, not {a.shape} and {b.shape}")
    scale = float(np.linalg.norm(a) + np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) / scale if scale > 0 else 0.0


@dataclass(frozen=True)
class BlockReport:
    """One block of parameters ("layer 1, W"): the relative error of its gradient, and whether that passes."""

    block: str
    error: float
    passed: bool


@dataclass(frozen=True)
class GradientReport:
    """A line for each parameter of each layer, such as W and b. True when every block passed; prints as a table."""

    blocks: tuple[BlockReport, ...]

    def __bool__(self) -> bool:
        return all(block.passed for block in self.blocks)

    def __repr__(self) -> str:
        return "\n".join(
            f"{block.block:<12} relative error {block.error:.0e}  {'ok' if block.passed else 'WRONG'}"
            for block in self.blocks
        )


def check_gradients(
    params: Parameters,
    X: FloatArray,
    y: IntArray,
    *,
    gradient: Gradient | None = None,
    loss: Loss | None = None,
    eps: float = 1e-5,
    tolerance: float = 1e-7,
) -> GradientReport:
    """Compare the gradient of a loss with central differences, one block at a time.

    Blocks are checked apart because in one long vector a large right block hides a small wrong one. `gradient`
    takes (params, X, y) and returns the gradients to check; it is the network's own `backward` unless you bring
    yours. `loss` takes the same and returns the number they should be the gradient of: the network's mean
    cross-entropy unless you bring another. Everything must be float64. The loss is evaluated twice for each
    parameter: use a small network. Raises ValueError for what is not float64, not finite or does not fit; where both
    `gradient` and `loss` are yours, X and y may be whatever they take.
    """
    require_parameters(params)
    if params.theta.dtype != np.float64:
        raise ValueError(f"params must be float64, not {params.theta.dtype}: initialize them with dtype=np.float64")
    require_finite_parameters(params)
    require_positive("tolerance", tolerance)
    if loss is None or gradient is None:
        require_examples(X, y, params.sizes[-1], params.sizes[0])
        require_finite("X", X)
    judge = loss or _network_loss
    grads = (gradient or _network_gradient)(params, X, y)
    require_gradients(params, grads, "what `gradient` returns")
    numbers = params.copy()
    numbers.theta[:] = numerical_gradient(lambda _: judge(params, X, y), params.theta, eps)
    blocks = []
    for index, ours in enumerate(grads.layers):
        for name, array in vars(ours).items():
            error = relative_error(array, getattr(numbers.layers[index], name))
            blocks.append(BlockReport(f"layer {index + 1}, {name}", error, error < tolerance))
    return GradientReport(tuple(blocks))


def _network_loss(params: Parameters, X: FloatArray, y: IntArray) -> float:
    return cross_entropy(forward(params, X)[0], y)


def _network_gradient(params: Parameters, X: FloatArray, y: IntArray) -> Parameters:
    Z, cache = forward(params, X)
    return backward(params, cache, cross_entropy_backward(Z, y))
