"""The Python in the page: run one cell after another in `__main__`, as a notebook does, and send out what it shows.

This file is part of the site and runs in the reader's browser, never in the book's own environment. `worker.js` imports
it once, and calls `run` for every cell. Everything that it shows goes to the worker through `_host.call`.

What is different here from the Python with which the book was made:

- Python is 3.15, NumPy 2.5, pandas 3.0 and Matplotlib 3.11.
- Addresses have 32 bits. NumPy's integers have 32 bits unless a cell says otherwise, and so has `np.intp`. So a sum of
  whole numbers, or 3 * 10**9, overflows here where it would not elsewhere. Python's own integers have no limit, as
  everywhere.
- A program has at most 4 GB of memory, and one thread. Starting a thread or another program is refused.
- The files are those of the book. They are in memory, and a reload of the page brings them back as they were.
- There is no network, and `input` cannot ask.
- Of IPython there is only `IPython.display` (display, HTML, Markdown, Image, SVG), and no line may begin with % or !.
- No letters are both bold and slanted, and none of one width are either: the nearest that there are stand for them.
- The clock ticks in steps of up to a tenth of a millisecond.
"""

import ast
import base64
import builtins
import io
import json
import linecache
import os
import sys
import time
import traceback
import types
import warnings
from importlib.machinery import ModuleSpec

import _host  # type: ignore[import-not-found]  # the connection to worker.js, which only this Python has

import __main__

KINDS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
}
BACKEND = "scratchnet_backend"


def send(kind, **data):
    """Hand one output to the page, after all text that was printed before it."""
    sys.stdout.flush()
    sys.stderr.flush()
    _host.call(json.dumps({"kind": kind, **data}).encode())


# --- what a value shows


def bundle(value):
    """Return the ways in which a value can be shown, by type of medium, as Jupyter does."""
    shown = {"text/plain": repr(value)}
    for method, medium in KINDS.items():
        made = getattr(type(value), method, None)
        content = made(value) if made else None
        if content is not None:
            shown[medium] = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    return shown


def display(*values, **_):
    """Show values. This takes the place of `IPython.display.display`."""
    for value in values:
        send("display", data=bundle(value))


class _Shown:
    """The ancestor of HTML, Markdown and the like, which show the data that they hold."""

    def __init__(self, data=None, filename=None, **_):
        if filename is not None:
            with open(filename, "rb") as file:  # noqa: PTH123 - pathlib would be loaded for this line alone
                data = file.read()
        self.data = data

    def __repr__(self):
        return f"<IPython.core.display.{type(self).__name__} object>"


class HTML(_Shown):
    """HTML that the page shows."""

    def _repr_html_(self):
        return self.data


class Markdown(_Shown):
    """Markdown that the page shows."""

    def _repr_markdown_(self):
        return self.data


class SVG(_Shown):
    """A drawing in the format SVG."""

    def _repr_svg_(self):
        return self.data.decode() if isinstance(self.data, bytes) else self.data


class Image(_Shown):
    """A picture in the format PNG."""

    def _repr_png_(self):
        return self.data


def install_ipython():
    """Let `from IPython.display import Markdown` find the classes above."""
    outer, inner = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    for one in (display, HTML, Markdown, SVG, Image):
        setattr(inner, one.__name__, one)
    outer.display, outer.get_ipython, outer.__path__ = inner, lambda: None, []
    outer.version_info = (9, 0)  # Matplotlib asks for this, and then sets up nothing in IPython
    sys.modules |= {"IPython": outer, "IPython.display": inner}


# --- figures


def show_figures():
    """Send every open figure as a picture without empty margins, as a notebook does, and close them all."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        if figure.axes or figure.lines:
            picture = io.BytesIO()
            figure.savefig(picture, format="png", bbox_inches="tight", facecolor=figure.get_facecolor())
            shown = {"image/png": base64.b64encode(picture.getvalue()).decode(), "text/plain": repr(figure)}
            send("display", data=shown)
    pyplot.close("all")


class Backend:
    """Finds and makes the module by which Matplotlib draws here. It is made only when Matplotlib asks for it."""

    def find_spec(self, name, path=None, target=None):
        """Answer for that one module, and for no other."""
        return ModuleSpec(name, self) if name == BACKEND else None

    def create_module(self, spec):
        """Make the module: pictures are drawn by Agg, and `show` sends them."""
        import logging

        from matplotlib.backend_bases import FigureManagerBase
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        class Manager(FigureManagerBase):
            @classmethod
            def pyplot_show(cls, *, block=None):
                show_figures()

        # Some fonts are left out, and Matplotlib would say so with every formula.
        fonts = logging.getLogger("matplotlib.font_manager")
        fonts.addFilter(lambda record: "Failed to find font weight" not in record.msg)
        module = types.ModuleType(BACKEND)
        module.FigureManager = Manager
        module.FigureCanvas = type("Canvas", (FigureCanvasAgg,), {"manager_class": Manager})
        return module

    def exec_module(self, module):
        """Do nothing, because the module is complete when it has been created."""


# --- cells


def refuse_input(prompt=""):
    """Refuse to ask. This takes the place of `input`, which would have to wait for the reader."""
    raise RuntimeError("input() cannot ask here: write your answer into the cell, as a text in quotation marks")


def compiled(source, name):
    """Return the code of a cell in two parts: all that is run, and the expression in its last line, or None.

    The last expression is a part of its own because its value is shown. A semicolon at the end of the cell prevents
    that, as in a notebook.
    """
    tree = ast.parse(source, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        last = compile(ast.Expression(tree.body.pop().value), name, "eval")
    return compile(tree, name, "exec"), last


def execute(source, name):
    """Run the code of a cell, and show the value of its last line and its figures."""
    code, last = compiled(source, name)
    exec(code, __main__.__dict__)  # noqa: S102 - this is what the page is for
    if last is not None:
        value = eval(last, __main__.__dict__)  # noqa: S307
        if value is not None:
            __main__._ = value
            send("result", data=bundle(value))
    show_figures()


def told(error, name):
    """Return an error as the page shows it: without the lines of this file, and with the line of the cell."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") == __name__:
        trace = trace.tb_next
    lines = [one.lineno for one in traceback.extract_tb(trace) if one.filename == name]
    if isinstance(error, SyntaxError) and error.filename == name:
        trace, lines = None, [error.lineno]  # no line of the cell has run yet
    return {
        "name": type(error).__name__,
        "message": str(error),
        "traceback": "".join(traceback.format_exception(type(error), error, trace)),
        "line": lines[-1] if lines else None,
    }


def run():
    """Ask the worker for its cell, run that, and tell the worker how it ended."""
    asked = json.loads(_host.call(b'{"kind": "cell"}'))
    source, name = asked["source"], asked["name"]
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    status, begin = "ok", time.perf_counter()
    try:
        execute(source, name)
    except BaseException as error:  # also SystemExit and KeyboardInterrupt: nothing may end the Python of the page
        status = "error"
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
        send("error", **told(error, name))
    send("done", status=status, seconds=time.perf_counter() - begin)


def prepare():
    """Make this Python ready for the first cell."""
    install_ipython()
    sys.meta_path.append(Backend())
    os.environ["MPLBACKEND"] = f"module://{BACKEND}"
    os.chdir("/book")
    builtins.input = refuse_input
    __main__.display = display
    warnings.filterwarnings("ignore", message="tqdm:disabling monitor")  # there are no threads here


prepare()
