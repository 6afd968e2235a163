"""What `make far` trains: tables are whole, a small part is trained again, and what was stopped goes on."""

import csv
import importlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import scratchnet as sn

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tools() -> Iterator[SimpleNamespace]:
    """The programs behind `make far`, as modules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in ("far", "recipes", "remedies")})


def table(name: str) -> list[dict[str, str]]:
    with (ROOT / "book" / name).open(newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def words_above(name: str) -> str:
    return (ROOT / "book" / name).read_text(encoding="utf-8").partition("\n")[0]


def test_the_table_of_remedies_has_every_network_and_remedy_with_every_seed_once(tools: SimpleNamespace) -> None:
    rows = table("remedies.csv")
    names = [*tools.remedies.REMEDIES, *("-".join(map(str, units)) for units in tools.remedies.SIZES)]
    wanted = [(name, seed) for name in names for seed in range(5)]
    found = [
        (
            row["remedy"] if row["remedy"] != "none" or row["network"] == "784-100-10" else row["network"][4:-3],
            row["seed"],
        )
        for row in rows
    ]
    assert found == [(name, str(seed)) for name, seed in wanted]
    for row in rows:
        sizes = list(map(int, row["network"].split("-")))
        assert int(row["parameters"]) == sum(D * H + H for D, H in pairwise(sizes))
        assert 1 <= int(row["best_epoch"]) <= int(row["epochs"]) == tools.remedies.EPOCHS
        for name, images in (("last_train_accuracy", 2000), ("last_dev_accuracy", 10_000)):
            right = float(row[name]) * images
            assert right == pytest.approx(round(right), abs=0.11)


def test_the_last_results_have_five_seeds_of_each_recipe_and_only_those_looked_at_the_test_images(
    tools: SimpleNamespace,
) -> None:
    rows = table("far.csv")
    for model, recipe in tools.recipes.RECIPES.items():
        final = [row for row in rows if row["model"] == model]
        assert [row["seed"] for row in final] == list("01234")
        for row in final:
            assert (row["images"], row["epochs"], row["dev_accuracy"]) == ("42000", str(recipe.epochs), "")
            assert 0.98 < float(row["test_accuracy"]) < 1
            assert int(row["parameters"]) == sn.Parameters(recipe.network).theta.size
        others = [row for row in rows if row["model"].startswith(f"{model}, ")]
        assert [row["model"] for row in others] == [f"{model}, sample", f"{model}, dev"]
        assert [row["test_accuracy"] for row in others] == ["", ""]
        assert abs(float(others[1]["dev_accuracy"]) - float(final[0]["test_accuracy"])) < 0.006


@pytest.mark.slow
def test_a_sample_of_each_recipe_comes_out_again(tools: SimpleNamespace) -> None:
    for model in tools.recipes.RECIPES:
        stored = next(row for row in table("far.csv") if row["model"] == f"{model}, sample")
        row = tools.recipes.sample(model)
        assert [str(row[name]) for name in ("seed", "epochs", "images", "parameters")] == [
            stored[name] for name in ("seed", "epochs", "images", "parameters")
        ]
        # Two epochs in float32, measured on 5,000 images: rounding on another machine may move a few of them.
        assert float(str(row["dev_accuracy"])) == pytest.approx(float(stored["dev_accuracy"]), abs=0.01)


def test_tables_say_with_what_they_were_made_and_name_no_machine() -> None:
    for name in ("remedies.csv", "far.csv"):
        assert words_above(name).startswith("# Python 3.")
        assert "numpy" in words_above(name)
        assert "/" not in words_above(name)


@pytest.mark.slow
def test_a_cheap_line_of_the_remedies_comes_out_again(tools: SimpleNamespace) -> None:
    row = tools.remedies.line("10", 3)
    stored = next(one for one in table("remedies.csv") if (one["network"], one["seed"]) == ("784-10-10", "3"))
    assert row["parameters"] == int(stored["parameters"])
    assert float(row["last_dev_accuracy"]) == pytest.approx(float(stored["last_dev_accuracy"]), abs=0.02)
    assert float(row["best_dev_loss"]) == pytest.approx(float(stored["best_dev_loss"]), rel=0.05)


def test_a_seed_means_the_same_images_and_the_same_start_for_all_remedies(tools: SimpleNamespace) -> None:
    train, stop, measure = tools.remedies.parts(1)
    assert [len(part[1]) for part in (train, stop, measure)] == [2000, 1000, 10_000]
    rows = np.concatenate([part[0].astype(np.float64) @ np.sqrt(np.arange(1, 785)) for part in (train, stop, measure)])
    assert len(np.unique(rows)) == 13_000  # no image is in two parts
    starts = [
        sn.initialize(remedy.network(), np.random.default_rng([1, 1])).theta
        for remedy in tools.remedies.REMEDIES.values()
    ]
    for start in starts:
        np.testing.assert_array_equal(start, starts[0])


def test_a_remedy_is_in_the_network_and_not_after_its_last_layer(tools: SimpleNamespace) -> None:
    layers = tools.remedies.Remedy(units=(30, 20), dropout=0.3).network()
    kinds = [type(layer).__name__ for layer in layers]
    assert kinds == ["Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]
    assert [layer.H for layer in layers[::3]] == [30, 20, 10]


def test_the_last_and_the_best_epoch_of_a_short_run(tools: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: the best of two epochs is one of two networks, that of the smaller loss on the images for stopping."""
    train, stop, measure = tools.remedies.parts(0)
    few = (train[0][:200], train[1][:200]), (stop[0][:100], stop[1][:100]), measure
    monkeypatch.setattr(tools.remedies, "parts", lambda seed: few)
    last, best, epoch = tools.remedies.train(tools.remedies.Remedy(units=(10,)), 0, epochs=2)
    losses = [sn.evaluate(params, *few[1])[0] for params in (last, best)]
    assert losses[1] <= losses[0]
    assert (epoch == 2) == np.array_equal(last.theta, best.theta)


