"""What people bring is refused by every function alike, with one sentence that names it and gives the remedy."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import scratchnet as sn

rng = np.random.default_rng(3)
X = rng.random((20, 6)).astype(np.float32)
y = rng.permutation(np.arange(20) % 4)
params = sn.initialize((6, 5, 4), np.random.default_rng(0))
Z = sn.forward(params, X)[0]


def fit(X: object = X, y: object = y, rng: object = None, **changes: object) -> sn.History:
    generator = np.random.default_rng(0) if rng is None else rng
    settings = {"optimizer": sn.SGD(0.1), "epochs": 1, "batch_size": 8, "rng": generator} | changes
    return sn.fit(params.copy(), X, y, **settings)  # type: ignore[arg-type]


TAKE_X: dict[str, Callable[[object], object]] = {
    "fit": lambda X: fit(X),
    "forward": lambda X: sn.forward(params, X),
    "predict": lambda X: sn.predict(params, X),
    "predict_proba": lambda X: sn.predict_proba(params, X),
    "minibatches": lambda X: sn.minibatches(X, y, 8, np.random.default_rng(0)),
    "train_dev_split": lambda X: sn.train_dev_split(X, y, 8, np.random.default_rng(0)),
    "linear": lambda X: sn.linear(X, params.layers[0].W, params.layers[0].b),
}
TAKE_Y: dict[str, Callable[[object], object]] = {
    "fit": lambda y: fit(y=y),
    "minibatches": lambda y: sn.minibatches(X, y, 8, np.random.default_rng(0)),
    "train_dev_split": lambda y: sn.train_dev_split(X, y, 8, np.random.default_rng(0)),
    "cross_entropy": lambda y: sn.cross_entropy(Z, y),
    "cross_entropy_backward": lambda y: sn.cross_entropy_backward(Z, y),
}
TAKE_RNG: dict[str, Callable[[object], object]] = {
    "fit": lambda rng: fit(rng=rng),
    "initialize": lambda rng: sn.initialize((6, 4), rng),
    "minibatches": lambda rng: sn.minibatches(X, y, 8, rng),
    "train_dev_split": lambda rng: sn.train_dev_split(X, y, 8, rng),
}
WRONG_X: dict[str, tuple[object, str]] = {
    "a table": (
        pd.DataFrame(X),
        "X must be a float matrix with one row for each example, not DataFrame. Pass X.to_numpy()",
    ),
    "a list": (X.tolist(), "not list. Pass np.array(X, dtype=float)"),
    "nothing": (None, "not NoneType. Pass np.array(X, dtype=float)"),
    "bytes": ((255 * X).astype(np.uint8), "dtype uint8. Pass X.astype(float), or sn.normalize(X) if these are pixels"),
    "integers": (np.ones((20, 6), int), "dtype int64. Pass X.astype(float), or sn.normalize(X) if these are pixels"),
    "black and white": (X > 0.5, "not shape (20, 6) and dtype bool. Pass X.astype(float)"),
    "objects": (X.astype(object), "dtype object. Pass X.astype(float)"),
    "texts": (X.astype(str), "Pass X.astype(float)"),
    "complex numbers": (X + 0j, "dtype complex64. Pass X.real"),
    "a masked array": (np.ma.masked_less(X, 0.1), "not MaskedArray. Pass X.filled(0), or what else should stand"),
    "a matrix of old": (X.view(np.matrix), "not matrix. Pass np.asarray(X)"),
    "pictures": (X.reshape(20, 3, 2), "not shape (20, 3, 2) and dtype float32. Pass X.reshape(len(X), -1)"),
    "one picture": (X[0], "not shape (6,) and dtype float32. Pass X[None] if this is one example"),
    "no row": (X[:0], "X has no rows: at least one example is needed"),
    "a number": (np.array(1.0), "not shape () and dtype float64"),
}
WRONG_Y: dict[str, tuple[object, str]] = {
    "a column of a table": (pd.Series(y), "y must be an array of integer labels, not Series. Pass y.to_numpy()"),
    "a list": (y.tolist(), "not list. Pass np.array(y)"),
    "one-hot rows": (np.eye(4)[y], "not shape (20, 4) and dtype float64. Pass y.argmax(axis=1)"),
    "whole floats": (y.astype(float), "not dtype float64. Pass y.astype(int)"),
    "fractions": (np.where(y == 3, 0.5, y), f"y must be an array of integer labels, but y[{np.argmax(y == 3)}] is 0.5"),
    "gaps": (np.where(np.arange(20) == 7, np.nan, y), "but y[7] is nan"),
    "texts": (y.astype(str), "Pass y.astype(int)"),
    "objects": (y.astype(object), "not dtype object. Pass y.astype(int)"),
    "yes and no": (y > 1, "not dtype bool. Pass y.astype(int)"),
    "a column": (y[:, None], "y must have shape (20,) (one label for each example), not (20, 1). Pass y.ravel()"),
    "too few": (y[:19], "y must have shape (20,) (one label for each example), not (19,)"),
    "a masked array": (np.ma.masked_equal(y, 1), "not MaskedArray. Pass y.filled(0)"),
}
WRONG_RNG: dict[str, tuple[object, str]] = {
    "a seed": (42, "rng must be a generator, not 42. Pass np.random.default_rng(42)"),
    "a seed of NumPy's": (np.int64(7), "Pass np.random.default_rng(7)"),
    "a negative seed": (-1, "not -1. Pass np.random.default_rng(0)"),
    "True": (True, "not True. Pass np.random.default_rng(0)"),
    "the old generator": (np.random.RandomState(0), "not RandomState. Pass np.random.default_rng(0)"),
    "the module": (np.random, "not module. Pass np.random.default_rng(0)"),
    "a bit generator": (np.random.PCG64(0), "not PCG64. Pass np.random.default_rng(0)"),
}


def refused(use: Callable[[object], object], value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        use(value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("use", TAKE_X)
@pytest.mark.parametrize("what", WRONG_X)
def test_every_function_that_takes_images_refuses(use: str, what: str) -> None:
    refused(TAKE_X[use], *WRONG_X[what])


@pytest.mark.parametrize("use", TAKE_Y)
@pytest.mark.parametrize("what", WRONG_Y)
def test_every_function_that_takes_labels_refuses(use: str, what: str) -> None:
    refused(TAKE_Y[use], *WRONG_Y[what])


@pytest.mark.parametrize("use", TAKE_RNG)
@pytest.mark.parametrize("what", WRONG_RNG)
def test_every_function_that_draws_refuses(use: str, what: str) -> None:
    refused(TAKE_RNG[use], *WRONG_RNG[what])


def test_a_generator_that_is_missing_is_asked_for() -> None:
    refused(lambda rng: sn.initialize((6, 4), rng), None, "not None. Pass np.random.default_rng(0)")


@pytest.mark.parametrize("use", sorted(TAKE_X.keys() - {"linear"}))
def test_examples_that_are_columns_are_told_to_turn(use: str) -> None:
    refused(TAKE_X[use], np.ascontiguousarray(X.T), "X has shape (6, 20), but its rows must be the examples. Pass X.T")


@pytest.mark.parametrize("use", ["fit", "forward", "predict", "predict_proba"])
def test_a_picture_alone_and_a_table_with_its_labels_are_recognised(use: str) -> None:
    sentence = "X has 3 columns and the network 6 inputs. Pass X.reshape(1, -1) if this is one image"
    refused(TAKE_X[use], X[0].reshape(2, 3), sentence)
    with_labels = np.column_stack([y, X]).astype(np.float32)
    refused(TAKE_X[use], with_labels, "X has 7 columns and the network 6 inputs. Are the labels still among them?")
    with pytest.raises(ValueError, match=r"X has 9 columns and the network 6 inputs$"):
        TAKE_X[use](np.ones((20, 9)))


@pytest.mark.parametrize("use", ["fit", "cross_entropy", "cross_entropy_backward"])
def test_labels_that_begin_at_one_are_told_so_and_others_are_not(use: str) -> None:
    row = int(np.argmax(y == 3))
    refused(
        TAKE_Y[use],
        y + 1,
        f"y[{row}] is 4, but with 4 classes a label is from 0 to 3. If your labels begin at 1, pass y - 1",
    )
    for broken in (y - 1, np.where(y == 3, 4, y), np.where(y == 3, 9, y + 1)):
        with pytest.raises(ValueError, match=r"with 4 classes a label is from 0 to 3$"):
            TAKE_Y[use](broken)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint64])
def test_labels_may_be_integers_of_any_kind(kind: type) -> None:
    for use in TAKE_Y.values():
        use(y.astype(kind))


def test_an_array_that_lies_in_a_file_is_an_array(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    images, labels = (np.load(tmp_path / name, mmap_mode="r") for name in ("X.npy", "y.npy"))
    assert isinstance(images, np.memmap)
    for use in TAKE_X.values():
        use(images)
    for use in TAKE_Y.values():
        use(labels)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("use", ["fit", "predict", "predict_proba"])
def test_a_number_that_is_not_finite_is_found(use: str, value: float) -> None:
    broken = X.copy()
    broken[[11, 3], [2, 4]] = value
    sentence = (
        f"X must be finite numbers, but {value} stands in row 3, column 4, the first of 2 such places. Replace them"
    )
    refused(TAKE_X[use], broken, sentence)


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize(
    ("value", "end"),
    [(0, "not 0"), (-3, "not -3"), (3.0, "not 3.0. Write 3"), (2.5, "not 2.5"), (True, "not True"),
     ("3", "not '3'"), (None, "not None"), (np.float64(4), "not np.float64(4.0). Write 4"), (np.inf, "not inf")],
)  # fmt: skip
def test_counts_are_whole_numbers(name: str, value: object, end: str) -> None:
    sentence = f"{name} must be a whole number, at least 1, {end.format(name=name)}"
    refused(lambda value: fit(**{name: value}), value, sentence)
    fit(**{name: np.int64(1)})


def test_a_split_s_size_leaves_an_example_to_each_part() -> None:
    for size in (0, 20, True, "5"):
        sentence = f"dev_size must be a whole number from 1 to 19, so that both parts have examples, not {size!r}"
        refused(lambda size: sn.train_dev_split(X, y, size, np.random.default_rng(0)), size, sentence)
