"""A photograph becomes an image, whatever its light, paper and file are; where it has no digit, a sentence says so."""

import csv
import importlib
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy import ndimage

import scratchnet as sn
from scratchnet.photo import Photo, box_sum, find_digit, greatest, least, parting, thickness, things, to_size

ROOT = Path(__file__).parents[1]
DIGIT = sn.render([90 * line + (60, 30) for line in sn.STROKES[4][1]], pen=12, shape=(150, 200))
GRAY = np.where(DIGIT > 0, 30, 225).astype(np.uint8)
RGB = GRAY[..., None].repeat(3, axis=2)
planes = hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 9))


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return sn.read_photo(GRAY).image


def stored(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


# --- what is read -----------------------------------------------------------------------------------------------------


def test_a_picture_of_a_drawing_gives_the_image_of_the_drawing(image: np.ndarray) -> None:
    """It is not quite the same image, because a photograph is blurred a little before its lines are found."""
    assert image.shape == (784,)
    assert image.dtype == np.uint8
    assert np.abs(image.astype(int) - sn.prepare(DIGIT)).mean() < 6


def test_the_steps_are_shown_in_order_and_the_notes_say_how_far_the_ink_stands_out() -> None:
    photo = sn.read_photo(GRAY)
    assert isinstance(photo, Photo)
    assert list(photo.steps) == ["picture", "paper", "ink", "digit", "image"]
    assert {step.dtype for step in photo.steps.values()} == {np.dtype(np.uint8)}
    np.testing.assert_array_equal(photo.steps["image"].reshape(-1), photo.image)
    assert photo.steps["paper"].min() == photo.steps["paper"].max() == 225
    assert set(np.unique(photo.steps["digit"])) == {0, 255}
    [note] = photo.notes
    assert note.startswith("The ink is darker than what is around it, by 8")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000"])
def test_every_kind_of_file_that_keeps_the_pixels_gives_the_same_image(kind: str, image: np.ndarray) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(sn.read_photo(stored(Image.fromarray(GRAY), kind, **options)).image, image)


def test_a_path_the_bytes_an_open_file_and_a_pillow_image_are_all_read(tmp_path: Path, image: np.ndarray) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(stored(Image.fromarray(RGB), "PNG"))
    for source in (path, str(path), path.read_bytes(), BytesIO(path.read_bytes()), Image.fromarray(RGB)):
        np.testing.assert_array_equal(sn.read_photo(source).image, image)
    assert path.read_bytes() == stored(Image.fromarray(RGB), "PNG")


@pytest.mark.parametrize(
    ("tag", "undo"),
    [
        (2, Image.Transpose.FLIP_LEFT_RIGHT), (3, Image.Transpose.ROTATE_180), (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE), (6, Image.Transpose.ROTATE_90), (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)  # fmt: skip
def test_a_picture_is_turned_as_its_tag_says(tag: int, undo: Image.Transpose, image: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = tag
    photo = sn.read_photo(stored(Image.fromarray(RGB).transpose(undo), "PNG", exif=exif))
    np.testing.assert_array_equal(photo.image, image)
    assert photo.notes[0] == "The picture was turned as its EXIF tag says."


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "PA", "CMYK", "YCbCr", "I", "I;16", "F"])
def test_every_mode_of_pillow_is_read(mode: str, image: np.ndarray) -> None:
    if mode == "F":
        picture = Image.fromarray((GRAY / 255).astype(np.float32))
    elif mode.startswith("I"):
        picture = Image.fromarray(GRAY.astype(np.uint16 if mode == "I;16" else np.int32) * 257)
    else:
        picture = Image.fromarray(RGB).convert("L" if mode == "PA" else "RGB").convert(mode)
    assert picture.mode == mode
    np.testing.assert_array_equal(sn.read_photo(picture).image, image)


def test_black_ink_on_nothing_is_laid_on_white() -> None:
    ink = np.zeros((150, 200, 4), np.uint8)
    ink[..., 3] = DIGIT
    photo = sn.read_photo(stored(Image.fromarray(ink), "PNG"))
    assert photo.notes[0] == "The picture is transparent in places, and was laid on white."
    np.testing.assert_array_equal(photo.image, sn.read_photo(255 - DIGIT).image)
    palette = Image.fromarray(np.where(DIGIT > 0, 1, 0).astype(np.uint8), "P")
    palette.putpalette([0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(sn.read_photo(stored(palette, "PNG", transparency=0)).image, photo.image)


def test_the_first_picture_of_several_is_taken() -> None:
    file = stored(Image.fromarray(GRAY), "GIF", save_all=True, append_images=[Image.fromarray(255 - GRAY)])
    assert sn.read_photo(file).notes[0] == "The file holds 2 pictures: the first was taken."


@pytest.mark.parametrize(
    "array",
    [
        DIGIT == 0, (DIGIT == 0).astype(np.uint8), (DIGIT == 0).astype(np.int64), (DIGIT == 0).astype(np.float32),
        255 - DIGIT, (255 - DIGIT).astype(np.int32), (255 - DIGIT).astype(np.uint16) * 257, (255 - DIGIT)[..., None],
        np.stack([255 - DIGIT] * 3, axis=2), np.stack([255 - DIGIT, np.full_like(DIGIT, 255)], axis=2),
        np.dstack([255 - DIGIT] * 3 + [np.full_like(DIGIT, 255)]), (255 - DIGIT).tolist(), (DIGIT == 0).astype(float),
    ],
    ids=lambda a: f"{np.asarray(a).dtype}{np.shape(a)}",
)  # fmt: skip
def test_one_drawing_in_every_range_and_shape_gives_one_image(array: object) -> None:
    np.testing.assert_array_equal(sn.read_photo(array).image, sn.read_photo(Image.fromarray(255 - DIGIT)).image)


def test_sixteen_bits_that_use_a_part_of_their_range_are_not_taken_for_eight(image: np.ndarray) -> None:
    dark = Image.fromarray(GRAY.astype(np.uint16) * 64)
    assert np.abs(sn.read_photo(stored(dark, "PNG")).image.astype(int) - image).mean() < 6


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (60, 130), (20, 100)])
def test_ink_and_paper_may_change_places(ink: int, paper: int) -> None:
    gray = np.where(DIGIT > 0, ink, paper).astype(np.uint8)
    dark, light = sn.read_photo(gray), sn.read_photo(255 - gray)
    np.testing.assert_array_equal(dark.image, light.image)
    assert "lighter" in light.notes[0]


def test_a_mirrored_picture_gives_the_mirrored_digit() -> None:
    rng = np.random.default_rng(0)
    noisy = np.clip(RGB + rng.normal(0, 12, RGB.shape), 0, 255).astype(np.uint8)
    there, back = sn.read_photo(noisy).steps, sn.read_photo(noisy[::-1, ::-1]).steps
    for name in ("paper", "ink", "digit"):
        np.testing.assert_array_equal(there[name], back[name][::-1, ::-1])


def test_the_images_of_mnist_themselves_are_read_as_they_are() -> None:
    network, images = sn.load(ROOT / "book" / "network.npz"), sn.read_digits(ROOT / "data" / "test.csv.gz").images[:10]
    found = np.array([sn.read_photo(image.reshape(28, 28)).image for image in images])
    answers, expected = (sn.predict(network, pixels / 255) for pixels in (found, images))
    assert (answers == expected).sum() >= 9


def test_a_telephone_s_photograph_is_reduced_first() -> None:
    large = np.kron(GRAY, np.ones((9, 9), np.uint8))  # 1350 × 1800
    photo = sn.read_photo(large)
    assert photo.steps["picture"].shape == (338, 450, 3)
    assert np.abs(photo.image.astype(int) - sn.read_photo(GRAY).image).mean() < 6


@pytest.mark.parametrize("color", [(250, 230, 40), (40, 200, 240), (240, 60, 60)])
def test_ink_of_any_color_is_read(color: tuple[int, int, int], image: np.ndarray) -> None:
    colored = np.where(DIGIT[..., None] > 0, color, 250).astype(np.uint8)
    found = sn.read_photo(colored)
    assert np.abs(found.image.astype(int) - image).mean() < 8
    assert "faint" not in " ".join(found.notes)


# --- notes ------------------------------------------------------------------------------------------------------------


def notes(picture: np.ndarray) -> str:
    return " ".join(sn.read_photo(picture).notes)


def test_a_digit_that_is_cut_off_is_noted() -> None:
    assert "touches the edge" in notes(GRAY[:100])
    assert "touches the edge" not in notes(GRAY)


def test_two_digits_are_noted_and_a_bar_apart_is_not_a_second_one() -> None:
    assert "more than one thing" in notes(np.hstack([GRAY, GRAY]))
    five = sn.render([90 * line + (60, 30) for line in sn.STROKES[5][0]], pen=10, shape=(150, 200))
    five[:, 60:75][28:50] = 0  # cuts the bar at the top off the rest
    photo = sn.read_photo(255 - five)
    assert "more than one" not in " ".join(photo.notes)
    assert (photo.steps["digit"][:30] > 0).any()


def test_what_leaves_the_picture_is_no_piece_of_a_digit_inside_it() -> None:
    sheet = GRAY.copy()
    sheet[72:80, 142:] = 30  # the end of a ruler, as near to the digit as a piece of it may be
    np.testing.assert_array_equal(sn.read_photo(sheet).steps["digit"][:, 142:], 0)


def test_a_tall_neighbour_close_by_is_another_digit() -> None:
    pair = 255 - np.hstack([DIGIT[:, 50:140], DIGIT[:, 60:150]])
    assert "more than one thing" in notes(pair)


def test_thick_thin_faint_and_small_are_noted() -> None:
    lines = [90 * line + (60, 30) for line in sn.STROKES[1][0]]
    assert "very thick" in notes(255 - sn.render(lines, pen=24, shape=(150, 200)))
    assert "thin, and was made thicker" in notes(255 - sn.render(lines, pen=3, shape=(150, 200)))
    assert "faint" in notes(np.where(DIGIT > 0, 200, 230).astype(np.uint8))
    small = np.full((1000, 1000), 225, np.uint8)
    small[400:475, 400:500] = GRAY[::2, ::2]
    assert "small" in notes(small)


def test_a_thin_line_is_as_thick_as_others_in_the_image() -> None:
    lines = [180 * line + (60, 30) for line in sn.STROKES[0][0]]
    thin, plain = (sn.read_photo(255 - sn.render(lines, pen=pen)).image.reshape(28, 28) for pen in (4, 18))
    assert 0.6 < thin.sum(dtype=int) / plain.sum(dtype=int) < 1.1


# --- light, paper, and nothing ----------------------------------------------------------------------------------------


DOWN, ACROSS = np.arange(150)[:, None], np.arange(200)[None, :]
LIGHT = {
    "plain": np.ones((150, 200)),
    "a lamp from the left": 1 - 0.8 * ACROSS / 199 + 0 * DOWN,
    "a lamp from the corner": 1 - 0.4 * ACROSS / 199 - 0.4 * DOWN / 149,
    "a shadow across": np.where(ACROSS + DOWN > 170, 0.5, 1.0),
    "noise": 1 + np.random.default_rng(1).normal(0, 0.08, (150, 200)),
    "rules": np.where((DOWN % 14 == 3) & (ACROSS >= 0), 0.6, 1.0),
    "squares": np.where((DOWN % 14 == 3) | (ACROSS % 14 == 5), 0.6, 1.0),
    "specks": np.where(np.random.default_rng(2).random((150, 200)) < 0.002, 0.1, 1.0),
    "a table beside the sheet": np.where(ACROSS > 170, 0.2, 1.0) + 0 * DOWN,
}


@pytest.mark.parametrize("light", LIGHT)
def test_light_and_paper_do_not_change_what_is_found(light: str) -> None:
    lit = np.clip(GRAY * LIGHT[light], 0, 255).astype(np.uint8)
    found, plain = (sn.read_photo(picture).steps["digit"] > 0 for picture in (lit, GRAY))
    assert (found & plain).sum() > 0.85 * (found | plain).sum()


@pytest.mark.parametrize("light", [name for name in LIGHT if name != "a table beside the sheet"])
def test_a_blank_sheet_is_refused_in_any_light(light: str) -> None:
    sheet = np.clip(225 * LIGHT[light], 0, 255).astype(np.uint8)
    with pytest.raises(ValueError, match="no digit was found in the picture: "):
        sn.read_photo(sheet)


@pytest.mark.parametrize("gray", [0, 1, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3, 2), (150, 200), (700, 20)])
def test_one_gray_is_blank_at_any_size(gray: int, shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="all is paper"):
        sn.read_photo(Image.fromarray(np.full(shape, gray, np.uint8)))


def test_a_blot_is_no_digit() -> None:
    with pytest.raises(ValueError, match="a blot or a shadow, and no line"):
        sn.read_photo(np.where((DOWN - 70) ** 2 + (ACROSS - 90) ** 2 < 400, 20, 230).astype(np.uint8))


@settings(max_examples=20)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(4))))
def test_any_pixels_give_an_image_or_a_sentence_and_stay_as_they_are(pixels: np.ndarray) -> None:
    before = pixels.copy()
    try:
        assert find_digit(pixels).image.any()
    except ValueError as error:
        assert "no digit was found" in str(error)  # noqa: PT017
    np.testing.assert_array_equal(pixels, before)


