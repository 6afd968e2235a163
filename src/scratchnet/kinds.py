"""What a layer is: parameters of some shapes, a way forward, and a way back for the gradient.

A network is a list of layers, and the rest of the package knows nothing of a layer but what stands here. So whoever
adds a layer writes one class, like `Linear` in layers.py or `ReLU` in activations.py. Source: chapters "hidden-layer"
and "backprop".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import prod
from typing import Any

import numpy as np

from scratchnet.types import FloatArray

__all__ = ["Kind"]

KINDS: dict[str, type["Kind"]] = {}  # every class of layers, under the name by which a file refers to it


@dataclass(frozen=True)
class Kind:
    """A kind of layer. A class derived from this one can stand in a network, be trained, checked and kept in a file.

    The settings of a layer are the fields of a frozen dataclass: numbers, words, or tuples of these. A layer without
    settings needs no decorator. A layer holds its settings and nothing else. Its parameters, and what `forward` has
    kept of a batch for `backward`, are handed to its methods.

    `shapes` names the parameters, and `inputs` and `outputs` are the numbers of columns that the layer takes and gives.
    A class that does not define these three has no parameters, and gives as many columns as it takes. An example is
    softplus, a ReLU with a round corner::

        class Softplus(sn.Kind):
            def forward(self, layer, Z, rng=None, out=None):
                A = np.logaddexp(0, Z)
                return A, (Z, A)

            def backward(self, layer, grad, dA, saved, need_dX=True, out=None):
                Z, A = saved
                return dA * np.exp(Z - A)

    The slope exp(Z − A) is 1 / (1 + exp(−Z)) in a form that does not overflow where Z is far below 0.
    `sn.initialize([sn.Linear(784, 10), Softplus(), sn.Linear(10, 10)], rng)` makes a network with this layer. A file
    holds only the name of the class, so the class has to be defined before such a file is loaded.
    """

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each parameter, by name."""
        return {}

    @property
    def inputs(self) -> int | None:
        """The number of columns that go in, or None where any number may."""
        return None

    @property
    def outputs(self) -> int | None:
        """The number of columns that come out, or None where as many come out as went in."""
        return None

    def __init_subclass__(cls) -> None:
        """Remember the class by its name, because that is how a file refers to it.

        A cell that is run again defines its class again, and the new one takes the place of the old. No class can take
        the name of one of scratchnet's: that raises ValueError.
        """
        known = KINDS.get(cls.__name__, cls)
        if _is_ours(known) and not _is_ours(cls):
            raise ValueError(f"{cls.__name__} is a layer of scratchnet. Give yours another name")
        KINDS[cls.__name__] = cls

    def start(self, layer: Any, rng: np.random.Generator, scheme: str) -> None:
        """Write the first values into the parameters in `layer`, drawn from `rng` by the scheme of `initialize`.

        They are zero before. A layer that does not define this method begins with zeros.
        """

    def forward(
        self, layer: Any, X: FloatArray, rng: np.random.Generator | None = None, out: FloatArray | None = None
    ) -> tuple[FloatArray, Any]:
        """Return the outputs (N, outputs) for a batch X (N, inputs), and whatever `backward` will need.

        layer: the parameters, by name, such as `layer.W`. rng: a generator, for layers that draw in training, or None
        where the network is used and not trained. out: None, or an array in the shape of the outputs that may be
        overwritten with them, which saves making a new one. A layer is free to ignore it.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward(layer, X, rng, out)")

    def backward(
        self,
        layer: Any,
        grad: Any,
        dZ: FloatArray,
        saved: Any,
        need_dX: bool = True,
        out: FloatArray | None = None,
    ) -> FloatArray | Any:
        """Return dX, the gradient with respect to what `forward` took, and fill `grad` with those of the parameters.

        layer: the parameters, by name. grad: an array for the gradient of each, by the same name, such as `grad.W`.
        dZ: the upstream gradient, in the shape of the outputs. saved: what `forward` returned beside the outputs.
        need_dX: False in the first layer of a network, which may then return None, because nobody needs its dX. out:
        None, or an array in the shape of X that may be overwritten with dX.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward(layer, grad, dZ, saved, need_dX, out)")


def sizes_of(kinds: Sequence[Kind]) -> tuple[int, ...]:
    """Return the number of columns that go into a network, and then the numbers that come out of its layers.

    A layer that takes any number of columns, such as ReLU, adds no size, because as many come out as went in. Raises
    ValueError for layers that do not fit together.
    """
    sizes: list[int] = []
    for kind in kinds:
        if kind.inputs is None:
            continue
        if sizes and kind.inputs != sizes[-1]:
            raise ValueError(f"{kind} takes {kind.inputs} inputs, and what comes before it gives {sizes[-1]}")
        sizes += [kind.inputs] * (not sizes) + [kind.inputs if kind.outputs is None else kind.outputs]
    if not sizes:
        raise ValueError("the network has no layer that says how many inputs it takes, such as sn.Linear(784, 10)")
    return tuple(sizes)


def size_of(kind: Kind) -> int:
    """Return how many numbers the parameters of a layer hold together."""
    return sum(map(prod, kind.shapes.values()))


def to_json(kinds: Sequence[Kind]) -> str:
    """Return a network as text for a file: the name of each layer's class, and the layer's settings.

    Raises ValueError for settings that JSON cannot hold.
    """
    try:
        return json.dumps([[type(kind).__name__, _settings(kind)] for kind in kinds])
    except TypeError as error:
        raise ValueError(f"the settings of a layer must be numbers and words, to be kept in a file: {error}") from None


def from_json(text: str) -> tuple[Kind, ...]:
    """Return the layers that `to_json` wrote as text.

    Raises ValueError for other text. Its message begins with "its" or "what it says", because the name of the file
    will be put in front.
    """
    try:
        named = [(name, dict(settings)) for name, settings in json.loads(text)]
    except (TypeError, ValueError) as error:
        raise ValueError(f"what it says of its network cannot be read ({error})") from None
    return tuple(_made(name, settings) for name, settings in named)


def _made(name: str, settings: dict[str, Any]) -> Kind:
    if name not in KINDS:
        raise ValueError(
            f"its network has a layer {name}, and no class of that name is defined. Import the module that defines it, "
            "or run its cell, and load again"
        )
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
    try:
        return KINDS[name](**values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"its layer {name} does not take the settings {settings} ({error})") from None


def _settings(kind: Kind) -> dict[str, Any]:
    return {field.name: getattr(kind, field.name) for field in fields(kind)}


def _is_ours(kind: type[Kind]) -> bool:
    return kind.__module__.partition(".")[0] == "scratchnet"
