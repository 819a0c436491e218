"""A range of the log, read for delivery: assigned and not subscribed, with offsets committed in a group of its own.

The group has no members, so nothing is ever rebalanced, and whoever is killed can be replaced at once. Two processes
that read for one group are not kept apart.
"""

from collections.abc import Mapping
from typing import Final

import structlog
from confluent_kafka import TopicPartition

from consumer.log.session import Session
from consumer.log.taken import Taken

_logger: Final = structlog.get_logger(__name__)


class AssignedRange:
    """The given offsets of each partition, from where the group stands; tells when one was read to its end."""

    def __init__(self, ranges: Mapping[int, range]) -> None:
        """`ranges`: the offsets that are wanted, by partition."""
        self._stops: Final = {number: span.stop for number, span in ranges.items()}
        self._read: set[int] = set()
        """Partitions whose range was read to its end."""
        self._ended: set[int] = set()
        """Those of them that are paused and told."""

    def begin(self, session: Session) -> None:
        """Take all partitions, which nobody else is given."""
        self._read, self._ended = set(), set()
        session.rebalancing.assign(self._places(session))
        session.listener.membership("")  # nobody else is in this group

    def wanted(self, taken: Taken) -> Taken:
        """What lies in the ranges; notes where one ends: its last record, whatever lies behind it, or the log's end."""
        reached = {record.partition: record.next_offset for record in taken.records} | taken.ends
        for number, offset in reached.items():
            if offset >= self._stops[number]:
                self._read.add(number)
            elif number in taken.ends:
                _logger.warning("log.ends_early", partition=number, ends_at=offset, wanted_up_to=self._stops[number])
        return Taken(
            [record for record in taken.records if record.offset < self._stops[record.partition]],
            {number: min(offset, self._stops[number]) for number, offset in reached.items()},
        )

    def after_turn(self, session: Session) -> None:
        """Pause and tell the ranges that were read to their end."""
        for number in self._read - self._ended:
            self._ended.add(number)
            session.held.end(number)
            epoch = session.held.epoch_of(number)
            assert epoch is not None
            session.listener.range_ended(number, epoch)

    def end(self, session: Session) -> None:
        """Let what is in flight end, and commit: no group takes the partitions back."""
        session.rebalancing.revoke(self._places(session))

    def _places(self, session: Session) -> list[TopicPartition]:
        return [TopicPartition(session.topic, number) for number in self._stops]
