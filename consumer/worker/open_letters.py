"""The open dead letters of all endpoints, by reason: read only while somebody looks, and on from where it was.

A topic of more than `MOST` records is not read: that would cost the worker too much. What is open there is not known
here; the commands know it.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final, Protocol

import structlog

from consumer.dead_letters.followed_counts import FollowedCounts, IdentifiedLog
from consumer.offsets.unread import RangeSource
from consumer.places import TopicMissingError
from runtime.clock import Clock
from runtime.errors import BridgeError
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

MOST: Final = 20_000
"""Records: reading them takes some tenths of a second of a core."""
EVERY_S: Final = 10.0

LetterCounts = Mapping[str, Mapping[str, int]]
"""By endpoint and reason."""


class LetterReaders(Protocol):
    """Opens clients that read the dead-letter topic: there is one only while it is needed."""

    def open_letters(self) -> AbstractContextManager[RangeSource]:
        """Open one, closed with its context."""
        ...


class OpenLetterWatch:
    """Looks at the dead-letter topic when it is asked to."""

    def __init__(self, topic: str, log: IdentifiedLog, readers: LetterReaders, clock: Clock) -> None:
        """Nothing was looked at yet."""
        self._topic: Final = topic
        self._readers: Final = readers
        self._clock: Final = clock
        self._followed: Final = FollowedCounts(topic, log)
        self._counts: LetterCounts | None = None
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    def counts(self) -> LetterCounts | None:
        """Those of the last look, and look again soon; None if they are not known."""
        is_looking = self._looking is not None and not self._looking.done()
        if not is_looking and self._clock.monotonic() - self._looked_at >= EVERY_S:
            self._looked_at = self._clock.monotonic()
            self._looking = asyncio.create_task(self._look())
        return self._counts

    async def _look(self) -> None:
        try:
            self._counts = await beside(self._counted)
        except TopicMissingError:
            self._counts = {}  # no event was given up yet
        except BridgeError as error:
            self._counts = None
            _log.debug("open_letters.unknown", error=str(error))  # the page says that they are unknown

    def _counted(self) -> LetterCounts | None:
        unread = self._followed.look()
        if sum(map(len, self._followed.bounds.ranges.values())) > MOST:
            return None
        if unread:
            with self._readers.open_letters() as reader:
                self._followed.take(reader.read(self._topic, unread))
        return self._followed.by_reason()
