"""A range of the log, read for delivery: assigned and not subscribed, with offsets committed in a group of its own.

The group has no members, so nothing is ever rebalanced, and whoever is killed can be replaced at once. Two processes
that read for one group are not kept apart.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaError, Message

from consumer.log.listener import LogListener
from consumer.log.reader import Log

_logger: Final = structlog.get_logger(__name__)

Passed = Callable[[int, int], None]
"""Told, on the loop, that a partition's range was read to its end: the partition, and the epoch of its assignment."""


class BoundedLog(Log):
    """Reads the given offsets of each partition from where the group stands, on its own thread."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        topic: str,
        name: str,
        listener: LogListener,
        drain_s: float,
        ranges: Mapping[int, range],
        passed: Passed,
    ) -> None:
        """As a `Log`; `passed` is told of each of the `ranges`, after its last record."""
        super().__init__(
            {**settings, "enable.partition.eof": True}, topic=topic, name=name, listener=listener, drain_s=drain_s
        )
        self._ranges = ranges
        self._passed_on = passed
        self._met: set[int] = set()
        """Partitions whose end was met."""
        self._done: set[int] = set()
        """Those of them that are paused and told."""

    def _live(self) -> None:
        consumer = Consumer(self._settings)
        self._met, self._done = set(), set()
        places = self._places(self._ranges)
        try:
            self._tell(self._listener.trouble, "")
            self._on_assign(consumer, places)
            while not self._closing.is_set():
                self._turn(consumer)
            self._on_revoke(consumer, places)
        finally:
            consumer.close()

    def _turn(self, consumer: Consumer) -> None:
        super()._turn(consumer)
        for number in self._met - self._done:
            self._done.add(number)
            self._set_paused(consumer, number, paused=True)
            self._tell(self._passed_on, number, self._epochs[number])

    def _set_paused(self, consumer: Consumer, partition: int, *, paused: bool) -> None:
        super()._set_paused(consumer, partition, paused=paused or partition in self._done)

    def _is_trouble(self, message: Message) -> bool:
        """Whether it is nothing to pass on; notes where a range ends: its last record, one behind it, or the log's."""
        error, number, offset = message.error(), message.partition(), message.offset()
        at_end = error is not None and error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001 - a public constant
        if number is None or offset is None or not (error is None or at_end):
            return super()._is_trouble(message)
        stop = self._ranges[number].stop
        if offset + (0 if at_end else 1) >= stop:
            self._met.add(number)
        elif at_end:
            _logger.warning("log.ends_early", partition=number, ends_at=offset, wanted_up_to=stop)
        return at_end or offset >= stop
