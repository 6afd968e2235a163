"""The Python of the pages in a real browser: the same outputs as in the book, and every way to end a cell.

`make live` has put it into the site; `make test` and `make lasting` do so first.
"""

import base64
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from browser_page import Watched
from common import HTML, ROOT
from live_site import RUNTIME, Host, Python, cells, names, opened, policy, told
from notebooks import Chapter, code
from PIL import Image
from plain import Book, site_address
from playwright.sync_api import Browser, Error

import live

pytestmark = pytest.mark.site

# The chapters whose cells `make test` runs: the others are run once a week.
QUICK = ("00-refresher", "03-softmax", "06-chain-rule")
# Where the page shows something else than the book, and why. No other cell may.
DIFFERENT: dict[str, dict[int, str]] = {
    "12-results": {64: "NumPy 2.5 draws other samples from the same seed, and the last digit of a spread is another."},
    "15-generalisation": {
        1: "Products are rounded otherwise, and a network trained on few images reads one less.",
        14: "Products are rounded otherwise, and so is what is left of an error of 2e-11.",
        18: "Products are rounded otherwise, and a network trained on few images reads two more in 1,000.",
    },
}
# Where it may show something else. Most of these cells measure time: that depends on the machine and its load, and
# the clock of a page ticks in steps of up to a tenth of a millisecond.
VARYING: dict[str, dict[int, str]] = {
    "16-convolution": {16: "Products are rounded otherwise, and networks trained on so little part by a few images."},
    "18-frameworks": {
        21: "It times additions of a microsecond, and says whether one is less than four times another.",
        22: "Its checks hold the times of the cell above.",
        28: "It times single lines of a step, and says what part of it they are.",
        48: "It times copies and maxima in two orders, and says how many times as long one takes as the other.",
        50: "It times copies beside products, which are slower in a page, and says what part of a step they are.",
        69: "It divides by a time that is shorter than a tick of the clock.",
    },
}
# Ways to run for ever: a page has to stop all of them.
ENDLESS = {
    "a loop": "while True: pass",
    "a loop that cannot be interrupted": "while True:\n    try: 1 / 0\n    except BaseException: pass",
    "printing": "while True: print('on and on')",
    "printing without a line's end": "while True: print('.', end='')",
    "an output": "while True: display(1)",
    "NumPy": "import numpy as np\nX = np.ones((1500, 1500))\nwhile True: X @ X",
    "one call of NumPy": "import numpy as np\nX = np.ones((6000, 6000), np.float32)\nX @ X @ X @ X @ X",
    "a power": "7 ** 7 ** 7 ** 7",
    "sleep": "import time; time.sleep(3600)",
    "a regular expression": "import re; re.match(r'(a+)+b', 'a' * 60)",
}
BEGIN = """source => {
    window.seen = [];
    window.running = window.python.run(source, {onOutput: output => window.seen.push(output)});
}"""
# Keep these files, {address: text}, as an earlier build of the site may have left them.
LEAVE = """async files => {
    const store = await caches.open("scratchnet pages /");
    for (const [url, text] of Object.entries(files)) await store.put(url, new Response(text));
}"""
KEPT = """caches.open("scratchnet pages /").then(store => store.keys())
    .then(found => found.map(({url}) => new URL(url).pathname + new URL(url).search))"""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    host = Host(policy())
    yield host
    host.stop()


@pytest.fixture(scope="module")
def python(browser: Browser, host: Host) -> Iterator[Python]:
    """One page for the tests that leave its Python as they found it; what they bind does not matter to others."""
    with opened(browser, host) as python:
        python.start()
        yield python


def stored(name: str) -> list[list[Any]]:
    """Return the outputs of the cells of a page as the notebooks hold them."""
    chapter = Chapter(Book(ROOT / "book", site_address(ROOT)), ROOT / "book" / "text" / f"{name}.md")
    assert chapter.take_outputs()
    assert [cell["source"] for cell in cells(name)] == [cell.source for cell in code(chapter.cells)]
    return [cell.outputs for cell in code(chapter.cells)]


def begin(python: Python, source: str) -> None:
    """Let a cell run, and do not wait for its end."""
    python.page.evaluate(BEGIN, source)


