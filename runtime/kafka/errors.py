"""What can go wrong with Kafka, in our words: the client's own exceptions end in this package."""

from typing import Final

from confluent_kafka import KafkaError, KafkaException

from runtime.errors import BridgeError

_REFUSALS: Final = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_MSG,
        KafkaError.INVALID_RECORD,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - librdkafka's local codes are public constants
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    }
)
_POLICIES: Final = frozenset({KafkaError.POLICY_VIOLATION, KafkaError.INVALID_CONFIG})


_UNREACHED: Final = frozenset(
    {
        KafkaError._TRANSPORT,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._TIMED_OUT_QUEUE,  # noqa: SLF001
        KafkaError._MSG_TIMED_OUT,  # noqa: SLF001
        KafkaError._WAIT_COORD,  # noqa: SLF001
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError._AUTHENTICATION,  # noqa: SLF001
        KafkaError._SSL,  # noqa: SLF001
        KafkaError.REQUEST_TIMED_OUT,
    }
)
"""Errors of a client that got no answer: why, its connection says."""
_LATE: Final = frozenset(
    {KafkaError._TIMED_OUT, KafkaError._TIMED_OUT_QUEUE, KafkaError._MSG_TIMED_OUT, KafkaError.REQUEST_TIMED_OUT}  # noqa: SLF001
)


_CAUSES: Final = {
    KafkaError.INVALID_TIMESTAMP: "the broker refuses the record's time, since this machine's clock is ahead of the "
    "broker's by more than message.timestamp.after.max.ms (1 hour by default)"
}
"""What the client's own words leave open."""


class KafkaUnavailableError(BridgeError):
    """Kafka cannot do it now; the same may work later."""


class KafkaRefusedError(BridgeError):
    """Kafka will not do it, however often it is asked, until somebody changes something."""


class KafkaPolicyError(KafkaRefusedError):
    """The cluster does not allow what was asked for: a topic's setting, mostly."""


class KafkaTimeRefusedError(KafkaRefusedError):
    """The broker takes no record of a time so far ahead of its clock."""


def is_unreached(error: KafkaError | KafkaException) -> bool:
    """Whether the client got no answer, and made the error itself."""
    cause = error.args[0] if isinstance(error, KafkaException) else error
    return isinstance(cause, KafkaError) and cause.code() in _UNREACHED


def translated(error: KafkaError | KafkaException, doing: str, *, fault: str = "") -> BridgeError:
    """Our error for the client's.

    Args:
        error: what the client says.
        doing: what was being done.
        fault: what is wrong with the connection (`ConnectionFaults.cause`), or empty; in the text where no answer came.
    """
    cause = error.args[0] if isinstance(error, KafkaException) else error
    if not isinstance(cause, KafkaError):
        return KafkaUnavailableError(f"{doing}: {cause}")
    if fault and cause.code() in _UNREACHED:
        return KafkaUnavailableError(f"{doing}: {fault}")
    if cause.code() in _LATE:
        return KafkaUnavailableError(f"{doing}: no answer in time")
    return _kind_of(cause.code())(f"{doing}: {_CAUSES.get(cause.code(), cause.str())} ({cause.name()})")


def _kind_of(code: int) -> type[BridgeError]:
    if code == KafkaError.INVALID_TIMESTAMP:
        return KafkaTimeRefusedError
    if code in _POLICIES:
        return KafkaPolicyError
    return KafkaRefusedError if code in _REFUSALS else KafkaUnavailableError
