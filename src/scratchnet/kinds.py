"""What a layer is: parameters of some shapes, a way forward, and a way back for the gradient.

A network is a list of layers, and all that the rest of the package knows of a layer stands here. So a new one is one
class, like `Linear` in layers.py or `ReLU` in activations.py. Source: chapters "hidden-layer" and "backprop".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import prod
from typing import Any

import numpy as np

from scratchnet.types import FloatArray

__all__ = ["Kind"]

KINDS: dict[str, type["Kind"]] = {}  # by name, as a file names them


@dataclass(frozen=True)
class Kind:
    """A kind of layer. Derive a class from this one, and networks, training, checks and files know it.

    Its settings are the fields of a frozen dataclass: numbers, words, or tuples of these. A layer without settings
    needs no decorator. What it holds is never changed; parameters, and what a batch leaves behind, are handed in.

    `shapes` names its parameters, and `inputs` and `outputs` are the numbers of columns that it takes and gives. A
    layer that leaves these three alone has no parameters, and gives as many columns as it takes. This one, for
    example, is softplus, a ReLU with a round corner::

        class Softplus(sn.Kind):
            def forward(self, layer, Z, rng=None, out=None):
                return np.logaddexp(0, Z), Z

            def backward(self, layer, grad, dA, Z, need_dX=True, out=None):
                return dA / (1 + np.exp(-Z))

    and `sn.initialize([sn.Linear(784, 10), Softplus(), sn.Linear(10, 10)], rng)` a network with it. A file names the
    class, so a class has to be defined before a file that names it is loaded.
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
        """The number of columns that come out, or None where that is the number that went in."""
        return None

    def __init_subclass__(cls) -> None:
        """Remember the class by its name. A notebook may define its own again; ours are not replaced."""
        known = KINDS.get(cls.__name__, cls)
        if _is_ours(known) and not _is_ours(cls):
            raise ValueError(f"{cls.__name__} is a layer of scratchnet. Give yours another name")
        KINDS[cls.__name__] = cls

    def start(self, layer: Any, rng: np.random.Generator, scheme: str) -> None:
        """Give the parameters their first values. They are zero until then, and stay so unless a layer does more."""

    def forward(
        self, layer: Any, X: FloatArray, rng: np.random.Generator | None = None, out: FloatArray | None = None
    ) -> tuple[FloatArray, Any]:
        """Return the outputs (N, …) for a batch X (N, …), and whatever `backward` needs of it.

        layer: its parameters, by name, such as `layer.W`. rng: a generator, for layers that draw in training; None
        where the network is used and not trained. out: None, or an array of the right shape for the outputs, whose
        numbers are no longer needed. It may be filled, so that no new one has to be made, or left alone.
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
        """Return dX, the gradient with respect to what `forward` took, and put those of the parameters into `grad`.

        dZ: the upstream gradient, with the shape of the outputs. saved: what `forward` returned with them. need_dX:
        whether anyone needs dX; the first layer may return None. out: as in `forward`, an array for dX.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward(layer, grad, dZ, saved, need_dX, out)")


def sizes_of(kinds: Sequence[Kind]) -> tuple[int, ...]:
    """Return the numbers of columns that go into a network, from one layer to the next, and out of it.

    Layers that give as many as they take add no size. Refuses layers that do not fit together.
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
    """Return how many numbers the parameters of a layer are."""
    return sum(map(prod, kind.shapes.values()))


def to_json(kinds: Sequence[Kind]) -> str:
    """Return a network in words: for each layer the name of its class and its settings."""
    try:
        return json.dumps([[type(kind).__name__, _settings(kind)] for kind in kinds])
    except TypeError as error:
        raise ValueError(f"the settings of a layer must be numbers and words, to be kept in a file: {error}") from None


def from_json(text: str) -> tuple[Kind, ...]:
    """Return the layers that `to_json` put into words, or refuse with a sentence what names none."""
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