def stop(python: Python) -> None:
    """Stop Python, which must be running a cell."""
    python.ask("window.python.stop()")
    assert python.ask("window.running.then(ended => ended.status)") == "stopped"


def busy(python: Python) -> float:
    """Return for how many seconds the processes that show pages have had a processor so far."""
    browser = python.page.context.browser
    assert browser
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return float(sum(one["cpuTime"] for one in found if one["type"] == "renderer"))


def check_outputs(python: Python, name: str) -> None:
    """Run all cells of a page in its order, and compare what they show with what the book has.

    A cell that takes more than 20 s has to be in live/slow.json, in tens of seconds. What counts is how long it has had
    a processor; half as much again is allowed, since that too depends a little on what else the machine does.
    """
    expected = DIFFERENT.get(name, {})
    wrong, slow = {}, {}
    for cell, outputs in zip(cells(name), stored(name), strict=True):
        before = busy(python)
        ended = python.run(cell["source"], f"<cell {cell['index'] + 1}>")
        seconds = busy(python) - before
        same = told(ended["outputs"]) == told(outputs)
        if same == (cell["index"] in expected) and cell["index"] not in VARYING.get(name, {}):
            wrong[cell["index"]] = told(ended["outputs"]), told(outputs)
        if seconds > 30 and cell["seconds"] is None:
            slow[live.digest(cell["source"])] = round(seconds, -1)
    assert not wrong
    assert not slow, f"these belong into live/slow.json: {slow}"


@pytest.mark.parametrize("name", QUICK)
def test_every_cell_of_a_page_shows_what_the_book_has(python: Python, name: str) -> None:
    python.ask("window.python.stop()")
    check_outputs(python, name)


def test_a_figure_is_as_large_as_in_the_book(python: Python) -> None:
    """The size of its picture, which is cut to what is drawn; the letters of another release of a font may differ."""
    [first, *_] = [output for output in stored("03-softmax")[0] if "image/png" in output.get("data", {})]
    [again, *_] = [output for output in python.run(cells("03-softmax")[0]["source"])["outputs"] if "data" in output]
    sizes = [Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"]))).size for output in (first, again)]
    assert sizes[0] == pytest.approx(sizes[1], abs=4)


# --- cells


def test_names_are_kept_from_cell_to_cell_until_python_is_stopped(python: Python) -> None:
    python.shown("kept = 1")
    assert python.shown("kept + 1") == [{"text/plain": "2"}]
    python.ask("window.python.stop()")
    assert python.failed("kept")["name"] == "NameError"


def test_a_cell_shows_its_last_value_as_a_notebook_does(python: Python) -> None:
    assert python.shown("1\n2") == [{"text/plain": "2"}]
    assert python.shown("2;") == []
    assert python.shown("None") == []
    assert python.shown("") == []
    assert python.shown("# nothing") == []


def test_outputs_come_in_the_order_in_which_they_were_made(python: Python) -> None:
    source = "import sys\nprint('a')\ndisplay(1)\nprint('b', file=sys.stderr)\nprint('c', end='')\n2"
    assert python.shown(source) == [
        ("stdout", "a\n"), {"text/plain": "1"}, ("stderr", "b\n"), ("stdout", "c"), {"text/plain": "2"}
    ]  # fmt: skip


def test_outputs_come_while_the_cell_still_runs(python: Python) -> None:
    begin(python, "import time\nprint(1)\ntime.sleep(3600)")
    python.page.wait_for_function("window.seen.length === 1")
    stop(python)


@pytest.mark.parametrize(
    ("source", "line"), [("1\n1 / 0", 2), ("def f():\n    return 1 / 0\n\nf()", 2), ("x = (\n1 +* 2)", 2)]
)
def test_a_traceback_points_at_the_line_of_the_cell_and_shows_nothing_of_ours(
    python: Python, source: str, line: int
) -> None:
    error = python.failed(source)
    assert error["line"] == line
    assert source.split("\n")[line - 1].strip() in error["traceback"]
    assert "guest" not in error["traceback"]


def test_nothing_a_cell_does_ends_python(python: Python) -> None:
    for source in ("import sys; sys.exit(1)", "exit()", "raise KeyboardInterrupt", "def f(): f()\nf()"):
        python.failed(source)
        assert python.shown("1") == [{"text/plain": "1"}]


def test_a_page_is_not_flooded(python: Python) -> None:
    [(_, text)] = python.shown("for n in range(100_000): print('much of the same')")
    assert len(text) < 1_000_100
    assert "shows no more" in text
    assert python.shown("print('more')") == [("stdout", "more\n")]


def test_a_question_is_refused_kindly(python: Python) -> None:
    error = python.failed("input('Your name? ')")
    assert "write your answer into the cell" in error["message"]


def test_a_figure_that_is_not_shown_is_shown_at_the_end_and_one_of_a_failed_cell_never(python: Python) -> None:
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])"
    assert [list(one) for one in python.shown(f"{plot};")] == [["image/png", "text/plain"]]
    python.failed(f"{plot}\n1 / 0")
    assert python.shown("1") == [{"text/plain": "1"}]


