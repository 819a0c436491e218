"""Offsets that an export expected and the log no longer had: retention took them before. Pure."""

from dataclasses import dataclass
from typing import Final

from consumer.log.record_batch import RecordBatch


@dataclass(frozen=True, slots=True)
class Gap:
    """Offsets that the log no longer had: retention took them before they were exported."""

    partition: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"partition {self.partition}: the log no longer has offsets {self.first} to {self.last}"


class Progression:
    """The offsets of one partition as they come: which is expected next, and which never came."""

    def __init__(self, partition: int, next_offset: int) -> None:
        self._partition = partition
        self.next_offset = next_offset
        self.gaps: Final[list[Gap]] = []

    def advance(self, batch: RecordBatch) -> None:
        """Take note of records; those passed over behind where the log begins held nothing, and are no gap."""
        if batch.offsets[0] == self.next_offset and batch.offsets[-1] - batch.offsets[0] == len(batch) - 1:
            self.next_offset = batch.next_offset
            return
        for offset in batch.offsets:
            gone = min(offset, batch.log_begins)
            if gone > self.next_offset:
                self.gaps.append(Gap(self._partition, self.next_offset, gone - 1))
            self.next_offset = offset + 1
