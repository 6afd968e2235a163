"""Mark the exercises of the chapter "gradient-check", and hold the three gradients that one of them is about."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, hint, same
from scratchnet.gradcheck import numerical_gradient, relative_error
from scratchnet.losses import cross_entropy_backward
from scratchnet.network import backward, forward
from scratchnet.parameters import Parameters
from scratchnet.types import FloatArray, IntArray


@exercise("gradient_check.factor", "A constant ratio has a report of its own, and now you can read it.")
def _factor(answer: Any) -> None:
    expect_number(
        answer,
        3,
        (0.5, "That is the relative error itself and the question is which factor makes it."),
        (2, "A factor of 2 would report one third."),
        (1 / 3, "Ours is the larger, so turn the fraction over."),
        (1.5, "Half as much again would report one fifth."),
        tolerance=1e-3,
    )


@exercise("gradient_check.best_h", "Because of the third root, float32 wants a nudge hundreds of times larger.")
def _best_h(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(6)
    drawn = [(2.0 ** -rng.integers(20, 60), *10.0 ** rng.uniform(-5, 5, 2)) for _ in range(6)]
    for epsilon, f, T in ((2.0**-53, 2.3, 0.7), (2.0**-24, 0.1, 40.0), (2.0**-53, 1e-4, 1e4), *drawn):
        # With so wide a tolerance `expect_number` looks at the type alone. Below, nudges are compared by their ratio,
        # because `expect_number` compares numbers below 1 by their difference.
        h = expect_number(answer(epsilon, f, T), 0, tolerance=np.inf)
        for name, larger in (("ε", (8 * epsilon, f, T)), ("f", (epsilon, 8 * f, T)), ("T", (epsilon, f, 8 * T))):
            if answer(*larger) == h:
                hint(
                    f"Another {name} leaves your h as it was. The rule of thumb has ε alone; the best h has all three."
                )
        for wrong, sentence in (
            (2 * np.sqrt(epsilon * f / T), "That is for the one-sided difference. Here truncation grows with h²."),
            (np.sqrt(3 * epsilon * f / T), "The equation for h has an h³ in it, so it takes a third root."),
            ((epsilon * f / T) ** (1 / 3), "A number is missing: differentiate T h²/6 and ε|f|/h with care."),
            ((6 * epsilon * f / T) ** (1 / 3), "There the two errors are equal. Their sum is smallest somewhere else."),
            (3 * epsilon * f / T, "That is h³. The third root is still to be taken."),
            (epsilon * f / T, "`** 1 / 3` takes the first power and divides by 3: put brackets round 1 / 3."),
            (
                (3 * epsilon * T / f) ** (1 / 3),
                "f and T have changed places: a larger T wants a smaller nudge.",
            ),
        ):
            if abs(h / wrong - 1) < 1e-6:
                hint(sentence)
        want = (3 * epsilon * f / T) ** (1 / 3)
        if abs(h / want - 1) > 1e-6:
            size = "large" if h > want else "small"
            hint(f"{h:.3g} is too {size} for ε = {epsilon:.3g}, f = {f:.3g} and T = {T:.3g}.")
        negative = answer(epsilon, -f, T)
        if isinstance(negative, complex) or not abs(negative / want - 1) < 1e-6:
            hint("Right for a positive f. A loss below zero is rounded just as much: take |f|.")


def _function_of(D: int, rng: np.random.Generator) -> Callable[[FloatArray], float]:
    """A function of D numbers whose higher derivatives are not zero, so that its differences depend on h."""
    mix, shift = rng.normal(size=(3, D)), rng.normal(size=3)
    return lambda x: float(np.exp(mix @ x / D + shift).sum() + (x**3).sum())


@exercise("gradient_check.central", "Two evaluations for each entry, and x as it was.")
def _central(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(8)
    for D, h in ((3, 0.1), (5, 0.03), (1, 0.2), (8, 0.1)):
        _compare_with_differences(answer, _function_of(D, rng), rng.normal(size=D) * 2, h)


def _compare_with_differences(answer: Any, f: Callable[[FloatArray], float], start: FloatArray, h: float) -> None:
    x = start.copy()
    got = expect_array(answer(f, x, h), x.shape)
    if not np.allclose(x, start, rtol=1e-12, atol=1e-12):
        hint("x is not as it was: put each entry back before you go on to the next.")
    steps = h * np.eye(len(x))
    above, below = (np.array([f(start + sign * step) for step in steps]) for sign in (1, -1))
    want = (above - below) / (2 * h)
    if same(got, want, 1e-6):
        return
    for wrong, sentence in (
        ((above - f(start)) / h, "That is the one-sided difference: nudge down as well as up."),
        ((f(start) - below) / h, "That is the one-sided difference: nudge up as well as down."),
        (2 * want, "The two points are 2h apart, not h."),
        (-want, "The sign is turned round: above minus below."),
        (above - below, "That is a difference. A rate is the difference divided by how far the points are apart."),
        ((above - below) / 2 * h, "h is under the fraction bar too: `/ 2 * h` multiplies by it."),
        (numerical_gradient(f, start.copy()), "That is right for a tiny nudge. Use the h that is handed in."),
        (want[::-1], "Right numbers in reverse order: entry i of the gradient belongs to entry i of x."),
        (
            np.full(len(x), (f(start + h) - f(start - h)) / (2 * h)),
            "All entries were nudged together. Each entry of the gradient is a nudge of that entry alone.",
        ),
    ):
        if same(got, wrong, 1e-6):
            hint(sentence)
    hint(f"Not the central difference at h = {h}: (f above − f below) / 2h, entry by entry.")


def _mystery_a(params: Parameters, X: FloatArray, y: IntArray) -> Parameters:
    Z, cache = forward(params, X)
    dZ = cross_entropy_backward(Z, y)
    grads = backward(params, cache, dZ)
    dA = dZ @ params.layers[1].W.T
    grads.layers[0].W[:], grads.layers[0].b[:] = X.T @ dA, dA.sum(axis=0)
    return grads


def _mystery_b(params: Parameters, X: FloatArray, y: IntArray) -> Parameters:
    Z, cache = forward(params, X)
    return backward(params, cache, cross_entropy_backward(Z, y) * len(X))


def _mystery_c(params: Parameters, X: FloatArray, y: IntArray) -> Parameters:
    Z, cache = forward(params, X)
    grads = backward(params, cache, cross_entropy_backward(Z, y))
    grads.layers[1].W[:] = grads.layers[1].W.T.copy()
    return grads


mysteries = (_mystery_a, _mystery_b, _mystery_c)
"""Three gradients (params, X, y) -> grads, each with one mistake. The last layer must be square."""

_CHOICES = {
    "bias": "one number for all biases leaves every W right",
    "mask": "without ReLU's mask all that lies behind the ReLU is wrong, and nothing else",
    "sum": "a forgotten 1/N is a constant ratio, the same in all blocks",
    "sign": "a turned sign makes every error exactly 1",
    "transpose": "a transposed product spoils one W and leaves its biases right",
    "right": "a right gradient passes in every block",
}


@exercise("gradient_check.bugs", "Which blocks, and how much: the report is most of the diagnosis.")
def _bugs(answer: Any) -> None:
    if not isinstance(answer, tuple | list | np.ndarray) or len(answer) != len(mysteries):
        hint("Three words, one for each gradient, in order: for example ('right', 'right', 'right').")
    unknown = [name for name in answer if not isinstance(name, str) or name not in _CHOICES]
    if unknown:
        hint(f"{unknown[0]!r} is not among the six words: {', '.join(_CHOICES)}.")
    for number, (name, want) in enumerate(zip(answer, ("mask", "sum", "transpose"), strict=True), start=1):
        if name != want:
            hint(f"Gradient {number} is not '{name}': {_CHOICES[name]}. Look at its report again.")


def _two_blocks(arrays: dict[str, FloatArray]) -> float:
    """A function of two arrays without a kink. Its gradient with respect to "scale" is much the smaller of the two."""
    return float(np.sum(np.exp(arrays["weights"]) * 50) + np.sum(np.sin(arrays["scale"]) * arrays["weights"][0, 0]))


def _product(arrays: dict[str, FloatArray]) -> float:
    """A function of arrays of any names and shapes, but not of "unused"; its derivatives have both signs."""
    return float(np.prod([4 + np.sum(np.sin(2 * array)) for name, array in arrays.items() if name != "unused"]))


@exercise("gradient_check.blocks", "It knows nothing about networks, so it will check anything you write.")
def _blocks(answer: Any) -> None:
    expect_function(answer)
    start = {"weights": np.array([[0.1, -0.4], [0.7, 0.2], [0.3, 0.5]]), "scale": np.array([0.2, 0.9, -0.5])}
    W, s = start["weights"], start["scale"]
    grads = {"weights": 50 * np.exp(W), "scale": np.cos(s) * W[0, 0] * 1.5}
    grads["weights"][0, 0] += np.sin(s).sum()
    got = _errors(answer, _two_blocks, start, grads)
    if min(got.values()) > 1 - 1e-9:
        hint("Both errors are 1. Did you nudge copies? f looks at `arrays`, so change those; `arrays` before `grads`.")
    right = grads["scale"] / 1.5
    together = relative_error(np.append(grads["weights"], grads["scale"]), np.append(grads["weights"], right))
    if max(abs(error / together - 1) for error in got.values()) < 1e-4:
        hint("Both blocks have the same number: that is the error of everything as one long vector.")
    gap = np.linalg.norm(grads["scale"] - right)
    for wrong, sentence in (
        (gap, "That is an absolute error. Divide by the two norms, added together."),
        (gap / np.linalg.norm(right), "Divide by the sum of both norms, not by one of them."),
        (gap / np.linalg.norm(grads["scale"]), "Divide by the sum of both norms, not by one of them."),
        (gap / np.linalg.norm(grads["scale"] + right) * 2, "Divide by the sum of the norms, without a mean."),
    ):
        if abs(got["scale"] / wrong - 1) < 1e-4:
            hint(sentence)
    if abs(got["scale"] - 0.2) > 1e-4:
        hint(f"The gradient of 'scale' is 1.5 times what it should be, which is 0.2; you report {got['scale']:.3g}.")
    if got["weights"] > 1e-7:
        hint(f"The gradient of 'weights' is right, and you report {got['weights']:.0e}: is the difference central?")
    rng = np.random.default_rng(12)
    for shapes in ({"a": (2, 3), "b": (4,), "c": (2, 2, 2)}, {"kernel": (5,), "unused": (3,)}, {"z": (), "A": (3, 4)}):
        arrays: dict[str, FloatArray] = {name: np.array(rng.normal(size=shape)) for name, shape in shapes.items()}
        truth: dict[str, FloatArray] = {
            name: numerical_gradient(lambda _, arrays=arrays: _product(arrays), array)  # type: ignore[misc]
            for name, array in arrays.items()
        }
        grads = {}
        for name, array in truth.items():
            size = np.abs(array).max() * 10 ** rng.uniform(-3, 1)  # from a small mistake to nothing but a mistake
            grads[name] = np.array(array + size * rng.normal(size=array.shape))
        nearly = next(iter(shapes))
        grads[nearly] = np.array(truth[nearly] * (1 + 1e-5))
        for name, error in _errors(answer, _product, arrays, grads).items():
            want = relative_error(grads[name], truth[name])
            if abs(error - want) > 1e-3 * want:
                hint(
                    f"In a dictionary with arrays of the shapes {shapes} the error of {name!r} is {want:.3g}, and you "
                    f"report {error:.3g}. Is each norm the root of the sum of the squares of all entries of the block?"
                )


def _errors(
    answer: Any, f: Callable[[dict[str, FloatArray]], float], start: dict[str, FloatArray], grads: dict[str, FloatArray]
) -> dict[str, float]:
    """What the answer reports, after it was seen that it left the arrays alone and names every block."""
    arrays = {name: array.copy() for name, array in start.items()}
    # A name is all that ties a gradient to its array: their order need not be the same.
    result = answer(f, arrays, {name: grads[name].copy() for name in reversed(grads)})
    if any(not np.allclose(arrays[name], start[name], rtol=1e-12, atol=1e-12) for name in start):
        hint("The arrays are not as they were: put each entry back before you go on to the next.")
    if not isinstance(result, dict) or set(result) != set(start):
        hint("Return a dictionary with one number for each name in `arrays`.")
    if any(np.isnan(value) for value in result.values()):
        hint("An error is not a number (NaN). Where both gradients are zero, 0/0 is meant to be 0: nothing differs.")
    return {name: expect_number(value, 0, tolerance=np.inf) for name, value in result.items()}


def _rms_norm(Z: Any) -> Any:
    return Z / np.sqrt((Z**2).mean(axis=1, keepdims=True) + 1e-3)


@exercise("gradient_check.repair", "The path through the root mean square was missing, and nudging knew.")
def _repair(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(9)
    for shape in ((4, 6), (5, 5), (1, 8), (6, 2)):
        Z, dA = rng.normal(size=shape), rng.normal(size=shape)
        got = expect_array(answer(dA.copy(), Z.copy()), shape)
        want = _exact(dA, Z)
        if not same(got, want):
            _explain_repair(answer, got, want, dA, Z)
        # Nudging in float64 is right to about ten digits; a rule to all sixteen, or to seven in float32.
        if 1e-12 < np.abs(got - want).max() / np.abs(want).max() < 1e-8:
            hint(
                "Right to ten digits or so, as nudging is. The task is the rule itself, which is right to all of them."
            )


def _exact(dA: FloatArray, Z: FloatArray) -> FloatArray:
    """The derivative of the sum of dA ⊙ rms_norm(Z), by a nudge into the complex plane, which subtracts nothing."""
    found = np.zeros_like(Z)
    for index in np.ndindex(Z.shape):
        at = Z.astype(complex)
        at[index] += 1e-30j
        found[index] = (dA * _rms_norm(at)).sum().imag / 1e-30
    return found


def _explain_repair(answer: Any, got: FloatArray, want: FloatArray, dA: FloatArray, Z: FloatArray) -> NoReturn:
    A = _rms_norm(Z)
    r = Z / A
    direct = dA / r
    through = want - direct  # what comes down through the root mean square
    for wrong, sentence in (
        (direct, "Every entry also moves the root mean square of its row, and that moves all entries of A."),
        (direct - through, "The sign of the second path is turned round: a larger size makes A smaller."),
        (direct + Z.shape[1] * through, "The second path is H times too large: the mean square has a 1/H in it."),
        (direct + through * r, "The second path is not divided by the root mean square."),
        (through, "That is the second path alone: the direct one is to be added."),
    ):
        if same(got, wrong):
            hint(sentence)
    if same(answer(Z.copy(), dA.copy()), want):
        hint("The arguments have changed places: dA comes first, then Z.")
    alone = [answer(dA[n : n + 1].copy(), Z[n : n + 1].copy()) for n in range(len(Z))]
    if not same(np.concatenate(alone), got):
        hint("Alone, a row gets another answer. Rows do not meet: a mean goes along a row, axis=1 with keepdims.")
    hint("Compare with nudging: numerical_gradient of the sum of dA * rms_norm(Z), and look at one row at a time.")
