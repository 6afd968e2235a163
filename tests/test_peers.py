"""Independent judges, live: HIPS autograd differentiates the same formulas, scikit-learn trains the same network."""

import warnings

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sklearn.neural_network

from scratchnet import (
    SGD,
    Kind,
    Linear,
    Momentum,
    Parameters,
    ReLU,
    Tanh,
    backward,
    cross_entropy,
    cross_entropy_backward,
    forward,
    initialize,
    linear_backward,
    predict_proba,
    relu_backward,
    softmax,
    softmax_backward,
    tanh,
    tanh_backward,
)

rng = np.random.default_rng(21)
N, D, H, K = 6, 7, 5, 4
X, y, upstream = rng.normal(size=(N, D)), rng.integers(K, size=N), rng.normal(size=(N, K))


def same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-14)


def test_linear_backward_equals_autograd() -> None:
    W, b = rng.normal(size=(D, K)), rng.normal(size=K)
    for block, ours in enumerate(linear_backward(upstream, X, W)):
        theirs = autograd.grad(lambda X, W, b: anp.sum(upstream * (anp.dot(X, W) + b)), block)(X, W, b)
        same(ours, theirs)


def test_relu_backward_equals_autograd() -> None:
    Z = rng.normal(size=(N, K))
    same(relu_backward(upstream, Z), autograd.grad(lambda Z: anp.sum(upstream * anp.where(Z > 0, Z, 0)))(Z))


def test_tanh_backward_equals_autograd() -> None:
    Z = rng.normal(size=(N, K))
    same(tanh_backward(upstream, tanh(Z)), autograd.grad(lambda Z: anp.sum(upstream * anp.tanh(Z)))(Z))


def test_softmax_backward_equals_autograd() -> None:
    Z = rng.normal(size=(N, K))
    theirs = autograd.grad(lambda Z: anp.sum(upstream * anp.exp(Z) / anp.sum(anp.exp(Z), axis=1, keepdims=True)))(Z)
    same(softmax_backward(upstream, softmax(Z)), theirs)


def autograd_loss(blocks: list[tuple[np.ndarray, np.ndarray]]) -> float:
    A = X
    for index, (W, b) in enumerate(blocks):
        Z = anp.dot(A, W) + b
        A = anp.where(Z > 0, Z, 0.0) if index < len(blocks) - 1 else Z
    picked = A[anp.arange(N), y]
    return anp.mean(anp.log(anp.sum(anp.exp(A), axis=1)) - picked)


@pytest.mark.parametrize("sizes", [(D, K), (D, H, K), (D, H, 6, K)])
def test_the_whole_network_equals_autograd(sizes: tuple[int, ...]) -> None:
    params = initialize(sizes, np.random.default_rng(1), scheme="uniform", dtype=np.float64)
    Z, cache = forward(params, X)
    grads = backward(params, cache, cross_entropy_backward(Z, y))
    blocks = [(layer.W, layer.b) for layer in params.layers]
    assert cross_entropy(Z, y) == pytest.approx(autograd_loss(blocks), rel=1e-13)
    for layer, (dW, db) in zip(grads.layers, autograd.grad(autograd_loss)(blocks), strict=True):
        same(layer.W, dW)
        same(layer.b, db)


@pytest.mark.parametrize("between", [ReLU(), Tanh()])
@pytest.mark.parametrize("momentum", [0, 0.9])
def test_training_takes_scikit_learn_s_very_steps(between: Kind, momentum: float) -> None:
    """From one start, full batch, no penalty: the same parameters and probabilities after every step."""
    peer = sklearn.neural_network.MLPClassifier(
        (H,), "relu" if between == ReLU() else "tanh", solver="sgd", alpha=0, batch_size=N, learning_rate_init=0.1,
        momentum=momentum, nesterovs_momentum=False, shuffle=False, random_state=0,
    )  # fmt: skip
    ours = Parameters([Linear(D, H), between, Linear(H, K)], np.float64)
    optimizer = Momentum(0.1, momentum) if momentum else SGD(0.1)
    labels = np.array([0, 1, 2, 3, 2, 1])
    peer.partial_fit(X, labels, classes=range(K))
    for velocity in peer._optimizer.velocities:  # that of this step, which only made its arrays
        velocity[:] = 0
    for layer, W, b in zip(ours.layers, peer.coefs_, peer.intercepts_, strict=True):
        layer.W[:], layer.b[:] = W, b
    for _ in range(5):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sklearn.exceptions.ConvergenceWarning)
            peer.partial_fit(X, labels)
        Z, cache = forward(ours, X)
        optimizer.step(ours, backward(ours, cache, cross_entropy_backward(Z, labels)))
        for layer, W, b in zip(ours.layers, peer.coefs_, peer.intercepts_, strict=True):
            same(layer.W, W)
            same(layer.b, b)
        same(predict_proba(ours, X), peer.predict_proba(X))
