"""Sphinx's settings for `make docs`: a site of README.md and the pages of this folder, in docs/README.md's order.

A page without a place in that order, a link that leads nowhere, and anything that a browser would fetch from elsewhere
are warnings, and `make docs` fails on a warning.
"""

import re
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx
from sphinx.util import logging

ROOT: Final = Path(__file__).parents[1]

project = "Registry event bridge"
project_copyright = ""
html_title = project
html_theme = "furo"
html_theme_options = {"navigation_with_keys": True}
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
root_doc = "README"
source_suffix = {".md": "markdown"}
include_patterns = ["*.md", "docs/*.md", "docs/engines/*.md", "docs/sources/*.md"]
exclude_patterns = [".*"]
extensions = ["myst_parser"]
myst_heading_anchors = 4

_GROUP: Final = re.compile(r"^## (.+)\n((?:(?!## ).*\n)*)", re.MULTILINE)
_PAGE: Final = re.compile(r"^\d+\. \[([^\]]+)\]\(([^)]+)\.md\)", re.MULTILINE)
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)#:]+)\)")
_FETCHED: Final = re.compile(
    r"<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=[\"']?(?:https?:)?//|@import|url\([\"']?(?:https?:)?//"
)
_FRONT: Final = f'<!doctype html><title>{project}</title><meta http-equiv="refresh" content="0; url={root_doc}.html">\n'


def navigation() -> str:
    """The groups of docs/README.md as tables of contents, which a reader sees beside each page."""
    tables = ["```{toctree}\n:hidden:\n\nAll pages <docs/README>\n```"]
    for group, body in _GROUP.findall((ROOT / "docs" / "README.md").read_text("utf-8")):
        entries = [f"{title} <{place}>" for title, page in _PAGE.findall(body) for place in [_from_root(page)]]
        tables.append("\n".join(["```{toctree}", ":hidden:", f":caption: {group}", "", *entries, "```"]))
    return "\n\n".join(tables)


def _from_root(page: str) -> str:
    """A page of docs/README.md as the root's README would link to it."""
    return page.removeprefix("../") if page.startswith("../") else f"docs/{page}"


def prepare(_: Sphinx, page: str, source: list[str]) -> None:
    """Change a page before it is read: the front page leads to all, and a site has files only, no folders."""
    folder = (ROOT / page).parent
    text = _LINK.sub(lambda link: link[1] if (folder / link[2]).is_dir() else link[0], source[0])
    source[0] = f"{text}\n{navigation()}\n" if page == root_doc else text


def finish(site: Sphinx, error: Exception | None) -> None:
    """Write the page that the site's address shows, and warn of pages and style sheets that need another site."""
    if error is not None:
        return
    out = Path(site.outdir)
    (out / "index.html").write_text(_FRONT, "utf-8")
    files = [file for kind in ("html", "css") for file in sorted(out.rglob(f"*.{kind}"))]
    for file in files:
        if _FETCHED.search(file.read_text("utf-8")):
            logging.getLogger(__name__).warning("a browser would fetch something from elsewhere for %s", file)


def setup(site: Sphinx) -> None:
    """Called by Sphinx."""
    site.connect("source-read", prepare)
    site.connect("build-finished", finish)
