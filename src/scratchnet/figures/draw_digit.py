"""Draw a digit: your own drawing, made into an image as MNIST's were, step by step, and read by the book's network."""

from collections.abc import Sequence

import numpy as np

from scratchnet.activations import relu, softmax
from scratchnet.convolution import Convolution, conv2d
from scratchnet.data import normalize
from scratchnet.figures.figure import Figure, invitation, network, picture, sliding_network
from scratchnet.handwriting import SIDE, prepare
from scratchnet.network import forward
from scratchnet.parameters import Parameters, between
from scratchnet.strokes import STROKES, render

__all__ = ["draw_digit"]

SHEET = 280  # the height and width of the sheet in pixels, ten for each pixel of the image
Lines = list[list[list[float]]]
PEN = 22.0  # the diameter of the pen in pixels of the sheet


def draw_digit(params: Parameters) -> Figure:
    """Return the figure for a network of 784 inputs and ten classes, with any number of hidden layers.

    If the network has convolutions, the figure also shows what their filters find. The parameters are rounded to
    float32. Raises ValueError for a network of another kind. Source: chapter "your-digits".
    """
    if params.sizes[0] != SIDE * SIDE or params.sizes[-1] != 10:
        raise ValueError(f"params must read 784 pixels into 10 classes, not {params.sizes[0]} into {params.sizes[-1]}")
    samples = [[on_the_sheet(style) for style in styles] for styles in STROKES]
    slides = params.kinds != between(params.sizes)
    numbers = sliding_network(params) if slides else network(params)
    data = {"network": numbers, "pen": PEN, "samples": samples, "sheet": SHEET}
    parts = ("photo.js", "slide.js") if slides else ("photo.js",)
    return Figure("draw-digit", data, _static(params, samples), parts)


def on_the_sheet(strokes: Sequence[np.ndarray]) -> Lines:
    """Return a digit of STROKES, about 1 high, as lines of points on the sheet, to a tenth of a pixel."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 180 / (high - low).max()
    move = SHEET / 2 - scale * (low + high) / 2
    return [(scale * stroke + move).round(1).tolist() for stroke in strokes]


def _static(params: Parameters, samples: list[list[Lines]]) -> str:
    """Return the steps from a drawing to an image as pictures, and the network's most likely answers."""
    drawing = render(samples[4][0], pen=PEN, shape=(SHEET, SHEET))
    image = prepare(drawing)
    dtype = params.theta.dtype
    P = softmax(forward(params, normalize(image[None], dtype))[0])[0]
    small = drawing[5::10, 5::10]
    best = np.argsort(-P, kind="stable")[:3]
    rows = "".join(f"<tr><td>{digit}</td><td>{P[digit]:.0%}</td></tr>" for digit in best)
    return (
        "<p><strong>Draw a digit.</strong> A drawing of a four as it is drawn, and as the network gets it: cut to its "
        "ink, scaled to 20 pixels, its centre of mass in the middle of 28 by 28.</p>"
        f"<p>{picture(small, 'A four, drawn with a thick pen.')} "
        f"{picture(image.reshape(SIDE, SIDE), 'The same four, soft at its edges, in the middle of its image.')}</p>"
        f"{_maps(params, image)}"
        f"<table><tr><th>digit</th><th>probability</th></tr>{rows}</table>"
        + invitation("you can draw one yourself here, or have a photograph read.")
    )


def _maps(params: Parameters, image: np.ndarray) -> str:
    """Return one picture of what each filter of the first layer finds, or "" if that layer is no convolution."""
    first = params.kinds[0]
    if not isinstance(first, Convolution):
        return ""
    pixels = normalize(image[None], params.theta.dtype).reshape(-1, *first.image)
    layer = params.layers[0]
    found = relu(conv2d(pixels, layer.W, layer.b, first.stride, first.padding))[0]
    shades = np.pad((255 * found / max(found.max(), 1e-9)).astype(np.uint8), ((0, 0), (1, 1), (1, 1)))
    rows = [np.hstack(list(shades[begin : begin + 8])) for begin in range(0, len(shades), 8)]
    wide = max(row.shape[1] for row in rows)
    mosaic = np.vstack([np.pad(row, ((0, 0), (0, wide - row.shape[1]))) for row in rows])
    alt = "What each filter of the first layer finds in the four: one side of its strokes, or strokes of one direction."
    return f"<p>{picture(mosaic, alt, width=400)}</p>"
