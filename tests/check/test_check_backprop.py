"""Chapter "backprop": right answers pass, each typical mistake gets the hint about that mistake."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.special import softmax as scipy_softmax

from scratchnet.check import check

SHAPES = [(784, 100), (100,), (32, 100), (100, 10)]


def shapes(place: int, shape: object) -> list[object]:
    changed: list[object] = list(SHAPES)
    changed[place] = shape
    return changed


def walker(**mistake: Any) -> Callable[..., Any]:
    """A reader's walk back for a batch, with a mistake or none; sums are written out with einsum."""

    def walk(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: Any) -> Any:
        N = len(X)
        Z1 = X @ W1 + b1
        A1 = Z1 if mistake.get("straight") else np.where(Z1 > 0, Z1, 0)
        Y = np.arange(len(b2)) == y[:, None]
        dZ2 = (scipy_softmax(A1 @ W2 + b2, axis=1) - Y) * mistake.get("factor", 1 / N)
        dA1 = np.einsum("nk,hk->nh", dZ2, W2)
        if mistake.get("W2 not turned"):
            dA1 = dZ2 @ W2
        mask = {"none": 1, "A >= 0": A1 >= 0, "A": A1}.get(mistake.get("mask", ""), Z1 > 0)
        dZ1 = dA1 * mask
        found = {
            "dW1": np.einsum("nd,nh->dh", X, dZ1),
            "db1": np.einsum("nh->h", dZ1),
            "dW2": np.einsum("nh,nk->hk", A1, dZ2),
            "db2": np.einsum("nk->k", dZ2),
        }
        for name, change in mistake.get("change", {}).items():
            found[name] = change({**locals(), **found})
        return tuple(found.values())

    return walk


def one_by_one(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: Any) -> list[Any]:
    """The shares of the examples, each walked back alone."""
    walk = walker(factor=1 / len(X))
    return [walk(X[n : n + 1], W1, b1, W2, b2, y[n : n + 1]) for n in range(len(X))]


