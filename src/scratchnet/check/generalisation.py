"""Mark the exercises of the chapter "generalisation"."""

from typing import Any

import numpy as np

from scratchnet.check import exercise, expect_array, expect_function, expect_number, expect_several, hint, same

Array = np.ndarray[Any, np.dtype[Any]]


@exercise("generalisation.decay", "Twice as many images, half the price: the belief counts once and every image once.")
def _decay(answer: Any) -> None:
    expect_function(answer)
    for N, tau in ((5000, 0.3), (100, 2.0), (42_000, 0.05), (7, 1.0)):
        expect_number(
            answer(N, tau),
            1 / (N * tau**2),
            (1 / tau**2, "That is the price beside the SUM of the losses. Ours is their mean, so divide by N."),
            (1 / (2 * N * tau**2), "The ½ is in the price already: λ/2 times the sum of squares."),
            (1 / (2 * tau**2), "The ½ is in the price already, and our loss is a mean, so divide by N."),
            (1 / (N * tau), "The bell curve has the SQUARE of its standard deviation in the exponent."),
            (N / tau**2, "More images say more, so the price gets smaller with N."),
            (tau**2 / N, "A wide belief, a large tau, asks a small price: tau squared stands below."),
            (N * tau**2, "That is 1/λ."),
            tolerance=1e-7,  # room for float32, and far below the smallest of these prices
            where=f"For N = {N} and tau = {tau}: ",
        )


@exercise("generalisation.stopping", "Few steps, high price; and the steeper the valley, the less it pays.")
def _stopping(answer: Any) -> None:
    expect_function(answer)
    for h, rate, steps in ((0.4, 0.1, 4), (2.0, 0.3, 3), (0.01, 0.1, 100), (0.8, 0.25, 1)):
        left, late, early = ((1 - rate * h) ** n for n in (steps, steps + 1, steps - 1))
        expect_number(
            answer(h, rate, steps),
            left / (1 - left) * h,
            (1 / (rate * steps), "That is nearly right where rate · h · steps is small. Find the one that always is."),
            (left / (1 - left), "The h is missing: λ/(h + λ) is the share that is left, and h counts in it."),
            ((1 - left) / left * h, "That is upside down: with more steps less is left, and the price is smaller."),
            (h / (1 - left), "That is h + λ. Take h away."),
            (left * h, "λ stands above and below in λ/(h + λ). Solve for it."),
            (left, "That is the share of the way that is left. Which λ leaves as much?"),
            (1 - left, "That is the share of the way that is done. Which λ leaves as much undone?"),
            (late / (1 - late) * h, "One step too many."),
            (early / (1 - early) * h if steps > 1 else np.inf, "One step too few."),
            where=f"For h = {h}, a rate of {rate} and {steps} steps: ",
        )


