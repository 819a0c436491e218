"""Events to Avro bytes and back: the compiled writer and readers, and Confluent's framing. Pure.

The value of a record is `0x00`, the schema id in four big-endian bytes, then the event in Avro. Readers find the
schema by the `schema-fingerprint` header, whatever the id; without one by the pinned id (docs/topic.md).
"""

import io
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from fastavro import schemaless_reader
from fastavro.schema import parse_schema

from schemas.catalog import CATALOG, LARGEST_ID, Release, is_pinned
from schemas.compiled_reader import DamagedError, TooManyError, compile_reader
from schemas.compiled_writer import compile_writer
from schemas.event import ActorRecord, Descriptor, Event, Platform, RequestRecord, SourceRecord, Target
from schemas.limits import MAX_REFERENCES, MAX_VALUES
from schemas.original import fault_of
from schemas.outline import ActorOutline, EventOutline, RequestOutline, TargetOutline

_Models = Mapping[str, type[msgspec.Struct]]
_MODELS: Final[_Models] = {
    model.__name__: model for model in (Event, Target, Descriptor, Platform, RequestRecord, ActorRecord, SourceRecord)
}
_MAGIC: Final = 0
_HEADER: Final = struct.Struct(">bI")
_ATTRIBUTES: Final = {"timestamp": "timestamp_micros", "timestampText": "timestamp", "instanceID": "instance_id"}


class UndecodableError(Exception):
    """The bytes are no event, and no later version of this program would read them either."""


class ForeignIdError(UndecodableError):
    """The schema's id is not one of the bridge's and no fingerprint says which it is: only who gave it out knows."""

    def __init__(self, schema_id: int) -> None:
        super().__init__(f"schema id {schema_id} is not one of the bridge's")
        self.schema_id: Final = schema_id


class UnknownSchemaError(Exception):
    """The schema is none that this version knows: written by a newer release, so wait for an upgrade."""


def attribute_of(avro_name: str) -> str:
    """The attribute of the event model that holds the Avro field of this name."""
    return _ATTRIBUTES.get(avro_name) or re.sub(r"([A-Z])", r"_\1", avro_name).lower()


_RARE: Final = ("sourceFormat", "sourceContentType", "sourceHeaders", "sourceBody")
"""Fields that no event of an envelope has but GitLab's: they are looked at all at once."""
_write: Final = compile_writer(CATALOG.latest.schema, attribute_of, rare=_RARE)
_OUTLINES: Final[_Models] = {
    "Event": EventOutline,
    "Target": TargetOutline,
    "RequestRecord": RequestOutline,
    "ActorRecord": ActorOutline,
}
_READERS, _OUTLINE_READERS = (
    {
        release.version: compile_reader(
            release.schema, models, attribute_of, values=MAX_VALUES, items={"references": MAX_REFERENCES}, rare=_RARE
        )
        for release in CATALOG.releases
    }
    for models in (_MODELS, _OUTLINES)
)


def encode(event: Event) -> bytes:
    """The event as bare Avro in the latest release of the schema."""
    return _write(event)


def frame(schema_id: int, avro: bytes) -> bytes:
    """Avro bytes in Confluent's framing."""
    return _HEADER.pack(_MAGIC, schema_id) + avro


def unframe(value: bytes) -> tuple[int, bytes]:
    """(schema id, Avro bytes) of a record's value.

    Raises:
        UndecodableError: too short, or not framed.
    """
    return _schema_id(value), value[_HEADER.size :]


def decode(value: bytes | None, fingerprint: str | None) -> Event:
    """The event in a record's value; `fingerprint` is that of its header, None if it has none.

    Raises:
        UndecodableError: a tombstone, damaged or foreign bytes, more values than an event may have, or an `original`
            that is not this event's JSON.
        ForeignIdError: the id is one that a schema registry gave out.
        UnknownSchemaError: written with a release of the schema that this version does not know.
    """
    if value is None:
        raise UndecodableError("the record has no value")
    release = release_of(_schema_id(value), fingerprint)
    event: Event = _read(value, _HEADER.size, _READERS[release.version])
    if event.original and (fault := fault_of(event)):
        raise UndecodableError(f"its original {fault}")
    return event


def decode_outline(value: bytes | None, fingerprint: str | None) -> EventOutline:
    """The outline of the event in a record's value, at half the cost of the event.

    It is that of `decode`'s event wherever there is one. Of texts that are no part of it, and of an `original`, nothing
    is verified.

    Raises:
        UndecodableError, ForeignIdError, UnknownSchemaError: as `decode` does.
    """
    if value is None:
        raise UndecodableError("the record has no value")
    outline: EventOutline = _read(
        value, _HEADER.size, _OUTLINE_READERS[release_of(_schema_id(value), fingerprint).version]
    )
    return outline


def foreign_id(value: bytes | None, fingerprint: str | None) -> int | None:
    """The schema id of a value that only a schema registry can explain; None for any other, decodable or not."""
    try:
        release_of(_schema_id(value or b""), fingerprint)
    except ForeignIdError as error:
        return error.schema_id
    except (UndecodableError, UnknownSchemaError):
        pass
    return None


def release_of(schema_id: int, fingerprint: str | None) -> Release:
    """The release that a value is written in; `fingerprint` is that of its header, None if it has none.

    Raises:
        UndecodableError: the id is that of no schema.
        ForeignIdError: the id is one that a schema registry gave out.
        UnknownSchemaError: a release that this version does not know.
    """
    release = CATALOG.by_id(schema_id) if fingerprint is None else CATALOG.by_fingerprint(fingerprint)
    if release is not None:
        return release
    if fingerprint is not None or is_pinned(schema_id):
        known = f"this version knows releases up to {CATALOG.latest.version}"
        raise UnknownSchemaError(f"schema id 0x{schema_id:08x}, fingerprint {fingerprint or 'none'}: {known}")
    if schema_id > LARGEST_ID:
        raise UndecodableError(f"0x{schema_id:08x} is no schema id: the largest is 0x{LARGEST_ID:08x}")
    raise ForeignIdError(schema_id)


def read(avro: bytes, release: Release) -> dict[str, Any]:
    """The Avro record in bare Avro bytes, field by field: absent scalars are None, times are microseconds.

    Raises:
        UndecodableError: damaged bytes, or more values than an event may have.
    """
    _read(avro, 0, _READERS[release.version])
    record: Any = schemaless_reader(io.BytesIO(avro), _READABLE[release.version], None)
    found: dict[str, Any] = record
    return found


def _schema_id(value: bytes) -> int:
    if len(value) < _HEADER.size:
        raise UndecodableError(f"{len(value)} bytes are too few for a framed value")
    magic, schema_id = _HEADER.unpack_from(value)
    if magic != _MAGIC:
        raise UndecodableError(f"framing byte is 0x{value[0]:02x}, not 0x00")
    found: int = schema_id
    return found


def _read(data: bytes, start: int, reader: Callable[[bytes, int], Any]) -> Any:
    try:
        return reader(data, start)
    except DamagedError as error:
        raise UndecodableError(f"not an event: {error}") from error
    except TooManyError as error:
        raise UndecodableError(str(error)) from error


def _without_times(schema: Any) -> Any:
    """The schema with times as plain longs: the model keeps the exact text, and datetimes end at year 9999."""
    if isinstance(schema, list):
        return [_without_times(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("logicalType") == "timestamp-micros":
        return "long"
    return {
        key: _without_times(value) if key in {"type", "fields", "items"} else value for key, value in schema.items()
    }


_READABLE: Final = {
    release.version: parse_schema(_without_times(msgspec.json.decode(release.text))) for release in CATALOG.releases
}
