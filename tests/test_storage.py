"""save and load: the same bits back, the old file whole whatever happens, and broken files refused with a sentence."""

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet import Parameters, StorageError, initialize, load, save
from scratchnet.storage import read_arrays, write_arrays


def network(seed: int = 0, sizes: tuple[int, ...] = (6, 4, 3)) -> Parameters:
    return initialize(sizes, np.random.default_rng(seed), "uniform")


@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 99),
)
def test_what_was_saved_comes_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], dtype: type, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.npz"
    params = initialize(sizes, np.random.default_rng(seed), dtype=dtype)
    save(path, params)
    again = load(path)
    assert again.sizes == params.sizes
    assert again.theta.dtype == dtype
    assert again.theta.tobytes() == params.theta.tobytes()
    again.layers[0].W[:] = 7  # the layers are views of the new vector, and it can be written to
    assert again.theta[0] == 7


def test_the_same_parameters_make_the_same_bytes_and_numpy_reads_them(tmp_path: Path) -> None:
    save(tmp_path / "a", network())
    save(str(tmp_path / "b"), network())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as members:
        assert {member.date_time for member in members.infolist()} == {(1980, 1, 1, 0, 0, 0)}  # not of this minute
    with np.load(tmp_path / "a", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["theta"], network().theta)
        layers = [["Linear", {"D": 6, "H": 4}], ["ReLU", {}], ["Linear", {"D": 4, "H": 3}]]
        assert json.loads(str(arrays["network"])) == layers


def test_a_link_stays_a_link_and_what_it_names_is_replaced(tmp_path: Path) -> None:
    save(tmp_path / "there", network(1))
    (tmp_path / "link").symlink_to("there")
    save(tmp_path / "link", network(2))
    assert (tmp_path / "link").is_symlink()
    np.testing.assert_array_equal(load(tmp_path / "there").theta, network(2).theta)


def test_nothing_worth_saving_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    save(tmp_path / "net.npz", network())
    before = (tmp_path / "net.npz").read_bytes()
    params = network()
    params.theta[3] = np.nan
    with pytest.raises(ValueError, match="not all finite, so there is nothing worth saving"):
        save(tmp_path / "net.npz", params)
    assert (tmp_path / "net.npz").read_bytes() == before


def test_the_two_arguments_the_wrong_way_round_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"params must be Parameters, as sn\.initialize returns them, not str"):
        save(network(), str(tmp_path / "net.npz"))  # type: ignore[arg-type]


def test_a_missing_folder_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere to write to"):
        save(tmp_path / "nowhere" / "net.npz", network())
    with pytest.raises(FileNotFoundError, match=r"net\.npz: there is no such file"):
        load(tmp_path / "net.npz")
    with pytest.raises(StorageError, match="this is a folder"):
        load(tmp_path)


@pytest.mark.parametrize("call", ["fsync", "write"])
def test_a_disk_that_fills_up_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    save(tmp_path / "net.npz", network(1))

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path / "net.npz", network(2))
    np.testing.assert_array_equal(load(tmp_path / "net.npz").theta, network(1).theta)
    assert [path.name for path in tmp_path.iterdir()] == ["net.npz"]


