"""An event that was not sent, as the endpoint was told the same of late. Pure."""

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from consumer.record import Record
from schemas import names
from schemas.headers import text_header

MOST_KEPT: Final = 1000
"""Of one endpoint."""


class Repeat(Struct, frozen=True):
    """One event that repeats another."""

    endpoint: str
    time: datetime
    """When it was left out."""
    event_id: str | None
    topic: str
    partition: int
    offset: int
    repeats: str
    """PARTITION:OFFSET of the event that the endpoint has."""

    @property
    def event_at(self) -> tuple[str, int, int]:
        """Topic, partition and offset of its record."""
        return self.topic, self.partition, self.offset

    def is_of(self, name: str) -> bool:
        """Whether it is the event with this id, or at this PARTITION:OFFSET."""
        return name in {self.event_id, f"{self.partition}:{self.offset}"}


def repeat_of(endpoint: str, record: Record, repeats: str, now: float) -> Repeat:
    """The repeat in a record, left out `now` (seconds since the epoch)."""
    event_id = text_header(record.headers, names.CE_ID)
    when = datetime.fromtimestamp(now, UTC)
    return Repeat(endpoint, when, event_id, record.topic, record.partition, record.offset, repeats)
