"""The ways to take a step with a network that slides, which `convolution.py` compares.

A maker takes X (N, side²), y (N,) and the start. It returns two functions: "forward" finds the logits (N, 10), and
"step" takes a step of SGD and returns its gradient, laid out as the book's θ. Only these are timed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isqrt

import jax
import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

import scratchnet as sn
from scratchnet.network import Backpropagation, no_arrays

RATE = 0.01
Steps = dict[str, Callable[[], "np.ndarray | None"]]


def network(few: int = 16, side: int = 28) -> list[sn.Kind]:
    """Return the layers of the chapter's network, 39,306 parameters: here for any number of filters, and any side.

    A layer has twice the filters of the one before. `side` is that of an image, a multiple of 4.
    """
    first = sn.Convolution((1, side, side), few, 3, padding=1)
    second = sn.Convolution((few, side // 2, side // 2), 2 * few, 3, padding=1)
    third = sn.Convolution((2 * few, side // 4, side // 4), 4 * few, 3)
    slide = [first, sn.MaxPool(first.result), sn.ReLU(), second, sn.MaxPool(second.result), sn.ReLU(), third, sn.ReLU()]
    return [*slide, sn.Linear(third.outputs, 10)]


def images(X: np.ndarray, channels_last: bool = False) -> np.ndarray:
    """Return rows of pixels as images (N, 1, side, side), or (N, side, side, 1)."""
    side = isqrt(X.shape[1])
    return X.reshape(-1, side, side, 1) if channels_last else X.reshape(-1, 1, side, side)


def scratchnet(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> Steps:
    """As `fit` and `predict` do it."""
    params, gradient, optimizer, arrays = start.copy(), Backpropagation(), sn.SGD(RATE), no_arrays(start)

    def step() -> np.ndarray:
        grads = gradient(params, X, y)
        optimizer.step(params, grads)
        return grads.theta

    return {"forward": lambda: sn.forward(params, X, out=arrays)[0], "step": step}


def windows(X: np.ndarray) -> np.ndarray:
    """Return a view of all windows of 3 by 3 pixels: (N, C, H, W) -> (N, C, H′, W′, 3, 3)."""
    return sliding_window_view(X, (3, 3), axis=(2, 3))


def padded(X: np.ndarray, margin: int) -> np.ndarray:
    """Return images with a margin of zeros."""
    return np.pad(X, ((0, 0), (0, 0), (margin, margin), (margin, margin))) if margin else X


def conv(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Slide filters over images, as in the program of chapter "convolution"."""
    return np.tensordot(windows(X), W, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2) + b[:, None, None]


