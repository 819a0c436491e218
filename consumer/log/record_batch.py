"""Consecutive records of one partition, column by column: no object a record. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from consumer.record import Headers

LAST_MS = 253_402_300_799_999
"""The end of year 9999: later times of acceptance, which only a foreign producer can write, are taken for it."""
DAY_MS = 86_400_000


def no_fingerprint(_: int) -> None:
    """There is no schema registry to ask."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in offset order; offsets may leave gaps."""

    topic: str
    partition: int
    offsets: Sequence[int]
    timestamps_ms: Sequence[int]
    """When the bridge accepted each, in milliseconds since the epoch."""
    values: Sequence[bytes | None]
    headers: Callable[[int], Headers]
    """The headers of the record at an index; asked only where the value alone does not tell its schema."""
    learned: Callable[[int], str | None] = no_fingerprint
    """The fingerprint of the schema behind an id that is none of ours; asked only where the headers do not tell it."""
    log_begins: int = 0
    """Where the log began when they were read, if offsets before or between them were passed over; else 0 will do.

    What was passed over before it is lost to retention; what lies behind it held no record: a transaction's marker, an
    aborted record, one that compaction removed.
    """

    def __len__(self) -> int:
        return len(self.offsets)

    def part(self, start: int, stop: int) -> Self:
        """The records at these indexes."""
        if start == 0 and stop >= len(self):
            return self
        headers = self.headers
        return type(self)(
            self.topic,
            self.partition,
            self.offsets[start:stop],
            self.timestamps_ms[start:stop],
            self.values[start:stop],
            lambda index: headers(start + index),
            self.learned,
            self.log_begins,
        )


def micros_of(timestamp_ms: int) -> int:
    """A time of acceptance in microseconds, within the years that every reader of the files knows."""
    return min(max(timestamp_ms, 0), LAST_MS) * 1000


def day_of(timestamp_ms: int) -> int:
    """The UTC day of a time of acceptance, in days since the epoch."""
    return min(max(timestamp_ms, 0), LAST_MS) // DAY_MS
