"""Chapter "chain-rule": right answers pass, each typical mistake gets the hint about that mistake."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.special import softmax as scipy_softmax

from scratchnet.check import check

Q, R = expit(-1), expit(5)


def walker(**mistake: Any) -> Callable[..., Any]:
    """A reader's walk back, with a mistake or none."""

    def walk(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: int) -> Any:
        z = x @ W1 + b1
        a = z if mistake.get("straight") else np.maximum(z, 0)
        p = scipy_softmax(a @ W2 + b2)
        ds = p - (np.arange(len(p)) == mistake.get("right class", y)) * mistake.get("taken", 1)
        if mistake.get("turned"):
            ds = -ds
        da = np.einsum("hk,k->h", W2, ds)
        if mistake.get("one path"):
            da = W2[:, 0] * ds[0]
        dz = da if mistake.get("no mask") else np.where(z > mistake.get("threshold", 0), da, 0)
        if mistake.get("by activation"):
            dz = dz * a
        dW1 = np.outer(z[: len(x)] if mistake.get("wrong input") else x, dz)
        if mistake.get("wrong dW1"):
            dW1 = 2 * dW1
        dW2 = np.outer(z if mistake.get("z for a") else a, ds)
        return dW1, dz, dW2, ds

    return walk


def number_by_number(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: int) -> Any:
    """The walk back in lists and loops."""
    D, H, K = range(len(x)), range(len(b1)), range(len(b2))
    z = [sum(x[d] * W1[d, h] for d in D) + b1[h] for h in H]
    a = [max(number, 0) for number in z]
    s = [sum(a[h] * W2[h, k] for h in H) + b2[k] for k in K]
    ds = [math.exp(s[k]) / sum(math.exp(score) for score in s) - (k == y) for k in K]
    dz = [sum(W2[h, k] * ds[k] for k in K) if z[h] > 0 else 0 for h in H]
    return [[x[d] * dz[h] for h in H] for d in D], dz, [[a[h] * ds[k] for k in K] for h in H], ds


def swish_rate(x: Any) -> Any:
    return expit(x) * (1 + x * expit(-x))


