"""Chapter "convolution": right answers pass, each typical mistake gets the hint about that mistake."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.signal

from scratchnet.check import check


def correlate(X: Any, w: Any) -> Any:
    return scipy.signal.correlate2d(X, w, mode="valid")


def column_wise(w: Any, D: int) -> Any:
    return np.array([np.pad(w, (j, D - len(w) - j)) for j in range(D - len(w) + 1)]).T


def squares(X: Any) -> Any:
    return X.reshape(X.shape[0] // 2, 2, X.shape[1] // 2, 2).transpose(0, 2, 1, 3)


def pooled(share: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """A reader's way back through pooling: `share` says what each pixel of a square gets."""

    def back(dP: Any, X: Any) -> Any:
        shares = np.array([[share(square) for square in row] for row in squares(X)]) * dP[:, :, None, None]
        return shares.transpose(0, 2, 1, 3).reshape(X.shape)

    return back


def first(square: Any) -> Any:
    found = np.zeros(4)
    found[square.argmax()] = 1
    return found.reshape(2, 2)


def last(square: Any) -> Any:
    return first(square[::-1, ::-1])[::-1, ::-1]


def every(square: Any) -> Any:
    return 1.0 * (square == square.max())


def walker(
    turn: bool = False, keep_last: bool = False, windows: bool = False, stride: int | None = None, dw: Any = None
) -> Callable[..., Any]:
    """A reader's way back through a stride, with a mistake or none."""

    def back(dZ: Any, X: Any, w: Any, s: int) -> Any:
        s = stride or s
        dX, found = np.zeros_like(X), np.zeros_like(w)
        for u, v in np.ndindex(w.shape):
            there = slice(u, u + s * dZ.shape[0], s), slice(v, v + s * dZ.shape[1], s)
            found[u, v] = np.vdot(dZ, X[there])
            weight = w[::-1, ::-1][u, v] if turn else w[u, v]
            dX[there] = weight * dZ if keep_last else dX[there] + weight * dZ
        if windows:
            dX = np.zeros_like(X)
            for i, j in np.ndindex(dZ.shape):
                dX[i * s : i * s + w.shape[0], j * s : j * s + w.shape[1]] = dZ[i, j] * w
        return dX, dw(found, dZ) if dw else found

    return back