def changed(name: str, change: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    return walker(change={name: change})


def leaky(Z: Any, s: float) -> Any:
    return Z * np.where(Z > 0, 1, s)


def leaky_backward(dA: Any, Z: Any, s: float) -> Any:
    return dA - (1 - s) * dA * (Z <= 0)


def scaled(dX: Callable[..., Any] | None = None, dg: Callable[..., Any] | None = None) -> Callable[..., Any]:
    def scale_backward(dZ: Any, X: Any, g: Any) -> Any:
        right = dZ @ np.diag(g), np.diag(X.T @ dZ)
        return (dX(dZ, X, g) if dX else right[0]), (dg(dZ, X, g) if dg else right[1])

    return scale_backward


def skipped(name: str = "", change: Callable[[dict[str, Any]], Any] | None = None) -> Callable[..., Any]:
    def skip_backward(dZ: Any, X: Any, W: Any, b: Any) -> Any:
        V = X @ W + b
        Z = X + np.maximum(V, 0)
        dV = np.where(V > 0, dZ, 0)
        found = {
            "dX": dZ + np.einsum("nh,dh->nd", dV, W),
            "dW": np.einsum("nd,nh->dh", X, dV),
            "db": np.einsum("nh->h", dV),
        }
        if change:
            found[name] = change({**locals(), **found})
        assert Z.shape == dZ.shape
        return tuple(found.values())

    return skip_backward


def centre(X: Any) -> Any:
    return X - X.mean(axis=0)


def unit(X: Any) -> Any:
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def unit_backward(dZ: Any, X: Any) -> Any:
    Z = unit(X)
    return (dZ - Z * (Z * dZ).sum(axis=1, keepdims=True)) / np.linalg.norm(X, axis=1, keepdims=True)


TURN = np.array([[0, 1, 0, 0, 0], [0, 0, 2, 0, 0], [1, 0, 0, 1, 0], [0, 0, 0, 0, 1], [3, 0, 0, 0, 0.5]])


def turn(X: Any) -> Any:
    """Mixes rows, and its Jacobian is not symmetric."""
    return TURN[: len(X), : len(X)] @ X


def row_maximum_backward(dZ: Any, X: Any) -> Any:
    return (X.argmax(axis=1)[:, None] == np.arange(X.shape[1])) * dZ[:, None]


def spoil(X: Any) -> Any:
    X -= X.mean(axis=0)
    return X


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("backprop.shapes", SHAPES),
        ("backprop.shapes", ((784, 100), (100,), [32, 100], (100, 10))),
        ("backprop.batch", walker()),
        ("backprop.batch", lambda *a: list(walker()(*a))),
        ("backprop.leaky", (leaky, leaky_backward)),
        ("backprop.leaky", [leaky, lambda dA, Z, s: dA * np.where(Z > 0, 1, s)]),
        ("backprop.scale", scaled()),
        ("backprop.skip", skipped()),
        ("backprop.own", (centre, lambda dZ, X: dZ - dZ.mean(axis=0))),
        ("backprop.own", (unit, unit_backward)),
        ("backprop.own", (turn, lambda dZ, X: TURN[: len(X), : len(X)].T @ dZ)),
        ("backprop.own", (lambda X: X.sum(axis=1), lambda dZ, X: np.ones_like(X) * dZ[:, None])),
        ("backprop.own", (lambda X: X.max(axis=1), row_maximum_backward)),
        ("backprop.own", (lambda X: expit(X).sum(), lambda dZ, X: dZ * expit(X) * expit(-X))),
    ],
)
def test_right_answers_pass(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict


WRONG: list[tuple[str, object, str]] = [
    ("shapes", "none", "Give four shapes"),
    ("shapes", SHAPES[:3], "Give four shapes"),
    ("shapes", shapes(0, (100, 784)), "dW1 is transposed"),
    ("shapes", shapes(2, (100, 32)), "dA1 is transposed"),
    ("shapes", shapes(1, (1, 100)), "one number for each unit"),
    ("shapes", shapes(1, (32,)), "one number for each unit"),
    ("shapes", shapes(1, (784,)), "db1 has the shape of b1"),
    ("shapes", shapes(0, (32, 784, 100)), "dW1 has no axis for the images"),
    ("shapes", shapes(3, (100,)), "dW2 has the shape of W2"),
    ("shapes", shapes(1, 100), "db1: 100 is not a tuple"),
    ("shapes", shapes(1, "(100,)"), "db1: '(100,)' is not a tuple"),
    ("batch", np.zeros(4), "The answer is a function"),
    ("batch", lambda *a: walker()(*a)[1:2], "There should be 4 things, (dW1, db1, dW2, db2)"),
    ("batch", lambda *a: walker()(*a)[:3], "this is of type tuple with 3 in it"),
    ("batch", lambda *a: [walker()(*a)[i] for i in (2, 3, 0, 1)], "right arrays in the wrong order. Return dW1, db1"),
    ("batch", lambda *a: [walker()(*a)[i] for i in (0, 2, 1, 3)], "right arrays in the wrong order. Return dW1, db1"),
    (
        "batch",
        lambda *a: [walker(factor=1)(*a)[i] for i in (0, 2, 1, 3)],
        "db1 should have the shape (4,); yours has (4, 4)",
    ),
    ("batch", lambda *a: [walker()(*a)[i] for i in (0, 1, 2, 1)], "Was the name dZ used for two arrays?"),
    ("batch", changed("db1", lambda v: v["dZ1"].sum()), "db1 is a single number"),
    ("batch", changed("dW1", lambda v: v["dW1"][:3]), "dW1 should have the shape (4, 4); yours has (3, 4)"),
    ("batch", walker(straight=True), "network without ReLU"),
    ("batch", walker(factor=1), "1/N is nowhere"),
    ("batch", walker(factor=1 / 16), "divided by twice"),
    ("batch", walker(factor=-1 / 4), "Every sign is turned"),
    ("batch", changed("db2", lambda v: np.full(4, v["dZ2"].sum())), "each row of dZ2 sums to 0"),
    ("batch", changed("db2", lambda v: v["dZ2"].sum(axis=1)), "each row of dZ2 sums to 0"),
    ("batch", changed("db2", lambda v: v["dZ2"].mean(axis=0)), "db2 has 1/N twice"),
    ("batch", changed("db2", lambda v: 4 * v["db2"]), "not all four have the same 1/N"),
    ("batch", changed("db2", lambda v: v["dZ1"].sum(axis=0)), "Was the name dZ used for two arrays?"),
    ("batch", changed("db2", lambda v: 7 * v["db2"]), "look where the walk begins"),
    ("batch", changed("dW2", lambda v: v["A1"] @ v["dZ2"]), "dW2 is A1 @ dZ2"),
    ("batch", changed("dW2", lambda v: v["dZ2"].T @ v["A1"]), "dW2 is transposed"),
    ("batch", changed("dW2", lambda v: v["Z1"].T @ v["dZ2"]), "made with Z1"),
    ("batch", changed("dW2", lambda v: v["dA1"].T @ v["dZ2"]), "made with dA1"),
    ("batch", changed("dW2", lambda v: 4 * v["dW2"]), "N times too large, though db2 is right"),
    ("batch", changed("dW2", lambda v: v["dW2"] / 4), "dW2 has 1/N twice"),
    ("batch", changed("dW2", lambda v: v["dW2"] + 1), "db2 is right and dW2 is not"),
    ("batch", walker(mask="none"), "There is no mask"),
    ("batch", walker(mask="A >= 0"), "true everywhere"),
    ("batch", walker(mask="A"), "multiplied by the activation itself"),
    ("batch", walker(**{"W2 not turned": True}), "with W2, not with W2.T"),
    ("batch", changed("db1", lambda v: np.full(4, v["dZ1"].sum())), "one sum for all units"),
    ("batch", changed("db1", lambda v: v["dZ1"].sum(axis=1)), "summed over the units"),
    ("batch", changed("db1", lambda v: v["dZ1"].mean(axis=0)), "db1 has 1/N twice"),
    ("batch", changed("db1", lambda v: v["db1"] + 1), "The last layer is right and db1 is not"),
    ("batch", changed("dW1", lambda v: v["X"] @ v["dZ1"]), "dW1 is X @ dZ1"),
    ("batch", changed("dW1", lambda v: v["dZ1"].T @ v["X"]), "dW1 is transposed"),
    ("batch", changed("dW1", lambda v: v["X"].T @ v["dA1"]), "behind the mask"),
    ("batch", changed("dW1", lambda v: v["dW1"] / 4), "dW1 has 1/N twice"),
    ("batch", changed("dW1", lambda v: v["dW1"] * 2), "All but dW1 is right"),
    ("leaky", leaky, "The answer is a pair of functions"),
    ("leaky", (leaky, 3), "The answer is a pair of functions"),
    ("leaky", (lambda Z, s: np.maximum(Z, 0), leaky_backward), "Forward: that is ReLU"),
    ("leaky", (lambda Z, s: np.maximum(Z, 0) + s * Z, leaky_backward), "added above zero too"),
    ("leaky", (lambda Z, s: np.where(Z < 0, Z, s * Z), leaky_backward), "belongs to the negative side"),
    ("leaky", (lambda Z, s: np.where(Z > 0, Z, s), leaky_backward), "not s."),
    ("leaky", (lambda Z, s: np.where(Z > 0, Z, s * abs(Z)), leaky_backward), "sign below zero is turned"),
    ("leaky", (lambda Z, s: 2 * Z, leaky_backward), "Forward: z above zero"),
    ("leaky", (lambda Z, s: Z[:2], leaky_backward), "The shape should be (4, 5)"),
    ("leaky", (leaky, lambda dA, Z, s: dA * (Z > 0)), "That is ReLU's rule"),
    ("leaky", (leaky, lambda dA, Z, s: dA * leaky(Z, s)), "multiplied by the output"),
    ("leaky", (leaky, lambda dA, Z, s: np.where(Z > 0, 1, s)), "Multiply them by what arrives"),
    ("leaky", (leaky, lambda dA, Z, s: np.where(Z > 0, dA, s * Z)), "handed down s·Z"),
    ("leaky", (leaky, lambda dA, Z, s: np.where(Z > 0, dA, s)), "handed down s."),
    ("leaky", (leaky, lambda dA, Z, s: leaky_backward(dA, -Z, s)), "changed places"),
    ("leaky", (leaky, lambda dA, Z, s: leaky_backward(dA, dA, s)), "taken at dA"),
    ("leaky", (leaky, lambda dA, Z, s: dA * ((Z > 0) + s)), "not 1 + s"),
    ("leaky", (leaky, lambda dA, Z, s: dA), "handed down everything"),
    ("leaky", (leaky, lambda dA, Z, s: leaky_backward(dA, Z, 0.1)), "nudging says otherwise"),
    ("leaky", (leaky, lambda dA, Z, s: dA.T), "It is transposed"),
    ("scale", np.zeros(4), "The answer is a function"),
    ("scale", lambda dZ, X, g: dZ * g, "There should be 2 things, (dX, dg)"),
    ("scale", lambda *a: scaled()(*a)[::-1], "right arrays in the wrong order. Return dX, dg."),
    ("scale", lambda dZ, X, g: (dZ.sum(axis=0), dZ * X), "dX should have the shape (4, 4)"),
    ("scale", scaled(dg=lambda dZ, X, g: dZ * X), "All rows used the same g"),
    ("scale", scaled(dg=lambda dZ, X, g: X.T @ dZ), "dg should have the shape (4,); yours has (4, 4)"),
    ("scale", scaled(dg=lambda dZ, X, g: (dZ * X).sum()), "dg is a single number"),
    ("scale", scaled(dX=lambda dZ, X, g: dZ), "dX is dZ unchanged"),
    ("scale", scaled(dX=lambda dZ, X, g: dZ * X), "multiplied by X"),
    ("scale", scaled(dX=lambda dZ, X, g: np.diag(g) @ dZ), "Each row of dX"),
    ("scale", scaled(dX=lambda dZ, X, g: dZ / g), "divided by g"),
    ("scale", scaled(dX=lambda dZ, X, g: dZ @ np.outer(g, g)), "mixes the columns"),
    ("scale", scaled(dX=lambda dZ, X, g: dZ * g / len(X)), "dX has 1/N in it"),
    ("scale", scaled(dX=lambda dZ, X, g: -dZ * g), "sign of dX is turned"),
    ("scale", scaled(dX=lambda dZ, X, g: dZ + g), "dX is wrong"),
    ("scale", scaled(dg=lambda dZ, X, g: (dZ * X).sum(axis=1)), "summed over the columns"),
    ("scale", scaled(dg=lambda dZ, X, g: dZ.sum(axis=0)), "gradient of a bias"),
    ("scale", scaled(dg=lambda dZ, X, g: (dZ * g).sum(axis=0)), "not g itself"),
    ("scale", scaled(dg=lambda dZ, X, g: np.full(4, (dZ * X).sum())), "one sum for all"),
    ("scale", scaled(dg=lambda dZ, X, g: (dZ * X).mean(axis=0)), "That is a mean"),
    ("scale", scaled(dg=lambda dZ, X, g: (X.T @ dZ).sum(axis=0)), "Only its diagonal"),
    ("scale", scaled(dg=lambda dZ, X, g: -(dZ * X).sum(axis=0)), "sign of dg is turned"),
    ("scale", scaled(dg=lambda dZ, X, g: X.sum(axis=0)), "dX is right and dg is not"),
    ("skip", "X + relu", "The answer is a function"),
    ("skip", lambda *a: skipped()(*a)[0], "There should be 3 things, (dX, dW, db)"),
    ("skip", lambda *a: [skipped()(*a)[i] for i in (1, 0, 2)], "right arrays in the wrong order. Return dX, dW, db."),
    ("skip", skipped("db", lambda v: v["dV"].sum()), "db is a single number"),
    ("skip", skipped("db", lambda v: v["dZ"].sum(axis=0)), "what reaches b has passed ReLU"),
    ("skip", skipped("db", lambda v: (v["dZ"] * (v["Z"] > 0)).sum(axis=0)), "taken at the block's output"),
    ("skip", skipped("db", lambda v: (v["dZ"] * (v["X"] > 0)).sum(axis=0)), "taken at X"),
    ("skip", skipped("db", lambda v: v["dV"].sum(axis=1)), "summed over the units"),
    ("skip", skipped("db", lambda v: np.full(4, v["dV"].sum())), "one sum for all units"),
    ("skip", skipped("db", lambda v: v["dV"].mean(axis=0)), "db has 1/N in it"),
    ("skip", skipped("db", lambda v: v["db"] + 1), "db is wrong"),
    ("skip", skipped("dW", lambda v: v["X"].T @ v["dZ"]), "needs dV, not dZ"),
    ("skip", skipped("dW", lambda v: v["X"] @ v["dV"]), "dW is X @ dV"),
    ("skip", skipped("dW", lambda v: v["dV"].T @ v["X"]), "dW is transposed"),
    ("skip", skipped("dW", lambda v: v["dW"] / 4), "dW has 1/N in it"),
    ("skip", skipped("dW", lambda v: v["dW"] + 1), "db is right and dW is not"),
    ("skip", skipped("dX", lambda v: v["dX"] - v["dZ"]), "Add the direct one"),
    ("skip", skipped("dX", lambda v: v["dZ"]), "Add the one through the layer"),
    ("skip", skipped("dX", lambda v: v["dZ"] + v["dV"] @ v["W"]), "where W.T belongs"),
    ("skip", skipped("dX", lambda v: v["dZ"] + v["dZ"] @ v["W"].T), "not masked"),
    ("skip", skipped("dX", lambda v: v["dV"] + v["dV"] @ v["W"].T), "hands down dZ whole"),
    ("skip", skipped("dX", lambda v: v["dZ"] * (v["dV"] @ v["W"].T)), "Over two paths they add"),
    ("skip", skipped("dX", lambda v: v["dX"] / 2), "mean of the two paths"),
    ("skip", skipped("dX", lambda v: v["dX"] + 1), "db and dW are right and dX is not"),
    ("own", centre, "The answer is a pair of functions"),
    ("own", (np.zeros_like, lambda dZ, X: dZ), "does not use its input"),
    ("own", (np.tanh, lambda dZ, X: dZ / np.cosh(X) ** 2), "uses one entry of X"),
    ("own", (spoil, lambda dZ, X: centre(dZ)), "changed its argument number 1"),
    ("own", (centre, lambda dZ, X: spoil(dZ)), "changed its argument number 1"),
    ("own", (centre, lambda dZ, X: dZ[:2]), "The shape should be (4, 4)"),
    ("own", (centre, lambda dZ, X: dZ.mean(axis=0) - dZ), "The sign is turned"),
    ("own", (unit, lambda dZ, X: unit_backward(np.ones_like(X), X)), "multiplied by what arrives"),
    ("own", (centre, lambda dZ, X: dZ * (1 - 1 / len(X))), "term of its own Z alone"),
    ("own", (centre, lambda dZ, X: dZ), "handed dZ down unchanged"),
    ("own", (turn, lambda dZ, X: turn(dZ)), "You summed over the entries of X"),
    ("own", (centre, lambda dZ, X: centre(dZ) / len(X)), "Everything is 4 times too small"),
    ("own", (centre, lambda dZ, X: 2 * centre(dZ)), "Everything is 2 times too large"),
    ("own", (lambda X: X.sum(axis=1), lambda dZ, X: np.ones_like(X) * dZ), "there must be a term for each"),
    (
        "own",
        (centre, lambda dZ, X: dZ - dZ.mean(axis=1, keepdims=True)),
        "moves 4 of the 16 entries of Z: there must be a term for each",
    ),
    ("own", (centre, lambda dZ, X: dZ - dZ.sum(axis=0) / 4), "Entry ("),
    ("own", (lambda X: X[::-1], lambda dZ, X: dZ[::-1]), "uses one entry of X"),
    (
        "own",
        (lambda X: X.max(axis=1), lambda dZ, X: 0 * X + dZ[:, None]),
        "moves 0 of the 4 entries of Z: it has no part",
    ),
]


@pytest.mark.parametrize(("name", "answer", "part"), WRONG)
def test_typical_mistakes_get_their_own_hint(name: str, answer: object, part: str) -> None:
    verdict = check(f"backprop.{name}", answer)
    assert not verdict
    assert part in verdict.message, verdict.message


def test_no_array_of_the_marker_is_at_the_mercy_of_the_answer() -> None:
    def careless(dZ: Any, X: Any, g: Any) -> Any:
        found = scaled()(dZ, X, g)
        dZ[:], X[:], g[:] = 0, 0, 0
        return found

    for _ in range(2):
        assert "What comes back is right, but your function changed" in str(check("backprop.scale", careless))
    assert check("backprop.scale", scaled())


def in_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arrays: function(*(np.float32(part) if np.ndim(part) > 1 else part for part in arrays))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("shapes", [np.array(shape) for shape in SHAPES]),
        ("batch", lambda *a: [gradient.tolist() for gradient in walker()(*a)]),
        ("batch", in_float32(walker())),
        (
            "batch",
            lambda *a: [sum(parts) for parts in zip(*one_by_one(*a), strict=True)],
        ),
        ("leaky", (lambda Z, s: np.maximum(Z, s * Z), lambda dA, Z, s: dA * np.where(Z >= 0, 1, s))),
        ("leaky", (in_float32(leaky), in_float32(leaky_backward))),
        ("leaky", np.array([leaky, leaky_backward])),
        ("leaky", (lambda *a: leaky(*a).tolist(), lambda *a: leaky_backward(*a).tolist())),
        ("scale", lambda dZ, X, g: [dZ * g, [dZ[:, d] @ X[:, d] for d in range(len(g))]]),
        ("scale", in_float32(scaled())),
        ("skip", in_float32(skipped())),
        ("own", (in_float32(centre), in_float32(lambda dZ, X: dZ - dZ.mean(axis=0)))),
        ("own", (lambda X: X @ X.T, lambda dZ, X: (dZ + dZ.T) @ X)),
        ("own", (lambda X: float(X.sum()), lambda dZ, X: np.full(X.shape, dZ))),
        ("own", (lambda X: np.cumsum(X, axis=0).tolist(), lambda dZ, X: np.cumsum(dZ[::-1], axis=0)[::-1])),
    ],
)
def test_a_right_answer_may_be_written_differently(name: str, answer: object) -> None:
    verdict = check(f"backprop.{name}", answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("batch", walker(factor=1 / 4)),
        ("batch", lambda *a: walker(factor=1 / len(a[4]))(*a)),
        ("batch", lambda *a: walker(factor=1 / a[0].shape[1])(*a)),
        ("batch", changed("db1", lambda v: 4 * v["dZ1"].mean(axis=0))),
        ("batch", changed("dW1", lambda v: v["X"].T @ (v["dA1"] * (v["Z1"] > 0.1)))),
        ("batch", changed("dW1", lambda v: v["X"].T @ (v["dA1"] * (v["Z1"] > -0.1)))),
        ("leaky", (lambda Z, s: np.where(Z > 0.1, Z, s * Z), leaky_backward)),
        ("leaky", (leaky, lambda dA, Z, s: dA * np.where(Z > -0.05, 1, s))),
        ("leaky", (leaky, lambda dA, Z, s: dA * np.where(Z > 0, 1, 0.1 if s < 0.3 else 0.5))),
        ("leaky", (lambda Z, s: leaky(Z, 0.1 if s < 0.3 else 0.5), leaky_backward)),
        ("leaky", (leaky, lambda dA, Z, s: dA * np.where(Z > 1e-3, 1, s))),
        ("scale", scaled(dg=lambda dZ, X, g: 4 * (dZ * X).mean(axis=0))),
        ("scale", scaled(dg=lambda dZ, X, g: (dZ * X)[:4].sum(axis=0))),
        ("skip", skipped("db", lambda v: 4 * v["dV"].mean(axis=0))),
        ("skip", skipped("dX", lambda v: v["dZ"] + (v["dZ"] * (v["V"] > 0.1)) @ v["W"].T)),
        ("own", (centre, lambda dZ, X: dZ - dZ.sum(axis=0) / 4)),
    ],
)
def test_what_only_looks_right_is_not_called_right(name: str, answer: object) -> None:
    assert not check(f"backprop.{name}", answer)


def test_a_size_in_the_place_of_another_is_named_as_such() -> None:
    said = str(check("backprop.batch", walker(factor=1 / 4)))
    assert "right when all sizes are equal, but dW1 is wrong for N, D, H, K = 3, 5, 2, 6" in said


def test_a_layer_that_tosses_coins_is_told_so() -> None:
    coins = np.random.default_rng(0)
    said = str(check("backprop.own", (lambda X: X.sum(axis=1) * coins.random(), lambda dZ, X: dZ)))
    assert "two results for the same X" in said
