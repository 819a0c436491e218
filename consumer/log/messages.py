"""The client's messages and errors in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message

from consumer.record import Record
from runtime.errors import BridgeError

NOT_RETRIABLE: Final = frozenset(
    {
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.UNSUPPORTED_VERSION,
        KafkaError._UNSUPPORTED_FEATURE,  # noqa: SLF001 - librdkafka's local codes are public constants
        KafkaError._FATAL,  # noqa: SLF001 - around what the coordinator refused, and `fatal()` says no to it
    }
)
"""Errors that a consumer does not get over by itself: it is given up, and started again later."""


def is_end(error: KafkaError) -> bool:
    """Whether it is none, but says that a partition has no more for now."""
    return error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001 - a public constant of librdkafka


def record_of(message: Message, topic: str) -> Record:
    """A copy of the message: holding the message itself would pin the fetch buffer it lies in."""
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return Record(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp_ms=message.timestamp()[1],
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=tuple((pair[0], _bytes(pair[1])) for pair in message.headers() or ()),
    )


def explained(error: Exception) -> str:
    """One line for an operator."""
    cause = error.args[0] if isinstance(error, KafkaException) else None
    if isinstance(error, BridgeError):
        return str(error)
    if not isinstance(cause, KafkaError):
        return f"{type(error).__name__}: {error}"
    return text_of(cause)


def text_of(error: KafkaError) -> str:
    """The client's words, and the code by which they can be looked up."""
    return f"{error.str()} ({error.name()})"


@contextmanager
def reraising() -> Iterator[None]:
    """For callbacks of the client: what its own calls raise in one comes out of `poll` as no exception at all.

    Seen with confluent-kafka 2.16: the error in place of the exception, which no `except` catches and a thread dies
    of. Raised again by Python it is whole.
    """
    try:
        yield
    except KafkaException as error:
        raise KafkaException(*error.args) from error


def _bytes(value: Any) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
