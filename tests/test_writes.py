"""No cell of the book writes to a path of the reader's: whatever is written goes to a temporary folder.

A cell is read, not run. A name is temporary when everything that the notebook ever binds to it is: a temporary folder,
or an expression made of one. A path is good when it contains such a name; a parameter counts as what the notebook binds
to the same name elsewhere, and is not good where that is nothing."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "book").glob("*.ipynb"))
MAKERS = {
    "TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile", "mkdtemp", "mkstemp", "gettempdir", "BytesIO",
    "StringIO",
}  # fmt: skip
FIRST = {  # functions and methods whose first argument is written, moved or removed
    "save", "savez", "savez_compressed", "savetxt", "savefig", "imsave", "memmap", "tofile", "to_csv", "to_excel",
    "to_parquet", "to_pickle", "to_json", "to_feather", "to_hdf", "to_html", "to_latex", "remove", "rmdir", "rmtree",
    "mkdir", "makedirs", "chdir", "truncate",
}  # fmt: skip
SECOND = {"copy", "copy2", "copyfile", "copytree", "move", "urlretrieve", "dump", "symlink", "link"}  # of a module
MODULES = {"shutil", "os", "pickle", "json", "joblib", "urllib", "request", "torch", "yaml"}
SELF = {"write_text", "write_bytes", "touch", "unlink", "symlink_to", "hardlink_to", "mkdir", "rmdir", "extractall"}
BOTH = {"rename", "replace", "renames"}  # of a path (one argument) or of the module os (two)
SHELLS = {"system", "popen", "run", "call", "check_call", "check_output", "Popen"}
MODES = set("wax+")


def called(call: ast.Call) -> str:
    """Return the last name of what is called: `savez` of `np.savez(…)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def owner(call: ast.Call) -> ast.expr | None:
    return call.func.value if isinstance(call.func, ast.Attribute) else None


def of_module(call: ast.Call, modules: set[str]) -> bool:
    value = owner(call)
    return (value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")) in modules


def names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def made(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Call) and called(node) in MAKERS for node in ast.walk(tree))


def temporary(tree: ast.Module) -> set[str]:
    """Return the names that only ever stand for something temporary."""
    bound: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.withitem) and node.optional_vars:
            pairs = [(node.optional_vars, node.context_expr)]
        elif isinstance(node, ast.For | ast.comprehension):
            pairs = [(node.target, node.iter)]
        for target, value in pairs:
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    bound.setdefault(name.id, []).append(value)
    found: set[str] = set()
    while True:
        more = {name for name, values in bound.items() if all(made(value) or names(value) & found for value in values)}
        if more <= found:
            return found
        found |= more


def targets(call: ast.Call) -> list[ast.expr]:
    """Return the paths that a call may write to."""
    name, args = called(call), call.args
    keywords = {word.arg: word.value for word in call.keywords if word.arg}
    found = [keywords["checkpoint"]] if "checkpoint" in keywords else []
    if name == "open":
        method = owner(call) is not None and not of_module(call, {"io", "gzip", "bz2", "lzma", "codecs"})
        at = 0 if method else 1
        mode = keywords.get("mode", args[at] if len(args) > at else ast.Constant("r"))
        if not isinstance(mode, ast.Constant) or MODES & set(str(mode.value)):
            found += [owner(call) if method else keywords.get("file") or args[0]]
    elif name in BOTH and of_module(call, {"os", "shutil"}):
        found += args[:2]
    elif name in BOTH and name != "replace" and owner(call) is not None:  # text has replace, and nothing else does
        found += [owner(call)] if "columns" not in keywords and "index" not in keywords else []
    elif name in SECOND and of_module(call, MODULES):
        found += args[1:2]
    elif name in SHELLS and of_module(call, {"os", "subprocess"}):
        found += [ast.Constant("a shell")]
    elif name in SELF and not of_module(call, {"os"}):
        found += [owner(call)]
    elif name in FIRST:
        words = [keywords[word] for word in ("path", "file", "fname", "filename", "path_or_buf") if word in keywords]
        found += words or args[:1]
    return [target for target in found if not (isinstance(target, ast.Constant) and target.value is None)]


def writes(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    """Return what a program writes to, and where it does."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found += [(ast.unparse(node), target) for target in targets(node)]
        elif isinstance(node, ast.Dict):  # settings that are handed on
            keys = [getattr(key, "value", None) for key in node.keys]
            found += [("checkpoint", node.values[keys.index("checkpoint")])] if "checkpoint" in keys else []
    return found


def written(source: str, asked: frozenset[str] | set[str] = frozenset()) -> list[str]:
    """Return what writes to something that is not temporary, or that the reader is asked to set."""
    tree = ast.parse(source)
    good = temporary(tree) - asked
    where = [(line, target, names(target)) for line, target in writes(tree)]
    return [line for line, target, found in where if found & asked or not (made(target) or found & good)]


def asked(text: str) -> set[str]:
    """Return the names in code type in sentences that speak of what is the reader's."""
    sentences = [each for each in re.split(r"(?<=[.:?!])\s", text) if re.search(r"\byours?\b", each)]
    return set(re.findall(r"`([A-Za-z_]\w*)`", " ".join(sentences)))


def program(path: Path) -> str:
    """Return all code of a notebook, but for the cell that fetches the book in Colab."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return "\n".join(cell.source for cell in cells if "google.colab" not in cell.source)


def prose(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    comments = [
        line.partition("#")[0] + "`" + line.partition("=")[0].strip() + "` " + line.partition("#")[2]
        for cell in cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if "#" in line
    ]
    return "\n\n".join([cell.source for cell in cells if cell.cell_type == "markdown"] + comments)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_writes_outside_a_temporary_folder_or_where_a_reader_is_asked_to_set_a_path(path: Path) -> None:
    assert written(program(path), asked(prose(path))) == []


def test_a_name_that_the_reader_is_asked_to_set_is_never_written_to() -> None:
    words = "Put the name of your file in place of `photo` below. Without one, `other` is made."
    assert asked(words) == {"photo"}
    line = FOLDER + "photo = Path(folder.name) / 'photo.png'\nplt.imsave(photo, light)"
    assert written(line) == []
    assert written(line, asked(words)) == ["plt.imsave(photo, light)"]


def test_the_chapters_that_write_are_seen_to_write() -> None:
    """So that the test above does not pass because it sees nothing."""
    seen = {path.stem: " ".join(line for line, _ in writes(ast.parse(program(path)))) for path in NOTEBOOKS}
    assert all(word in seen["13-your-digits"] for word in ("sn.save", "np.savez", "write_bytes"))
    assert "checkpoint" in seen["11-training"]


FOLDER = "folder = TemporaryDirectory()\npath = Path(folder.name) / 'mine.npz'\n"


@pytest.mark.parametrize(
    "line",
    [
        "photo = 'mine.png'; plt.imsave(photo, a)", "open('notes.txt', 'w')", "open(file='a', mode=mode)",
        "Path('a').open('ab')", "Path('a').write_text('b')", "np.savez('a', b)", "np.save(file='a', arr=b)",
        "figure.savefig('a.png')", "table.to_csv('a.csv')", "a.tofile('b')", "sn.save('net.npz', network)",
        "sn.fit(params, X, y, checkpoint='run.npz')", "shutil.copy(path, 'here')", "os.remove('a')",
        "os.replace(path, 'here')", "Path('a').unlink()", "Path('a').rename(path)", "request.urlretrieve(u, 'a')",
        "settings = {'checkpoint': 'run.npz'}",
        "pickle.dump(a, open('b', 'wb'))", "os.system('rm a')", "gzip.open('a.gz', 'wt')",
        "path = 'mine.npz'; np.savez(path, a)",  # once temporary, then the reader's own
        "def f(other): np.savez(other, a)", "for name in ['a', 'b']: np.savetxt(name, c)",
    ],
)  # fmt: skip
def test_a_line_that_writes_where_the_reader_keeps_things_is_found(line: str) -> None:
    assert written(FOLDER + line)


@pytest.mark.parametrize(
    "line",
    [
        "np.savez(path, a)", "plt.imsave(Path(folder.name) / 'a.png', a)", "sn.fit(p, X, y, checkpoint=path)",
        "open('a.txt')", "open('a', 'rb')", "Path('a').read_text()", "'a'.replace('a', 'b')",
        "sn.fit(p, checkpoint=None)",
        "with TemporaryDirectory() as there: np.savetxt(there + '/a', b)", "def f(path): path.write_bytes(b'')",
        "f = lambda path: np.savez(path, a)", "np.save(BytesIO(), a)", "table.rename(columns={'a': 'b'})",
        "params.copy()", "x = a.copy(b)", "table.to_csv(None)", "plt.imread(photo)",
    ],
)  # fmt: skip
def test_a_line_that_reads_or_writes_in_a_temporary_folder_is_not(line: str) -> None:
    assert written(FOLDER + line) == []
