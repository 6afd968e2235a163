"""The bowl that travels to the page: its curvatures, its examples, and the still pictures of its paths."""

import base64
import json
import re

import numpy as np
import pytest

from scratchnet import SGD, Adam, Momentum, numerical_gradient
from scratchnet.figures import descent
from scratchnet.figures.descent import BOWL, best_momentum, curvatures, draws, loss, walk

C, START = np.array(BOWL), np.array([2.0, 0.0])
ALL = np.zeros((1, 1, 2))  # the ξ of all examples sum to zero


def sent(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])


def test_chapter_tens_bowl_and_its_step_on_paper() -> None:
    data = sent(descent()._repr_html_())
    assert data["curvatures"] == [1, 9]
    assert data["angle"] == 45  # across the valley is (1, 1)
    assert data["rates"] == {"first": 0.05, "tick": 0.005, "most": 0.27}  # 2/9 and a little more
    np.testing.assert_allclose(walk(C, START, SGD(0.2), ALL), [[2, 0], [0, -1.6]], atol=1e-15)
    assert loss(C, START) == 10


def test_curvatures_are_eigenvalues() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        A = rng.normal(size=(2, 2))
        values, vectors = np.linalg.eigh(A @ A.T)
        got, angle = curvatures(A @ A.T)
        np.testing.assert_allclose(got, values, atol=1e-12)
        steepest = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        assert abs(steepest @ vectors[:, 1]) == pytest.approx(1, abs=1e-12)


def test_the_examples_sum_to_zero_exactly_and_an_epoch_has_each_of_them_once() -> None:
    noise, orders = draws(np.random.default_rng(3))
    for order in orders:
        assert (noise[order].sum(axis=0) == 0).all()
        assert sorted(order) == list(range(64))
    assert (orders[0] != orders[1]).any()


def test_a_step_goes_against_the_gradient_of_its_batch_alone() -> None:
    noise, _ = draws(np.random.default_rng(0))
    batch = noise[[3, 60, 8]]
    slope = numerical_gradient(lambda w: np.mean([loss(C, w) + xi @ w for xi in batch]), START, 1e-5)
    np.testing.assert_allclose(walk(C, START, SGD(0.1), batch[None])[1], START - 0.1 * slope, atol=1e-9)


def test_the_figure_is_the_same_each_time_and_carries_a_still_one() -> None:
    page = descent()._repr_html_()
    assert page == descent(rng=np.random.default_rng(0))._repr_html_()
    assert page != descent(rng=np.random.default_rng(1))._repr_html_()
    still = re.search(r'<div class="sn-static">(.*?)</div>\n</sn-descent>', page, re.DOTALL)[1]
    assert "<svg" not in still  # what a notebook that is not trusted takes out
    panels = [
        base64.b64decode(drawn).decode() for drawn in re.findall(r'src="data:image/svg\+xml;base64,(.*?)"', still)
    ]
    assert [panel.count("<circle") for panel in panels] == [16] * 4
    shown = np.array(re.findall(r'<circle cx="(.*?)" cy="(.*?)"', panels[0]), float)
    slow = walk(C, START, SGD(0.05), np.repeat(ALL, 15, axis=0))
    np.testing.assert_allclose(shown, slow * (1, -1) * 70 / 3, atol=0.051)
    assert "2/λ<sub>max</sub> = 0.222" in still
    assert "style=" not in page
    far = loss(C, slow[-1])
    assert f"<tr><td>0.05</td><td>64</td><td>0.55</td><td>0.95</td><td>{far:.2g}</td></tr>" in still
    assert len(base64.b64decode(sent(page)["orders"])) == 50 * 64


def test_with_more_rules_to_choose_from_the_still_picture_has_a_path_of_each() -> None:
    page = descent(optimizers=("SGD", "Momentum", "Adam"))._repr_html_()
    assert sent(page)["optimizers"] == ["SGD", "Momentum", "Adam"]
    still = re.search(r'<div class="sn-static">(.*?)</div>\n</sn-descent>', page, re.DOTALL)[1]
    panels = [
        base64.b64decode(drawn).decode() for drawn in re.findall(r'src="data:image/svg\+xml;base64,(.*?)"', still)
    ]
    captions = re.findall("<figcaption>(.*?)</figcaption>", still)
    assert captions == ["plain, rate 0.15", "momentum, μ = 0.25, rate 0.25", "Adam, rate 0.25"]
    assert "at the best of ten rates from 0.05 to 0.5: the one that ends lowest" in still
    rules, batches = (SGD, lambda rate: Momentum(rate, 0.25), Adam), np.repeat(ALL, 15, axis=0)
    for panel, caption, rule in zip(panels, captions, rules, strict=True):
        shown, rate = np.array(re.findall(r'<circle cx="(.*?)" cy="(.*?)"', panel), float), float(caption.split()[-1])
        path = walk(C, START, rule(rate), batches)
        np.testing.assert_allclose(shown, path * (1, -1) * 70 / 3, atol=0.051)
        for other in np.arange(0.05, 0.51, 0.05):  # which the reader can choose as well
            assert loss(C, walk(C, START, rule(other), batches)[-1]) >= loss(C, path[-1]) * (1 - 1e-9)
    assert descent(optimizers=["Adam"])._repr_html_().count("<figcaption>") == 1


def test_the_best_momentum_is_no_worse_than_its_neighbours() -> None:
    """By the slowest of both axes: the largest root of z² − (1 + μ − ηλ)z + μ, which NumPy finds."""

    def slowest(rate: float, mu: float) -> float:
        return max(abs(root) for lam in (1, 9) for root in np.roots([1, rate * lam - 1 - mu, mu]))

    assert best_momentum(1, 9) == (0.25, 0.25)
    best = slowest(0.25, 0.25)
    assert best == pytest.approx(0.5)
    for rate, mu in ((0.26, 0.25), (0.24, 0.25), (0.25, 0.26), (0.25, 0.24), (0.24, 0.24), (0.26, 0.26)):
        assert slowest(rate, mu) > best + 1e-3


@pytest.mark.parametrize("optimizers", [(), "SGD", ("SGD", "AdamW")])
def test_a_rule_that_the_figure_does_not_have_is_refused(optimizers: object) -> None:
    with pytest.raises(ValueError, match=r"optimizers must be some of SGD, Momentum, Adam, not "):
        descent(optimizers=optimizers)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bad", "start", "sentence"),
    [
        (np.eye(3), START, "C must be symmetric, of shape"),
        ([[1, np.nan], [np.nan, 1]], START, "C must be symmetric"),
        ([[1, 2], [0, 1]], START, "C must be symmetric"),
        ([[1, 2], [2, 1]], START, "positive eigenvalues, not -1 and 3: this is no bowl"),
        (C, (0, 0), "start must be two numbers, not both 0"),
        (C, (1, np.inf), "start must be two numbers"),
        (C, (1, 2, 3), "start must be two numbers"),
    ],
)
def test_what_is_no_bowl_is_refused(bad: object, start: tuple[float, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        descent(bad, start=start)


def test_a_seed_is_no_generator() -> None:
    with pytest.raises(ValueError, match=r"rng must be a generator, not 7\. Pass np\.random\.default_rng\(7\)"):
        descent(rng=7)  # type: ignore[arg-type]
