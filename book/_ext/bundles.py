"""Make one style sheet and one script of the many that the theme and its extensions bring.

The theme puts a dozen style sheets and as many scripts on every page, among them an icon font of 1.5 MB. Here all style
sheets become `book.css`, without the rules that no page can use and without the font, because our own style sheet draws
the icons. All scripts become `book.js`, which runs once the page has been read. finish_pages.py calls this when it has
finished the pages.

The names of all style sheets and scripts are listed here. When the theme brings others, the build stops.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.errors import ExtensionError

# The order matters, because a later style sheet overrides an earlier one. theme.css only imports basic.css, and is not
# needed.
SHEETS = (
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "copybutton.css",
    "mystnb.css",
    "exercise.css",
    "proof.css",
    "sphinx-design.min.css",
    "katex/katex.min.css",
    "katex-math.css",
    "fonts.css",
    "scratchnet.css",
)
SCRIPTS = (
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "clipboard.min.js",
    "copybutton.js",
    "scripts/sphinx-book-theme.js",
    "bets.js",
    "link_targets.js",
    "theme_repairs.js",
    "keyboard_scrolling.js",
    "reading_progress.js",
    "scripts/pydata-sphinx-theme.js",
)
# These are left out, because no page has tabs, folds are `<details>`, and the book does not run cells by thebe.
UNUSED = {"sphinx-thebe.js", "sphinx-thebe.css", "design-tabs.js", "togglebutton.css", "togglebutton.js"}
# Settings that the theme and its extensions would write into every page, between their scripts.
SETTINGS = """\
DOCUMENTATION_OPTIONS.search_as_you_type = false;
// A page opened from a folder may not fetch others, so its search shows titles without excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
// A browser may forbid a page to keep anything. The theme's scripts would stop there, and with them all that follow.
for (const storage of ["localStorage", "sessionStorage"]) {
  try { window[storage].length; } catch (error) {
    const kept = new Map();
    Object.defineProperty(window, storage, { value: {
      getItem: name => kept.has(name) ? kept.get(name) : null,
      setItem: (name, value) => { kept.set(name, String(value)); },
      removeItem: name => { kept.delete(name); },
    } });
  }
}
"""
# The theme's script looks at every listing to see whether it scrolls, when the page opens and after every change. For
# that the browser must lay out the whole chapter before it shows the top. This part of the script is cut out, and
# keyboard_scrolling.js looks at a listing when the reader comes near it.
LAYS_OUT_ALL = re.compile(
    r'(function \w+\(\)\{)const \w+=\(\)=>\{document\.querySelectorAll\(\["pre",[^{}]*\{[^{}]*\}\)\}'
    r".*?\w+\(\)\}(?=function)"
)


def plain(name: str) -> str:
    """Return the name of a file without the digest that the theme has put into some names."""
    return re.sub(r"\.[0-9a-f]{32,}\.", ".", name.removeprefix("_static/"))


def refuse_unknown_files(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Stop the build at a style sheet or a script that is not in the lists above, because no page would load it."""
    for kind, known in (("css_files", {*SHEETS, *UNUSED}), ("script_files", {*SCRIPTS, *UNUSED})):
        found = {plain(str(entry.filename)) for entry in context.get(kind, []) if entry.filename}
        if unknown := found - known:
            raise ExtensionError(f"{pagename} has {kind} that bundles.py does not know: {sorted(unknown)}")


def words_of(pages: Iterable[str], scripts: str) -> set[str]:
    """Return every class and id of the pages, and every word of the scripts, which may make a class or an id of it."""
    used = set(re.findall(r"[\w-]+", scripts))
    for page in pages:
        for value in re.findall(r'\b(?:class|id)="([^"]*)"', page):
            used.update(value.split())
    return used


def names_in(tokens: list[Any]) -> set[str]:
    """Return the classes and ids that a selector asks for; those inside `:not(…)` and `:is(…)` are not looked at."""
    neighbours = zip([None, *tokens], tokens, strict=False)
    return {
        token.value for before, token in neighbours if token.type == "hash" or (token.type == "ident" and before == ".")
    }


