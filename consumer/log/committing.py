"""Commits of one consumer: asynchronous, one at a time. Lives on the consumer's thread."""

from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consumer.log.held_partitions import HeldPartitions
from consumer.log.loop_listener import LoopListener
from consumer.log.messages import explained
from consumer.offsets.commits import Commit


class Committing:
    """Makes commits, and notifies the listener how each ended."""

    def __init__(self, topic: str, listener: LoopListener) -> None:
        """Nothing is under way."""
        self._topic: Final = topic
        self._listener: Final = listener
        self._commits: list[Commit] = []

    @property
    def under_way(self) -> bool:
        """Whether a commit waits for its answer."""
        return bool(self._commits)

    def start(self, consumer: Consumer, held: HeldPartitions, commits: list[Commit]) -> None:
        """Commit the offsets of partitions that are still held; a later poll of the consumer calls `answered`."""
        current = [commit for commit in commits if held.epoch_of(commit.partition) == commit.epoch]
        if not current:
            self._listener.committed(commits, "the partitions are gone")
            return
        self._commits = current
        try:
            consumer.commit(offsets=self._offsets(current), asynchronous=True)
        except KafkaException as error:
            self._commits = []
            self._listener.committed(current, explained(error))

    def commit_last(self, consumer: Consumer, commits: list[Commit]) -> None:
        """Commit and wait for the answer; the listener is not notified here.

        Raises:
            KafkaException: the commit failed.
        """
        if commits:
            consumer.commit(offsets=self._offsets(commits), asynchronous=False)

    def answered(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """The consumer's `on_commit`. The client calls it after a synchronous commit too, which is ignored here."""
        commits, self._commits = self._commits, []
        if commits:
            errors = [error, *(partition.error for partition in partitions)]
            reason = next((fault.str() for fault in errors if fault is not None), "")
            self._listener.committed(commits, reason)

    def _offsets(self, commits: list[Commit]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, at.partition, at.offset, at.metadata) for at in commits]