@exercise("generalisation.dropout", "One mask for both ways, with its factor.")
def _dropout(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(3)
    for shape, rate in (((5, 7), 0.2), ((4, 3), 0.5), ((6, 6), 0.75)):
        A, dA_after = rng.random(shape) + 0.1, rng.normal(size=shape)
        coins = (rng.random(shape) >= rate).astype(float)
        coins[0, 0], coins[0, 1] = 1, 0
        A[0, 2], coins[0, 2] = 0, 1  # as after ReLU: an activation of 0 whose unit stays
        ahead, back = expect_several(answer(A.copy(), dA_after.copy(), coins.copy(), rate), "A after", "dA")
        ahead, back = expect_array(ahead, shape), expect_array(back, shape)
        mask = coins / (1 - rate)
        if same(ahead, dA_after * mask) and same(back, A * mask):
            hint("The two are in the other order: first the activations, then the gradient.")
        for got, array, way in ((ahead, A, "forward"), (back, dA_after, "back")):
            if same(got, array * coins):
                hint(f"On the way {way} the factor is missing: those that stay are divided by 1 − rate.")
            if same(got, array * coins / rate) and rate != 0.5:
                hint(f"On the way {way} you divide by the rate. A unit STAYS with probability 1 − rate.")
            if same(got, array * (1 - coins) / (1 - rate)) or same(got, array * (1 - coins)):
                hint(f"On the way {way} you silence the units that stay: a coin of 1 means that a unit stays.")
            if same(got, array * coins * (1 - rate)):
                hint(f"On the way {way} you make those that stay smaller. They have to make up for the others.")
            if same(got, array):
                hint(f"On the way {way} nothing is silenced.")
            if way == "back" and same(got, array * mask * A):
                hint("The derivative of a·m with respect to a is m; there is no a in it.")
            if way == "back" and same(got, array * mask * (A != 0)):
                hint("An activation can be 0 though its unit stays. Ask `coins` which stay, and not the activations.")
            if way == "back" and same(got, array * mask * mask):
                hint("On the way back the mask comes twice. The upstream gradient has not met it yet.")
            if not same(got, array * mask):
                hint(f"On the way {way} each entry is multiplied by 0, or by 1 / (1 − rate).")


@exercise("generalisation.shift", "Where ink moves down, a pixel looks up.")
def _shift(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(4)
    small = ((1, 0), (0, 2), (2, 1), (-1, 3), (0, -2), (-2, -1), (0, 0), (6, 0), (-7, 1), (0, 9))
    for S, down, right in (*((6, *move) for move in small), (9, 3, -2), (9, -30, 0)):
        images = rng.random((S // 2, S, S)) + 0.1
        got = expect_array(answer(images.copy(), down, right), images.shape)
        where = f"With down = {down} and right = {right}: "
        if np.allclose(got, _shifted(images, down, right)):
            continue
        if np.allclose(got, _shifted(images, -down, -right)):
            hint(f"{where}the ink goes the other way. Where ink moves down, a pixel looks up.")
        if np.allclose(got, _shifted(images, right, down)):
            hint(f"{where}down and right are exchanged. Rows are counted downwards and come first.")
        if np.allclose(got, np.roll(images, (down, right), (1, 2))):
            hint(f"{where}what leaves at one edge comes back at the other. It should be lost, and paper come in.")
        if np.allclose(got, np.roll(images, (down, right), (0, 1))):
            hint(f"{where}axis 0 counts the images, axis 1 the rows, and axis 2 the columns.")
        if np.allclose(got, images):
            hint(f"{where}nothing has moved. A slice such as `[-0:]` is the whole, so 0 may need a thought of its own.")
        if abs(down) >= S or abs(right) >= S:
            hint(f"{where}all the ink has left, so there is only paper.")
        hint(f"{where}some pixels are wrong. Look at a small image with a single pixel of ink.")


def _shifted(images: Array, down: int, right: int) -> Array:
    """Return images that have moved: each pixel is sent to its new place, and where none is sent there is paper."""
    S = images.shape[1]
    moved = np.zeros_like(images)
    for i in range(S):
        for j in range(S):
            if 0 <= i + down < S and 0 <= j + right < S:
                moved[:, i + down, j + right] = images[:, i, j]
    return moved


@exercise("generalisation.turn", "The centre stays, and the moves grow with the distance from it.")
def _turn(answer: Any) -> None:
    expect_function(answer)
    for S, phi in ((5, 0.3), (4, -0.7), (28, 0.1), (7, np.pi / 2), (3, 0.0)):
        u, v = expect_several(answer(S, phi), "u", "v")
        u, v = expect_array(u, (S, S)), expect_array(v, (S, S))
        fields = _fields(S, phi)
        right_u, right_v = fields["right"]
        where = f"For S = {S} and phi = {phi:.3g}: "
        if np.allclose(u, right_u, atol=1e-6) and np.allclose(v, right_v, atol=1e-6):
            continue
        for name, sentence in (
            ("swapped", "the two are in the other order: first u, how far down, then v, how far to the right."),
            ("places", "these are the places that are looked at. A move is the place less the pixel's own."),
            ("back", "it turns the other way."),
            ("less", "a move is the place that is looked at less the pixel's own, and not the other way about."),
            ("corner", "it turns about the pixel in the corner. Count i and j from the centre."),
            ("off", "the centre is at (S − 1)/2 and not at S/2: with S = 3 it is the pixel number 1."),
            ("degrees", "phi is in radians already."),
            ("turned", "rows and columns are exchanged: `np.indices` gives rows first, `np.meshgrid` columns."),
        ):
            wrong_u, wrong_v = fields[name]
            if np.allclose(u, wrong_u, atol=1e-6) and np.allclose(v, wrong_v, atol=1e-6):
                hint(where + sentence)
        which = "v" if np.allclose(u, right_u, atol=1e-6) else "u"
        hint(f"{where}{which} is not right yet. Try the pixel at (0, 1) from the centre: it looks at (−sin φ, cos φ).")


def _fields(S: int, phi: float) -> dict[str, tuple[Array, Array]]:
    """Return the moves (u, v) of all pixels in a turn by phi, under "right", and those of each likely mistake."""

    def field(centre: float, angle: float, own: bool = True) -> tuple[Array, Array]:
        # Each place is a complex number, row + i column, because a turn is then a product.
        place = np.arange(S)[:, None] - centre + 1j * (np.arange(S) - centre)
        moves = place * np.exp(1j * angle) - own * place
        return moves.real, moves.imag

    middle = (S - 1) / 2
    u, v = field(middle, phi)
    return {
        "right": (u, v),
        "swapped": (v, u),
        "places": field(middle, phi, own=False),
        "back": field(middle, -phi),
        "less": (-u, -v),
        "corner": field(0, phi),
        "off": field(S / 2, phi),
        "degrees": field(middle, np.radians(phi)),
        "turned": (u.T, v.T),
    }


@exercise("generalisation.price", "In a linear model dropout is weight decay, dearer where inputs are larger.")
def _price(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(6)
    for N, D, rate in ((6, 4, 0.4), (9, 3, 0.2), (5, 7, 0.8), (1, 2, 0.3)):
        X, w = rng.normal(size=(N, D)), rng.normal(size=D)
        r = rate
        each = ((X * w) ** 2).sum(axis=1)
        expect_number(
            answer(X.copy(), w.copy(), rate),
            float(r / (1 - r) * each.mean()),
            (float(r / (1 - r) * each.sum()), "Average over the rows of X, and do not add them up."),
            (
                float(r / (1 - r) * (X @ w).__pow__(2).mean()),
                "Square each product first, and then add over the inputs.",
            ),
            (
                float(r / (1 - r) * (X.mean(axis=0) ** 2 @ w**2)),
                "Square first and average then: the square of a mean is not the mean of the squares.",
            ),
            (float((1 - r) / r * each.mean()), "The factor is upside down: no dropout, a rate of 0, has no price."),
            (float(r * (1 - r) * each.mean()), "That is the variance of a coin without the factor 1 / (1 − rate)."),
            (float(r * each.mean()), "The variance of m is r / (1 − r). Begin with the mean of its square."),
            (float(1 / (1 - r) * each.mean()), "That is the mean of m squared. Take the square of its mean, 1, away."),
            (float(r / (1 - r) * (w**2).sum()), "The size of the inputs counts: each square of a weight has one of x."),
            (float(r / (1 - r) * ((X * w) ** 2).mean()), "Average over rows alone, and ADD UP over the inputs."),
            tolerance=1e-6,
            where=f"For X of shape {X.shape} and a rate of {rate}: ",
        )
