"""Partitions that are added to a topic while it is followed. They are read from their beginning.

Asking for them shows whether Kafka answers the consumer, too.
"""

from typing import Final

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from consumer.log.messages import explained
from runtime.clock import Clock

_log: Final = structlog.get_logger(__name__)

_EVERY_S: Final = 5.0
_ASK_LIMIT_S: Final = 2.0


class AddedPartitions:
    """Asks for a topic's partitions every few seconds, and assigns new ones to the consumer."""

    def __init__(self, consumer: Consumer, topic: str, known: int | None, clock: Clock) -> None:
        """The topic had `known` partitions, numbered from 0; None: no others are wanted."""
        self._consumer = consumer
        self._topic = topic
        self._known = known
        self._clock = clock
        self._due = self.answered_at = clock.monotonic()
        """When Kafka answered last (monotonic)."""
        self.numbers: Final[set[int]] = set()
        """Those that were added."""

    def look(self) -> None:
        """Ask, if the last question was long ago; blocks at most 2 s. Without an answer, a later call asks again."""
        if self._clock.monotonic() < self._due:
            return
        try:
            found = self._consumer.list_topics(self._topic, timeout=_ASK_LIMIT_S).topics[self._topic]
        except KafkaException as error:
            _log.debug("range.partitions_unknown", topic=self._topic, error=explained(error))
        else:
            self.answered_at = self._clock.monotonic()
            if self._known is not None:
                self._add([number for number in sorted(found.partitions) if number >= self._known])
        self._due = self._clock.monotonic() + _EVERY_S

    def _add(self, numbers: list[int]) -> None:
        new = [number for number in numbers if number not in self.numbers]
        if new:
            self._consumer.incremental_assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in new])
            self.numbers.update(new)
            _log.info("range.partitions_added", topic=self._topic, partitions=new)
