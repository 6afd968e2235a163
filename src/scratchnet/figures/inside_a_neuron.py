"""Inside a neuron: weights times ink, pixel by pixel, their sum, the bias and ReLU; and how the weights form."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchnet.figures.figure import Figure, invitation, picture
from scratchnet.parameters import Layer, Parameters
from scratchnet.shapes import require_labels
from scratchnet.types import IntArray

__all__ = ["inside_a_neuron"]

SIDE = 28
UNITS = 10  # so many units at most are shown
IMAGES = 10  # so many images at most can be chosen from
WIDTH = 84  # pixels of a static picture, so that three fit side by side on a phone
STEPS = 32767  # the largest int16, in which weights are sent to the page
ROOM = 110_000  # so many characters of base64 at most, because the page is read on phones too
FOR, AGAINST = (84, 39, 136), (179, 88, 6)  # the colours of the most positive and the most negative weight; 0 is white


def inside_a_neuron(
    params: Parameters, images: ArrayLike, labels: IntArray, history: Mapping[int, Parameters] | None = None
) -> Figure:
    """Return the figure for the first hidden layer of a network, its first ten units, and one to ten images.

    images (n, 784), as they are read or normalised; labels (n,). history: the parameters after some epochs, in order,
    such as {0: start, 1: first}; the figure scrubs through them, and params come last. It begins with the first image,
    and the unit that the trained network activates most for it.

    To keep the page small, numbers are rounded: pixels to 1/255, as they were read; the weights of a unit to 1/32767 of
    the largest of them, which is itself rounded up to four digits; biases to six decimals. Everything shown is computed
    from the rounded numbers. An activation comes out right to about a thousandth.

    Raises ValueError for a network without a hidden layer or with other inputs, for a history of another network, for
    parameters that are not finite, for images or labels that do not fit, and if all of it would take more than 110 kB.
    """
    if params.sizes[0] != SIDE * SIDE or len(params.sizes) < 3:
        sizes = "-".join(map(str, params.sizes))
        raise ValueError(f"params must read {SIDE * SIDE} pixels into a hidden layer, which {sizes} does not")
    pixels = _pixels(images)
    require_labels(labels, len(pixels))
    stops: list[tuple[int | None, Parameters]] = [*(history or {}).items(), (None, params)]
    for epoch, then in stops:
        if then.sizes != params.sizes:
            raise ValueError(f"history: epoch {epoch} is of a network of sizes {then.sizes}, not {params.sizes}")
        if not np.isfinite(then.theta).all():
            where = "params" if epoch is None else f"history: epoch {epoch}"
            raise ValueError(f"{where} has parameters that are no finite numbers: its training diverged")
    weights, limits, biases = zip(*(_rounded(then.layers[0]) for _, then in stops), strict=True)
    packed = {
        name: base64.b64encode(array.tobytes()).decode()
        for name, array in (("weights", np.array(weights, "<i2")), ("images", pixels))
    }
    size = sum(map(len, packed.values()))
    if size > ROOM:
        raise ValueError(
            f"{len(pixels)} images and {len(stops)} states of the network take {size:,} characters, more than the "
            f"{ROOM:,} a page should bear. Give fewer epochs in history"
        )
    W = weights[-1] * limits[-1][:, None] / STEPS
    unit = int(np.argmax(W @ (pixels[0] / 255) + biases[-1]))
    data = {
        **packed,
        "biases": [b.tolist() for b in biases],
        "labels": [int(label) for label in labels],
        "limits": [limit.tolist() for limit in limits],
        "stops": [_name(epoch) for epoch, _ in stops],
        "unit": unit,
    }
    start = weights[0][unit] * limits[0][unit] / STEPS
    return Figure("inside-a-neuron", data, _static(pixels[0], data, W[unit], start))


def _pixels(images: ArrayLike) -> NDArray[np.uint8]:
    """Return images as whole numbers from 0 to 255, whether they were normalised or not."""
    X = np.asarray(images)
    if X.ndim != 2 or X.shape[1] != SIDE * SIDE or not 1 <= len(X) <= IMAGES:
        raise ValueError(f"images must have shape (n, {SIDE * SIDE}) with n from 1 to {IMAGES}, not {X.shape}")
    if X.dtype.kind == "f":
        X = 255 * X
    if not ((X >= 0) & (X <= 255)).all():
        raise ValueError("images must be whole numbers from 0 to 255, or normalised, from 0 to 1")
    return np.rint(X).astype(np.uint8)


def _rounded(layer: Layer) -> tuple[NDArray[np.int16], NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights of each unit as whole steps (H, 784), its largest weight in size (H,), and its bias (H,)."""
    W = layer.W.T[:UNITS].astype(np.float64)
    limits = np.array([float(f"{1.0005 * largest:.3e}") for largest in np.abs(W).max(axis=1)])
    steps = np.rint(STEPS * W / np.where(limits > 0, limits, 1)[:, None])
    return steps.astype(np.int16), limits, layer.b[:UNITS].astype(np.float64).round(6) + 0.0


def _name(epoch: int | None) -> str:
    if epoch is None:
        return "at the end"
    return f"after {epoch} epoch{'s' if epoch > 1 else ''}" if epoch else "at the start"


def _signed(values: NDArray[np.float64], limit: float) -> NDArray[np.uint8]:
    """Return a picture (28, 28, 3) of signed numbers: white for 0, purple above, orange below, full at the limit."""
    part = values.reshape(SIDE, SIDE, 1) / (limit or 1)
    full = np.where(part > 0, FOR, AGAINST)
    return np.floor(255.5 + np.abs(part) * (full - 255)).astype(np.uint8)


def _static(image: NDArray[np.uint8], data: dict[str, Any], w: NDArray[np.float64], start: NDArray[np.float64]) -> str:
    """Return pictures of an image, of a unit's weights and of their product, and the unit's sum as a table."""
    unit, label, b = data["unit"], data["labels"][0], data["biases"][-1][data["unit"]]
    limit = max(limits[unit] for limits in data["limits"])
    product = image / 255 * w
    z = product.sum() + b
    pictures = [
        picture(image.reshape(SIDE, SIDE), f"The image, a {label}.", WIDTH),
        picture(
            _signed(w, limit), f"The weights of unit {unit}: purple where ink counts for it, orange against.", WIDTH
        ),
        picture(_signed(product, limit), "Their product: the weights, but only where the image has ink.", WIDTH),
    ]
    before = ""
    if len(data["stops"]) > 1:
        earlier = picture(_signed(start, limit), f"The weights of the same unit {data['stops'][0]}.", WIDTH)
        before = f"<p>{earlier}</p><p>The weights of the same unit {data['stops'][0]}, in the same colours.</p>"
    rows = (
        ("ink for the unit", product[product > 0].sum()),
        ("ink against it", product[product < 0].sum()),
        ("bias b", b),
        ("together, z", z),
        ("activation a = relu(z)", max(z, 0.0)),
    )
    table = "".join(f"<tr><th>{name}</th><td>{_two(value)}</td></tr>" for name, value in rows)
    return (
        f"<p><strong>Inside a neuron.</strong> Image times weights, pixel by pixel: a {label}, the weights of hidden "
        f"unit {unit}, and their product. All products and the bias are added up, and ReLU keeps what is positive.</p>"
        f"<p>{' '.join(pictures)}</p><table>{table}</table>{before}"
        + invitation("you can choose unit, image and bias here.")
    )


def _two(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
