"""Derive where the site lives from where the repository lives, so that the address stands in _config.yml once.

https://github.com/NAME/BOOK is published at https://NAME.github.io/BOOK/. A `baseurl` in _config.yml, for a site of its
own domain, goes first.
"""

from typing import Any
from urllib.parse import urlsplit

from sphinx.errors import ExtensionError


def address(repository: str) -> str:
    """The address at which GitHub publishes the site of a repository."""
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
    config.notfound_urls_prefix = urlsplit(config.html_baseurl).path  # a missing page can be met at any depth


def setup(app: Any) -> dict[str, bool]:
    app.connect("config-inited", derive, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
