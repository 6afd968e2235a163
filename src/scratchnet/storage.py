"""Arrays to a file and back, so that a crash, a full disk or a file from a stranger does no harm.

The file is a plain .npz, which `numpy.load` opens too. Nothing in it is compressed or pickled, and the same arrays
always give the same bytes. Source: chapter "your-digits".
"""

import json
import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from scratchnet.kinds import Kind, from_json, size_of, sizes_of, to_json
from scratchnet.parameters import Parameters, between, require_parameters

__all__ = ["StorageError", "load", "save"]

Array = NDArray[Any]
ABOUT = "about"  # the entry that says whose file this is, and of what kind and version
OLD_DIGEST = "sha256"  # an entry of files of version 1 and of some of version 2, which is not looked at
VERSION = 2  # version 1 named a network by its sizes alone, since all layers were linear with ReLU between them


class StorageError(ValueError):
    """The file is not what it should be; the message says what is wrong with it."""


def save(path: str | Path, params: Parameters) -> None:
    """Write a network's parameters to one file, which `load` reads.

    The file changes in one step, after everything has reached the disk. So even after a crash there is either the whole
    old file or the whole new one. Raises ValueError, and leaves an old file alone, for parameters that are not
    finite; FileNotFoundError where the folder does not exist; OSError where the disk is full or may not be written.
    """
    write_arrays(path, "parameters", parameter_arrays(params))


def load(path: str | Path) -> Parameters:
    """Read parameters that `save` wrote. Nothing in the file is ever run.

    Raises StorageError, a ValueError that names the file and what is wrong, for a file that is cut short, damaged,
    of another kind, or holds anything but finite numbers of the right shape; FileNotFoundError where there is none.
    """
    return parameters_from(path, read_arrays(path, "parameters"))


def parameter_arrays(params: Parameters) -> dict[str, Array]:
    """Return a network as two arrays: its layers, as text, and θ. Raises ValueError for a θ that is not finite."""
    require_parameters(params)
    if not np.isfinite(params.theta).all():
        raise ValueError("the parameters are not all finite, so there is nothing worth saving: did training diverge?")
    return {"network": np.array(to_json(params.kinds)), "theta": params.theta}


def parameters_from(path: str | Path, arrays: Mapping[str, Array]) -> Parameters:
    """Return the network whose arrays `parameter_arrays` has returned, or refuse arrays of another kind."""
    theta = arrays.get("theta")
    if theta is None or not ("network" in arrays or "sizes" in arrays):
        raise _refusal(path, "it has no network or no theta in it")
    kinds = _kinds_from(path, arrays)
    if theta.dtype not in (np.float32, np.float64):
        raise _refusal(path, f"its theta is {theta.dtype}, not float32 or float64")
    numbers = sum(map(size_of, kinds))  # Python's integers do not overflow
    if theta.shape != (numbers,):
        raise _refusal(path, f"a network of sizes {sizes_of(kinds)} has {numbers} numbers, not {theta.shape}")
    if not np.isfinite(theta).all():
        raise _refusal(path, "its theta holds numbers that are not finite")
    params = Parameters(kinds, theta.dtype)
    params.theta[:] = theta
    return params


def _kinds_from(path: str | Path, arrays: Mapping[str, Array]) -> tuple[Kind, ...]:
    """Return the layers that a file names. A file of version 1 holds sizes: linear layers, with ReLU between them."""
    if "network" in arrays:
        try:
            kinds = from_json(str(arrays["network"]))
            sizes_of(kinds)
        except ValueError as error:
            raise _refusal(path, str(error)) from None
        return kinds
    sizes = arrays["sizes"]
    if sizes.dtype != np.int64 or sizes.ndim != 1 or len(sizes) < 2 or sizes.min() < 1:
        raise _refusal(path, "its sizes are not two or more whole numbers, each at least 1")
    return between(sizes.tolist())


def write_arrays(path: str | Path, kind: str, arrays: Mapping[str, Array]) -> None:
    """Write named arrays to one file, in one step. `kind` says what they are, and `read_arrays` compares it."""
    about = np.array(json.dumps({"program": "scratchnet", "kind": kind, "version": VERSION}))
    entries = {name: _npy(array) for name, array in {**arrays, ABOUT: about}.items()}
    path = Path(os.path.realpath(path))  # the file behind a link is replaced, and not the link
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent} to write to. Make it first")
    # In the same folder, because a rename is one step only within one disk.
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            with ZipFile(file, "w", ZIP_STORED) as archive:
                for name, content in entries.items():
                    archive.writestr(ZipInfo(f"{name}.npy"), content)  # ZipInfo's date is fixed: 1980
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read_arrays(path: str | Path, kind: str) -> dict[str, Array]:
    """Read what `write_arrays` wrote as `kind`, or refuse the file.

    The checksums in the zip find damage by accident. Someone could change the numbers on purpose, as in any file, but
    could do no more than that, because nothing is unpickled. Raises StorageError.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file. Check the name and the folder you run in")
    if path.is_dir():
        raise _refusal(path, "this is a folder")
    with path.open("rb") as file:
        try:
            with ZipFile(file) as archive:
                infos = archive.infolist()
                plain = all(info.compress_type == ZIP_STORED for info in infos)  # others could unpack to any size
                entries = {info.filename.removesuffix(".npy"): archive.read(info) for info in infos} if plain else {}
        except (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
            raise _refusal(path, f"it is cut short, damaged or no file of scratchnet ({error})") from None
    if ABOUT not in entries:
        raise _refusal(path, "it was not written by scratchnet")
    try:
        arrays = {
            name: np.lib.format.read_array(BytesIO(content), allow_pickle=False) for name, content in entries.items()
        }
        about = json.loads(str(arrays.pop(ABOUT)))
        found, version = about["kind"], about["version"]
    except (ValueError, KeyError, TypeError, MemoryError) as error:
        raise _refusal(path, f"it cannot be read ({error})") from None
    if version not in range(1, VERSION + 1):
        known = f"versions 1 to {VERSION}"
        raise _refusal(path, f"it is of version {version}, and this scratchnet reads {known}: update scratchnet")
    if found != kind:
        advice = (
            ". Name it as fit's checkpoint, or fetch the parameters by np.load(file)['theta']"
            if found == "a checkpoint"
            else ""
        )
        raise _refusal(path, f"it holds {found}, not {kind}{advice}")
    arrays.pop(OLD_DIGEST, None)
    return arrays


def _npy(array: Array) -> bytes:
    file = BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
    return file.getvalue()


def _refusal(path: str | Path, reason: str) -> StorageError:
    return StorageError(f"{path}: {reason}")
