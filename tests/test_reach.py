"""What reaches a reader who is not here: Binder's environment made and used as its Dockerfile says, and the wheel.

Run by `make reach`: it takes some minutes, and the network for packages. Only for Linux, where memory can be limited.
"""

import os
import re
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from time import sleep, time
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from browser_page import Watched
from playwright.sync_api import Page, expect
from project_copy import copied

pytestmark = pytest.mark.reach

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
MB = 1_000_000
BINDER, SERVER = 2000 * MB, 300 * MB  # what Binder gives, and what of it JupyterLab's own server may take
PROMISED = (ROOT / ".binder" / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# Some of the links of the book from one notebook to a heading in another.
LINKS = sorted(
    set(re.findall(r"\]\((\S+?\.ipynb#cell-id=[\w-]+)", "".join(path.read_text("utf-8") for path in NOTEBOOKS)))
)
LINKS = LINKS[:: len(LINKS) // 8]
JUPYTER = ("ipykernel", "jupyter_server", "jupyterlab", "nbconvert", "notebook")


@pytest.fixture(scope="session")
def dockerfile() -> str:
    """What Binder would build."""
    command = [Path(sys.executable).with_name("jupyter-repo2docker"), "--no-build", "--debug", "."]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def steps(dockerfile: str) -> list[str]:
    """The commands that depend on this repository: those after the first of its files is there."""
    return re.findall(r"^RUN (.*)$", dockerfile.partition("COPY --chown=0:0 src/.binder")[2], re.MULTILINE)


def python(environment: Path) -> Path:
    """Make a fresh environment, and return its Python."""
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    return environment / "bin" / "python"


@pytest.fixture(scope="session")
def binder(dockerfile: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The book and the Python that Binder's server has: its Jupyter, then the commands of the Dockerfile."""
    home, environment = copied(tmp_path_factory.mktemp("home")), tmp_path_factory.mktemp("environment")
    print(f"Binder has Python {PROMISED}; this environment has {sys.version.split()[0]}.")
    (repo2docker,) = find_spec("repo2docker").submodule_search_locations
    lock = Path(repo2docker) / "buildpacks" / "conda" / f"environment.py-{PROMISED}-linux-64.lock"
    pins = dict(re.findall(r"/([a-z_]+)(?:-core)?-([\d.]+)-\w+\.conda", lock.read_text(encoding="utf-8")))
    packages = [f"{name}=={pins[name]}" for name in JUPYTER]
    subprocess.run([python(environment), "-m", "pip", "install", "--quiet", *packages], check=True)
    variables = os.environ | {
        "KERNEL_PYTHON_PREFIX": str(environment),
        "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    for step in steps(dockerfile):
        subprocess.run(["bash", "-c", step], cwd=home, env=variables, check=True)
    return home, environment / "bin" / "python"


def test_binder_installs_what_a_reader_needs_and_nothing_else(dockerfile: str) -> None:
    assert (
        f"environment-2epy-2d{PROMISED.replace('.', '-2e')}-2dlinux" in dockerfile
    )  # "-2e" is a dot there, "-2d" a dash
    assert steps(dockerfile) == [
        '${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r ".binder/requirements.txt"',
        "chmod +x .binder/postBuild",
        "./.binder/postBuild",
    ]


def limited() -> None:
    """Refuse the process and its children more private memory than Binder has beside the server, touched or not."""
    resource.setrlimit(resource.RLIMIT_DATA, (BINDER - SERVER, BINDER - SERVER))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_binder_s_memory(path: Path, binder: tuple[Path, Path]) -> None:
    home, program = binder
    code = "from nbclient.cli import main; main()"
    child = subprocess.Popen(
        [program, "-c", code, "--timeout=600", home / "book" / path.name], cwd=home / "book", preexec_fn=limited
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    print(f"{path.stem}: {usage.ru_maxrss / 1000:.0f} MB at most")  # of the kernel, the largest process waited for
    assert usage.ru_maxrss * 1024 < BINDER - SERVER


def test_pytest_nbval_passes_with_nbval_added(binder: tuple[Path, Path]) -> None:
    home, program = binder
    subprocess.run([program, "-m", "pip", "install", "--quiet", "nbval"], check=True)
    run = subprocess.run(
        [program, "-m", "pytest", "--nbval", "-q"], cwd=home, check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout
    print(run.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def lab(binder: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab on Binder's copy of the book; gives its address. Its server keeps to its part of the memory."""
    home, program = binder
    folder = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
    ]
    own = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    server = subprocess.Popen([program, "-m", "jupyterlab", *options], cwd=home, env=os.environ | own)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            assert server.poll() is None
            try:
                urlopen(f"{address}/api/status").close()
                break
            except URLError:
                sleep(0.5)
        yield address
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
        peak = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024
        print(f"JupyterLab's server: {peak / MB:.0f} MB at most")
        assert peak < SERVER
    finally:
        server.terminate()
        server.wait(30)


def scroll(page: Page, by: int, there: Callable[[], bool]) -> None:
    """Turn the wheel until it is there: JupyterLab keeps what is far from the screen out of the page."""
    for _ in range(1200):
        if there():
            return
        page.mouse.wheel(0, by)
        page.wait_for_timeout(250)
    pytest.fail("not there after five minutes")


def test_a_chapter_runs_in_jupyterlab_through_the_browser(
    lab: str, binder: tuple[Path, Path], desktop: Watched
) -> None:
    path = binder[0] / "book" / "03-softmax.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, path)
    count = sum(cell.cell_type == "code" for cell in notebook.cells)

    page = desktop.page
    page.goto(f"{lab}/lab/tree/book/{path.name}?reset")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()

    # what is on the screen is one part of the notebook; the file holds all cells
    deadline = time() + 300
    while time() < deadline:
        page.keyboard.press("Control+s")
        sleep(2)
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        if [cell.execution_count for cell in cells] == list(range(1, count + 1)):
            break
    else:
        pytest.fail("not every cell was run and saved")
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]

    outer, figure = page.locator(".jp-WindowedPanel-outer"), page.locator("sn-softmax-explorer")
    outer.evaluate("node => node.scrollTop = node.scrollHeight")
    outer.hover()
    scroll(page, -500, figure.is_visible)
    figure.scroll_into_view_if_needed()
    expect(figure.locator(".sn-live")).to_be_visible()
    expect(figure.locator(".sn-static")).to_be_hidden()
    figure.get_by_label("Logit of class 0, as a number").fill("9")
    assert figure.evaluate("element => element.figure.probabilities[0]") > 0.9
    page.screenshot(path=ROOT / "_build" / "jupyterlab.png")


@pytest.mark.parametrize("link", LINKS)
def test_in_jupyterlab_a_link_leads_to_its_heading_at_the_first_click(
    lab: str, binder: tuple[Path, Path], desktop: Watched, link: str
) -> None:
    name, _, cell = link.partition("#cell-id=")
    (wanted,) = [c.source for c in nbformat.read(binder[0] / "book" / name, as_version=4).cells if c.id == cell]
    text = nbformat.v4.new_markdown_cell(f"[There]({link})")
    start = binder[0] / "book" / "start.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[text], metadata={"kernelspec": KERNEL}), start)
    page = desktop.page
    page.goto(f"{lab}/lab/tree/book/{start.name}?reset")
    page.get_by_role("link", name="There").click()
    title = re.sub("[`*]", "", wanted.partition("\n")[0].lstrip("# "))
    shown = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    expect(shown.get_by_role("heading", name=title).first).to_be_in_viewport(timeout=30_000)


def test_in_jupyterlab_a_picture_is_told_in_words_and_an_exercise_leads_to_its_solution_and_back(
    lab: str, desktop: Watched
) -> None:
    page = desktop.page
    page.goto(f"{lab}/lab/tree/book/03-softmax.ipynb?reset")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    page.locator(".jp-WindowedPanel-outer").hover()
    told = page.locator(".jp-Notebook details").locator("visible=true")
    scroll(page, 500, lambda: told.count() > 0)
    told.first.locator("summary").click()
    expect(told.first.locator("p")).to_be_visible()

    asked = page.locator('a[href*="#cell-id=exercise-3-3"]').locator("visible=true")
    scroll(page, 500, lambda: asked.count() > 0)
    asked.click()
    shown = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    heading = shown.get_by_role("heading", name="Exercise 3.3 (Break the single maximum)")
    expect(shown.get_by_text("Back to the exercise").locator("visible=true")).not_to_have_count(0, timeout=30_000)
    expect(heading).to_be_in_viewport()
    shown.locator('a[href*="#cell-id=exercise-3-3"]').click()
    expect(shown.get_by_text("A solution", exact=True).locator("visible=true")).not_to_have_count(0, timeout=30_000)
    expect(heading).to_be_in_viewport()


USE = """
import sys
import matplotlib
import numpy as np
import scratchnet as sn
from scratchnet.figures import draw_digit

matplotlib.use("agg")
digits = sn.read_digits(sys.argv[1])
rng = np.random.default_rng(0)
(X, y), dev = sn.train_dev_split(sn.normalize(digits.images), digits.labels, dev_size=2000, rng=rng)
params = sn.initialize((784, 10, 10), rng)
history = sn.fit(params, X, y, optimizer=sn.SGD(0.1), epochs=2, batch_size=32, rng=rng, validation=dev)
sn.plots.use_style()
sn.plots.history_curves(history).savefig("curves.png")
assert history.dev_accuracy[-1] > 0.85
assert "customElements" in draw_digit(params)._repr_html_()
print(sn.__file__)
"""
TYPED = """
from typing import assert_type
import numpy as np
from numpy.typing import NDArray
import scratchnet as sn

digits = sn.read_digits("train.csv")
assert_type(digits.labels, NDArray[np.int64])
params = sn.initialize((784, 10, 10), np.random.default_rng(0))
assert_type(sn.cross_entropy(sn.forward(params, sn.normalize(digits.images))[0], digits.labels), float)
sn.predict(params, "images")
"""
SECONDS = """
import numpy, time
begin = time.perf_counter()
import scratchnet
print(time.perf_counter() - begin)
"""


def test_the_wheel_installs_alone_and_works_and_carries_its_types(tmp_path: Path) -> None:
    build = "import sys; from flit_core.buildapi import build_wheel; print(build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", build, tmp_path], cwd=ROOT, check=True, capture_output=True, text=True
    )
    program = python(tmp_path / "environment")
    run: dict[str, Any] = {"cwd": tmp_path, "check": True, "capture_output": True, "text": True}
    subprocess.run([program, "-m", "pip", "install", "--quiet", tmp_path / built.stdout.strip()], check=True)
    data = ROOT / "data" / "train.csv.gz"
    where = subprocess.run([program, "-W", "error", "-c", USE, data], **run).stdout
    assert where.startswith(str(tmp_path))
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    times = sorted(float(subprocess.run([program, "-c", SECONDS], **run).stdout) for _ in range(11))
    print(f"import scratchnet, beyond NumPy: {times[5] * 1000:.0f} ms, the middle of 11")
    (tmp_path / "use.py").write_text(TYPED, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir=cache",
        f"--python-executable={program}",
        "use.py",
    ]
    said = subprocess.run(command, **(run | {"check": False})).stdout
    assert re.findall(r"^use.py:(\d+): error: .*", said, re.MULTILINE) == [f"{len(TYPED.splitlines())}"], said
