"""A subscription: the consumer is a member of its group, which assigns and revokes its partitions.

Revocation is answered in its callback: only when that returns does another member get the partition.
"""

from confluent_kafka import Consumer, TopicPartition

from consumer.log.fetched import Fetched
from consumer.log.messages import reraising
from consumer.log.session import Session


class Subscription:
    """A source that joins the group; all records are wanted."""

    def anew(self) -> "Subscription":
        """The same: it remembers nothing."""
        return self

    def begin(self, session: Session) -> None:
        """Subscribe; the group is joined by the polls that follow."""
        rebalancing = session.rebalancing

        @reraising()
        def on_assign(_: Consumer, partitions: list[TopicPartition]) -> None:
            rebalancing.assign(partitions)

        @reraising()
        def on_revoke(_: Consumer, partitions: list[TopicPartition]) -> None:
            rebalancing.revoke(partitions)

        @reraising()
        def on_lost(_: Consumer, partitions: list[TopicPartition]) -> None:
            rebalancing.lose(partitions)

        session.consumer.subscribe([session.topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_lost)

    def wanted(self, fetched: Fetched) -> Fetched:
        """Everything."""
        return fetched

    def after_turn(self, session: Session) -> None:
        """Check the membership."""
        session.membership.look()

    def end(self, session: Session) -> None:
        """Closing the consumer leaves the group, which revokes all partitions first."""
