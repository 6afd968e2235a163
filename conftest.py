"""What every run of pytest shares, of unit tests and of notebooks: one thread, no bars, and what `--nbval` collects."""

import os

import pytest

# Set here, before NumPy loads and before a kernel starts: one thread gives the same bits on every run, and a progress
# bar would differ from one run to the next.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
    os.environ[variable] = "1"
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the kernel would warn that a debugger may miss breakpoints


def pytest_configure(config: pytest.Config) -> None:
    """Let `pytest --nbval` alone run every notebook; without the flag, `pytest` runs the unit tests of `testpaths`."""
    if config.getoption("nbval", default=False) and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        config.args = [str(config.rootpath / "book")]