RIGHT: list[tuple[str, Any]] = [
    ("count", lambda C, F, k: F * C * k**2 + F),
    ("places", lambda side, size, stride, padding: len(range(size, side + 2 * padding + 1, stride))),
    ("slide", correlate),
    ("slide", lambda X, w: correlate(X, w).astype(np.float32)),
    ("matrix", column_wise),
    ("pool", pooled(first)),
    ("back", walker()),
    ("back", lambda *arguments: list(walker()(*arguments))),
]
WRONG: list[tuple[str, Any, str]] = [
    ("count", 208, "The answer is a function"),
    ("count", lambda C, F, k: F * C * k**2, "The biases are missing"),
    ("count", lambda C, F, k: F * C * k**2 + 1, "Each filter has a bias of its own"),
    ("count", lambda C, F, k: F * C * (k**2 + 1), "adds up over the channels first, so it has one bias for all"),
    ("count", lambda C, F, k: F * (k**2 + 1), "weights of its own for each channel"),
    ("count", lambda C, F, k: F * (C * k + 1), "rows and columns"),
    ("count", lambda C, F, k: C * k**2 + 1, "That is one filter"),
    ("count", lambda C, F, k: F * C * k**2 + C, "not for each channel"),
    ("count", lambda C, F, k: 7, "For 3 channels and 4 filters of 2 by 2: 7 is too small"),
    ("places", lambda H, h, s, p: (H + 2 * p - h) // s, "The place where the filter begins counts too"),
    ("places", lambda H, h, s, p: (H + 2 * p - h) / s + 1, "There are no parts of a place"),
    ("places", lambda H, h, s, p: H + 2 * p - h + 1, "The filter moves by a whole stride"),
    ("places", lambda H, h, s, p: (H + p - h) // s + 1, "The margin is at either end, so it counts twice"),
    ("places", lambda H, h, s, p: (H - h) // s + 1, "The margin makes the side longer"),
    ("places", lambda H, h, s, p: (H + 2 * p) // s, "The whole filter has to fit"),
    ("places", lambda H, h, s, p: -(-(H + 2 * p - h) // s) + 1, "so round down"),
    (
        "places",
        lambda H, h, s, p: 100,
        "For a side of 28, a size of 5, a stride of 1 and a padding of 0: 100 is too large",
    ),
    ("slide", lambda X, w: (np.lib.stride_tricks.sliding_window_view(X, w.shape) * w).sum(), "That is one number"),
    ("slide", lambda X, w: np.lib.stride_tricks.sliding_window_view(X, w.shape) * w, "not yet added up"),
    ("slide", lambda X, w: scipy.signal.correlate2d(X, w, mode="same"), "That has the shape of the image"),
    ("slide", lambda X, w: correlate(X, w[::-1, ::-1]), "The filter is turned round, as in mathematics"),
    ("slide", lambda X, w: correlate(X, w) + 1, "Compare one number by hand"),
    (
        "matrix",
        lambda w, D: np.array([np.roll(np.pad(w, (0, D - len(w))), j) for j in range(D)]).T,
        "hang over the end",
    ),
    ("matrix", lambda w, D: column_wise(w, D).T, "It is transposed"),
    ("matrix", lambda w, D: column_wise(w[::-1], D), "The filter is turned round"),
    ("matrix", lambda w, D: np.eye(D, D - len(w) + 1), "Each column should hold the whole filter"),
    ("matrix", lambda w, D: column_wise(w, D) * 2, "x @ as_matrix(w, 5) should be"),
    ("pool", lambda dP, X: dP, "That has the shape of dP"),
    ("pool", pooled(every), "each of them got the whole gradient"),
    ("pool", pooled(lambda square: every(square) / every(square).sum()), "The gradient is shared among equals"),
    ("pool", pooled(last), "the last one got it"),
    ("pool", pooled(lambda square: first(square.T).T), "column by column"),
    ("pool", pooled(lambda square: np.full((2, 2), 0.25)), "That is mean pooling"),
    ("pool", pooled(lambda square: np.ones((2, 2))), "All four got the gradient"),
    ("pool", pooled(lambda square: first(-square)), "The smallest got it"),
    ("pool", pooled(lambda square: first(np.maximum(square, 0))), "Do not begin the search at a fixed number"),
    ("pool", pooled(lambda square: first(np.maximum(square, -1))), "Do not begin the search at a fixed number"),
    ("pool", pooled(lambda square: first(square) * (square > 0)), "still the largest, and it gets the gradient"),
    ("pool", pooled(lambda square: 3 * first(square)), "Take one square"),
    ("back", lambda *arguments: walker()(*arguments)[::-1], "in the other order: first dX, then dw"),
    ("back", walker(turn=True), "dX has the filter turned round"),
    ("back", walker(keep_last=True), "keep only what they heard last"),
    ("back", walker(windows=True), "keep only what they heard last"),
    ("back", walker(stride=1), "With a stride of 1 all is right, and with 2 dX is not"),
    ("back", lambda dZ, X, w, s: (2 * walker()(dZ, X, w, s)[0], w), "dX is not right. Take one pixel"),
    ("back", walker(dw=lambda dw, dZ: dw[::-1, ::-1]), "dw is turned round"),
    ("back", walker(dw=lambda dw, dZ: dw / dZ.size), "dw is a mean over the places"),
    ("back", walker(dw=lambda dw, dZ: dw + 1), "dX is right and dw is not"),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_right_answers_pass(name: str, answer: Any) -> None:
    verdict = check(f"convolution.{name}", answer)
    assert verdict, verdict.message


@pytest.mark.parametrize(("name", "answer", "fragment"), WRONG)
def test_each_mistake_gets_its_hint(name: str, answer: Any, fragment: str) -> None:
    verdict = check(f"convolution.{name}", answer)
    assert not verdict
    assert fragment in verdict.message
