"""Mark the exercises of the chapter "sgd"."""

from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint

Array = np.ndarray[Any, np.dtype[Any]]


@exercise("sgd.rates", "The steepest direction sets the limit, and both ends set the best rate.")
def _rates(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(5)
    matrices = [np.array([[5.0, 4.0], [4.0, 5.0]]), np.diag([0.5, 3.0, 0.2, 1.0])]
    for size in (3, 5, 4, 7, 2):
        A = rng.normal(size=(size, size))
        matrices.append(A @ A.T / size + 0.1 * np.eye(size))
    for C in matrices:
        eigenvalues, diagonal = np.linalg.eigvalsh(C), np.diag(C)
        low, high = float(eigenvalues[0]), float(eigenvalues[-1])
        limit, best = expect_several(answer(C.copy()), "limit", "best")
        if np.size(limit) == np.size(best) == 1 and np.allclose([limit, best], [2 / (low + high), 2 / high]):
            hint("The two are in the other order: first the limit, then the best rate.")
        expect_number(
            limit,
            2 / high,
            (1 / high, "At that rate the steepest direction is solved in one step and twice as much is still stable."),
            (2 / low, "The flattest direction allows that and the steepest one does not."),
            (float(2 / diagonal.max()), "The diagonal holds curvatures along the axes, so take the eigenvalues."),
            (high / low, "That is the condition number and the question asks for a rate."),
            tolerance=1e-6,
            where=f"The limit for eigenvalues from {low:.3g} to {high:.3g}: ",
        )
        expect_number(
            best,
            2 / (low + high),
            (1 / high, "That is the best rate for the steepest direction alone."),
            (
                1 / (low + high),
                "The two factors are equal and opposite where the rate times the SUM of both ends is 2.",
            ),
            (float(2 / eigenvalues.sum()), "Only the two ends count and not the sum of all eigenvalues."),
            (
                float(2 / (diagonal.min() + diagonal.max())),
                "The diagonal holds curvatures along the axes, so take the eigenvalues for the best rate as well.",
            ),
            ((high - low) / (high + low), "That is the factor by which the error shrinks at the best rate."),
            tolerance=1e-6,
            where=f"The best rate for eigenvalues from {low:.3g} to {high:.3g}: ",
        )


@exercise("sgd.batches", "Every image once in an epoch, and no two epochs alike.")
def _batches(answer: Any) -> None:
    expect_function(answer)
    N, B = 50, 8
    got = answer(N, B, np.random.default_rng(1))
    if isinstance(got, np.ndarray) and got.ndim:
        got = list(got)
    if not isinstance(got, list | tuple) or not all(np.ndim(rows) == 1 for rows in got):
        hint("Return a list of arrays, each with the row numbers of one batch.")
    if any(np.asarray(rows).dtype.kind not in "iu" for rows in got if len(rows)):
        hint("Row numbers are whole numbers: anything else cannot pick the rows of an array one by one.")
    sizes = [len(rows) for rows in got]
    if sizes == [8] * 6:
        hint("The last rows are lost: 50 rows make six batches of 8 and one of 2.")
    rows = np.concatenate([np.asarray(rows) for rows in got]) if got else np.zeros(0, int)
    if len(rows) and (rows.min() < 0 or rows.max() >= N):
        hint(f"Row numbers go from 0 to {N - 1}; yours from {rows.min()} to {rows.max()}.")
    if len(rows) == N and len(np.unique(rows)) < N:
        hint("Some rows come twice and others not at all: that is a draw with replacement. Shuffle instead.")
    if sorted(rows.tolist()) != list(range(N)):
        hint("Together the batches should hold each row number exactly once.")
    if sizes != [8] * 6 + [2]:
        hint(f"50 rows in batches of 8 are 8, 8, 8, 8, 8, 8, 2; yours are {', '.join(map(str, sizes))}.")
    if np.array_equal(rows, np.arange(N)):
        hint("The rows are in their old order. Cut up a permutation of them.")
    if all(np.ptp(batch) == len(batch) - 1 for batch in got):
        hint("Neighbours stay together in every batch: shuffle the rows before you cut, not the pieces afterwards.")
    if not np.array_equal(rows, np.concatenate(answer(N, B, np.random.default_rng(1)))):
        hint("The same seed gives another order: draw it from the `rng` that is handed in.")
    rng = np.random.default_rng(1)
    if np.array_equal(np.concatenate(answer(N, B, rng)), np.concatenate(answer(N, B, rng))):
        hint("Two calls with one generator give the same order: draw from `rng` itself, without a seed of your own.")
    for N, B in ((48, 8), (23, 5), (10, 10), (3, 7), (6, 1)):
        got = answer(N, B, rng)
        found, want = [len(rows) for rows in got], [min(B, N - s) for s in range(0, N, B)]
        case = f"{N} rows in batches of {B} "
        if found == [*want, 0]:
            hint(case + "leave nothing over, but yours end with an empty batch: round N / B up to count.")
        if found != want:
            hint(case + f"are {', '.join(map(str, want))}; yours are {', '.join(map(str, found))}.")
        if sorted(np.concatenate(got).tolist()) != list(range(N)):
            hint(case + "should hold each row number exactly once, and yours do not.")
    _well_shuffled(answer)


def _well_shuffled(answer: Any) -> None:
    """Hint unless, over many calls, each row is in each batch as often as chance has it, and so is each pair of rows.

    The order within a batch does not matter. The first test is Pearson's, by the formula of Wilson and Hilferty, since
    a shuffle that is a little uneven everywhere is far off nowhere; a right answer fails it once in 10⁶ times. It is
    as rare that one of the pairs misses its bound of six deviations.
    """
    N, B, calls, rng = 14, 4, 2000, np.random.default_rng(2)
    sizes = np.array([4, 4, 4, 2])
    where, together = np.zeros((N, len(sizes))), np.zeros((N, N))
    for _ in range(calls):
        for number, rows in enumerate(answer(N, B, rng)):
            where[rows, number] += 1
            together[np.ix_(rows, rows)] += 1
    chance = sizes / N
    off = np.abs(where - calls * chance) / np.sqrt(calls * chance * (1 - chance))
    freedom = (N - 1) * (len(sizes) - 1)
    chi_squared = (N - 1) / N * ((where - calls * chance) ** 2 / (calls * chance)).sum()
    if chi_squared > freedom * (1 - 2 / (9 * freedom) + 5.2 * np.sqrt(2 / (9 * freedom))) ** 3:
        row, batch = np.unravel_index(off.argmax(), off.shape)
        hint(
            f"In {calls} calls for {N} rows in batches of {B}, row {row} was in batch {batch} {where[row, batch]:.0f} "
            f"times; by chance it would be about {calls * chance[batch]:.0f}. All orders should be equally likely."
        )
    pairs = together[np.triu_indices(N, 1)]
    share = float((sizes * (sizes - 1)).sum() / (N * (N - 1)))
    if (np.abs(pairs - calls * share) > 6 * np.sqrt(calls * share * (1 - share))).any():
        hint(
            f"In {calls} calls, some two rows were in one batch {pairs.max():.0f} times and others {pairs.min():.0f} "
            "times. All pairs should meet equally often: make one permutation of all rows, anew at each call."
        )


@exercise("sgd.variance", "Two formulas that agree for a small batch, and part as it nears the whole.")
def _variance(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(2)
    first, second = rng.normal(0.7, 1.3, size=(12, 5)), rng.normal(-0.4, 0.8, size=(7, 9))
    for G, B, replace in (
        (first, 4, True),
        (first, 4, False),
        (first, 12, False),
        (first, 1, False),
        (first, 12, True),
        (second, 3, False),
        (second, 7, False),
        (second, 20, True),
    ):
        N, sigma2 = len(G), float(G.var(axis=0).sum())
        factor = 1.0 if replace else (N - B) / (N - 1)
        want = sigma2 / B * factor
        got = answer(G.copy(), B, replace)
        if B == N and not replace and np.size(got) == 1 and not np.isclose(float(np.asarray(got).reshape(())), 0):
            hint("With all N examples in the batch and none drawn twice, g is ∇L, and the error is 0.")
        expect_number(
            got,
            want,
            (sigma2 * factor, "The batch size is missing and a mean of B has a Bth of the variance."),
            (sigma2 / B, "Without replacement there is a factor that shrinks as the batch nears the whole."),
            (
                sigma2 / B * (N - B) / (N - 1),
                "The factor N minus B over N minus 1 belongs to draws without replacement.",
            ),
            (sigma2 / B * (N - B) / N, "The factor is N minus B over N MINUS 1."),
            (sigma2 * N / (N - 1) / B * factor, "Divide by N and not by N minus 1 for these N are all there are."),
            (float((G**2).sum(axis=1).mean()) / B * factor, "Subtract the mean gradient before you square."),
            (float(np.sqrt(want)), "That is the square root and the question asks for the square."),
            (sigma2 / G.shape[1] / B * factor, "Add up over the parameters and do not average."),
            (float(sigma2 / np.sqrt(B)) * factor, "The error falls with the root of B and its square with B."),
            tolerance=1e-5,
            where=f"For G of shape {G.shape}, B = {B} and replace = {replace}: ",
        )


@exercise("sgd.floor", "Half the floor costs half the rate, and that costs twice the steps.")
def _floor(answer: Any) -> None:
    expect_function(answer)
    for floor, lam, sigma2 in ((0.1, 2.0, 1.0), (3.0, 0.5, 2.5), (0.7, 1.3, 0.4), (20.0, 0.8, 1.5)):
        expect_number(
            answer(floor, lam, sigma2),
            4 * floor / (sigma2 + 2 * floor * lam),
            (4 * floor / sigma2, "That is right for small rates only as it takes 2 minus rate times lam for 2."),
            (
                2 * floor * lam / (sigma2 + floor * lam**2),
                "That makes E w squared equal to the floor and the loss is half of lam times that.",
            ),
            (2 * floor / (sigma2 + floor * lam), "The loss has a factor of one half."),
            (4 * floor / (sigma2 - 2 * floor * lam), "The sign changes when a term moves to the other side."),
            (4 * floor / (sigma2**2 + 2 * floor * lam), "The formula has the variance sigma2 and not its square."),
            (2 / lam, "That is the limit of stability and no floor is in it."),
            (
                floor * sigma2 / (2 * (2 - floor * lam)),
                "That is the floor of a given rate and the question is the other way round.",
            ),
            tolerance=1e-6,
            where=f"For a floor of {floor}, lam = {lam} and sigma2 = {sigma2}: ",
        )


@exercise("sgd.stairs", "A schedule is a function of the progress: nothing else has to know about it.")
def _stairs(answer: Any) -> None:
    expect_function(answer)
    for warmup in (0.2, 0.0, 0.05, 0.33, 0.45):
        inside = [
            *(0.05, 0.1, 0.2, 0.3, 0.49, 0.51, 0.6, 0.74, 0.76, 0.9, 1.0, 0.0),
            *np.arange(0.0125, 1, 0.025).tolist(),
        ]
        for progress in (*inside, warmup, 0.5, 0.75):  # the edges last, so that a wrong stair is found first
            try:
                got = answer(progress, warmup)
            except ZeroDivisionError:
                hint("Without a warm-up your function divides by zero: divide only where `progress < warmup`.")
            if got is None:
                hint(f"Nothing is returned for a progress of {progress} and a warm-up of {warmup}.")
            rising = progress < warmup
            stair = 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01
            want = progress / warmup if rising else stair
            if np.size(got) != 1 or np.asarray(got).dtype.kind not in "biuf":
                hint("Return one number, the factor of the rate.")
            value = float(np.asarray(got).reshape(()))
            if np.isclose(value, want):
                continue
            at = f"At a progress of {progress} with a warm-up of {warmup} the factor is {value:.4g}."
            if rising and np.isclose(value, progress):
                hint(f"{at} The rise has to reach 1 when the warm-up is over: divide by its length.")
            if rising and np.isclose(value, 1 - progress / warmup):
                hint(f"{at} It falls during the warm-up, and should rise.")
            if rising and value == 1:
                hint(f"{at} The warm-up is missing.")
            if progress in (0.5, 0.75) and np.isclose(value, 10 * want):
                hint(f"{at} A stair begins at ½ and at ¾ themselves: compare with <, not with <=.")
            if progress > 0.75 and np.isclose(value, 0.001):
                hint(f"{at} The last stair is a hundredth.")
            if progress >= 0.75 and np.isclose(value, 0.1):
                hint(f"{at} The second stair, at ¾, is missing.")
            if np.isclose(value, stair * progress / warmup if warmup else np.nan):
                hint(f"{at} The rise should end at the end of the warm-up.")
            hint(f"{at} It should be {want:.4g}.")


@exercise("sgd.momentum", "Steps that agree add up to a long one; steps that disagree cancel.")
def _momentum(answer: Any) -> None:
    expect_function(answer)
    for seed, (size, rate, mu) in enumerate(((4, 0.3, 0.8), (7, 0.05, 0.95), (1, 1.5, 0.4), (3, 0.7, 0.0))):
        _momentum_step(answer, np.random.default_rng(seed).normal(size=(3, size)), rate, mu)


def _momentum_step(answer: Any, arrays: Array, rate: float, mu: float) -> None:
    theta, v, grad = arrays.copy()
    mine = theta.copy(), v.copy(), grad.copy()
    new_theta, new_v = expect_several(answer(*mine, rate, mu), "θ", "v")
    if not all(np.array_equal(a, b) for a, b in zip((theta, v, grad), mine, strict=True)):
        hint("The arrays you were given have changed: write `v = mu * v + grad`, which makes a new one, not `v *= mu`.")
    new_theta, new_v = expect_array(new_theta, theta.shape), expect_array(new_v, theta.shape)
    right = mu * v + grad
    if np.allclose(new_theta, right) and np.allclose(new_v, theta - rate * right):
        hint("The two are in the other order: first θ, then v.")
    for wrong, sentence in (
        (mu * v + (1 - mu) * grad, "You weight the gradient with 1 − μ, like a running mean. Here it counts in full."),
        (mu * v - grad, "The velocity adds up gradients; the minus sign is in the step of θ."),
        (mu * v + rate * grad, "η is in the velocity already. Here it stands in the step of θ alone."),
        (mu * v - rate * grad, "That is another way to write it, with −η in the velocity. Keep to the two formulas."),
        (v, "The velocity that you return is the old one."),
        (v + mu * grad, "μ belongs to the old velocity, not to the gradient."),
        (v + grad, "The old velocity is kept in full. It fades by μ at every step."),
        (grad, "The old velocity is forgotten: that is plain gradient descent."),
    ):
        if not np.allclose(new_v, right) and np.allclose(new_v, wrong):
            hint(sentence)
    if not np.allclose(new_v, right):
        hint("The new velocity is μ times the old one, plus the gradient.")
    for step, sentence in (
        (-rate * v, "θ moved by the old velocity: compute the new one first."),
        (rate * right, "θ moved with the velocity, which points uphill. Subtract."),
        (-right, "The learning rate is missing in the step of θ."),
        (-rate * grad, "θ moved by the gradient alone. The velocity is what moves it."),
        (-rate * (grad + mu * right), "That looks ahead with the gradient added twice, as Nesterov's variant does."),
    ):
        if not np.allclose(new_theta, theta - rate * right) and np.allclose(new_theta, theta + step):
            hint(sentence)
    if not np.allclose(new_theta, theta - rate * right):
        hint("The velocity is right; the new θ is the old one minus η times the new velocity.")
