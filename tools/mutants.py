"""Break the mathematics on purpose, one small change at a time, and count the changes that no test notices.

`make mutants` runs this. [tool.mutmut] in pyproject.toml says which modules are changed and which tests are run. The
program prints every change that no test noticed and `EXPLAINED` does not explain, and exits with 1 when there are any.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MUTMUT = str(Path(sys.executable).with_name("mutmut"))

# Changes that no test can notice: the function, the line as the change leaves it, and why it does the same.
EXPLAINED = {
    ("scratchnet.layers.x_linear_backward", "db = np.add.reduce(dZ, out=db)"): "reduce adds along axis 0 unless told.",
}


def mutmut(*arguments: str) -> str:
    """Return what mutmut prints when it is called with these arguments."""
    return subprocess.run([MUTMUT, *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Run every mutant; return the exit status."""
    subprocess.run([MUTMUT, "run"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    results = dict(
        line.strip().rsplit(": ", 1) for line in mutmut("results", "--all", "true").splitlines() if ": " in line
    )
    alive = {mutant: mutmut("show", mutant) for mutant, status in results.items() if status != "killed"}
    explained = [mutant for mutant, change in alive.items() if _is_explained(mutant, change)]
    for mutant, change in alive.items():
        if mutant not in explained:
            print(f"{mutant}: {results[mutant]}\n{change}")
    print(f"{len(results) - len(alive)} of {len(results)} mutants killed, {len(explained)} explained.")
    return 1 if len(alive) > len(explained) or not results else 0


def _is_explained(mutant: str, change: str) -> bool:
    """Return whether `EXPLAINED` has this change. The number in a mutant's name is no part of what it looks for."""
    lines = [line[1:].strip() for line in change.splitlines() if line.startswith("+") and not line.startswith("+++")]
    return (mutant.partition("__mutmut_")[0], "\n".join(lines)) in EXPLAINED


if __name__ == "__main__":
    sys.exit(main())
