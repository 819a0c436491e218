"""Dead letters: an event that an endpoint will not get, kept with where it lay and why. Pure."""

from datetime import UTC, datetime
from typing import Final

from consumer.delivery.policy.attempts import Cause
from consumer.record import Record
from runtime.kafka.records import OutgoingRecord

PREFIX: Final = "dl-"
"""Ours alone: a foreign record that brings such headers must not pass for a letter's closing."""
ENDPOINT: Final = "dl-endpoint"
TOPIC: Final = "dl-topic"
PARTITION: Final = "dl-partition"
OFFSET: Final = "dl-offset"
REASON: Final = "dl-reason"
STATUS: Final = "dl-status"
ERROR: Final = "dl-error"
ATTEMPTS: Final = "dl-attempts"
FIRST_ATTEMPT: Final = "dl-first-attempt"
LAST_ATTEMPT: Final = "dl-last-attempt"
STATE: Final = "dl-state"

MAX_ERROR_BYTES: Final = 1024


def letter_of(
    record: Record,
    cause: Cause,
    *,
    topic: str,
    endpoint: str,
    attempts: int,
    first_attempt: float | None,
    last_attempt: float | None,
) -> OutgoingRecord:
    """The dead letter of a record: its key, value and headers untouched, and the `dl-` headers.

    Args:
        record: as it lies in the log.
        cause: why it is given up.
        topic: of dead letters.
        endpoint: which will not get it.
        attempts: how often it was tried by this worker.
        first_attempt: seconds since the epoch, None if it was never tried.
        last_attempt: likewise.
    """
    facts = {
        ENDPOINT: endpoint,
        TOPIC: record.topic,
        PARTITION: str(record.partition),
        OFFSET: str(record.offset),
        REASON: cause.reason.value,
        STATUS: str(cause.status or ""),
        ERROR: cause.error,
        ATTEMPTS: str(attempts),
        FIRST_ATTEMPT: _time(first_attempt),
        LAST_ATTEMPT: _time(last_attempt),
    }
    headers = [(name, value) for name, value in record.headers if value is not None and not name.startswith(PREFIX)]
    headers += [(name, _cut(value)) for name, value in facts.items() if value]
    return OutgoingRecord(topic, record.key, record.value, headers)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cut(text: str) -> bytes:
    """At most 1 KiB, whole characters."""
    return text.encode("utf-8", "replace")[:MAX_ERROR_BYTES].decode("utf-8", "ignore").encode()