def test_progress_bars_keep_quiet(python: Python) -> None:
    assert python.shown("from tqdm import tqdm\nsum(tqdm([1, 2]))") == [{"text/plain": "3"}]


def test_markdown_and_html_come_as_such(python: Python) -> None:
    [shown] = python.shown("from IPython.display import Markdown\nMarkdown('*a*')")
    assert shown == {"text/markdown": "*a*", "text/plain": "<IPython.core.display.Markdown object>"}
    [shown] = python.shown("from IPython.display import HTML, display\ndisplay(HTML('<b>a</b>'))")
    assert shown["text/html"] == "<b>a</b>"


def test_what_was_left_out_to_save_weight_is_missed_by_nothing(python: Python) -> None:
    packages = "datetime, decimal, io, logging, pickle, pandas, PIL.Image, urllib.request, tqdm"
    assert python.shown(f"import {packages}") == []
    assert python.shown("decimal.Decimal('0.1') * 3") == [{"text/plain": "Decimal('0.3')"}]
    letters = r"$\mathbfit{a} \mathbf{b} \mathit{c} \mathtt{d} \mathcal{E} \mathbb{F} \mathfrak{g} \sum_1^2 \sqrt{x}$"
    for family in ("sans-serif", "monospace"):
        words = f"{letters!r}, weight='bold', style='italic', family='{family}'"
        [shown] = python.shown(f"import matplotlib.pyplot as plt\nplt.title({words});")
        assert "image/png" in shown


# --- what is different here: the list stands in guest.py


def test_the_versions_are_those_that_are_named(python: Python) -> None:
    guest = (ROOT / "live" / "runtime" / "guest.py").read_text(encoding="utf-8")
    python.shown("import platform, numpy, pandas, matplotlib")
    [(_, text)] = python.shown(
        "print(platform.python_version(), *[m.__version__ for m in (numpy, pandas, matplotlib)])"
    )
    version, numpy, pandas, matplotlib = re.findall(r"(\d+\.\d+)\S*", text)
    assert f"Python is {version}, NumPy {numpy}, pandas {pandas} and Matplotlib {matplotlib}." in guest


def test_whole_numbers_of_numpy_have_32_bits_where_nothing_else_is_said(python: Python) -> None:
    assert python.shown("import numpy as np\nnp.array([1]).dtype, np.arange(2).sum().dtype, np.intp(0).dtype") == [
        {"text/plain": "(dtype('int32'), dtype('int32'), dtype('int32'))"}
    ]
    assert python.shown("int(np.full(3, 2**30).sum())") == [{"text/plain": str(3 * 2**30 - 2**32)}]
    assert python.shown("int(np.full(3, 2**30).sum(dtype=np.int64))") == [{"text/plain": str(3 * 2**30)}]
    assert python.failed("np.array([3 * 10**9], dtype=int)")["name"] == "OverflowError"


def test_what_the_book_adds_up_in_whole_numbers_does_not_overflow(python: Python) -> None:
    """The largest sum of pixels there is: 42,000 images of white."""
    python.shown("import numpy as np, scratchnet as sn\nX = np.full((42_000, 784), 255, np.uint8)")
    assert python.shown("float(sn.normalize(X).sum())") == [{"text/plain": f"{float(42_000 * 784)}"}]
    assert python.shown("float(X.mean())") == [{"text/plain": "255.0"}]


