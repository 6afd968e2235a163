"""New images from old ones: they move as asked, by as much as asked, and are otherwise left alone."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet.augment import moved, random_moves, smooth_noise

ALL: dict[str, float] = {"shift": 1.5, "rotation": 15, "stretch": 0.2, "slant": 0.3, "elastic": 1.5, "smoothness": 3}


def images(N: int = 5, side: int = 28, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(3).random((N, side * side)).astype(dtype)


def same_for_all(down: float, right: float, X: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.array([down, right], X.dtype)[:, None, None], (2, *X.shape))


def test_without_moves_every_bit_stays() -> None:
    for dtype in (np.float32, np.float64):
        X = images(150, dtype=dtype)  # more than are moved at a time
        np.testing.assert_array_equal(moved(X, same_for_all(0, 0, X)), X)
        np.testing.assert_array_equal(sn.distort(X, np.random.default_rng(0)), X)


def test_a_shift_by_whole_pixels_looked_at_by_hand() -> None:
    X = np.arange(1.0, 10)[None]
    looks_down_and_right = [[5, 6, 0], [8, 9, 0], [0, 0, 0]]
    np.testing.assert_array_equal(moved(X, same_for_all(1, 1, X)).reshape(3, 3), looks_down_and_right)
    looks_up = [[0, 0, 0], [1, 2, 3], [4, 5, 6]]
    np.testing.assert_array_equal(moved(X, same_for_all(-1, 0, X)).reshape(3, 3), looks_up)
    np.testing.assert_array_equal(moved(X, same_for_all(0, 3.5, X)), np.zeros((1, 9)))


def test_a_place_between_four_pixels_has_their_weighted_mean_by_hand() -> None:
    X = np.array([[0.0, 4.0, 8.0, 16.0]])  # 2 × 2 pixels
    moves = np.zeros((2, 1, 4))
    moves[:, 0, 0] = 0.25, 0.5  # between 0 and 4 is 2, between 8 and 16 is 12; a quarter of the way from 2 to 12
    assert moved(X, moves)[0].tolist() == [4.5, 4, 8, 16]
    moves[:, 0, 3] = 0.5, 0  # half a pixel over the edge, half of it paper
    assert moved(X, moves)[0].tolist() == [4.5, 4, 8, 8]


def test_scipy_finds_the_same_greys_at_the_same_places() -> None:
    X = images(dtype=np.float64)
    moves = random_moves(5, 28, np.random.default_rng(0), **ALL, dtype=np.float64)
    ours = moved(X, moves)
    for image, move, distorted in zip(X, moves.transpose(1, 0, 2), ours, strict=True):
        places = np.indices((28, 28)) + move.reshape(2, 28, 28)
        theirs = scipy.ndimage.map_coordinates(image.reshape(28, 28), places, order=1, mode="grid-constant")
        np.testing.assert_allclose(distorted.reshape(28, 28), theirs, atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "amount"), [("shift", 2.0), ("rotation", 20.0), ("stretch", 0.2), ("slant", 0.3), ("elastic", 1.5)]
)
def test_each_kind_alone_moves_by_what_it_says_and_not_otherwise(kind: str, amount: float) -> None:
    down, right = random_moves(3000, 9, np.random.default_rng(0), **{kind: amount}, dtype=np.float64)
    i, j = np.indices((9, 9)).reshape(2, -1) - 4
    if kind == "shift":
        assert np.ptp(down, axis=1).max() == np.ptp(right, axis=1).max() == 0
        drawn = np.array([down[:, 0], right[:, 0]]) / amount
    elif kind == "rotation":
        before, after = np.hypot(i, j), np.hypot(i + down, j + right)
        np.testing.assert_allclose(after, np.broadcast_to(before, after.shape), atol=1e-12)
        drawn = np.degrees(np.arcsin(-down[:, 5 * 9 - 1] / 4)) / amount  # the pixel at (0, 4)
    elif kind == "stretch":
        np.testing.assert_allclose(down, down[:, -1:] / 4 * i, atol=1e-12)
        np.testing.assert_allclose(right, right[:, -1:] / 4 * j, atol=1e-12)
        drawn = np.array([down[:, -1], right[:, -1]]) / 4 / amount
    elif kind == "slant":
        assert not down.any()
        np.testing.assert_allclose(right, right[:, -1:] / 4 * i, atol=1e-12)
        drawn = right[:, -1] / 4 / amount
    else:
        drawn = np.array([down, right]) / amount
        assert abs(drawn.mean()) < 0.02
        assert abs(drawn.std() - 1) < 0.02
        return
    assert -1 < drawn.min() < -0.99
    assert 0.99 < drawn.max() < 1
    assert abs(drawn.mean()) < 0.05  # of numbers spread evenly from −1 to 1
    assert abs(drawn.std() - 1 / np.sqrt(3)) < 0.02


def test_an_image_is_stretched_along_its_own_rows_and_columns_and_then_turned() -> None:
    moves = random_moves(200, 9, np.random.default_rng(0), rotation=40, stretch=0.3, dtype=np.float64)
    down, right = moves + (np.indices((9, 9)).reshape(2, 1, -1) - 4)  # where pixels look, from the centre
    below, beside = (np.stack([down[:, at], right[:, at]]) / 4 for at in (8 * 9 + 4, 4 * 9 + 8))  # (4, 0) and (0, 4)
    np.testing.assert_allclose((below * beside).sum(axis=0), 0, atol=1e-12)  # rows and columns stay at right angles
    height, width = np.hypot(*below), np.hypot(*beside)
    assert 0.7 < min(height.min(), width.min()) < max(height.max(), width.max()) < 1.3
    assert abs(height - width).max() > 0.3


def test_height_and_width_down_and_right_are_drawn_apart() -> None:
    for kind in ("shift", "stretch", "elastic"):
        down, right = random_moves(4000, 5, np.random.default_rng(0), **{kind: 0.5})
        assert abs(np.corrcoef(down[:, -1], right[:, -1])[0, 1]) < 0.06


def test_smooth_noise_has_variance_one_everywhere_and_neighbours_agree() -> None:
    fields = smooth_noise((4000,), 12, np.random.default_rng(0), 2.0, np.float64).reshape(-1, 12, 12)
    assert abs(fields.mean(axis=0)).max() < 0.08
    assert abs(fields.var(axis=0) - 1).max() < 0.12

    def correlation(distance: int) -> tuple[float, float]:
        ends = fields[:, 6, 6 - distance // 2], fields[:, 6, 6 - distance // 2 + distance]
        turned = fields[:, 6 - distance // 2, 6], fields[:, 6 - distance // 2 + distance, 6]
        return float(np.corrcoef(*ends)[0, 1]), float(np.corrcoef(*turned)[0, 1])

    for distance in (1, 3, 8):  # of noise blurred by a Gaussian of σ, correlation is a Gaussian of √2 σ
        for found in correlation(distance):
            assert abs(found - np.exp(-(distance**2) / (4 * 2.0**2))) < 0.08


def test_the_strength_of_simard_steinkraus_and_platt_in_our_pixels() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (200, 61, 61))
    theirs = 34 * scipy.ndimage.gaussian_filter(noise, (0, 4, 4), mode="constant")[:, 20:41, 20:41]
    assert 1.3 < theirs.std() < 1.5  # so elastic=1.4 with smoothness=4 is their α = 34, σ = 4


@given(st.integers(0, 2**32), st.sampled_from([np.float32, np.float64]), st.integers(1, 9), st.floats(0, 30))
def test_greys_stay_between_paper_and_ink(seed: int, dtype: type, side: int, amount: float) -> None:
    X = np.random.default_rng(seed).choice([0, 0.3, 1], (3, side * side)).astype(dtype)
    distorted = sn.distort(X, np.random.default_rng(seed), **dict.fromkeys(ALL, amount + 1e-3))
    assert (distorted.dtype, distorted.shape) == (X.dtype, X.shape)
    assert 0 <= distorted.min() <= distorted.max() <= X.max()


def test_ink_at_every_pixel_stays_ink_inside_and_never_becomes_more() -> None:
    X = np.ones((20, 784), np.float32)
    distorted = sn.distort(X, np.random.default_rng(0), **ALL).reshape(-1, 28, 28)
    assert distorted.max() == 1
    assert (distorted[:, 12:16, 12:16] == 1).all()


def test_the_seed_decides_and_the_images_given_are_left_alone() -> None:
    X = images(150)
    kept = X.copy()
    first, again, other = (sn.distort(X, np.random.default_rng(seed), **ALL) for seed in (1, 1, 2))
    np.testing.assert_array_equal(X, kept)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=1).all()


def test_no_two_images_share_their_moves() -> None:
    X = np.broadcast_to(images(1), (150, 784)).copy()
    distorted = sn.distort(X, np.random.default_rng(0), **ALL)
    assert len(np.unique(distorted, axis=0)) == 150


def test_one_image_and_one_pixel() -> None:
    assert sn.distort(np.ones((1, 1)), np.random.default_rng(0), rotation=90).tolist() == [[1.0]]
    assert sn.distort(images(1), np.random.default_rng(0), **ALL).shape == (1, 784)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"X": np.zeros((2, 28, 28))}, "X must"),
        ({"X": np.zeros((2, 783))}, "square image in each row, and 783 pixels make none"),
        ({"X": np.zeros((2, 784), np.uint8)}, "X must"),
        ({"X": np.zeros((2, 784), np.float16)}, "must be float32 or float64, not float16"),
        ({"rng": 0}, "rng must be"),
        ({"rotation": -5}, "rotation must be a number from 0, not -5"),
        ({"elastic": np.nan}, "elastic must be a number from 0, not nan"),
        ({"shift": np.inf}, "shift must be a number from 0, not inf"),
        ({"slant": "much"}, "slant must be a number from 0, not 'much'"),
        ({"smoothness": 0}, "smoothness must be"),
    ],
)
def test_refuses_what_is_no_image_or_no_amount(arguments: dict[str, Any], sentence: str) -> None:
    given = {"X": images(), "rng": np.random.default_rng(0)} | arguments
    with pytest.raises(ValueError, match=sentence):
        sn.distort(**given)


def test_moves_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"moves must .*\(2, 5, 784\)"):
        moved(images(), np.zeros((5, 784)))


y = np.arange(40) % 3


def train(params: sn.Parameters, X: np.ndarray, **changes: Any) -> sn.History:
    settings: dict[str, Any] = {"optimizer": sn.Momentum(0.02), "epochs": 4, "batch_size": 16}
    settings["rng"] = np.random.default_rng(0)
    return sn.fit(params, X, y, **(settings | changes))


def fresh() -> sn.Parameters:
    return sn.initialize((49, 6, 3), np.random.default_rng(1))


TURNED = partial(sn.distort, rotation=20, elastic=0.5)


@pytest.mark.parametrize("in_place", [False, True])
def test_fit_trains_on_what_augment_returns_and_measures_what_it_was_given(in_place: bool) -> None:
    X, seen = images(40, 7), []

    def darker(X_batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        seen.append(X_batch.copy())
        return np.multiply(X_batch, 0.5, out=X_batch if in_place else None)  # a batch is a copy, so both are allowed

    kept, params, plain = X.copy(), fresh(), fresh()
    history = train(params, X, augment=darker, validation=(X[:9], y[:9]))
    np.testing.assert_array_equal(X, kept)
    every = np.concatenate(seen[-3:])  # the last epoch
    np.testing.assert_array_equal(every[np.lexsort(every.T)], X[np.lexsort(X.T)])
    train(plain, X / 2)
    np.testing.assert_array_equal(params.theta, plain.theta)
    assert (history.loss[-1], history.accuracy[-1]) == sn.evaluate(params, X, y)
    assert (history.dev_loss[-1], history.dev_accuracy[-1]) == sn.evaluate(params, X[:9], y[:9])


def test_an_augmented_run_that_was_stopped_ends_with_the_same_bits(tmp_path: Any) -> None:
    X, whole, parts = images(40, 7), fresh(), fresh()
    train(whole, X, augment=TURNED)
    train(parts, X, augment=TURNED, epochs=2, checkpoint=tmp_path / "run.npz")
    parts = fresh()
    train(parts, X, augment=TURNED, checkpoint=tmp_path / "run.npz")
    np.testing.assert_array_equal(whole.theta, parts.theta)
    for other in (None, partial(sn.distort, rotation=21, elastic=0.5)):
        with pytest.raises(sn.StorageError, match="differs in the augmentation"):
            train(fresh(), X, augment=other, checkpoint=tmp_path / "run.npz")


def test_a_run_without_augmentation_says_nothing_of_it_in_its_checkpoint(tmp_path: Any) -> None:
    train(fresh(), images(40, 7), checkpoint=tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as file:
        assert "augmentation" not in str(file["run"])
    with pytest.raises(sn.StorageError, match="differs in the augmentation"):
        train(fresh(), images(40, 7), augment=TURNED, checkpoint=tmp_path / "run.npz")


own = np.random.default_rng(0)


def cropped(X_batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return X_batch[:, :-1]


@pytest.mark.parametrize(
    ("augment", "sentence"),
    [
        (0.5, "augment must be a function of .X_batch, rng., not 0.5"),
        (lambda X_batch: X_batch, "augment must be a function of .X_batch, rng., not <lambda>"),
        (cropped, r"images of the same shape, \(8, 49\) float32, not \(8, 48\) float32"),
        (lambda X_batch, rng: X_batch.astype(float), r"\(8, 49\) float32, not \(8, 49\) float64"),
        (lambda X_batch, rng: None, r"\(8, 49\) float32, not NoneType"),
        (lambda X_batch, rng: X_batch * np.float32(np.nan), "what augment returns must be finite"),
        (lambda X_batch, rng: X_batch * own.random(dtype=np.float32), "must draw from the generator that it is given"),
    ],
)
def test_fit_refuses_an_augment_that_it_could_not_use(augment: Any, sentence: str) -> None:
    params = fresh()
    kept = params.theta.copy()
    with pytest.raises(ValueError, match=sentence):
        train(params, images(40, 7), augment=augment)
    np.testing.assert_array_equal(params.theta, kept)


def test_best_is_the_first_epoch_with_the_smallest_dev_loss() -> None:
    assert sn.History(dev_loss=[0.5, 0.2, 0.3, 0.2]).best == 2
    with pytest.raises(ValueError, match="without losses on a dev set: pass validation="):
        sn.History(loss=[0.5, 0.2]).best  # noqa: B018
