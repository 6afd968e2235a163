"""What the theme does that a page of this book must not do, undone. Each repair fails loudly when the theme changes.

- thebe: its script declares one name twice on every page, which is a JavaScript error. The book launches notebooks
  elsewhere and needs none of it.
- other hosts: no script or style sheet of a page may come from one.
- exercises: the box in each of them has the same id as in all others; an id belongs to one thing.
- solutions: most of a title is a link, so that a tap on it leads away in place of opening what is below.
- search: what it shows of a page has each formula three times over, once as TeX.
- the bibliography: it calls itself a list but holds what no list may hold, and its entries carry a role that browsers
  have dropped; without these roles a screen reader reads it well.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.errors import ExtensionError

THEBE = re.compile(r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName = .*?</script>', re.DOTALL)
SOLUTION = re.compile(r"(Solution to)<a [^>]*>( .*?)</a>")
NO_TEXT = '".headerlink", "script", "style"]'
SHARED_ID = re.compile(r'<section id="(?:exercise|solution)-content">')
ROLES = {' role="doc-biblioentry"': "", ' role="list" class="citation-list"': ' class="citation-list"'}


def described(entry: Any) -> str:
    """The address and the text of a script or a style sheet."""
    attributes = getattr(entry, "attributes", {})
    return f"{getattr(entry, 'filename', None) or ''} {attributes.get('body') or ''}"


def repair(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    scripts = context.get("script_files", [])
    kept = [script for script in scripts if "thebe" not in described(script).lower()]
    if scripts and len(kept) == len(scripts) and app.config.html_theme == "sphinx_book_theme":
        raise ExtensionError("the theme puts no thebe script on a page any more: remove this repair")
    sheets = [sheet for sheet in context.get("css_files", []) if "thebe" not in described(sheet)]
    for entry in kept + sheets:
        if described(entry).lstrip().startswith(("http:", "https:", "//")):
            raise ExtensionError(f"{pagename}: something from another host: {described(entry)}")
    context["script_files"], context["css_files"] = kept, sheets
    if "body" in context:
        context["body"] = THEBE.sub("", context["body"])
        context["body"], boxes = SHARED_ID.subn("<section>", context["body"])
        if not boxes and 'class="exercise ' in context["body"]:
            raise ExtensionError(f"{pagename}: the boxes of exercises share no id any more: remove this repair")
        context["body"], titles = SOLUTION.subn(r"\1\2", context["body"])
        if not titles and 'class="solution ' in context["body"]:
            raise ExtensionError(f"{pagename}: the titles of solutions are no links any more: remove this repair")
        if "thebe-config" in context["body"]:
            raise ExtensionError(f"{pagename}: thebe writes itself into the page in a way not known here")
    if "citation-list" in context.get("body", ""):
        for role, instead in ROLES.items():
            context["body"] = context["body"].replace(role, instead)


def formulas_once(app: Any, exception: Exception | None) -> None:
    """Leave the TeX and the MathML of a formula out of what the search shows."""
    script = Path(app.outdir) / "_static" / "searchtools.js"
    if exception or not script.exists():
        return
    text = script.read_text(encoding="utf-8")
    if NO_TEXT not in text and ".katex-mathml" not in text:
        raise ExtensionError("searchtools.js cleans what it shows in a way not known here")
    script.write_text(text.replace(NO_TEXT, NO_TEXT.replace("]", ', ".katex-mathml"]')), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", repair, priority=900)
    app.connect("build-finished", formulas_once)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
