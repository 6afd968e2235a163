"""Accuracy, its interval, two models compared, calibration: against scikit-learn and SciPy, and by hand."""

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from scratchnet import accuracy, accuracy_interval, calibration, confusion_matrix, mcnemar

y_true, y_pred = np.array([0, 1, 2, 2, 2]), np.array([0, 2, 2, 2, 1])


def test_accuracy_by_hand() -> None:
    assert accuracy(y_true, y_pred) == 3 / 5


def test_confusion_matrix_by_hand_rows_are_the_truth() -> None:
    np.testing.assert_array_equal(confusion_matrix(y_true, y_pred, classes=3), [[1, 0, 0], [0, 0, 1], [0, 1, 2]])


def test_both_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(10, size=(2, 500))
    assert accuracy(y_true, y_pred) == sklearn.metrics.accuracy_score(y_true, y_pred)
    np.testing.assert_array_equal(confusion_matrix(y_true, y_pred), sklearn.metrics.confusion_matrix(y_true, y_pred))


def test_a_class_that_does_not_occur_has_an_empty_row() -> None:
    assert confusion_matrix(np.array([1]), np.array([1])).sum() == 1
    assert confusion_matrix(np.array([1]), np.array([1])).shape == (10, 10)


@pytest.mark.parametrize("metric", [accuracy, confusion_matrix])
@pytest.mark.parametrize(
    ("truth", "guess", "sentence"),
    [
        (np.array([], int), np.array([], int), "y_true must hold at least one label"),
        (1, 1, r"y_true must be an array of integer labels, not int. Pass np.array\(y_true\)"),
        (np.array([[1]]), np.array([1]), r"y_true must have shape \(1,\) .* not \(1, 1\). Pass y_true.ravel\(\)"),
        (np.array([1, 2]), np.array([1]), r"y_pred must have shape \(2,\)"),
        (np.array([1, 2]), np.array([[1], [2]]), r"y_pred must have shape \(2,\) .* Pass y_pred.ravel\(\)"),
        (np.array([1, 2]), np.full((2, 9), 0.1), r"y_pred must be an array of .* Pass y_pred.argmax\(axis=1\)"),
        (np.array([1.0]), np.array([1]), "y_true must be an array of integer labels, not dtype float64"),
    ],
)
def test_refuses_what_cannot_be_compared(metric: object, truth: np.ndarray, guess: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        metric(truth, guess)  # type: ignore[operator]


def test_confusion_matrix_refuses_a_label_outside_the_classes() -> None:
    with pytest.raises(ValueError, match=r"y_pred\[0\] is 10, but with 10 classes"):
        confusion_matrix(np.array([1]), np.array([10]))


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 10), (10, 10), (7, 10), (9_400, 10_000)])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_the_interval_is_scipys_wilson_interval(right: int, n: int, confidence: float) -> None:
    expected = scipy.stats.binomtest(right, n).proportion_ci(confidence, method="wilson")
    assert accuracy_interval(right, n, confidence) == pytest.approx(tuple(expected), abs=1e-12)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """For n = 50 and p = 0.94, exactly: the chance of those counts whose interval holds p."""
    held = sum(
        scipy.stats.binom.pmf(right, 50, 0.94)
        for right in range(51)
        if accuracy_interval(right, 50)[0] <= 0.94 <= accuracy_interval(right, 50)[1]
    )
    assert 0.93 < held < 0.99


@pytest.mark.parametrize("right", [-1, 11, 0.94])
def test_refuses_counts_that_cannot_be(right: int) -> None:
    with pytest.raises(ValueError, match=f"right must be a number of examples, from 0 to n = 10, not {right}"):
        accuracy_interval(right, 10)
    with pytest.raises(ValueError, match="n must be a whole number, at least 1, not 0"):
        accuracy_interval(0, 0)


@pytest.mark.parametrize("confidence", [0, 1, 95, float("nan")])
def test_refuses_a_confidence_that_is_no_probability(confidence: float) -> None:
    with pytest.raises(ValueError, match=f"confidence must lie between 0 and 1, not {confidence}"):
        accuracy_interval(1, 2, confidence)


