"""Rebalancing: partitions are assigned to a consumer, revoked and lost, and the listener is notified in time.

A partition that is revoked is drained, and its last offsets are committed, before another consumer gets it. One that is
lost belongs to another consumer already: nothing can be committed.
"""

from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition
from structlog.typing import FilteringBoundLogger

from consumer.log.committing import Committing
from consumer.log.held_partitions import HeldPartitions
from consumer.log.loop_listener import LoopListener
from consumer.log.messages import explained
from consumer.offsets.commits import Commit


class Rebalancing:
    """Answers the rebalances of one consumer. Lives on the consumer's thread, and blocks."""

    def __init__(
        self,
        consumer: Consumer,
        held: HeldPartitions,
        committing: Committing,
        listener: LoopListener,
        log: FilteringBoundLogger,
    ) -> None:
        """Nothing is held yet."""
        self._consumer: Final = consumer
        self._held: Final = held
        self._committing: Final = committing
        self._listener: Final = listener
        self._log: Final = log
        self._is_settled = False
        """Whether all was drained and committed, as far as it can be: what is revoked then is only dropped."""

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Begin with these partitions; not with those that a consumer is given just when it is closed.

        They are revoked at once, and a client that is closing has no answer where to begin: it would be waited for in
        vain, and the process with it.

        Raises:
            KafkaException, KafkaUnavailableError, KafkaRefusedError: the offsets to begin at cannot be read.
        """
        if not self._is_settled and not self._listener.is_disowned():
            self._listener.assigned(self._held.hold(partitions))

    def revoke(self, partitions: list[TopicPartition]) -> None:
        """Drain and commit these partitions, which are ours until this returns.

        Raises:
            TimeoutError: the listener does not drain in time.
        """
        if self._listener.is_disowned():
            return
        numbers = {at.partition for at in partitions}
        if not self._is_settled:
            commits = self._listener.drain(numbers)
            if self._listener.is_disowned():  # another consumer may have them, and commit more
                return
            self._commit_last(commits)
        self._drop(numbers)

    def settle(self) -> None:
        """Drain and commit all partitions while the consumer is still a member; they are revoked when it is closed.

        A client that is closed amid a rebalance answers it, leaves the group, and only then revokes what it still has:
        a commit in that callback comes too late (librdkafka 2.16.0: "Unknown member"). Worse, the client may have ended
        when the callback returns, and then waits for ever for its own answer, with the interpreter's lock.

        Raises:
            TimeoutError: the listener does not drain in time.
        """
        self._is_settled = True
        if self._held.numbers and not self._listener.is_disowned():
            commits = self._listener.drain(set(self._held.numbers))
            if commits and not self._listener.is_disowned() and self._commit_last(commits):
                self._listener.committed(commits, "")

    def lose(self, partitions: list[TopicPartition]) -> None:
        """Forget these partitions, which other members have already."""
        if self._listener.is_disowned():
            return
        numbers = {at.partition for at in partitions}
        self._log.warning("log.partitions_lost", partitions=sorted(numbers))
        self._drop(numbers)

    def _commit_last(self, commits: list[Commit]) -> bool:
        """Whether it was done."""
        try:
            self._committing.commit_last(self._consumer, commits)
        except KafkaException as error:
            consequence = "some events will be delivered twice"
            self._log.warning("log.last_commit_failed", error=explained(error), consequence=consequence)
            return False
        return True

    def _drop(self, numbers: set[int]) -> None:
        self._held.drop(numbers)
        self._listener.revoked(numbers)
