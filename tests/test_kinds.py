"""A layer defined here, in the test, is a layer like any other: it trains, is checked, kept in files, and resumed."""

import copy
import inspect
import json
import pickle
import re
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.kinds import KINDS
from scratchnet.storage import read_arrays, write_arrays

rng = np.random.default_rng(4)
CENTRES = np.array([[2.0, 0.0], [-2.0, 2.0], [0.0, -2.0]])
y = rng.integers(3, size=90)
X = (CENTRES[y] + rng.normal(0, 0.3, (90, 2))).astype(np.float32)


class Bent(sn.Kind):
    """As a reader would write it, from the formula alone: softplus, a ReLU with a round corner."""

    def forward(self, layer: Any, Z: np.ndarray, rng: Any = None, out: Any = None) -> tuple[np.ndarray, np.ndarray]:
        return np.logaddexp(0, Z), Z

    def backward(
        self, layer: Any, grad: Any, dA: np.ndarray, Z: np.ndarray, need_dX: bool = True, out: Any = None
    ) -> np.ndarray:
        return dA / (1 + np.exp(-Z))


def test_the_example_of_a_layer_in_the_documentation_is_right_and_does_not_overflow() -> None:
    shown = re.search(r"::\n\n((?:    .*\n|\n)+)", inspect.getdoc(sn.Kind))[1]
    here: dict[str, Any] = {"sn": sn, "np": np}
    exec(textwrap.dedent(shown).replace("class Softplus", "class FromTheDocumentation"), here)
    layer = here["FromTheDocumentation"]()
    Z = np.array([[-1000, 0, 1000]], np.float32)
    A, saved = layer.forward(None, Z)
    np.testing.assert_allclose(A, [[0, np.log(2), 1000]], rtol=1e-6)
    np.testing.assert_allclose(layer.backward(None, None, np.full_like(Z, 3), saved), [[0, 1.5, 3]], rtol=1e-6)
    network = [sn.Linear(2, 8), layer, sn.Linear(8, 3)]
    params = sn.initialize(network, np.random.default_rng(1), dtype=np.float64)
    assert sn.check_gradients(params, X[:7].astype(np.float64), y[:7])


@dataclass(frozen=True)
class Scale(sn.Kind):
    """A layer with a setting, with parameters that are called neither W nor b, and with a start of its own."""

    width: int

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {"gain": (self.width,)}

    @property
    def inputs(self) -> int:
        return self.width

    def start(self, layer: Any, rng: Any, scheme: str) -> None:
        layer.gain[:] = 1

    def forward(self, layer: Any, X: np.ndarray, rng: Any = None, out: Any = None) -> tuple[np.ndarray, np.ndarray]:
        return X * layer.gain, X

    def backward(
        self, layer: Any, grad: Any, dZ: np.ndarray, X: np.ndarray, need_dX: bool = True, out: Any = None
    ) -> np.ndarray:
        grad.gain = (dZ * X).sum(axis=0)
        return dZ * layer.gain


@dataclass(frozen=True)
class Noisy(sn.Kind):
    """A layer that draws in training and not in use, as dropout does."""

    keep: float

    def forward(self, layer: Any, X: np.ndarray, rng: Any = None, out: Any = None) -> tuple[np.ndarray, Any]:
        if rng is None:
            return X, None
        mask = ((rng.random(X.shape) < self.keep) / self.keep).astype(X.dtype)
        return X * mask, mask

    def backward(
        self, layer: Any, grad: Any, dZ: np.ndarray, mask: Any, need_dX: bool = True, out: Any = None
    ) -> np.ndarray:
        return dZ if mask is None else dZ * mask


