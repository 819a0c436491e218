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
        self._kept: list[tuple[Record, EventOutline] | None] = []
        self._longest = 0
        self.keep(kept)

    def keep(self, kept: int) -> None:
        """Remember so many from now on; those that are known are forgotten if it is another number."""
        if kept != len(self._kept):
            self._longest = _ROOM // kept
            self._kept = [None] * kept

    def outline(self, record: Record) -> EventOutline:
        """The outline of the event in a record.

        Raises:
            ForeignIdError, UndecodableError, UnknownSchemaError: see `schemas.avro.decode_outline`.
        """
        all_kept = self._kept
        at = hash((record.partition, record.offset)) % len(all_kept)
        kept = all_kept[at]
        if kept is not None and kept[0] is record:
            return kept[1]
        outline = outline_of(record)
        if len(record.value or b"") <= self._longest:
            all_kept[at] = record, outline
        return outline

    def read(self, record: Record) -> tuple[Record, Event]:
        """The event in a record, and the record.

        Raises:
            ForeignIdError, UndecodableError, UnknownSchemaError: see `schemas.avro.decode`.
        """
        return record, event_of(record)
