"""The markers of the chapter "hidden-layer": the right answer passes, and each typical mistake gets its own hint."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.check import check


def pairs(sizes: Any) -> list[tuple[int, int]]:
    return list(pairwise(sizes))


def rescale(W1: Any, b1: Any, W2: Any, b2: Any, h: int, c: float) -> tuple[Any, ...]:
    W1, b1, W2 = W1.copy(), b1.copy(), W2.copy()
    W1[:, h] *= c
    b1[h] *= c
    W2[h] /= c
    return W1, b1, W2, b2


def rescale_in_place(W1: Any, b1: Any, W2: Any, b2: Any, h: int, c: float) -> tuple[Any, ...]:
    W1[:, h] *= c
    b1[h] *= c
    W2[h] /= c
    return W1, b1, W2, b2


def rescale_wrongly(*, into: str = "column", bias: str = "entry", out: str = "row", extra: float = 0.0) -> Any:
    """Return a rescale with one thing done differently."""

    def function(W1: Any, b1: Any, W2: Any, b2: Any, h: int, c: float) -> tuple[Any, ...]:
        W1, b1, W2 = W1.copy(), b1.copy(), W2.copy()
        if into == "column":
            W1[:, h] *= c
        elif into == "row":
            W1[h] *= c
        else:
            W1 *= c
        if bias == "entry":
            b1[h] *= c
        elif bias == "all":
            b1 *= c
        if out == "row":
            W2[h] /= c
        elif out == "column":
            W2[:, h] /= c
        elif out == "grown":
            W2[h] *= c
        return W1, b1, W2, b2 + extra

    return function


def corners(w: Any, b: Any, v: Any, *, weigh: bool = True, sign: float = 1.0, least: float = 1e-9) -> Any:
    bent = w != 0
    t, change = -sign * b[bent] / w[bent], v[bent] * (np.abs(w[bent]) if weigh else 1)
    order = np.argsort(t)
    t, change = t[order], change[order]
    new = np.diff(t, prepend=-np.inf) >= 1e-9
    total = np.bincount(np.cumsum(new) - 1, weights=change, minlength=new.sum())
    return t[new][np.abs(total) > least]


def kinks(w: Any, b: Any, v: Any) -> list[tuple[float, float]]:
    return sorted((-bias / weight, out * abs(weight)) for weight, bias, out in zip(w, b, v, strict=True) if weight)


def one_after_another(w: Any, b: Any, v: Any) -> list[float]:
    places: list[list[float]] = []
    for t, change in kinks(w, b, v):
        if places and t - places[-1][0] < 1e-9:
            places[-1][1] += change
        else:
            places.append([t, change])
    return [t for t, change in places if abs(change) > 1e-9]


def filled(w: Any, b: Any, v: Any) -> Any:
    """Divides into an array that has the type of b, so it needs to be handed floats."""
    t = np.divide(-b, w, out=np.zeros_like(b), where=w != 0)
    return corners(w, np.where(w == 0, b, -t * w), v)


def merged_in_pairs(w: Any, b: Any, v: Any) -> list[float]:
    left, places = kinks(w, b, v), []
    while left:
        t, change = left.pop(0)
        if left and left[0][0] - t < 1e-9:
            change += left.pop(0)[1]
        if abs(change) > 1e-9:
            places.append(t)
    return places


def rounded_corners(w: Any, b: Any, v: Any, *, digits: int) -> Any:
    bent = w != 0
    places, which = np.unique((-b[bent] / w[bent]).round(digits), return_inverse=True)
    total = np.bincount(which.ravel(), weights=v[bent] * np.abs(w[bent]), minlength=len(places))
    return places[np.abs(total) > 1e-9]


def signed_corners(w: Any, b: Any, v: Any) -> Any:
    bent = w != 0
    places, which = np.unique(-b[bent] / w[bent], return_inverse=True)
    total = np.bincount(which.ravel(), weights=v[bent] * w[bent], minlength=len(places))
    return places[total != 0]


def parity(**changes: Any) -> tuple[Any, Any, Any, Any]:
    arrays = {
        "W1": np.ones((3, 3)),
        "b1": np.array([0.0, -1, -2]),
        "W2": np.array([[0.0, 1], [0, -2], [0, 2]]),
        "b2": np.array([0.5, 0]),
    } | changes
    return arrays["W1"], arrays["b1"], arrays["W2"], arrays["b2"]


RIGHT: dict[str, Any] = {
    "hidden_layer.count": lambda sizes: sum((D + 1) * H for D, H in pairs(sizes)),
    "hidden_layer.merge": lambda W1, b1, W2, b2: (W1 @ W2, b1 @ W2 + b2),
    "hidden_layer.slope": lambda A: A > 0,
    "hidden_layer.rescale": rescale,
    "hidden_layer.parity": parity(),
    "hidden_layer.corners": corners,
}

COUNT, MERGE, SLOPE = "hidden_layer.count", "hidden_layer.merge", "hidden_layer.slope"
RESCALE, PARITY, CORNERS = "hidden_layer.rescale", "hidden_layer.parity", "hidden_layer.corners"
WRONG: list[tuple[str, Any, str]] = [
    (COUNT, 7960, "without brackets"),
    (COUNT, lambda sizes: sum(D * H for D, H in pairs(sizes)), "biases are missing"),
    (COUNT, lambda sizes: sum((D + 1) * H for D, H in pairs(sizes)) + sizes[0], "Inputs have no biases"),
    (COUNT, lambda sizes: sum(D * H + D for D, H in pairs(sizes)), "each output of a layer"),
    (COUNT, lambda sizes: sum(D * H + 1 for D, H in pairs(sizes)), "one bias for each layer"),
    (COUNT, lambda sizes: (sizes[0] + 1) * sizes[1], "first layer alone"),
    (COUNT, lambda sizes: 7960, "too large"),
    (COUNT, lambda sizes: list(sizes), "should be one number"),
    (COUNT, lambda sizes: sizes[5], "IndexError"),
    (MERGE, 1, "without brackets"),
    (MERGE, lambda W1, b1, W2, b2: W1 @ W2, "(W, b) in this order"),
    (MERGE, lambda W1, b1, W2, b2: ((W1 @ W2).T, b2), "It is transposed"),
    (MERGE, lambda W1, b1, W2, b2: (W1 @ W2 + b2, b2), "nothing added"),
    (MERGE, lambda W1, b1, W2, b2: (W1 @ W2, b2), "first bias has been lost"),
    (MERGE, lambda W1, b1, W2, b2: (W1 @ W2, b1 @ W2), "second bias has been lost"),
    (MERGE, lambda W1, b1, W2, b2: (W1 @ W2, np.maximum(b1, 0) @ W2 + b2), "no ReLU between"),
    (MERGE, lambda W1, b1, W2, b2: (W1 @ W2, b1 @ W2 - b2), "Put x = 0"),
    (MERGE, lambda W1, b1, W2, b2: (W1 @ W2, b1 + b2), "ValueError"),
    (SLOPE, np.array([1.0]), "without brackets"),
    (SLOPE, lambda A: A >= 0, "`>= 0` holds for every entry"),
    (SLOPE, lambda A: np.maximum(A, 0), "the activations themselves"),
    (SLOPE, lambda A: A == 0, "exchanged"),
    (SLOPE, np.zeros_like, "0 everywhere"),
    (SLOPE, lambda A: A // 1 > 0, "threshold is too high"),
    (SLOPE, lambda A: np.where(A > 0, 1, 0.5), "1 or 0"),
    (SLOPE, lambda A: (A > 0).T, "It is transposed"),
    (RESCALE, 3, "without brackets"),
    (RESCALE, lambda W1, b1, W2, b2, h, c: W1, "(W1, b1, W2, b2) in this order"),
    (RESCALE, rescale_in_place, "changed its argument number 1"),
    (RESCALE, rescale_wrongly(into="row"), "weights of one input"),
    (RESCALE, rescale_wrongly(into="all"), "the other columns as they were"),
    (RESCALE, rescale_wrongly(bias="none"), "grow with the weights"),
    (RESCALE, rescale_wrongly(bias="all"), "Entry h of b1"),
    (RESCALE, rescale_wrongly(out="none"), "has to undo it"),
    (RESCALE, rescale_wrongly(out="column"), "speaks through a row"),
    (RESCALE, rescale_wrongly(out="grown"), "has grown too"),
    (RESCALE, rescale_wrongly(extra=1.0), "the output has changed"),
    (PARITY, 3, "(W1, b1, W2, b2) in this order"),
    (PARITY, parity(b1=np.zeros((1, 3))), "b1 should have the shape (3,); yours has (1, 3)"),
    (PARITY, parity(b1=np.zeros(4)), "Your network has 4 hidden units"),
    (PARITY, parity(W2=parity()[2].T), "It is transposed"),
    (PARITY, parity(b2=np.array([1.0, 0])), "the two scores tie"),
    (PARITY, parity(W2=parity()[2][:, ::-1], b2=np.array([0, 0.5])), "exactly wrong"),
    (PARITY, parity(W2=np.array([[0.0, 1], [0, -2], [0, 0]])), "rise once more"),
    (
        PARITY,
        parity(W2=np.array([[0.0, 1], [0, 0], [0, 0]])),
        "3 of the 8 cases are wrong",
    ),
    (CORNERS, [1.0], "without brackets"),
    (CORNERS, lambda w, b, v: 3.0, "an array with one axis"),
    (CORNERS, lambda w, b, v: corners(w, b, v, sign=-1), "The sign is turned"),
    (CORNERS, lambda w, b, v: corners(w, b, v)[::-1], "in ascending order"),
    (CORNERS, lambda w, b, v: np.sort(-w / b), "the corners are elsewhere"),
    (CORNERS, lambda w, b, v: np.sort(-b / w), "infinity"),
    (CORNERS, lambda w, b, v: np.sort(-b[w != 0] / w[w != 0]), "listed it twice"),
    (CORNERS, lambda w, b, v: np.unique(-b[w != 0] / w[w != 0]), "not heard at all"),
    (CORNERS, lambda w, b, v: corners(np.where(np.isclose(w, 0), 0, w), b, v), "Small is not zero"),
    (CORNERS, lambda w, b, v: corners(w, b, v).round(3), "are at [4.863337], and yours at [4.863]"),
    (CORNERS, signed_corners, "for a negative w as well"),
    (CORNERS, lambda w, b, v: np.unique(-b[(w * v) != 0] / w[(w * v) != 0]), "x is straight"),
    (CORNERS, lambda w, b, v: corners(w, b, v, weigh=False), "weigh each change"),
    (CORNERS, lambda w, b, v: rounded_corners(w, b, v, digits=9), "pulls them apart"),
    (CORNERS, lambda w, b, v: rounded_corners(w, b, v, digits=8), "you took them for one"),
    (CORNERS, lambda w, b, v: corners(w, b, v) if w.any() else np.zeros(1), "empty array"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_right(name: str) -> None:
    verdict = check(name, RIGHT[name])
    assert verdict, verdict.message


@pytest.mark.parametrize(("name", "answer", "words"), WRONG)
def test_a_typical_mistake_gets_a_hint_of_its_own(name: str, answer: object, words: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert words in verdict.message, verdict.message


def test_distinct_mistakes_get_distinct_hints() -> None:
    heard: dict[str, set[str]] = {}
    for name, answer, _ in WRONG:
        message = check(name, answer).message
        assert message not in heard.setdefault(name, set()), message
        heard[name].add(message)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        (COUNT, lambda sizes: np.dot(sizes[:-1], sizes[1:]) + np.sum(sizes[1:])),
        (COUNT, lambda sizes: float(sn.Parameters(sizes).theta.size)),
        (MERGE, lambda W1, b1, W2, b2: [(W2.T @ W1.T).T.tolist(), (W2.T @ b1 + b2).tolist()]),
        (MERGE, lambda *arrays: RIGHT[MERGE](*(array.astype(np.float32) for array in arrays))),
        (SLOPE, lambda A: (A > 0).astype(np.float32)),
        (SLOPE, lambda A: [[1 if a else 0 for a in row] for row in A.astype(np.float32)]),
        (SLOPE, np.sign),
        (RESCALE, lambda *given: [array.astype(np.float32) for array in rescale(*given)]),
        (PARITY, [np.array(part, np.float32) for part in parity(W2=np.array([[4.0, 5], [2, 0], [-2, 0]]))]),
        (PARITY, (-np.ones((3, 3)), [3, 2, 1], [[0, -1], [0, 2], [0, -2]], [0, 0.5])),
        (PARITY, parity(b2=[0, 0])),  # both scores are 0 for two inputs on: a tie goes to class 0
        (PARITY, [(1e-10 * np.array(part)).tolist() for part in parity()[:2]] + [parity()[2], [0.5e-10, 0]]),
        (CORNERS, lambda w, b, v: corners(w, b, v).tolist()),
        (CORNERS, lambda w, b, v: one_after_another(w, b, v)),
        (CORNERS, lambda w, b, v: filled(w, b, v)),
    ],
)
def test_a_right_answer_may_be_written_differently(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict.message


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        (COUNT, lambda sizes: {2: 7850, 3: 58, 4: 109_386}.get(len(sizes), 0)),
        (COUNT, lambda sizes: sum((D + 1) * H for D, H in pairs(sizes)[:3])),
        (COUNT, lambda sizes: sum((D + 1) * H for D, H in pairs(sorted(sizes, reverse=True)))),
        (COUNT, lambda sizes: sum((D + 1) * H for D, H in pairs(dict.fromkeys(sizes)))),
        (MERGE, lambda W1, b1, W2, b2: (W1 @ W2, np.full(len(b2), b1.sum()) + b2)),
        (MERGE, lambda W1, b1, W2, b2: (W1 @ W2, (b1 @ W2 + b2) * 1.0001)),
        (SLOPE, lambda A: A > 0.2),
        (SLOPE, lambda A: A > 1e-12),
        (SLOPE, lambda A: np.clip(100 * A, 0, 1)),
        (SLOPE, lambda A: A.min() < A),
        (SLOPE, lambda A: (A > 0)[:, ::-1]),
        (SLOPE, lambda A: [[0, 0, 0], [1, 1, 1]]),
        (RESCALE, lambda W1, b1, W2, b2, h, c: rescale(W1, b1, W2, b2, min(h, 1), c)),
        (RESCALE, lambda W1, b1, W2, b2, h, c: rescale(W1, b1, W2, b2, h, 4 if c > 1 else 0.5)),
        (RESCALE, rescale_wrongly(extra=1e-3)),
        (PARITY, ([[1] * 8] * 3, [0, -1, -2] + [0] * 5, [[0, 1], [0, -2], [0, 2]] + [[0, 0]] * 5, [0.5, 0])),
        (PARITY, parity(W2=np.array([[0.0, 1], [0, -2], [0, 1]]))),
        (CORNERS, lambda w, b, v: corners(w, b, v, least=0)),
        (CORNERS, lambda w, b, v: corners(w, b, v, least=1e-5)),
        (CORNERS, lambda w, b, v: corners(w, b, v)[:3]),
        (CORNERS, lambda w, b, v: corners(w, b, v).round(2)),
        (CORNERS, lambda w, b, v: merged_in_pairs(w, b, v)),
    ],
)
def test_what_only_looks_right_is_not_called_right(name: str, answer: object) -> None:
    assert not check(name, answer)
