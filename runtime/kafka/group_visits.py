"""Visits to consumer groups: this process is a member for a moment, which reads nothing and commits nothing.

From a group of the protocol `classic` Kafka removes all offsets when its last member has been gone for
`offsets.retention.minutes`, even if somebody commits them from outside every hour (Kafka 3.9 and 4.3). Only a member
that comes and goes makes that time begin anew. A group of `consumer`, and one that never had a member, goes by its
commits.
"""

import threading
from typing import Final, Protocol

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from runtime.clock import Clock, SystemClock
from runtime.deadline import Deadline
from runtime.kafka.closing import close_in_time
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import translated
from runtime.kafka.settings import ClientSettings, GroupProtocol, consumer_settings

_LIMIT_S: Final = 30.0
"""For the admission: a broker waits 3 s for further members of a new group, by default."""
_LEAVE_S: Final = 10.0
_POLL_S: Final = 0.05


class ProtocolChoice(Protocol):
    """Chooses the protocol for the members of a group; see `GroupProtocols`."""

    def choose(self, group: str) -> GroupProtocol:
        """The protocol, as the cluster is now."""
        ...


class GroupVisits:
    """Visits the groups that read one topic."""

    def __init__(
        self,
        settings: ClientSettings,
        protocols: ProtocolChoice,
        *,
        client_id: str,
        topic: str,
        clock: Clock | None = None,
    ) -> None:
        """Visits none yet.

        Args:
            settings: librdkafka settings.
            protocols: for a group without members, which takes any.
            client_id: how the broker's logs name this client.
            topic: that the groups read.
            clock: for the patience.
        """
        self._settings: Final = settings
        self._protocols: Final = protocols
        self._client_id: Final = client_id
        self._topic: Final = topic
        self._clock: Final = clock or SystemClock()

    def visit(self, group: str, leaving: threading.Event) -> None:
        """Join the group and leave it; at once when `leaving` is set.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: it was not joined within 30 s.
            ProtocolMissingError: the configured protocol is none of the cluster's.
        """
        faults, admitted = ConnectionFaults(self._clock), threading.Event()
        made = consumer_settings(
            self._settings,
            client_id=self._client_id,
            group=group,
            max_record_bytes=0,
            protocol=self._protocols.choose(group),
        )

        def on_assign(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            """Stand at the ends, where nothing is read; no partition's place in the group is asked for."""
            consumer.incremental_assign([TopicPartition(at.topic, at.partition, OFFSET_END) for at in partitions])
            admitted.set()

        try:
            consumer = Consumer({**made, "error_cb": faults.note})
            try:
                consumer.subscribe([self._topic], on_assign=on_assign)
                self._wait(consumer, group, admitted, leaving, faults)
            finally:
                close_in_time(consumer, _LEAVE_S)
        except KafkaException as error:
            raise translated(error, f"joining group {group} for a moment", fault=faults.cause) from error

    def _wait(
        self,
        consumer: Consumer,
        group: str,
        admitted: threading.Event,
        leaving: threading.Event,
        faults: ConnectionFaults,
    ) -> None:
        deadline = Deadline.after(_LIMIT_S, self._clock)
        error = KafkaError(KafkaError._TIMED_OUT)  # noqa: SLF001 - a public constant of librdkafka
        while not (admitted.is_set() or leaving.is_set()):
            message = consumer.poll(_POLL_S)
            told = None if message is None else message.error()
            error = error if told is None else told
            if not deadline.left_s:
                raise translated(error, f"joining group {group} for a moment", fault=faults.cause)
