"""What lies behind a cursor, looked at: offsets that hold no record, a transaction's marker say, are owed to nobody.

Where a worker reads, its commits move past them. A group that nobody serves stays before them, and from outside only
reading tells. One record a partition is read, the first that is there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from consumer.offsets.cursor import Cursor
from consumer.record import Record


class Reader(Protocol):
    """Reads ranges of a topic."""

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterable[Record]:
        """The records at these offsets, `limit` of each partition at most."""
        ...


def heads_of(reader: Reader, topic: str, cursors: Mapping[int, Cursor]) -> dict[int, Record]:
    """The first record of each partition that no commit covers, neither as finished nor as a hole.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    unread = {number: range(at.unread, at.end) for number, at in cursors.items()}
    return {record.partition: record for record in reader.read(topic, unread, limit=1)}


def past_what_is_no_record(cursors: Mapping[int, Cursor], heads: Mapping[int, Record]) -> dict[int, Cursor]:
    """The cursors, with all before the first record that is there as finished. Pure.

    So nothing lags where no record is left. Between records that nobody has read yet there may be more offsets that
    hold none: these count until they are read.
    """
    begins = {number: heads[number].offset if number in heads else at.end for number, at in cursors.items()}
    return {number: replace(at, top=max(at.top, begins[number] - 1)) for number, at in cursors.items()}
