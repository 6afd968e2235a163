"""What an image costs in the network of chapter "convolution", forward and in a step of training, by everyone.

Everyone starts from the same parameters and takes the same batch, at float32 and on one thread; first it is checked
that all find the same gradient, up to rounding. "floor" is the matrix products alone, which a step made of these calls
cannot go below. Started by `bench.py`, which sets the number of threads before NumPy loads. Prints task, images in the
batch, who, and microseconds an image. These are seconds of the processor: what else runs on the machine counts little.
"""

import sys
from collections.abc import Callable
from time import process_time

import jax
import numpy as np
import torch
from measure import tell, training_images

import scratchnet as sn
from scratchnet.network import Backpropagation, no_arrays

BATCH = 64
RATE = 0.01
Steps = dict[str, Callable[[], np.ndarray | None]]


def network() -> list[sn.Kind]:
    """Return the layers of the chapter's network, 43,426 parameters."""
    first, second = sn.Convolution((1, 28, 28), 12, 5), sn.Convolution((12, 12, 12), 32, 5)
    slide = [first, sn.MaxPool(first.result), sn.ReLU(), second, sn.MaxPool(second.result), sn.ReLU()]
    return [*slide, sn.Linear(512, 64), sn.ReLU(), sn.Linear(64, 10)]


def scratchnet(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> Steps:
    """As `fit` and `predict` do it. A step returns its gradient."""
    params, gradient, optimizer, arrays = start.copy(), Backpropagation(), sn.SGD(RATE), no_arrays(start)

    def step() -> np.ndarray:
        grads = gradient(params, X, y)
        optimizer.step(params, grads)
        return grads.theta

    return {"forward": lambda: sn.forward(params, X, out=arrays)[0], "step": step}


def pytorch(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> Steps:
    """As its tutorials teach it."""
    torch.set_num_threads(1)
    images, labels = torch.from_numpy(X.reshape(-1, 1, 28, 28)), torch.from_numpy(y)
    net = pytorch_network(start)
    optimizer, loss_of = torch.optim.SGD(net.parameters(), lr=RATE), torch.nn.CrossEntropyLoss()

    def forward() -> np.ndarray:
        with torch.no_grad():
            return net(images).numpy()

    def step() -> np.ndarray:
        optimizer.zero_grad()
        loss_of(net(images), labels).backward()
        optimizer.step()
        return pytorch_gradient(net)

    return {"forward": forward, "step": step}


def pytorch_network(start: sn.Parameters) -> torch.nn.Sequential:
    """Return the same network, with the same parameters. Only the linear layers lie transposed there."""
    nn = torch.nn
    net = nn.Sequential(
        *(nn.Conv2d(1, 12, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(12, 32, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10)),
    ).to(torch.from_numpy(start.theta).dtype)
    with torch.no_grad():
        for module, layer in zip((net[0], net[3], net[7], net[9]), start.layers, strict=True):
            W = layer.W if layer.W.ndim == 4 else layer.W.T.copy()
            module.weight.copy_(torch.from_numpy(W))
            module.bias.copy_(torch.from_numpy(layer.b))
    return net


def pytorch_gradient(net: torch.nn.Sequential) -> np.ndarray:
    """Return the gradient, laid out as θ."""
    parts = (part.grad.numpy() for part in net.parameters())
    return np.concatenate([(part.T if part.ndim == 2 else part).ravel() for part in parts])


def jax_jit(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> Steps:
    """One compiled function each."""
    lax = jax.lax
    images, labels = jax.numpy.asarray(X.reshape(-1, 1, 28, 28)), jax.numpy.asarray(y)
    blocks = [(jax.numpy.asarray(layer.W), jax.numpy.asarray(layer.b)) for layer in start.layers]

    def slide(A, W, b):
        Z = lax.conv(A, W, (1, 1), "VALID") + b[:, None, None]
        return jax.nn.relu(lax.reduce_window(Z, -np.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID"))

    def logits(blocks):
        (W1, b1), (W2, b2), (W3, b3), (W4, b4) = blocks
        A = slide(slide(images, W1, b1), W2, b2).reshape(len(images), -1)
        return jax.nn.relu(A @ W3 + b3) @ W4 + b4

    def loss(blocks):
        Z = logits(blocks)
        picked = jax.numpy.take_along_axis(Z, labels[:, None], axis=1)[:, 0]
        return jax.numpy.mean(jax.nn.logsumexp(Z, axis=1) - picked)

    @jax.jit
    def moved(blocks):
        grads = jax.grad(loss)(blocks)
        return jax.tree.map(lambda p, g: p - RATE * g, blocks, grads), grads

    def step() -> np.ndarray:
        _, grads = jax.block_until_ready(moved(blocks))
        return np.concatenate([np.ravel(part) for pair in grads for part in pair])

    compiled = jax.jit(logits)
    return {"forward": lambda: np.asarray(compiled(blocks)), "step": step}


def floor(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> Steps:
    """The products alone, into arrays that are there already: of windows and filters, and of the linear layers."""
    N, rng = len(X), np.random.default_rng(0)
    # rows of the product, what is summed over, and columns; is the gradient of what comes in needed?
    shapes = [(12, 25, 576 * N, False), (32, 300, 64 * N, True), (N, 512, 64, True), (N, 64, 10, True)]
    left, right = (
        [rng.random(pair, dtype=np.float32) for pair in pairs]
        for pairs in ([(m, k) for m, k, _, _ in shapes], [(k, n) for _, k, n, _ in shapes])
    )
    product = [np.zeros((m, n), np.float32) for m, _, n, _ in shapes]
    dleft, dright = [np.empty_like(A) for A in left], [np.empty_like(B) for B in right]

    def forward() -> None:
        for A, B, C in zip(left, right, product, strict=True):
            np.dot(A, B, out=C)

    def step() -> None:
        forward()
        for A, B, C, dA, dB, (*_, both) in zip(left, right, product, dleft, dright, shapes, strict=True):
            np.dot(C, B.T, out=dA)
            if both:
                np.dot(A.T, C, out=dB)

    return {"forward": forward, "step": step}


CONTENDERS = {"scratchnet": scratchnet, "PyTorch": pytorch, "JAX, jit": jax_jit, "floor": floor}


def main(rounds: int) -> int:
    """Print the table; return the exit status, 1 where somebody does other work than the rest."""
    X, y = (array[:BATCH] for array in training_images())
    start = sn.initialize(network(), np.random.default_rng(0))
    run = {who: make(X, y, start) for who, make in CONTENDERS.items()}
    for task in ("forward", "step"):
        found = {who: steps[task]() for who, steps in run.items()}
        off = {who: sn.relative_error(array, found["scratchnet"]) for who, array in found.items() if array is not None}
        if max(off.values()) > 1e-4:
            print(f"{task}: not all find the same: {off}", file=sys.stderr)
            return 1
        seconds: dict[str, list[float]] = {who: [] for who in run}
        for _ in range(20 * rounds):
            for who, steps in run.items():
                begin = process_time()
                steps[task]()
                seconds[who].append(process_time() - begin)
        for who, times in seconds.items():
            tell(task, BATCH, who, f"{np.median(times) / BATCH * 1e6:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