def test_mcnemar_by_hand_counts_only_where_the_models_differ() -> None:
    truth = np.zeros(12, dtype=np.int64)
    a, b = truth.copy(), truth.copy()
    a[:4] = 1  # both wrong on two, only a wrong on two more
    b[[0, 1, 6, 7, 8, 9, 10]] = 1  # only b wrong on five
    found = mcnemar(truth, a, b)
    assert (found.only_a, found.only_b) == (5, 2)
    assert found.p_value == pytest.approx(2 * (1 + 7 + 21) / 2**7)  # none, one or two of seven tosses, either way


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (3, 3), (1, 9), (240, 200), (5000, 4800)])
def test_mcnemar_is_scipys_binomial_test(only_a: int, only_b: int) -> None:
    truth = np.zeros(only_a + only_b + 5, dtype=np.int64)
    a, b = truth.copy(), truth.copy()
    b[:only_a] = 1
    a[only_a : only_a + only_b] = 1
    expected = scipy.stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert mcnemar(truth, a, b).p_value == pytest.approx(expected, rel=1e-9)
    assert mcnemar(truth, b, a).p_value == mcnemar(truth, a, b).p_value


def test_mcnemar_refuses_predictions_of_another_length() -> None:
    with pytest.raises(ValueError, match=r"y_pred must have shape \(5,\)"):
        mcnemar(y_true, y_pred, y_pred[:4])
    with pytest.raises(ValueError, match=r"y_pred must have shape \(5,\)"):
        mcnemar(y_true, y_pred[:4], y_pred)


def test_calibration_by_hand() -> None:
    P = np.array([[0.9, 0.1], [0.8, 0.2], [0.45, 0.55], [1.0, 0.0]])
    found = calibration(P, np.array([0, 1, 1, 0]), bins=5)
    np.testing.assert_array_equal(found.answers, [0, 0, 1, 1, 2])  # 0.8 closes its bin, 1.0 the last
    np.testing.assert_allclose(found.confidence, [np.nan, np.nan, 0.55, 0.8, 0.95])
    np.testing.assert_allclose(found.accuracy, [np.nan, np.nan, 1, 0, 1])
    assert found.error == pytest.approx((0.45 + 0.8 + 2 * 0.05) / 4)


def test_calibration_agrees_with_scikit_learn() -> None:
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(1)
    P = rng.dirichlet([0.3] * 4, 2000)
    truth = rng.integers(4, size=2000)
    found = calibration(P, truth, bins=8)
    accuracy_of, confidence_of = calibration_curve(P.argmax(axis=1) == truth, P.max(axis=1), n_bins=8)
    some = found.answers > 0
    np.testing.assert_allclose(found.accuracy[some], accuracy_of)
    np.testing.assert_allclose(found.confidence[some], confidence_of)


def test_what_comes_true_as_often_as_it_was_said_has_next_to_no_error() -> None:
    rng = np.random.default_rng(2)
    P = rng.dirichlet([1.0] * 3, 100_000)
    truth = (rng.random((100_000, 1)) > P.cumsum(axis=1)[:, :2]).sum(axis=1)
    assert calibration(P, truth).error < 0.01
    assert calibration(P, (truth + 1) % 3).error > 0.2


@pytest.mark.parametrize(
    ("P", "sentence"),
    [
        (np.array([[3.0, -2.0]]), "P must hold probabilities.*Are these logits"),
        (np.array([[0.5, 0.4]]), "P must hold probabilities"),
        (np.array([0.5, 0.5]), "P must be a float matrix"),
    ],
)
def test_calibration_refuses_what_is_no_probability(P: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        calibration(P, np.array([0]))


def test_calibration_refuses_no_bins() -> None:
    with pytest.raises(ValueError, match="bins must be a whole number, at least 1, not 0"):
        calibration(np.array([[0.5, 0.5]]), np.array([0]), bins=0)
