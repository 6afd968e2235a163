"""A drawing becomes an image as MNIST's were made: MNIST's own images come out as they went in."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchnet import prepare, read_digits
from scratchnet.handwriting import corner, scale_to

ROOT = Path(__file__).parents[1]
drawings = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=60), elements=st.integers(0, 255))


def square(image: np.ndarray) -> np.ndarray:
    assert image.shape == (784,)
    assert image.dtype == np.uint8
    return image.reshape(28, 28)


def bar(height: int, width: int, ink: int = 255) -> np.ndarray:
    """A full rectangle of ink, somewhere on a large sheet."""
    sheet = np.zeros((300, 300), np.uint8)
    sheet[7 : 7 + height, 40 : 40 + width] = ink
    return sheet


def test_images_of_mnist_come_out_as_they_went_in() -> None:
    """To the byte, but for the few whose ink spans 19 pixels, which are scaled to 20."""
    images = read_digits(ROOT / "data" / "test.csv.gz").images[:1000]
    same = [(prepare(image.reshape(28, 28)) == image).all() for image in images]
    assert np.mean(same) > 0.995


def test_wherever_and_however_large_it_is_drawn_the_image_is_the_same() -> None:
    image = square(read_digits(ROOT / "data" / "test.csv.gz").images[0])
    for times in (1, 3, 10):
        large = np.kron(image, np.ones((times, times), np.uint8))
        np.testing.assert_array_equal(prepare(np.pad(large, ((5, 90), (33, 0)))), image.reshape(-1))


def test_the_longer_side_takes_twenty_pixels_and_proportions_stay() -> None:
    image = square(prepare(bar(100, 50)))
    expected = np.zeros((28, 28))
    expected[4:24, 9:19] = 255
    np.testing.assert_array_equal(image, expected)
    np.testing.assert_array_equal(square(prepare(bar(50, 100))), expected.T)


def test_a_pixel_takes_the_mean_ink_of_its_area() -> None:
    drawing = np.zeros((40, 40), np.uint8)
    drawing[0, :] = drawing[-1, :] = drawing[:, 0] = drawing[:, -1] = 255  # a frame, one pixel thick
    image = square(prepare(drawing))
    assert image[4, 4] == 191  # three of the four pixels under it
    assert image[4, 10] == image[10, 4] == 128  # two of four
    assert image[10, 10] == 0
    assert set(np.unique(prepare(drawing, antialias=False))) == {0, 255}


def test_without_the_antialias_the_ink_at_the_middle_counts() -> None:
    drawing = np.zeros((60, 60), np.uint8)
    drawing[1::3, 1::3] = 200
    assert (square(prepare(drawing[1:-1, 1:-1], antialias=False)) == 200).sum() > 0
    whole = square(prepare(np.pad(drawing, 12), box=False, antialias=False))  # 84 to 28: three to one
    np.testing.assert_array_equal(whole[4:24, 4:24], 200)


def test_the_centre_of_mass_comes_to_the_middle() -> None:
    drawing = bar(100, 10)
    drawing[7:27, 40:100] = 255  # a heavy bar at the top
    image = square(prepare(drawing)).astype(float)
    for axis in (0, 1):
        middle = (image.sum(axis=1 - axis) @ (np.arange(28) + 0.5)) / image.sum()
        assert 14 <= middle < 15
    box = square(prepare(drawing, center=False))
    assert box[4].any()
    assert box[23].any()
    assert not box[3].any()
    assert not box[24].any()


def test_ink_is_never_pushed_over_the_edge() -> None:
    drawing = np.zeros((200, 200), np.uint8)
    drawing[:, 0] = 40  # a long faint line, and all the weight at one end
    drawing[180:, :60] = 255
    image, off_centre = square(prepare(drawing)), square(prepare(drawing, center=False))
    assert image.astype(int).sum() == off_centre.astype(int).sum()
    assert image[0].any()


def test_without_the_box_the_whole_sheet_is_scaled() -> None:
    drawing = np.zeros((280, 140), np.uint8)
    drawing[0:10, 0:10] = 255
    image = square(prepare(drawing, box=False, center=False))
    assert image[0, 7] == 255  # 14 columns of the sheet, in the middle of 28
    assert image.astype(int).sum() == 255


@given(drawings, st.booleans(), st.booleans(), st.booleans())
def test_any_ink_gives_an_image_or_a_sentence(drawing: np.ndarray, box: bool, antialias: bool, center: bool) -> None:
    if not drawing.any():
        with pytest.raises(ValueError, match="the drawing has no ink"):
            prepare(drawing, box=box, antialias=antialias, center=center)
        return
    before = drawing.copy()
    try:
        image = square(prepare(drawing, box=box, antialias=antialias, center=center))
    except ValueError as error:
        assert "no ink is left at this size" in str(error)  # noqa: PT017
    else:
        assert image.max() <= drawing.max()
        assert image.any()
    np.testing.assert_array_equal(drawing, before)


@given(drawings.filter(lambda drawing: bool((drawing > 100).any())))
def test_a_transposed_drawing_gives_a_transposed_image(drawing: np.ndarray) -> None:
    drawing = np.where(drawing > 100, drawing, 0)
    try:
        image = square(prepare(drawing))
    except ValueError:
        return
    np.testing.assert_array_equal(square(prepare(drawing.T)), image.T)


def test_without_the_box_the_centre_of_mass_still_comes_to_the_middle() -> None:
    drawing = np.zeros((280, 280), np.uint8)
    drawing[10:90, 200:240] = 255  # eight pixels high in the end, and far from the middle of the sheet
    image = square(prepare(drawing, box=False))
    np.testing.assert_array_equal(image[10:18, 12:16], 255)
    assert image.astype(int).sum() == 8 * 4 * 255


@given(drawings, st.integers(1, 30))
def test_scaling_is_the_exact_mean_of_each_footprint(drawing: np.ndarray, longer: int) -> None:
    """Enlarge every pixel to a block of new x new, so that each footprint is whole blocks, and average in fractions."""
    scaled = scale_to(drawing, longer)
    large = np.kron(drawing.astype(np.int64), np.ones(scaled.shape, np.int64))
    blocks = large.reshape(scaled.shape[0], drawing.shape[0], scaled.shape[1], drawing.shape[1])
    sums = blocks.sum(axis=(1, 3))
    want = [[math.floor(Fraction(int(x), drawing.size) + Fraction(1, 2)) for x in row] for row in sums]
    np.testing.assert_array_equal(scaled, want)


@pytest.mark.parametrize(
    ("ink", "begin"),
    [
        ([1, 0, 3], 12),  # the mass is at 2
        ([1], 14),  # at 0.5: 13.5, rounded up
        ([1, 1], 13),
        ([3, 1], 14),  # at 0.75
        ([0] * 27 + [5], 0),  # would begin left of the image
        ([0] * 14 + [1], 0),  # at 14.5: rounded up, -0.5 is 0
    ],
)
def test_a_digit_begins_where_its_mass_lies_from_14_to_15(ink: list[int], begin: int) -> None:
    assert corner(np.array(ink)) == begin


def test_one_pixel_of_ink_is_a_full_box() -> None:
    drawing = np.zeros((50, 50), np.uint8)
    drawing[20, 3] = 90
    assert (square(prepare(drawing))[4:24, 4:24] == 90).all()


def test_a_pen_too_thin_is_named() -> None:
    drawing = np.zeros((2000, 2000), np.uint8)
    drawing[0, 0] = drawing[-1, -1] = 1
    with pytest.raises(ValueError, match="no ink is left at this size: draw larger, with a thicker pen"):
        prepare(drawing)


@pytest.mark.parametrize(
    ("drawing", "sentence"),
    [
        (np.zeros((5, 5), np.uint8), "the drawing has no ink: every pixel is 0"),
        (np.zeros((0, 5), np.uint8), r"drawing must be a matrix of whole numbers, .* not shape \(0, 5\)"),
        (np.ones(784, np.uint8), r"not shape \(784,\) and dtype uint8"),
        (np.ones((5, 5)), "and dtype float64"),
        (np.full((5, 5), 256), "drawing must be from 0 to 255, but goes from 256 to 256"),
        (np.full((5, 5), -1), "but goes from -1 to -1"),
    ],
)
def test_refuses_what_is_no_drawing(drawing: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        prepare(drawing)
