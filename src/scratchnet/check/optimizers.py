"""Mark the exercises of the chapter "optimizers"."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same

Array = np.ndarray[Any, np.dtype[Any]]
EPSILON = 1e-8


@exercise("optimizers.first", "Two equal gradients, two steps of the rate: their size is nowhere in the result.")
def _first(answer: Any) -> None:
    names = ("after the first step", "after the second")
    first, second = expect_several(answer, *names)
    for found, want, steps in ((first, 0.9, 1), (second, 0.8, 2)):
        mean, square = 0.02 * (1 - 0.9**steps), 0.0004 * (1 - 0.999**steps)
        expect_number(
            found,
            want,
            (1 + 0.1 * steps, "θ went uphill: a step goes against the gradient."),
            (1 - 0.1 * 0.02 * steps, "That is plain descent. Adam divides by √ŝ."),
            (1 - 0.1 * mean / np.sqrt(square), "m and s are not yet corrected: divide them by 1 − β₁ᵗ and 1 − β₂ᵗ."),
            (1 - 0.1 * 0.02 / 0.0004, "You divided by ŝ itself. The root is missing."),
            (1 - 0.1 * mean / 0.02, "Only s is corrected. m begins at 0 as well, so it is divided by 1 − β₁ᵗ."),
            (0.9 if steps == 2 else 0.8, "Is that the other one of the two steps?"),
            tolerance=1e-4,
            where=f"θ {names[steps - 1]}: ",
        )


@exercise("optimizers.weights", "An average that forgets is still an average: its weights sum to 1.")
def _weights(answer: Any) -> None:
    expect_function(answer)
    for beta, t in ((0.5, 3), (0.9, 1), (0.8, 6), (0.99, 40)):
        raw = (1 - beta) * beta ** np.arange(t - 1, -1, -1.0)
        want, found = raw / (1 - beta**t), expect_array(answer(beta, t), (t,))
        case = f"For beta = {beta} and t = {t}: "
        if same(found, want):
            continue
        if same(found, want[::-1]):
            hint(case + "the order is turned round. The latest gradient weighs most, and it stands last.")
        if same(found, raw) or same(found, raw[::-1]):
            hint(case + f"the weights sum to {found.sum():.3g}: that is m before its correction.")
        if same(found, raw / (1 - beta)):
            hint(case + "that is the velocity, which is a sum and no average: its weights do not sum to 1.")
        if same(found, np.full(t, 1 / t)) and t > 1:
            hint(case + "all weights are equal, so nothing is forgotten.")
        if np.isclose(found.sum(), 1):
            hint(case + "they sum to 1, as they should. Each should be β times the one that comes after it.")
        hint(case + f"the weights sum to {found.sum():.3g}, and should sum to 1.")


@exercise("optimizers.ten", "What divides a gradient by its own size cannot see the scale of the loss.")
def _ten(answer: Any) -> None:
    if isinstance(answer, str) or not isinstance(answer, set | frozenset | tuple | list):
        hint("Give a set of names, as in the question.")
    names = ("SGD", "momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam", "AdamW", "Adam with a penalty")
    for name in answer:
        if name not in names:
            hint(f"{name!r} is none of the names in the question. Write them as they stand there.")
    for name, sentence in (
        ("SGD", "A step of SGD is η times the gradient, so ten times the loss makes ten times the step."),
        ("momentum", "The velocity is a sum of gradients. What happens to it when each is ten times as large?"),
        ("Nesterov", "Looking ahead does not divide by anything."),
        (
            "Adam with a penalty",
            "Here Adam sees the gradient ∇L + λθ, and only ∇L is multiplied by ten. Does the sum stay in shape?",
        ),
    ):
        if name in answer:
            hint(f"{name!r} is in your set. {sentence}")
    for name, sentence in (
        ("AdaGrad", "It divides by the root of a sum of squares. By what does that root grow?"),
        ("RMSProp", "It divides by the root of an average of squares. By what does that root grow?"),
        ("Adam", "By what does m̂ grow, and by what √ŝ?"),
        ("AdamW", "Its decay is not in the gradient at all, so what of it depends on the loss?"),
    ):
        if name not in answer:
            hint(f"{name!r} is not in your set. {sentence}")


@exercise("optimizers.best", "Where plain descent has κ, momentum has its root.")
def _best(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(3)
    matrices = [np.array([[5.0, 4.0], [4.0, 5.0]]), np.diag([0.3, 2.0, 7.0])]
    for size in (3, 5, 2):
        A = rng.normal(size=(size, size))
        matrices.append(A @ A.T / size + 0.2 * np.eye(size))
    for C in matrices:
        low, *_, high = (float(value) for value in np.linalg.eigvalsh(C))
        a, b, case = low**0.5, high**0.5, f"For eigenvalues from {low:.3g} to {high:.3g}, "
        rate, mu = expect_several(answer(C.copy()), "the rate", "μ")
        right = (2 / (a + b)) ** 2, ((b - a) / (b + a)) ** 2
        single = np.size(rate) == np.size(mu) == 1
        if single and np.allclose([mu, rate], right) and not np.isclose(*right):
            hint("The two are in the other order: first the rate, then μ.")
        expect_number(
            rate,
            right[0],
            (2 / (low + high), "That is the best rate of plain descent."),
            (2 / (a + b), "That is the root of the rate: the sum of the two conditions gives √η."),
            (4 / (low + high), "Add the roots of the curvatures and square the sum, not the other way round."),
            (1 / high, "At that rate the steepest direction alone is solved in one step, without momentum."),
            tolerance=1e-6,
            where=case + "the rate: ",
        )
        expect_number(
            mu,
            right[1],
            ((b - a) / (b + a), "That is √μ, the factor by which the distance shrinks."),
            ((high - low) / (high + low), "That is the factor of plain descent: take the root of κ."),
            (((high - low) / (high + low)) ** 2, "There κ stands where its root belongs."),
            (((b - 1) / (b + 1)) ** 2, "κ is the largest eigenvalue over the smallest, and not the largest alone."),
            tolerance=1e-6,
            where=case + "μ: ",
        )


@exercise("optimizers.adamw", "The decay is beside the step, where no √ŝ can reach it.")
def _adamw(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(4)
    cases = (3, 0.01, 0.5, 1), (5, 0.2, 0.1, 2), (1, 0.05, 0.3, 7), (4, 0.1, 0.0, 3), (2, 0.1, 0.2, 1)
    for size, rate, decay, t in cases:
        theta, m, g = rng.normal(size=(3, size))
        s = rng.random(size)
        if t == 1:
            m, s = np.zeros(size), np.zeros(size)
        if size == 2:  # weights of pixels at the border have such gradients; only here it matters where ε stands
            g = np.array([0.0, 1e-6])
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = answer(theta.copy(), m.copy(), s.copy(), g.copy(), t, rate, decay)
        found = expect_several(moved, "θ", "m", "s")
        if size == 2 and np.isnan(np.asarray(found[0], float)).any():
            hint("A parameter that has had no gradient at all comes to 0/0. Add ε to the root, and divide by the sum.")
        theta_new, m_new, s_new = (expect_array(part, (size,)) for part in found)
        want_m, want_s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        penalized = g + decay * theta
        if decay and same(m_new, 0.9 * m + 0.1 * penalized):
            hint(
                "λθ is in your gradient, and Adam divides it by √ŝ: that is a penalty. The decay stays outside m and s."
            )
        if not same(m_new, want_m):
            hint("m is not yet β₁m + (1 − β₁)g. (Give it back as it is remembered, before the correction.)")
        if not same(s_new, want_s):
            if same(s_new, 0.999 * s + 0.001 * np.abs(g)):
                hint("s averages the squares of the gradient, and not its size.")
            hint("s is not yet β₂s + (1 − β₂)g². (Give it back as it is remembered, before the correction.)")
        _adamw_step(theta_new, theta, want_m, want_s, t, rate, decay)


def _adamw_step(found: Array, theta: Array, m: Array, s: Array, t: int, rate: float, decay: float) -> None:
    """Hint unless θ has moved as it should, from m and s that are right."""
    c = np.sqrt(1 - 0.999**t)
    step = rate * m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + EPSILON)
    want = (1 - rate * decay) * theta - step
    if same(found, want):
        return
    for wrong, sentence in (
        (theta - step, "m and s are right, and so is Adam's step. The decay of θ is missing."),
        ((1 - decay) * theta - step, "The decay is the rate times λ: a smaller rate makes it smaller too."),
        ((1 + rate * decay) * theta - step, "θ grows where it should decay: the factor is 1 − ηλ."),
        ((1 - rate * decay) * theta + step, "The step goes uphill."),
        ((1 - rate * decay) * theta - rate * m / (np.sqrt(s) + EPSILON), "m and s enter without their correction."),
        (
            (1 - rate * decay) * theta - rate * m / (1 - 0.9**t) / (s / (1 - 0.999**t) + EPSILON),
            "You divide by ŝ itself. The root is missing.",
        ),
        (
            (1 - rate * decay) * theta - rate * m / (1 - 0.9**t) / np.sqrt(s / (1 - 0.999**t) + EPSILON),
            "Your ε stands under the root, where a tiny gradient drowns in it. Add it to the root.",
        ),
        (
            (1 - rate * decay) * theta - rate * m / (1 - 0.9**t) * c / (np.sqrt(s) + EPSILON),
            "Your ε is added to √s. Correct s first: ε is added to √ŝ.",
        ),
    ):
        if same(found, wrong):
            hint(sentence)
    hint("m and s are right; θ should be (1 − ηλ)θ, less Adam's step.")


def lookahead(
    gradient: Callable[[Array], Array], theta: Array, rate: float, mu: float, steps: int, ahead: bool = True
) -> tuple[Array, Array]:
    """Return where Nesterov's steps lead, and the places ahead: both (steps + 1, Q). Without `ahead`, momentum's."""
    v, thetas, places = np.zeros_like(theta), [theta], [theta]
    for _ in range(steps):
        v = mu * v + gradient(places[-1] if ahead else theta)
        theta = theta - rate * v
        thetas.append(theta)
        places.append(theta - rate * mu * v)
    return np.array(thetas), np.array(places)


@exercise("optimizers.lookahead", "Two descriptions of one walk: PyTorch's formula keeps only the places ahead.")
def _lookahead(answer: Any) -> None:
    expect_function(answer)
    for C, start, rate, mu, steps in (
        (np.array([[5.0, 4.0], [4.0, 5.0]]), [2.0, 0.0], 0.1, 0.5, 6),
        (np.diag([1.0, 3.0, 0.2]), [1.0, -1.0, 2.0], 0.2, 0.9, 9),
        (np.array([[2.0]]), [3.0], 0.3, 0.0, 4),
    ):
        gradient, w = partial(np.dot, C), np.array(start)
        found = expect_array(answer(gradient, w.copy(), rate, mu, steps), (steps + 1, len(w)))
        thetas, places = lookahead(gradient, w, rate, mu, steps)
        if same(found, places):
            continue
        if not same(found[0], w):
            hint("The first place is the start itself: while the velocity is 0, looking ahead leads nowhere else.")
        if same(found, lookahead(gradient, w, rate, mu, steps, ahead=False)[0]):
            hint("That is plain momentum. Measure the slope where the velocity is about to lead, at θ − ημv.")
        if same(found, thetas):
            hint("Those are the places θ. Return the places ahead, θ − ημv, where the slopes are measured.")
        wrong = int(np.argmax(np.abs(found - places).max(axis=1) > 1e-6))
        hint(f"With rate = {rate} and mu = {mu} the places part at number {wrong}, counted from the start as 0.")
