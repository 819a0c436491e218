"""Reading a bounded range of a topic from outside any group: offsets are assigned, nothing is ever committed.

For commands, which block: an event loop reads through a thread. Nobody's cursor is touched.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Final, Self

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.log.messages import HOPELESS, record_of
from consumer.record import Record
from runtime.kafka.errors import KafkaUnavailableError, translated
from runtime.kafka.settings import ClientSettings, consumer_settings

_log: Final = structlog.get_logger(__name__)

QUIET_LIMIT_S: Final = 30.0
"""How long a range may bring nothing at all until it is given up."""
_BATCH: Final = 500
_POLL_S: Final = 0.25
_PREFETCH_KIB: Final = 16 * 1024
_MISSING: Final = frozenset(
    {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}  # noqa: SLF001
)
_STOPPING: Final = (HOPELESS | _MISSING) - {KafkaError.GROUP_AUTHORIZATION_FAILED}
"""Errors that no patience helps against; a right to the group is not needed, as it is never joined."""


class RangeReader:
    """One client that reads ranges, one after the other; close it, or use it as a context."""

    def __init__(
        self,
        settings: ClientSettings,
        *,
        client_id: str,
        max_record_bytes: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Does not reach out yet.

        Args:
            settings: librdkafka settings.
            client_id: how the broker's logs name this client.
            max_record_bytes: the largest record that may lie there.
            monotonic: seconds since some fixed point.
        """
        prefetching = {"queued.max.messages.kbytes": _PREFETCH_KIB, **settings, "group.protocol": "classic"}
        made = consumer_settings(
            prefetching, client_id=client_id, group=f"{client_id}-range", max_record_bytes=max_record_bytes
        )
        self._consumer = Consumer({**made, "enable.partition.eof": True})
        self._monotonic = monotonic

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the client go."""
        self._consumer.close()

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterator[Record]:
        """The records at these offsets, each partition's in order, partitions as they come.

        What retention or compaction has taken is left out. One range at a time: a second call ends the first.

        Args:
            topic: where they lie.
            ranges: offsets by partition; none may reach beyond the end that the log has now.
            limit: records of each partition at most.

        Raises:
            KafkaUnavailableError: nothing came for `QUIET_LIMIT_S` seconds.
            KafkaRefusedError: no topic or partition of that name, or it may not be read.
        """
        left = {number: span for number, span in ranges.items() if span and limit != 0}
        places = [TopicPartition(topic, number, span.start) for number, span in left.items()]
        counts = dict.fromkeys(left, 0)
        self._begin(places, f"reading topic {topic}")
        try:
            for message in self._messages(topic, left):
                number, offset = _place(message)
                if number in left and message.error() is None and offset < left[number].stop:
                    yield record_of(message, topic)
                    counts[number] += 1
                if number in left and (counts[number] == limit or self._is_last(message, left[number])):
                    del left[number]
                    self._consumer.pause([TopicPartition(topic, number)])
        finally:
            self._consumer.unassign()

    def _begin(self, places: list[TopicPartition], doing: str) -> None:
        try:
            self._consumer.assign(places)
            self._consumer.resume(places)  # a pause survives a new assignment
        except KafkaException as error:
            raise translated(error, doing) from error

    def _messages(self, topic: str, left: Mapping[int, range]) -> Iterator[Message]:
        """Messages, and the ends of partitions, until nothing is left."""
        quiet_since = self._monotonic()
        while left:
            messages = self._consumer.consume(_BATCH, timeout=_POLL_S)
            for message in messages:
                self._judge(message, topic)
                yield message
            if messages:
                quiet_since = self._monotonic()
            elif self._monotonic() - quiet_since > QUIET_LIMIT_S:
                waiting = ", ".join(str(number) for number in sorted(left))
                raise KafkaUnavailableError(
                    f"reading topic {topic}: nothing came for {QUIET_LIMIT_S:g} s; not read to the end: {waiting}"
                )

    @staticmethod
    def _judge(message: Message, topic: str) -> None:
        error = message.error()
        if error is None or error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - a public constant of librdkafka
            return
        if error.fatal() or error.code() in _STOPPING:
            raise translated(error, f"reading topic {topic}")
        _log.debug("range.error", topic=topic, error=error.str(), code=error.name())

    @staticmethod
    def _is_last(message: Message, span: range) -> bool:
        """Whether the partition has nothing more of the range: its last record, or the end of the log behind it."""
        error, (_, offset) = message.error(), _place(message)
        if error is None:
            return offset >= span.stop - 1
        return error.code() == KafkaError._PARTITION_EOF and offset >= span.stop  # noqa: SLF001


def _place(message: Message) -> tuple[int, int]:
    partition, offset = message.partition(), message.offset()
    return (-1 if partition is None else partition), (-1 if offset is None else offset)
