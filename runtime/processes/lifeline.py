"""A child's lifeline: its standard input, on which the parent says stop, and which ends with the parent."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

_log: Final = structlog.get_logger(__name__)

_STDIN: Final = 0


class Lifeline:
    """Listens to the parent."""

    def __init__(self) -> None:
        self.is_orphaned = False
        """Whether the parent ended without a word: killed, say."""

    @contextmanager
    def stopping(self, stop: asyncio.Event) -> Iterator[None]:
        """In this context a word of the parent, or its end, sets `stop`."""
        loop = asyncio.get_running_loop()
        loop.add_reader(_STDIN, self._heard, stop)
        try:
            yield
        finally:
            loop.remove_reader(_STDIN)

    def _heard(self, stop: asyncio.Event) -> None:
        asyncio.get_running_loop().remove_reader(_STDIN)
        self.is_orphaned = not os.read(_STDIN, 1)
        if self.is_orphaned:
            _log.warning("stopping", reason="the parent process is gone")
        else:
            _log.info("stopping", reason="the parent process asked for it")
        stop.set()
