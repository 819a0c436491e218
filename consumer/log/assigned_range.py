"""A range of the log, read for delivery: assigned and not subscribed, with offsets committed in a group of its own.

The group has no members, so nothing is ever rebalanced, and whoever is killed can be replaced at once. Two processes
that read for one group are not kept apart.
"""

from collections.abc import Mapping
from typing import Final

import structlog
from confluent_kafka import TopicPartition

from consumer.log.fetched import Fetched
from consumer.log.session import Session

_logger: Final = structlog.get_logger(__name__)


class AssignedRange:
    """A source that assigns partitions itself, and notifies the listener when one was read to the end of its range."""

    def __init__(self, ranges: Mapping[int, range]) -> None:
        """`ranges`: by partition, the offsets to read; reading begins where the group has committed."""
        self._ranges: Final = ranges
        self._stops: Final = {number: span.stop for number, span in ranges.items()}
        self._read: set[int] = set()
        """Partitions whose range was read to its end."""
        self._ended: set[int] = set()
        """Those of them of which the listener was notified."""

    def anew(self) -> "AssignedRange":
        """The same ranges, and nothing of them is read."""
        return AssignedRange(self._ranges)

    def begin(self, session: Session) -> None:
        """Assign all partitions: this group has no other member."""
        session.rebalancing.assign(self._places(session))
        session.listener.membership("")  # nobody else is in this group

    def wanted(self, fetched: Fetched) -> Fetched:
        """The records within the ranges. A range has ended with its last record, a later record, or the log's end.

        Records before a range come where the log does not reach it any more: then reading begins with the oldest one.
        """
        reached = {record.partition: record.next_offset for record in fetched.records} | fetched.ends
        for number, offset in reached.items():
            if offset >= self._stops[number]:
                self._read.add(number)
            elif number in fetched.ends:
                _logger.warning("log.ends_early", partition=number, ends_at=offset, wanted_up_to=self._stops[number])
        return Fetched(
            [record for record in fetched.records if record.offset in self._ranges[record.partition]],
            {number: min(offset, self._stops[number]) for number, offset in reached.items()},
        )

    def after_turn(self, session: Session) -> None:
        """Pause the partitions whose range has ended, and notify the listener."""
        for number in self._read - self._ended:
            self._ended.add(number)
            session.held.end(number)
            epoch = session.held.epoch_of(number)
            assert epoch is not None
            session.listener.range_ended(number, epoch)

    def end(self, session: Session) -> None:
        """Drain and commit. Closing the consumer does not do it, as no group revokes the partitions."""
        session.rebalancing.revoke(self._places(session))

    def _places(self, session: Session) -> list[TopicPartition]:
        return [TopicPartition(session.topic, number) for number in self._stops]
