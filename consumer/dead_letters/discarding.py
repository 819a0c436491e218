"""Discarding letters, some at a time, and what is known of each when it ends early."""

from collections.abc import Sequence
from typing import Final, Protocol

from consumer.dead_letters.letter import ClosingState, Letter
from consumer.dead_letters.record import closings_of
from runtime.counts import counted
from runtime.kafka.records import OutgoingRecord


class Writes(Protocol):
    """Writes records to Kafka."""

    def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when they are acknowledged.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: they are not; some of them may be in the log all the same.
        """


class Discarding:
    """Closes letters without sending them."""

    def __init__(self, topic: str, letters: int) -> None:
        """None is closed yet.

        Args:
            topic: of dead letters.
            letters: how many are to be closed.
        """
        self._topic: Final = topic
        self._letters: Final = letters
        self._discarded = 0
        self._under_way = 0
        """Letters whose closings were written and are not acknowledged."""

    def discard(self, part: Sequence[Letter], writer: Writes) -> None:
        """Close these; raises as the writer does."""
        self._under_way = len(part)
        writer.write(
            [record for letter in part for record in closings_of(letter, ClosingState.DISCARDED, topic=self._topic)]
        )
        self._discarded += len(part)
        self._under_way = 0

    def __str__(self) -> str:
        """For a person: `200 dead letters discarded, 100 unchanged`."""
        unknown = (
            f", {self._under_way} perhaps (`dead-letters list` shows those that are open)" if self._under_way else ""
        )
        left = self._letters - self._discarded - self._under_way
        rest = f", {left} unchanged" if left else ""
        return f"{counted(self._discarded, 'dead letter')} discarded{unknown}{rest}"
