"""Pages that a phone gets quickly: one style sheet with the rules that are used, one script, pictures with their size.

The theme puts a dozen style sheets and as many scripts on every page, among them an icon font of 1.5 MB. Here

- all style sheets become `book.css`, without the rules that no page can use (icons are drawn by our own style sheet);
- all scripts become `book.js`, run once the page has been read; a part that lays out the whole page is taken out;
- a picture says how large it is, so that nothing jumps, has at most 256 colours, and is fetched when it comes near;
- every page says what it may load: what comes from the site itself, and the scripts in it by their hash.

The names of the sheets and scripts stand here: when the theme brings others, the build stops.
"""

import base64
import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import tinycss2
from PIL import Image
from sphinx.errors import ExtensionError

# In the order in which they count. theme.css only imports basic.css, which is here itself.
SHEETS = (
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "togglebutton.css",
    "copybutton.css",
    "mystnb.css",
    "exercise.css",
    "proof.css",
    "sphinx-design.min.css",
    "katex/katex.min.css",
    "katex-math.css",
    "scratchnet.css",
)
SCRIPTS = (
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "clipboard.min.js",
    "copybutton.js",
    "scripts/sphinx-book-theme.js",
    "togglebutton.js",
    "landing.js",
    "mended.js",
    "scrollable.js",
    "progress.js",
    "scripts/pydata-sphinx-theme.js",
)
# Left out: tabs, which no page has.
UNUSED = {"sphinx-thebe.js", "design-tabs.js"}
# What the theme and its extensions say between their scripts, on every page alike.
SETTINGS = """\
let toggleHintShow = "Click to show", toggleHintHide = "Click to hide", toggleOpenOnPrint = "true";
var togglebuttonSelector = ".toggle, .admonition.dropdown";
DOCUMENTATION_OPTIONS.search_as_you_type = false;
// A page opened from a folder may not fetch others, so its search shows titles without excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
"""
# The theme asks every listing whether it scrolls, at once and after every change of the page, and so has all of a long
# chapter laid out before the reader sees its top. scrollable.js does the same as the reader comes near.
IMPATIENT = re.compile(
    r'(function \w+\(\)\{)const \w+=\(\)=>\{document\.querySelectorAll\(\["pre",[^{}]*\{[^{}]*\}\)\}'
    r".*?\w+\(\)\}(?=function)"
)
POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'"
)


def plain(name: str) -> str:
    """The name of a file without the digest that some have in it."""
    return re.sub(r"\.[0-9a-f]{32,}\.", ".", name.removeprefix("_static/"))


