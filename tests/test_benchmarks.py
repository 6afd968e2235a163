"""The measurements of chapter "frameworks": the stored tables are whole, and what can be repeated cheaply is."""

import ast
import csv
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import sklearn.neural_network  # noqa: F401 - before the stand-ins below

import scratchnet as sn
from scratchnet.network import Backpropagation
from scratchnet.storage import read_arrays

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
SCRIPTS = ("bench", "contenders", "convolution", "growth", "measure", "memory", "sliding", "target")


@pytest.fixture(scope="module")
def programs() -> Iterator[SimpleNamespace]:
    """The programs as modules. PyTorch and JAX are not installed here: names without content stand in for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        with pytest.MonkeyPatch.context() as only_now:  # SciPy would take the stand-in for PyTorch itself
            for name in ("torch", "jax"):
                only_now.setitem(sys.modules, name, ModuleType(name))
            for name in ("contenders", "convolution"):
                importlib.import_module(name)
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in SCRIPTS})
        for name in SCRIPTS:
            del sys.modules[name]


def read(name: str) -> list[dict[str, str]]:
    head, *lines = (BOOK / name).read_text(encoding="utf-8").splitlines()
    assert head.startswith("# Python 3.")
    return list(csv.DictReader(lines))


def cases() -> list[tuple[int, tuple[int, ...], int]]:
    """What epoch.py measures, which cannot be imported without PyTorch."""
    (value,) = re.findall(
        r"^CASES = (\(.*?^\))", (ROOT / "benchmarks" / "epoch.py").read_text(), re.DOTALL | re.MULTILINE
    )
    return ast.literal_eval(value)


def test_the_table_of_the_race_has_everyone_in_every_case_on_one_thread_and_on_several(
    programs: SimpleNamespace,
) -> None:
    rows = read("frameworks.csv")
    threads = {int(row["threads"]) for row in rows}
    assert len(threads) == 2
    assert min(threads) == 1
    found = {tuple(row[name] for name in ("threads", "images", "sizes", "batch", "who")) for row in rows}
    assert len(found) == len(rows)
    assert found == {
        (str(number), str(images), "-".join(map(str, sizes)), str(batch), who)
        for number in threads
        for images, sizes, batch in cases()
        for who in programs.contenders.CONTENDERS
    }


def test_ratios_are_those_of_the_seconds_and_all_did_the_same_work() -> None:
    rows = read("frameworks.csv")
    key = ("threads", "sizes", "batch")
    ours = {tuple(row[k] for k in key): float(row["seconds"]) for row in rows if row["who"] == "scratchnet"}
    for row in rows:
        wanted = float(row["seconds"]) / ours[tuple(row[k] for k in key)]
        assert float(row["ratio"]) == pytest.approx(wanted, rel=0.01, abs=0.006)
        assert row["off"] == "" if row["who"] == "floor" else float(row["off"]) < 1e-3


def test_the_table_of_the_network_that_slides_has_everyone_in_every_case(programs: SimpleNamespace) -> None:
    rows, slide = read("convolution.csv"), programs.convolution
    several = {int(row["threads"]) for row in rows} - {1}
    assert len(several) == 1
    found = [tuple(row[name] for name in ("threads", "filters", "side", "batch", "task", "who")) for row in rows]
    assert sorted(found) == sorted(
        (str(threads), *map(str, case), task, who)
        for threads, cases in ((1, slide.CASES), (*several, slide.SEVERAL))
        for case in cases
        for task in ("forward", "step")
        for who in programs.sliding.CONTENDERS
    )
    assert set(slide.SEVERAL) <= set(slide.CASES)


def test_an_image_in_the_network_of_the_chapter_costs_at_most_twice_what_it_costs_in_pytorch() -> None:
    chapter = {"threads": "1", "filters": "16", "side": "28", "batch": "64"}
    rows = {
        (row["task"], row["who"]): float(row["microseconds"])
        for row in read("convolution.csv")
        if chapter.items() <= row.items()
    }
    for task in ("forward", "step"):
        assert rows[task, "floor"] < rows[task, "scratchnet"] < 2 * rows[task, "PyTorch"]


def test_the_network_that_is_measured_is_the_one_that_is_trained(
    programs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "tools")
    assert programs.sliding.network() == importlib.import_module("recipes").sliding()
    assert programs.convolution.CASES[0] == (16, 28, 64)


@pytest.mark.parametrize(("few", "side", "batch"), [(3, 28, 5), (2, 56, 1)])
def test_who_can_run_here_finds_the_same_in_a_network_that_slides(
    programs: SimpleNamespace, few: int, side: int, batch: int
) -> None:
    X, y = programs.convolution.examples(side, batch)
    assert X.shape == (batch, side**2)
    start = sn.initialize(programs.sliding.network(few, side), np.random.default_rng(3))
    names = ("scratchnet", "plain NumPy", "floor")
    run = {name: programs.sliding.CONTENDERS[name](X, y, start) for name in names}
    Z, cache = sn.forward(start, X)
    grads = sn.backward(start, cache, sn.cross_entropy_backward(Z, y))
    for task, wanted in (("forward", Z), ("step", grads.theta)):
        found = {name: steps[task]() for name, steps in run.items()}
        assert found.pop("floor") is None
        assert all(sn.relative_error(array, wanted) < 1e-6 for array in found.values())
    moved = start.copy()
    moved.theta = start.theta - programs.sliding.RATE * grads.theta
    for name in names[:2]:  # the next forward pass is that of the parameters after the step
        assert sn.relative_error(run[name]["forward"](), sn.forward(moved, X)[0]) < 1e-5


def test_an_enlarged_image_is_the_image_with_larger_pixels(programs: SimpleNamespace) -> None:
    small, y = programs.convolution.examples(28, 3)
    large, same = programs.convolution.examples(56, 3)
    np.testing.assert_array_equal(large.reshape(3, 56, 56)[:, 1::2, ::2], small.reshape(3, 28, 28))
    np.testing.assert_array_equal(y, same)


@pytest.mark.parametrize(("seconds", "rounds"), [(1e9, 7), (0, 3)])
def test_a_case_takes_its_seconds_but_at_least_three_rounds(
    programs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, seconds: float, rounds: int
) -> None:
    monkeypatch.setattr(programs.convolution, "SECONDS", seconds)
    log: list[str] = []
    ticks = iter(range(1000))
    found = programs.convolution.timed(
        {name: lambda name=name: log.append(name) for name in "ab"}, 7, lambda: next(ticks)
    )
    assert log == ["a", "b"] * rounds
    assert found == {"a": 1, "b": 1}


def test_stored_gradients_and_steps_of_the_network_that_slides_equal_ours(programs: SimpleNamespace) -> None:
    stored = read_arrays(BOOK / "convolution_peers.npz", "gradients of PyTorch and JAX")
    X, y = (array[:32] for array in programs.measure.training_images())
    X, start = X.astype(float), sn.initialize(programs.sliding.network(), np.random.default_rng(16), dtype=np.float64)
    gradient = Backpropagation()
    for name in ("PyTorch", "JAX"):
        assert sn.relative_error(gradient(start, X, y).theta[::10], stored[name]) < 1e-12
    ours = {"Momentum": sn.Momentum(0.02), "Adam": sn.Adam(0.001), "AdamW": sn.AdamW(0.001, 0.01)}
    for name, optimizer in ours.items():
        params = start.copy()
        for _ in range(10):
            optimizer.step(params, gradient(params, X, y))
        assert np.abs(params.theta[::10] - stored[name]).max() < 1e-9
        assert np.abs(params.theta - start.theta).max() > 1e-3


def test_what_was_measured_is_what_is_locked() -> None:
    locked = set(re.findall(r"^(\S+)==([^ ;]+)", (ROOT / "requirements" / "bench.txt").read_text(), re.MULTILINE))
    for name in ("frameworks.csv", "costs.csv", "convolution.csv"):
        head = (BOOK / name).read_text(encoding="utf-8").partition("\n")[0]
        for package in ("numpy", "torch", "jax", "scikit-learn"):
            (version,) = re.findall(rf" {package} ([\d.]+)", head)
            assert (package, version) in locked
    versions = str(read_arrays(BOOK / "optimizers.npz", "the steps of PyTorch")["versions"])
    versions += str(read_arrays(BOOK / "convolution_peers.npz", "gradients of PyTorch and JAX")["versions"])
    for package in ("numpy", "torch", "jax"):
        for version in re.findall(rf"{package} ([\d.]+)", versions):
            assert (package, version) in locked


def test_nothing_of_the_frameworks_gets_into_the_environment_of_the_book() -> None:
    for name in ("book", "test", "maintain"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert not re.search(r"^(torch|jax|nvidia|cuda)", text, re.MULTILINE)


def test_stored_gradients_equal_ours_and_scikit_learn_s_can_be_found_again(programs: SimpleNamespace) -> None:
    stored = read_arrays(BOOK / "frameworks.npz", "gradients")
    assert set(stored) == {"start", "PyTorch", "JAX", "scikit-learn"}
    X, y = (array[:32] for array in programs.measure.training_images())
    start = sn.initialize((784, 10, 10), np.random.default_rng(0))
    np.testing.assert_array_equal(start.theta, stored["start"])
    Z, cache = sn.forward(start, X)
    ours = sn.backward(start, cache, sn.cross_entropy_backward(Z, y)).theta
    again = start.theta - programs.contenders.sklearn_mlp(X, y, start, np.arange(32), 32, 1.0)()
    for theirs in (stored["PyTorch"], stored["JAX"], stored["scikit-learn"], again):
        assert sn.relative_error(theirs, ours) < 1e-6


@pytest.mark.parametrize("images", [96, 100])  # whole batches, and a shorter one at the end
def test_who_can_run_here_ends_an_epoch_at_the_same_parameters(programs: SimpleNamespace, images: int) -> None:
    X, y = (array[:images] for array in programs.measure.training_images())
    start, order = sn.initialize((784, 6, 10), np.random.default_rng(2)), np.random.default_rng(1).permutation(images)
    run = {name: make(X, y, start, order, 32, 0.05) for name, make in programs.contenders.CONTENDERS.items()
           if "PyTorch" not in name and "JAX" not in name}  # fmt: skip
    assert len(run) == 6
    ends = {name: once() for name, once in run.items()}
    assert ends.pop("floor") is None
    for theta in ends.values():
        assert sn.relative_error(theta, ends["scratchnet"]) < 1e-6
    np.testing.assert_array_equal(run["scikit-learn"](), ends["scikit-learn"])  # from the start again, not from the end
    assert sn.relative_error(start.theta, ends["scratchnet"]) > 1e-3


def test_the_table_of_costs_is_whole(programs: SimpleNamespace) -> None:
    growth, rows = programs.growth, read("costs.csv")
    grown = {"images": growth.IMAGES, "hidden units": growth.WIDTHS, "hidden layers of 128": growth.DEPTHS}
    wanted = {("growth", case, str(at)) for case, steps in grown.items() for at in steps}
    wanted |= {("memory", sizes, "132") for sizes in ("784-10-10", "784-128-10", "784-1024-10")}
    for what in ("SGD, seconds to 88 %", "500 full-batch steps, seconds", "500 full-batch steps, accuracy"):
        wanted |= {("target", what, str(seed)) for seed in programs.target.SEEDS}
    assert {(row["question"], row["case"], row["at"]) for row in rows} == wanted
    assert len(rows) == len(wanted)
    assert all(0.7 < float(row["value"]) < 0.9 for row in rows if "accuracy" in row["case"])


def test_fit_takes_the_memory_that_the_table_says(
    programs: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert programs.memory.main() == 0
    now = list(csv.reader(capsys.readouterr().out.splitlines()))
    stored = [row for row in read("costs.csv") if row["question"] == "memory"]
    for row, (_, sizes, images, peak) in zip(stored, now, strict=True):
        assert (row["case"], row["at"]) == (sizes, images)
        assert float(peak) == pytest.approx(float(row["value"]), rel=0.05)
        assert float(images) < float(peak) < 1.4 * float(images)


def test_sgd_reaches_the_target(programs: SimpleNamespace) -> None:
    X, y = programs.measure.training_images()
    train, dev = sn.train_dev_split(X, y, 2000, np.random.default_rng(0))
    assert 0 < programs.target.minibatch_seconds(train, dev, np.random.default_rng(0)) < 600


def test_a_median_is_over_rounds_that_take_turns(programs: SimpleNamespace) -> None:
    log: list[str] = []
    medians = programs.measure.medians({name: lambda name=name: log.append(name) for name in "ab"}, 3)
    assert log == ["a", "b"] * 3
    assert set(medians) == {"a", "b"}


def table(programs: SimpleNamespace, ours: float) -> tuple[list[dict[str, str]], list[list[str]]]:
    names = {"scratchnet": ours, "floor": 0.1, "PyTorch": 1.0, "scikit-learn": 0.6, "JAX, jit and scan": 0.2}
    names |= {"a plain NumPy loop": 0.22, "scratchnet fit, measuring": 0.18}
    epoch = [
        dict(zip(programs.bench.EPOCH, ("1", "9", sizes, batch, who, str(time), "", ""), strict=True))
        for sizes in ("784-10-10", "784-128-10")
        for batch in ("32", "128")
        for who, time in names.items()
    ]
    costs = [["target", "500 full-batch steps, seconds", "0", "50"], ["target", "SGD, seconds to 88 %", "0", "0.1"]]
    return epoch, [*costs, ["memory", "784-10-10", "132", "150"]]


@pytest.mark.parametrize(
    ("ours", "missed"),
    [
        (0.15, []),
        (0.165, ["floor"]),
        (0.14, ["fit", "fit", "fit"]),
        (0.19, ["PyTorch", "JAX", "floor"]),
        (0.25, ["PyTorch", "scikit-learn", "JAX", "floor", "JAX", "plain", "JAX", "JAX"]),
    ],
)
def test_the_report_says_which_bars_are_missed(programs: SimpleNamespace, ours: float, missed: list[str]) -> None:
    lines = programs.bench.report(*table(programs, ours)).splitlines()
    bars = [line for line in lines if line.endswith(("met", "missed"))]
    assert len(bars) == 14
    found = [line for line in bars if line.endswith("missed")]
    assert len(found) == len(missed)
    assert all(word in line for word, line in zip(missed, found, strict=True))


def test_results_are_written_when_all_is_measured_or_not_at_all(
    programs: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = programs.bench
    epoch, costs = table(programs, 0.15)
    asked: list[tuple[str, int]] = []
    fails = True
    slides = (("scratchnet", "100.0"), ("PyTorch", "150.0"))

    def run(script: str, argument: object, threads: int = 1) -> list[list[str]]:
        asked.append((script, threads))
        if script in bench.PEERS:
            Path(str(argument)).write_bytes(script.encode())
        if script == "epoch.py" and threads > 1 and fails:
            raise SystemExit("epoch.py failed, so nothing was written")
        if script == "convolution.py":
            return [[str(threads), "16", "28", "64", "step", who, time] for who, time in slides]
        return [list(row.values()) for row in epoch] if script == "epoch.py" else costs

    monkeypatch.setattr(bench, "run", run)
    monkeypatch.setattr(bench, "version", lambda name: "1.0")
    monkeypatch.setattr(bench.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"install g\+\+ or clang"):
        bench.main(5, tmp_path)
    monkeypatch.setattr(bench.shutil, "which", lambda name: name)
    with pytest.raises(SystemExit, match="there is no such folder"):
        bench.main(5, tmp_path / "nowhere")
    assert asked == []
    with pytest.raises(SystemExit, match="nothing was written"):
        bench.main(5, tmp_path)
    assert list(tmp_path.iterdir()) == []
    fails = False
    assert bench.main(5, tmp_path) == 0
    tables = {"convolution.csv", "costs.csv", "frameworks.csv"}
    assert {path.name for path in tmp_path.iterdir()} == tables | set(bench.PEERS.values())
    for script, name in bench.PEERS.items():
        assert (tmp_path / name).read_bytes() == script.encode()
    head, *lines = (tmp_path / "convolution.csv").read_text().splitlines()
    assert lines[:3] == [",".join(bench.SLIDE), "1,16,28,64,step,scratchnet,100.0", "1,16,28,64,step,PyTorch,150.0"]
    assert len(lines) == 5
    assert "medians of 3 to 100" in head
    head, names, *rows = (tmp_path / "frameworks.csv").read_text().splitlines()
    assert head.startswith("# Python 3.")
    assert "medians of 5" in head
    assert names == "threads,images,sizes,batch,who,seconds,ratio,off"
    assert len(rows) == 2 * len(epoch)
    printed = capsys.readouterr().out
    assert "scratchnet / floor" in printed
    assert "threads 1, 16 filters, side 28, batch 64, step: 100 µs; PyTorch 1.50" in printed


def test_a_measurement_may_use_all_that_its_processor_has(
    programs: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setattr(programs.bench, "HERE", tmp_path)
    (tmp_path / "kind.py").write_text("import os\nprint(os.environ.get('OPENBLAS_CORETYPE', 'its own'))")
    assert programs.bench.run("kind.py", 1) == [["its own"]]


def test_a_measurement_runs_on_the_threads_it_is_given_and_a_failure_is_a_sentence(
    programs: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs.bench, "HERE", tmp_path)
    (tmp_path / "good.py").write_text("import os, sys\nprint(sys.argv[1], os.environ['OPENBLAS_NUM_THREADS'], sep=',')")
    (tmp_path / "bad.py").write_text("print('half a table')\nraise SystemExit(3)")
    assert programs.bench.run("good.py", 7, threads=3) == [["7", "3"]]
    with pytest.raises(SystemExit, match=r"^bad.py failed, so nothing was written$"):
        programs.bench.run("bad.py", 7)