def swish_in_place(x: Any) -> Any:
    rate = swish_rate(x)
    if np.ndim(x):
        x *= 0
    return rate


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("chain_rule.rate", 6),
        ("chain_rule.rate", np.float32(6)),
        ("chain_rule.rate", [6.000009]),  # found by a small nudge
        ("chain_rule.passes", np.array(159_020.0)),
        ("chain_rule.passes", 159_020),
        ("chain_rule.twice", swish_rate),
        ("chain_rule.twice", np.vectorize(lambda x: float(swish_rate(x)))),
        ("chain_rule.twice", lambda x: np.float32(swish_rate(np.float32(x)))),
        ("chain_rule.twice", lambda x: swish_rate(x).tolist()),
        ("chain_rule.bias", [-Q + R, 2 * Q]),
        ("chain_rule.bias", np.array([0.7244, 0.5379])),
        ("chain_rule.walk", walker()),
        ("chain_rule.walk", lambda *a: list(walker()(*a))),
        ("chain_rule.walk", number_by_number),
        ("chain_rule.walk", lambda *a: walker()(*(array.astype(np.float32) for array in a[:5]), a[5])),
    ],
)
def test_right_answers_pass(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict


WRONG: list[tuple[str, object, str]] = [
    ("rate", 4, "multiplied by the weight"),
    ("rate", 2, "local derivative of wx is missing"),
    ("rate", 2.0001, "local derivative"),
    ("rate", 3, "two of the square is missing"),
    ("rate", 1, "the loss and not its rate"),
    ("rate", 42, "the target is part of it"),
    ("rate", -6, "sign is turned"),
    ("rate", 100, "too large"),
    ("passes", 79_510, "up and down"),
    ("passes", 158_800, "biases are parameters too."),
    ("passes", 79_400, "biases are parameters too and"),
    ("passes", 79_511, "one that all share"),
    ("passes", 15_920, "ten hidden units"),
    ("passes", 5, "too small"),
    ("twice", 3, "answer is a function"),
    ("twice", lambda x: expit(x), "factor x alone"),
    ("twice", lambda x: x * expit(x) * expit(-x), "through σ alone"),
    ("twice", lambda x: expit(x) * expit(-x), "sum of two terms"),
    ("twice", lambda x: x * expit(x), "function itself"),
    ("twice", lambda x: expit(x) + expit(x) * expit(-x), "its other factor, x"),
    ("twice", lambda x: expit(x) + x * expit(x), "not σ."),
    ("twice", lambda x: expit(x) - x * expit(x) * expit(-x), "taken away"),
    ("twice", lambda x: 0 * x, "the rate is ½"),
    ("bias", [-2 * Q + 2 * R, 4 * Q], "each share is halved"),
    ("bias", [-Q, 2 * Q], "first image alone"),
    ("bias", [R, 0.0], "second image alone"),
    ("bias", [-Q + R, 2 * Q - 2 * R], "unit is off"),
    ("bias", [Q - R, -2 * Q], "sign is turned"),
    ("bias", [(-Q + R) / 2, (Q - R) / 2], "That is db₂"),
    ("bias", [1.0, 1.0], "each image contributes its dz"),
    ("bias", [0.72, 0.54], "leave `q` and `r` in the answer"),
    ("bias", [1.0], "The shape should be (2,)"),
    ("walk", [1, 2], "answer is a function"),
    ("walk", lambda *a: 3, "There should be 4 things, (dW1, db1, dW2, db2)"),
    ("walk", lambda *a: walker()(*a)[:3], "this is of type tuple with 3 in it"),
    ("walk", lambda *a: [walker()(*a)[i] for i in (2, 3, 0, 1)], "right arrays in the wrong order. Return dW1, db1"),
    (
        "walk",
        lambda *a: [walker()(*a)[i].T for i in range(4)],
        "dW1 should have the shape (5, 4); yours has (4, 5). It",
    ),
    ("walk", lambda *a: [walker(taken=0)(*a)[i] for i in (2, 3, 0, 1)], "The order is dW1, db1, dW2, db2."),
    ("walk", walker(turned=True), "Every sign is turned"),
    ("walk", walker(straight=True), "network without ReLU"),
    ("walk", walker(taken=0), "where the walk begins"),
    ("walk", walker(**{"z for a": True}), "a is after ReLU"),
    ("walk", walker(**{"no mask": True}), "off hands something down"),
    ("walk", walker(**{"one path": True}), "over all k"),
    ("walk", walker(**{"by activation": True}), "ReLU's rate is 1 or 0"),
    ("walk", walker(**{"wrong dW1": True}), "All but dW1 is right"),
]


@pytest.mark.parametrize(("name", "answer", "said"), WRONG)
def test_a_typical_mistake_gets_the_hint_about_it(name: str, answer: object, said: str) -> None:
    verdict = check(f"chain_rule.{name}", answer)
    assert not verdict
    assert said in str(verdict)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("rate", 6.004),
        ("twice", lambda x: np.array([swish_rate(entry) for entry in x])),
        ("twice", lambda x: swish_rate(x) if np.size(x) < 9 else 0 * x),
        ("twice", lambda x: swish_rate(np.clip(x, -5, 5))),
        ("twice", lambda x: np.ravel(swish_rate(x))),
        ("twice", lambda x: np.transpose(swish_rate(x))),
        ("twice", swish_in_place),
        ("bias", [-Q + R, 3 * Q]),
        ("walk", walker(**{"right class": 2})),
        ("walk", lambda *a: walker(**{"right class": len(a[4]) - 1})(*a)),
        ("walk", walker(threshold=0.1)),
        ("walk", walker(threshold=-0.1)),
    ],
)
def test_what_only_looks_right_is_not_called_right(name: str, answer: object) -> None:
    assert not check(f"chain_rule.{name}", answer)


def test_a_function_of_numbers_returns_a_number() -> None:
    assert "for 0.7 yours has the shape (1,)" in str(check("chain_rule.twice", lambda x: np.atleast_1d(swish_rate(x))))