SAVER = """
import sys
import numpy as np
import scratchnet as sn
params = sn.Parameters((3000, 40, 10))
for n in range(1, 100_000):
    params.theta[:] = n
    sn.save(sys.argv[1], params)
    print(n, flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.002, 0.005, 0.011])
def test_a_process_killed_while_saving_leaves_one_whole_file(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "net.npz"
    command = [sys.executable, "-c", SAVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for _ in range(3):
            process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        saved = 3 + len(process.stdout.read().split())
    theta = load(path).theta
    assert np.ptp(theta) == 0  # one save's numbers, not half of two
    assert theta[0] in (saved, saved + 1)  # the last that was reported, or the one that had just become visible


def forged(path: Path, **arrays: np.ndarray) -> None:
    """A file of the right kind, as someone who means harm would write it."""
    write_arrays(path, "parameters", arrays)


def text_file(path: Path) -> None:
    path.write_text("label,pixel0\n")


def foreign_npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, sizes=np.array([2, 3]), theta=np.zeros(9))


def compressed_npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, theta=np.zeros(9))


def checkpoint_of_another_kind(path: Path) -> None:
    write_arrays(path, "a checkpoint", {"sizes": np.array([1, 1])})


def newer_version(path: Path) -> None:
    import scratchnet.storage as storage

    about = np.array(json.dumps({"program": "scratchnet", "kind": "parameters", "version": 3}))
    entries = {"about": storage._npy(about)}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)


class Harm:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (os.system, ("touch harmed",))


def pickled_inside(path: Path) -> None:
    """An array of objects, which NumPy would unpickle if it were let."""
    import scratchnet.storage as storage

    content = io.BytesIO()
    np.lib.format.write_array(content, np.array([Harm()], dtype=object), allow_pickle=True)
    about = np.array(json.dumps({"program": "scratchnet", "kind": "parameters", "version": 1}))
    entries = {"about": storage._npy(about), "theta": content.getvalue()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, entry in entries.items():
            archive.writestr(f"{name}.npy", entry)


def plain_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Harm()))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "cut short, damaged or no file of scratchnet"),
    "a text": (text_file, "cut short, damaged or no file of scratchnet"),
    "a pickle": (plain_pickle, "cut short, damaged or no file of scratchnet"),
    "an npz of NumPy's": (foreign_npz, "it was not written by scratchnet"),
    "a compressed npz": (compressed_npz, "it was not written by scratchnet"),
    "a checkpoint": (checkpoint_of_another_kind, "it holds a checkpoint, not parameters. Name it as fit's"),
    "a later version": (newer_version, "it is of version 3, and this scratchnet reads versions 1 to 2: update"),
    "objects": (pickled_inside, "it cannot be read .*Object arrays cannot be loaded"),
    "no theta": (lambda path: forged(path, sizes=np.array([2, 3])), "it has no network or no theta"),
    "one size": (lambda path: forged(path, sizes=np.array([2]), theta=np.zeros(2)), "its sizes are not two or more"),
    "a size of zero": (lambda path: forged(path, sizes=np.array([2, 0]), theta=np.zeros(0)), "its sizes are not two"),
    "fractional sizes": (lambda path: forged(path, sizes=np.array([2.0, 3]), theta=np.zeros(9)), "its sizes are not"),
    "a table of sizes": (lambda path: forged(path, sizes=np.array([[2, 3]]), theta=np.zeros(9)), "its sizes are not"),
    "too short": (lambda path: forged(path, sizes=np.array([2, 3]), theta=np.zeros(8)), r"has 9 numbers, not \(8,\)"),
    "a matrix": (lambda path: forged(path, sizes=np.array([2, 3]), theta=np.zeros((9, 1))), r"not \(9, 1\)"),
    "sizes that overflow": (
        lambda path: forged(path, sizes=np.array([2**62, 2**62]), theta=np.zeros(9)), "numbers, not"),
    "whole numbers": (
        lambda path: forged(path, sizes=np.array([2, 3]), theta=np.zeros(9, int)), "its theta is int64, not float32"),
    "not a number": (
        lambda path: forged(path, sizes=np.array([2, 3]), theta=np.full(9, np.nan)), "numbers that are not finite"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_refuses_a_file_that_is_not_whole_and_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    make, sentence = BROKEN[name]
    make(tmp_path / "net.npz")
    with pytest.raises(StorageError, match=rf"net\.npz: .*{sentence}"):
        load("net.npz")
    assert not Path("harmed").exists()


@given(cut=st.floats(0, 1, exclude_max=True))
def test_refuses_a_file_cut_short_anywhere(tmp_path_factory: pytest.TempPathFactory, cut: float) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.npz"
    save(path, network())
    content = path.read_bytes()
    path.write_bytes(content[: int(cut * len(content))])
    with pytest.raises(StorageError):
        load(path)


@pytest.mark.slow
@pytest.mark.parametrize("flip", [0x01, 0x02, 0x80, 0xFF])
def test_any_byte_changed_is_refused_or_changes_nothing(tmp_path: Path, flip: int) -> None:
    path = tmp_path / "net.npz"
    save(path, network())
    content = path.read_bytes()
    harmless = 0
    for n, byte in enumerate(content):
        path.write_bytes(content[:n] + bytes([byte ^ flip]) + content[n + 1 :])
        try:
            theta = load(path).theta
        except StorageError:
            continue
        harmless += 1  # a date or a flag of the zip, nothing of ours
        assert theta.tobytes() == network().theta.tobytes()
    assert harmless < len(content) / 5


@given(content=st.binary(max_size=300))
def test_refuses_any_other_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.npz"
    path.write_bytes(content)
    with pytest.raises(StorageError):
        load(path)


def test_arrays_of_any_shape_come_back(tmp_path: Path) -> None:
    arrays = {"a": np.arange(6).reshape(2, 3).T, "b": np.array("a word"), "c": np.zeros(0)}
    write_arrays(tmp_path / "arrays", "odds and ends", arrays)
    again = read_arrays(tmp_path / "arrays", "odds and ends")
    assert again.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)
        assert again[name].shape == array.shape
