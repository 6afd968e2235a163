"""Derive the address of the site from that of the repository, so that _config.yml needs only one of them.

https://github.com/NAME/BOOK is published at https://NAME.github.io/BOOK/. If _config.yml sets html.baseurl, that is the
address instead. On a page, {{ hub_link }} is the link with which a JupyterHub gives every student a copy of the book.
For search engines, sitemap.xml lists the addresses of all pages, also of those that this build has not written again.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sphinx.errors import ExtensionError


def address(repository: str) -> str:
    """Return the address at which GitHub publishes the site of a repository."""
    parts = urlsplit(repository)
    owner, _, name = parts.path.strip("/").partition("/")
    if parts.netloc != "github.com" or not owner or not name or "/" in name:
        raise ExtensionError(
            f"repository.url should be https://github.com/NAME/BOOK, or set html.baseurl: {repository!r}"
        )
    return f"https://{owner.lower()}.github.io/{name}/"


def derive(app: Any, config: Any) -> None:
    if not config.html_baseurl:
        config.html_baseurl = address(config.html_theme_options["repository_url"])
    config.ogp_site_url = config.html_baseurl
    # 404.html is shown at addresses of any depth, so its links begin at the root.
    config.notfound_urls_prefix = urlsplit(config.html_baseurl).path


def hub_link(repository: str, branch: str) -> str:
    """Return a link for nbgitpuller, as text to be copied. The teacher fills in the name of the hub."""
    folder = repository.rstrip("/").rpartition("/")[2]
    wanted = {"repo": repository, "branch": branch, "urlpath": f"lab/tree/{folder}/book/index.ipynb"}
    link = f"https://YOUR-HUB/hub/user-redirect/git-pull?{urlencode(wanted)}"
    breakable = re.sub("(?=[?&%])", "<wbr>", link).replace("&", "&amp;")
    return f"<p><code>{breakable}</code></p>"


def offer_link(app: Any, config: Any) -> None:
    options = config.html_theme_options
    config.myst_substitutions["hub_link"] = hub_link(options["repository_url"], options["repository_branch"])


def write_sitemap(app: Any, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    pages = "".join(
        f"<url><loc>{app.config.html_baseurl}{page}.html</loc></url>\n" for page in sorted(app.env.found_docs)
    )
    head = '<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    Path(app.outdir, "sitemap.xml").write_text(f"{head}{pages}</urlset>\n", encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    app.connect("config-inited", derive, priority=100)
    app.connect("config-inited", offer_link)
    app.connect("build-finished", write_sitemap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
