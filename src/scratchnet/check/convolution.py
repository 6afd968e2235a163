"""Mark the exercises of the chapter "convolution".

Right answers are computed here by plain loops over windows, so that nothing of the module that the chapter shows is
needed to mark them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same

Array = np.ndarray[Any, np.dtype[Any]]


def _slide(X: Array, w: Array, stride: int = 1) -> Array:
    h, k = w.shape
    rows, columns = range(0, X.shape[0] - h + 1, stride), range(0, X.shape[1] - k + 1, stride)
    return np.array([[(X[i : i + h, j : j + k] * w).sum() for j in columns] for i in rows])


def _slide_back(dZ: Array, X: Array, w: Array, stride: int) -> tuple[Array, Array]:
    dX, dw = np.zeros(X.shape), np.zeros(w.shape)
    for i, j in np.ndindex(dZ.shape):
        window = slice(i * stride, i * stride + w.shape[0]), slice(j * stride, j * stride + w.shape[1])
        dX[window] += dZ[i, j] * w
        dw += dZ[i, j] * X[window]
    return dX, dw


def _pool_back(dP: Array, X: Array, share: Callable[[Array], Array]) -> Array:
    dX = np.zeros(X.shape)
    for i, j in np.ndindex(dP.shape):
        square = slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2)
        dX[square] = dP[i, j] * share(X[square])
    return dX


@exercise("convolution.places", "A filter that fits has a first place, and each stride after it makes one more.")
def _places(answer: Any) -> None:
    expect_function(answer)
    cases = [(28, 5, 1, 0), (12, 5, 1, 0), (28, 5, 1, 2), (28, 5, 2, 0), (28, 3, 3, 1), (7, 7, 4, 0), (9, 2, 3, 3)]
    for side, size, stride, padding in cases:
        left = side + 2 * padding - size
        where = f"For a side of {side}, a size of {size}, a stride of {stride} and a padding of {padding}: "
        expect_number(
            answer(side, size, stride, padding),
            left // stride + 1,
            (left // stride, f"{where}The place where the filter begins counts too."),
            (left / stride + 1, f"{where}There are no parts of a place. What is left over is not enough for one."),
            (left + 1, f"{where}The filter moves by a whole stride each time."),
            ((left - padding) // stride + 1, f"{where}The margin is at either end, so it counts twice."),
            ((left - 2 * padding) // stride + 1, f"{where}The margin makes the side longer."),
            ((side + 2 * padding) // stride, f"{where}The whole filter has to fit and not only its first pixel."),
            (-(-left // stride) + 1, f"{where}The last place has to fit as a whole, so round down."),
            where=where,
        )


@exercise("convolution.count", "The size of the image does not occur, and that is why such networks are small.")
def _count(answer: Any) -> None:
    expect_function(answer)
    for C, F, k in ((3, 4, 2), (1, 8, 5), (8, 16, 5), (16, 32, 3)):
        where = f"For {C} channels and {F} filters of {k} by {k}: "
        expect_number(
            answer(C, F, k),
            F * (C * k * k + 1),
            (F * C * k * k, f"{where}The biases are missing."),
            (F * C * k * k + 1, f"{where}Each filter has a bias of its own."),
            (F * C * (k * k + 1), f"{where}A filter adds up over the channels first, so it has one bias for all."),
            (F * (k * k + 1), f"{where}A filter has weights of its own for each channel."),
            (F * (C * k + 1), f"{where}A filter has rows and columns."),
            (C * k * k + 1, f"{where}That is one filter."),
            (F * C * k * k + C, f"{where}There is a bias for each filter, and not for each channel."),
            where=where,
        )


@exercise("convolution.matrix", "A convolution is a linear layer, most of whose weights are zero.")
def _matrix(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(5)
    for D, k in ((5, 2), (7, 3), (4, 4), (6, 1)):
        w = rng.normal(size=k)
        want = np.zeros((D, D - k + 1))
        for place in range(D - k + 1):
            want[place : place + k, place] = w
        got = answer(w.copy(), D)
        if np.shape(got) == (D, D) and k > 1:
            hint("At the last pixels the filter would hang over the end: there are only D - k + 1 places.")
        got = expect_array(got, want.shape)
        if same(got, want):
            continue
        if same(got, want[::-1, ::-1]):
            hint("The filter is turned round: its first weight meets the first pixel of its window.")
        if k > 1 and all(np.count_nonzero(column) == 1 for column in got.T):
            hint("Each column should hold the whole filter, one weight for each pixel of its window.")
        x = rng.normal(size=D)
        expected = np.array([w @ x[place : place + k] for place in range(D - k + 1)])
        hint(f"For w = {w.round(2)} and x = {x.round(2)}, x @ as_matrix(w, {D}) should be {expected.round(2)}.")


@exercise("convolution.slide", "All windows, the filter on each, and a sum over where in the window.")
def _slide_marker(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(6)
    for shape, size in (((5, 5), (2, 2)), ((6, 4), (3, 2)), ((4, 7), (1, 3)), ((3, 3), (3, 3))):
        X, w = rng.normal(size=shape), rng.normal(size=size)
        want = _slide(X, w)
        got = answer(X.copy(), w.copy())
        if np.shape(got) == () and want.size > 1:
            hint("That is one number. Sum over the axes that say where in the window, and keep those of the windows.")
        if np.shape(got) == (*want.shape, *size):
            hint("Multiplied, and not yet added up: sum over the last two axes.")
        if np.shape(got) == shape and want.shape != shape:
            hint("That has the shape of the image. Without a margin there are fewer windows than pixels.")
        got = expect_array(got, want.shape)
        if same(got, want):
            continue
        if same(got, _slide(X, w[::-1, ::-1])):
            hint("The filter is turned round, as in mathematics. Here it stays as it is.")
        hint("Compare one number by hand: at (0, 0), the filter on the upper left corner of the image.")


@exercise("convolution.pool", "All to one, and to the first of equals.")
def _pool(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(7)

    def first(square: Array) -> Array:
        return (np.arange(4) == square.argmax()).reshape(2, 2).astype(float)

    def last(square: Array) -> Array:
        return first(square[::-1, ::-1])[::-1, ::-1]

    def down(square: Array) -> Array:
        return first(square.T).T

    def every(square: Array) -> Array:
        return (square == square.max()).astype(float)

    def shared(square: Array) -> Array:
        return every(square) / every(square).sum()

    mistakes: tuple[tuple[Callable[[Array], Array], str], ...] = (
        (every, "Where several are largest, each of them got the whole gradient: it counts several times."),
        (
            shared,
            "The gradient is shared among equals. That is allowed, but the question wants all of it at the first.",
        ),
        (last, "Among equals the last one got it."),
        (down, "Among equals the first one got it column by column. Take them row by row."),
        (lambda square: np.full((2, 2), 0.25), "That is mean pooling: all four got a share."),
        (lambda square: np.ones((2, 2)), "All four got the gradient, and only the largest was passed on."),
        (lambda square: first(-square), "The smallest got it."),
        (
            lambda square: first(np.maximum(square, 0)),
            "Where all four are negative, one of them is still the largest. Do not begin the search at a fixed number.",
        ),
        (
            lambda square: first(square) * (square > 0),
            "Where all four are negative, one of them is still the largest, and it gets the gradient.",
        ),
    )
    noise = rng.normal(size=(4, 6))
    # A search that begins at zero, or at -1, finds nothing in squares far below. Only numbers far below show it.
    for X in (noise, rng.normal(size=(6, 2)) - 9, rng.integers(2, size=(8, 10)).astype(float), np.zeros((2, 4))):
        dP = rng.normal(size=(X.shape[0] // 2, X.shape[1] // 2))
        got = answer(dP.copy(), X.copy())
        if np.shape(got) == dP.shape and dP.shape != X.shape:
            hint("That has the shape of dP. A gradient has the shape of the thing itself, here of X.")
        got = expect_array(got, X.shape)
        if same(got, _pool_back(dP, X, first)):
            continue
        for share, sentence in mistakes:
            if same(got, _pool_back(dP, X, share)):
                hint(sentence)
        hint(
            "Take one square: its gradient is that number of dP at the place of its largest number and zero elsewhere."
        )


@exercise("convolution.back", "What is used at many places adds up what it hears at each.")
def _back(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(8)
    cases = (((5, 5), (3, 3), 1), ((6, 5), (2, 3), 1), ((7, 7), (3, 3), 2), ((8, 6), (2, 1), 3), ((7, 9), (2, 3), 2))
    for shape, size, stride in cases:
        X, w = rng.normal(size=shape), rng.normal(size=size)
        dZ = np.asarray(rng.normal(size=_slide(X, w, stride).shape))
        found_dX, found_dw = expect_several(answer(dZ.copy(), X.copy(), w.copy(), stride), "dX", "dw")
        if np.shape(found_dX) == size != shape and np.shape(found_dw) == shape:
            hint("The two are in the other order: first dX, then dw.")
        want_dX, want_dw = _slide_back(dZ, X, w, stride)
        where = f"With a stride of {stride}: "
        dX = expect_array(found_dX, shape)
        if not same(dX, want_dX):
            _hint_of_dX(dX, want_dX, dZ, X, w, stride)
        dw = expect_array(found_dw, size)
        if same(dw, want_dw):
            continue
        if same(dw, want_dw[::-1, ::-1]):
            hint("dw is turned round. The first weight hears from the first pixel of each window.")
        if same(dw, want_dw / dZ.size):
            hint("dw is a mean over the places, and should be a sum: the weight was used at each of them.")
        hint(f"{where}dX is right and dw is not. Which pixels did the first weight meet, at all places?")


def _hint_of_dX(dX: Array, want: Array, dZ: Array, X: Array, w: Array, stride: int) -> None:  # noqa: N802
    if same(dX, _slide_back(dZ, X, w[::-1, ::-1], stride)[0]):
        hint("dX has the filter turned round. A later window meets a pixel with an earlier weight.")
    overwritten = np.zeros(X.shape)
    for u, v in np.ndindex(w.shape):
        overwritten[u : u + stride * dZ.shape[0] : stride, v : v + stride * dZ.shape[1] : stride] = w[u, v] * dZ
    by_windows = np.zeros(X.shape)
    for i, j in np.ndindex(dZ.shape):
        by_windows[i * stride : i * stride + w.shape[0], j * stride : j * stride + w.shape[1]] = dZ[i, j] * w
    if same(dX, overwritten) or same(dX, by_windows):
        hint("Pixels that stand in several windows keep only what they heard last. Add it up, with `+=`.")
    if stride > 1:
        hint(f"With a stride of 1 all is right, and with {stride} dX is not. Which pixels does place (i, j) look at?")
    hint("dX is not right. Take one pixel: in which windows does it stand, and with which weight does each meet it?")
