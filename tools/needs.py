"""Find out what the code of a chapter needs: which cells before it, and which files.

A cell needs another that binds or changes a name that it uses. A notebook needs the modules of the package that its
cells name, what these import, and the files that its cells read. When one of them changes, the notebook has to run
again.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Cell = Any  # nbformat's NotebookNode carries no types

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "scratchnet"


@dataclass(frozen=True)
class Names:
    """The names at the top level that a piece of code binds, changes in place, and uses."""

    bound: frozenset[str]
    changed: frozenset[str]
    used: frozenset[str]


@cache
def names(source: str) -> Names:
    """Return the names that a cell binds, changes and uses.

    A call `x.method()` on a line of its own counts as a change of x, because it would do nothing else.
    """
    tree = ast.parse(source)
    flow = _Flow(set())
    flow.visit(tree)
    changed = {name for node in ast.walk(tree) for name in _changed(node)}
    return Names(frozenset(flow.bound), frozenset(changed), frozenset(flow.used | (flow.later - flow.bound)))


class _Flow(ast.NodeVisitor):
    """Visit code in the order in which it runs, and note each name that is used before it is bound.

    Names that the body of a function uses are kept apart, in `later`: they are needed only when it is called.
    """

    def __init__(self, bound: set[str]) -> None:
        self.bound, self.used, self.later = set(bound), set[str](), set[str]()

    def _each(self, *nodes: ast.AST | None) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and node.id not in self.bound:
            self.used.add(node.id)
        elif isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._each(node.value, *node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self.bound:
            self.used.add(node.target.id)
        self._each(node.value, node.target)

    def visit_For(self, node: ast.For) -> None:
        self._each(node.iter, node.target, *node.body, *node.orelse)

    def visit_Import(self, node: ast.Import) -> None:
        self.bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.bound |= {alias.asname or alias.name for alias in node.names}

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node.bases + node.decorator_list, node.body, set())
        self.bound.add(node.name)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self._function(node.args, node.decorator_list, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node.args, [], [node.body])

    def _function(self, arguments: ast.arguments, first: list[ast.expr], body: Sequence[ast.AST]) -> None:
        own = {argument.arg for argument in ast.walk(arguments) if isinstance(argument, ast.arg)}
        defaults = [default for default in (*arguments.defaults, *arguments.kw_defaults) if default]
        self._inside(first + defaults, body, own)

    def _inside(self, first: list[ast.expr], body: Sequence[ast.AST], own: set[str]) -> None:
        self._each(*first)
        inner = _Flow(own)
        inner._each(*body)
        self.later |= inner.used | (inner.later - inner.bound)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        outside, later = set(self.bound), set(self.later)
        for part in node.generators:
            self._each(part.iter, part.target, *part.ifs)
        self._each(*((node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)))
        self.later = later | (self.later - (self.bound - outside))  # a lambda in it may use what it goes through
        self.bound = outside

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension


def _changed(node: ast.AST) -> Iterator[str]:
    """Yield each name whose object this node changes in place: by x[…] = …, x.a = …, x.method(…) or fit(x, …)."""
    targets: list[ast.expr] = []
    match node:
        case ast.Assign(targets=found) | ast.Delete(targets=found):
            targets = [part for target in found for part in getattr(target, "elts", [target])]
        case ast.AugAssign(target=target):
            targets = [target]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))) if name not in ("np", "plt", "sn"):
            yield name
        case ast.Call(func=ast.Attribute(attr="fit" | "step") | ast.Name(id="fit"), args=[ast.Name(id=name), *_]):
            yield name
    for within in targets:
        while isinstance(within, ast.Subscript | ast.Attribute):
            within = within.value
            if isinstance(within, ast.Name):
                yield within.id


def needed(before: list[Cell], after: list[Cell]) -> list[Cell]:
    """Return those code cells of `before` that the cells of `after` need in order to run as they did.

    A cell tagged `setup` is always returned: tag a cell whose effect does not show in the names that it binds.
    """
    wanted, known = set[str](), set[str]()
    for cell in after:
        found = names(cell.source)
        wanted |= found.used - known
        known |= found.bound
    kept = []
    for cell in reversed(before):
        found = names(cell.source)
        if wanted & (found.bound | found.changed) or "setup" in cell.metadata.get("tags", []):
            kept.append(cell)
            wanted = (wanted - found.bound) | found.used
    return kept[::-1]


def files(cells: Iterable[Cell], folder: Path) -> set[Path]:
    """Return the files that the cells of a notebook in this folder use: modules, what these import, and data."""
    found = set[Path]()
    for cell in cells:
        tree = ast.parse(cell.source)
        found |= _modules(tree)
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"[\w./-]+\.\w+", text):
                # The text may name a file. It may also name an exercise, which uses the module of its chapter.
                named = folder / text, PACKAGE / "check" / f"{text.partition('.')[0]}.py"
                found |= {path.resolve() for path in named if path.is_file()}
    return set().union(found, *(_imported(path) for path in found if path.suffix == ".py"))


@cache
def _exports() -> dict[str, Path]:
    """Return, for each name that the package exports, the file of the module from which `__init__` imports it."""
    found = {}
    for node in ast.walk(ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = _file(f"{node.module}.{alias.name}") or _file(node.module)
    return {name: path for name, path in found.items() if path}


def _file(module: str) -> Path | None:
    """Return the file of a module of the package by its dotted name, or None for any other name."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _modules(tree: ast.AST) -> set[Path]:
    """Return the files of the package that a piece of code names."""
    found = set[Path | None]()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                found |= {_file(alias.name) for alias in aliases if alias.name.startswith("scratchnet.")}
            case ast.ImportFrom(module="scratchnet", names=aliases):
                # `figures` would count as all figures; the attributes below say which of them are used.
                named = [alias.name for alias in aliases if alias.name != "figures"]
                found |= {_exports().get(name) or _file(f"scratchnet.{name}") for name in named}
            case ast.ImportFrom(module=str(module), names=aliases) if module.startswith("scratchnet."):
                found |= {_file(f"{module}.{alias.name}") or _file(module) for alias in aliases}
            case ast.Attribute(value=ast.Name(id="sn"), attr=name):
                found |= {_exports().get(name) or _file(f"scratchnet.{name}")}
            case ast.Attribute(value=ast.Name(id="figures"), attr=name):
                found |= {_file(f"scratchnet.figures.{name}")}
    return {path for path in found if path}


@cache
def _imported(path: Path) -> frozenset[Path]:
    """Return all files that a module of the package uses, directly or not."""
    found = {path}
    waiting = [path]
    while waiting:
        new = _used(waiting.pop()) - found
        found |= new
        waiting += [file for file in new if file.suffix == ".py"]
    return frozenset(found)


@cache
def _used(path: Path) -> frozenset[Path]:
    """Return the files that a module of the package imports, and the scripts and styles of a figure.

    A figure has those called `core`, those of its own name, and what its module names besides. The answer is kept,
    because every chapter leads to the same few modules.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = _modules(tree)
    if path.parent.name == "figures":
        said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        named = {text for text in said if isinstance(text, str) and re.fullmatch(r"\w+\.(js|css)", text)}
        own = {"core.js", "core.css", f"{path.stem}.js", f"{path.stem}.css", *named}
        found |= {path.parent / name for name in own if (path.parent / name).is_file()}
    return frozenset(found)
