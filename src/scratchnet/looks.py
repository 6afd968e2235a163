"""Notice what a file does not say of its images: that ink and paper are exchanged, or pictures turned or mirrored.

Source: chapter "data".
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scratchnet.types import IntArray

Images = NDArray[np.uint8]
Grid = NDArray[np.floating]

# The mean image of each digit of MNIST, 0 to 9, in 7 × 7 squares of 4 × 4 pixels, row by row, from 0 (paper) to f.
MEANS = """
0000000003ab3002ba9a006b24b10983a7004dd8100011000 00000000005610000a700000e200003d10000691000000000
0001100017b9200145a300138a2005cea5104a76400000000 0000000027c9100148b20006db200223a4004ac9100011000
00000000022430028494004d9e30027ba1000265100001100 00000000037851018963101aa6100235830039b7100011000
00022000038510017821002b9b6002dcc50005a5100000000 0000000012331004bbe400233c200019810004a3000034100
0000000003a9300198a60017fa10019b71002ac7100012100 0000000001651001a9b3003b9e10014991000285100023200
"""
ENOUGH = 5  # so many images at least are needed, because fewer can look turned by chance
AT_MOST = 2000  # so many images at most are looked at, spread over the file, because more make no difference

# How pictures may lie, and for each way the code that puts an array (N, 28, 28) right, to be shown and to be run.
TURNS: dict[str, tuple[str, Callable[[Grid], Grid]]] = {
    "with rows and columns exchanged, as EMNIST's do": (".transpose(0, 2, 1)", lambda a: a.transpose(0, 2, 1)),
    "mirrored left to right": ("[:, :, ::-1]", lambda a: a[:, :, ::-1]),
    "upside down and mirrored": ("[:, ::-1]", lambda a: a[:, ::-1]),
    "upside down": ("[:, ::-1, ::-1]", lambda a: a[:, ::-1, ::-1]),
    "turned to the left": (".transpose(0, 2, 1)[:, :, ::-1]", lambda a: a.transpose(0, 2, 1)[:, :, ::-1]),
    "turned to the right": (".transpose(0, 2, 1)[:, ::-1]", lambda a: a.transpose(0, 2, 1)[:, ::-1]),
    "mirrored along the other diagonal": (
        "[:, ::-1, ::-1].transpose(0, 2, 1)",
        lambda a: a[:, ::-1, ::-1].transpose(0, 2, 1),
    ),
}


def doubts(images: Images, labels: IntArray) -> list[str]:
    """Return sentences about what looks wrong with images (N, 784) and their labels (N,), each with its remedy."""
    few = slice(None, None, -(-len(images) // AT_MOST))
    pictures, labels = images[few].reshape(-1, 28, 28), labels[few]
    found = []
    if (largest := images.max()) == 0:
        found.append("no image has any ink. If that is not meant, fetch the file again")
    elif largest < 128:
        scaled = f"(images * (255 / {largest})).round().astype(np.uint8)"
        found.append(
            f"no pixel is larger than {largest}, while ink is 255. If ink is {largest} here, go on with {scaled}"
        )
    if is_turned_over(pictures):
        found.append("paper looks to be 255 and ink 0, the wrong way round. If so, go on with 255 - images")
        pictures = 255 - pictures
    if turn := find_turn(pictures, labels):
        how = f"images.reshape(-1, 28, 28){TURNS[turn][0]}.reshape(-1, 784)"
        found.append(f"the digits look to lie {turn}. If so, go on with {how}")
    return found


def is_turned_over(pictures: Images) -> bool:
    """Return whether the outermost pixels of pictures (N, 28, 28), which are paper, are light where ink is dark."""
    ring = np.ones((28, 28), bool)
    ring[1:-1, 1:-1] = False
    around, inside = pictures[:, ring], pictures[:, ~ring]
    return bool(np.mean(around >= 128) > 0.9 and around.mean() > inside.mean() + 3)


def find_turn(pictures: Images, labels: IntArray) -> str | None:
    """Return in which way of `TURNS` pictures (N, 28, 28) lie, or None where they lie straight.

    Each way is judged by the correlation of every digit's mean image with that of MNIST, averaged over the digits. It
    is believed only where the corrected pictures agree with MNIST as well as digits do, and clearly better than the
    pictures as they are.
    """
    if len(pictures) < ENOUGH:
        return None
    digits, counts = np.unique(labels, return_counts=True)
    grids = pictures.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4))
    found = _standardized(np.stack([grids[labels == digit].mean(axis=0) for digit in digits]))
    known = _standardized(np.array([[int(square, 16) for square in mean] for mean in MEANS.split()]).reshape(10, 7, 7))

    def fit(grids: Grid) -> float:
        return float((grids * known[digits]).sum(axis=(1, 2)) @ counts / counts.sum())

    fits = {turn: fit(straighten(found)) for turn, (_, straighten) in TURNS.items()}
    best = max(fits, key=lambda turn: fits[turn])
    return best if fits[best] > max(0.85 - 0.5 / len(pictures), fit(found) + 0.1) else None


def _standardized(grids: Grid) -> Grid:
    """Return grids (n, 7, 7) with mean 0 and length 1 each; a grid of one grey is 0."""
    grids = grids - grids.mean(axis=(1, 2), keepdims=True)
    lengths = np.sqrt((grids**2).sum(axis=(1, 2), keepdims=True))
    return np.divide(grids, lengths, out=np.zeros_like(grids), where=lengths > 0)
