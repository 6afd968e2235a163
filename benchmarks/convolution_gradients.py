"""What PyTorch and JAX find for the network of chapter "convolution", into a file that chapter and tests compare with.

In float64, on the first 32 training images: both gradients, and where PyTorch's optimisers stand after ten steps of
full batches. Of the 39,306 numbers every tenth is kept. And for strides and paddings, the gradients of a small
convolution in PyTorch. Started by `bench.py`; to make the file alone:
`.venv/bench/bin/python benchmarks/convolution_gradients.py book/convolution_peers.npz` (with PYTHONPATH=src).
"""

import sys
from pathlib import Path

import jax
import numpy as np
import torch
from measure import training_images
from sliding import jax_loss, jax_vector, network, pytorch_network, pytorch_vector

import scratchnet as sn
from scratchnet.storage import write_arrays

SETTINGS = ((1, 0), (2, 0), (1, 2), (2, 1), (3, 2))  # stride and padding
IMAGES, STEPS, EVERY = 32, 10, 10
OPTIMIZERS = {
    "Momentum": lambda parts: torch.optim.SGD(parts, lr=0.02, momentum=0.9),
    "Adam": lambda parts: torch.optim.Adam(parts, lr=0.001),
    "AdamW": lambda parts: torch.optim.AdamW(parts, lr=0.001, weight_decay=0.01),
}


def main(path: Path) -> int:
    """Write what was found. The start is He's with the generator 16, and is not kept; whoever compares draws it."""
    X, y = (array[:IMAGES] for array in training_images())
    X, start = X.astype(np.float64), sn.initialize(network(), np.random.default_rng(16), dtype=np.float64)
    arrays = {"PyTorch": pytorch_gradient(X, y, start), "JAX": jax_gradient(X, y, start)}
    arrays |= {name: steps(name, X, y, start) for name in OPTIMIZERS}
    versions = f"torch {torch.__version__}, jax {jax.__version__}"
    kept = {name: array[::EVERY] for name, array in arrays.items()} | small()
    write_arrays(path, "gradients of PyTorch and JAX", {"versions": np.array(versions)} | kept)
    return 0


def pytorch_gradient(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> np.ndarray:
    """Return the gradient that PyTorch finds."""
    net = pytorch_network(start)
    torch.nn.functional.cross_entropy(net(torch.from_numpy(X.reshape(-1, 1, 28, 28))), torch.from_numpy(y)).backward()
    return pytorch_vector(part.grad for part in net.parameters())


def jax_gradient(X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> np.ndarray:
    """Return the gradient that JAX finds, which computes in float32 unless it is told otherwise."""
    jax.config.update("jax_enable_x64", True)
    _, loss = jax_loss(X, y)
    return jax_vector(
        jax.grad(loss)([(jax.numpy.asarray(layer.W), jax.numpy.asarray(layer.b)) for layer in start.layers])
    )


def steps(name: str, X: np.ndarray, y: np.ndarray, start: sn.Parameters) -> np.ndarray:
    """Return the parameters after ten steps of one of PyTorch's optimisers, with gradients of its own."""
    net = pytorch_network(start)
    optimizer = OPTIMIZERS[name](net.parameters())
    images, labels = torch.from_numpy(X.reshape(-1, 1, 28, 28)), torch.from_numpy(y)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(images), labels).backward()
        optimizer.step()
    return pytorch_vector(net.parameters())


def small() -> dict[str, np.ndarray]:
    """Return what a small convolution finds, and its gradients, for each stride and padding; and its max pooling."""
    rng, found = np.random.default_rng(17), {}
    X, W, b = (torch.tensor(rng.normal(size=shape), requires_grad=True) for shape in ((2, 3, 7, 6), (4, 3, 3, 2), 4))
    for stride, padding in SETTINGS:
        Z = torch.nn.functional.conv2d(X, W, b, stride, padding)
        grads = torch.autograd.grad((Z**2).sum() / 2, (X, W, b))
        arrays = zip(("Z", "dX", "dW", "db"), (Z, *grads), strict=True)
        found |= {f"{name}, {stride}, {padding}": array.detach().numpy() for name, array in arrays}
    tied = torch.tensor(rng.integers(3, size=(2, 3, 6, 8)).astype(float), requires_grad=True)
    P = torch.nn.functional.max_pool2d(tied, 2)
    found |= {"tied": tied.detach().numpy(), "dtied": torch.autograd.grad((P**2).sum() / 2, tied)[0].numpy()}
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
