"""The topics and groups of a run, as their operator sees and changes them; straight to the brokers, by no link."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, MemberDescription
from confluent_kafka.cimpl import NewPartitions, NewTopic

from tests.chaos.facts import CommitFact, LetterFact, Logged

LIMIT_S: Final = 120.0
"""How long to try to change something: the brokers may just have been thawed."""
ANSWER_S: Final = 10.0
TOO_SMALL: Final = {"max.message.bytes": "1"}
LARGE: Final = {"max.message.bytes": "33554432"}
"""Of the dead-letter topic: four times the largest POST (docs/configuration.md)."""
ALL_COPIES: Final = {"min.insync.replicas": "3"}
TWO_COPIES: Final = {"min.insync.replicas": "2"}


class Topics:
    """The two topics of a run.

    Args:
        bootstrap: of the brokers themselves.
        events: the events topic; dead letters are in `EVENTS.dead`.
        copies: of each partition.
    """

    def __init__(self, bootstrap: str, events: str, copies: int) -> None:
        self._bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "enable.metrics.push": False})
        self._events = events
        self._letters = f"{events}.dead"
        self._copies = copies
        self._deleted: list[LetterFact] = []
        """Letters of a topic that is gone."""

    def add_partitions(self) -> None:
        """Double the number of partitions of both topics."""
        total = 2 * len(self._partitions(self._events))
        for topic in (self._events, self._letters):
            wanted = [NewPartitions(topic, total)]
            self._insist(
                partial(self._admin.create_partitions, wanted, request_timeout=ANSWER_S),
                done_if=KafkaError.INVALID_PARTITIONS,
            )

    def refuse_letters(self) -> None:
        """Let the dead-letter topic refuse every record: each is too large."""
        self._alter_letters(TOO_SMALL)

    def take_letters(self) -> None:
        """Let the dead-letter topic take records again."""
        self._alter_letters(LARGE)

    def need_all_copies(self, *, wanted: bool) -> None:
        """Let a dead letter need three in-sync replicas, or as many as before."""
        self._alter_letters(ALL_COPIES if wanted else TWO_COPIES)

    def delete_letters(self) -> None:
        """Delete the dead-letter topic; what it holds is noted first, while nothing more can come in."""
        self.refuse_letters()
        self._deleted += self._lying_letters()
        self._insist(
            lambda: self._admin.delete_topics([self._letters], request_timeout=ANSWER_S),
            done_if=KafkaError.UNKNOWN_TOPIC_OR_PART,
        )

    def make_letters(self) -> None:
        """Make the dead-letter topic anew, unless a worker that was started meanwhile has done so."""
        topic = NewTopic(self._letters, len(self._partitions(self._events)), self._copies, config=LARGE)
        self._insist(
            lambda: self._admin.create_topics([topic], request_timeout=ANSWER_S),
            done_if=KafkaError.TOPIC_ALREADY_EXISTS,
        )

    def letters(self) -> list[LetterFact]:
        """All dead letters, those of a deleted topic too."""
        return [*self._deleted, *self._lying_letters()]

    def log(self) -> list[Logged]:
        """The events topic, partition by partition in the order of offsets."""
        found = self._read(self._events)
        return [
            Logged((_partition(one), _offset(one)), _header(one, "ce_id"), (one.key() or b"").decode()) for one in found
        ]

    def commits(self, endpoints: Sequence[str]) -> list[CommitFact]:
        """How far the groups of these endpoints have committed."""
        partitions = [TopicPartition(self._events, number) for number in self._partitions(self._events)]
        return [
            CommitFact(endpoint, at.partition, max(at.offset, 0), bool(at.metadata))
            for endpoint in endpoints
            for at in self._committed(f"{self._events}.{endpoint}", partitions)
        ]

    def members(self, endpoints: Sequence[str]) -> list[str]:
        """Who is in the groups of these endpoints, and has what: a line for each member."""
        groups = [f"{self._events}.{endpoint}" for endpoint in endpoints]
        return [
            f"{group}: {member.client_id} {member.member_id} has {sorted(at.partition for at in _assigned(member))}"
            for group, asked in self._admin.describe_consumer_groups(groups, request_timeout=ANSWER_S).items()
            for member in asked.result(2 * ANSWER_S).members
        ]

    def remove(self, endpoints: Sequence[str]) -> None:
        """Delete topics and groups: the next run on these brokers has its own."""
        for done in self._admin.delete_topics([self._events, self._letters]).values():
            done.exception(LIMIT_S)
        groups = [f"{self._events}.{endpoint}" for endpoint in endpoints]
        for done in self._admin.delete_consumer_groups(groups).values():
            done.exception(LIMIT_S)

    def _alter_letters(self, settings: dict[str, str]) -> None:
        resource = ConfigResource(ConfigResource.Type.TOPIC, self._letters)
        for name, value in settings.items():
            entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            resource.add_incremental_config(entry)
        self._insist(
            lambda: self._admin.incremental_alter_configs([resource], request_timeout=ANSWER_S),
            done_if=KafkaError.UNKNOWN_TOPIC_OR_PART,  # it is deleted just now, and is made anew with its own settings
        )

    @staticmethod
    def _insist(ask: Callable[[], Mapping[Any, "Future[Any]"]], *, done_if: int | None = None) -> None:
        """Ask again until it is done, or until an error says that there is nothing left to do.

        The answer to a first try may have been lost, and a second one finds it done.

        Raises:
            KafkaException, TimeoutError: it is not done within two minutes.
        """
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                for future in ask().values():
                    future.result(2 * ANSWER_S)
            except (KafkaException, TimeoutError) as error:
                if done_if is not None and _code(error) == done_if:
                    return
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def _committed(self, group: str, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """Asks again while the coordinator is still loading the group."""
        consumer = self._consumer(group)
        deadline = time.monotonic() + LIMIT_S
        try:
            while True:
                try:
                    return consumer.committed(partitions, timeout=ANSWER_S)
                except KafkaException:
                    if time.monotonic() > deadline:
                        raise
        finally:
            consumer.close()

    def _partitions(self, topic: str) -> list[int]:
        found = self._admin.list_topics(topic, timeout=LIMIT_S).topics[topic]
        if found.error is not None:
            raise KafkaException(found.error)
        return sorted(found.partitions)

    def _lying_letters(self) -> list[LetterFact]:
        return [
            LetterFact(
                _header(one, "dl-endpoint"),
                (int(_header(one, "dl-partition")), int(_header(one, "dl-offset"))),
                _header(one, "dl-reason"),
                int(_header(one, "dl-attempts")),
            )
            for one in self._read(self._letters)
        ]

    def _consumer(self, group: str) -> Consumer:
        settings: dict[str, Any] = {
            "bootstrap.servers": self._bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "log_level": 0,
            "fetch.wait.max.ms": 20,
        }
        return Consumer(settings)

    def _read(self, topic: str) -> list[Message]:
        """Every record that is there now."""
        consumer = self._consumer("nobody")
        try:
            open_ends = set(self._partitions(topic))
            consumer.assign([TopicPartition(topic, number, 0) for number in open_ends])
            found: list[Message] = []
            while open_ends:
                for message in consumer.consume(500, 0.5):
                    error = message.error()
                    if error is None:
                        found.append(message)
                    elif error.code() == KafkaError._PARTITION_EOF:
                        open_ends.discard(_partition(message))
            return found
        finally:
            consumer.close()


def _assigned(member: MemberDescription) -> list[TopicPartition]:
    return list(member.assignment.topic_partitions or ())


def _code(error: BaseException) -> int | None:
    cause = error.args[0] if error.args else None
    return cause.code() if isinstance(cause, KafkaError) else None


def _partition(message: Message) -> int:
    return message.partition() or 0


def _offset(message: Message) -> int:
    return message.offset() or 0


def _header(message: Message, name: str) -> str:
    found = next((pair[1] for pair in message.headers() or () if pair[0] == name), b"")
    return found.decode() if isinstance(found, bytes) else str(found)