def one_of_each(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Refuse a sheet or a script that is not in the lists above; templates put the two bundles on the page."""
    found = {
        kind: {plain(str(entry.filename)) for entry in context.get(f"{kind}_files", []) if entry.filename}
        for kind in ("css", "script")
    }
    for kind, known in (("css", set(SHEETS)), ("script", set(SCRIPTS) | UNUSED)):
        if strange := found[kind] - known:
            raise ExtensionError(f"{pagename} has {kind} files that lean_pages.py does not know: {sorted(strange)}")
    context["css_files"], context["script_files"] = [], []


def words_of(pages: list[str], scripts: str) -> set[str]:
    """Every class and id that a page has, and every word in a script, which may become one."""
    used = set(re.findall(r"[\w-]+", scripts))
    for page in pages:
        for value in re.findall(r'\b(?:class|id)="([^"]*)"', page):
            used.update(value.split())
    return used


def names_in(tokens: list[Any]) -> set[str]:
    """The classes and ids that a selector asks for; what stands in `:not(…)` and its like is no demand."""
    neighbours = zip([None, *tokens], tokens, strict=False)
    return {
        token.value for before, token in neighbours if token.type == "hash" or (token.type == "ident" and before == ".")
    }


def selectors_in(prelude: list[Any]) -> list[list[Any]]:
    """The selectors between the commas."""
    parts: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def lean(rules: list[Any], used: set[str]) -> str:
    """The rules that a page with these classes and ids can use."""
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
    rules = tinycss2.parse_rule_list(text, skip_comments=True, skip_whitespace=True)
    if errors := [rule.message for rule in rules if rule.type == "error"]:
        raise ExtensionError(f"a style sheet cannot be read: {errors}")
    return rules


def font_face(declarations: str) -> list[str]:
    """KaTeX's fonts in the one format that every browser reads; the theme's icon fonts not at all."""
    if "KaTeX" not in declarations:
        return []
    one = re.sub(r',\s*url\([^)]*\.(?:woff|ttf)"?\) format\([^)]*\)', "", declarations)
    return [f"@font-face{{{one}}}"]


def rebased(text: str, folder: str) -> str:
    """A sheet's own addresses, as seen from the folder of the bundle."""
    if not folder:
        return text
    return re.sub(r"url\((?![\"']?(?:data:|#))[\"']?([^\"')]+)[\"']?\)", rf"url({folder}/\1)", text)


def bundle(static: Path, own: list[Path], pages: list[str]) -> dict[str, str]:
    """Write `book.css` and `book.js`, and return their names with their digests.

    The book's `own` files are taken from where they are edited: Sphinx copies them only when a page has changed too.
    """
    folders = [static, *own]
    files = {plain(str(path.relative_to(folder))): path for folder in folders for path in folder.rglob("*.*s")}
    missing = [name for name in (*SHEETS, *SCRIPTS) if name not in files]
    if missing:
        raise ExtensionError(f"the theme brings {missing} no more: lean_pages.py must learn what there is instead")
    scripts = [files[name].read_text(encoding="utf-8") for name in SCRIPTS]
    scripts[-1], found = IMPATIENT.subn(r"\1}", scripts[-1])
    if found != 1:
        raise ExtensionError("the theme looks for what scrolls in another way: lean_pages.py must learn which")
    scripts.insert(1, SETTINGS)
    script = ";\n".join(re.sub(r"^//# sourceMappingURL=.*", "", text, flags=re.MULTILINE).strip() for text in scripts)
    used = words_of(pages, script)
    without_icon_font = {name for name in used if not re.match(r"fa[bsr]?(-|$)", name)}
    sheet = ""
    for name in SHEETS:
        text = rebased(files[name].read_text(encoding="utf-8"), name.rpartition("/")[0])
        sheet += lean(parsed(text), used if name == "scratchnet.css" else without_icon_font)
    written = {}
    for name, text in (("book.css", sheet), ("book.js", f"{script}\n")):
        (static / name).write_text(text, encoding="utf-8")
        written[name] = f"{name}?v={hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return written


def measured(page: str, folder: Path) -> str:
    """The page, with the size of each picture of a cell, which is fetched when the reader comes near."""

    def with_size(match: re.Match[str]) -> str:
        tag, source = match[0], re.search(r'src="([^"]+)"', match[0])
        if "width=" in tag or source is None or source[1].startswith(("data:", "http")):
            return tag
        path = folder / source[1]
        if path.suffix != ".png":
            return tag
        with Image.open(path) as image:
            width, height = image.size
        return tag.replace("<img", f'<img width="{width}" height="{height}" loading="lazy" decoding="async"', 1)

    return re.sub(r"<img\b[^>]*>", with_size, page)


def policy(page: str) -> str:
    """The page with its content security policy: itself, and the scripts in it by their hash."""
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n?', "", page)
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    digests = sorted({base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in inline})
    allowed = POLICY.format(hashes="".join(f" 'sha256-{digest}'" for digest in digests))
    head, meta, rest = page.partition('<meta charset="utf-8" />\n')
    if not meta:
        raise ExtensionError("a page does not begin with its character set: where should its policy go?")
    return f'{head}{meta}<meta http-equiv="Content-Security-Policy" content="{allowed}" />\n{rest}'


def finish(app: Any, exception: Exception | None) -> None:
    """Write the bundles, and let every page of the site name them; pages of an earlier build too."""
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    for picture in sorted((site / "_images").glob("*.png")):
        with Image.open(picture) as image:
            if image.mode != "P":
                paper = Image.new("RGB", image.size, "white")
                paper.paste(image, mask=image.convert("RGBA").getchannel("A"))
                paper.quantize(256, dither=Image.Dither.NONE).save(picture, optimize=True)
    for left in [*(site / "_static").rglob("*.map"), *(site / "_static").rglob("*fontawesome.js*")]:
        left.unlink(missing_ok=True)
    shutil.rmtree(site / "_static" / "vendor", ignore_errors=True)
    paths = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.relative_to(site).parts]
    # The front door, which only leads on, is no page of the theme.
    pages = {path: text for path in paths if "book.css" in (text := path.read_text(encoding="utf-8"))}
    own = [Path(app.confdir) / folder for folder in app.config.html_static_path]
    names = bundle(site / "_static", own, list(pages.values()))
    for path, page in pages.items():
        new = page
        for name, with_digest in names.items():
            new = re.sub(rf"{re.escape(name)}(\?v=\w+)?(?=\")", with_digest, new)
        new = policy(measured(new, path.parent))
        if new != page:
            path.write_text(new, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", one_of_each, priority=950)  # after theme_repairs
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
