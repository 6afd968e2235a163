"""How many new images a second `sn.distort` makes on one core, and how that compares.

    OPENBLAS_NUM_THREADS=1 python benchmarks/augmentation.py

It prints images a second, and two ratios: the time that SciPy takes for the same, an image at a time, and the time of a
training step of 784-1024-512-10, both divided by ours. SciPy is needed, as for the tests. Nothing is written.
"""

import sys

import numpy as np
import scipy.ndimage
from measure import medians, training_images

import scratchnet as sn
from scratchnet.network import Backpropagation

BATCH, ROUNDS = 128, 31
AMOUNTS = {"rotation": 10.0, "elastic": 1.3, "smoothness": 4.0}


def by_scipy(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images that are bent as ours are, one after the other."""
    distorted = np.empty_like(X)
    i, j = np.indices((28, 28), np.float32)
    for n, image in enumerate(X.reshape(-1, 28, 28)):
        noise = rng.standard_normal((2, 28, 28), np.float32)
        u, v = AMOUNTS["elastic"] * 14 * scipy.ndimage.gaussian_filter(noise, (0, 4, 4))
        phi = np.radians(AMOUNTS["rotation"]) * rng.uniform(-1, 1)
        cos, sin = np.cos(phi), np.sin(phi)
        y, x = i - 13.5, j - 13.5
        places = y * cos - x * sin + 13.5 + u, y * sin + x * cos + 13.5 + v
        distorted[n] = scipy.ndimage.map_coordinates(image, places, order=1).ravel()
    return distorted


def main() -> int:
    """Measure and print."""
    X, y = (array[:BATCH] for array in training_images())
    rng = np.random.default_rng(0)
    params = sn.initialize((784, 1024, 512, 10), rng)
    gradient, optimizer = Backpropagation(), sn.Momentum(1e-6)
    seconds = medians(
        {
            "distort": lambda: sn.distort(X, rng, **AMOUNTS),
            "SciPy": lambda: by_scipy(X, rng),
            "step": lambda: optimizer.step(params, gradient(params, X, y)),
        },
        ROUNDS,
    )
    ours = seconds["distort"]
    print(f"images a second: {BATCH / ours:,.0f} (at least 10,000 are aimed at)")
    print(f"SciPy, an image at a time / ours: {seconds['SciPy'] / ours:.1f}")
    print(f"a training step of 784-1024-512-10 / ours: {seconds['step'] / ours:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