def test_a_note_on_a_dark_table_is_paper_and_not_ink() -> None:
    """There is less paper than table, so the paper itself is taken for the ink at first."""
    one = sn.render([150 * line + (300, 160) for line in sn.STROKES[1][0]], pen=16, shape=(480, 640))
    table = np.full((480, 640), 50, np.uint8)
    table[100:380, 180:460] = np.where(one > 0, 40, 220)[100:380, 180:460]
    photo = sn.read_photo(table)
    assert "no digit was found" in photo.notes[0]
    assert "darker" in photo.notes[1]
    assert (photo.steps["digit"] > 0).sum() < 2 * (one > 0).sum()


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((0, 5), np.uint8), r"not \(0, 5\)"),
        (np.zeros(784, np.uint8), r"not \(784,\); a.reshape\(28, 28\)\?"),
        (np.zeros(10, np.uint8), r"\(height, width\) or \(height, width, 2, 3 or 4\), not \(10,\)$"),
        (np.zeros((3, 50, 60), np.uint8), r"channels come last: np.moveaxis\(a, 0, 2\)"),
        (np.zeros((9, 28, 28), np.uint8), "one picture at a time"),
        (np.full((9, 9), -1), "must be from 0 to 255, or uint16, but go from -1 to -1"),
        (np.full((9, 9), 256), "but go from 256 to 256"),
        (np.full((9, 9), 255.0), "must be from 0 to 1, but go from 255 to 255: divide by 255"),
        (np.full((9, 9), -0.5), "subtract the least, divide by the greatest"),
        (np.full((9, 9), np.nan), "must be finite"),
        (np.full((9, 9), 1j), "must hold numbers, not dtype complex128"),
        (np.full((9, 9), None), "must hold numbers, not dtype object"),
    ],
)
def test_refuses_what_is_no_picture(array: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sn.read_photo(array)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC photograph or a film: export it as JPEG"),
        (b"%PDF-1.7 and so on", "is a PDF: export the page as PNG or JPEG"),
        (b"\n<svg xmlns='http://www.w3.org/2000/svg'></svg>", "is an SVG"),
        (b"<!DOCTYPE html><html></html>", "is a web page or another text"),
        (b"version https://git-lfs.github.com/spec/v1", "is a pointer of Git LFS, not the picture"),
        (b"", "the file is empty"),
        (b"label,pixel1,pixel2", "is no picture that can be read here: export it as PNG or JPEG"),
    ],
)
def test_a_file_that_is_no_picture_is_named_with_the_remedy(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    for source in (content, path, BytesIO(content)):
        with pytest.raises(ValueError, match=sentence):
            sn.read_photo(source)


def test_a_file_cut_short_is_named() -> None:
    whole = stored(Image.fromarray(RGB), "PNG")
    for part in (whole[: len(whole) // 2], whole[:40]):
        with pytest.raises(ValueError, match=r"damaged, perhaps cut short|no picture that can be read"):
            sn.read_photo(part)


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01"]
)
def test_a_broken_tag_turns_nothing(exif: bytes) -> None:
    assert sn.read_photo(stored(Image.fromarray(RGB), "JPEG", exif=exif)).image.any()


def test_a_missing_file_is_named_as_python_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"photo\.png"):
        sn.read_photo(tmp_path / "photo.png")


def test_more_pixels_than_fit_are_refused_before_they_are_unpacked() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    for side in (11_000, 60_000):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        with pytest.raises(ValueError, match="too many pixels: make it smaller"):
            sn.read_photo(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


# --- the parts --------------------------------------------------------------------------------------------------------


@given(planes, st.integers(0, 15))
def test_windows_agree_with_scipy(a: np.ndarray, reach: int) -> None:
    side = 2 * reach + 1
    np.testing.assert_array_equal(greatest(a, reach), ndimage.maximum_filter(a, side, mode="nearest"))
    np.testing.assert_array_equal(least(a, reach), ndimage.minimum_filter(a, side, mode="nearest"))
    wide = np.pad(a, reach, mode="edge")
    sums = [[wide[i : i + side, j : j + side].sum() for j in range(a.shape[1])] for i in range(a.shape[0])]
    np.testing.assert_array_equal(box_sum(a, reach), sums)


@given(planes)
def test_connected_things_agree_with_scipy(ink: np.ndarray) -> None:
    found, (label, n) = things(ink > 5, ink), ndimage.label(ink > 5, np.ones((3, 3)))
    np.testing.assert_array_equal(np.where(ink > 5, found.label + 1, 0), label)
    assert len(found.count) == n
    for k, (rows, columns) in enumerate(ndimage.find_objects(label)):
        box = found.top[k], found.bottom[k], found.left[k], found.right[k]
        assert box == (rows.start, rows.stop, columns.start, columns.stop)
        assert found.size[k] == max(rows.stop - rows.start, columns.stop - columns.start)
        assert found.count[k] == (label == k + 1).sum()
        assert found.weight[k] == ink[label == k + 1].sum()


@settings(max_examples=30)
@given(hnp.arrays(np.int64, st.integers(2, 30), elements=st.integers(0, 255)))
def test_values_are_parted_where_the_two_sides_vary_least(values: np.ndarray) -> None:
    def within(t: int) -> float:
        sides = [side for side in (values[values <= t], values[values > t]) if side.size]
        return sum(float(side.var()) * side.size for side in sides)

    least_of_all = min(within(t) for t in {0, *values.tolist()} if t < 255)
    assert within(parting(values)) == pytest.approx(least_of_all, abs=1e-6)


@settings(max_examples=20)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 3), st.integers(513, 1100), st.just(4))))
def test_a_large_picture_is_reduced_to_exact_means_on_white(pixels: np.ndarray) -> None:
    k, small = -(-pixels.shape[1] // 512), to_size(pixels)
    alpha = pixels[..., 3:] / 255
    white = pixels[..., :3] * alpha + 255 * (1 - alpha)
    for column in (0, small.shape[1] - 1):
        mean = white[:k, column * k : (column + 1) * k].mean(axis=(0, 1))
        assert np.abs(small[0, column] - mean).max() <= 0.5 + 1e-9


def test_thickness_is_that_of_the_line() -> None:
    bar = np.zeros((50, 50), bool)
    bar[5:45, 10:17] = True
    assert thickness(bar) == thickness(bar.T) == 7


# --- the corpus -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corpus() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield importlib.import_module("photo_corpus")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pencil", "color"])
def test_a_small_part_of_the_corpus_is_read(corpus: ModuleType, name: str) -> None:
    pictures, drawing, _, after = corpus.judge(getattr(corpus, name), strength=2, each=1, seed=1)
    assert pictures == 10
    assert after >= 0.9 * drawing


@pytest.mark.slow
def test_the_middle_strength_of_every_fault_is_read(corpus: ModuleType) -> None:
    """Only a few drawings are read, and they are others than those of the table in the book."""
    wrong = []
    for name, fault in corpus.FAULTS.items():
        for digit in (3, 8):
            file, drawing = corpus.take(fault, 2, digit, seed=3)
            expected = corpus.answer(partial(sn.prepare, drawing))
            wrong += [name] if corpus.answer(partial(corpus.with_it, file)) != expected else []
    assert len(wrong) <= 3, wrong


@pytest.mark.slow
def test_the_table_can_be_made_again(corpus: ModuleType) -> None:
    with (ROOT / "book" / "photos.csv").open(newline="") as file:
        rows = [row for row in csv.reader(file) if row[0] == "transparency"]
    assert [list(map(str, row)) for row in corpus.judge_all({"transparency"})] == rows


def test_the_table_has_every_fault_at_every_strength_and_keeps_the_promise(corpus: ModuleType) -> None:
    with (ROOT / "book" / "photos.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    faults = [(name, "named") for name in corpus.NAMED] + [(name, "held out") for name in corpus.HELD_OUT]
    assert [(row["fault"], row["part"], row["strength"]) for row in rows] == [
        (*fault, str(strength)) for fault in faults for strength in (1, 2, 3)
    ]
    assert sum(int(row["pictures"]) for row in rows if row["part"] == "named") >= 600
    for row in rows:
        assert int(row["pictures"]) == 10 * corpus.EACH
        if row["strength"] == "2":
            assert int(row["after"]) >= 0.9 * int(row["drawing"]), row
