"""What images give away that no file says: every warning fires where it should, and on nothing else."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from scratchnet import Digits, read_digits
from scratchnet.looks import MEANS, TURNS, doubts, find_turn, is_turned_over

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def digits() -> Digits:
    return read_digits(DATA / "test.csv.gz")


def draws(digits: Digits, size: int, times: int = 100) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pictures (size, 28, 28) and labels (size,), drawn at random, many times."""
    rng = np.random.default_rng(size)
    rows = rng.integers(0, len(digits.labels), (times, size))
    return [(digits.images[each].reshape(-1, 28, 28), digits.labels[each]) for each in rows]


@pytest.mark.parametrize("size", [1, 5, 10, 100])
def test_digits_as_they_should_be_raise_no_doubt(digits: Digits, size: int) -> None:
    assert not any(doubts(pictures.reshape(-1, 784), labels) for pictures, labels in draws(digits, size))


@pytest.mark.parametrize("size", [1, 5, 100])
def test_ink_and_paper_exchanged_are_noticed_from_one_image_on(digits: Digits, size: int) -> None:
    for pictures, labels in draws(digits, size):
        assert is_turned_over(255 - pictures)
        assert any("255 - images" in doubt for doubt in doubts(255 - pictures.reshape(-1, 784), labels))


@pytest.mark.parametrize(("size", "least"), [(1, 0), (4, 0), (5, 85), (10, 95), (20, 99), (100, 100)])
def test_rows_and_columns_exchanged_are_noticed_from_five_images_on(digits: Digits, size: int, least: int) -> None:
    found = [find_turn(pictures.transpose(0, 2, 1), labels) for pictures, labels in draws(digits, size)]
    assert sum(turn is not None and "as EMNIST's do" in turn for turn in found) >= least
    assert size >= 5 or not any(found)


@pytest.mark.parametrize("turn", TURNS)
def test_every_way_to_lie_is_named_and_its_remedy_lays_the_pictures_straight(digits: Digits, turn: str) -> None:
    ((pictures, labels),) = draws(digits, 200, 1)
    how, straighten = TURNS[turn]
    turns = [other for _, other in TURNS.values()]
    lying = next(other(pictures) for other in turns if np.array_equal(straighten(other(pictures)), pictures))
    images = np.ascontiguousarray(lying).reshape(-1, 784)
    (doubt,) = doubts(images, labels)
    assert doubt.startswith(f"the digits look to lie {turn}. If so, go on with images.reshape(-1, 28, 28){how}.reshape")
    remedy = doubt.partition("go on with ")[2]
    np.testing.assert_array_equal(eval(remedy), pictures.reshape(-1, 784))


def test_both_at_once_are_noticed(digits: Digits) -> None:
    ((pictures, labels),) = draws(digits, 200, 1)
    found = doubts(255 - pictures.transpose(0, 2, 1).reshape(-1, 784), labels)
    assert ["255 - images" in found[0], "EMNIST" in found[1], len(found)] == [True, True, 2]


@pytest.mark.parametrize("size", [10, 100])
def test_pictures_of_other_things_do_not_look_turned(digits: Digits, size: int) -> None:
    rng = np.random.default_rng(size)
    font = ImageFont.load_default(22)
    letters = []
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz#%&?":
        picture = Image.new("L", (28, 28))
        ImageDraw.Draw(picture).text((14, 14), letter, 255, font, "mm")
        letters.append(np.asarray(picture))
    for pictures, labels in draws(digits, size):
        assert not find_turn(np.stack(letters)[rng.choice(len(letters), 10, replace=False)[labels]], labels)
        assert not find_turn(pictures, rng.permutation(10)[labels])
        assert not find_turn(rng.integers(0, 256, pictures.shape, np.uint8), labels)


def test_pixels_on_another_scale_and_no_ink_at_all_are_noticed(digits: Digits) -> None:
    images, labels = digits.images[:20], digits.labels[:20]
    for largest in (1, 16, 100):
        small = np.round(images * (largest / 255)).astype(np.uint8)
        (doubt,) = [doubt for doubt in doubts(small, labels) if "no pixel" in doubt]
        assert doubt.startswith(f"no pixel is larger than {largest}, while ink is 255.")
        remedied = eval(doubt.partition("go on with ")[2], {"images": small, "np": np})
        assert (remedied.max(), remedied.dtype) == (255, np.uint8)
    (doubt,) = doubts(np.zeros((3, 784), np.uint8), labels[:3])
    assert doubt.startswith("no image has any ink.")


def test_a_file_sorted_by_label_is_looked_at_all_over(digits: Digits) -> None:
    order = np.argsort(digits.labels, kind="stable")
    turned = digits.images[order].reshape(-1, 28, 28).transpose(0, 2, 1).reshape(-1, 784)
    (doubt,) = doubts(turned, digits.labels[order])
    assert "EMNIST" in doubt


@pytest.mark.slow
def test_the_means_are_those_of_the_book_s_images() -> None:
    images, labels = read_digits(DATA / "train.csv.gz")
    grids = images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4))
    means = np.stack([grids[labels == digit].mean(axis=0).ravel() for digit in range(10)])
    assert MEANS.split() == ["".join(f"{n:x}" for n in row) for row in np.round(15 * means / means.max()).astype(int)]
