"""Decoding of records into events. Pure."""

from consumer.record import Record
from schemas.avro import decode, decode_outline, foreign_id
from schemas.event import Event
from schemas.headers import schema_fingerprint
from schemas.outline import EventOutline


class UnaskedError(Exception):
    """The schema registry was not asked for the record's schema id yet: ask, and try again."""

    def __init__(self, schema_id: int) -> None:
        super().__init__(f"the schema registry has not answered yet for schema id {schema_id}")
        self.schema_id = schema_id


def event_of(record: Record) -> Event:
    """The event in a record.

    Raises:
        UndecodableError, UnknownSchemaError: see `schemas.avro.decode`.
    """
    return decode(record.value, fingerprint_of(record))


def outline_of(record: Record) -> EventOutline:
    """The outline of the event in a record.

    Raises:
        UndecodableError, UnknownSchemaError: see `schemas.avro.decode_outline`.
    """
    return decode_outline(record.value, fingerprint_of(record))


def foreign_id_of(record: Record) -> int | None:
    """The record's schema id, if only a schema registry can resolve it; else None."""
    return foreign_id(record.value, fingerprint_of(record))


def fingerprint_of(record: Record) -> str | None:
    """The fingerprint of the record's schema, as far as its headers or a schema registry tell it."""
    return schema_fingerprint(record.headers) or record.schema_fingerprint
