"""Mark the exercises of the chapter "backprop".

Every gradient is compared with nudging, on small float64 arrays. Equal sizes come first, since a wrong axis or a
missing transpose would otherwise be found by its shape: then only the numbers can tell. Different sizes follow, since
where all are equal, a division by the wrong one is not seen.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_several, hint, same
from scratchnet.check.chain_rule import expect_gradients
from scratchnet.gradcheck import numerical_gradient
from scratchnet.losses import cross_entropy
from scratchnet.types import FloatArray, IntArray

Hints = tuple[tuple[Any, str], ...]
BARELY = np.array([-1e-4, 1e-4])  # one unit that is barely off and one barely on: there a wrong threshold shows


def _require_pair(answer: Any) -> tuple[Any, Any]:
    if np.shape(answer) != (2,) or not all(callable(part) for part in answer):
        hint("The answer is a pair of functions, forward first: (forward, backward), without brackets after the names.")
    return tuple(answer)


def _require_all(found: Any, names: str, want: list[FloatArray]) -> list[FloatArray]:
    """The gradients that were returned, in the order and the shapes of those that were asked for."""
    for name, gradient in zip(names.split(", "), expect_several(found, *names.split(", ")), strict=True):
        if np.shape(gradient) == ():
            hint(f"{name} is a single number. A sum without an axis adds up everything: keep that of the outputs.")
    return expect_gradients(found, names, want)


def _require_right(found: Any, names: str, want: list[FloatArray], sizes: str) -> None:
    """For different sizes, after equal ones were right, so that little is left to go wrong."""
    got = _require_all(found, names, want)
    for name, ours, nudged in zip(names.split(", "), got, want, strict=True):
        if not same(ours, nudged):
            hint(
                f"All is right when all sizes are equal, but {name} is wrong for {sizes}. Look for one size that "
                "stands in the place of another, or for a number that only fits the first example."
            )


def _compare(got: FloatArray, want: FloatArray, mistakes: Hints, otherwise: str) -> None:
    if same(got, want):
        return
    scale = np.abs(want).max()  # a wrong answer may be zero everywhere, which is no scale
    for wrong, sentence in mistakes:
        if np.abs(got - wrong).max() <= 1e-5 * scale:
            hint(sentence)
    hint(otherwise)


@exercise("backprop.shapes", "A gradient has the shape of the thing itself, whatever made it.")
def _shapes(answer: Any) -> None:
    want = [(784, 100), (100,), (32, 100), (100, 10)]
    names = ("dW1", "db1", "dA1", "dW2")
    if not isinstance(answer, tuple | list) or len(answer) != len(names):
        hint("Give four shapes, those of dW1, db1, dA1 and dW2, in this order.")
    for name, got, shape in zip(names, answer, want, strict=True):
        if not isinstance(got, tuple | list | np.ndarray) or np.ndim(got) != 1:
            hint(f"{name}: {got!r} is not a tuple, even in brackets. One entry needs a comma, as in (3,).")
        shown = tuple(got)
        if shown == shape:
            continue
        if shown == shape[::-1]:
            hint(f"{name} is transposed. Weights are (inputs, outputs), and rows are examples.")
        if name == "db1" and shown in ((32,), (32, 100), (1, 100)):
            hint("db1 has the shape of b1: one number for each unit, because the images are added up.")
        if 32 in shown and name in ("dW1", "dW2"):
            hint(f"{name} has no axis for the images: the product sums over them.")
        hint(f"{name} has the shape of {name[1:]}. Write that one down first.")


@exercise("backprop.batch", "Where all sizes are equal the shapes could not help you. The derivation did.")
def _batch(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(11)
    for N, D, H, K in ((4, 4, 4, 4), (3, 5, 2, 6), (7, 2, 4, 3), (1, 3, 3, 3)):
        X, y = rng.normal(size=(N, D)), rng.integers(0, K, N)
        start: list[FloatArray] = [rng.normal(size=shape) for shape in ((D, H), (H,), (H, K), (K,))]
        start[1][:2] = BARELY - X[0] @ start[0][:, :2]
        loss = lambda _, X=X, y=y, start=start: cross_entropy(_forward(X, *start)[2], y)  # noqa: E731
        want = [numerical_gradient(loss, array, 1e-6) for array in start]
        found = answer(X.copy(), *(array.copy() for array in start), y.copy())
        if N == D:
            _explain_batch(_require_all(found, "dW1, db1, dW2, db2", want), want, X, start, y)
        _require_right(found, "dW1, db1, dW2, db2", want, f"N, D, H, K = {N}, {D}, {H}, {K}")


def _forward(
    X: FloatArray, W1: FloatArray, b1: FloatArray, W2: FloatArray, b2: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    return Z1, A1, A1 @ W2 + b2


def _explain_batch(
    got: list[FloatArray], want: list[FloatArray], X: FloatArray, start: list[FloatArray], y: IntArray
) -> None:
    """Name the mistake, where there is one. All sizes are equal, so every product has every shape."""
    N = H = K = len(X)
    dW1, db1, dW2, db2 = got
    for factor, sentence in (
        (N, "All four are N times too large: the loss is a mean, and 1/N is nowhere."),
        (1 / N, "All four are N times too small: 1/N was divided by twice. It is in dZ2, and nowhere else."),
        (-1, "Every sign is turned: the scores get P − Y."),
    ):
        if all(same(a, factor * b) for a, b in zip(got, want, strict=True)):
            hint(sentence)
    # dZ2 by nudging as well, so that nothing here repeats the formula that is asked for
    Z1, A1, Z2 = _forward(X, *start)
    dZ2 = numerical_gradient(lambda Z: cross_entropy(Z, y), Z2, 1e-6)
    straight = numerical_gradient(lambda Z: cross_entropy(Z, y), Z1 @ start[2] + start[3], 1e-6)
    dA1 = dZ2 @ start[2].T
    dZ1 = dA1 * (Z1 > 0)
    _compare(
        db2,
        want[3],
        (
            (np.zeros(K), "db2 is 0 everywhere, because each row of dZ2 sums to 0. Sum over the images: axis 0."),
            (want[3] * N, "db2 is N times too large, and so not all four have the same 1/N."),
            (want[3] / N, "db2 has 1/N twice. It is in dZ2 already."),
            (want[1], "db2 is db1. Was the name dZ used for two arrays?"),
            (straight.sum(axis=0), "Your scores are those of a network without ReLU: A1 goes into the second layer."),
        ),
        "db2 is wrong, so look where the walk begins: dZ2 = (P − Y)/N, and its columns are summed.",
    )
    _compare(
        dW2,
        want[2],
        (
            (A1 @ dZ2, "dW2 is A1 @ dZ2, which sums over units of A1 and images of dZ2. Both must be the images."),
            (want[2].T, "dW2 is transposed: rows are the hidden units, columns the classes."),
            (Z1.T @ dZ2, "dW2 is made with Z1. What was multiplied by W2 is A1, after ReLU."),
            (dA1.T @ dZ2, "dW2 is made with dA1. Was the name of A1 used again before it was needed?"),
            (want[2] * N, "dW2 is N times too large, though db2 is right."),
            (want[2] / N, "dW2 has 1/N twice. It is in dZ2 already."),
        ),
        "db2 is right and dW2 is not: entry (h, k) is the sum over images of A1[n, h] · dZ2[n, k].",
    )
    wrong_way = dZ2 @ start[2]
    _compare(
        db1,
        want[1],
        (
            (dA1.sum(axis=0), "There is no mask. (Or it is taken at A1 >= 0, which is true everywhere.)"),
            ((dA1 * Z1 * (Z1 > 0)).sum(axis=0), "The mask is 1 or 0. You multiplied by the activation itself."),
            ((wrong_way * (Z1 > 0)).sum(axis=0), "dA1 is made with W2, not with W2.T: the sum runs over the classes."),
            (np.full(H, dZ1.sum()), "db1 is one sum for all units. Sum over the images alone."),
            (dZ1.sum(axis=1), "db1 is summed over the units. The images are axis 0."),
            (want[1] / N, "db1 has 1/N twice. It came with dZ2."),
        ),
        "The last layer is right and db1 is not: dA1 = dZ2 @ W2.T, then the mask at Z1, then the sum of the columns.",
    )
    _compare(
        dW1,
        want[0],
        (
            (X @ dZ1, "dW1 is X @ dZ1, which sums over pixels of X and images of dZ1. Both must be the images."),
            (want[0].T, "dW1 is transposed: rows are the inputs, columns the units."),
            (X.T @ dA1, "dW1 is made with dA1. It needs dZ1, behind the mask."),
            (want[0] / N, "dW1 has 1/N twice. It came with dZ2."),
        ),
        "All but dW1 is right: entry (d, h) is the sum over images of X[n, d] · dZ1[n, h].",
    )


@exercise("backprop.leaky", "A new layer, derived by you and found right by someone who knows no calculus.")
def _leaky(answer: Any) -> None:
    forward, backward = _require_pair(answer)
    rng = np.random.default_rng(12)
    for shape, s in (((4, 5), 0.1), ((4, 5), 0.5), ((3, 3), 0.02), ((7, 2), 0.83)):
        Z, dA = rng.normal(size=shape), rng.normal(size=shape)
        Z[0, :2] = BARELY
        truth = np.where(Z > 0, Z, s * Z)
        A = expect_array(forward(Z.copy(), s), Z.shape)
        _compare(
            A,
            truth,
            (
                (np.maximum(Z, 0), "Forward: that is ReLU. Below zero the answer is s·z, not 0."),
                (np.maximum(Z, 0) + s * Z, "Forward: s·z is added above zero too. There the answer is z."),
                (np.where(Z > 0, s * Z, Z), "Forward: the slope s belongs to the negative side."),
                (np.where(Z > 0, Z, s), "Forward: below zero the answer is s times z, not s."),
                (np.where(Z > 0, Z, -s * Z), "Forward: the sign below zero is turned: s·z is negative there."),
            ),
            "Forward: z above zero, and s·z elsewhere, entry by entry.",
        )
        dZ = expect_array(backward(dA.copy(), Z.copy(), s), Z.shape)
        loss = lambda at, s=s, dA=dA: float((dA * np.where(at > 0, at, s * at)).sum())  # noqa: E731
        _compare(
            dZ,
            numerical_gradient(loss, Z.copy(), 1e-6),
            (
                (dA * (Z > 0), "That is ReLU's rule. Below zero the slope is s, not 0."),
                (dA * truth, "You multiplied by the output. The local derivative is a slope, 1 or s."),
                (np.where(Z > 0, 1, s), "Those are the local derivatives. Multiply them by what arrives, dA."),
                (np.where(Z > 0, dA, s * Z), "Below zero you handed down s·Z. It is s times what arrives, dA."),
                (np.where(Z > 0, dA, s), "Below zero you handed down s. It is s times what arrives, dA."),
                (np.where(Z > 0, s * dA, dA), "The two slopes have changed places."),
                (np.where(dA > 0, dA, s * dA), "The mask is taken at dA. It belongs to Z, where the forward pass was."),
                (dA * np.where(Z > 0, 1 + s, s), "Above zero the slope is 1, not 1 + s."),
                (dA, "You handed down everything. Below zero the slope is s."),
            ),
            "Backward: nudging says otherwise. Each entry is dA times the slope at its own z: 1 above zero, s below.",
        )


@exercise("backprop.scale", "g is used for every example, so its gradient sums over them: a bias's cousin.")
def _scale(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(13)
    for N, D in ((4, 4), (3, 5), (6, 2), (1, 3)):
        X, g, dZ = rng.normal(size=(N, D)), rng.normal(size=D), rng.normal(size=(N, D))
        loss = lambda _, X=X, g=g, dZ=dZ: float((dZ * (X * g)).sum())  # noqa: E731
        want = [numerical_gradient(loss, array, 1e-6) for array in (X, g)]
        found = answer(dZ.copy(), X.copy(), g.copy())
        dX, dg = expect_several(found, "dX", "dg")
        if np.shape(dX) == np.shape(dg) == (N, D) and same(np.sum(dg, axis=0), want[1]):
            hint("dg has a row for each example, but g has only one. All rows used the same g: sum over them.")
        if N == D:
            _explain_scale(_require_all(found, "dX, dg", want), want, X, g, dZ)
        _require_right(found, "dX, dg", want, f"N, D = {N}, {D}")


def _explain_scale(got: list[FloatArray], want: list[FloatArray], X: FloatArray, g: FloatArray, dZ: FloatArray) -> None:
    N = D = len(X)
    (dX, dg), (want_X, want_g) = got, want
    _compare(
        dX,
        want_X,
        (
            (dZ, "dX is dZ unchanged. Each x is multiplied by its g on the way, so its rate is too."),
            (dZ * X, "dX is multiplied by X. The rate of x is the other factor, g."),
            (dZ * g[:, None], "Each row of dX got a g of its own. g[d] belongs to column d."),
            (dZ / g, "dX is divided by g. Forward and backward multiply by the same number."),
            (dZ @ np.outer(g, g), "A matrix product mixes the columns, and the layer does not."),
            (want_X / N, "dX has 1/N in it. Any 1/N is in dZ already."),
            (-want_X, "The sign of dX is turned."),
        ),
        "dX is wrong: z[n, d] = x[n, d] · g[d], and no other z contains this x.",
    )
    _compare(
        dg,
        want_g,
        (
            ((dZ * X).sum(axis=1), "dg is summed over the columns. g[d] is used by all rows n: sum over axis 0."),
            (dZ.sum(axis=0), "That is the gradient of a bias. Here the input is not 1 but X."),
            ((dZ * g).sum(axis=0), "The rate of g is the other factor, X, not g itself."),
            (np.full(D, (dZ * X).sum()), "dg is one sum for all. Keep the columns apart: sum over axis 0."),
            ((dZ * X).mean(axis=0), "That is a mean over the examples. Any 1/N is in dZ already: here it is a sum."),
            ((X.T @ dZ).sum(axis=0), "You summed all of X.T @ dZ down its columns. Only its diagonal is wanted."),
            (-want_g, "The sign of dg is turned."),
        ),
        "dX is right and dg is not: add up x[n, d] · dz[n, d] over everything that used g[d].",
    )


@exercise("backprop.skip", "Two paths, two products, one sum; and one of the paths changes nothing on its way.")
def _skip(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(14)
    for N, D in ((4, 4), (3, 5), (6, 2), (1, 3)):
        X, W, b, dZ = rng.normal(size=(N, D)), rng.normal(size=(D, D)), rng.normal(size=D), rng.normal(size=(N, D))
        b[:2] = BARELY - X[0] @ W[:, :2]
        arrays: list[FloatArray] = [X, W, b]
        loss = lambda _, X=X, W=W, b=b, dZ=dZ: float((dZ * (X + np.maximum(X @ W + b, 0))).sum())  # noqa: E731
        want = [numerical_gradient(loss, array, 1e-6) for array in arrays]
        found = answer(dZ.copy(), *(array.copy() for array in arrays))
        if N == D:
            _explain_skip(_require_all(found, "dX, dW, db", want), want, arrays, dZ)
        _require_right(found, "dX, dW, db", want, f"N, D = {N}, {D}")


def _explain_skip(got: list[FloatArray], want: list[FloatArray], arrays: list[FloatArray], dZ: FloatArray) -> None:
    N = D = len(dZ)
    (dX, dW, db), (X, W, b) = got, arrays
    V = X @ W + b
    Z = X + np.maximum(V, 0)
    dV = dZ * (V > 0)
    _compare(
        db,
        want[2],
        (
            (dZ.sum(axis=0), "The mask is missing: what reaches b has passed ReLU."),
            ((dZ * (Z > 0)).sum(axis=0), "The mask is taken at the block's output. ReLU sits at V = X @ W + b."),
            ((dZ * (X > 0)).sum(axis=0), "The mask is taken at X. ReLU sits at V = X @ W + b."),
            (dV.sum(axis=1), "db is summed over the units. The examples are axis 0."),
            (np.full(D, dV.sum()), "db is one sum for all units. Sum over the examples alone, axis 0."),
            (want[2] / N, "db has 1/N in it. Any 1/N is in dZ already."),
        ),
        "db is wrong: call V = X @ W + b, find dV = dZ ⊙ [V > 0], and sum its columns.",
    )
    _compare(
        dW,
        want[1],
        (
            (X.T @ dZ, "In dW the mask is missing: it needs dV, not dZ."),
            (X @ dV, "dW is X @ dV, which sums over inputs of X and examples of dV. Both must be the examples."),
            (want[1].T, "dW is transposed: rows are the inputs."),
            (want[1] / N, "dW has 1/N in it. Any 1/N is in dZ already."),
        ),
        "db is right and dW is not: the block's layer is linear with input X and upstream gradient dV.",
    )
    _compare(
        dX,
        want[0],
        (
            (dV @ W.T, "X reaches the output by two paths, and this is the one through the layer. Add the direct one."),
            (dZ, "X reaches the output by two paths, and this is the direct one. Add the one through the layer."),
            (dZ + dV @ W, "The path through the layer has W where W.T belongs: sum over the outputs of W."),
            (dZ + dZ @ W.T, "The path through the layer is not masked: it carries dV, not dZ."),
            (dV + dV @ W.T, "The direct path does not pass ReLU: it hands down dZ whole."),
            (dZ * (dV @ W.T), "Rates multiply along a path. Over two paths they add."),
            ((dZ + dV @ W.T) / 2, "That is the mean of the two paths. They add."),
        ),
        "db and dW are right and dX is not: dZ by the direct path, plus dV @ W.T by the other.",
    )


@exercise("backprop.own", "A layer that you derived, and a way to see for yourself whether it is right.")
def _own(answer: Any) -> None:
    forward, backward = _require_pair(answer)
    rng = np.random.default_rng(15)
    for number, shape in enumerate(((4, 4), (5, 3), (3, 6))):
        X = rng.normal(size=shape)
        Z = _call(forward, X)
        if not np.array_equal(_call(forward, X), Z):
            hint("forward gives two results for the same X. Nudging, and the way back, need the same one each time.")
        dZ = np.array(rng.normal(size=Z.shape))
        dX = expect_array(backward(dZ.copy(), X.copy()), shape)
        # float32 rounds a small nudge away, so there the nudge is larger and the judgement not as fine.
        eps, fine = (1e-6, 1e-6) if Z.dtype == np.float64 else (3e-3, 3e-3)
        J = _jacobian(forward, X, Z.size, eps)
        if not number:
            _require_mixing(forward, J, shape, rng)
        want = (dZ.ravel() @ J).reshape(shape)
        tolerance = fine * (1 + np.abs(want).max())
        if np.abs(dX - want).max() <= tolerance:
            continue
        for wrong, sentence in _usual(J, dZ, want):
            if wrong.size == dX.size and np.abs(dX.ravel() - wrong.ravel()).max() <= tolerance:
                hint(sentence)
        place = np.unravel_index(np.abs(dX - want).argmax(), shape)
        users = int((np.abs(J[:, np.ravel_multi_index(place, shape)]) > 1e-9).sum())
        terms = "there must be a term for each" if users else "it has no part in the gradient here"
        hint(
            f"Entry ({place[0]}, {place[1]}) of dX: nudging says {want[place]:.3f}, and you {dX[place]:.3f}. "
            f"This entry of X moves {users} of the {Z.size} entries of Z: {terms}."
        )


def _call(forward: Callable[..., Any], X: FloatArray) -> FloatArray:
    result = np.asarray(forward(X.copy()))
    return expect_array(result, result.shape)


def _jacobian(forward: Callable[..., Any], X: FloatArray, outputs: int, eps: float = 1e-6) -> FloatArray:
    """All derivatives by nudging: a row for each entry of Z, a column for each entry of X."""
    J = np.zeros((outputs, X.size))
    for i in range(X.size):
        nudge = eps * np.eye(X.size)[i].reshape(X.shape)
        J[:, i] = (np.ravel(forward(X + nudge)) - np.ravel(forward(X - nudge))) / (2 * eps)
    return J


def _require_mixing(
    forward: Callable[..., Any], J: FloatArray, shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    uses = np.abs(J) > 1e-9
    if uses.sum(axis=1).max() <= 1:  # a maximum uses a single entry at each X, but not the same one at every X
        for _ in range(7):
            uses |= np.abs(_jacobian(forward, rng.normal(size=shape), len(J))) > 1e-9
    if not uses.any():
        hint("Nudging X changes nothing in Z: that layer does not use its input.")
    if uses.sum(axis=1).max() <= 1:
        hint("Each entry of your Z uses one entry of X, as in ReLU. Choose a layer in which entries meet.")


def _usual(J: FloatArray, dZ: FloatArray, want: FloatArray) -> Hints:
    d = dZ.ravel()
    usual: Hints = (
        (-want, "The sign is turned."),
        (J.sum(axis=0), "You added up the local derivatives. Each must be multiplied by what arrives, its dZ."),
    )
    if len(J) == J.shape[1]:
        usual += (
            (
                np.diag(J) * d,
                "Each dX got the term of its own Z alone. It is used in other entries of Z too: add those.",
            ),
            (d, "You handed dZ down unchanged."),
            (J @ d, "You summed over the entries of X. For each of those, sum over the entries of Z that use it."),
        )
    for factor in (len(want), want.shape[1], 2):
        usual += (
            (want * factor, f"Everything is {factor} times too large."),
            (want / factor, f"Everything is {factor} times too small."),
        )
    return usual
