"""A range of the log, read for delivery: assigned and not subscribed, with offsets committed in a group of its own.

The group has no members, so nothing is ever rebalanced, and whoever is killed can be replaced at once. Two processes
that read for one group are not kept apart.
"""

from collections.abc import Mapping
from typing import Final

import structlog
from confluent_kafka import Consumer

from consumer.log.listener import SettingsOf
from consumer.log.reader_thread import Log
from consumer.log.taken import Taken

_logger: Final = structlog.get_logger(__name__)


class BoundedLog(Log):
    """Reads the given offsets of each partition from where the group stands, on its own thread."""

    def __init__(
        self,
        settings: SettingsOf,
        *,
        topic: str,
        name: str,
        drain_s: float,
        ranges: Mapping[int, range],
    ) -> None:
        """As a `Log`; the listener is told of each of the `ranges` after its last record."""
        super().__init__(settings, topic=topic, name=name, drain_s=drain_s)
        self._ranges = ranges
        self._met: set[int] = set()
        """Partitions whose end was met."""
        self._done: set[int] = set()
        """Those of them that are paused and told."""

    def _live(self) -> None:
        consumer = self._consumer()
        self._met, self._done = set(), set()
        places = self._places(self._ranges)
        try:
            self._on_assign(consumer, places)
            self._tell(self._listener.membership, "")  # nobody else is in this group
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
            self._tell(self._listener.range_ended, number, self._epochs[number])

    def _set_paused(self, consumer: Consumer, partition: int, *, paused: bool) -> None:
        super()._set_paused(consumer, partition, paused=paused or partition in self._done)

    def _wanted(self, taken: Taken) -> Taken:
        """What lies in the ranges; notes where one ends: its last record, whatever lies behind it, or the log's end."""
        stops = {number: span.stop for number, span in self._ranges.items()}
        reached = {record.partition: record.offset + 1 for record in taken.records} | taken.ends
        for number, offset in reached.items():
            if offset >= stops[number]:
                self._met.add(number)
            elif number in taken.ends:
                _logger.warning("log.ends_early", partition=number, ends_at=offset, wanted_up_to=stops[number])
        return Taken(
            [record for record in taken.records if record.offset < stops[record.partition]],
            {number: min(offset, stops[number]) for number, offset in reached.items()},
        )
