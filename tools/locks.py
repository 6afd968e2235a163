"""Write requirements/*.txt: every package, its exact version and its hashes, for Python 3.11 to 3.14 on any system.

Run by `make locks`. Versions already locked stay; `make locks UPGRADE=1` takes the newest that fit together. The
largest environment is resolved first and the smaller ones are held to its versions, so one folder can hold all three.
"""

import os
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements"
NAMES = ("maintain", "test", "book")


def lock(name: str, upgrade: bool) -> None:
    """Compile requirements/<name>.in into <name>.txt, constrained by the largest lock unless it is that one."""
    command = ["uv", "pip", "compile", f"{name}.in", "--output-file", f"{name}.txt", "--quiet", "--no-header"]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-strip-extras", "--no-annotate"]
    if name != NAMES[0]:
        command += ["--constraints", f"{NAMES[0]}.txt"]
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, cwd=REQUIREMENTS, check=True)


if __name__ == "__main__":
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for each in NAMES:
        lock(each, upgrade=bool(os.environ.get("UPGRADE")))
        print(f"requirements/{each}.txt")
