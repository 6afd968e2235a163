"""The ways to do one epoch that `epoch.py` compares. Each maker returns a function that does it from the same start.

A maker takes X (N, 784), y (N,), the start, the order of the examples, the batch size and the rate; what it prepares
outside the returned function is not timed. That function returns the parameters it ends at, laid out as the book's θ.
"""

from collections.abc import Callable

import jax
import numpy as np
import torch
from measure import steps_of_fit
from sklearn.neural_network import MLPClassifier

import scratchnet as sn

Once = Callable[[], np.ndarray | None]
Maker = Callable[[np.ndarray, np.ndarray, sn.Parameters, np.ndarray, int, float], Once]


def flat(layers: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return θ from pairs of W (D, H) and b (H,)."""
    return np.concatenate([part.ravel() for W, b in layers for part in (W, b)])


def steps(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Return the rows of each batch."""
    return [order[begin : begin + batch_size] for begin in range(0, len(order), batch_size)]


def scratchnet(X, y, start, order, batch_size, rate) -> Once:
    """What happens inside `fit`; it draws the same order."""
    return steps_of_fit(X, y, start, batch_size, rate)


def scratchnet_fit(X, y, start, order, batch_size, rate) -> Once:
    """All of `fit`, which measures loss and accuracy on all images after the epoch; nobody else does."""

    def once() -> np.ndarray:
        params, rng = start.copy(), np.random.default_rng(1)
        sn.fit(params, X, y, optimizer=sn.SGD(rate), epochs=1, batch_size=batch_size, rng=rng, progress=False)
        return params.theta

    return once


def taught(X, y, start, order, batch_size, rate) -> Once:
    """The functions of the chapters, called one after another."""

    def once() -> np.ndarray:
        params, optimizer = start.copy(), sn.SGD(rate)
        for X_batch, y_batch in sn.minibatches(X, y, batch_size, np.random.default_rng(1)):
            Z, cache = sn.forward(params, X_batch)
            optimizer.step(params, sn.backward(params, cache, sn.cross_entropy_backward(Z, y_batch)))
        return params.theta

    return once


def plain(X, y, start, order, batch_size, rate) -> Once:
    """A loop as one writes it in NumPy."""

    def once() -> np.ndarray:
        (W1, b1), (W2, b2) = ((layer.W.copy(), layer.b.copy()) for layer in start.layers)
        for rows in steps(order, batch_size):
            x, t = X[rows], y[rows]
            Z1 = x @ W1 + b1
            A1 = np.maximum(Z1, 0)
            Z2 = A1 @ W2 + b2
            E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
            dZ2 = E / E.sum(axis=1, keepdims=True)
            dZ2[np.arange(len(t)), t] -= 1
            dZ2 /= len(t)
            dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
            dW1, db1, dW2, db2 = x.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)
            W1 -= rate * dW1
            b1 -= rate * db1
            W2 -= rate * dW2
            b2 -= rate * db2
        return flat([(W1, b1), (W2, b2)])

    return once


def floor(X, y, start, order, batch_size, rate) -> Once:
    """The gather and the five matrix products, into arrays that are there already; nothing is learned."""
    W1, W2 = (layer.W for layer in start.layers)
    kept = [np.zeros((batch_size, width), X.dtype) for width in (*start.sizes, start.sizes[1])]
    dW1, dW2 = np.empty_like(W1), np.empty_like(W2)

    def once() -> None:
        for rows in steps(order, batch_size):
            x, Z1, Z2, dA1 = (array[: len(rows)] for array in kept)
            X.take(rows, axis=0, out=x, mode="clip")
            np.dot(x, W1, out=Z1)
            np.dot(Z1, W2, out=Z2)
            np.dot(Z1.T, Z2, out=dW2)
            np.dot(Z2, W2.T, out=dA1)
            np.dot(x.T, dA1, out=dW1)

    return once


