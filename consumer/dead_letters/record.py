"""The records of the dead-letter topic, written and read: letters, and the closings of letters. Pure.

A letter is the event's record with where it lay and why an endpoint will not get it. A closing has the letter's key, no
value, and the headers that say which letter it closes and how.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Final

from msgspec import structs

from consumer.dead_letters.letter import Closing, ClosingState, Letter, LetterAddress
from consumer.delivery.policy.attempts import Cause
from consumer.log.decoding import event_of
from consumer.record import Headers, Record
from runtime.kafka.records import OutgoingRecord
from runtime.rfc3339 import rfc3339_ms
from runtime.units import format_size, rounded_size
from schemas.avro import UndecodableError, UnknownSchemaError
from schemas.headers import text_header
from schemas.names import CE_ID, CE_SUBJECT, MADE_ID, made_id

PREFIX: Final = "dl-"
"""Ours alone: a foreign record that brings such headers must not pass for a letter's closing."""
ENDPOINT: Final = "dl-endpoint"
TOPIC: Final = "dl-topic"
PARTITION: Final = "dl-partition"
OFFSET: Final = "dl-offset"
REASON: Final = "dl-reason"
STATUS: Final = "dl-status"
ERROR: Final = "dl-error"
ANSWER: Final = "dl-answer"
ATTEMPTS: Final = "dl-attempts"
FIRST_ATTEMPT: Final = "dl-first-attempt"
LAST_ATTEMPT: Final = "dl-last-attempt"
EVENT: Final = "dl-event"
STATE: Final = "dl-state"
_OURS: Final = frozenset(
    {ENDPOINT, TOPIC, PARTITION, OFFSET, REASON, STATUS, ERROR, ANSWER, ATTEMPTS, FIRST_ATTEMPT, LAST_ATTEMPT}
    | {EVENT, STATE}
)

MAX_TEXT_BYTES: Final = 1024
"""Of the error, and of the answer."""


def fitting(record: Record, cause: Cause, largest: int) -> tuple[Record, Cause]:
    """The record as its letter keeps it, and the cause, which says what was left out.

    A topic's limit counts compressed bytes, so a foreign producer can have put a record into the events topic that no
    letter can hold. Without what is too large it is written all the same: else its repository waited for ever.
    """
    of_key = len(record.key or b"")
    size = of_key + len(record.value or b"") + sum(len(name) + len(value or b"") for name, value in record.headers)
    if size <= largest:
        return record, cause
    what, key = ("key, value and headers", None) if of_key > largest else ("value and headers", record.key)
    left_out = f"its {what}, {rounded_size(size)}, are left out: a letter takes {format_size(largest)}"
    return structs.replace(record, key=key, value=None, headers=()), replace(
        cause, error=f"{cause.error}; {left_out}".lstrip("; ")
    )


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
        ANSWER: cause.answer,
        ATTEMPTS: str(attempts),
        FIRST_ATTEMPT: _time(first_attempt),
        LAST_ATTEMPT: _time(last_attempt),
    }
    headers = [(name, value) for name, value in record.headers if value is not None and not name.startswith(PREFIX)]
    headers += [(name, _cut(value)) for name, value in facts.items() if value]
    return OutgoingRecord(topic, record.key, record.value, headers)


def parse_record(record: Record) -> Letter | Closing | None:
    """The letter or the closing in a record of the dead-letter topic; None if it is neither."""
    address = _address(record.headers)
    if address is None:
        return None
    state = text_header(record.headers, STATE)
    if state is not None and record.value is None:
        mark = text_header(record.headers, EVENT)
        return Closing((record.partition, record.offset), address, mark, state, record.timestamp_ms)
    return _letter(record, address)


def original_of(record: Record) -> Record:
    """The event's record as it lay in its log; its timestamp is the letter's."""
    address = _address(record.headers)
    assert address is not None
    _, topic, partition, offset = address
    headers = tuple((name, value) for name, value in record.headers if name not in _OURS)
    return Record(
        topic, partition, offset, record.timestamp_ms, record.key, record.value, headers, record.schema_fingerprint
    )


def closings_of(letter: Letter, state: ClosingState, *, topic: str) -> list[OutgoingRecord]:
    """The records that close a letter and its copies, each in its own partition of `topic`, the dead-letter topic."""
    endpoint, event_topic, partition, offset, mark = letter.identity
    headers = [
        (ENDPOINT, endpoint.encode()),
        (TOPIC, event_topic.encode()),
        (PARTITION, str(partition).encode()),
        (OFFSET, str(offset).encode()),
        (EVENT, mark.encode()),
        (STATE, state.value.encode()),
    ]
    return [
        OutgoingRecord(topic, letter.key, None, list(headers), partition=number)
        for number, _ in (letter.place, *letter.copies)
    ]


def answer_in(record: Record) -> str:
    """How the endpoint's last answer begins; empty if there was none, or none with a body.

    A letter does not hold it: a queue of letters would hold all of them.
    """
    return text_header(record.headers, ANSWER) or ""


def event_id_of(record: Record) -> str:
    """The event's own id, from the header where it can stand there; empty if there is none to be had."""
    from_header = text_header(record.headers, CE_ID) or ""
    if from_header and not MADE_ID.fullmatch(from_header):
        return from_header
    try:
        return event_of(record).id
    except (UndecodableError, UnknownSchemaError):
        return ""


def event_mark_of(record: Record) -> str:
    """By which the event of a record, or of its letter, is told from others that lay at the same place.

    Its `ce_id`; a hash of the value where another program wrote the record without one. Empty for a letter that could
    hold neither.
    """
    from_header = text_header(record.headers, CE_ID)
    if from_header or record.value is None:
        return from_header or ""
    return made_id(sha256(record.value).hexdigest())


def is_letter_of(letter: Letter, record: Record) -> bool:
    """Whether the letter is of the event in this record of the log; one that could not keep its event has the place."""
    at = record.topic, record.partition, record.offset
    return letter.event_at == at and letter.mark in {event_mark_of(record), ""}


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return rfc3339_ms(round(seconds * 1_000_000) // 1000) or ""


def _cut(text: str) -> bytes:
    """At most 1 KiB, whole characters."""
    return text.encode("utf-8", "replace")[:MAX_TEXT_BYTES].decode("utf-8", "ignore").encode()


def _address(headers: Headers) -> LetterAddress | None:
    endpoint, topic = text_header(headers, ENDPOINT), text_header(headers, TOPIC)
    partition, offset = (_number(text_header(headers, name)) for name in (PARTITION, OFFSET))
    if not endpoint or not topic or partition is None or offset is None:
        return None
    return sys.intern(endpoint), sys.intern(topic), partition, offset


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else None


def _letter(record: Record, address: LetterAddress) -> Letter:
    endpoint, topic, partition, offset = address
    status, error, attempts, first, last, reason = _texts(
        record.headers,
        (STATUS, ERROR, ATTEMPTS, FIRST_ATTEMPT, LAST_ATTEMPT, REASON),
    )
    return Letter(
        place=(record.partition, record.offset),
        endpoint=endpoint,
        topic=topic,
        partition=partition,
        offset=offset,
        reason=sys.intern(reason),
        status=sys.intern(status),
        error=sys.intern(error),
        attempts=attempts,
        first_attempt=first,
        last_attempt=last,
        event_id=event_id_of(record),
        webhook_id=text_header(record.headers, CE_ID) or "",
        mark=event_mark_of(record),
        repository=text_header(record.headers, CE_SUBJECT) or (record.key or b"").decode("utf-8", "replace"),
        key=record.key,
        written_ms=record.timestamp_ms,
        size=record.size,
    )


def _texts(headers: Headers, wanted: Iterable[str]) -> list[str]:
    return [text_header(headers, name) or "" for name in wanted]
