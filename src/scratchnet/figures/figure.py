"""What a figure consists of: a custom element that holds its numbers and a static picture, a style, and a script."""

import base64
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchnet.activations import ReLU
from scratchnet.convolution import Convolution, MaxPool
from scratchnet.kinds import to_json
from scratchnet.layers import Linear
from scratchnet.parameters import Parameters, between, described

__all__ = ["Figure"]


class Figure:
    """An interactive figure. A notebook and the site show it; paper, and pages without scripts, its static picture.

    name: the name of the figure, with hyphens. Its element is `sn-name`, and its style and script are `name.css` and
    `name.js` beside this file, with underscores for hyphens. data: what the script is given, as JSON can hold it.
    static: HTML that carries the lesson without a script. parts: further scripts beside this file that the figure's own
    script needs.
    """

    def __init__(self, name: str, data: Mapping[str, Any], static: str, parts: Sequence[str] = ()) -> None:
        self.name = name
        self.data = dict(data)
        self.static = static
        self.parts = tuple(parts)

    def __repr__(self) -> str:
        return f"an interactive figure: {self.name.replace('-', ' ')}"

    def _repr_html_(self) -> str:
        folder, own = files("scratchnet.figures"), self.name.replace("-", "_")
        names = "core.css", f"{own}.css", "core.js", *self.parts, f"{own}.js"
        core_style, style, *scripts = (folder.joinpath(name).read_text(encoding="utf-8") for name in names)
        # "</" inside the numbers would end the element early
        numbers = json.dumps(self.data, ensure_ascii=False, allow_nan=False, sort_keys=True).replace("</", "<\\/")
        return (
            f'<sn-{self.name} class="sn-figure">\n<script type="application/json">{numbers}</script>\n'
            f'<div class="sn-static">{self.static}</div>\n</sn-{self.name}>\n'
            f"<style>{core_style}{style}</style>\n<script>{''.join(scripts)}</script>"
        )


def packed(array: ArrayLike) -> str:
    """Return an array as base64 of float32, low byte first, which `scratchnet.numbers` in core.js unpacks."""
    return base64.b64encode(np.asarray(array, "<f4").tobytes()).decode()


def network(params: Parameters) -> dict[str, Any]:
    """Return parameters as core.js takes them. Raises ValueError for a network that it cannot run."""
    require_relu_network(params)
    return {"sizes": list(params.sizes), "theta": packed(params.theta)}


def sliding_network(params: Parameters) -> dict[str, Any]:
    """Return parameters as slide.js takes them, of convolutions, max pooling, ReLU and linear layers.

    Raises ValueError for a network with other layers, and for one that does not end in a linear layer.
    """
    known = (Convolution, MaxPool, ReLU, Linear)
    if not all(isinstance(kind, known) for kind in params.kinds) or not isinstance(params.kinds[-1], Linear):
        wanted = "convolutions, max pooling, ReLU and linear layers, a linear one last"
        raise ValueError(f"params must be {wanted}, which is all that the figure can run, not {described(params)}")
    layers = [{"kind": name, **settings} for name, settings in json.loads(to_json(params.kinds))]
    for layer, kind in zip(layers, params.kinds, strict=True):
        if isinstance(kind, Convolution):
            layer["result"] = list(kind.result)
    return {"layers": layers, "theta": packed(params.theta)}


def require_relu_network(params: Parameters) -> None:
    """Raise ValueError for any network but linear layers with ReLU between them, because core.js can run no others."""
    if params.kinds != between(params.sizes):
        wanted = "linear layers with ReLU between them, which is all that a figure can run"
        raise ValueError(f"params must be {wanted}, not {described(params)}")


def invitation(said: str) -> str:
    """Return the last line of a static picture: what the reader can do here where the script runs.

    A notebook whose outputs came with it is not trusted, and shows the static picture until its cell is run.
    """
    return f'<p class="sn-note">Where scripts run, and in a notebook once you have run its cell, {said}</p>'


def picture(image: NDArray[np.uint8], alt: str, width: int = 112) -> str:
    """Return an image (height, width), 0 for paper and 255 for ink, as an HTML picture, ink dark on white.

    An image (height, width, 3) is shown in its own colours: red, green, blue. The picture is a PNG whose data are
    stored and not compressed, so that its bytes do not depend on the version of a library.
    """
    height, columns = image.shape[:2]
    color, shown = (0, 255 - image) if image.ndim == 2 else (2, image)
    raw = b"".join(b"\0" + row.tobytes() for row in shown)
    stored = (
        b"\x78\x01\x01" + struct.pack("<HH", len(raw), 0xFFFF - len(raw)) + raw + struct.pack(">I", zlib.adler32(raw))
    )
    parts = (b"IHDR", struct.pack(">IIBBBBB", columns, height, 8, color, 0, 0, 0)), (b"IDAT", stored), (b"IEND", b"")
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return (
        f'<img class="sn-ink" alt="{alt}" width="{width}" height="{width * height // columns}" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    )


def drawing(shapes: str, box: tuple[int, int, int, int], alt: str, width: int = 130) -> str:
    """Return shapes of SVG as an HTML picture on white paper. box: left, top, width and height of their coordinates.

    It is a picture because a notebook that is not trusted, and the preview of a code host, leave pictures in a page and
    take drawings out. No style sheet reaches into a picture, so the shapes must name their colours.
    """
    left, top, across, down = box
    paper = f'<rect x="{left}" y="{top}" width="{across}" height="{down}" fill="#fff"/>'
    view = f'viewBox="{left} {top} {across} {down}" width="{across}" height="{down}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {view}>{paper}{shapes}</svg>'
    return (
        f'<img alt="{alt}" width="{width}" height="{round(width * down / across)}" '
        f'src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">'
    )