@pytest.mark.parametrize(
    "source",
    [
        "import threading; threading.Thread(target=print).start()",
        "import subprocess; subprocess.run(['ls'])",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1/')",
    ],
)
def test_threads_programs_and_the_network_are_refused_by_an_error(python: Python, source: str) -> None:
    python.failed(source)
    assert python.shown("1") == [{"text/plain": "1"}]


def test_a_sleep_takes_as_long_as_it_says(python: Python) -> None:
    ended = python.run("import time; time.sleep(0.3)")
    assert 0.3 <= ended["seconds"] < 3


# --- files


def test_files_can_be_brought_listed_and_taken_and_outlive_a_stop(python: Python) -> None:
    python.ask("window.python.files.write('/book/mine/a.txt', new TextEncoder().encode('hello'))")
    python.ask("window.python.stop()")
    assert python.shown("open('mine/a.txt').read()") == [{"text/plain": "'hello'"}]
    python.shown("_ = open('mine/b.txt', 'w').write('back')")
    assert python.ask("window.python.files.list('/book/mine')") == ["a.txt", "b.txt"]
    assert python.ask("window.python.files.read('/book/mine/b.txt').then(b => new TextDecoder().decode(b))") == "back"
    assert "there is no" in python.ask("window.python.files.read('/book/none').catch(error => error.message)")


def test_the_digits_are_brought_when_a_cell_names_them(browser: Browser, host: Host) -> None:
    read = "import scratchnet as sn\nlen(sn.read_digits('../data/train.csv.gz').images)"
    with opened(browser, host) as python:
        python.start(digits=5000)
        python.shown("1")
        assert not [path for path in host.asked[-9:] if "train" in path]
        assert python.shown(read) == [{"text/plain": "5000"}]
        assert python.ask("window.told.at(-1)")[2] == "the digits"
        python.ask("window.python.stop()")
        assert python.shown(read) == [{"text/plain": "5000"}]
    with opened(browser, host) as python:
        python.start(digits=0)
        assert python.failed(read)["name"] == "FileNotFoundError"


# --- stopping


@pytest.mark.parametrize("source", ENDLESS.values(), ids=ENDLESS)
def test_whatever_runs_can_be_stopped(python: Python, source: str) -> None:
    begin(python, source)
    python.page.wait_for_timeout(400)
    stop(python)
    assert python.shown("print('again')") == [("stdout", "again\n")]


def test_stop_is_harmless_where_nothing_runs_and_can_be_pressed_twice(python: Python) -> None:
    python.ask("window.python.stop()")
    python.ask("Promise.all([window.python.stop(), window.python.stop()])")
    assert python.shown("1") == [{"text/plain": "1"}]


def test_memory_that_is_not_there_is_an_error_and_python_goes_on(python: Python) -> None:
    python.ask("window.python.stop()")
    error = python.failed("import numpy as np\nheld = []\nwhile True: held.append(np.empty(2**27))")
    assert error["name"].endswith("MemoryError")
    assert python.ask("window.python.memory()") > 2**30
    assert python.shown("1") == [{"text/plain": "1"}]
    python.ask("window.python.stop()")
    assert python.ask("window.python.memory()") < 2**27


def test_a_crash_is_told_and_python_started_again(python: Python) -> None:
    for source in ("import os; os._exit(3)", "import os; os.abort()"):
        ended = python.run(source)
        assert ended["status"] == "crashed"
        assert "started again" in ended["outputs"][-1]["message"]
        assert python.shown("1") == [{"text/plain": "1"}]


# --- the browser and the network


def test_a_page_that_is_a_file_says_that_it_needs_a_server(desktop: Watched) -> None:
    desktop.page.goto((HTML / "book" / "03-softmax.html").as_uri())
    source = RUNTIME.read_text(encoding="utf-8").replace("export class", "class")
    assert "make serve" in desktop.page.evaluate(f"() => {{ {source}; return Runtime.whyNot(); }}")


