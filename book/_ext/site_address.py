"""Derive where the site lives from where the repository lives, so that the address stands in _config.yml once.

https://github.com/NAME/BOOK is published at https://NAME.github.io/BOOK/. A `baseurl` in _config.yml, for a site of its
own domain, goes first. A page writes {{ hub_link }} for the link with which a JupyterHub gives every student a copy.
"""

import re
from typing import Any
from urllib.parse import urlencode, urlsplit

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


def hub_link(repository: str, branch: str) -> str:
    """The link that nbgitpuller understands, to be copied: the name of the hub is for the teacher to fill in."""
    folder = repository.rstrip("/").rpartition("/")[2]
    wanted = {"repo": repository, "branch": branch, "urlpath": f"lab/tree/{folder}/book/index.ipynb"}
    link = f"https://YOUR-HUB/hub/user-redirect/git-pull?{urlencode(wanted)}"
    breakable = re.sub("(?=[?&%])", "<wbr>", link).replace("&", "&amp;")
    return f"<p><code>{breakable}</code></p>"


def offer_link(app: Any, config: Any) -> None:
    options = config.html_theme_options
    config.myst_substitutions["hub_link"] = hub_link(options["repository_url"], options["repository_branch"])


def setup(app: Any) -> dict[str, bool]:
    app.connect("config-inited", derive, priority=100)
    app.connect("config-inited", offer_link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
