"""Committing: offsets of one consumer, asynchronously and one commit at a time. Lives on the consumer's thread."""

from collections.abc import Callable
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consumer.log.messages import explained
from consumer.offsets.commits import Commit

Ended = Callable[[list[Commit], str], None]
"""Told of a commit that ended, and why it failed; empty if it succeeded."""


class Committing:
    """The commit that is under way, if there is one."""

    def __init__(self, topic: str, ended: Ended) -> None:
        """Nothing is under way."""
        self._topic: Final = topic
        self._ended: Final = ended
        self._commits: list[Commit] = []

    @property
    def under_way(self) -> bool:
        """Whether the answer to a commit is waited for."""
        return bool(self._commits)

    def start(self, consumer: Consumer, commits: list[Commit]) -> None:
        """Commit; `answered` is called when it ended, by the consumer's next polls."""
        self._commits = commits
        try:
            consumer.commit(offsets=self.offsets(commits), asynchronous=True)
        except KafkaException as error:
            self._commits = []
            self._ended(commits, explained(error))

    def answered(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """The consumer's `on_commit`: also called after a synchronous commit, of which its caller knows already."""
        commits, self._commits = self._commits, []
        if commits:
            errors = [error, *(partition.error for partition in partitions)]
            said = next((fault.str() for fault in errors if fault is not None), "")
            self._ended(commits, said)

    def forget(self) -> None:
        """The consumer is gone: no answer will come."""
        self._commits = []

    def offsets(self, commits: list[Commit]) -> list[TopicPartition]:
        """As the client takes them."""
        return [TopicPartition(self._topic, at.partition, at.offset, at.metadata) for at in commits]
