"""Reading ranges in bulk: columns instead of an object a record, for the export alone. Nothing is ever committed.

The same kind of client as in `range.py`, with a deep prefetch; one reader belongs to one thread.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from itertools import groupby
from operator import methodcaller
from types import TracebackType
from typing import Any, Final, Self

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.analytics.batch import Batch
from consumer.log.messages import HOPELESS, record_of
from consumer.log.range import QUIET_LIMIT_S
from runtime.kafka.errors import KafkaUnavailableError, translated
from runtime.kafka.settings import ClientSettings, consumer_settings

_log: Final = structlog.get_logger(__name__)

_BATCH: Final = 10_000
_POLL_S: Final = 0.25
_PREFETCH_KIB: Final = 8 * 1024
_FETCH_BYTES: Final = 1024 * 1024
"""Of one partition at a time; a larger record comes all the same, alone (KIP-74)."""

_STOPPING: Final = (
    HOPELESS | {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}  # noqa: SLF001
) - {KafkaError.GROUP_AUTHORIZATION_FAILED}
"""Errors that no patience helps against; a right to the group is not needed, as it is never joined."""
_partition_of: Final = methodcaller("partition")


class BatchReader:
    """One client that reads ranges, one call after the other; close it, or use it as a context."""

    def __init__(
        self,
        settings: ClientSettings,
        *,
        client_id: str,
        max_record_bytes: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Does not reach out yet; the arguments are those of `RangeReader`."""
        prefetching = {"queued.max.messages.kbytes": _PREFETCH_KIB, **settings, "group.protocol": "classic"}
        made = consumer_settings(
            prefetching,
            client_id=client_id,
            group=f"{client_id}-export",
            max_record_bytes=max_record_bytes,
        )
        bulk = {"fetch.message.max.bytes": _FETCH_BYTES, "enable.partition.eof": True}
        self._consumer = Consumer({**made, **bulk})
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

    def read(self, topic: str, ranges: Mapping[int, range]) -> Generator[Batch | None, None, None]:
        """The records at these offsets, each partition's in order; None whenever nothing came for a moment.

        Raises:
            KafkaUnavailableError: nothing came for `QUIET_LIMIT_S` seconds.
            KafkaRefusedError: no topic or partition of that name, or it may not be read.
        """
        left = {number: span for number, span in ranges.items() if span}
        quiet_since = self._monotonic()
        starts = {number: span.start for number, span in left.items()}
        with closing(self._consumed(topic, starts)) as consumed:
            for messages in consumed:
                for number, run in groupby(messages, _partition_of):
                    if number in left:
                        yield from self._within(topic, left, number, list(run))
                if not left:
                    return
                if messages:
                    quiet_since = self._monotonic()
                    continue
                yield None
                self._lose_patience(topic, left, quiet_since)

    def follow(self, topic: str, starts: Mapping[int, int]) -> Generator[Batch | None, None, None]:
        """All records from these offsets on, without end; None whenever nothing came for a moment.

        Raises:
            KafkaRefusedError: no topic or partition of that name, or it may not be read.
        """
        with closing(self._consumed(topic, starts)) as consumed:
            for messages in consumed:
                for number, run in groupby(messages, _partition_of):
                    records = [message for message in run if message.error() is None]
                    if records:
                        yield _batch(topic, number, records)
                if not messages:
                    yield None

    def _lose_patience(self, topic: str, left: Mapping[int, range], quiet_since: float) -> None:
        if self._monotonic() - quiet_since > QUIET_LIMIT_S:
            waiting = ", ".join(str(number) for number in sorted(left))
            raise KafkaUnavailableError(
                f"reading topic {topic}: nothing came for {QUIET_LIMIT_S:g} s; not read to the end: {waiting}"
            )

    def _within(self, topic: str, left: dict[int, range], number: int, run: list[Message]) -> Iterator[Batch]:
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
            yield _batch(topic, number, records)

    def _consumed(self, topic: str, starts: Mapping[int, int]) -> Generator[list[Message], None, None]:
        """What each look brings, perhaps nothing; ends of partitions are among it."""
        places = [TopicPartition(topic, number, start) for number, start in starts.items()]
        doing = f"reading topic {topic}"
        try:
            self._consumer.assign(places)
            self._consumer.resume(places)  # a pause survives a new assignment
        except KafkaException as error:
            raise translated(error, doing) from error
        try:
            while True:
                messages = self._consumer.consume(_BATCH, timeout=_POLL_S)
                for message in messages:
                    if (error_found := message.error()) is not None:
                        _judge(error_found, doing)
                yield messages
        finally:
            self._consumer.unassign()


def _judge(error: KafkaError, doing: str) -> None:
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - a public constant of librdkafka
        return
    if error.fatal() or error.code() in _STOPPING:
        raise translated(error, doing)
    _log.debug("export.error", error=error.str(), code=error.name())


def _batch(topic: str, partition: Any, messages: list[Message]) -> Batch:
    return Batch(
        topic,
        partition,
        [_offset(message) for message in messages],
        [message.timestamp()[1] for message in messages],
        [message.value() for message in messages],
        lambda index: record_of(messages[index], topic).headers,
    )


def _offset(message: Message) -> int:
    offset = message.offset()
    assert offset is not None
    return offset
