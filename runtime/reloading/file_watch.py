"""Watches the files of a configuration: a change is told once it has lasted, so that no half-written file is loaded.

It looks at the content, every two seconds: that also finds what is mounted anew (Kubernetes swaps a link), what is
replaced by renaming, and files on a network, and a touch changes nothing.
"""

import asyncio
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from runtime.config.load import read_whole
from runtime.config.overrides import Configuration
from runtime.side_threads import beside

EVERY_S: Final = 2.0

Contents = Mapping[Path, str]
"""By file: a digest of what it holds; empty for one that cannot be read: a reload says why."""


class FileWatch:
    """Watches the files that a configuration has named so far."""

    def __init__(self, configuration: Configuration) -> None:
        """The process has what they hold now. Reads them."""
        self._configuration: Final = configuration
        self._told: Contents = contents_of(configuration.files)
        """What the process has, or was asked to take."""
        self._seen = self._told

    async def watch(self, changed: asyncio.Event) -> None:
        """Look for ever; set `changed` when a file holds something else, and did so in two looks."""
        while True:
            await asyncio.sleep(EVERY_S)
            if self.is_news(await self._look()):
                changed.set()

    async def taken(self) -> None:
        """The process loads what they hold now, whoever asked for it."""
        self._told = await self._look()

    def is_news(self, found: Contents) -> bool:
        """Whether this lasts, and is not what the process has; told once."""
        lasts, self._seen = found == self._seen, found
        self._told = {**found, **self._told}  # a file that is named for the first time was loaded just now
        if not lasts or all(self._told[file] == content for file, content in found.items()):
            return False
        self._told = found
        return True

    async def _look(self) -> Contents:
        return await beside(contents_of, tuple(self._configuration.files))


def contents_of(files: Collection[Path]) -> Contents:
    """What these files hold. Blocks."""
    return {file: _content(file) for file in files}


def _content(file: Path) -> str:
    try:
        return sha256(read_whole(file).encode()).hexdigest()
    except (OSError, ValueError):
        return ""
