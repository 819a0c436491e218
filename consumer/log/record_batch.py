"""Consecutive records of one partition, column by column: no object a record. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from consumer.record import Headers
from runtime.rfc3339 import LAST_MS

DAY_MS = 86_400_000


class Fingerprints(Protocol):
    """Fingerprints of the schemas in a schema registry."""

    def fingerprint(self, schema_id: int) -> str | None:
        """The fingerprint of the schema with this id; None if there is none, or it is not that of an event. Blocks.

        Raises:
            SchemaRegistryUnavailableError: the registry does not answer.
        """


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Records in offset order; offsets may leave gaps."""

    topic: str
    partition: int
    offsets: Sequence[int]
    timestamps_ms: Sequence[int]
    """When the bridge accepted each, in milliseconds since the epoch."""
    values: Sequence[bytes | None]
    headers: Callable[[int], Headers]
    """The headers of the record at an index; asked only where the value alone does not tell its schema."""
    fingerprints: Fingerprints | None = None
    """Of the schemas behind ids that are none of ours, if there is a schema registry; asked only where the headers do
    not tell."""
    log_begins: int = 0
    """Where the log began when they were read, if offsets before or between them were passed over; else 0 will do.

    What was passed over before it is lost to retention; what lies behind it held no record: a transaction's marker, an
    aborted record, one that compaction removed.
    """

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def next_offset(self) -> int:
        """Where reading its partition goes on behind the last record."""
        return self.offsets[-1] + 1

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
            self.fingerprints,
            self.log_begins,
        )


def micros_of(timestamp_ms: int) -> int:
    """A time of acceptance in microseconds, within the years that every reader of the files knows.

    One before 1970 or beyond year 9999, which only a foreign producer can write, is taken for the nearer of the two.
    """
    return min(max(timestamp_ms, 0), LAST_MS) * 1000


def day_of(timestamp_ms: int) -> int:
    """The UTC day of a time of acceptance, in days since the epoch."""
    return min(max(timestamp_ms, 0), LAST_MS) // DAY_MS
