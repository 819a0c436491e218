"""Reading in bulk for the export: columns instead of an object for each record. Nothing is ever committed.

The same kind of client as in `range_reader.py`, with a deep prefetch; one reader belongs to one thread.
"""

from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import closing
from functools import partial
from itertools import groupby
from operator import methodcaller
from typing import Any, Final

import structlog
from confluent_kafka import KafkaException, Message, TopicPartition

from consumer.log.added_partitions import AddedPartitions
from consumer.log.messages import record_of
from consumer.log.record_batch import Fingerprints, RecordBatch
from consumer.log.standalone_consumer import POLL_S, begin, judge, raise_if_stalled, standalone_consumer
from consumer.log.watermarks import beginning_of
from runtime.clock import Clock, SystemClock
from runtime.kafka.closing import close_in_time
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import translated
from runtime.kafka.settings import ClientSettings

_log: Final = structlog.get_logger(__name__)

_BATCH: Final = 10_000
_PREFETCH_KIB: Final = 8 * 1024
_SILENT_LIMIT_S: Final = 60.0
_FETCH_BYTES: Final = 1024 * 1024
"""Of one partition at a time; a larger record comes all the same, alone (KIP-74)."""
_partition_of: Final = methodcaller("partition")


class BatchReader:
    """A client that reads ranges in batches, one call after the other; close it."""

    def __init__(
        self,
        settings: ClientSettings,
        *,
        client_id: str,
        max_record_bytes: int,
        fingerprints: Fingerprints | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Does not reach out yet; the arguments are those of `RangeReader`, and `fingerprints` as `RecordBatch` has."""
        self._faults = ConnectionFaults(clock)
        self._open: Final = partial(
            standalone_consumer,
            settings,
            self._faults,
            client_id=client_id,
            max_record_bytes=max_record_bytes,
            prefetch_kib=_PREFETCH_KIB,
            fetch_message_max_bytes=_FETCH_BYTES,
        )
        self._consumer = self._open()
        self._fingerprints = fingerprints
        self._clock = clock or SystemClock()
        self._next: dict[int, int] = {}
        """By partition: the offset that is expected next."""

    def close(self) -> None:
        """Close the client; takes 2 s at most."""
        close_in_time(self._consumer)

    def read(self, topic: str, ranges: Mapping[int, range]) -> Generator[RecordBatch | None, None, None]:
        """The records at these offsets, each partition's in order; None whenever nothing came for a moment.

        Raises:
            KafkaUnavailableError: nothing came for 30 s.
            KafkaRefusedError: no topic or partition of that name, or it may not be read.
        """
        left = {number: span for number, span in ranges.items() if span}
        quiet_since = self._clock.monotonic()
        starts = {number: span.start for number, span in left.items()}
        with closing(self._consumed(topic, starts)) as consumed:
            for messages in consumed:
                for number, run in groupby(messages, _partition_of):
                    if number in left:
                        yield from self._within(topic, left, number, list(run))
                if not left:
                    return
                if messages:
                    quiet_since = self._clock.monotonic()
                    continue
                yield None
                raise_if_stalled(topic, left, self._clock.monotonic() - quiet_since, self._faults)

    def follow(
        self, topic: str, starts: Mapping[int, int], known: int | None
    ) -> Generator[RecordBatch | None, None, None]:
        """All records from these offsets on, without end; None whenever nothing came for a moment.

        Args:
            topic: where they lie.
            starts: offsets by partition.
            known: how many partitions the topic had when these were chosen: such as are added later are noticed within
                some seconds, and read from their beginning. None leaves them out.

        Raises:
            KafkaRefusedError: no topic or partition of that name, or it may not be read.
            KafkaUnavailableError: no other client can be opened after a long silence.
        """
        self._next = dict(starts)
        while True:  # a client may forget all brokers for good: see `AdminClients`
            yield from self._follow(topic, known)
            reason = self._faults.cause or f"no answer for {_SILENT_LIMIT_S:g} s"
            _log.warning("range.waiting", topic=topic, reason=reason, consequence="it is tried with another client")
            silent, self._consumer = self._consumer, self._open()
            close_in_time(silent)

    def _follow(self, topic: str, known: int | None) -> Generator[RecordBatch | None, None, None]:
        """Go on until Kafka has not answered for long."""
        added = AddedPartitions(self._consumer, topic, known, self._clock)
        with closing(self._consumed(topic, self._next, young=added.numbers)) as consumed:
            for messages in consumed:
                for number, run in groupby(messages, _partition_of):
                    records = [message for message in run if message.error() is None]
                    if records:
                        yield self._batch(topic, number, records)
                if not messages:
                    yield None
                added.look()
                if self._clock.monotonic() - added.answered_at >= _SILENT_LIMIT_S:
                    return

    def _within(self, topic: str, left: dict[int, range], number: int, run: list[Message]) -> Iterator[RecordBatch]:
        stop = left[number].stop
        at_end = run[-1].error() is not None and (run[-1].offset() or 0) >= stop
        records = [message for message in run if message.error() is None]
        if records and _offset(records[-1]) >= stop - 1:
            at_end = True
            records = [message for message in records if _offset(message) < stop]
        if at_end:
            del left[number]
            self._consumer.pause([TopicPartition(topic, number)])
        if records:
            yield self._batch(topic, number, records)

    def _batch(self, topic: str, partition: Any, messages: list[Message]) -> RecordBatch:
        offsets = [_offset(message) for message in messages]
        next_offset = offsets[-1] + 1
        passed_over = next_offset - self._next.get(partition, 0) != len(offsets)
        self._next[partition] = next_offset
        return RecordBatch(
            topic,
            partition,
            offsets,
            [message.timestamp()[1] for message in messages],
            [message.value() for message in messages],
            lambda index: record_of(messages[index], topic).headers,
            self._fingerprints,
            self._beginning(topic, partition) if passed_over else 0,
        )

    def _beginning(self, topic: str, partition: int) -> int:
        try:
            return beginning_of(self._consumer, topic, partition)
        except KafkaException as error:
            raise translated(error, f"reading topic {topic}") from error

    def _consumed(
        self, topic: str, starts: Mapping[int, int], *, young: Collection[int] = ()
    ) -> Generator[list[Message], None, None]:
        """The messages of each poll, perhaps none; ends of partitions are among them."""
        begin(self._consumer, topic, starts)
        self._next = dict(starts)
        try:
            while True:
                messages = self._consumer.consume(_BATCH, timeout=POLL_S)
                for message in messages:
                    if message.error() is not None:
                        judge(message, topic, young=young)
                yield messages
        finally:
            self._consumer.unassign()


def _offset(message: Message) -> int:
    offset = message.offset()
    assert offset is not None
    return offset
