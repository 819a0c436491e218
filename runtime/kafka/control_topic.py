"""The control topic: what operators asked of all workers, kept in Kafka. Today that is which endpoints are paused.

A compacted topic of one partition, as Kafka Connect keeps its connectors' states. It is created by `init`, or by the
first pause; while there is none, nothing is paused. Everything here blocks.
"""

import threading
from collections.abc import Iterator, Mapping
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from runtime.clock import Clock, SystemClock
from runtime.config.settings import Settings
from runtime.kafka.admin import Admin
from runtime.kafka.closing import close_in_time
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaUnavailableError, translated
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.settings import ClientSettings, consumer_settings
from runtime.kafka.topics import ensure_control
from runtime.pauses import Pause, PauseReading, written

PARTITION: Final = 0
_LIMIT_S: Final = 10.0
_POLL_S: Final = 0.25
_BATCH: Final = 500
_MOST_BYTES: Final = 64 * 1024
"""Of one record: a reason is short."""
_STOPPING: Final = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNSUPPORTED_VERSION})
"""No patience helps against these; a right to a group is not needed."""

KeyAndValue = tuple[bytes | None, bytes | None]


class ControlTopic:
    """Reads the topic, each time what is new in it. Any thread may look."""

    def __init__(
        self, settings: Settings, kafka: ClientSettings, admin: Admin, *, client_id: str, clock: Clock | None = None
    ) -> None:
        """Nothing was read.

        Args:
            settings: of the installation.
            kafka: its librdkafka settings.
            admin: asks for the topic and its end, and creates it.
            client_id: how the broker's logs name the client that reads.
            clock: for deadlines.
        """
        self._settings: Final = settings
        self._kafka: Final = kafka
        self._admin: Final = admin
        self._topic: Final = settings.topics.control
        self._client_id: Final = client_id
        self._clock: Final = clock or SystemClock()
        self._lock: Final = threading.Lock()
        self._reading: Final = PauseReading()
        self.known: Mapping[str, Pause] = {}
        """The pauses at the last look, by consumer group."""

    def look(self) -> Mapping[str, Pause]:
        """The pauses now, by consumer group.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: no answer, or the topic may not be read; or it is missing for the
                first time.
        """
        with self._lock:
            end = self._end()
            if not self._reading.trusts(end):
                raise KafkaUnavailableError(f"the broker does not know topic {self._topic}, which was there before")
            if end is not None and end > self._reading.next:
                self._reading.add(self._read(self._reading.next, end), end)
            self.known = dict(self._reading.pauses)
            return self.known

    def record(self, group: str, pause: Pause | None) -> OutgoingRecord:
        """The record that pauses an endpoint's group from now on, or with None resumes it."""
        return OutgoingRecord(self._topic, group.encode(), written(pause), partition=PARTITION)

    def ensure(self) -> None:
        """Create the topic if it is missing.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: it could not be asked or created.
        """
        ensure_control(self._admin, self._settings)

    def _end(self) -> int | None:
        if not self._admin.has_topic(self._topic):
            return None
        return self._admin.end(self._topic, [PARTITION])[PARTITION]

    def _read(self, first: int, end: int) -> list[KeyAndValue]:
        faults = ConnectionFaults(self._clock)
        made = consumer_settings(
            self._kafka,
            client_id=self._client_id,
            group=f"{self._client_id}-control",
            max_record_bytes=_MOST_BYTES,
        )
        try:
            consumer = Consumer({**made, "enable.partition.eof": True, "error_cb": faults.note})
            try:
                consumer.assign([TopicPartition(self._topic, PARTITION, first)])
                return [(message.key(), message.value()) for message in self._messages(consumer, end, faults)]
            finally:
                close_in_time(consumer)
        except KafkaException as error:
            raise translated(error, f"reading topic {self._topic}", fault=faults.cause) from error

    def _messages(self, consumer: Consumer, end: int, faults: ConnectionFaults) -> Iterator[Message]:
        """Those below `end`; it may lie behind a gap that compaction has left, which only the partition's end shows."""
        deadline = self._clock.monotonic() + _LIMIT_S
        while True:
            for message in consumer.consume(_BATCH, timeout=_POLL_S):
                error, offset = message.error(), message.offset()
                if error is None and offset is not None:
                    if offset < end:
                        yield message
                    if offset >= end - 1:
                        return
                elif error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - public
                    return
                elif error is not None and (error.fatal() or error.code() in _STOPPING):
                    raise KafkaException(error)
            if self._clock.monotonic() >= deadline:
                raise KafkaUnavailableError(
                    f"reading topic {self._topic}: {faults.cause or f'it was not read to its end in {_LIMIT_S:g} s'}"
                )