def conv_back(dZ: np.ndarray, X: np.ndarray, W: np.ndarray, margin: int) -> list[np.ndarray]:
    """Return dW and db, and dX where X had no margin or one that is cut off again; for one channel, None."""
    dW, dX = np.tensordot(dZ, windows(X), axes=([0, 2, 3], [0, 2, 3])), None
    if X.shape[1] > 1:
        turned = W[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
        dX = conv(padded(dZ, 2 - margin), turned, np.zeros(len(turned), W.dtype))
    return [dW, dZ.sum(axis=(0, 2, 3)), dX]


def squares(Z: np.ndarray) -> np.ndarray:
    """Return the four numbers of each square of 2 by 2: (N, C, H, W) -> (N, C, H/2, W/2, 4)."""
    N, C, H, W = Z.shape
    return Z.reshape(N, C, H // 2, 2, W // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(N, C, H // 2, W // 2, 4)


def pool_back(dP: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """Hand each upstream gradient to the first of the largest of its square."""
    N, C, h, w = dP.shape
    shares = np.eye(4, dtype=dP.dtype)[squares(Z).argmax(axis=-1)] * dP[..., None]
    return shares.reshape(N, C, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(Z.shape)


def plain(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> Steps:
    """As one writes it in NumPy after chapter "convolution"."""
    X = images(X)
    blocks = [(layer.W.copy(), layer.b.copy()) for layer in start.layers]
    (W1, b1), (W2, b2), (W3, b3), (W4, b4) = blocks

    def forward() -> list[np.ndarray]:
        X1 = padded(X, 1)
        Z1 = conv(X1, W1, b1)
        X2 = padded(np.maximum(squares(Z1).max(axis=-1), 0), 1)
        Z2 = conv(X2, W2, b2)
        X3 = np.maximum(squares(Z2).max(axis=-1), 0)
        Z3 = conv(X3, W3, b3)
        A3 = np.maximum(Z3, 0).reshape(len(X), -1)
        return [X1, Z1, X2, Z2, X3, Z3, A3, A3 @ W4 + b4]

    def step() -> np.ndarray:
        X1, Z1, X2, Z2, X3, Z3, A3, Z4 = forward()
        E = np.exp(Z4 - Z4.max(axis=1, keepdims=True))
        dZ4 = E / E.sum(axis=1, keepdims=True)
        dZ4[np.arange(len(y)), y] -= 1
        dZ4 /= len(y)
        dZ3 = (dZ4 @ W4.T).reshape(Z3.shape) * (Z3 > 0)
        dW3, db3, dX3 = conv_back(dZ3, X3, W3, 0)
        dW2, db2, dX2 = conv_back(pool_back(dX3 * (X3 > 0), Z2), X2, W2, 1)
        dP1 = dX2 * (X2[:, :, 1:-1, 1:-1] > 0)
        dW1, db1, _ = conv_back(pool_back(dP1, Z1), X1, W1, 1)
        grads = [dW1, db1, dW2, db2, dW3, db3, A3.T @ dZ4, dZ4.sum(axis=0)]
        for part, grad in zip((part for block in blocks for part in block), grads, strict=True):
            part -= RATE * grad
        return np.concatenate([grad.ravel() for grad in grads])

    return {"forward": lambda: forward()[-1], "step": step}


def pytorch(channels_last: bool) -> Callable[..., Steps]:
    """As its tutorials teach it; or with the channels of a pixel side by side, which its guide to speed advises."""

    def maker(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> Steps:
        order = torch.channels_last if channels_last else torch.contiguous_format
        batch, labels = torch.from_numpy(images(X)).to(memory_format=order), torch.from_numpy(y)
        net = pytorch_network(start).to(memory_format=order)
        optimizer, loss_of = torch.optim.SGD(net.parameters(), lr=RATE), torch.nn.CrossEntropyLoss()

        def forward() -> np.ndarray:
            with torch.no_grad():
                return net(batch).numpy()

        def step() -> np.ndarray:
            optimizer.zero_grad()
            loss_of(net(batch), labels).backward()
            optimizer.step()
            return pytorch_vector(part.grad for part in net.parameters())

        return {"forward": forward, "step": step}

    return maker


def pytorch_network(start: sn.Parameters) -> torch.nn.Sequential:
    """Return the same network, with the same parameters. Only the linear layer lies transposed there."""
    nn, few = torch.nn, len(start.layers[0].W)
    net = nn.Sequential(
        *(nn.Conv2d(1, few, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(few, 2 * few, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(2 * few, 4 * few, 3), nn.ReLU(), nn.Flatten(), nn.Linear(len(start.layers[3].W), 10)),
    ).to(torch.from_numpy(start.theta).dtype)
    with torch.no_grad():
        for module, layer in zip((net[0], net[3], net[6], net[9]), start.layers, strict=True):
            module.weight.copy_(torch.from_numpy(layer.W if layer.W.ndim == 4 else layer.W.T.copy()))
            module.bias.copy_(torch.from_numpy(layer.b))
    return net


def pytorch_vector(parts: Iterator[torch.Tensor]) -> np.ndarray:
    """Return parameters or gradients of that network, laid out as θ."""
    arrays = (part.detach().numpy() for part in parts)
    return np.concatenate([(part.T if part.ndim == 2 else part).ravel() for part in arrays])


def jax_loss(X: np.ndarray, y: np.ndarray) -> tuple[Callable, Callable]:
    """Return the functions of the parameters that give the logits and the loss.

    The channels of a pixel lie side by side, and pooling is a maximum over two axes: of the orders and ways that were
    tried, the fastest here.
    """
    jnp = jax.numpy
    batch, labels = jnp.asarray(images(X, channels_last=True)), jnp.asarray(y)

    def conv(A, W, b, margin):
        order = ("NHWC", "OIHW", "NHWC")
        return jax.lax.conv_general_dilated(A, W, (1, 1), [(margin, margin)] * 2, dimension_numbers=order) + b

    def pool(Z):
        N, H, W, C = Z.shape
        return Z.reshape(N, H // 2, 2, W // 2, 2, C).max(axis=(2, 4))

    def logits(blocks):
        (W1, b1), (W2, b2), (W3, b3), (W4, b4) = blocks
        A = jax.nn.relu(pool(conv(batch, W1, b1, 1)))
        A = jax.nn.relu(pool(conv(A, W2, b2, 1)))
        A = jax.nn.relu(conv(A, W3, b3, 0)).transpose(0, 3, 1, 2)
        return A.reshape(len(batch), -1) @ W4 + b4

    def loss(blocks):
        Z = logits(blocks)
        picked = jnp.take_along_axis(Z, labels[:, None], axis=1)[:, 0]
        return jnp.mean(jax.nn.logsumexp(Z, axis=1) - picked)

    return logits, loss


def jax_vector(blocks: list) -> np.ndarray:
    """Return parameters or gradients laid out as θ."""
    return np.concatenate([np.ravel(part) for pair in blocks for part in pair])


def jax_jit(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> Steps:
    """One compiled function each."""
    blocks = [(jax.numpy.asarray(layer.W), jax.numpy.asarray(layer.b)) for layer in start.layers]
    logits, loss = jax_loss(X, y)

    @jax.jit
    def moved(blocks):
        grads = jax.grad(loss)(blocks)
        return jax.tree.map(lambda p, g: p - RATE * g, blocks, grads), grads

    compiled = jax.jit(logits)
    return {
        "forward": lambda: np.asarray(compiled(blocks)),
        "step": lambda: jax_vector(jax.block_until_ready(moved(blocks))[1]),
    }


def floor(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> Steps:
    """The products alone, into arrays that are there already: of filters and a row of windows, and of the linear layer.

    A row after the other, as the module multiplies them, so that they fit the processor's cache.
    """
    rng, made = np.random.default_rng(0), []
    for n, (kind, layer) in enumerate((kind, layer) for kind, layer in start.network if kind.shapes):
        slides = isinstance(kind, sn.Convolution)
        rows, places = kind.result[1:] if slides else (1, 1)
        W = layer.W.reshape(len(layer.W), -1) if slides else layer.W.T.copy()
        B = rng.random((W.shape[1], places * len(X)), dtype=np.float32)
        C = np.zeros((W.shape[0], B.shape[1]), np.float32)
        made.append((rows, W, B, C, np.empty_like(W), np.empty_like(B), n > 0))

    def forward() -> None:
        for rows, W, B, C, *_ in made:
            for _ in range(rows):
                np.dot(W, B, out=C)

    def step() -> None:
        forward()
        for rows, W, B, C, dW, dB, both in made:
            for _ in range(rows):
                np.dot(C, B.T, out=dW)
                if both:
                    np.dot(W.T, C, out=dB)

    return {"forward": forward, "step": step}


CONTENDERS: dict[str, Callable[..., Steps]] = {
    "scratchnet": scratchnet,
    "plain NumPy": plain,
    "PyTorch": pytorch(channels_last=False),
    "PyTorch, channels last": pytorch(channels_last=True),
    "JAX, jit": jax_jit,
    "floor": floor,
}
