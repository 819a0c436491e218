"""The records behind a cursor, read from outside: an offset that holds none, such as a transaction's marker, is no lag.

Where a worker reads, its commits move past such offsets. A group that nobody serves stays before them, and only reading
tells. At most two records of each partition are read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from consumer.offsets.backlog import Waiting
from consumer.offsets.cursor import Cursor
from consumer.record import Record


class RangeSource(Protocol):
    """Reads ranges of a topic."""

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterable[Record]:
        """The records at these offsets, each partition's in order; `limit` of each partition at most."""
        ...


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The unfinished records of some partitions."""

    cursors: Mapping[int, Cursor]
    """By partition, past offsets that hold no record."""
    oldest_ms: Mapping[int, int]
    """When the oldest of each partition was accepted, in milliseconds since the epoch; of those that have one.

    A partition with a record that has no time is left out: that may be the oldest.
    """

    @property
    def waiting(self) -> dict[int, Waiting]:
        """By partition, what waits there."""
        return {number: Waiting(at.lag, self.oldest_ms.get(number)) for number, at in self.cursors.items()}


def unfinished_in(source: RangeSource, topic: str, cursors: Mapping[int, Cursor]) -> Unfinished:
    """Read the first record that no commit covers, and the first hole, of each partition.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    unread = {number: range(at.unread, at.end) for number, at in cursors.items()}
    heads = {record.partition: record for record in source.read(topic, unread, limit=1)}
    holes = {number: range(at.holes[0], at.holes[0] + 1) for number, at in cursors.items() if at.holes}
    return Unfinished(past_empty_offsets(cursors, heads), _oldest_ms([*heads.values(), *source.read(topic, holes)]))


def _oldest_ms(records: Sequence[Record]) -> dict[int, int]:
    without_time = {record.partition for record in records if record.accepted_ms is None}
    oldest: dict[int, int] = {}
    for record in records:
        if record.accepted_ms is not None and record.partition not in without_time:
            oldest[record.partition] = min(record.accepted_ms, oldest.get(record.partition, record.accepted_ms))
    return oldest


def past_empty_offsets(cursors: Mapping[int, Cursor], heads: Mapping[int, Record]) -> dict[int, Cursor]:
    """The cursors, with all before the first record that is there as finished. Pure.

    So nothing lags where no record is left. Between records that nobody has read yet there may be more offsets that
    hold none: these count until they are read.
    """
    begins = {number: heads[number].offset if number in heads else at.end for number, at in cursors.items()}
    return {number: replace(at, top=max(at.top, begins[number] - 1)) for number, at in cursors.items()}
