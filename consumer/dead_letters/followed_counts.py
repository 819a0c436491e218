"""The open dead letters of a topic that is looked at again and again: read on from where the last look was.

What was counted is counted anew if it is no longer there: records were deleted, or the topic was made anew. Reads
nothing itself, and knows nothing of who looks.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from consumer.dead_letters.folds import OpenCounts
from consumer.places import Bounds, LogOffsets, bounds_of
from consumer.record import Record


class IdentifiedLog(LogOffsets, Protocol):
    """Answers for the dead-letter topic: its offsets, and which topic of that name it is."""

    def topic_id(self, name: str) -> str | None:
        """Its id; None if there is no such topic, or the brokers give no ids."""
        ...


class FollowedCounts:
    """The counts of one topic, of as much as was read; `look`, read what it names, and `take` that."""

    def __init__(self, topic: str, log: IdentifiedLog) -> None:
        """Nothing was looked at yet."""
        self._topic: Final = topic
        self._log: Final = log
        self._open = OpenCounts()
        self._read: dict[int, int] = {}
        """How far each partition was."""
        self._topic_id: str | None = None
        self.bounds = Bounds({}, {})
        """Of the topic, at the last look."""

    def look(self) -> dict[int, range]:
        """The offsets that are to be read now; a partition without any is left out.

        Raises:
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        # The id is asked first: a topic that is made meanwhile is told by the next look.
        topic_id = self._log.topic_id(self._topic)
        bounds = bounds_of(self._log, self._topic)
        if topic_id != self._topic_id or _has_lost(bounds, self.bounds.first, self._read):
            self._open, self._read = OpenCounts(), {}
        self._topic_id, self.bounds = topic_id, bounds
        unread = {
            number: range(max(at, self._read.get(number, 0)), bounds.end[number]) for number, at in bounds.first.items()
        }
        return {number: offsets for number, offsets in unread.items() if offsets}

    def take(self, records: Iterable[Record]) -> None:
        """What lies at the offsets that `look` named; where it breaks off, the next look goes on."""
        for record in records:
            self._open.add(record)
            self._read[record.partition] = record.next_offset
        self._read = dict(self.bounds.end)  # there may be offsets that hold no record

    def by_endpoint(self) -> dict[str, int]:
        """How many events have open letters, for each endpoint."""
        return self._open.by_endpoint()

    def by_reason(self) -> Mapping[str, Mapping[str, int]]:
        """The same, for each endpoint by reason."""
        return self._open.by_reason()


def _has_lost(now: Bounds, first: Mapping[int, int], read: Mapping[int, int]) -> bool:
    """Whether a partition begins later than it did, or ends before what was read of it."""
    return any(now.first.get(number, 0) > at for number, at in first.items()) or any(
        now.end.get(number, 0) < offset for number, offset in read.items()
    )
