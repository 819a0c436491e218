"""A record as a row of the spool: its content, its checksum, and the way back to a record for Kafka. Pure.

The value is kept as bare Avro beside the release of its schema, and gets the schema's id on the way out: events are
taken even while the schema registry that gives out the ids is away.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from producer.spool.errors import SpoolError
from runtime.kafka.records import OutgoingRecord
from schemas.avro import frame, unframe

_PLACE: Final = struct.Struct(">QQ")
_CHECKSUM_BYTES: Final = 8


class UnknownReleaseError(SpoolError):
    """The row was written by a newer release of the bridge."""


class SpoolRow(NamedTuple):
    """One record on disk."""

    seq: int
    """Its place: each row has the number after that of the row before it."""
    accepted_ms: int
    """When the bridge accepted the event, in milliseconds since the epoch."""
    content: bytes
    checksum: bytes
    """Of all of the above, so that a row is whole and in its place."""

    @property
    def is_whole(self) -> bool:
        """Whether the row is as it was written; damage can also change the types of its values."""
        try:
            return self.checksum == _checksum(self.seq, self.accepted_ms, self.content)
        except (TypeError, struct.error):
            return False


class RowDraft(NamedTuple):
    """A row that has no place yet."""

    accepted_ms: int
    content: bytes

    def at(self, seq: int) -> SpoolRow:
        """The row at its place."""
        return SpoolRow(seq, self.accepted_ms, self.content, _checksum(seq, self.accepted_ms, self.content))


class _SpooledContent(msgspec.Struct, frozen=True, array_like=True):
    release: int
    key: bytes | None
    avro: bytes
    headers: list[tuple[str, bytes]]


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(_SpooledContent)


def drafts_of(records: Iterable[OutgoingRecord], *, release: int, accepted_ms: int) -> list[RowDraft]:
    """The rows of records of the events topic.

    Args:
        records: with framed values; the id in the frame is of no account.
        release: the release of the schema that their values are written with.
        accepted_ms: the time of those that have none.
    """
    return [
        RowDraft(
            accepted_ms if record.timestamp_ms is None else record.timestamp_ms,
            _encoder.encode(_SpooledContent(release, record.key, unframe(record.value or b"")[1], record.headers)),
        )
        for record in records
    ]


def outgoing(row: SpoolRow, *, topic: str, ids: Mapping[int, int]) -> OutgoingRecord:
    """The record that goes to Kafka.

    Args:
        row: a whole one.
        topic: the events topic.
        ids: the id of each release of the schema.

    Raises:
        UnknownReleaseError: its release is none of these.
    """
    content = _decoder.decode(row.content)
    schema_id = ids.get(content.release)
    if schema_id is None:
        raise UnknownReleaseError(
            f"event {row.seq} of the spool has release {content.release} of the schema, which this version of "
            "registry-bridge does not know: upgrade it"
        )
    return OutgoingRecord(topic, content.key, frame(schema_id, content.avro), content.headers, row.accepted_ms)


def repository_of(row: SpoolRow) -> str:
    """The repository of a row's event, for people; empty if it has none."""
    return (_decoder.decode(row.content).key or b"").decode("utf-8", "replace")


def framed_by(schema_id: int, records: Sequence[OutgoingRecord]) -> Sequence[OutgoingRecord]:
    """The same records, with this schema id in their values' frames, in which all have the same one."""
    if not records or unframe(records[0].value or b"")[0] == schema_id:
        return records
    return [replace(record, value=frame(schema_id, unframe(record.value or b"")[1])) for record in records]


def _checksum(seq: int, accepted_ms: int, content: bytes) -> bytes:
    digest = blake2b(_PLACE.pack(seq, accepted_ms), digest_size=_CHECKSUM_BYTES)
    digest.update(content)
    return digest.digest()