def selectors_in(prelude: list[Any]) -> list[list[Any]]:
    """Return the selectors of a rule, which are separated by commas."""
    parts: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def lean(rules: list[Any], used: set[str]) -> str:
    """Return, as text, the rules that pages with these classes and ids can use, and leave out the others."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [part for part in selectors_in(rule.prelude) if names_in(part) <= used]
            if selectors:
                names = ",".join(tinycss2.serialize(part).strip() for part in selectors)
                kept.append(f"{names}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inside = lean(parsed(rule.content), used)
            if inside:
                kept.append(f"@{rule.at_keyword} {tinycss2.serialize(rule.prelude).strip()}{{\n{inside}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword == "font-face":
            kept.extend(font_face(tinycss2.serialize(rule.content)))
        elif rule.type == "at-rule" and rule.lower_at_keyword not in ("import", "charset"):
            kept.append(rule.serialize())
    return "".join(f"{text}\n" for text in kept)


def parsed(text: Any) -> list[Any]:
    """Return the rules of a style sheet, or of the inside of a rule; stop the build where it cannot be read."""
    rules = tinycss2.parse_rule_list(text, skip_comments=True, skip_whitespace=True)
    if errors := [rule.message for rule in rules if rule.type == "error"]:
        raise ExtensionError(f"a style sheet cannot be read: {errors}")
    return rules


def font_face(declarations: str) -> list[str]:
    """Return the rule for a font in the one format that every browser reads, or none for an icon font of the theme."""
    if "Font Awesome" in declarations.replace("\\", ""):
        return []
    one = re.sub(r',\s*url\([^)]*\.(?:woff|ttf)"?\) format\([^)]*\)', "", declarations)
    return [f"@font-face{{{one}}}"]


def rebased(text: str, folder: str) -> str:
    """Return a style sheet of this folder with its addresses written for the bundle, which is in the folder above."""
    if not folder:
        return text
    return re.sub(r"url\((?![\"']?(?:data:|#))[\"']?([^\"')]+)[\"']?\)", rf"url({folder}/\1)", text)


def without_formulas_in_excerpts(static: Path) -> None:
    """Let the search leave out the TeX and the MathML of a formula, or its excerpts would show each formula thrice."""
    script, left_out = static / "searchtools.js", '".headerlink", "script", "style"'
    text = script.read_text(encoding="utf-8")
    if left_out not in text:
        raise ExtensionError("searchtools.js chooses in a new way what an excerpt shows: see bundles.py")
    if ".katex-mathml" not in text:
        script.write_text(text.replace(left_out, f'{left_out}, ".katex-mathml"'), encoding="utf-8")


def write(static: Path, own: list[Path], pages: Iterable[str]) -> dict[str, str]:
    """Write `book.css` and `book.js`, and return their names with their digests.

    The book's `own` files are taken from where they are edited, because Sphinx copies them only if a page has changed.
    """
    folders = [static, *own]
    files = {plain(str(path.relative_to(folder))): path for folder in folders for path in folder.rglob("*.*s")}
    missing = [name for name in (*SHEETS, *SCRIPTS) if name not in files]
    if missing:
        raise ExtensionError(f"the theme no longer brings {missing}: change the lists in bundles.py")
    scripts = [files[name].read_text(encoding="utf-8") for name in SCRIPTS]
    scripts[-1], found = LAYS_OUT_ALL.subn(r"\1}", scripts[-1])
    if found != 1:
        raise ExtensionError(
            "the theme's script looks for what scrolls in a new way: change LAYS_OUT_ALL in bundles.py"
        )
    scripts.insert(1, SETTINGS)
    script = ";\n".join(re.sub(r"^//# sourceMappingURL=.*", "", text, flags=re.MULTILINE).strip() for text in scripts)
    used = words_of(pages, script)
    without_icon_font = {name for name in used if not re.match(r"fa[bsr]?(-|$)", name)}
    sheet = ""
    for name in SHEETS:
        text = rebased(files[name].read_text(encoding="utf-8"), name.rpartition("/")[0])
        sheet += lean(parsed(text), used if name == "scratchnet.css" else without_icon_font)
    names = {}
    for name, text in (("book.css", sheet), ("book.js", f"{script}\n")):
        (static / name).write_text(text, encoding="utf-8")
        names[name] = f"{name}?v={hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return names


def named(page: str, names: dict[str, str]) -> str:
    """Return the page with the digests of the bundles, so that no browser shows it with an old style sheet."""
    for name, with_digest in names.items():
        page, found = re.subn(rf'_static/{re.escape(name)}(\?v=\w+)?"', f'_static/{with_digest}"', page)
        if found != 1:
            raise ExtensionError(f"a page names {name} {found} times, not once: see templates/layout.html")
    return page


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", refuse_unknown_files, priority=950)  # after the theme has named its files
    return {"parallel_read_safe": True, "parallel_write_safe": True}
