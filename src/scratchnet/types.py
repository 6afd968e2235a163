"""The array types of the book's signatures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Functions keep the dtype they are given: float32 where speed is shown, float64 where a gradient is checked.
FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
