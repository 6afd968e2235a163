"""A network that slides: the same few weights look at every place of an image, and pooling keeps what is strongest.

An image has C channels of H by W pixels, and a batch of N images has the shape (N, C, H, W). In memory, however, the
*batch* comes last: one pixel of all N images stands side by side, and then the next pixel. Copies, sums and maxima
then run along many neighbours at once, which is fast, and a window can be taken out by slices.
Source: chapter "convolution".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike

from scratchnet.autodiff import primitive
from scratchnet.kinds import Kind
from scratchnet.layers import draw
from scratchnet.shapes import require_count, require_images, require_shape
from scratchnet.types import FloatArray

__all__ = [
    "Convolution",
    "MaxPool",
    "MeanPool",
    "conv2d",
    "conv2d_backward",
    "max_pool",
    "max_pool_backward",
    "mean_pool",
    "mean_pool_backward",
]

Shape = tuple[int, int, int]  # channels, height, width


def conv2d(
    X: FloatArray, W: FloatArray, b: FloatArray, stride: int = 1, padding: int = 0, out: FloatArray | None = None
) -> FloatArray:
    """Return Z: every filter's weighted sum of every window of every image, plus its bias.

        Z[n, f, i, j] = Σ W[f, c, u, v] X[n, c, i·stride + u, j·stride + v] + b[f], over c, u and v

    Shapes: X (N, C, H, W), images; W (F, C, h, w), a filter of h by w weights for each channel; b (F,);
    Z (N, F, H′, W′) with H′ = (H + 2·padding − h) // stride + 1, and W′ likewise. `padding` is a margin of zeros around
    each image, and `stride` the number of pixels from one window to the next. The field calls this a convolution; in
    mathematics, where a convolution turns the filter round first, it is a cross-correlation (scipy.signal.correlate).
    Raises ValueError where the shapes do not fit. `out` is an array for Z, and has to be one that this function has
    returned before, because its memory must have the batch last; with `out`, nothing is checked.
    """
    if out is None:
        _require_conv2d(X, W, stride, padding)
        require_shape("b", b, W.shape[:1], "(one bias for each filter)")
    places = _places(X, W, stride, padding)
    Z = np.empty((len(W), *places, len(X)), np.result_type(X, W)) if out is None else _batch_last(out)
    filters = W.reshape(len(W), -1)
    for i, columns in enumerate(_columns(X, W, stride, padding)):
        row = Z[:, i].reshape(len(W), -1)
        np.matmul(filters, columns, out=row)
        row += b[:, None]
    return _batch_first(Z)


def conv2d_backward(
    dZ: FloatArray,
    X: FloatArray,
    W: FloatArray,
    stride: int = 1,
    padding: int = 0,
    out: tuple[FloatArray | None, FloatArray | None, FloatArray | None] | None = None,
    need_dX: bool = True,
) -> tuple[FloatArray | Any, FloatArray, FloatArray]:
    """Return (dX, dW, db), the gradients of the loss with respect to what `conv2d` took.

    Shapes: dZ (N, F, H′, W′), the upstream gradient; dX (N, C, H, W); dW (F, C, h, w); db (F,). A weight was used at
    every place of every image, so its gradient is a sum over all of them; a pixel stood in up to h·w windows, so its
    gradient is the sum of what comes back from these. Raises ValueError where the shapes do not fit. `out` has an array
    for each of the three, or None for a new one; with `out`, nothing is checked. Without `need_dX`, dX is None.
    """
    if out is None:
        _require_conv2d(X, W, stride, padding)
        require_shape("dZ", dZ, (len(X), len(W), *_places(X, W, stride, padding)), "(that of Z)")
    dX, dW, db = out or (None, None, None)
    dZ, filters = _batch_last(dZ), W.reshape(len(W), -1)
    dW = np.empty(W.shape, np.result_type(dZ, X)) if dW is None else dW
    dW[...] = 0
    db = np.add.reduce(dZ, axis=(1, 2, 3), out=db)
    dX = _zeros(X, padding, dZ.dtype, dX) if need_dX else None
    for i, columns in enumerate(_columns(X, W, stride, padding)):
        row = dZ[:, i].reshape(len(W), -1)
        dW += (row @ columns.T).reshape(W.shape)
        if dX is not None:
            dwindows = (filters.T @ row).reshape(*W.shape[1:], -1, len(X))
            rows = dX[:, i * stride : i * stride + W.shape[2]]
            for v in range(W.shape[3]):
                rows[:, :, v : v + stride * dZ.shape[2] : stride] += dwindows[:, :, v]
    if dX is not None:
        dX = _batch_first(dX[:, padding : padding + X.shape[2], padding : padding + X.shape[3]])
    return dX, dW, db


def max_pool(X: FloatArray, size: int = 2, out: FloatArray | None = None) -> FloatArray:
    """Return P, the largest number of each window of `size` by `size` pixels, channel by channel.

    Shapes: X (N, C, H, W); P (N, C, H/size, W/size). Windows stand side by side and do not overlap. Raises ValueError
    where they leave a part of the image over. `out` is an array for P, on the terms of `conv2d`.
    """
    if out is None:
        _require_pooling(X, size)
    first, *others = _windowed(_batch_last(X), size)
    P = np.maximum(first, first, out=None if out is None else _batch_last(out))
    for pixel in others:
        np.maximum(P, pixel, out=P)
    return _batch_first(P)


def max_pool_backward(dP: FloatArray, X: FloatArray, size: int = 2, out: FloatArray | None = None) -> FloatArray:
    """Return dX: each window's upstream gradient, handed to its largest pixel, and zero elsewhere.

    Shapes: dP (N, C, H/size, W/size); X and dX (N, C, H, W). Where several pixels of a window are largest, as on blank
    paper, the first of them, row by row, gets everything. If each of them got it, the gradient would be counted several
    times. Raises ValueError where the shapes do not fit. `out` is an array for dX, and has to be one that this function
    has returned before; with `out`, nothing is checked.
    """
    if out is None:
        _require_pooling(X, size, dP)
    P, dP, X = _batch_last(max_pool(X, size)), _batch_last(dP), _batch_last(X)
    dX = np.empty(X.shape, dP.dtype) if out is None else _batch_last(out)
    waiting = np.ones(P.shape, bool)  # windows whose largest pixel has not been met yet
    for pixel, dpixel in zip(_windowed(X, size), _windowed(dX, size), strict=True):
        met = (pixel == P) & waiting
        waiting ^= met
        np.multiply(dP, met, out=dpixel)
    return _batch_first(dX)


def mean_pool(X: FloatArray, size: int = 2, out: FloatArray | None = None) -> FloatArray:
    """Return P, the mean of each window of `size` by `size` pixels, channel by channel.

    Shapes, windows, errors and `out` are those of `max_pool`.
    """
    if out is None:
        _require_pooling(X, size)
    first, *others = _windowed(_batch_last(X), size)
    P = np.multiply(first, 1, out=None if out is None else _batch_last(out))
    for pixel in others:
        np.add(P, pixel, out=P)
    return _batch_first(np.divide(P, size**2, out=P))


def mean_pool_backward(dP: FloatArray, X: FloatArray, size: int = 2, out: FloatArray | None = None) -> FloatArray:
    """Return dX: each window's upstream gradient, shared equally among its pixels.

    Shapes: dP (N, C, H/size, W/size); X and dX (N, C, H, W). Of X only the shape is used. Errors and `out` are those of
    `max_pool_backward`.
    """
    if out is None:
        _require_pooling(X, size, dP)
    share = _batch_last(dP) / size**2
    dX = np.empty((*X.shape[1:], len(X)), share.dtype) if out is None else _batch_last(out)
    for dpixel in _windowed(dX, size):
        dpixel[...] = share
    return _batch_first(dX)


# The layers call these, which take nodes of automatic differentiation as well as arrays.
_conv2d = primitive(
    conv2d,
    lambda dZ, Z, X, W, b, stride, padding: conv2d_backward(dZ, X, W, stride, padding)[0],
    lambda dZ, Z, X, W, b, stride, padding: conv2d_backward(dZ, X, W, stride, padding, need_dX=False)[1],
    lambda dZ, Z, X, W, b, stride, padding: dZ.sum(axis=(0, 2, 3)),
)
_max_pool = primitive(max_pool, lambda dP, P, X, size: max_pool_backward(dP, X, size))
_mean_pool = primitive(mean_pool, lambda dP, P, X, size: mean_pool_backward(dP, X, size))


@dataclass(frozen=True)
class Convolution(Kind):
    """A layer of filters, each of which looks at every window of the image with the same weights.

    image: the shape (C, H, W) of an image that goes in: channels, height, width. filters: how many filters there are;
    each makes one channel of the image that comes out, whose shape is `result`. size: the filters' height and width.
    stride and padding: as in `conv2d`. In a batch, an image is one row: its first channel, row by row, and then the
    others. Raises ValueError for settings that are not whole numbers, and for filters larger than the image.
    """

    image: Shape
    filters: int
    size: int
    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no shape of an image, what is no whole number, and filters that find no place."""
        _require_image(self.image)
        for name in ("filters", "size", "stride"):
            require_count(name, getattr(self, name))
        _require_padding(self.padding)
        for side in self.image[1:]:
            _require_fit(side, self.size, self.padding)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of W, which has a weight for each filter, channel, row and column, and of b, a bias for each."""
        return {"W": (self.filters, self.image[0], self.size, self.size), "b": (self.filters,)}

    @property
    def result(self) -> Shape:
        """The shape of an image that comes out, with a channel for each filter and a pixel for each window."""
        height, width = (_fit(side, self.size, self.stride, self.padding) for side in self.image[1:])
        return self.filters, height, width

    @property
    def inputs(self) -> int:
        """The numbers of an image that goes in."""
        return prod(self.image)

    @property
    def outputs(self) -> int:
        """The numbers of an image that comes out."""
        return prod(self.result)

    def start(self, layer: Any, rng: np.random.Generator, scheme: str) -> None:
        """Draw the weights by `scheme`, for outputs that each have as many inputs as a window has numbers."""
        draw(layer.W, layer.b, self.image[0] * self.size**2, rng, scheme)

    def forward(
        self, layer: Any, X: FloatArray, rng: np.random.Generator | None = None, out: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return Z, with a row for each image, and X for the way back."""
        kept = _images(out, self.result)
        Z = _conv2d(_images(X, self.image), layer.W, layer.b, self.stride, self.padding, out=kept)
        return Z.reshape(len(X), -1), X

    def backward(
        self,
        layer: Any,
        grad: Any,
        dZ: FloatArray,
        X: FloatArray,
        need_dX: bool = True,
        out: FloatArray | None = None,
    ) -> FloatArray | Any:
        """Fill dW and db, and return dX."""
        kept = _images(out, self.image), grad.W, grad.b
        dZ, images = _images(dZ, self.result), _images(X, self.image)
        dX, _, _ = conv2d_backward(dZ, images, layer.W, self.stride, self.padding, kept, need_dX)
        return dX.reshape(len(X), -1) if need_dX else None


