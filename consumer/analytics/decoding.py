"""A record's value as the Avro record it holds, field by field; by which release, and whether at all. Pure.

The rule is `schemas.avro.decode`'s with one difference, which no record of the bridge can show: a pinned id that this
version knows decides alone, so that the headers of nearly all records need not be looked at.
"""

import io
import json
from collections.abc import Callable
from typing import Any, ClassVar, Final

from fastavro import schemaless_reader
from fastavro.schema import parse_schema

from consumer.record import Headers
from runtime.errors import BridgeError
from schemas.avro import UndecodableError, frame, unframe
from schemas.catalog import CATALOG, LARGEST_ID, Release, is_pinned
from schemas.headers import text_header
from schemas.names import SCHEMA_FINGERPRINT

FRAMES: Final = {frame(release.id, b""): release for release in CATALOG.releases}
"""The first bytes of a value, by the release they stand for."""
FRAME_BYTES: Final = 5


class NewerSchemaError(BridgeError):
    """A record was written by a newer release: its columns would be lost, so the export stops before it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, index: int, said: str) -> None:
        super().__init__(said)
        self.index: Final = index
        """Of the record in its batch."""


def _without_times(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != "logicalType"}


_READABLE: Final = {
    release.version: parse_schema(json.loads(release.text, object_hook=_without_times)) for release in CATALOG.releases
}
"""With times as plain longs: datetimes end at year 9999."""


def release_of(
    value: bytes | None, headers: Callable[[], Headers], learned: Callable[[int], str | None]
) -> Release | None:
    """The release that the value is written in; None if it is no event.

    Args:
        value: of the record.
        headers: of the record.
        learned: the fingerprint that a schema registry knows for an id, if there is one to ask.

    Raises:
        LookupError: a release that this version does not know.
    """
    try:
        schema_id, _ = unframe(value or b"")
    except UndecodableError:
        return None
    release = CATALOG.by_id(schema_id)
    if release is not None:
        return release
    fingerprint = text_header(headers(), SCHEMA_FINGERPRINT) or None
    if fingerprint is None and not is_pinned(schema_id) and schema_id <= LARGEST_ID:
        fingerprint = learned(schema_id)
    release = CATALOG.by_fingerprint(fingerprint) if fingerprint is not None else None
    if release is None and (fingerprint is not None or is_pinned(schema_id)):
        raise LookupError(f"schema id 0x{schema_id:08x}, fingerprint {fingerprint or 'none'}")
    return release


def read(value: bytes, release: Release) -> dict[str, Any]:
    """The Avro record in a framed value, absent scalars as None, times in microseconds.

    Raises:
        UndecodableError: damaged bytes.
    """
    stream = io.BytesIO(value)
    stream.seek(FRAME_BYTES)
    try:
        record: Any = schemaless_reader(stream, _READABLE[release.version], None)
    except (EOFError, IndexError, ValueError, OverflowError, MemoryError, TypeError) as error:
        raise UndecodableError(f"not an event: {type(error).__name__}") from error
    if stream.tell() != len(value):
        raise UndecodableError(f"{len(value) - stream.tell()} bytes are left over after the event")
    found: dict[str, Any] = record
    return found


def read_or_none(value: bytes | None, release: Release | None) -> dict[str, Any] | None:
    """The Avro record, or None for a value that cannot be decoded."""
    if value is None or release is None:
        return None
    try:
        return read(value, release)
    except UndecodableError:
        return None


def schema_id_of(value: bytes | None) -> int | None:
    """The schema id that a value is framed with; None for one that is not framed, or with no id of a schema."""
    try:
        schema_id, _ = unframe(value or b"")
    except UndecodableError:
        return None
    return schema_id if schema_id <= LARGEST_ID else None
