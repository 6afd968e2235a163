"""Chapter "cross-entropy": right answers pass, each typical mistake gets the hint about that mistake."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp
from scipy.special import softmax as scipy_softmax

from scratchnet.check import check

LOG2 = np.log(2)
A = np.array([[0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3], [0.3, 0.4, 0.3]])  # two of four right
B = np.array([[0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [1e-9, 1 - 2e-9, 1e-9]])  # three, one badly wrong
NOT_SUMMING = B * np.array([[1.0], [1.0], [1.0], [0.5]])
WITH_ZERO = np.array([[0.6, 0.4, 0.0], *B[1:]])
TIED = np.array([[0.4, 0.4, 0.2], *A[1:]])


def row_softmax(Z: np.ndarray) -> np.ndarray:
    return scipy_softmax(Z, axis=1)


def soft(Z: np.ndarray, Q: np.ndarray) -> np.ndarray:
    return (Q.sum(axis=1, keepdims=True) * row_softmax(Z) - Q) / len(Z)


def naive(Z: np.ndarray) -> np.ndarray:
    return np.log(np.exp(Z).sum(axis=1))


def top(Z: np.ndarray) -> np.ndarray:
    return Z.max(axis=1, keepdims=True)


def log_sum_exp_of(shift: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda Z: naive(Z - shift(Z)) + np.broadcast_to(shift(Z), (len(Z), 1))[:, 0]


def reduced_in_place(Z: np.ndarray) -> np.ndarray:
    m = Z.max(axis=1)
    Z -= m[:, None]
    return m + naive(Z)


def trainer(
    *,
    sign: float = 1,
    scale: Callable[[int], float] = lambda N: 1.0,
    start: float = 0,
    bias: str = "right",
    last: int | None = None,
    moves: bool = True,
    early: float = 0,
    clipped: float = np.inf,
) -> Callable[..., Any]:
    """A reader's training function, written without the book's own code, with a mistake or none."""

    def train(X: np.ndarray, y: np.ndarray, K: int, steps: int, eta: float) -> tuple[np.ndarray, np.ndarray]:
        W, b, N = np.full((X.shape[1], K), float(start)), np.zeros(K), len(X)
        for _ in range(min(steps, last or steps) if moves else 0):
            rate = sign * eta * scale(N)
            dZ = (row_softmax(X @ W + b) - np.eye(K)[y]) / N
            dW = sum(np.outer(x, d) for x, d in zip(X, dZ, strict=True))
            if np.abs(dW).max() < early:
                break
            W = W - rate * np.clip(dW, -clipped, clipped)
            if bias == "fresh":
                dZ = (row_softmax(X @ W + b) - np.eye(K)[y]) / N
            db = dZ.sum(axis=0)
            b = b - rate * {"one number": dZ.sum(), "double": 2 * db, "mean": dZ.mean(axis=0)}.get(bias, db)
        return W, b + (steps > 0) * (bias == "off")

    return train


def trainer_that_goes_on() -> Callable[..., Any]:
    """Its weights outlive a call."""
    kept: dict[tuple[int, int], int] = {}

    def train(X: np.ndarray, y: np.ndarray, K: int, steps: int, eta: float) -> tuple[np.ndarray, np.ndarray]:
        kept[len(X), K] = kept.get((len(X), K), 0) + steps
        return trainer()(X, y, K, kept[len(X), K], eta)

    return train


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("cross_entropy.bits", 3),
        ("cross_entropy.log_sum_exp", lambda Z: logsumexp(Z, axis=1)),
        ("cross_entropy.log_sum_exp", log_sum_exp_of(top)),
        ("cross_entropy.soft", soft),
        ("cross_entropy.floor", -log_softmax([1.0] + [0.0] * 9)[0]),
        ("cross_entropy.floor", 1.461),
        ("cross_entropy.disagree", (A, B)),
        ("cross_entropy.disagree", [A.tolist(), B.tolist()]),
        ("cross_entropy.disagree", (A, np.array([[0.333334, 0.333333, 0.333333], *B[1:]]))),
        ("cross_entropy.train", trainer()),
        ("cross_entropy.bits", Fraction(3)),
        ("cross_entropy.log_sum_exp", lambda Z: np.logaddexp.reduce(Z, axis=1).tolist()),
        ("cross_entropy.soft", lambda Z, Q: soft(Z.astype(np.float32), Q.astype(np.float32))),
        ("cross_entropy.disagree", np.stack([A, B])),
        ("cross_entropy.disagree", (A.astype(np.float32), B.astype(np.float32))),
        ("cross_entropy.train", lambda *arguments: [array.astype(np.float32) for array in trainer()(*arguments)]),
    ],
)
def test_a_right_answer_passes(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("cross_entropy.bits", 3 * LOG2, "in nats"),
        ("cross_entropy.bits", 9, "sum over the images"),
        ("cross_entropy.bits", -3, "sign is turned"),
        ("cross_entropy.bits", -np.log2((1 / 2 + 1 / 8 + 1 / 32) / 3), "averaged the probabilities first"),
        ("cross_entropy.bits", 3 * np.log10(2), "base 10"),
        ("cross_entropy.log_sum_exp", 3.0, "The answer is a function"),
        ("cross_entropy.log_sum_exp", naive, "around 10,000: exp overflows"),
        ("cross_entropy.log_sum_exp", lambda Z: logsumexp(Z, axis=1, keepdims=True), "shape is (N, 1)"),
        ("cross_entropy.log_sum_exp", lambda Z: naive(Z - top(Z)), "never added again"),
        ("cross_entropy.log_sum_exp", lambda Z: naive(Z) + Z.max(axis=1), "never taken away"),
        ("cross_entropy.log_sum_exp", lambda Z: np.full(len(Z), logsumexp(Z)), "over the whole array"),
        ("cross_entropy.log_sum_exp", lambda Z: naive(Z) / LOG2, "Wrong already for small scores"),
        ("cross_entropy.log_sum_exp", log_sum_exp_of(lambda Z: np.maximum(top(Z), 0)), "around −10,000"),
        ("cross_entropy.log_sum_exp", log_sum_exp_of(lambda Z: Z.max(keepdims=True)), "each row's own maximum"),
        ("cross_entropy.log_sum_exp", lambda Z: naive(np.clip(Z, -700, 700)), "when 10,000 is added"),
        ("cross_entropy.log_sum_exp", lambda Z: logsumexp(np.maximum(Z, -700), axis=1), "when -10,000 is added"),
        ("cross_entropy.log_sum_exp", lambda Z: np.nan_to_num(log_sum_exp_of(np.max)(Z)), "10,000 is added to the"),
        ("cross_entropy.log_sum_exp", log_sum_exp_of(lambda Z: Z[:, :1]), "far above the others"),
        ("cross_entropy.log_sum_exp", log_sum_exp_of(lambda Z: Z.min(axis=1, keepdims=True)), "far above the others"),
        ("cross_entropy.log_sum_exp", log_sum_exp_of(lambda Z: Z.mean(axis=1, keepdims=True)), "far above the others"),
        ("cross_entropy.log_sum_exp", lambda Z: logsumexp(Z, axis=int(len(Z) != Z.shape[1])), "sums over columns"),
        ("cross_entropy.log_sum_exp", lambda Z: logsumexp(Z, axis=1) + (Z.shape[1] == 1), "but not for (1, 1)"),
        ("cross_entropy.log_sum_exp", print, "A function hands its result over"),
        ("cross_entropy.log_sum_exp", reduced_in_place, "changed its argument"),
        ("cross_entropy.soft", lambda Z, Q: soft(Z, Q) * len(Z) / 6, "even where the rows of Q sum to one"),
        ("cross_entropy.soft", lambda Z, Q: soft(Z, Q) * len(Z) / Q.sum(), "without using that sum"),
        ("cross_entropy.soft", np.eye(4), "The answer is a function"),
        ("cross_entropy.soft", lambda Z, Q: soft(Z, Q) * len(Z), "divided by N"),
        ("cross_entropy.soft", lambda Z, Q: -soft(Z, Q), "sign is turned"),
        ("cross_entropy.soft", lambda Z, Q: soft(Z, Q) / 4, "Divided by N·K"),
        ("cross_entropy.soft", lambda Z, Q: -Q / len(Z), "logarithm of the sum is missing"),
        ("cross_entropy.soft", lambda Z, Q: (Z - Q) / len(Z), "subtracts from the scores"),
        ("cross_entropy.soft", lambda Z, Q: -Q / row_softmax(Z) / len(Z), "derivative with respect to P"),
        ("cross_entropy.soft", lambda Z, Q: 3 * soft(Z, Q), "even where the rows of Q sum to one"),
        ("cross_entropy.soft", lambda Z, Q: (row_softmax(Z) - Q) / len(Z), "before log-sum-exp"),
        ("cross_entropy.soft", lambda Z, Q: soft(Z, Q / Q.sum(axis=1, keepdims=True)), "should count twice"),
        ("cross_entropy.soft", lambda Z, Q: soft(Z, Q) * Q.sum(axis=1, keepdims=True), "without using that sum"),
        ("cross_entropy.soft", lambda Z, Q: soft(Z, Q / Q.sum(1, keepdims=True)) * Q.sum(1, keepdims=True), "all zero"),
        ("cross_entropy.soft", lambda Z, Q: soft(Z, Q) * len(Z) / max(Q.any(axis=1).sum(), 1), "all zero"),
        ("cross_entropy.soft", lambda Z, Q: soft(np.maximum(Z, Z.max(1, keepdims=True) - 5), Q), "even where the rows"),
        ("cross_entropy.soft", lambda Z, Q: soft(Z, Q)[:, :3], "The shape should be (6, 4)"),
        ("cross_entropy.floor", 0, "one softmax"),
        ("cross_entropy.floor", np.log(10), "all ten probabilities are equal"),
        ("cross_entropy.floor", np.log(np.e + 9), "still to be subtracted"),
        ("cross_entropy.floor", np.log(1 + 10 / np.e), "there are nine"),
        ("cross_entropy.floor", np.e / (np.e + 9), "not its logarithm"),
        ("cross_entropy.floor", np.log(1 + 9 / np.e) / LOG2, "asks for nats"),
        ("cross_entropy.disagree", A, "2 things, (P_A, P_B)"),
        ("cross_entropy.disagree", (A[:3], B), "The shape should be (4, 3)"),
        ("cross_entropy.disagree", (A, WITH_ZERO), "P_B has an entry that is not positive"),
        ("cross_entropy.disagree", (A, NOT_SUMMING), "A row of P_B does not sum to one"),
        ("cross_entropy.disagree", (TIED, B), "A row of P_A has a tie"),
        ("cross_entropy.disagree", (np.array([[0.2, 0.4, 0.4], *A[1:]]), B), "A row of P_A has a tie"),
        ("cross_entropy.disagree", (B, A), "exchanged A and B"),
        ("cross_entropy.disagree", (A, A), "A has 2 images right and B has 2"),
        ("cross_entropy.disagree", (A, np.array([*B[:3], A[3]])), "B must have the larger"),
        ("cross_entropy.train", 1.0, "The answer is a function"),
        ("cross_entropy.train", lambda *arguments: trainer()(*arguments)[0], "2 things, (W, b)"),
        ("cross_entropy.train", lambda *arguments: (trainer()(*arguments)[0].T, np.zeros(3)), "It is transposed"),
        ("cross_entropy.train", trainer(start=0.1), "all zero"),
        ("cross_entropy.train", trainer(moves=False), "still zero after five steps"),
        ("cross_entropy.train", trainer(bias="one number"), "without axis=0"),
        ("cross_entropy.train", trainer(sign=-1), "so subtract"),
        ("cross_entropy.train", trainer(scale=lambda N: N), "1/N is missing"),
        ("cross_entropy.train", trainer(scale=lambda N: 1 / N), "N times too short"),
        ("cross_entropy.train", trainer(last=1), "inside the loop"),
        ("cross_entropy.train", trainer(bias="fresh"), "Take both from one dZ"),
        ("cross_entropy.train", trainer(bias="mean"), "sum, not mean"),
        ("cross_entropy.train", trainer(bias="off"), "W is right and b is not"),
        ("cross_entropy.train", trainer(early=1e-2), "100 steps"),
        ("cross_entropy.train", trainer_that_goes_on(), "called again, it goes on"),
        ("cross_entropy.train", trainer(clipped=1), "but not for N = 12"),
        ("cross_entropy.train", trainer(bias="double"), "the numbers are not"),
        (
            "cross_entropy.train",
            lambda X, y, K, steps, eta: trainer()(X, y, K, 5 * (steps > 0), eta),
            "N = 5, D = 5, K = 5",
        ),
        ("cross_entropy.train", lambda X, y, K, steps, eta: trainer()(X, y, K, steps, 0.3), "N = 5, D = 5, K = 5"),
        ("cross_entropy.train", lambda X, y, K, steps, eta: trainer()(X, y, y.max() + 1, steps, eta), "(5, 5); yours"),
        ("cross_entropy.train", lambda X, y, K, steps, eta: trainer()(X, y, 3, steps, eta), "(5, 5); yours is (5, 3)"),
    ],
)
def test_a_typical_mistake_gets_its_own_hint(name: str, answer: object, sentence: str) -> None:
    verdict = check(name, answer)
    assert not verdict
    assert sentence in verdict.message
