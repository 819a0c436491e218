"""Writes of a process that nobody waits for any more and that may not have ended: none may overtake them.

A write that blocks cannot be broken off. So the next try of its repository waits for it; and where it was the same
record's, what came of it is what comes of that try.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from consumer.delivery.policy.outcome import SinkResult
from consumer.record import Record

_MOST_ENDED: Final = 1000
"""Results that are kept for a next try; to forget one costs a repeat."""
WriteKey = tuple[str, object]
"""Endpoint, and what is written one after another there: a repository, or a record alone."""


@dataclass(frozen=True, slots=True, eq=False)
class RunningWrite:
    """A write that was given up."""

    record: tuple[str, int]
    """Its place and when it was accepted: a topic that is made anew has other records at the same places."""
    ended: "asyncio.Task[SinkResult | None]"
    """None: it was broken off."""


class RunningWrites:
    """Those of all sinks of a process."""

    def __init__(self) -> None:
        """None."""
        self._running: Final[dict[WriteKey, RunningWrite]] = {}

    def gave_up(self, key: WriteKey, record: Record, ended: "asyncio.Task[SinkResult | None]") -> None:
        """Nobody waits for this write any more, for now."""
        self._running[key] = RunningWrite(mark_of(record), ended)
        for old in [one for one, write in self._running.items() if write.ended.done()][:-_MOST_ENDED]:
            del self._running[old]

    async def before(self, key: WriteKey, record: Record) -> SinkResult | None:
        """Wait for the write of before, if there is one; its result, if it was this very record's."""
        if (write := self._running.get(key)) is None:
            return None
        await asyncio.wait((write.ended,))
        if self._running.get(key) is write:
            del self._running[key]
        is_the_same = write.record == mark_of(record) and not write.ended.cancelled()
        return write.ended.result() if is_the_same else None


def mark_of(record: Record) -> tuple[str, int]:
    """By which a record is known again."""
    return record.place, record.timestamp_ms
