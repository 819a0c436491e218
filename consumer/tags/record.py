"""The records of the topic of tags, written and read. Pure.

The value is Avro in Confluent's framing, as that of events; a row that has ended is a record without one.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastavro import schemaless_reader, schemaless_writer

from consumer.record import Record
from consumer.tags.rows import Digest, KeptRow, Position, PullingSource, RepositoryPlace, Tag, key_of
from runtime.kafka.records import OutgoingRecord
from schemas.avro import UndecodableError, frame, unframe
from schemas.catalog import TAGS
from schemas.headers import schema_fingerprint
from schemas.names import AVRO_MEDIA_TYPE, CONTENT_TYPE, SCHEMA_FINGERPRINT

_HEADERS: Final = [(CONTENT_TYPE, AVRO_MEDIA_TYPE.encode()), (SCHEMA_FINGERPRINT, TAGS.latest.fingerprint.encode())]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UnreadableRowError(Exception):
    """The record holds no row, or one that a newer release wrote."""


def records_of(changes: Mapping[str, KeptRow | None], topic: str, partition: int) -> list[OutgoingRecord]:
    """The records of rows that have changed, by key."""
    return [
        OutgoingRecord(topic, key.encode(), _value(row), _HEADERS, partition=partition)
        if row is not None
        else OutgoingRecord(topic, key.encode(), None, partition=partition)
        for key, row in changes.items()
    ]


class LastRecords:
    """The last record of each key of one partition: a topic that is not compacted yet may have many others."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._last: Final[dict[bytes, Record]] = {}

    def __len__(self) -> int:
        return len(self._last)

    def take(self, record: Record) -> None:
        """The next one."""
        key = record.key or b""
        if record.value is None:
            self._last.pop(key, None)
        else:
            self._last[key] = record

    def rows(self) -> dict[bytes, KeptRow]:
        """The rows that are there, by key.

        Raises:
            UnreadableRowError: a record that is none of ours, or of a newer release.
        """
        return {key: row_in(record) for key, record in self._last.items()}


def rows_in(records: Iterable[Record]) -> dict[bytes, KeptRow]:
    """The rows that are there, by key, after these records of one partition; raises as `LastRecords.rows` does."""
    last = LastRecords()
    for record in records:
        last.take(record)
    return last.rows()


def row_in(record: Record) -> KeptRow:
    """The row in a record that is no tombstone.

    Raises:
        UnreadableRowError: there is none that this release can read.
    """
    found = _read(record)
    place = RepositoryPlace(found["registry"] or "", found["repository"] or "")
    row = _row(found, place)
    if row is None or key_of(row).encode() != record.key:
        raise UnreadableRowError(f"{record.place} is no row of tags: its key is not that of its value")
    return row


def _read(record: Record) -> dict[str, Any]:
    try:
        schema_id, avro = unframe(record.value or b"")
    except UndecodableError as error:
        raise UnreadableRowError(f"{record.place} is no row of tags: {error}") from error
    fingerprint = schema_fingerprint(record.headers)
    release = TAGS.by_id(schema_id) if fingerprint is None else TAGS.by_fingerprint(fingerprint)
    if release is None:
        known = f"this version knows releases of tags up to {TAGS.latest.version}"
        raise UnreadableRowError(
            f"{record.place} has schema id 0x{schema_id:08x}, fingerprint {fingerprint or 'none'}: {known}"
        )
    stream = io.BytesIO(avro)
    try:
        found: Any = schemaless_reader(stream, release.schema, TAGS.latest.schema)
    except Exception as error:  # the reader raises whatever damaged bytes lead it to
        raise UnreadableRowError(f"{record.place} is no row of tags: {error}") from error
    row: dict[str, Any] = found
    return row


def _row(found: Mapping[str, Any], place: RepositoryPlace) -> KeptRow | None:
    match found["kind"]:
        case "tag":
            return _tag(found, place)
        case "digest":
            seen = _us(found["seenAt"])
            return Digest(
                place=place, digest=found["digest"], tag=found["tag"], seen_us=seen or 0, offset=found["offset"]
            )
        case "source":
            return PullingSource(
                registry=place.registry,
                source_format=found["sourceFormat"] or "",
                last_pulled_us=_us(found["lastPulledAt"]) or 0,
                offset=found["offset"],
            )
        case "position":
            return Position(
                offset=found["offset"],
                partitions=found["partitions"],
                topic_id=found["topicId"],
                read_up_to_us=_us(found["readUpTo"]),
                whole_since_us=_us(found["wholeSince"]),
            )
    return None


def _tag(found: Mapping[str, Any], place: RepositoryPlace) -> Tag:
    return Tag(
        place=place,
        tag=found["tag"],
        digest=found["digest"],
        media_type=found["mediaType"],
        size=found["size"],
        seen_us=_us(found["seenAt"]),
        source_format=found["sourceFormat"] or "",
        pushed_us=_us(found["pushedAt"]),
        pushed_by=found["pushedBy"],
        first_pushed_us=_us(found["firstPushedAt"]),
        last_pulled_us=_us(found["lastPulledAt"]),
        last_pulled_by=found["lastPulledBy"],
        last_used_us=_us(found["lastUsedAt"]),
        pulls=found["pulls"],
        children=tuple(found["children"] or ()),
        offset=found["offset"],
    )


def _value(row: KeptRow) -> bytes:
    encoded = io.BytesIO()
    schemaless_writer(encoded, TAGS.latest.schema, dict(_members(row)))
    return frame(TAGS.latest.id, encoded.getvalue())


def _members(row: KeptRow) -> Iterator[tuple[str, Any]]:
    yield "offset", row.offset
    match row:
        case Tag():
            yield "kind", "tag"
            yield from _named(row.place, row.tag, row.digest)
            yield from _members_of_tag(row)
        case Digest():
            yield "kind", "digest"
            yield from _named(row.place, row.tag, row.digest)
            yield "seenAt", row.seen_us
        case PullingSource():
            yield "kind", "source"
            yield "registry", row.registry or None
            yield "sourceFormat", row.source_format or None
            yield "lastPulledAt", row.last_pulled_us
        case Position():
            yield "kind", "position"
            yield "partitions", row.partitions
            yield "topicId", row.topic_id
            yield "readUpTo", row.read_up_to_us
            yield "wholeSince", row.whole_since_us


def _named(place: RepositoryPlace, tag: str, digest: str | None) -> Iterator[tuple[str, Any]]:
    yield "registry", place.registry or None
    yield "repository", place.repository
    yield "tag", tag
    yield "digest", digest


def _members_of_tag(row: Tag) -> Iterator[tuple[str, Any]]:
    yield "mediaType", row.media_type
    yield "size", row.size
    yield "seenAt", row.seen_us
    yield "pushedAt", row.pushed_us
    yield "pushedBy", row.pushed_by
    yield "firstPushedAt", row.first_pushed_us
    yield "lastPulledAt", row.last_pulled_us
    yield "lastPulledBy", row.last_pulled_by
    yield "lastUsedAt", row.last_used_us
    yield "pulls", row.pulls
    yield "children", list(row.children) or None
    yield "sourceFormat", row.source_format or None


def _us(time: datetime | None) -> int | None:
    return None if time is None else (time - _EPOCH) // _MICROSECOND
