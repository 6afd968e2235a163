"""The judge is judged: right gradients pass, each published mistake is caught and its block named."""

from collections.abc import Callable

import numpy as np
import pytest

from scratchnet import (
    Parameters,
    backward,
    check_gradients,
    cross_entropy,
    cross_entropy_backward,
    forward,
    initialize,
    numerical_gradient,
    relative_error,
)

rng = np.random.default_rng(11)
X, y = rng.normal(size=(6, 5)), np.array([0, 1, 2, 2, 1, 0])


@pytest.fixture
def params() -> Parameters:
    return initialize((5, 4, 3), np.random.default_rng(2), dtype=np.float64)


def test_numerical_gradient_of_a_cubic_by_hand() -> None:
    x = np.array([[1.0, -2.0]])
    # (x+h)^3 - (x-h)^3 over 2h is 3x^2 + h^2
    np.testing.assert_allclose(numerical_gradient(lambda v: float((v**3).sum()), x, eps=0.1), [[3.01, 12.01]])
    np.testing.assert_array_equal(x, [[1, -2]])


def test_numerical_gradient_puts_x_back_when_f_raises() -> None:
    x = np.array([1.0, 2.0])

    def raises(v: np.ndarray) -> float:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        numerical_gradient(raises, x)
    np.testing.assert_array_equal(x, [1, 2])


def test_numerical_gradient_refuses_float32() -> None:
    with pytest.raises(ValueError, match="x must be float64 for a numerical gradient, not float32"):
        numerical_gradient(lambda v: 0.0, np.zeros(2, np.float32))
    with pytest.raises(ValueError, match=r"x must be float64 .* not list. Pass np.array\(x, dtype=float\)"):
        numerical_gradient(lambda v: 0.0, [1.0, 2.0])  # type: ignore[arg-type]


@pytest.mark.parametrize("eps", [0, -1e-5, "1e-5"])
def test_numerical_gradient_refuses_a_nudge_that_is_none(eps: float) -> None:
    with pytest.raises(ValueError, match="eps must be a positive number, not"):
        numerical_gradient(lambda v: 0.0, np.zeros(2), eps)


def test_numerical_gradient_refuses_a_function_that_returns_no_number() -> None:
    x = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match="f must return one number, not a ndarray"):
        numerical_gradient(lambda v: v**2, x)  # type: ignore[arg-type, return-value]
    np.testing.assert_array_equal(x, [1, 2])


def test_relative_error_by_hand() -> None:
    a = np.array([3.0, 4.0])
    assert relative_error(a, a) == 0
    assert relative_error(a, -a) == 1
    assert relative_error(a, 0 * a) == 1
    assert relative_error(0 * a, 0 * a) == 0
    assert relative_error(a, 3 * a) == pytest.approx(0.5)
    with pytest.raises(ValueError, match=r"the same shape, not \(2,\) and \(2, 1\)"):
        relative_error(a, a[:, None])


def test_the_network_passes_block_by_block(params: Parameters) -> None:
    report = check_gradients(params, X, y)
    assert report
    assert [block.block for block in report.blocks] == ["layer 1, W", "layer 1, b", "layer 2, W", "layer 2, b"]
    assert all(block.error < 1e-9 for block in report.blocks)


def test_checking_leaves_the_parameters_as_they_were(params: Parameters) -> None:
    before = params.theta.copy()
    check_gradients(params, X, y)
    np.testing.assert_array_equal(params.theta, before)


def test_the_report_prints_a_line_a_block(params: Parameters) -> None:
    lines = repr(check_gradients(params, X, y, gradient=bias_without_an_axis)).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("layer 1, W")
    assert lines[0].endswith("ok")
    assert lines[3].startswith("layer 2, b")
    assert lines[3].endswith("WRONG")


def test_tolerance_is_a_bound_that_the_error_must_stay_below(params: Parameters) -> None:
    errors = [block.error for block in check_gradients(params, X, y).blocks]
    assert not check_gradients(params, X, y, tolerance=max(errors))
    assert check_gradients(params, X, y, tolerance=max(errors) * 1.01)


def test_a_coarser_nudge_has_a_larger_error(params: Parameters) -> None:
    fine, coarse = (check_gradients(params, X, y, eps=eps, tolerance=1).blocks[0].error for eps in (1e-5, 1e-3))
    assert coarse > 100 * fine


def test_another_loss_is_the_judge_when_one_is_given(params: Parameters) -> None:
    def tenth(params: Parameters, X: np.ndarray, y: np.ndarray) -> float:
        return cross_entropy(forward(params, X)[0], y) / 10

    def tenth_gradient(params: Parameters, X: np.ndarray, y: np.ndarray) -> Parameters:
        grads, _, _ = honest(params, X, y)
        grads.theta /= 10
        return grads

    assert check_gradients(params, X, y, loss=tenth, gradient=tenth_gradient)
    report = check_gradients(params, X, y, loss=tenth)
    # ten times too large: |10 - 1| / (10 + 1)
    assert [block.error for block in report.blocks] == pytest.approx([9 / 11] * 4)


# --- the published mistakes of the evidence, each rebuilt in a few lines ---


def honest(params: Parameters, X: np.ndarray, y: np.ndarray) -> tuple[Parameters, list, np.ndarray]:
    Z, cache = forward(params, X)
    dZ = cross_entropy_backward(Z, y)
    return backward(params, cache, dZ), cache, dZ


