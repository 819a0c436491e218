"""Records that the consumers of a process share: the same event, read for many endpoints, is copied and held once.

Every consumer reads every record. All but the first of them find the record here, and take neither its headers out of
the message, which costs as much as all the rest, nor memory for another copy.
"""

from typing import Final

from confluent_kafka import Message

from consumer.log.messages import record_of
from consumer.record import Record

SEVERAL: Final = 16_384
"""Records that several consumers share: all that lies between the first and the last, if they stay together."""
_ROOM: Final = 32 * 1024 * 1024
"""Bytes of all values that are kept at most; usual ones take a third of it, and their headers as much again."""


class SharedRecords:
    """The records of one topic that were read last. Any thread may ask."""

    def __init__(self, topic: str, kept: int = 0) -> None:
        """None yet.

        Args:
            topic: that is read.
            kept: how many records are kept; 0 for a consumer that shares with no other.
        """
        self.topic: Final = topic
        self._kept: list[Record | None] = []
        self._longest = 0
        self.keep(kept)

    def keep(self, kept: int) -> None:
        """Keep so many from now on; those that are kept are forgotten if it is another number."""
        if kept != len(self._kept):
            self._longest = _ROOM // max(kept, 1)
            self._kept = [None] * kept

    def of(self, message: Message) -> Record:
        """The record in a message: the very object of before, if it is the same record."""
        all_kept = self._kept
        if not all_kept:
            return record_of(message, self.topic)
        partition, offset, value = message.partition(), message.offset(), message.value()
        at = hash((partition, offset)) % len(all_kept)
        kept = all_kept[at]
        if (
            kept is not None
            and kept.value == value
            and kept.offset == offset
            and kept.partition == partition
            and kept.timestamp_ms == message.timestamp()[1]  # else it is of a topic that was made anew
            and kept.key == message.key()
        ):
            return kept
        record = record_of(message, self.topic)
        if value is not None and len(value) <= self._longest:
            all_kept[at] = record
        return record
