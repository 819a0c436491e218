"""Asking and telling a Kafka cluster: topics, their settings, offsets of the log.

Every call blocks, at most `LIMIT_S` seconds, three times as long where a young cluster does not know its offsets yet;
from an event loop it goes through a thread.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, TypeVar

from confluent_kafka import (
    OFFSET_INVALID,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
    Uuid,
)
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    ListOffsetsResultInfo,
    NewTopic,
    OffsetSpec,
    ResourceType,
    TopicDescription,
)

from runtime.clock import Clock, SystemClock
from runtime.kafka.admin_clients import AdminClients
from runtime.kafka.cluster_state import Topic
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaUnavailableError, is_unreached, translated
from runtime.kafka.settings import ClientSettings, admin_settings

LIMIT_S: Final = 10.0
_PATIENCE_S: Final = 30.0
"""With a cluster that is young, or so busy that its controller takes a broker for dead."""
_PASSING: Final = frozenset(
    {
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError._NOENT,  # noqa: SLF001 - librdkafka's "no leaders found"
    }
)
_UNKNOWN: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART})
_ANSWERS: Final = _UNKNOWN | {KafkaError.TOPIC_AUTHORIZATION_FAILED}

_NO_ID: Final = str(Uuid(0, 0))
"""The text of the id that the client gives where the broker has none; two of these objects are never equal."""

_T = TypeVar("_T")


class Admin:
    """One cluster, asked."""

    def __init__(self, settings: ClientSettings, *, client_id: str, clock: Clock | None = None) -> None:
        """Does not reach out yet.

        Args:
            settings: librdkafka settings.
            client_id: how the broker's logs name this client.
            clock: for the patience with a coordinator that is still loading.
        """
        self._servers = str(settings.get("bootstrap.servers", ""))
        self._faults = ConnectionFaults()
        made: dict[str, Any] = {**admin_settings(settings, client_id=client_id), "error_cb": self._faults.note}
        self._clock = clock or SystemClock()
        self._doubted: Final[set[str]] = set()
        """Topics whose leaders may be others than the client takes for such."""
        self._clients: Final = AdminClients(made, self._clock, self._faults, open_client=AdminClient)

    @property
    def _client(self) -> AdminClient:
        return self._clients.current

    def brokers(self, timeout_s: float = LIMIT_S) -> int:
        """How many brokers the cluster has; the test of whether Kafka can be reached."""
        doing = f"reaching Kafka at {self._servers}"
        return len(self._asked(doing, lambda: self._client.list_topics(timeout=timeout_s)).brokers)

    def ping(self, topic: str, timeout_s: float) -> None:
        """Return when a broker has answered for one topic, whether there is such a topic, and we may know it, or not.

        A question about no topic at all would be cheaper. But while no broker is registered with the controller, which
        is so for a moment after a single broker was frozen, the client ends its process over the answer (librdkafka
        2.16.0, `rd_kafka_admin_response_parse`: a failed assertion).

        Raises:
            KafkaUnavailableError, KafkaRefusedError: none has within the time, and why.
        """
        future = self._client.describe_topics(TopicCollection([topic]), request_timeout=timeout_s)[topic]
        doing = f"reaching Kafka at {self._servers}"
        with suppress(KafkaException):  # an answer all the same
            self._asked(doing, lambda: future.result(timeout_s), keep=_ANSWERS, limit_s=timeout_s)

    def topic(self, name: str) -> Topic | None:
        """The topic, or None if there is none of that name."""
        found = self._described(name)
        if found is None:
            return None
        replicas = min((len(partition.replicas) for partition in found.partitions), default=0)
        settings = self._settings_of(ConfigResource(ResourceType.TOPIC, name), f"asking Kafka for topic {name}")
        return Topic(name, len(found.partitions), replicas, settings)

    def has_topic(self, name: str) -> bool:
        """Whether there is a topic of that name."""
        return self._described(name) is not None

    def topic_id(self, name: str) -> str | None:
        """The id of the topic, which an earlier one of its name did not have; None if there is none, or no topic."""
        found = self._described(name)
        return None if found is None else id_of(found.topic_id)

    def _described(self, name: str) -> TopicDescription | None:
        future = self._client.describe_topics(TopicCollection([name]), request_timeout=LIMIT_S)[name]
        try:
            found: TopicDescription = self._asked(
                f"asking Kafka for topic {name}", lambda: future.result(LIMIT_S), keep=_UNKNOWN
            )
        except KafkaException:
            return None
        return found

    def broker_settings(self) -> Mapping[str, str]:
        """The settings of one broker of the cluster."""
        doing = "reading the broker's settings"
        brokers = self._asked(doing, lambda: self._client.list_topics(timeout=LIMIT_S)).brokers
        return self._settings_of(ConfigResource(ResourceType.BROKER, str(any_of(brokers, doing))), doing)

    def create_topic(self, name: str, *, partitions: int, replication_factor: int, settings: Mapping[str, str]) -> bool:
        """Create a topic, and return when a broker knows it; False if there is one already, which is left as it is."""
        new = NewTopic(name, partitions, replication_factor, config=dict(settings))
        future = self._client.create_topics([new], request_timeout=LIMIT_S)[name]
        doing, exists = f"creating topic {name}", frozenset({KafkaError.TOPIC_ALREADY_EXISTS})
        try:
            self._asked(doing, lambda: future.result(LIMIT_S), keep=exists)
        except KafkaException:
            return False
        self._wait_until_known(name, doing)
        return True

    def _wait_until_known(self, name: str, doing: str) -> None:
        """The controller answers when it has created a topic; the brokers learn of it a moment later (KIP-500)."""
        deadline = self._clock.monotonic() + LIMIT_S
        while not self.has_topic(name):
            if self._clock.monotonic() >= deadline:
                raise KafkaUnavailableError(f"{doing}: no broker knows it {LIMIT_S:g} s after it was created")
            self._clock.sleep(0.05)

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The first offset that each partition still has."""
        return self._offsets(topic, partitions, OffsetSpec.earliest())

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset behind all that consumers of committed records get: the last stable one.

        An open transaction's records lie behind it; the markers of those that ended lie before it.
        """
        return self._offsets(topic, partitions, OffsetSpec.latest())

    def written(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset behind everything in each partition, open transactions as well: the high watermark."""
        return self._offsets(topic, partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED)

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """Each partition's first offset with a record not before `timestamp_ms`; its end if there is none."""
        found = self._offsets(topic, partitions, OffsetSpec.for_timestamp(timestamp_ms))
        ends = self.end(topic, [partition for partition, offset in found.items() if offset < 0])
        return {partition: ends.get(partition, offset) for partition, offset in found.items()}

    def _offsets(
        self,
        topic: str,
        partitions: Iterable[int],
        spec: OffsetSpec,
        isolation: IsolationLevel = IsolationLevel.READ_COMMITTED,
    ) -> dict[int, int]:
        asked = {TopicPartition(topic, partition): spec for partition in partitions}

        def ask() -> dict[int, int]:
            self._ask_for_leaders_if_doubted(topic)
            try:
                answers = self._client.list_offsets(asked, isolation_level=isolation, request_timeout=LIMIT_S)
                return {at.partition: _offset_in(answer) for at, answer in answers.items()}
            except (KafkaException, TimeoutError):
                self._doubted.add(topic)
                raise

        return self._patiently(f"asking Kafka for offsets of topic {topic}", ask) if asked else {}

    def _ask_for_leaders_if_doubted(self, topic: str) -> None:
        """Have the client ask who leads the topic's partitions, after a question that had no answer.

        By itself it goes on asking a leader that has gone, or in the name of an epoch that is over, for as long as it
        keeps what it knows of the topic (librdkafka 2.16, `rd_kafka_topic_partition_list_query_leaders_async_worker`: a
        leader that it has once been told of is not asked for again).
        """
        if topic in self._doubted:
            self._client.list_topics(topic, timeout=LIMIT_S)
            self._doubted.discard(topic)

    def _settings_of(self, resource: ConfigResource, doing: str) -> dict[str, str]:
        answer = self._client.describe_configs([resource], request_timeout=LIMIT_S)[resource]
        return {name: entry.value for name, entry in self._result(doing, answer).items()}

    def _result(self, doing: str, answer: "Future[Any]") -> Any:
        return self._asked(doing, lambda: answer.result(LIMIT_S))

    def _asked(
        self, doing: str, ask: Callable[[], _T], *, keep: frozenset[int] = frozenset(), limit_s: float = LIMIT_S
    ) -> _T:
        """What `ask` gives, with its errors in our words; those whose codes are in `keep` pass as they are."""
        try:
            answer = ask()
        except KafkaException as error:
            (self._clients.unanswered if is_unreached(error) else self._clients.answered)()
            if error.args[0].code() in keep:
                raise
            raise translated(error, doing, fault=self._fault()) from error
        except TimeoutError as error:
            self._clients.unanswered()
            raise KafkaUnavailableError(f"{doing}: {self._fault() or f'no answer within {limit_s:g} s'}") from error
        self._clients.answered()
        self._client.poll(0)  # what was wrong on the way to the answer is over
        self._faults.forget()
        return answer

    def _fault(self) -> str:
        """Why there is no connection, as far as the client knows; it says so only when it is polled."""
        self._client.poll(0)
        return self._faults.cause

    def _patiently(self, doing: str, ask: Callable[[], _T]) -> _T:
        """Ask again while coordinators load or a new topic's leaders are being chosen: a young cluster says so a while.

        The call as a whole can succeed meanwhile: each partition carries its own error.
        """
        deadline = self._clock.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._asked(doing, ask, keep=_PASSING)
            except KafkaException as error:
                if self._clock.monotonic() >= deadline:
                    raise translated(error, doing, fault=self._fault()) from error
            self._clock.sleep(0.1)


def _offset_in(answer: "Future[ListOffsetsResultInfo]") -> int:
    offset = answer.result(LIMIT_S).offset
    if offset == OFFSET_INVALID:  # what librdkafka 2.16 says, without an error, of a leader that left
        raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
    return offset


def id_of(topic_id: Uuid | None) -> str | None:
    """The text of a topic's id; None if the broker has none, which Kafka has since 2.8 (KIP-516)."""
    return None if topic_id is None or str(topic_id) == _NO_ID else str(topic_id)


def any_of(brokers: Collection[int], doing: str) -> int:
    """The number of one of a cluster's brokers.

    Raises:
        KafkaUnavailableError: there is none: for a moment so, after a single broker was frozen and fenced.
    """
    if not brokers:
        raise KafkaUnavailableError(f"{doing}: the cluster has no broker at this moment")
    return min(brokers)
