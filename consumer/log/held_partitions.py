"""The partitions that one consumer reads: where it begins with each, and which it leaves alone for now."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from consumer.log.recreated_topic import begin_anew
from consumer.log.taken import ReadPositions
from consumer.log.watermarks import ASK_LIMIT_S, place_of
from consumer.offsets.commits import Assigned
from runtime.clock import Clock


class HeldPartitions:
    """What is assigned to a consumer, by epoch, and what of it is paused. Lives on the consumer's thread."""

    def __init__(self, consumer: Consumer, topic: str, epochs: Iterator[int], clock: Clock) -> None:
        """Holds none yet.

        Args:
            consumer: that reads them.
            topic: whose partitions they are.
            epochs: gives each assignment a number that none had before.
            clock: for durations.
        """
        self._consumer = consumer
        self._topic = topic
        self._next_epoch = epochs
        self._clock = clock
        self._epochs: dict[int, int] = {}
        self._paused: set[int] = set()
        self._ended: set[int] = set()
        self.all_paused = False
        """Whether nothing is fetched, of whatever partition."""
        self.changed_at = clock.monotonic()
        """When the last were assigned."""
        self.positions: Final = ReadPositions()

    @property
    def numbers(self) -> Collection[int]:
        """Those that are held."""
        return self._epochs.keys()

    def epoch_of(self, number: int) -> int | None:
        """Of the partition's assignment; None if it is not held."""
        return self._epochs.get(number)

    def hold(self, partitions: list[TopicPartition]) -> list[Assigned]:
        """Read these from where their group stands. Blocks.

        Raises:
            KafkaException: no answer.
        """
        epoch, self.changed_at = next(self._next_epoch), self._clock.monotonic()
        committed = self._consumer.committed(partitions, timeout=ASK_LIMIT_S)
        found = [place_of(self._consumer, at, epoch) for at in committed]
        self._consumer.incremental_assign([TopicPartition(self._topic, at.partition, at.start) for at in found])
        self._epochs.update((at.partition, epoch) for at in found)
        self.positions.begin({at.partition: at.start for at in found})
        numbers = {at.partition for at in found}
        self._paused -= numbers
        self._ended -= numbers
        (self._consumer.pause if self.all_paused else self._consumer.resume)(self._places(numbers))
        return found  # a pause survives revoke and assign, hence the resume

    def drop(self, numbers: set[int]) -> None:
        """Read these no more: others have them now."""
        self._epochs = {number: epoch for number, epoch in self._epochs.items() if number not in numbers}
        self._paused -= numbers
        self._ended -= numbers
        self._consumer.incremental_unassign(self._places(numbers))

    def pause(self, number: int) -> None:
        """Read nothing of this one until `resume`; what is under way may still come."""
        if number in self._epochs:
            self._paused.add(number)
            if not self.all_paused:
                self._consumer.pause(self._places([number]))

    def resume(self, number: int) -> None:
        """Read this one again, unless all that is wanted of it was read."""
        if number in self._epochs and number not in self._ended:
            self._paused.discard(number)
            if not self.all_paused:
                self._consumer.resume(self._places([number]))

    def end(self, number: int) -> None:
        """All that is wanted of this one was read: pause it for as long as it is held."""
        self._ended.add(number)
        self.pause(number)

    def pause_all(self) -> None:
        """Fetch nothing until `resume_all`."""
        if self._epochs and not self.all_paused:
            self.all_paused = True
            self._consumer.pause(self._places(self._epochs))

    def resume_all(self) -> None:
        """Fetch again, but for those that were paused each for itself."""
        if self.all_paused:
            self.all_paused = False
            self._consumer.resume(self._places(self._epochs.keys() - self._paused))

    def begin_anew(self, numbers: set[int]) -> None:
        """Read those of them that are held from the beginning, whatever was committed. Blocks.

        Raises:
            KafkaException: no answer, or the group is being rebalanced.
        """
        begin_anew(self._consumer, self._topic, numbers & self._epochs.keys())

    def _places(self, numbers: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, number) for number in numbers]