@dataclass(frozen=True)
class _Pool(Kind):
    """What both kinds of pooling share.

    image: the shape (C, H, W) of an image that goes in. size: the height and width of a window. Raises ValueError where
    these are not whole numbers, and where windows leave a part of the image over.
    """

    image: Shape
    size: int = 2
    pool: ClassVar[Callable[..., FloatArray]]
    pool_backward: ClassVar[Callable[..., FloatArray]]

    def __post_init__(self) -> None:
        """Refuse what is no shape of an image, and windows that do not cover it."""
        _require_image(self.image)
        require_count("size", self.size)
        _require_cover(self.image, self.size)

    @property
    def result(self) -> Shape:
        """The shape of an image that comes out, with a pixel for each window."""
        C, H, W = self.image
        return C, H // self.size, W // self.size

    @property
    def inputs(self) -> int:
        """The numbers of an image that goes in."""
        return prod(self.image)

    @property
    def outputs(self) -> int:
        """The numbers of an image that comes out."""
        return prod(self.result)

    def forward(
        self, layer: Any, X: FloatArray, rng: np.random.Generator | None = None, out: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return P, with a row for each image, and X for the way back."""
        P = self.pool(_images(X, self.image), self.size, out=_images(out, self.result))
        return P.reshape(len(X), -1), X

    def backward(
        self,
        layer: Any,
        grad: Any,
        dP: FloatArray,
        X: FloatArray,
        need_dX: bool = True,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """Return dX."""
        images, kept = _images(X, self.image), _images(out, self.image)
        return self.pool_backward(_images(dP, self.result), images, self.size, kept).reshape(len(X), -1)


class MaxPool(_Pool):
    """Max pooling as a layer: of each window, channel by channel, the largest number is kept."""

    pool, pool_backward = staticmethod(_max_pool), staticmethod(max_pool_backward)


class MeanPool(_Pool):
    """Mean pooling as a layer: of each window, channel by channel, the mean is kept."""

    pool, pool_backward = staticmethod(_mean_pool), staticmethod(mean_pool_backward)


def _images(X: FloatArray | None, shape: Shape) -> FloatArray | Any:
    """Return the rows of a batch as images of this shape (C, H, W), in the same memory; None stays None."""
    return None if X is None else X.reshape(-1, *shape)


def _batch_last(X: FloatArray) -> FloatArray:
    """Return images (N, C, H, W) as (C, H, W, N), in that order in memory.

    What the functions of this module have returned has this order already, and is not copied.
    """
    return np.ascontiguousarray(X.transpose(1, 2, 3, 0))


def _batch_first(X: FloatArray) -> FloatArray:
    """Return images (C, H, W, N) as (N, C, H, W), in the same memory."""
    return X.transpose(3, 0, 1, 2)


def _places(X: FloatArray, W: FloatArray, stride: int, padding: int) -> tuple[int, int]:
    """Return at how many places the filters fit, down and across."""
    height, width = (_fit(side, size, stride, padding) for side, size in zip(X.shape[2:], W.shape[2:], strict=True))
    return height, width


def _fit(side: int, size: int, stride: int, padding: int) -> int:
    """Return at how many places a filter fits along one side."""
    return (side + 2 * padding - size) // stride + 1


def _columns(X: FloatArray, W: FloatArray, stride: int, padding: int) -> Iterator[FloatArray]:
    """Yield, for one row of places after the other, the windows there as the columns of a matrix (C·h·w, W′·N).

    `sliding_window_view` copies nothing: it shows every window where it stands. `reshape` makes the copy, in long runs
    of neighbours. One row at a time is enough for a large product, and still fits the processor's cache.
    """
    X, margin = _batch_last(X), (padding, padding)
    if padding:
        X = np.pad(X, ((0, 0), margin, margin, (0, 0)))
    windows = sliding_window_view(X, W.shape[2:], axis=(1, 2))[:, ::stride, ::stride]  # (C, H′, W′, N, h, w)
    for row in windows.transpose(1, 0, 4, 5, 2, 3):
        yield row.reshape(W[0].size, -1)


def _zeros(X: FloatArray, padding: int, dtype: DTypeLike, out: FloatArray | None) -> FloatArray:
    """Return zeros, with the batch last, to which the gradient of images and of their margin can be added up.

    Without a margin they are in `out`. With one, the array has to be larger than `out`, and is new.
    """
    N, C, H, W = X.shape
    if out is None or padding:
        return np.zeros((C, H + 2 * padding, W + 2 * padding, N), dtype)
    out = _batch_last(out)
    out[...] = 0
    return out


def _windowed(X: FloatArray, size: int) -> Iterator[FloatArray]:
    """Yield views of X (C, H, W, N): of the first pixel of every window, of the second, and so on, row by row."""
    for u, v in np.ndindex(size, size):
        yield X[:, u::size, v::size]


def _require_conv2d(X: FloatArray, W: FloatArray, stride: int, padding: int) -> None:
    """Refuse anything but images, and filters that fit them."""
    require_images("X", X)
    require_images("W", W, "filters (F, C, h, w)")
    if W.shape[1] != X.shape[1]:
        raise ValueError(f"W must have {X.shape[1]} channels, as many as X, not {W.shape[1]}")
    require_count("stride", stride)
    _require_padding(padding)
    for side, size in zip(X.shape[2:], W.shape[2:], strict=True):
        _require_fit(side, size, padding)


def _require_padding(padding: int) -> None:
    """Refuse anything but a whole number of pixels, 0 or more."""
    if not isinstance(padding, int | np.integer) or isinstance(padding, bool) or padding < 0:
        raise ValueError(f"padding must be a whole number of pixels, 0 or more, not {padding!r}")


def _require_fit(side: int, size: int, padding: int) -> None:
    """Refuse a filter that is larger than the image."""
    if size > side + 2 * padding:
        margin = f" and a padding of {padding} on either side" if padding else ""
        raise ValueError(f"a filter of {size} pixels finds no place along {side} pixels{margin}")


def _require_image(image: Shape) -> None:
    """Refuse anything but three whole numbers: channels, height and width."""
    if not isinstance(image, tuple) or len(image) != 3:
        raise ValueError(f"image must be its shape (channels, height, width), as in (1, 28, 28), not {image!r}")
    for name, number in zip(("channels", "height", "width"), image, strict=True):
        require_count(f"image's {name}", number)


def _require_cover(shape: tuple[int, ...], size: int) -> None:
    """Refuse windows that do not cover the image exactly."""
    if shape[-2] % size or shape[-1] % size:
        raise ValueError(f"windows of {size} by {size} pixels do not cover {shape[-2]} by {shape[-1]} pixels")


def _require_pooling(X: FloatArray, size: int, dP: FloatArray | None = None) -> None:
    """Refuse anything but images that the windows cover, and an upstream gradient that fits."""
    require_images("X", X)
    require_count("size", size)
    _require_cover(X.shape, size)
    if dP is not None:
        N, C, H, W = X.shape
        require_shape("dP", dP, (N, C, H // size, W // size), "(that of P)")
