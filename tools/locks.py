"""Write requirements/*.txt: every package with its exact version and hashes, for Python 3.11 to 3.14 on any system.

`make locks` runs this and prints what changed. Versions that are locked already stay; `make locks UPGRADE=1` takes the
newest that fit together. "maintain", the largest set, is resolved first. The others take its versions, so that
"maintain", "test" and "book" can be installed into one environment, and "bench" compares the same NumPy and
scikit-learn. Only "oldest" has versions of its own, and "live", whose packages are taken for their files alone.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements"
NAMES = ("maintain", "test", "book", "bench", "oldest", "live")


def changes(before: str, after: str) -> list[str]:
    """Return a line for every package whose version differs between two locks."""
    old, new = (dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)) for text in (before, after))
    lines = []
    for name in sorted(old | new):
        if name not in new:
            lines.append(f"{name}: {old[name]} is gone")
        elif name not in old:
            lines.append(f"{name}: {new[name]} is new")
        elif old[name] != new[name]:
            lines.append(f"{name}: {old[name]} to {new[name]}")
    return lines


def lock(name: str, upgrade: bool) -> None:
    """Compile requirements/<name>.in into <name>.txt, with the versions of maintain.txt where they are shared."""
    command = ["uv", "pip", "compile", f"{name}.in", "--output-file", f"{name}.txt", "--quiet", "--no-header"]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-strip-extras", "--no-annotate"]
    if name == "live":
        command.append("--no-deps")
    if name not in (NAMES[0], "oldest", "live"):
        command += ["--constraints", f"{NAMES[0]}.txt"]
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, cwd=REQUIREMENTS, check=True)


if __name__ == "__main__":
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for each in NAMES:
        file = REQUIREMENTS / f"{each}.txt"
        earlier = file.read_text(encoding="utf-8") if file.exists() else ""
        lock(each, upgrade=bool(os.environ.get("UPGRADE")))
        print(f"requirements/{each}.txt", *changes(earlier, file.read_text(encoding="utf-8")), sep="\n    ")
