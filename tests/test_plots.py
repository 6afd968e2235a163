"""The shared pictures: what they draw, from the arrays that Matplotlib was given."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from scratchnet import History, plots

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    with mpl.rc_context():
        yield
    plt.close("all")


def luminance(colour: str) -> float:
    channels = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("kind", plots.COLORS)
def test_every_colour_reads_on_white_at_aa_contrast(kind: str) -> None:
    assert 1.05 / (luminance(plots.COLORS[kind]) + 0.05) >= 4.5


def test_a_grid_shows_every_image_under_its_title_and_leaves_the_rest_empty() -> None:
    images = np.arange(3 * 784).reshape(3, 784)
    figure = plots.image_grid(images, ["a", "b", "c"], columns=2)
    assert [axis.get_title() for axis in figure.axes] == ["a", "b", "c", ""]
    np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), images[2].reshape(28, 28))
    assert not figure.axes[3].images
    assert not any(axis.axison for axis in figure.axes)


def test_signed_images_share_one_scale_that_is_white_at_zero() -> None:
    images = np.zeros((2, 784))
    images[1, 5] = -4
    figure = plots.image_grid(images, signed=True)
    assert {axis.images[0].get_clim() for axis in figure.axes[:2]} == {(-4, 4)}
    assert figure.axes[0].images[0].cmap(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.05)


def test_curves_draw_training_and_dev() -> None:
    history = History(loss=[2.0, 1.0], accuracy=[0.5, 0.7], dev_loss=[2.1, 1.3], dev_accuracy=[0.4, 0.6])
    left, right = plots.history_curves(history).axes
    assert [list(line.get_ydata()) for line in left.lines] == [[2.0, 1.0], [2.1, 1.3]]
    assert [list(line.get_ydata()) for line in right.lines] == [[0.5, 0.7], [0.4, 0.6]]
    assert list(left.lines[0].get_xdata()) == [1, 2]
    assert (left.get_ylabel(), right.get_ylabel(), left.get_xlabel()) == ("loss (nats)", "accuracy", "epoch")
    assert [(text.get_text(), text.xy) for text in left.texts] == [("training", (2, 1.0)), ("dev", (2, 1.3))]
    assert [text.get_color() for text in left.texts] == [line.get_color() for line in left.lines]
    assert [text.get_text() for text in right.texts] == ["dev", "training"]


@pytest.mark.parametrize(("train", "dev"), [(0.50, 0.52), (0.52, 0.50), (0.50, 0.50), (0.9, 0.2)])
def test_the_names_of_two_curves_never_touch(train: float, dev: float) -> None:
    plots.use_style()
    figure = plots.history_curves(History([2.0, train], [0.5, 0.6], [2.1, dev], [0.5, 0.6]))
    figure.canvas.draw()
    for axis in figure.axes:
        one, other = (text.get_window_extent() for text in axis.texts)
        assert not one.overlaps(other)
        assert max(one.x1, other.x1) <= figure.bbox.x1


def test_curves_without_a_dev_set_draw_one_line() -> None:
    figure = plots.history_curves(History(loss=[1.0], accuracy=[0.5]))
    assert [len(axis.lines) for axis in figure.axes] == [1, 1]
    assert [[text.get_text() for text in axis.texts] for axis in figure.axes] == [["training"], ["training"]]


def test_style_makes_text_readable() -> None:
    plots.use_style()
    assert mpl.rcParams["font.size"] >= 11