NETWORKS = {
    "bent": [sn.Linear(2, 8), Bent(), sn.Linear(8, 3)],
    "scale": [Scale(2), sn.Linear(2, 8), sn.Tanh(), Scale(8), sn.Linear(8, 3)],
    "noisy": [sn.Linear(2, 8), sn.ReLU(), Noisy(0.8), sn.Linear(8, 3), Bent()],
    "dropout": [sn.Linear(2, 16), sn.ReLU(), sn.Dropout(0.2), sn.Linear(16, 3)],
    "tanh": [sn.Linear(2, 8), sn.Tanh(), sn.Linear(8, 8), sn.Tanh(), sn.Linear(8, 3)],
    "tanh last": [sn.Linear(2, 8), sn.ReLU(), sn.Linear(8, 3), sn.Tanh()],
    "sliding": [
        sn.Linear(2, 16),
        sn.Convolution((1, 4, 4), 4, 3, padding=1),
        sn.MaxPool((4, 4, 4)),
        sn.Tanh(),
        sn.Convolution((4, 2, 2), 3, 1),
        sn.MeanPool((3, 2, 2)),
    ],
    "no layer between": [sn.Linear(2, 8), sn.Linear(8, 3)],
}


def test_every_layer_of_the_package_is_exported_and_stands_in_a_network_above() -> None:
    public = {
        name: kind for name, kind in KINDS.items() if kind.__module__.startswith("scratchnet.") and name[0] != "_"
    }
    hidden = {name for name, kind in public.items() if name not in sys.modules[kind.__module__].__all__}
    assert not hidden, f"add {hidden} to __all__ of the module"
    hidden = public.keys() - sn.__all__
    assert not hidden, f"add {hidden} to the import and to __all__ of scratchnet/__init__.py"
    missing = public.keys() - {type(layer).__name__ for network in NETWORKS.values() for layer in network}
    assert not missing, f"add a network with {missing} to NETWORKS, so that the tests below train, check and keep it"


def start(name: str, dtype: type = np.float32) -> sn.Parameters:
    return sn.initialize(NETWORKS[name], np.random.default_rng(1), dtype=dtype)


def run(params: sn.Parameters, **changes: Any) -> sn.History:
    settings: dict = {"optimizer": sn.Momentum(0.05), "epochs": 6, "batch_size": 16, "rng": np.random.default_rng(0)}
    return sn.fit(params, X, y, **(settings | changes))


@pytest.mark.parametrize("name", NETWORKS)
def test_it_learns_and_its_gradient_is_right(name: str) -> None:
    params = start(name)
    history = run(params, epochs=30)
    assert history.accuracy[-1] > 0.9
    assert history.loss[-1] < 0.5 * history.loss[0]
    report = sn.check_gradients(start(name, np.float64), X[:7].astype(np.float64), y[:7])
    assert report, f"\n{report}"


