"""The records of the attempts topic, written and read. Pure.

The value is Avro in Confluent's framing, as that of events; the key is the event's id; the record's time is the end of
the attempt.
"""

import io
from datetime import UTC
from typing import Any, Final

from fastavro import schemaless_reader, schemaless_writer

from consumer.attempts.event_attempt import EventAttempt
from consumer.record import Record
from runtime.cli.terminal import printable
from runtime.kafka.records import OutgoingRecord
from schemas.avro import UndecodableError, frame, unframe
from schemas.catalog import ATTEMPTS, Release
from schemas.headers import schema_fingerprint
from schemas.names import AVRO_MEDIA_TYPE, CONTENT_TYPE, SCHEMA_FINGERPRINT

_HEADERS: Final = [
    (CONTENT_TYPE, AVRO_MEDIA_TYPE.encode()),
    (SCHEMA_FINGERPRINT, ATTEMPTS.latest.fingerprint.encode()),
]
LARGEST_ATTEMPT: Final = 32 * 1024
"""Bytes of a record: names and ids are cut, and so are answers, which escapes may make four times as long."""
_LONGEST_ERROR: Final = 1024
"""Characters."""


class UnreadableAttemptError(Exception):
    """The record holds no attempt, or one that a newer release wrote."""


def record_of(attempt: EventAttempt, topic: str) -> OutgoingRecord:
    """The record of an attempt."""
    key = attempt.event_id or f"{attempt.topic}/{attempt.partition}/{attempt.offset}"
    return OutgoingRecord(topic, key.encode(), _value(attempt), _HEADERS, timestamp_ms=int(attempt.ended * 1000))


def attempt_in(record: Record) -> EventAttempt:
    """The attempt in a record of the topic.

    Raises:
        UnreadableAttemptError: there is none that this release can read.
    """
    try:
        schema_id, avro = unframe(record.value or b"")
    except UndecodableError as error:
        raise UnreadableAttemptError(str(error)) from error
    fingerprint = schema_fingerprint(record.headers)
    release = ATTEMPTS.by_id(schema_id) if fingerprint is None else ATTEMPTS.by_fingerprint(fingerprint)
    if release is None:
        known = f"this version knows releases of attempts up to {ATTEMPTS.latest.version}"
        raise UnreadableAttemptError(f"schema id 0x{schema_id:08x}, fingerprint {fingerprint or 'none'}: {known}")
    return _attempt(avro, release)


def _value(attempt: EventAttempt) -> bytes:
    encoded = io.BytesIO()
    schemaless_writer(
        encoded,
        ATTEMPTS.latest.schema,
        {
            "endpoint": attempt.endpoint,
            "time": attempt.time,
            "eventId": attempt.event_id,
            "topic": attempt.topic,
            "partition": attempt.partition,
            "offset": attempt.offset,
            "repository": attempt.repository,
            "action": attempt.action,
            "number": attempt.number,
            "outcome": attempt.outcome,
            "status": attempt.status,
            "error": printable(attempt.error[:_LONGEST_ERROR]),
            "seconds": attempt.seconds,
            "nextTrySeconds": attempt.next_try_s,
            "answer": attempt.answer or "",
        },
    )
    return frame(ATTEMPTS.latest.id, encoded.getvalue())


def _attempt(avro: bytes, release: Release) -> EventAttempt:
    stream = io.BytesIO(avro)
    try:
        found: Any = schemaless_reader(stream, release.schema, ATTEMPTS.latest.schema)
    except Exception as error:  # the reader raises whatever damaged bytes lead it to
        raise UnreadableAttemptError(f"not an attempt: {error}") from error
    if stream.tell() != len(avro):
        raise UnreadableAttemptError("not an attempt: bytes are left behind it")
    return EventAttempt(
        endpoint=found["endpoint"],
        time=found["time"].astimezone(UTC),
        event_id=found["eventId"],
        topic=found["topic"],
        partition=found["partition"],
        offset=found["offset"],
        repository=found["repository"],
        action=found["action"],
        number=found["number"],
        outcome=found["outcome"],
        status=found["status"],
        error=found["error"],
        seconds=found["seconds"],
        next_try_s=found["nextTrySeconds"],
        answer=found["answer"],
    )
