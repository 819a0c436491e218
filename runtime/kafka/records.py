"""A record on its way to Kafka. Pure."""

from typing import Final

from msgspec import Struct, field

_OF_RECORD: Final = 128
"""Bytes that Kafka adds at most to a record and its batch."""
_OF_HEADER: Final = 10
"""For the lengths of a header's name and value."""


class OutgoingRecord(Struct, frozen=True):
    """What is to stand in a topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    timestamp_ms: int | None = None
    """Milliseconds since the epoch; None: when the client takes it."""
    partition: int | None = None
    """None: by the key."""

    @property
    def size(self) -> int:
        """The most bytes that it takes in Kafka, alone and not compressed: what a topic's limit is held against."""
        headers = sum(len(name.encode()) + len(value) + _OF_HEADER for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers + _OF_RECORD