def pytorch(compiled: bool) -> Maker:
    """As its tutorials teach it. W lies transposed there, so the start and the end have to be turned."""

    def maker(X, y, start, order, batch_size, rate) -> Once:
        images, labels = torch.from_numpy(X), torch.from_numpy(y)
        loss_of = torch.nn.CrossEntropyLoss()
        D, H, K = start.sizes
        network = torch.nn.Sequential(torch.nn.Linear(D, H), torch.nn.ReLU(), torch.nn.Linear(H, K))
        call = torch.compile(network) if compiled else network

        def once() -> np.ndarray:
            with torch.no_grad():
                for module, layer in zip((network[0], network[2]), start.layers, strict=True):
                    module.weight.copy_(torch.from_numpy(layer.W.T.copy()))
                    module.bias.copy_(torch.from_numpy(layer.b))
            optimizer = torch.optim.SGD(network.parameters(), lr=rate)
            for rows in steps(order, batch_size):
                rows = torch.from_numpy(rows)
                optimizer.zero_grad()
                loss_of(call(images[rows]), labels[rows]).backward()
                optimizer.step()
            return flat([(m.weight.detach().numpy().T, m.bias.detach().numpy()) for m in (network[0], network[2])])

        return once

    return maker


def jax_scan(X, y, start, order, batch_size, rate) -> Once:
    """The whole epoch in one compiled function: `lax.scan` over the batches, and the last, shorter one after it."""
    images, labels = jax.numpy.asarray(X), jax.numpy.asarray(y)
    begin = [(jax.numpy.asarray(layer.W), jax.numpy.asarray(layer.b)) for layer in start.layers]
    whole = len(order) // batch_size * batch_size

    def loss(params, x, t):
        (W1, b1), (W2, b2) = params
        Z = jax.nn.relu(x @ W1 + b1) @ W2 + b2
        picked = jax.numpy.take_along_axis(Z, t[:, None], axis=1)[:, 0]
        return jax.numpy.mean(jax.nn.logsumexp(Z, axis=1) - picked)

    def step(params, rows):
        grads = jax.grad(loss)(params, images[rows], labels[rows])
        return jax.tree.map(lambda p, g: p - rate * g, params, grads), None

    @jax.jit
    def epoch(params, batches, rest):
        params, _ = jax.lax.scan(step, params, batches)
        return step(params, rest)[0] if len(rest) else params

    batches, rest = jax.numpy.asarray(order[:whole].reshape(-1, batch_size)), jax.numpy.asarray(order[whole:])

    def once() -> np.ndarray:
        params = jax.block_until_ready(epoch(begin, batches, rest))
        return flat([(np.asarray(W), np.asarray(b)) for W, b in params])

    return once


def sklearn_mlp(X, y, start, order, batch_size, rate) -> Once:
    """Its own loop, without momentum or penalty. It takes batches as they lie, so the shuffle is timed before it."""
    model = MLPClassifier(
        start.sizes[1:-1],
        solver="sgd",
        alpha=0.0,
        batch_size=batch_size,
        learning_rate_init=rate,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
    )
    model.partial_fit(X[:batch_size], y[:batch_size], classes=np.arange(start.sizes[-1]))

    def once() -> np.ndarray:
        for W, b, layer in zip(model.coefs_, model.intercepts_, start.layers, strict=True):
            W[:], b[:] = layer.W, layer.b
        model.partial_fit(X[order], y[order])
        return flat(list(zip(model.coefs_, model.intercepts_, strict=True)))

    return once


CONTENDERS: dict[str, Maker] = {
    "scratchnet": scratchnet,
    "scratchnet fit, measuring": scratchnet_fit,
    "the chapters' functions": taught,
    "a plain NumPy loop": plain,
    "floor": floor,
    "PyTorch": pytorch(compiled=False),
    "PyTorch, torch.compile": pytorch(compiled=True),
    "JAX, jit and scan": jax_scan,
    "scikit-learn": sklearn_mlp,
}
