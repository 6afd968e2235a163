"""Chapter "autodiff": right answers pass, each typical mistake gets the hint about that mistake."""

import warnings
from typing import Any

import autograd
import numpy as np
import pytest
from scipy.special import expit

import scratchnet as sn
from scratchnet.check import check


def right(name: str, answer: Any) -> None:
    verdict = check(f"autodiff.{name}", answer)
    assert verdict, verdict.message


def wrong(name: str, answer: Any, sentence: str) -> None:
    verdict = check(f"autodiff.{name}", answer)
    assert not verdict
    assert sentence in verdict.message


def test_paths() -> None:
    right("paths", (5, autograd.grad(lambda x: x * x * x + x * x)(2.0)))
    right("paths", [5, 16])
    for answer, sentence in (
        ((2, 16), "L uses y twice"),
        ((3, 16), "two arrows from x into y"),
        ((4, 16), "straight into"),
        ((6, 16), "paths: 6 is too large"),
        ((5, 12), "what comes through y"),
        ((5, 8), "used twice"),
        ((5, 4), "Add over all five"),
        ((5, 20), "dL/dx: 20 is too large"),
        (5, "2 things"),
    ):
        wrong("paths", answer, sentence)


def test_axes() -> None:
    right("axes", (0, 1, 0))
    right("axes", (-2, -1, -2))
    wrong("axes", (1, 1, 0), "dg: a sum over axis 1 leaves a number for each row")
    wrong("axes", (0, 0, 0), "db: a sum over axis 0 leaves a number for each column")
    wrong("axes", (0, 1, 1), "dc: a sum over axis 1")
    wrong("axes", (0, 2, 1), "db: an axis of a matrix is 0 or 1")
    wrong("axes", (0, 1), "3 things")


def test_softplus() -> None:
    right("softplus", lambda dz, z, x: dz * expit(x))
    right("softplus", lambda dz, z, x: dz * np.exp(x - z))
    for mistake, sentence in (
        (lambda dz, z, x: expit(x), "Multiply it by what arrives"),
        (lambda dz, z, x: dz * z, "You multiplied by the result"),
        (lambda dz, z, x: dz * expit(x) * (1 - expit(x)), "slope of the logistic function"),
        (lambda dz, z, x: dz * expit(-x), "exponent is turned"),
        (lambda dz, z, x: dz * (x > 0), "ReLU's rule"),
        (lambda dz, z, x: -dz * expit(x), "The sign is turned"),
        (lambda dz, z, x: dz * 0.3, "nudging says"),
        (lambda dz, z, x: dz * np.exp(x) / (1 + np.exp(x)), "overflows"),
        (lambda dz, z, x: np.where(np.abs(x) > 99, 1, dz * expit(x)), "should give 0 and 2"),
        (lambda dz, z, x: np.sum(dz), "shape should be"),
    ):
        wrong("softplus", mistake, sentence)
    wrong("softplus", 3, "is a function")


def test_cumsum() -> None:
    right("cumsum", lambda dz, z, x: np.triu(np.ones((len(dz), len(dz)))) @ dz)
    for mistake, sentence in (
        (lambda dz, z, x: np.cumsum(dz), "added from the front"),
        (lambda dz, z, x: np.cumsum(dz[::-1]), "still turned round"),
        (lambda dz, z, x: np.sum(dz) + 0 * dz, "the whole sum"),
        (lambda dz, z, x: dz, "unchanged"),
        (lambda dz, z, x: dz * np.arange(len(dz), 0, -1), "number of users"),
        (lambda dz, z, x: np.cumsum(dz[::-1])[::-1] - dz, "belongs to the sum"),
        (lambda dz, z, x: np.cumsum(dz[::-1])[::-1] * x, "The rate is 1"),
        (lambda dz, z, x: 2 * np.cumsum(dz[::-1])[::-1], "Entry ("),
    ):
        wrong("cumsum", mistake, sentence)


def turn(scale: float = 1.0, direction: Any = lambda v: v, after: Any = lambda v: 1.0) -> Any:
    def turned(f: Any, x: Any, v: Any) -> Any:
        h, g = 1e-5, sn.grad(f)
        return scale * after(v) * (g(x + h * direction(v)) - g(x - h * direction(v))) / (2 * h)

    return turned


def test_curvature() -> None:
    right("curvature", turn())
    ones = lambda v: np.ones_like(v)  # noqa: E731
    for mistake, sentence in (
        (turn(2), "2h apart"),
        (turn(0.5), "half as large"),
        (turn(-1), "sign is turned"),
        (turn(direction=ones), "nudged all entries alike"),
        (turn(direction=ones, after=lambda v: v), "afterwards is not the same"),
        (turn(direction=lambda v: v / np.sqrt((v * v).sum())), "Its length counts"),
        (turn(3), "entry (2,) should be -4.335, not -13"),
        (turn(1.001), "not close enough. Nudge to both sides"),
        (one_sided(1e-3), "not close enough. Nudge to both sides"),
        (by_rows, "Your answer raised"),
    ):
        wrong("curvature", mistake, sentence)
    right("curvature", one_sided(1e-6))


