"""Mark the exercises of the chapter "autodiff". Rules are judged by nudging, and gradients by formulas."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same
from scratchnet.gradcheck import numerical_gradient
from scratchnet.types import FloatArray

Hints = tuple[tuple[FloatArray, str], ...]


@exercise("autodiff.paths", "Multiply along each path, add over all: the program does no more than that.")
def _paths(answer: Any) -> None:
    paths, rate = expect_several(answer, "the number of paths", "dL/dx")
    expect_number(
        paths,
        5,
        (2, "That is how often x is used by y alone. L uses y twice, and x once more."),
        (3, "`x * x` uses x twice, so there are two arrows from x into y, and each is the start of paths of its own."),
        (4, "These go through y. One more path leads from x straight into `y * x`."),
        where="paths: ",
    )
    expect_number(
        rate,
        16,
        (12, "That is what comes through y. `y * x` uses x directly as well."),
        (8, "`y` is used twice: in the product and in the sum. Or was a path from x into y left out?"),
        (4, "That is one path, or dy/dx alone. Add over all five."),
        where="dL/dx: ",
    )


@exercise("autodiff.axes", "An input is added up along the axes along which it was stretched, and along no others.")
def _axes(answer: Any) -> None:
    for name, got, want in zip("gbc", expect_several(answer, "for dg", "for db", "for dc"), (0, 1, 0), strict=True):
        axis = expect_number(got, want, tolerance=np.inf)
        if axis not in (0, 1, -1, -2):
            hint(f"d{name}: an axis of a matrix is 0 or 1.")
        if axis % 2 != want:
            hint(
                f"d{name}: a sum over axis {int(axis)} leaves a number for each "
                f"{'column' if axis % 2 == 0 else 'row'}. How many numbers has {name}, and what was each of them used "
                "for?"
            )


@exercise("autodiff.softplus", "A rule may use the result, and here the result saves it from overflowing.")
def _softplus(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(31)
    for shape in ((4,), (3, 5), ()):
        x, dz = np.array(rng.normal(size=shape)), np.array(rng.normal(size=shape))
        _judge(answer, lambda x: np.logaddexp(0, x), x, dz, _softplus_mistakes(x, dz))
    x, dz = np.array([-1000.0, 1000.0]), np.array([2.0, 2.0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        try:
            got = np.asarray(answer(dz, np.logaddexp(0, x), x))
        except FloatingPointError:
            hint("It is right near 0, and at x = 1000 or x = −1000 something overflows.")
    if not same(got, np.array([0.0, 2.0])):
        hint(f"It is right near 0. At x = −1000 and 1000, with dz = 2, it should give 0 and 2, not {got.tolist()}.")


def _softplus_mistakes(x: FloatArray, dz: FloatArray) -> Hints:
    slope = 1 / (1 + np.exp(-x))
    return (
        (slope + 0 * dz, "That is the slope. Multiply it by what arrives, dz."),
        (dz * np.logaddexp(0, x), "You multiplied by the result z. The derivative of log(1 + eˣ) is eˣ/(1 + eˣ)."),
        (dz * slope * (1 - slope), "That is the slope of the logistic function. Softplus has the logistic as slope."),
        (dz * (1 - slope), "The sign of the exponent is turned: for large x the slope goes to 1."),
        (dz * (x > 0), "That is ReLU's rule. Softplus has a round corner."),
        (dz / (1 + np.exp(x)), "The sign of the exponent is turned: for large x the slope goes to 1."),
        (-dz * slope, "The sign is turned."),
    )


@exercise("autodiff.cumsum", "Sums that run forwards on the way there run backwards on the way back.")
def _cumsum(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(32)
    for length in (4, 1, 7):
        x, dz = rng.normal(size=length), rng.normal(size=length)
        _judge(
            answer,
            np.cumsum,
            x,
            dz,
            (
                (
                    np.cumsum(dz),
                    "You added from the front. x[i] is used from place i on: add dz from the end.",
                ),
                (np.cumsum(dz[::-1]), "You added from the end, and the result is still turned round."),
                (
                    np.full(length, dz.sum()),
                    "All entries got the whole sum. x[i] is used from place i on.",
                ),
                (dz, "You handed dz down unchanged. x[0] is used by all results."),
                (
                    dz * np.arange(length, 0, -1),
                    "You multiplied by the number of users. Each has a dz of its own.",
                ),
                (np.cumsum(dz[::-1])[::-1] - dz, "The result at place i uses x[i] too: its dz belongs to the sum."),
                (
                    np.cumsum(dz[::-1])[::-1] * x,
                    "The rate is 1: what is added is not multiplied by anything.",
                ),
            ),
        )


def _judge(
    rule: Callable[..., Any], function: Callable[[FloatArray], Any], x: FloatArray, dz: FloatArray, mistakes: Hints
) -> None:
    """Compare a rule with nudging, and name the mistake where there is one."""
    got = expect_array(rule(dz.copy(), np.array(function(x)), x.copy()), x.shape)
    want = numerical_gradient(lambda at: float(np.sum(dz * function(at))), x.copy(), 1e-6)
    if same(got, want):
        return
    for wrong, sentence in mistakes:
        if same(got, np.asarray(wrong)):
            hint(sentence)
    place = np.unravel_index(np.abs(got - want).argmax(), x.shape)
    where = f"Entry {tuple(map(int, place))}" if place else "For a single number, the result"
    hint(f"{where} is {got[place]:.4g}, and nudging says {want[place]:.4g}.")


@exercise("autodiff.curvature", "Two gradients, and you know how the gradient turns, without a table of curvatures.")
def _curvature(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(33)
    M = rng.normal(size=(4, 4))
    for f, second, shape in (
        (lambda x: np.sum(x * x * x), lambda x, v: 6 * x * v, (4,)),
        (lambda x: np.sum((x.reshape(1, -1) @ M) ** 2), lambda x, v: 2 * (M @ M.T @ v), (4,)),
        (lambda x: np.sum(np.exp(x)) * np.sum(x), _exponential, (4,)),
        (lambda x: np.sum(np.exp(x)) * np.sum(x), _exponential, (2, 3)),
    ):
        x, v = rng.normal(size=shape), rng.normal(size=shape)
        got, want = expect_array(answer(f, x.copy(), v.copy()), x.shape), second(x, v)
        if same(got, want, 1e-4):
            continue
        for wrong, sentence in (
            (want * 2, "It is twice too large: the two places are 2h apart."),
            (want / 2, "It is half as large as it should be. Is the distance 2h, or did you nudge to one side only?"),
            (-want, "The sign is turned: the place ahead minus the place behind."),
            (second(x, np.ones(4)), "You nudged all entries alike. Move x in the direction v: x + h * v."),
            (second(x, np.ones(4)) * v, "Multiplying by v afterwards is not the same. Move x in the direction v."),
            (second(x, v / np.linalg.norm(v)), "You made v shorter or longer. Its length counts: x moves by h * v."),
        ):
            if same(got, wrong, 1e-4):
                hint(sentence)
        if same(got, want, 0.02):
            hint("It is close, and not close enough. Nudge to both sides of x, and take an h of about 1e-5.")
        place = np.unravel_index(np.abs(got - want).argmax(), shape)
        hint(
            f"For x = {x.round(2).tolist()} and v = {v.round(2).tolist()} entry {tuple(map(int, place))} should be "
            f"{want[place]:.4g}, not {got[place]:.4g}. Take the gradient a little ahead and a little behind, along v."
        )


def _exponential(x: FloatArray, v: FloatArray) -> FloatArray:
    """Return how the gradient of f(x) = Σeˣ Σx changes along v. By the product rule, this gradient is eˣ Σx + Σeˣ."""
    e = np.exp(x)
    return e * v * x.sum() + e * v.sum() + (e * v).sum()


@exercise("autodiff.dual", "That is forward mode: no graph, no walk, and one pass for each input.")
def _dual(answer: Any) -> None:
    expect_function(answer)
    made = answer(3.0, 1.0)
    if not hasattr(made, "value") or not hasattr(made, "rate"):
        hint("Dual(3.0, 1.0) should have the attributes `value` and `rate`.")
    expect_number(made.value, 3, where="Dual(3.0, 1.0).value: ")
    expect_number(made.rate, 1, where="Dual(3.0, 1.0).rate: ")
    a, b, p, q = 3.0, 2.5, 0.7, -1.5  # two values and their rates
    x, y = answer(a, p), answer(b, q)
    cases: tuple[tuple[str, Callable[[], Any], float, float, tuple[tuple[float, str], ...]], ...] = (
        ("x + y", lambda: x + y, a + b, p + q, ()),
        ("x + 2", lambda: x + 2, a + 2, p, ((p + 2, "a plain number has the rate 0"),)),
        ("2 + x", lambda: 2 + x, a + 2, p, ()),
        ("x * y", lambda: x * y, a * b, p * b + a * q, ((p * q, "rates of a product do not multiply"),)),
        ("x * x", lambda: x * x, a * a, 2 * a * p, ((a * p, "x is used twice, so there are two terms"),)),
        ("x * 2", lambda: x * 2, a * 2, p * 2, ()),
        ("2 * x", lambda: 2 * x, a * 2, p * 2, ()),
        ("x - y", lambda: x - y, a - b, p - q, ((p + q, "the rate of y is subtracted"),)),
        ("x - 2", lambda: x - 2, a - 2, p, ()),
        ("2 - x", lambda: 2 - x, 2 - a, -p, ((p, "x is subtracted, so its rate changes its sign"),)),
        ("x / y", lambda: x / y, a / b, (p * b - a * q) / b**2, ((p / q, "rates of a quotient do not divide"),)),
        ("x / 2", lambda: x / 2, a / 2, p / 2, ()),
        ("2 / x", lambda: 2 / x, 2 / a, -2 * p / a**2, ((2 * p / a**2, "the sign is turned"),)),
    )
    for sign, found, value, rate, mistakes in cases:
        try:
            z = found()
        except TypeError as error:
            hint(f"{sign} does not work yet: {error}.")
        if not hasattr(z, "value") or not hasattr(z, "rate"):
            hint(f"{sign} should be a Dual again, with `value` and `rate`.")
        expect_number(z.value, value, where=f"The value of {sign}: ")
        said = tuple((wrong, f"The rate of {sign}: {sentence}.") for wrong, sentence in mistakes)
        expect_number(z.rate, rate, *said, where=f"The rate of {sign}: ")
    try:
        z = (x * y + 2) / (3 - x / y) - 1  # results are computed with in turn
    except TypeError as error:
        hint(f"Each sign alone works, and the results cannot be computed with: {error}. Each should be a Dual again.")
    top, bottom, quotient = a * b + 2, 3 - a / b, (p * b - a * q) / b**2
    expect_number(z.value, top / bottom - 1, where="The value of (x * y + 2) / (3 - x / y) - 1: ")
    expect_number(
        z.rate,
        ((p * b + a * q) * bottom + top * quotient) / bottom**2,
        where="The rate of (x * y + 2) / (3 - x / y) - 1: ",
    )
    if (x.value, x.rate, y.value, y.rate) != (a, p, b, q):
        hint("Computing with x and y changed them. Make a new Dual for each result.")
