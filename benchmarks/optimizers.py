"""The steps of PyTorch's optimisers on a small network, into a file that `make test` compares with ours.

Everyone starts from the same parameters and takes 100 full-batch steps in float64; the file holds where they stand
after 1, 10 and 100. PyTorch computes the gradients too, so nothing of ours is in these numbers. Started by `bench.py`;
to make the file alone: `.venv/bench/bin/python benchmarks/optimizers.py book/optimizers.npz` (with PYTHONPATH=src).
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

import scratchnet as sn
from scratchnet.storage import write_arrays

SIZES = (6, 5, 4)
MOMENTS = (1, 10, 100)
# Ours, PyTorch's, and the settings, by the names that they have there.
CASES = {
    "SGD": ("SGD", {"lr": 0.1}),
    "SGD, L2 penalty": ("SGD", {"lr": 0.1, "weight_decay": 0.03}),
    "momentum": ("SGD", {"lr": 0.03, "momentum": 0.9}),
    "momentum, L2 penalty": ("SGD", {"lr": 0.03, "momentum": 0.8, "weight_decay": 0.03}),
    "Nesterov": ("SGD", {"lr": 0.03, "momentum": 0.9, "nesterov": True}),
    "Nesterov, L2 penalty": ("SGD", {"lr": 0.03, "momentum": 0.7, "nesterov": True, "weight_decay": 0.03}),
    "AdaGrad": ("Adagrad", {"lr": 0.1, "eps": 1e-8}),
    "RMSProp": ("RMSprop", {"lr": 0.01, "alpha": 0.9, "eps": 1e-8}),
    "Adam": ("Adam", {"lr": 0.01}),
    "Adam, other settings": ("Adam", {"lr": 0.02, "betas": (0.7, 0.95), "eps": 1e-3}),
    "AdamW": ("AdamW", {"lr": 0.01, "weight_decay": 0.1}),
}


def main(path: Path) -> int:
    """Write the start, the examples and every path."""
    rng = np.random.default_rng(14)
    X, y = rng.normal(size=(32, SIZES[0])), rng.integers(SIZES[-1], size=32)
    start = sn.initialize(SIZES, rng, dtype=np.float64)
    settings = {name: {"kind": kind, **chosen} for name, (kind, chosen) in CASES.items()}
    versions = f"torch {torch.__version__}, numpy {np.__version__}"
    arrays = {"X": X, "y": y, "start": start.theta}
    arrays |= {name: path_of(kind, chosen, start, X, y) for name, (kind, chosen) in CASES.items()}
    words = {"versions": np.array(versions), "settings": np.array(json.dumps(settings)), "moments": np.array(MOMENTS)}
    write_arrays(path, "the steps of PyTorch", arrays | words)
    return 0


def path_of(kind: str, settings: dict, start: sn.Parameters, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the parameters (3, Q) after 1, 10 and 100 steps, laid out as θ."""
    blocks = [torch.tensor(part, requires_grad=True) for layer in start.layers for part in (layer.W, layer.b)]
    optimizer, (images, labels) = getattr(torch.optim, kind)(blocks, **settings), map(torch.from_numpy, (X, y))
    found = []
    for step in range(1, max(MOMENTS) + 1):
        W1, b1, W2, b2 = blocks
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(torch.relu(images @ W1 + b1) @ W2 + b2, labels).backward()
        optimizer.step()
        if step in MOMENTS:
            found.append(np.concatenate([block.detach().numpy().ravel() for block in blocks]))
    return np.array(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