def one_sided(h: float) -> Any:
    return lambda f, x, v: (sn.grad(f)(x + h * v) - sn.grad(f)(x)) / h


def by_rows(f: Any, x: Any, v: Any) -> Any:
    """Write down the whole table of second derivatives, which this does for vectors only."""
    h, g = 1e-5, sn.grad(f)
    return np.array([(g(x + h * e) - g(x - h * e)) / (2 * h) for e in np.eye(len(x))]) @ v


class Dual:
    """By quotients of polynomials in ε, cut off after the first power."""

    def __init__(self, value: Any, rate: Any = 0.0) -> None:
        self.value, self.rate = value, rate

    def pair(self, other: Any) -> Any:
        return other if isinstance(other, Dual) else Dual(other)

    def __add__(self, other: Any) -> Any:
        o = self.pair(other)
        return type(self)(self.value + o.value, self.rate + o.rate)

    def __sub__(self, other: Any) -> Any:
        o = self.pair(other)
        return type(self)(self.value - o.value, self.rate - o.rate)

    def __rsub__(self, other: Any) -> Any:
        return type(self)(other - self.value, -self.rate)

    def __mul__(self, other: Any) -> Any:
        o = self.pair(other)
        return type(self)(*np.convolve([self.value, self.rate], [o.value, o.rate])[:2])

    def __truediv__(self, other: Any) -> Any:
        o = self.pair(other)
        first = self.value / o.value
        return type(self)(first, (self.rate - first * o.rate) / o.value)

    def __rtruediv__(self, other: Any) -> Any:
        return type(self)(other) / self

    __radd__, __rmul__ = __add__, __mul__


def altered(**methods: Any) -> type:
    return type("Altered", (Dual,), methods)


def rated(value: Any, rate: Any) -> Any:
    """Return a sign with the right value and a rate of its own."""
    return lambda self, o: type(self)(value(self.value, getattr(o, "value", o)), rate(self, o))


def put_in(self: Any, other: Any) -> Any:
    result = Dual.__truediv__(self, other)
    self.value += 0 if isinstance(other, Dual) else 1e-9
    return result


class Bare:
    """Has a value and a rate, and no signs."""

    def __init__(self, value: Any, rate: Any) -> None:
        self.value, self.rate = value, rate


def test_dual() -> None:
    right("dual", Dual)
    rate = lambda o: getattr(o, "rate", 0.0)  # noqa: E731
    for mistake, sentence in (
        (3, "is a function"),
        (lambda value, rate: (value, rate), "attributes `value` and `rate`"),
        (lambda value, rate: Dual(rate, value), "Dual(3.0, 1.0).value"),
        (lambda value, rate: Dual(value, 0), "Dual(3.0, 1.0).rate"),
        (altered(__radd__=lambda self, o: NotImplemented), "2 + x does not work yet"),
        (altered(__add__=lambda self, o: 3.0), "x + y should be a Dual again"),
        (altered(__mul__=rated(lambda a, b: a * b, lambda s, o: s.rate * rate(o))), "do not multiply"),
        (altered(__add__=lambda s, o: Dual(s.value + s.pair(o).value, s.rate + getattr(o, "rate", o))), "the rate 0"),
        (altered(__sub__=rated(lambda a, b: a - b, lambda s, o: s.rate + rate(o))), "is subtracted"),
        (altered(__rsub__=lambda s, o: Dual(o - s.value, s.rate)), "changes its sign"),
        (altered(__truediv__=rated(lambda a, b: a / b, lambda s, o: s.rate / (rate(o) or 1))), "do not divide"),
        (altered(__rtruediv__=lambda s, o: Dual(o / s.value, o * s.rate / s.value**2)), "the sign is turned"),
        (altered(__mul__=lambda s, o: s if s is o else Dual.__mul__(s, o)), "The value of x * x"),
        (altered(__truediv__=put_in), "changed them"),
        (altered(__add__=lambda s, o: Bare(*vars(Dual.__add__(s, o)).values())), "results cannot be computed with"),
    ):
        wrong("dual", mistake, sentence)


@pytest.mark.parametrize("name", ["softplus", "cumsum"])
def test_a_rule_that_changes_what_it_is_given_is_told_so(name: str) -> None:
    def careless(dz: Any, z: Any, x: Any) -> Any:
        dz = np.atleast_1d(dz)
        result = (dz * expit(x)).reshape(np.shape(x)) if name == "softplus" else np.cumsum(dz[::-1])[::-1].copy()
        dz += 1
        return result

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "changed its argument number 1" in check(f"autodiff.{name}", careless).message