def bias_without_an_axis(params: Parameters, X: np.ndarray, y: np.ndarray) -> Parameters:
    """The much-copied notebook: one number for a whole layer's biases."""
    grads, _, dZ = honest(params, X, y)
    grads.layers[1].b[:] = dZ.sum()
    return grads


def mask_of_the_output(params: Parameters, X: np.ndarray, y: np.ndarray) -> Parameters:
    """numpy-tutorials at d8a82a1: `output >= 0` after ReLU is true everywhere."""
    grads, cache, dZ = honest(params, X, y)
    dA = (dZ @ params.layers[1].W.T) * (cache[2] >= 0)
    grads.layers[0].W[:], grads.layers[0].b[:] = X.T @ dA, dA.sum(axis=0)
    return grads


def value_for_a_mask(params: Parameters, X: np.ndarray, y: np.ndarray) -> Parameters:
    """mlbook at 35f1d80: multiplies by max(H, 0) where the mask H > 0 belongs."""
    grads, cache, dZ = honest(params, X, y)
    dA = (dZ @ params.layers[1].W.T) * np.maximum(cache[1], 0)
    grads.layers[0].W[:], grads.layers[0].b[:] = X.T @ dA, dA.sum(axis=0)
    return grads


def another_mean(params: Parameters, X: np.ndarray, y: np.ndarray) -> Parameters:
    """machine-learning-book at 35ab377: the gradient of a loss K times the one reported."""
    grads, _, _ = honest(params, X, y)
    grads.theta *= 3
    return grads


def unweighted(params: Parameters, X: np.ndarray, y: np.ndarray) -> Parameters:
    """The family of tinynn at 0fb0f94: a class's weight in the wrong place, here doubled for class 2."""
    _, cache, dZ = honest(params, X, y)
    return backward(params, cache, dZ * np.where(y == 2, 2.0, 1.0)[:, None])


ALL = ("layer 1, W", "layer 1, b", "layer 2, W", "layer 2, b")


@pytest.mark.parametrize(
    ("mistake", "wrong_blocks"),
    [
        (bias_without_an_axis, ALL[3:]),
        (mask_of_the_output, ALL[:2]),
        (value_for_a_mask, ALL[:2]),
        (another_mean, ALL),
        (unweighted, ALL),
    ],
)
def test_each_published_mistake_is_caught_and_its_blocks_named(
    params: Parameters, mistake: Callable[..., Parameters], wrong_blocks: tuple[str, ...]
) -> None:
    report = check_gradients(params, X, y, gradient=mistake)
    assert not report
    assert tuple(block.block for block in report.blocks if not block.passed) == wrong_blocks
    assert all(block.error > 0.01 for block in report.blocks if not block.passed)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"params": initialize((5, 4, 3), rng)},
            "params must be float64, not float32: initialize them with dtype=np.fl",
        ),
        ({"params": np.zeros(9)}, "params must be Parameters"),
        ({"X": X.T}, r"X has shape \(5, 6\), but its rows must be the examples. Pass X.T"),
        ({"X": np.where(X > 1, np.nan, X)}, "X must be finite numbers, but nan stands in row"),
        ({"y": y + 1}, "If your labels begin at 1, pass y - 1"),
        ({"tolerance": 0}, "tolerance must be a positive number, not 0"),
        ({"gradient": lambda params, X, y: params.theta}, "what `gradient` returns must be Parameters"),
    ],
)
def test_refuses_what_cannot_be_checked(params: Parameters, changes: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_gradients(**({"params": params, "X": X, "y": y} | changes))


@pytest.mark.parametrize("given", ["gradient", "loss"])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"X": X[:, :4]}, r"^X has 4 columns and the network 5 inputs$"),
        ({"X": np.where(X > 1, np.inf, X)}, r"^X must be finite numbers, but inf stands in row"),
        ({"y": np.array([0, 1, 2, 2, 1, 3])}, r"^y\[5\] is 3, but with 3 classes a label is from 0 to 2$"),
        ({"y": y[:5]}, r"^y must have shape \(6,\)"),
    ],
)
def test_examples_that_do_not_fit_are_refused_before_a_function_of_one_s_own_sees_them(
    params: Parameters, changes: dict, sentence: str, given: str
) -> None:
    called: list[object] = []
    with pytest.raises(ValueError, match=sentence):
        check_gradients(**({"params": params, "X": X, "y": y} | changes | {given: lambda *these: called.append(these)}))
    assert not called


def test_refuses_parameters_that_are_no_longer_numbers(params: Parameters) -> None:
    params.theta[4] = np.inf
    with pytest.raises(ValueError, match=r"params\.theta must be finite numbers, but inf stands in place 4"):
        check_gradients(params, X, y)


def test_a_loss_and_a_gradient_of_one_s_own_take_whatever_they_take(params: Parameters) -> None:
    def slope(params: Parameters, scale: float, nothing: None) -> Parameters:
        grads = Parameters(params.sizes, np.float64)
        grads.theta[:] = scale
        return grads

    assert check_gradients(params, 3.0, None, gradient=slope, loss=lambda p, scale, _: scale * float(p.theta.sum()))


def test_refuses_gradients_of_another_network() -> None:
    params = initialize((2, 3, 2), np.random.default_rng(0), dtype=np.float64)
    with pytest.raises(ValueError, match="the gradients are for a network 2-2 and the parameters for 2-3-2"):
        check_gradients(params, np.ones((1, 2)), np.array([0]), gradient=lambda *_: Parameters((2, 2), np.float64))
