"""Settings of every run of pytest, with or without `--nbval`: one thread, no progress bars, and what `--nbval` runs."""

import os

import pytest

# These must be set before NumPy is imported and before a kernel starts. With one thread, every run gives the same bits.
# OpenBLAS has products of its own for every kind of processor, which round differently; those for Haswell run on every
# x86 processor since 2013, and elsewhere the name is ignored. The text of a progress bar would differ from run to run.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
    os.environ[variable] = "1"
os.environ["OPENBLAS_CORETYPE"] = "Haswell"
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else each kernel warns about debugging


def pytest_configure(config: pytest.Config) -> None:
    """Let `pytest --nbval` alone run every notebook; without the flag, `pytest` runs the unit tests of `testpaths`."""
    if config.getoption("nbval", default=False) and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        config.args = [str(config.rootpath / "book")]
