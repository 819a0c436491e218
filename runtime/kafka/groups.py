"""The offsets of a consumer group, from outside it: read them, and set them while the group has no members.

Through a consumer that never joins, which speaks for the group as an administrator would. The admin client's own
calls for this have brought the process down while a broker was coming back (librdkafka 2.16.0), and this is as good.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from runtime.clock import Clock, SystemClock
from runtime.deadline import Deadline
from runtime.kafka.closing import close_in_time
from runtime.kafka.cluster_state import Committed
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaRefusedError, translated
from runtime.kafka.group_sibling import sibling_of
from runtime.kafka.opening import opened
from runtime.kafka.settings import ClientSettings, consumer_settings

LIMIT_S: Final = 10.0
_AGAIN_S: Final = 0.1
_POLL_S: Final = 0.05
_NOWHERE: Final = 2**62
_MEMBERS: Final = frozenset(
    {
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.NON_EMPTY_GROUP,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.STALE_MEMBER_EPOCH,
    }
)
_PASSING: Final = frozenset(
    {KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.NOT_COORDINATOR}
)


class GroupIsLiveError(KafkaRefusedError):
    """The group has members: its offsets are theirs to move."""


class Groups:
    """The groups of one cluster."""

    def __init__(self, settings: ClientSettings, *, client_id: str, clock: Clock | None = None) -> None:
        """Does not reach out yet.

        Args:
            settings: librdkafka settings.
            client_id: how the broker's logs name this client.
            clock: for the patience with a coordinator that is still loading.
        """
        self._settings = settings
        self._faults = ConnectionFaults()
        self._client_id = client_id
        self._clock = clock or SystemClock()

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """The group's offsets in these partitions, of those that have one.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: no answer, or none that is ours to have.
        """
        asked = [TopicPartition(topic, partition) for partition in partitions]
        with self._outsider(group) as consumer:
            doing = f"reading the offsets of group {group}"
            found = self._patiently(doing, lambda: consumer.committed(asked, timeout=LIMIT_S), consumer)
        return {at.partition: Committed(at.offset, at.metadata or "") for at in found if at.offset >= 0}

    def commit(self, group: str, topic: str, offsets: Mapping[int, Committed]) -> None:
        """Set offsets of a group that has no members.

        Raises:
            GroupIsLiveError: it has; nothing was changed.
            KafkaUnavailableError, KafkaRefusedError: no answer, or it is not ours to set.
        """
        wanted = [TopicPartition(topic, number, at.offset, at.metadata) for number, at in offsets.items()]
        answer = _CommitAnswer()
        with self._outsider(group, on_commit=answer.came) as consumer:
            doing = f"setting the offsets of group {group}"
            self._patiently(doing, lambda: answer.of(consumer, wanted, self._clock), consumer)

    def prove_in_step(self, group: str, topic: str) -> None:
        """Return when the group's coordinator is known to know what its log holds.

        One that was loaded amid the restart of its broker can have forgotten groups that are in its log, and says that
        they have no offsets (Kafka 4.3.1: "out of sync with the underlying log"). It finds that out when it writes. So
        something is written, for a group that has nothing else: a place that the log never reaches, so that nobody
        sees a lag there.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: it is not known.
        """
        self.commit(sibling_of(group), topic, {0: Committed(_NOWHERE)})

    def refuse_live(self, group: str, topic: str, partitions: Iterable[int]) -> None:
        """Find out whether the group's offsets can be set: they are, to what they are.

        Of a group without offsets nothing is found out.

        Raises:
            GroupIsLiveError: it has members.
            KafkaUnavailableError, KafkaRefusedError: no answer, or it is not ours to set.
        """
        if found := self.committed(group, topic, partitions):
            self.commit(group, topic, found)

    @contextmanager
    def _outsider(self, group: str, **callbacks: Any) -> Iterator[Consumer]:
        settings = consumer_settings(self._settings, client_id=self._client_id, group=group, max_record_bytes=0)
        made = {**settings, "error_cb": self._faults.note, **callbacks}
        consumer = opened(lambda: Consumer(made), f"asking about group {group}")
        try:
            yield consumer
        finally:
            close_in_time(consumer)

    def _patiently(
        self, doing: str, ask: Callable[[], list[TopicPartition]], consumer: Consumer
    ) -> list[TopicPartition]:
        """Ask again while the coordinator loads; each partition can carry an error though the call succeeded."""
        deadline = self._clock.monotonic() + LIMIT_S
        while True:
            try:
                answer = ask()
                error = next((at.error for at in answer if at.error is not None), None)
            except KafkaException as raised:
                answer, error = [], raised.args[0]
            if error is None:
                self._faults.forget()
                return answer
            if error.code() in _MEMBERS:
                raise GroupIsLiveError(f"{doing}: the group is live")
            if error.code() not in _PASSING or self._clock.monotonic() >= deadline:
                raise translated(_told_by(consumer) or error, doing, fault=self._faults.cause)
            self._clock.sleep(_AGAIN_S)


class _CommitAnswer:
    """The answer to one commit after the other; the client's own waiting for it has no limit."""

    def __init__(self) -> None:
        self._answers: list[tuple[KafkaError | None, list[TopicPartition]]] = []

    def came(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """The consumer's `on_commit`."""
        self._answers.append((error, partitions))

    def of(self, consumer: Consumer, offsets: list[TopicPartition], clock: Clock) -> list[TopicPartition]:
        """Commit, and wait for the answer; the partitions, each perhaps with an error.

        Raises:
            KafkaException: no answer within `LIMIT_S` seconds, or none but an error.
        """
        self._answers.clear()
        deadline = Deadline.after(LIMIT_S, clock)
        consumer.commit(offsets=offsets, asynchronous=True)
        while not self._answers:
            if not deadline.left_s:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - a public constant
            message = consumer.poll(_POLL_S)
            if message is not None and (told := message.error()) is not None:
                raise KafkaException(told)
        error, partitions = self._answers[-1]
        if error is not None:
            raise KafkaException(error)
        return partitions


def _told_by(consumer: Consumer) -> KafkaError | None:
    """The coordinator's refusal, or a fault of the connection: only a poll reports either."""
    message = consumer.poll(0)
    return None if message is None else message.error()