@pytest.mark.lasting
def test_how_soon_python_is_ready_and_how_much_memory_it_takes(browser: Browser, host: Host) -> None:
    """Print what was measured, for CONTRIBUTING.md (pytest -rP). Only what does not depend on the machine is tested."""
    with opened(browser, host) as python:
        session = python.page.context.new_cdp_session(python.page)
        for slower in (1, 4):
            session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
            for visit in ("first", "second"):
                asked = len(host.asked)
                python.page.reload()
                seconds = python.start()
                python.settle()
                print(f"{visit} visit, page slowed {slower} times: ready in {seconds:.1f} s")
                brought = [path for path in host.asked[asked:] if path.endswith(".bin")]
                assert len(brought) == (3 if visit == "first" else 0)
            python.ask("caches.keys().then(names => Promise.all(names.map(name => caches.delete(name))))")
        first = python.run(cells("03-softmax")[0]["source"])
        print(f"the first cell of chapter 3, with its imports and the digits: {first['seconds']:.1f} s")
        for cell in cells("03-softmax")[1:]:
            python.run(cell["source"])
        heap = python.page.evaluate("performance.memory.usedJSHeapSize")
        held = python.ask("window.python.memory()")
        print(f"after chapter 3: Python holds {held / 2**20:.0f} MiB, the scripts of the page {heap / 2**20:.0f} MiB")
        assert held < 2**30


def test_progress_tells_the_truth(browser: Browser, host: Host) -> None:
    with opened(browser, host) as python:
        python.start()
        told = python.ask("window.told")
        done, everything = [one[0] for one in told], {one[1] for one in told}
        assert len(everything) == 1
        assert done[0] == 0
        assert done == sorted(done)
        assert {done[-1]} == everything
        assert len(done) > 5


def test_once_loaded_the_network_is_not_needed_nor_at_the_next_visit(browser: Browser) -> None:
    host = Host(policy())
    with opened(browser, host) as python:
        python.start(now=True)
        host.stop()
        assert python.shown("import numpy as np\nnp.ones(2).sum()") == [{"text/plain": "np.float64(2.0)"}]
        python.ask("window.python.stop()")
        assert python.shown("len(open('../data/train.csv.gz', 'rb').read()) > 8e6") == [{"text/plain": "True"}]
        python.page.wait_for_function(f"async () => (await {KEPT}).includes('/live/runtime.js')")
        python.page.reload()
        python.start()
        assert python.shown("1") == [{"text/plain": "1"}]


def test_what_an_earlier_build_left_is_deleted_unless_a_kept_page_needs_it(browser: Browser, host: Host) -> None:
    kept = {
        "/book/old.html": '"../live/page-aaaaaaaaaaaa.js" "../_static/book.css?v=1f"',
        "/_static/book.css?v=1f": "",
        "/live/page-aaaaaaaaaaaa.js": "cells-bbbbbbbbbbbb.js",
        "/live/cells-bbbbbbbbbbbb.js": "",
        "/live/cells/03-softmax.json": "",
    }
    gone = {
        "/_static/book.css?v=2e": "",
        "/live/worker-cccccccccccc.js": "",
        "/live/page-dddddddddddd.js": "cells-eeeeeeeeeeee.js",
        "/live/cells-eeeeeeeeeeee.js": "",
    }
    with opened(browser, host) as python:
        python.page.evaluate(LEAVE, kept | gone)
        python.start(digits=0)
        python.page.wait_for_function(f"async gone => !(await {KEPT}).some(one => gone.includes(one))", arg=list(gone))
        assert kept.keys() <= set(python.ask(KEPT))


def test_what_did_not_arrive_is_told_and_comes_the_next_time(browser: Browser, host: Host) -> None:
    with opened(browser, host) as python:
        host.cut["library-"] = 1000
        with pytest.raises(Error, match="Not all of library-"):
            python.start(digits=0)
        host.cut = {"library-": -1}
        with pytest.raises(Error, match="The site has no library-"):
            python.start(digits=0)
        host.cut = {"worker-": -1}
        with pytest.raises(Error, match="Try again when there is a network"):
            python.start(digits=0)
        host.cut.clear()
        python.settle()  # complaints of what was cut may come a moment later
        python.watched.complaints.clear()
        python.ask("window.python.start()")
        assert python.shown("1") == [{"text/plain": "1"}]


@pytest.mark.lasting
@pytest.mark.parametrize("name", [name for name in names() if name not in QUICK])
def test_every_cell_of_every_other_page_shows_what_the_book_has(python: Python, name: str) -> None:
    python.ask("window.python.stop()")
    check_outputs(python, name)
