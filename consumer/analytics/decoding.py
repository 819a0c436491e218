"""A record's value as the Avro record it holds, field by field; by which release, and whether at all. Pure.

The rule is `schemas.avro.decode`'s with one difference, which no record of the bridge can show: a pinned id that this
version knows decides alone, so that the headers of nearly all records need not be looked at.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from consumer.log.record_batch import Fingerprints
from consumer.record import Headers
from runtime.errors import BridgeError
from schemas.avro import ForeignIdError, UndecodableError, frame, read, release_of, unframe
from schemas.catalog import CATALOG, LARGEST_ID, Release
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


def release_of_record(
    value: bytes | None, headers: Callable[[], Headers], fingerprints: Fingerprints | None
) -> Release | None:
    """The release that the value is written in; None if it is no event.

    Args:
        value: of the record.
        headers: of the record.
        fingerprints: of a schema registry, if there is one to ask.

    Raises:
        UnknownSchemaError: a release that this version does not know.
    """
    try:
        schema_id, _ = unframe(value or b"")
        known = CATALOG.by_id(schema_id)
        return known or release_of(schema_id, text_header(headers(), SCHEMA_FINGERPRINT) or None)
    except ForeignIdError as error:
        fingerprint = fingerprints.fingerprint(error.schema_id) if fingerprints is not None else None
        return None if fingerprint is None else release_of(error.schema_id, fingerprint)
    except UndecodableError:
        return None


def read_or_none(value: bytes | None, release: Release | None) -> dict[str, Any] | None:
    """The Avro record, or None for a value that cannot be decoded."""
    if value is None or release is None:
        return None
    try:
        return read(value[FRAME_BYTES:], release)
    except UndecodableError:
        return None


def schema_id_of(value: bytes | None) -> int | None:
    """The schema id that a value is framed with; None for one that is not framed, or with no id of a schema."""
    try:
        schema_id, _ = unframe(value or b"")
    except UndecodableError:
        return None
    return schema_id if schema_id <= LARGEST_ID else None
