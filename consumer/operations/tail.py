"""The end of the log, and what comes in after it: records in the order of acceptance, across partitions.

Reads from outside any group. Knows nothing of what the records hold or how they are shown.
"""

import heapq
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from consumer.offsets.unread import RangeSource
from consumer.places import Bounds, Offsets, Place
from consumer.record import Record

_AHEAD: Final = 200
"""Records of each partition that are held to be merged."""
_LONGEST_STEP: Final = 5_000
"""Offsets of each partition that are read in one go when searching backwards."""


class TailedLog(Protocol):
    """A log that is asked for its bounds and places, and read in ranges."""

    def bounds(self, topic: str) -> Bounds:
        """The beginning and the end of every partition, now."""
        ...

    def offsets_at(self, topic: str, place: Place, bounds: Bounds) -> dict[int, int]:
        """The place's offset in each partition that it names, within the bounds."""
        ...

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterator[Record]:
        """The records at these offsets, each partition's in order; `limit` of each at most."""
        ...


class RecordFilter(Protocol):
    """Says which records are wanted."""

    def matches(self, record: Record) -> bool:
        """Whether this one is."""
        ...


class Tail:
    """A place in one topic that moves on as its records are read."""

    def __init__(self, log: TailedLog, topic: str) -> None:
        """Stands nowhere yet: `last` or `start` come first."""
        self._log: Final = log
        self._topic: Final = topic
        self._next: dict[int, int] = {}
        self._takes_new_partitions = True

    def start(self, place: Place) -> None:
        """Stand at a place; partitions that it does not name are left out.

        Raises:
            PlaceError: the topic has no such partition.
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        self._next = self._log.offsets_at(self._topic, place, self._log.bounds(self._topic))
        self._takes_new_partitions = not isinstance(place, Offsets)

    def last(self, count: int, wanted: RecordFilter) -> list[Record]:
        """The last `count` records that are wanted, oldest first; from here on it stands at the end.

        Each partition is searched back as far as it may still have one of them, by the time of its records.

        Raises:
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        bounds = self._log.bounds(self._topic)
        self._next = dict(bounds.end)
        found: list[Record] = []
        open_ends, step = dict(bounds.end), count
        while open_ends:
            spans = {n: range(max(bounds.first[n], stop - step), stop) for n, stop in open_ends.items()}
            read = list(self._log.read(self._topic, spans))
            found = sorted((*found, *filter(wanted.matches, read)), key=_order)[-count:]
            open_ends = {n: spans[n].start for n in _unsettled(spans, bounds, read, found, count)}
            step = min(4 * step, _LONGEST_STEP)
        return found

    def unread(self) -> Iterator[Record]:
        """The records from here to the end that the log has now; where it breaks off, the next call goes on.

        Raises:
            TopicMissingError: the topic is gone.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        bounds = self._log.bounds(self._topic)
        if self._takes_new_partitions:
            self._next = {**bounds.first, **self._next}
        spans = {n: range(max(at, bounds.first[n]), bounds.end[n]) for n, at in self._next.items() if n in bounds.end}
        for record in merged(self._log, self._topic, spans):
            self._next[record.partition] = record.next_offset
            yield record
        self._next.update((n, bounds.end[n]) for n in spans)


def merged(source: RangeSource, topic: str, ranges: Mapping[int, range]) -> Iterator[Record]:
    """The records at these offsets, each partition's in order, the partitions merged by time of acceptance."""
    unread = {number: span for number, span in ranges.items() if span}
    ahead: dict[int, deque[Record]] = {number: deque() for number in unread}
    _read_ahead(source, topic, unread, ahead)
    heads = [(queue[0].timestamp_ms, number) for number, queue in ahead.items() if queue]
    heapq.heapify(heads)
    while heads:
        queue = ahead[number := heads[0][1]]
        record = queue.popleft()
        if not queue and number in unread:
            _read_ahead(source, topic, unread, ahead)
        if queue:
            heapq.heapreplace(heads, (queue[0].timestamp_ms, number))
        else:
            heapq.heappop(heads)
        yield record


def _read_ahead(source: RangeSource, topic: str, unread: dict[int, range], ahead: Mapping[int, deque[Record]]) -> None:
    """Read more of the partitions that have little left, all in one go."""
    spans = {number: span for number, span in unread.items() if len(ahead[number]) < _AHEAD // 2}
    counts = dict.fromkeys(spans, 0)
    for record in source.read(topic, spans, limit=_AHEAD):
        ahead[record.partition].append(record)
        counts[record.partition] += 1
        unread[record.partition] = range(record.next_offset, spans[record.partition].stop)
    for number, count in counts.items():
        if count < _AHEAD or not unread[number]:
            del unread[number]


def _unsettled(
    spans: Mapping[int, range], bounds: Bounds, read: list[Record], found: list[Record], count: int
) -> list[int]:
    """The partitions further back in which one of the last may lie."""
    oldest_found = found[0].timestamp_ms if len(found) == count else None
    oldest_read: dict[int, int] = {}
    for record in read:
        oldest_read.setdefault(record.partition, record.timestamp_ms)
    unsettled = []
    for number, span in spans.items():
        enough = sum(record.partition == number for record in found) == count
        older = oldest_found is not None and oldest_read.get(number, oldest_found) < oldest_found
        if span.start > bounds.first[number] and not enough and not older:
            unsettled.append(number)
    return unsettled


def _order(record: Record) -> tuple[int, int, int]:
    return record.timestamp_ms, record.partition, record.offset
