"""Decoding of records into events. Pure."""

from consumer.record import Record
from schemas.avro import decode, foreign_id
from schemas.event import Event
from schemas.headers import schema_fingerprint


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
    return decode(record.value, _fingerprint_of(record))


def foreign_id_of(record: Record) -> int | None:
    """The record's schema id, if only a schema registry can resolve it; else None."""
    return foreign_id(record.value, _fingerprint_of(record))


def _fingerprint_of(record: Record) -> str | None:
    return schema_fingerprint(record.headers) or record.schema_fingerprint
