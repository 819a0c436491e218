"""Records of a batch as the Avro records that they hold: by which release, and whether at all. Pure.

Before the first record of a newer release, an export stops.

The rule is `schemas.avro.decode`'s with one difference, which no record of the bridge can show: a pinned id that this
version knows decides alone, so that the headers of nearly all records need not be looked at.
"""

from typing import Any, ClassVar, Final

from consumer.log.record_batch import RecordBatch
from runtime.errors import BridgeError
from schemas.avro import ForeignIdError, UndecodableError, UnknownSchemaError, frame, read, release_of, unframe
from schemas.catalog import CATALOG, LARGEST_ID, Release
from schemas.headers import schema_fingerprint

FRAMES: Final = {frame(release.id, b""): release for release in CATALOG.releases}
"""The first bytes of a value, by the release they stand for."""
FRAME_BYTES: Final = 5


class NewerSchemaError(BridgeError):
    """A record was written by a newer release: its columns would be lost, so the export stops before it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, index: int, text: str) -> None:
        super().__init__(text)
        self.index: Final = index
        """Of the record in its batch."""


def releases_of(batch: RecordBatch) -> list[Release | None]:
    """The release that each record of a batch is written in, None for one that is no event.

    Raises:
        NewerSchemaError: a record of a newer release; the ones before it can be taken.
    """
    known = [FRAMES.get(value[:FRAME_BYTES]) if value is not None else None for value in batch.values]
    if None not in known:
        return known
    return [release or _release_of(batch, index) for index, release in enumerate(known)]


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


def _release_of(batch: RecordBatch, index: int) -> Release | None:
    """The release of a record whose first bytes do not tell it alone."""
    try:
        return _release_by_id(batch, index)
    except UnknownSchemaError as error:
        place = f"{batch.topic}/{batch.partition}/{batch.offsets[index]}"
        raise NewerSchemaError(
            index, f"{place} was written by a newer release ({error}): upgrade, and run the export again"
        ) from None


def _release_by_id(batch: RecordBatch, index: int) -> Release | None:
    try:
        schema_id, _ = unframe(batch.values[index] or b"")
        pinned = CATALOG.by_id(schema_id)
        return pinned or release_of(schema_id, schema_fingerprint(batch.headers(index)))
    except ForeignIdError as error:
        fingerprint = batch.fingerprints.fingerprint(error.schema_id) if batch.fingerprints is not None else None
        return None if fingerprint is None else release_of(error.schema_id, fingerprint)
    except UndecodableError:
        return None