def small(tools: SimpleNamespace) -> Any:
    return tools.recipes.Recipe(
        (784, 8, 10), 3, settings={"learning_rate": 0.05}, augment={"rotation": 10}, batch_size=64
    )


def test_a_recipe_that_was_stopped_goes_on_to_the_same_bits(
    tools: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    train = rng.random((300, 784), dtype=np.float32), rng.integers(10, size=300)
    recipe, file = small(tools), tmp_path / "run.npz"
    whole, _ = recipe.train(train, 4)
    steps, step = iter(range(100)), sn.Momentum.step

    def stopped(*arguments: Any) -> None:
        if next(steps) == 7:
            raise KeyboardInterrupt
        step(*arguments)

    monkeypatch.setattr(sn.Momentum, "step", stopped)
    with pytest.raises(KeyboardInterrupt):
        recipe.train(train, 4, file)
    monkeypatch.undo()
    again, seconds = recipe.train(train, 4, file)
    np.testing.assert_array_equal(whole.theta, again.theta)
    assert seconds > 0
    assert recipe.train(train, 4, file)[1] == 0  # it was done already


@pytest.fixture
def runner(tools: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program in a folder of its own, with three jobs of two tables that take no time."""
    far = tools.far
    for name in ("kept", "book"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(far, name.upper(), tmp_path / name)
    calls: list[str] = []

    def job(name: str, line: str) -> Any:
        return tools.recipes.Job(name, 1, lambda checkpoint: [{"line": line, "call": len(calls)}], line)

    monkeypatch.setattr(
        far, "JOBS", {"a-0": job("a.csv", "first"), "a-1": job("a.csv", "second"), "b-0": job("b.csv", "x")}
    )

    def here(names: list[str], jobs: int, durations: object) -> None:
        calls.extend(names)
        for name in names:
            far.do(name)

    monkeypatch.setattr(far, "run", here)
    monkeypatch.setattr(far, "calls", calls, raising=False)
    return far


def test_a_table_is_written_when_all_its_jobs_are_done(runner: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["a-1", "b"], 1) == 0
    assert not (runner.BOOK / "a.csv").exists()
    assert (runner.BOOK / "b.csv").read_text().splitlines()[1:] == ["line,call", "x,2"]
    assert "a.csv: waits for other jobs" in capsys.readouterr().out
    assert runner.main([], 1) == 0
    lines = (runner.BOOK / "a.csv").read_text().splitlines()
    assert lines[0].startswith("# Python 3.")
    assert [line.partition(",")[0] for line in lines[1:]] == ["line", "first", "second"]
    assert runner.calls == ["a-1", "b-0", "a-0"]  # nothing twice


def test_a_result_of_another_recipe_counts_for_nothing(runner: ModuleType, tools: SimpleNamespace) -> None:
    runner.main(["b"], 1)
    runner.JOBS["b-0"] = tools.recipes.Job("b.csv", 1, runner.JOBS["b-0"].rows, "another")
    runner.main(["b"], 1)
    assert runner.calls == ["b-0", "b-0"]


def test_a_name_that_no_job_has_is_refused(runner: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["c"], 1) == 2
    assert "There are: a-0, a-1, b-0" in capsys.readouterr().err


def test_two_processes_do_the_jobs_and_an_interrupt_says_how_to_go_on(
    tools: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools.far, "KEPT", tmp_path)

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tools.far, "run", interrupted)
    assert tools.far.main(["mlp-sample"], 1) == 130
    assert "Call it again" in capsys.readouterr().err
