"""Reading a bounded range of a topic without a group: offsets are assigned, nothing is ever committed.

For commands, since it blocks. No group's offsets change.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Message, TopicPartition

from consumer.log.messages import is_end, record_of
from consumer.log.schema_ids import SchemaIds
from consumer.log.standalone_consumer import POLL_S, begin, judge, raise_if_stalled, standalone_consumer
from consumer.record import Record
from runtime.clock import Clock, SystemClock
from runtime.kafka.closing import close_in_time
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.settings import ClientSettings

_BATCH: Final = 500
_PREFETCH_KIB: Final = 16 * 1024


class RangeReader:
    """A client that reads ranges, one after the other; close it, or use it as a context."""

    def __init__(
        self,
        settings: ClientSettings,
        *,
        client_id: str,
        max_record_bytes: int,
        schema_ids: SchemaIds | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Does not reach out yet.

        Args:
            settings: librdkafka settings.
            client_id: how the broker's logs name this client.
            max_record_bytes: the largest record that may lie there.
            schema_ids: of the schema registry that may know a record's schema, if there is one; reading waits for it.
            clock: for durations.
        """
        self._faults = ConnectionFaults(clock)
        self._open: Final = partial(
            standalone_consumer,
            settings,
            self._faults,
            client_id=client_id,
            max_record_bytes=max_record_bytes,
            prefetch_kib=_PREFETCH_KIB,
        )
        self._consumer = self._open()
        self._has_stalled = False
        """Whether the client brought nothing when it was to: the next reading has another one."""
        self._schema_ids = schema_ids
        self._clock = clock or SystemClock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the client; takes 2 s at most."""
        close_in_time(self._consumer)

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterator[Record]:
        """The records at these offsets, each partition's in order, partitions as they come.

        What retention or compaction has taken is left out. One range at a time: a second call ends the first.

        Args:
            topic: where they lie.
            ranges: offsets by partition; none may reach beyond the end that the log has now.
            limit: records of each partition at most.

        Raises:
            KafkaUnavailableError: nothing came for 30 s, or no other client can be opened after that.
            KafkaRefusedError: no topic or partition of that name, or it may not be read.
        """
        if self._has_stalled:
            stalled, self._consumer, self._has_stalled = self._consumer, self._open(), False
            close_in_time(stalled)
        left = {number: span for number, span in ranges.items() if span and limit != 0}
        counts = dict.fromkeys(left, 0)
        begin(self._consumer, topic, {number: span.start for number, span in left.items()})
        try:
            for message in self._messages(topic, left):
                number, offset = _place(message)
                if number in left and message.error() is None and offset < left[number].stop:
                    record = record_of(message, topic)
                    yield record if self._schema_ids is None else self._schema_ids.resolve_blocking(record)
                    counts[number] += 1
                if number in left and (counts[number] == limit or self._is_last(message, left[number])):
                    del left[number]
                    self._consumer.pause([TopicPartition(topic, number)])
        finally:
            self._consumer.unassign()

    def _messages(self, topic: str, left: Mapping[int, range]) -> Iterator[Message]:
        """Messages, and the ends of partitions, until nothing is left."""
        quiet_since = self._clock.monotonic()
        while left:
            messages = self._consumer.consume(_BATCH, timeout=POLL_S)
            for message in messages:
                judge(message, topic)
                yield message
            if messages:
                quiet_since = self._clock.monotonic()
            else:
                self._has_stalled = True  # if the next line does not raise, something may still come
                raise_if_stalled(topic, left, self._clock.monotonic() - quiet_since, self._faults)
                self._has_stalled = False

    @staticmethod
    def _is_last(message: Message, span: range) -> bool:
        """Whether the partition has nothing more of the range: its last record, or the end of the log behind it."""
        error, (_, offset) = message.error(), _place(message)
        if error is None:
            return offset >= span.stop - 1
        return is_end(error) and offset >= span.stop


def _place(message: Message) -> tuple[int, int]:
    partition, offset = message.partition(), message.offset()
    return (-1 if partition is None else partition), (-1 if offset is None else offset)
