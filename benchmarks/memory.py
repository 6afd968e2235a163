"""How much memory an epoch of `fit` takes at its peak, beside the images it trains on.

What Python and NumPy allocate, as `tracemalloc` counts it: the same on every run. Started by `bench.py`. Prints
"memory", the network, the megabytes of X, and the peak in megabytes, X included.
"""

import sys
import tracemalloc

import numpy as np
from measure import tell, training_images

import scratchnet as sn


def main() -> int:
    """Print the table."""
    X, y = training_images()
    for sizes in ((784, 10, 10), (784, 128, 10), (784, 1024, 10)):
        rng = np.random.default_rng(0)
        params = sn.initialize(sizes, rng)
        tracemalloc.start()
        sn.fit(params, X, y, optimizer=sn.SGD(0.1), epochs=1, batch_size=128, rng=rng, progress=False)
        peak = X.nbytes + tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        tell("memory", "-".join(map(str, sizes)), f"{X.nbytes / 1e6:.0f}", f"{peak / 1e6:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
