"""Mark the exercises of the chapter "your-digits"."""

import itertools
from typing import Any

import numpy as np

from scratchnet.activations import softmax
from scratchnet.check import exercise, expect_array, expect_function, hint
from scratchnet.network import forward, predict_proba
from scratchnet.parameters import Parameters, initialize
from scratchnet.types import FloatArray

Array = np.ndarray[Any, np.dtype[Any]]


def _moved(image: Array, down: int, right: int) -> Array:
    """Move an image (…, h, w): what leaves is lost, and 0 comes in."""
    h, w = image.shape[-2:]
    rows, columns = np.arange(h) - down, np.arange(w) - right
    taken = image[..., np.clip(rows, 0, h - 1), :][..., np.clip(columns, 0, w - 1)]
    inside = ((rows >= 0) & (rows < h))[:, None] & ((columns >= 0) & (columns < w))
    return np.where(inside, taken, 0).astype(image.dtype)


def _rolled(image: Array, down: int, right: int) -> Array:
    return np.roll(image, (down, right), axis=(-2, -1))


@exercise("your_digits.mass", "Weights times positions, over weights: in whole pixels this decides where a digit goes.")
def _mass(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(1)
    right_heavy: Array = rng.integers(0, 256, (12, 17)).astype(np.uint8)
    right_heavy[:, :9] //= 3
    right_heavy[8:] = right_heavy[:, :4] = 0  # paper below, and at the left
    top_heavy = rng.integers(0, 256, (30, 9)).astype(np.uint8)
    top_heavy[:4] = 0
    top_heavy[15:] //= 5
    for image in (right_heavy, top_heavy, rng.random((4, 28))):
        _centre_of_mass(answer, image)


def _centre_of_mass(answer: Any, image: Array) -> None:
    weights = image.astype(np.float64)
    i, j = np.indices(image.shape) + 0.5
    want = np.array([(weights * i).sum(), (weights * j).sum()]) / weights.sum()
    got = expect_array(answer(image.copy()), (2,))
    rows, columns = np.nonzero(image)
    box = np.array([rows.min() + rows.max() + 1, columns.min() + columns.max() + 1]) / 2
    for wrong, sentence in (
        (want[::-1], "The two numbers are exchanged: first how far down, then how far across."),
        (want - 0.5, "A pixel's ink sits at its middle, and measured from the image's edge that is at i + ½."),
        (want + 0.5, "Half a pixel too far: row 0 reaches from 0 to 1, so its middle is at ½."),
        (np.array([rows.mean(), columns.mean()]) + 0.5, "Dark ink weighs more than grey: multiply by the ink itself."),
        (np.array([rows.mean(), columns.mean()]), "Dark ink weighs more than grey: multiply by the ink itself."),
        (want * weights.sum(), "Those are the moments. Divide by the whole weight."),
        (want * weights.mean(), "You divided by the number of pixels. Divide by the whole weight."),
        (box, "That is the middle of the bounding box, whatever the ink weighs."),
    ):
        if np.allclose(got, wrong):
            hint(sentence)
    if not np.allclose(got, want):
        hint("Sum the ink of each row, and average the rows' middles with these weights; then the same for columns.")


@exercise("your_digits.shift", "What leaves the image is lost, and paper comes in: nothing comes round the other side.")
def _shift(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(2)
    image: Array = rng.integers(1, 256, (5, 7)).astype(np.uint8)
    gray = 0.1 + rng.random((9, 4))
    steps = [(1, 0), (0, 2), (-2, 1), (3, -4), (0, 0), (-5, 0), (2, 9), (60, -80), (-1, -1)]
    steps += [step for far in range(-70, 71) for step in ((far, 0), (0, far))]
    cases: list[tuple[Array, tuple[int, int]]] = [(image, step) for step in steps]
    for image, (down, right) in [*cases, (gray, (2, -1)), (gray, (-3, 2)), (gray, (0, 40))]:
        mine = image.copy()
        got = expect_array(answer(mine, down, right), image.shape)
        if not np.array_equal(mine, image):
            hint("The image that was handed in has changed. Make a new one, and write into that.")
        if np.array_equal(got, _moved(image, down, right)):
            continue
        case = f"For {down} down and {right} to the right: "
        if abs(down) >= image.shape[0] or abs(right) >= image.shape[1]:
            hint(case + "nothing of the image is left, so all should be paper. Mind where your slices end.")
        if down == right == 0:
            hint("A shift by nothing should change nothing. A slice that ends at -0 ends at 0, and is empty.")
        if not got.any():
            hint(case + "some of the image is still inside, and yours is all paper.")
        if np.array_equal(got, _rolled(image, down, right)):
            hint(case + "what left the image came in again on the other side.")
        if np.array_equal(got, _moved(image, -down, -right)):
            hint(case + "it moved the other way. Down and right are positive.")
        if np.array_equal(got, _moved(image, right, down)):
            hint(case + "the axes are exchanged. Rows are the first axis, and go down.")
        if got[_moved(np.ones_like(image), down, right) == 0].any():
            hint(case + "there is ink where paper should have come in.")
        hint(case + "some pixels are not where they should be.")


@exercise(
    "your_digits.shares", "Each row is one new pixel: the parts of the old ones that it covers, and they sum to 1."
)
def _shares(answer: Any) -> None:
    expect_function(answer)
    for old, new in ((5, 2), (7, 3), (6, 3), (4, 4), (3, 5), (29, 4), (2, 9), (1, 3), (28, 20)):
        edges = np.arange(new + 1) * old / new
        pixels = np.arange(old)
        overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
        overlap = np.maximum(overlap, 0)
        want = overlap * new / old
        got = expect_array(answer(old, new), want.shape)
        if np.allclose(got, want):
            continue
        case = f"For {old} pixels to {new}: "
        middles = ((edges[:-1] + edges[1:]) / 2).astype(int)
        at = np.clip((edges[:-1] + edges[1:]) / 2 - 0.5, 0, old - 1)
        for wrong, sentence in (
            (overlap, "those are the lengths covered. For a mean, divide them by the length of a new pixel."),
            (overlap * old, "those are in the unit of the chapter's trick, and rows sum to `old`. Divide."),
            (overlap * new, "those are overlaps in a finer unit. The rows should sum to 1."),
            (
                np.eye(old)[middles],
                "that takes one old pixel for each new one, at its middle. Take all that it covers.",
            ),
            (
                np.maximum(0, 1 - np.abs(at[:, None] - pixels)),
                "that blends the two old pixels nearest to the middle. Take the mean of all that is covered.",
            ),
            ((overlap > 0) / (overlap > 0).sum(axis=1)[:, None], "a pixel that is half covered counts half."),
        ):
            if np.allclose(got, wrong):
                hint(case + sentence)
        if (got < 0).any():
            hint(case + "a share is negative. Where two intervals do not meet, the overlap is 0.")
        sums = got.sum(axis=1)
        if not np.allclose(sums, 1):
            row = np.abs(sums - 1).argmax()
            hint(case + f"row {row} sums to {sums[row]:.4g}. Paper full of ink should stay full: rows sum to 1.")
        hint(case + "new pixel i reaches from i·old/new to (i + 1)·old/new. How much of old pixel p is in there?")


@exercise("your_digits.ink", "The ground is what lies at the edges, however thick the pen.")
def _ink(answer: Any) -> None:
    expect_function(answer)
    rng = np.random.default_rng(4)
    stroke, thick, cut_off = np.zeros((3, 30, 26), bool)
    stroke[4:26, 11:15] = True
    thick[2:28, 2:24] = True
    cut_off[:3] = cut_off[:, 18:22] = True  # a 7 too large for the sheet, with ink in two corners and on every side
    pens = ("a thin pen", stroke), ("a thick pen", thick), ("a line that runs off the sheet", cut_off)
    grounds = (
        ("white paper", 220, 20),
        ("a blackboard", 15, 210),
        ("grey paper", 110, 30),
        ("pencil on grey paper", 100, 70),
        ("a pale board", 140, 225),
        ("a dim board", 60, 110),
        ("paper in full light", 246, 90),
    )
    for ground, level, line in grounds:
        for (kind, upright), turns in itertools.product(pens, range(4)):
            pen = np.rot90(upright, turns)
            gray = (np.where(pen, line, level) + rng.integers(0, 9, pen.shape)).astype(np.uint8)
            mine = gray.copy()
            got = expect_array(answer(mine), gray.shape)
            if not np.array_equal(mine, gray):
                hint("The picture that was handed in has changed. Return a new one.")
            want = 255 - gray if level > line else gray
            if np.array_equal(got, want):
                continue
            case = f"With {kind} on {ground}: "
            if np.array_equal(got, gray) or np.array_equal(got, 255 - gray):
                wrong = case + "the wrong way round. "
                if kind == "a thick pen":
                    hint(wrong + "Most of this sheet is ink, so a mean or a median misleads. Look at the edges.")
                if kind != "a thin pen":
                    hint(wrong + "A corner or a side of the sheet may hold ink. Take the median of all edges.")
                if ground not in ("white paper", "a blackboard"):
                    hint(
                        f"{wrong}No fixed number separates ground and line. How far from the ground are the darkest "
                        "and the brightest of the picture? (Sums and differences of uint8 wrap round at 256.)"
                    )
                hint(wrong + "The ground should come out small and the line large. What tells you which is which?")
            if np.array_equal(got, -gray):  # in uint8: 256 - gray
                hint(case + "off by one. The opposite of 0 is 255; minus a uint8 wraps round at 256.")
            hint(case + "return either the picture itself or 255 minus it; nothing else should change.")


@exercise("your_digits.average", "Nine looks from nine places, and their mean.")
def _average(answer: Any) -> None:
    expect_function(answer)
    for seed, sizes in ((5, (784, 8, 10)), (6, (784, 7, 9, 10))):
        rng = np.random.default_rng(seed)
        params = initialize(sizes, rng, dtype=np.float64)
        params.theta[:] *= 3
        mine = params.copy()
        _nine_looks(answer, mine, rng.random(784))
        if not np.array_equal(mine.theta, params.theta):
            hint("The parameters that were handed in have changed. To look is not to learn: leave them as they are.")


def _nine_looks(answer: Any, params: Parameters, image: FloatArray) -> None:
    def looks(move: Any, steps: Any) -> FloatArray:
        return np.array([move(image.reshape(28, 28), a, b).reshape(-1) for a, b in steps])

    nine = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    X = looks(_moved, nine)
    want = predict_proba(params, X).mean(axis=0)
    got = np.asarray(answer(params, image.copy()))
    if got.size == 1:
        hint("That is one number. Return the ten mean probabilities; the answer is left to whoever asks.")
    got = expect_array(got.reshape(10) if got.shape == (1, 10) else got, (10,))
    cross = [(a, b) for a, b in nine if a == 0 or b == 0]
    around = [step for step in nine if step != (0, 0)]
    logits = _logits(params, X).mean(axis=0, keepdims=True)
    for wrong, sentence in (
        (want * 9, "That is the sum of the nine. Probabilities sum to 1: take the mean."),
        (softmax(logits)[0], "You averaged the logits. Average the probabilities."),
        (logits[0], "Those are logits. Average probabilities."),
        (
            predict_proba(params, X.mean(axis=0, keepdims=True))[0],
            "You averaged the images, which blurs. Average the answers.",
        ),
        (predict_proba(params, image[None])[0], "That is the answer to the image where it is. Move it, too."),
        (predict_proba(params, looks(_moved, cross)).mean(axis=0), "The four moves along a diagonal are missing."),
        (predict_proba(params, looks(_moved, around)).mean(axis=0), "The image where it is belongs to the nine."),
        (
            predict_proba(params, looks(_rolled, nine)).mean(axis=0),
            "What leaves the image should be lost, not come round.",
        ),
    ):
        if np.allclose(got, wrong):
            hint(sentence)
    if not np.allclose(got, want):
        hint("Make nine images, by −1, 0, 1 down and −1, 0, 1 to the right; read all; average over the nine.")


def _logits(params: Parameters, X: FloatArray) -> FloatArray:
    return forward(params, X)[0]


@exercise("your_digits.moved", "Each image its own move: fresh ones every epoch are training data that cost nothing.")
def _moved_each(answer: Any) -> None:
    expect_function(answer)
    images = np.random.default_rng(7).integers(1, 256, (800, 784)).astype(np.uint8)
    few, mine = images[:100], images[:100].copy()
    got = expect_array(answer(mine, 2, np.random.default_rng(8)), few.shape)
    if not np.array_equal(mine, few):
        hint("The images that were handed in have changed. The next epoch needs them where they were: make new ones.")
    if not np.array_equal(got, answer(few.copy(), 2, np.random.default_rng(8))):
        hint("The same seed gives other moves: draw every number from the `rng` that is handed in.")
    if np.array_equal(got, answer(few.copy(), 2, np.random.default_rng(9))):
        hint("Another seed gives the same moves: draw every number from the `rng` that is handed in.")
    for most, some in ((2, images), (1, (images[:600] / 255).astype(np.float32)), (4, images[:300])):
        got = expect_array(answer(some.copy(), most, np.random.default_rng(most)), some.shape)
        _drawn_uniformly(_steps(some, got), most)
    if not np.array_equal(expect_array(answer(few.copy(), 0, np.random.default_rng(8)), few.shape), few):
        hint("With most = 0 every step is 0, and the images should come back as they are.")


def _drawn_uniformly(steps: Array, most: int) -> None:
    """Hint unless steps (N, 2) look like independent draws from −most to most, each as likely as any other.

    Every test is of counts that should be equal. Right draws fail one of them less than once in 10⁶ times.
    """
    for axis, name in enumerate(("down", "to the right")):
        if not steps[:, axis].any():
            hint(f"Nothing ever moves {name} or back.")
    if (steps == steps[0]).all():
        hint("All images move by the same step. Each should draw its own.")
    if (steps[:, 0] == steps[:, 1]).all():
        hint("Every move is along the diagonal. Draw two numbers for each image.")
    if np.abs(steps).max() > most:
        hint(f"Some image moved by {np.abs(steps).max()}, which is more than {most}.")
    if steps.min() >= 0:
        hint("Nothing moves up or left. The smallest step is minus the largest.")
    if steps.max() == most - 1:
        hint(f"No step is +{most}: `rng.integers` leaves out its upper end.")
    if steps.min() > -most or steps.max() < most:
        hint(f"The steps go from {steps.min()} to {steps.max()}; they should go from −{most} to {most}.")
    values = 2 * most + 1
    down, right = (steps + most).T
    for name, found in (("down", down), ("to the right", right)):
        counts = np.bincount(found, minlength=values)
        if _uneven(counts):
            listed = ", ".join(
                f"{step:+d}: {count}" for step, count in zip(range(-most, most + 1), counts, strict=True)
            )
            hint(f"The steps {name} are not equally likely. In {len(steps)} images, {listed}.")
        if _uneven(np.bincount(np.diff(found) % values, minlength=values)):
            hint(f"The steps {name} of an image and of the next depend on each other. Draw a step of its own for each.")
    if _uneven(np.bincount(down * values + right, minlength=values**2)):
        hint(
            "The step down and the step to the right of an image depend on each other. Draw two numbers for each image."
        )


def _uneven(counts: Array) -> bool:
    """Pearson's test that all are equally likely; 5.2 standard deviations, by the formula of Wilson and Hilferty."""
    expected, freedom = counts.sum() / len(counts), len(counts) - 1
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    return bool(chi_squared > freedom * (1 - 2 / (9 * freedom) + 5.2 * np.sqrt(2 / (9 * freedom))) ** 3)


def _steps(before: Array, after: Array) -> Array:
    """Return how far each image moved, shape (N, 2), or hint at what else happened to it. No pixel is 0 before."""
    before, after = before.reshape(-1, 28, 28), after.reshape(-1, 28, 28)
    blank = [(after == 0).all(axis=axis) for axis in (2, 1)]  # rows, columns: what came in
    steps = np.stack([edge[:, :14].sum(axis=1) - edge[:, 14:].sum(axis=1) for edge in blank], axis=1)
    for step in np.unique(steps, axis=0):
        mine = (steps == step).all(axis=1)
        if not np.array_equal(after[mine], _moved(before[mine], *step)):
            near = [(a, b) for a in range(-4, 5) for b in range(-4, 5)]
            if any(np.array_equal(after[mine][0], _rolled(before[mine][0], *step)) for step in near):
                hint("What left an image came in again on the other side.")
            hint("Some image is not a moved copy of its own. Are the rows still in their order, and the pixels whole?")
    return steps
