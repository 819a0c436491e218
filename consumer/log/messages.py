"""Messages and errors of the client, as our records and texts."""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import pythonapi
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message

from consumer.record import Headers, Record
from runtime.errors import BridgeError

_raise_what_is_left_behind: Final = pythonapi.Py_IsInitialized
"""After each call by `pythonapi`, ctypes raises what is pending (its documentation, `PyDLL`), whatever is called."""

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

_MEANINGS: Final = {
    "ConsumerGroupHeartbeat fatal error: Broker: The group id does not exist": "workers of the group protocol classic "
    "are members of the group, and the broker refuses another protocol until the last of them has stopped",
}
"""For the client's words that leave the cause open: Kafka 4 answers so if it cannot convert the group (KIP-848)."""


def is_end(error: KafkaError) -> bool:
    """Whether it is no error: the client reports the end of a partition in the same way."""
    return error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001 - a public constant of librdkafka


def record_of(message: Message, topic: str) -> Record:
    """A copy of the message: holding the message itself would pin the fetch buffer it lies in."""
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return Record(
        topic, partition, offset, message.timestamp()[1], message.key(), message.value(), _headers_of(message)
    )


def explained(error: Exception) -> str:
    """The error in one line for an operator."""
    cause = error.args[0] if isinstance(error, KafkaException) else None
    if isinstance(error, BridgeError):
        return str(error)
    if not isinstance(cause, KafkaError):
        return f"{type(error).__name__}: {error}"
    return text_of(cause)


def text_of(error: KafkaError) -> str:
    """The client's words, what they mean where they do not say it, and the code by which they can be looked up."""
    said = error.str()
    meaning = next((f"{meaning}: " for words, meaning in _MEANINGS.items() if words in said), "")
    return f"{meaning}{said} ({error.name()})"


@contextmanager
def reraising() -> Iterator[None]:
    """Raise exceptions of the client anew; for callbacks that call the client.

    With confluent-kafka 2.16 an exception of its own calls comes out of `poll` as the bare error, which no `except`
    catches and which ends the thread. One that Python raises comes out whole.
    """
    try:
        yield
    except KafkaException as error:
        raise KafkaException(*error.args) from error


def _headers_of(message: Message) -> Headers:
    """The headers; none if the name of one is no UTF-8, as only a foreign producer can write it.

    confluent-kafka 2.16 answers then with a list of pairs without a first member, and leaves an exception behind that
    comes up anywhere later: to look at such a pair ends the process. So the exception is made to come up here.
    """
    try:
        pairs: Any = message.headers()
        _raise_what_is_left_behind()
    except (UnicodeDecodeError, SystemError):
        return ()
    return tuple(pairs) if pairs else ()
