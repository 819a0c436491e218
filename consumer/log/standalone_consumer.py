"""A consumer that joins no group: offsets are assigned, nothing is ever committed.

Common to the readers that need no group.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.log.messages import NOT_RETRIABLE, is_end
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaUnavailableError, translated
from runtime.kafka.opening import opened
from runtime.kafka.settings import ClientSettings, consumer_settings

_log: Final = structlog.get_logger(__name__)

QUIET_LIMIT_S: Final = 30.0
"""How long a range may bring nothing at all until it is given up."""
POLL_S: Final = 0.25
_MISSING: Final = frozenset(
    {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}  # noqa: SLF001
)
_STOPPING: Final = (NOT_RETRIABLE | _MISSING) - {KafkaError.GROUP_AUTHORIZATION_FAILED}
"""Errors that no patience helps against; a right to the group is not needed, as it is never joined."""


def standalone_consumer(
    settings: ClientSettings,
    faults: ConnectionFaults,
    *,
    client_id: str,
    max_record_bytes: int,
    prefetch_kib: int,
    **bulk: Any,
) -> Consumer:
    """A consumer that reports the ends of partitions; it does not connect yet.

    Args:
        settings: librdkafka settings.
        faults: notes why there is no connection.
        client_id: how the broker's logs name this client.
        max_record_bytes: the largest record that may lie there.
        prefetch_kib: what it fetches ahead, unless the settings say.
        bulk: over the settings of all consumers, dots written as underscores.

    Raises:
        KafkaUnavailableError: it cannot be opened, for want of a file of its settings, say.
    """
    prefetching = {"queued.max.messages.kbytes": prefetch_kib, **settings}
    made = consumer_settings(
        prefetching, client_id=client_id, group=f"{client_id}-range", max_record_bytes=max_record_bytes
    )
    over = {name.replace("_", "."): value for name, value in bulk.items()}
    return opened(lambda: Consumer({**made, **over, "enable.partition.eof": True, "error_cb": faults.note}))


def begin(consumer: Consumer, topic: str, starts: Mapping[int, int]) -> None:
    """Read these partitions from these offsets on, and no others.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: the client refused.
    """
    places = [TopicPartition(topic, number, start) for number, start in starts.items()]
    try:
        consumer.assign(places)
        consumer.resume(places)  # a pause survives a new assignment
    except KafkaException as error:
        raise translated(error, f"reading topic {topic}") from error


def judge(message: Message, topic: str, *, young: Collection[int] = ()) -> None:
    """Ignore errors that pass by themselves: all but a few, and those of `young` partitions that are still unknown.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: another error.
    """
    error = message.error()
    if error is None or is_end(error):
        return
    passes = error.code() in _MISSING and message.partition() in young  # not every broker knows of them at once
    if error.fatal() or (error.code() in _STOPPING and not passes):
        raise translated(error, f"reading topic {topic}")
    _log.debug("range.error", topic=topic, error=error.str(), code=error.name())


def raise_if_stalled(topic: str, left: Iterable[int], quiet_s: float, faults: ConnectionFaults) -> None:
    """Raise an error if no message came for too long; it names the fault of the connection if that is known.

    Raises:
        KafkaUnavailableError: `quiet_s` is beyond the limit.
    """
    if quiet_s > QUIET_LIMIT_S:
        waiting = ", ".join(map(str, sorted(left)))
        raise KafkaUnavailableError(
            f"reading topic {topic}: {faults.cause or f'nothing came for {QUIET_LIMIT_S:g} s'}; "
            f"not read to the end: {waiting}"
        )
