"""Break the mathematics on purpose, one small change at a time, and count the changes that no test notices.

`make mutants` runs this. [tool.mutmut] in pyproject.toml says which modules are changed and which tests are run. The
program prints every change that no test noticed, and how many there are, and exits with 1 when there are any.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MUTMUT = str(Path(sys.executable).with_name("mutmut"))


def mutmut(*arguments: str) -> str:
    """Return what mutmut prints when it is called with these arguments."""
    return subprocess.run([MUTMUT, *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Run every mutant; return the exit status."""
    subprocess.run([MUTMUT, "run"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    results = dict(
        line.strip().rsplit(": ", 1) for line in mutmut("results", "--all", "true").splitlines() if ": " in line
    )
    alive = [mutant for mutant, status in results.items() if status != "killed"]
    for mutant in alive:
        print(f"{mutant}: {results[mutant]}\n{mutmut('show', mutant)}")
    print(f"{len(results) - len(alive)} of {len(results)} mutants killed.")
    return 1 if alive or not results else 0


if __name__ == "__main__":
    sys.exit(main())
