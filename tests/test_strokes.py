"""A pen draws what it should: circles and bars of the right size, and digits that the book's network reads."""

from pathlib import Path

import numpy as np
import pytest

from scratchnet import STROKES, load, normalize, predict, prepare, render
from scratchnet.strokes import smooth

ROOT = Path(__file__).parents[1]


def test_a_dot_is_a_disc() -> None:
    drawing = render([[(50, 40), (50, 40)]], pen=20, shape=(80, 100))
    assert drawing.dtype == np.uint8
    assert set(np.unique(drawing)) == {0, 255}
    rows, columns = np.nonzero(drawing)
    assert (rows.min(), rows.max() + 1) == (30, 50)
    assert (columns.min(), columns.max() + 1) == (40, 60)
    assert len(rows) == pytest.approx(np.pi * 10**2, rel=0.02)


def test_a_stroke_is_a_bar_with_round_ends() -> None:
    drawing = render([[(20, 50), (80, 50)]], pen=10, shape=(100, 100))
    assert (drawing[45:55, 20:80] == 255).all()
    assert (drawing > 0).sum() == pytest.approx(60 * 10 + np.pi * 5**2, rel=0.02)
    assert (drawing.any(axis=1).sum(), drawing.any(axis=0).sum()) == (10, 70)


def test_every_pixel_is_decided_by_its_distance_to_the_nearest_of_many_points_on_the_line() -> None:
    line, pen = np.array([(12.3, 70.0), (55.0, 20.5), (90.0, 64.0)]), 9.0
    t = np.linspace(0, 1, 2000)[:, None]
    points = np.concatenate([line[0] + t * (line[1] - line[0]), line[1] + t * (line[2] - line[1])])
    rows, columns = np.indices((90, 100)) + 0.5
    square = np.full((90, 100), np.inf)
    for x, y in points:
        square = np.minimum(square, (columns - x) ** 2 + (rows - y) ** 2)
    sure = np.abs(np.sqrt(square) - pen / 2) > 0.01
    np.testing.assert_array_equal((render([line], pen=pen, shape=(90, 100)) > 0)[sure], (square <= pen**2 / 4)[sure])


def test_ink_beyond_the_sheet_is_lost() -> None:
    whole = render([[(20, 20), (70, 80)]], pen=14, shape=(100, 100))
    np.testing.assert_array_equal(render([[(-10, 0), (40, 60)]], pen=14, shape=(70, 60)), whole[20:90, 30:90])
    assert not render([[(500, 500), (600, 600)]], pen=14, shape=(70, 60)).any()


def test_a_line_and_its_reverse_and_its_parts_are_the_same_ink() -> None:
    line = np.array([(10, 10), (60, 30), (20, 70)])
    together = render([line], pen=8, shape=(80, 80))
    np.testing.assert_array_equal(render([line[::-1]], pen=8, shape=(80, 80)), together)
    np.testing.assert_array_equal(render([line[:2], line[1:]], pen=8, shape=(80, 80)), together)


def test_smoothing_cuts_corners_keeps_ends_and_stops_at_points_given_twice() -> None:
    corner = np.array([(0, 0), (4, 0), (4, 4)])
    np.testing.assert_array_equal(smooth(corner, rounds=1), [(0, 0), (1, 0), (3, 0), (4, 1), (4, 3), (4, 4)])
    curve = smooth(corner, rounds=5)
    np.testing.assert_array_equal(curve[[0, -1]], corner[[0, -1]])
    assert not (curve == (4, 0)).all(axis=1).any()
    kept = smooth([(0, 0), (4, 0), (4, 0), (4, 4)], rounds=5)
    assert (kept == (4, 0)).all(axis=1).any()
    assert ((kept[:, 0] == 4) | (kept[:, 1] == 0)).all()  # nothing left its two straight lines


def test_each_digit_has_a_style_and_some_have_several() -> None:
    assert [len(styles) for styles in STROKES] == [1, 3, 1, 1, 2, 1, 1, 2, 1, 2]
    for style in (style for styles in STROKES for style in styles):
        points = np.concatenate(style)
        assert points.min() > -0.08
        assert np.ptp(points[:, 1]) == pytest.approx(1, abs=0.12)  # "about 1 high"
        assert np.ptp(points[:, 0]) < 0.8


def test_the_network_of_the_book_reads_them() -> None:
    """All but a 1 with a flag, which it may take for a 7: chapter "your-digits" says why."""
    network = load(ROOT / "book" / "network.npz")
    known = [(digit, style) for digit, styles in enumerate(STROKES) for style in styles if digit != 1]
    known += [(1, STROKES[1][0])]
    X = [prepare(render([160 * line + (50, 60) for line in style], pen=18)) for _, style in known]
    answers = predict(network, normalize(np.array(X), np.float64))
    np.testing.assert_array_equal(answers, [digit for digit, _ in known])


@pytest.mark.parametrize(
    ("strokes", "pen", "sentence"),
    [
        ([[(1, 2), (3, 4)]], 0, "pen must be a diameter above 0, not 0"),
        ([[(1, 2), (3, 4)]], float("nan"), "not nan"),
        ([[(1, 2), (3, 4)]], float("inf"), "not inf"),
        ([[(1, 2)]], 3, r"two or more finite points \(x, y\), not shape \(1, 2\)"),
        ([(1, 2)], 3, r"not shape \(2,\)"),
        ([[(1, 2, 3), (4, 5, 6)]], 3, r"not shape \(2, 3\)"),
        ([[(1, 2), (3, float("nan"))]], 3, "two or more finite points"),
    ],
)
def test_refuses_what_cannot_be_drawn(strokes: list, pen: float, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        render(strokes, pen=pen)