def test_the_report_names_parameters_as_the_layer_does() -> None:
    report = sn.check_gradients(start("scale", np.float64), X[:7].astype(np.float64), y[:7])
    names = [block.block for block in report.blocks]
    assert names == ["layer 1, gain", "layer 2, W", "layer 2, b", "layer 3, gain", "layer 4, W", "layer 4, b"]


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_kept_in_a_file_and_in_copies(name: str, tmp_path: Path) -> None:
    params = start(name)
    run(params, epochs=1)
    sn.save(tmp_path / "net.npz", params)
    for twin in (sn.load(tmp_path / "net.npz"), copy.deepcopy(params), pickle.loads(pickle.dumps(params))):
        assert (twin.kinds, twin.sizes) == (params.kinds, params.sizes)
        np.testing.assert_array_equal(twin.theta, params.theta)
        np.testing.assert_array_equal(sn.predict_proba(twin, X), sn.predict_proba(params, X))
        twin.layers[0].__dict__[next(iter(vars(twin.layers[0])))][:] = 7
        assert (twin.theta == 7).any()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_that_was_interrupted_goes_on_to_the_same_bits(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = start(name)
    whole_history = run(whole)
    steps, step = iter(range(1000)), sn.Momentum.step

    def interrupted(*arguments: Any) -> None:
        if next(steps) == 15:
            raise KeyboardInterrupt
        step(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(sn.Momentum, "step", interrupted)
        assert run(start(name), checkpoint=tmp_path / "run.npz").interrupted
    params = start(name)
    assert run(params, checkpoint=tmp_path / "run.npz") == whole_history
    assert params.theta.tobytes() == whole.theta.tobytes()


def test_a_checkpoint_of_another_network_is_refused_by_name(tmp_path: Path) -> None:
    run(start("tanh"), checkpoint=tmp_path / "run.npz")
    sentence = r"the network \(Linear\(D=2, H=8\), Tanh\(\), .* float32 then, Linear\(D=2, H=8\), Bent\(\), .* now\)"
    with pytest.raises(sn.StorageError, match=sentence):
        run(start("bent"), checkpoint=tmp_path / "run.npz")


def test_what_is_drawn_in_training_is_not_drawn_in_use() -> None:
    params = start("noisy")
    assert (sn.forward(params, X, np.random.default_rng(0))[0] != sn.forward(params, X)[0]).any()
    np.testing.assert_array_equal(sn.forward(params, X)[0], sn.forward(params, X)[0])


def test_fit_hands_its_generator_to_layers_in_training_alone_and_asks_the_first_for_no_gradient() -> None:
    handed: list[tuple[bool, bool]] = []
    asked: list[bool] = []

    class Watched(Bent):
        def forward(self, layer: Any, Z: np.ndarray, rng: Any = None, out: Any = None) -> tuple[np.ndarray, np.ndarray]:
            handed.append((rng is None, len(Z) == 45))
            return super().forward(layer, Z, rng, out)

        def backward(
            self, layer: Any, grad: Any, dA: np.ndarray, Z: np.ndarray, need_dX: bool = True, out: Any = None
        ) -> np.ndarray:
            asked.append(need_dX)
            return super().backward(layer, grad, dA, Z, need_dX, out)

    params = sn.initialize([Watched(), sn.Linear(2, 8), Watched(), sn.Linear(8, 3)], np.random.default_rng(0))
    run(params, epochs=1, batch_size=45)
    # two batches through two such layers; then all 90 examples at once, to measure
    assert handed == [(False, True)] * 4 + [(True, False)] * 2
    assert asked == [True, False] * 2


@pytest.mark.parametrize(
    "kind",
    [
        sn.Linear(24, 5), sn.ReLU(), sn.Tanh(), sn.Dropout(0.2), sn.Convolution((2, 4, 3), 3, 2), sn.MaxPool((1, 4, 6)),
        sn.MeanPool((1, 4, 6)),
    ],
    ids=str,
)  # fmt: skip
def test_a_layer_hands_the_gradient_on_unless_it_is_told_that_nobody_needs_it(kind: sn.Kind) -> None:
    params = sn.initialize([sn.Linear(24, 24), kind], rng, dtype=np.float64)
    (_, layer), (_, grad) = params.network[1], params.copy().network[1]
    A, saved = kind.forward(layer, rng.normal(size=(6, 24)), np.random.default_rng(0))
    dA = rng.normal(size=A.shape)
    dX = kind.backward(layer, grad, dA, saved)
    assert dX.shape == (6, 24)
    assert dX.any()
    np.testing.assert_array_equal(dX, kind.backward(layer, grad, dA, saved, True))
    if vars(layer):  # only where parameters have gradients of their own can anything be left out
        before = dX.copy()
        assert kind.backward(layer, grad, 2 * dA, saved, False, dX) is None
        np.testing.assert_array_equal(dX, before)  # an array for dX stays as it was, because none was computed


@pytest.fixture
def of_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a network with a layer whose class is not there when it is read."""
    sn.save(tmp_path / "net.npz", start("bent"))
    monkeypatch.delitem(KINDS, "Bent")
    return tmp_path / "net.npz"


def test_a_file_with_an_unknown_layer_says_so_and_is_read_once_it_is_defined(of_unknown: Path) -> None:
    sentence = (
        r"net\.npz: its network has a layer Bent, and no class of that name is defined\. Import the module that "
        r"defines it, or run its cell, and load again$"
    )
    with pytest.raises(sn.StorageError, match=sentence):
        sn.load(of_unknown)
    again = type("Bent", (sn.Kind,), {})  # as a notebook defines it again; its methods are not asked for
    assert sn.load(of_unknown).kinds[1] == again()


def test_the_names_of_the_package_s_layers_are_taken() -> None:
    for name in ("Linear", "ReLU", "Tanh", "Convolution", "MaxPool"):
        with pytest.raises(ValueError, match=f"{name} is a layer of scratchnet. Give yours another name"):
            type(name, (sn.Kind,), {})
        assert KINDS[name] is getattr(sn, name)


def test_of_the_package_is_what_stands_in_any_of_its_modules_and_in_no_other_package() -> None:
    for module in ("scratchnet", "scratchnet.layers", "scratchnet.deeper.layers"):
        with patch.dict(KINDS):
            type("Stacked", (sn.Kind,), {"__module__": module})
            with pytest.raises(ValueError, match=r"^Stacked is a layer of scratchnet\. Give yours another name$"):
                type("Stacked", (sn.Kind,), {})
    for module in ("scratchnet_more.layers", "mine.scratchnet"):
        with patch.dict(KINDS):
            type("Stacked", (sn.Kind,), {"__module__": module})
            assert KINDS["Stacked"] is not type("Stacked", (sn.Kind,), {})


def test_settings_that_a_file_cannot_hold_are_refused_before_it_is_written(tmp_path: Path) -> None:
    params = sn.Parameters([sn.Linear(2, 3), Noisy(print)])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the settings of a layer must be numbers and words, to be kept in a file"):
        sn.save(tmp_path / "net.npz", params)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        ("[", r"what it says of its network cannot be read"),
        ("[[1, 2, 3]]", r"what it says of its network cannot be read"),
        ("{}", r"no layer that says how many inputs it takes"),
        ('[["Linear", {"D": 2}]]', r"its layer Linear does not take the settings \{'D': 2\} \(.*missing"),
        ('[["Linear", {"D": 0, "H": 3}]]', r"its layer Linear does not take .*D must be a whole number"),
        ('[["Linear", {"D": 2, "H": 3}], ["Linear", {"D": 4, "H": 3}]]', "takes 4 inputs, and what comes before"),
        ('[["Linear", {"D": 4611686018427387904, "H": 4611686018427387904}]]', r"numbers, not \(9,\)"),
        ('[["print", {}]]', "has a layer print, and no class of that name"),
    ],
)
def test_a_file_that_names_no_network_is_refused(network: str, sentence: str, tmp_path: Path) -> None:
    write_arrays(tmp_path / "net.npz", "parameters", {"network": np.array(network), "theta": np.zeros(9)})
    with pytest.raises(sn.StorageError, match=rf"net\.npz: .*{sentence}"):
        sn.load(tmp_path / "net.npz")


def test_a_file_of_version_1_is_linear_layers_with_relu_between(tmp_path: Path) -> None:
    about = json.dumps({"program": "scratchnet", "kind": "parameters", "version": 1})
    theta = np.arange(69, dtype=np.float32)
    np.savez(tmp_path / "old.npz", sizes=np.array([7, 5, 4, 1]), theta=theta, about=about, sha256="a digest")
    params = sn.load(tmp_path / "old.npz")
    assert params.kinds == (sn.Linear(7, 5), sn.ReLU(), sn.Linear(5, 4), sn.ReLU(), sn.Linear(4, 1))
    np.testing.assert_array_equal(params.theta, theta)
    sn.save(tmp_path / "new.npz", params)
    named = json.loads(str(read_arrays(tmp_path / "new.npz", "parameters")["network"]))
    assert named[:2] == [["Linear", {"D": 7, "H": 5}], ["ReLU", {}]]


def test_settings_that_are_tuples_come_back_as_tuples(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Window(sn.Kind):
        size: tuple[int, int]

    params = sn.Parameters([sn.Linear(2, 3), Window((3, 5))])
    sn.save(tmp_path / "net.npz", params)
    assert sn.load(tmp_path / "net.npz").kinds == params.kinds


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        ([sn.Linear(2, 3), sn.Linear(4, 3)], r"Linear\(D=4, H=3\) takes 4 inputs, and what comes before it gives 3"),
        ([Scale(2), sn.ReLU(), Scale(3)], r"Scale\(width=3\) takes 3 inputs, and what comes before it gives 2"),
        ([sn.Linear(5, 2), sn.Linear(2, 3), sn.Linear(4, 1)], r"takes 4 inputs, and what comes before it gives 3$"),
        ([sn.ReLU()], r"^the network has no layer that says how many inputs it takes, such as sn\.Linear\(784, 10\)"),
        ([sn.Linear(2, 3), sn.ReLU], r"<class .*ReLU'> is no layer\. Write ReLU\(…\)"),
        ([sn.Linear(2, 3), 4], r"4 is no layer\. Write sn\.Linear\(784, 10\) or sn\.ReLU\(\)"),
    ],
)
def test_layers_that_make_no_network_are_refused(network: list, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sn.Parameters(network)


@pytest.mark.parametrize(("D", "H"), [(0, 3), (3, 0), (2.0, 3), (True, 3)])
def test_a_linear_layer_refuses_what_is_no_number_of_columns(D: int, H: int) -> None:
    with pytest.raises(ValueError, match=r"[DH] must be a whole number, at least 1"):
        sn.Linear(D, H)


def test_a_layer_without_its_two_rules_says_which_is_missing() -> None:
    class Empty(sn.Kind):
        pass

    params = sn.Parameters([sn.Linear(2, 3), Empty()])
    with pytest.raises(NotImplementedError, match=r"Empty has no forward\(layer, X, rng, out\)"):
        sn.forward(params, X)
    with pytest.raises(NotImplementedError, match=r"Empty has no backward\(layer, grad, dZ, saved, need_dX, out\)"):
        sn.backward(params, [X, None], np.ones((90, 3)))


def test_sizes_are_short_for_linear_layers_with_relu_between() -> None:
    short, long = sn.Parameters((4, 3, 2)), sn.Parameters([sn.Linear(4, 3), sn.ReLU(), sn.Linear(3, 2)])
    assert short.kinds == long.kinds
    assert repr(short) == repr(long) == "Parameters(4-3-2, float32, 23 numbers)"
    assert repr(sn.Parameters([sn.Linear(4, 3), sn.Tanh()])) == (
        "Parameters(Linear(D=4, H=3), Tanh(), float32, 15 numbers)"
    )
    assert repr(short.layers[0]) == "Layer(W (4, 3), b (3,))"


def test_gradients_of_another_kind_of_layer_do_not_fit() -> None:
    ours, theirs = sn.Parameters([sn.Linear(4, 3), sn.Tanh()]), sn.Parameters([sn.Linear(4, 3), sn.ReLU()])
    with pytest.raises(ValueError, match=r"a network Linear\(D=4, H=3\), ReLU\(\) and the parameters for .*Tanh"):
        sn.SGD(0.1).step(ours, theirs)


def test_a_figure_refuses_a_network_that_its_script_cannot_run() -> None:
    from scratchnet.figures.figure import network

    with pytest.raises(ValueError, match=r"params must be linear layers with ReLU between them, .* not .*Tanh\(\)"):
        network(sn.Parameters([sn.Linear(784, 10), sn.Tanh(), sn.Linear(10, 10)]))
