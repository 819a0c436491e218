"""What the build adds to pyproject.toml: the project's page on a package index, from README.md, and its addresses.

Links between files of the project lead nowhere on such a page, so they are made absolute.
"""

import re
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK: Final = re.compile(r"\[([^\]\n]+)\]\((?!https?://|#)([^)\s]+)\)")


class ProjectPage(MetadataHookInterface):
    """Fills in `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set both, from README.md and the hook's setting `repository`."""
        repository = str(self.config.get("repository", "")).rstrip("/")
        text = (Path(self.root) / "README.md").read_text("utf-8")
        files = f"{repository}/blob/v{metadata['version']}"
        page = absolute(text, files) if repository else without_links(text)
        metadata["readme"] = {"content-type": "text/markdown", "text": page}
        metadata["urls"] = addresses(repository, files) if repository else {}


def absolute(text: str, files: str) -> str:
    """The text with links to files of the project made absolute: below `files`."""
    return _LINK.sub(rf"[\1]({files}/\2)", text)


def without_links(text: str) -> str:
    """The text with the names of files in place of links to them."""
    return _LINK.sub(lambda link: link[1] if link[1] == link[2] else f"{link[1]} ({link[2]})", text)


def addresses(repository: str, files: str) -> dict[str, str]:
    """The project's addresses, by the labels that indexes know."""
    return {
        "Source": repository,
        "Documentation": f"{files}/README.md",
        "Changelog": f"{files}/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }
