"""A record of the dead-letter topic, understood: a letter, or the closing of one. Pure.

Writing letters is `consumer.dead_letters.record`; closings are written by what is made here.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from consumer.dead_letters import record as names
from consumer.log.decoding import event_of
from consumer.record import Headers, Record
from runtime.kafka.records import OutgoingRecord
from schemas.avro import UndecodableError, UnknownSchemaError
from schemas.headers import text_header
from schemas.names import CE_ID, CE_SUBJECT

Place = tuple[int, int]
"""Partition and offset in the dead-letter topic."""
Identity = tuple[str, str, int, int]
"""Endpoint, and topic, partition and offset of the event."""

_OURS: Final = frozenset(
    {
        *(names.ENDPOINT, names.TOPIC, names.PARTITION, names.OFFSET, names.REASON, names.STATUS, names.ERROR),
        *(names.ATTEMPTS, names.FIRST_ATTEMPT, names.LAST_ATTEMPT, names.STATE),
    }
)
_MADE_UP: Final = re.compile(r"sha256-[0-9a-f]{32}", re.ASCII)
"""A `ce_id` that stands in for an id which no header can carry, or for none."""


class State(Enum):
    """How a letter was closed."""

    REDRIVEN = "redriven"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter without its event."""

    place: Place
    endpoint: str
    topic: str
    """Where the event lies, or lay."""
    partition: int
    offset: int
    reason: str
    status: str
    """Of the last answer; empty if there was none."""
    error: str
    attempts: str
    first_attempt: str
    last_attempt: str
    event_id: str
    """The event's own id; empty where it has none."""
    webhook_id: str
    """Under which the endpoint knows the event; empty where the event has none."""
    repository: str
    key: bytes | None
    written_ms: int
    """When the letter was written, in milliseconds since the epoch."""
    size: int
    """Bytes that holding its record costs, roughly."""
    copies: tuple[Place, ...] = ()
    """Letters of the same event for the same endpoint, which a crash left in other partitions; closed with it."""

    @property
    def identity(self) -> Identity:
        """What letter and closing have in common."""
        return self.endpoint, self.topic, self.partition, self.offset

    @property
    def event_place(self) -> str:
        """PARTITION:OFFSET of the event."""
        return f"{self.partition}:{self.offset}"

    @property
    def name(self) -> str:
        """By which an operator speaks of it: the event's id, or its place where it has none."""
        return self.event_id or self.event_place

    def is_named(self, text: str) -> bool:
        """Whether an operator who says this means it: either id, or the event's place."""
        return text in {self.event_id or None, self.webhook_id or None, self.event_place}


@dataclass(frozen=True, slots=True)
class Closing:
    """The record that closes the letters before it in its partition."""

    place: Place
    identity: Identity
    state: str
    written_ms: int


def understood(record: Record) -> Letter | Closing | None:
    """The letter or the closing in a record of the dead-letter topic; None if it is neither."""
    identity = _identity(record.headers)
    if identity is None:
        return None
    state = text_header(record.headers, names.STATE)
    if state is not None and record.value is None:
        return Closing((record.partition, record.offset), identity, state, record.timestamp_ms)
    return _letter(record, identity)


def original_of(record: Record) -> Record:
    """The event's record as it lay in its log; its timestamp is the letter's."""
    identity = _identity(record.headers)
    assert identity is not None
    _, topic, partition, offset = identity
    headers = tuple((name, value) for name, value in record.headers if name not in _OURS)
    return Record(
        topic, partition, offset, record.timestamp_ms, record.key, record.value, headers, record.schema_fingerprint
    )


def closings_of(letter: Letter, state: State, *, topic: str) -> list[OutgoingRecord]:
    """What closes the letter and its copies, each in its own partition of `topic`, the dead-letter topic."""
    endpoint, event_topic, partition, offset = letter.identity
    headers = [
        (names.ENDPOINT, endpoint.encode()),
        (names.TOPIC, event_topic.encode()),
        (names.PARTITION, str(partition).encode()),
        (names.OFFSET, str(offset).encode()),
        (names.STATE, state.value.encode()),
    ]
    return [
        OutgoingRecord(topic, letter.key, None, list(headers), partition=number)
        for number, _ in (letter.place, *letter.copies)
    ]


def event_id_of(record: Record) -> str:
    """The event's own id, from the header where it can stand there; empty if there is none to be had."""
    from_header = text_header(record.headers, CE_ID) or ""
    if from_header and not _MADE_UP.fullmatch(from_header):
        return from_header
    try:
        return event_of(record).id
    except (UndecodableError, UnknownSchemaError):
        return ""


def _identity(headers: Headers) -> Identity | None:
    endpoint, topic = text_header(headers, names.ENDPOINT), text_header(headers, names.TOPIC)
    partition, offset = (_number(text_header(headers, name)) for name in (names.PARTITION, names.OFFSET))
    if not endpoint or not topic or partition is None or offset is None:
        return None
    return sys.intern(endpoint), sys.intern(topic), partition, offset


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else None


def _letter(record: Record, identity: Identity) -> Letter:
    endpoint, topic, partition, offset = identity
    status, error, attempts, first, last, reason = _texts(
        record.headers,
        (names.STATUS, names.ERROR, names.ATTEMPTS, names.FIRST_ATTEMPT, names.LAST_ATTEMPT, names.REASON),
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
        repository=text_header(record.headers, CE_SUBJECT) or (record.key or b"").decode("utf-8", "replace"),
        key=record.key,
        written_ms=record.timestamp_ms,
        size=record.size,
    )


def _texts(headers: Headers, wanted: Iterable[str]) -> list[str]:
    return [text_header(headers, name) or "" for name in wanted]
