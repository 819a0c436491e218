"""The open dead letters of all endpoints, by reason: read only while somebody looks, and on from where it was.

A topic of more than `MOST` records is not read: that would cost the worker too much. What is open there is not known
here; the commands know it.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final, Protocol

import structlog

from consumer.dead_letters.folds import OpenCounts
from consumer.offsets.unread import RangeSource
from consumer.places import LogOffsets, TopicMissingError, beginnings_of
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

    def __init__(self, topic: str, log: LogOffsets, readers: LetterReaders, clock: Clock) -> None:
        """Nothing was looked at yet."""
        self._topic: Final = topic
        self._source: Final = log
        self._readers: Final = readers
        self._clock: Final = clock
        self._fold = OpenCounts()
        self._read: dict[int, int] = {}
        """How far each partition was."""
        self._first: Mapping[int, int] = {}
        """Where each began."""
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
        first = beginnings_of(self._source, self._topic)
        end = self._source.end(self._topic, first)
        if self._has_lost(first, end):
            self._fold, self._read = OpenCounts(), {}
        self._first = first
        if sum(end[number] - at for number, at in first.items()) > MOST:
            return None
        unread = {number: range(max(at, self._read.get(number, 0)), end[number]) for number, at in first.items()}
        if waiting := {number: offsets for number, offsets in unread.items() if offsets}:
            with self._readers.open_letters() as reader:
                for record in reader.read(self._topic, waiting):
                    self._fold.add(record)
        self._read = dict(end)
        return self._fold.by_reason()

    def _has_lost(self, first: Mapping[int, int], end: Mapping[int, int]) -> bool:
        """Whether what was read is no longer there: records were deleted, or the topic was made anew."""
        return any(first.get(number, 0) > at for number, at in self._first.items()) or any(
            end.get(number, 0) < offset for number, offset in self._read.items()
        )
