"""Make the faces of the book, book/_static/fonts/, from those that Adobe publishes under the SIL Open Font License.

    python tools/fonts.py FOLDER

FOLDER holds, at any depth, the TrueType files and the licences of Source Serif 4.005 and Source Code Pro 2.042. Each
face is cut down to the characters that the book uses and packed, for which fonttools needs the package `brotli`. It
then is a face of ours and has to be called so, because the licence keeps the name "Source" for the whole one.

Also writes fonts.css, which names the faces, and for the time until they have arrived or where they are not wanted, the
faces of the reader's system, scaled to the same measure: so no line breaks elsewhere when a face arrives.
"""

import sys
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from common import ROOT

FONTS = ROOT / "book" / "_static" / "fonts"
SHEET = ROOT / "book" / "_static" / "fonts.css"


class Face(NamedTuple):
    """A face of the book: the file it is made from, with the beginning of its hash; its family, weight and style."""

    source: str
    digest: str
    family: str
    weight: int
    style: str
    width: float  # of a character of English text on average, in em


FACES = {
    "serif": Face("SourceSerif4-Regular.ttf", "e5a4ee6a3d87", "Scratchnet Serif", 400, "normal", 0.4375),
    "serif-italic": Face("SourceSerif4-It.ttf", "9d2950a8f1da", "Scratchnet Serif", 400, "italic", 0.4075),
    "serif-bold": Face("SourceSerif4-Semibold.ttf", "36db62940cb5", "Scratchnet Serif", 600, "normal", 0.4437),
    "mono": Face("SourceCodePro-Regular.ttf", "74bd80d3e42a", "Scratchnet Mono", 400, "normal", 0.6),
}
# Faces of other systems, by the names under which these know them, and the average width of their characters: upright,
# italic, bold. The faces for code that systems have are as wide as ours, and need no scaling.
SYSTEM = {
    "Georgia": (
        (("Georgia",), 0.4332),
        (("Georgia Italic", "Georgia-Italic"), 0.4412),
        (("Georgia Bold", "Georgia-Bold"), 0.5027),
    ),
    "Times": (
        (("Times New Roman", "TimesNewRomanPSMT", "Liberation Serif"), 0.3964),
        (("Times New Roman Italic", "TimesNewRomanPS-ItalicMT", "Liberation Serif Italic"), 0.3971),
        (("Times New Roman Bold", "TimesNewRomanPS-BoldMT", "Liberation Serif Bold"), 0.4203),
    ),
    "Noto": (
        (("Noto Serif", "NotoSerif-Regular"), 0.4676),
        (("Noto Serif Italic", "NotoSerif-Italic"), 0.4558),
        (("Noto Serif Bold", "NotoSerif-Bold"), 0.4958),
    ),
}
ASCENT, DESCENT = 1.036, 0.335  # of the serif, in em

LETTERS = "".join(map(chr, [*range(0x20, 0x7F), *range(0xC0, 0x100)])) + "ĆćČčĞğİıŁłŃńŐőŒœŘřŚśŞşŠšŽž"
GREEK = "ΔΣΩαβγδεηθλμπρστφχψω"
MARKS = "\N{NO-BREAK SPACE}§©«»°±²³µ¶·½¼¾×–—‘’“”…′−√∑∂∞≈≠≤≥←↑→↓⁰¹⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉ℓ✓■"
CHARACTERS = {"serif": LETTERS + GREEK + MARKS, "mono": LETTERS + GREEK + MARKS + "▸▾●○□│─┌┐└┘├┤┬┴┼"}


def found(folder: Path, name: str) -> Path:
    """Return the one file of this name, or end the program."""
    paths = sorted(folder.rglob(name))
    if len(paths) != 1:
        raise SystemExit(f"{folder} holds {len(paths)} files called {name}, not one")
    return paths[0]


def cut(name: str, folder: Path) -> None:
    """Write one face of the book."""
    from fontTools import subset

    face = FACES[name]
    source = found(folder, face.source)
    if not sha256(source.read_bytes()).hexdigest().startswith(face.digest):
        raise SystemExit(f"{source} is another release than the one that FACES names")
    options = subset.Options()
    options.flavor, options.hinting, options.layout_features = "woff2", False, ["kern", "liga"]
    font = subset.load_font(source, options)
    wanted = CHARACTERS[name.partition("-")[0]]
    if missing := [character for character in wanted if ord(character) not in font.getBestCmap()]:
        raise SystemExit(f"{source} has no {' '.join(missing)}: take them out of CHARACTERS")
    cutter = subset.Subsetter(options)
    cutter.populate(text=wanted)
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = f"{face.family} {face.weight} {face.style}".replace(" ", "-" if record.nameID == 6 else " ")
    subset.save_font(font, FONTS / f"{name}.woff2", options)


def rule(family: str, source: str, face: Face, *more: str) -> str:
    """Return the rule of the style sheet that names a face."""
    lines = [f'font-family: "{family}"', f"src: {source}", f"font-weight: {face.weight}", f"font-style: {face.style}"]
    return "@font-face { " + "; ".join([*lines, *more]) + "; }"


def sheet() -> str:
    """Return the style sheet."""
    lines = ["/* Written by tools/fonts.py. */"]
    for name, face in FACES.items():
        lines.append(rule(face.family, f'url(fonts/{name}.woff2) format("woff2")', face, "font-display: swap"))
    serifs = [face for face in FACES.values() if face.family == "Scratchnet Serif"]
    for system, faces in SYSTEM.items():
        for face, (names, width) in zip(serifs, faces, strict=True):
            scale = face.width / width
            lines.append(
                rule(
                    f"Scratchnet {system}",
                    ", ".join(f'local("{name}")' for name in names),
                    face,
                    f"size-adjust: {scale:.1%}",
                    f"ascent-override: {ASCENT / scale:.1%}",
                    f"descent-override: {DESCENT / scale:.1%}",
                    "line-gap-override: 0%",
                )
            )
    return "\n".join([*lines, ""])


def main(folder: Path) -> None:
    """Write the faces, their licences and the style sheet."""
    FONTS.mkdir(exist_ok=True)
    for name in FACES:
        cut(name, folder)
    licences = [path.read_text(encoding="utf-8").splitlines() for path in sorted(folder.rglob("LICENSE.md"))]
    if not licences or any(lines[1:] != licences[0][1:] for lines in licences):
        raise SystemExit("the licences of the two faces are no longer the same but for their first lines")
    firsts = {FACES[name].family: lines[0] for name, lines in zip(CHARACTERS, licences, strict=True)}
    owners = [f"{family} is made from: {line}" for family, line in firsts.items()]
    (FONTS / "LICENSE.txt").write_text("\n".join([*owners, *licences[0][1:], ""]), encoding="utf-8")
    SHEET.write_text(sheet(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
