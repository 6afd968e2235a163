"""The gradient that PyTorch finds for the network of chapter "convolution", into a file that `make test` compares with.

In float64, on four of the training images; of its 43,426 numbers every tenth is kept. And for strides and paddings, the
gradients of a small convolution. Started by `bench.py`; to make the file alone:
`.venv/bench/bin/python benchmarks/convolution_gradients.py book/convolution_peers.npz` (with PYTHONPATH=src).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from convolution import network, pytorch_gradient, pytorch_network
from measure import training_images

import scratchnet as sn
from scratchnet.storage import write_arrays

SETTINGS = ((1, 0), (2, 0), (1, 2), (2, 1), (3, 2))  # stride and padding
IMAGES = 4


def main(path: Path) -> int:
    """Write the gradients. The start is He's with the generator 16, and is not kept; a test draws it again."""
    X, y = (array[:IMAGES] for array in training_images())
    start = sn.initialize(network(), np.random.default_rng(16), dtype=np.float64)
    net = pytorch_network(start)
    images = torch.from_numpy(X.astype(np.float64).reshape(-1, 1, 28, 28))
    torch.nn.functional.cross_entropy(net(images), torch.from_numpy(y)).backward()
    arrays = {"network": pytorch_gradient(net)[::10]} | small()
    write_arrays(path, "gradients of PyTorch", {"versions": np.array(f"torch {torch.__version__}")} | arrays)
    return 0


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
