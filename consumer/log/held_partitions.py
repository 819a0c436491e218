"""The partitions that are assigned to one consumer: where reading begins, and which of them are paused."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from consumer.log.fetched import ReadPositions
from consumer.log.recreated_topic import begin_anew
from consumer.log.watermarks import ASK_LIMIT_S, WholeLog, place_of
from consumer.offsets.commits import Assigned
from runtime.clock import Clock


class HeldPartitions:
    """Assigns, unassigns and pauses partitions of one consumer. Lives on the consumer's thread."""

    def __init__(self, consumer: Consumer, topic: str, epochs: Iterator[int], log: WholeLog, clock: Clock) -> None:
        """Holds none yet.

        Args:
            consumer: that reads them.
            topic: whose partitions they are.
            epochs: gives each assignment a number that none had before.
            log: asked where a commit lies behind all that the consumer gets.
            clock: for durations.
        """
        self._consumer = consumer
        self._topic = topic
        self._next_epoch = epochs
        self._log = log
        self._clock = clock
        self._epochs: dict[int, int] = {}
        self._paused: set[int] = set()
        self._ended: set[int] = set()
        self.all_paused = False
        """Whether `pause_all` holds."""
        self.changed_at = clock.monotonic()
        """When partitions were last assigned (monotonic)."""
        self.positions: Final = ReadPositions()

    @property
    def numbers(self) -> Collection[int]:
        """The partitions that are held."""
        return self._epochs.keys()

    def epoch_of(self, number: int) -> int | None:
        """The epoch of the partition's assignment; None if it is not held."""
        return self._epochs.get(number)

    def hold(self, partitions: list[TopicPartition]) -> list[Assigned]:
        """Assign these partitions, and begin where their group has committed. Blocks.

        Raises:
            KafkaException, KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        epoch, self.changed_at = next(self._next_epoch), self._clock.monotonic()
        committed = self._consumer.committed(partitions, timeout=ASK_LIMIT_S)
        found = [place_of(self._consumer, at, epoch, self._log) for at in committed]
        self._consumer.incremental_assign([TopicPartition(self._topic, at.partition, at.start) for at in found])
        self._epochs.update((at.partition, epoch) for at in found)
        self.positions.begin({at.partition: at.start for at in found})
        numbers = {at.partition for at in found}
        self._paused -= numbers
        self._ended -= numbers
        (self._consumer.pause if self.all_paused else self._consumer.resume)(self._places(numbers))
        return found  # a pause survives revoke and assign, hence the resume

    def drop(self, numbers: set[int]) -> None:
        """Unassign these partitions."""
        self._epochs = {number: epoch for number, epoch in self._epochs.items() if number not in numbers}
        self._paused -= numbers
        self._ended -= numbers
        self._consumer.incremental_unassign(self._places(numbers))

    def pause(self, number: int) -> None:
        """Pause the partition until `resume`; records that were fetched already may still come."""
        if number in self._epochs:
            self._paused.add(number)
            if not self.all_paused:
                self._consumer.pause(self._places([number]))

    def resume(self, number: int) -> None:
        """Resume the partition, unless its range has ended."""
        if number in self._epochs and number not in self._ended:
            self._paused.discard(number)
            if not self.all_paused:
                self._consumer.resume(self._places([number]))

    def end(self, number: int) -> None:
        """The range of the partition has ended: pause it for as long as it is held."""
        self._ended.add(number)
        self.pause(number)

    def pause_all(self) -> None:
        """Pause all partitions until `resume_all`."""
        if self._epochs and not self.all_paused:
            self.all_paused = True
            self._consumer.pause(self._places(self._epochs))

    def resume_all(self) -> None:
        """Resume all partitions that were not paused one by one."""
        if self.all_paused:
            self.all_paused = False
            self._consumer.resume(self._places(self._epochs.keys() - self._paused))

    def begin_anew(self, numbers: set[int]) -> None:
        """Read these partitions from the beginning, as far as they are held, whatever was committed. Blocks.

        Raises:
            KafkaException: no answer, or the group is being rebalanced.
        """
        begin_anew(self._consumer, self._topic, numbers & self._epochs.keys())

    def _places(self, numbers: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, number) for number in numbers]
