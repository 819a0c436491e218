"""Outlines of the events that were read last, for all endpoints of a process: each is read once. Pure.

The endpoints share their records (`consumer.log.shared_records`), so a record is known by being the same object. One
endpoint alone asks for each outline at most twice, one time after the other.
"""

from typing import Final

from consumer.log.decoding import event_of, outline_of
from consumer.record import Record
from schemas.event import Event
from schemas.outline import EventOutline

_ROOM: Final = 32 * 1024 * 1024
"""Bytes of all values that are kept at most, each with an outline of about its size."""


class Outlines:
    """Outlines of records."""

    def __init__(self, kept: int = 1) -> None:
        """None yet; `kept` is how many are remembered."""
        self._kept: Final[list[tuple[Record, EventOutline] | None]] = [None] * kept
        self._longest: Final = _ROOM // kept

    def outline(self, record: Record) -> EventOutline:
        """The outline of the event in a record.

        Raises:
            ForeignIdError, UndecodableError, UnknownSchemaError: see `schemas.avro.decode_outline`.
        """
        at = hash((record.partition, record.offset)) % len(self._kept)
        kept = self._kept[at]
        if kept is not None and kept[0] is record:
            return kept[1]
        outline = outline_of(record)
        if len(record.value or b"") <= self._longest:
            self._kept[at] = record, outline
        return outline

    def read(self, record: Record) -> tuple[Record, Event]:
        """The event in a record, and the record.

        Raises:
            ForeignIdError, UndecodableError, UnknownSchemaError: see `schemas.avro.decode`.
        """
        return record, event_of(record)
