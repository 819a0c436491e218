"""What can go wrong with Kafka, in our words: the client's own exceptions end in this package."""

from typing import Final

from confluent_kafka import KafkaError, KafkaException

from runtime.errors import BridgeError

_REFUSALS: Final = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_MSG,
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_TIMESTAMP,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - librdkafka's local codes are public constants
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
        KafkaError.POLICY_VIOLATION,
    }
)


class KafkaUnavailableError(BridgeError):
    """Kafka cannot do it now; the same may work later."""


class KafkaRefusedError(BridgeError):
    """Kafka will not do it, however often it is asked, until somebody changes something."""


def translated(error: KafkaError | KafkaException, doing: str) -> BridgeError:
    """Our error for the client's, saying what was being done."""
    cause = error.args[0] if isinstance(error, KafkaException) else error
    if not isinstance(cause, KafkaError):
        return KafkaUnavailableError(f"{doing}: {cause}")
    kind = KafkaRefusedError if cause.code() in _REFUSALS else KafkaUnavailableError
    return kind(f"{doing}: {cause.str()} ({cause.name()})")
