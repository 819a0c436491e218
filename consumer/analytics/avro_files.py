"""Avro object container files: each record with where it lay, the event as the topic has it."""

import json
from pathlib import Path
from typing import Any, Final

from fastavro.schema import parse_schema
from fastavro.write import Writer

from consumer.analytics.decoding import read_or_none, releases_of, schema_id_of
from consumer.log.record_batch import RecordBatch, micros_of
from schemas.catalog import CATALOG
from schemas.timestamps import readable_micros

_SCHEMA: Final = parse_schema(
    {
        "type": "record",
        "name": "ExportedRecord",
        "namespace": "registry.notifications",
        "doc": "A record of the events topic.",
        "fields": [
            {"name": "topic", "type": "string"},
            {"name": "partition", "type": "int"},
            {"name": "offset", "type": "long"},
            {
                "name": "acceptedAt",
                "type": {"type": "long", "logicalType": "timestamp-micros"},
                "doc": "When the bridge accepted the event.",
            },
            {"name": "schemaId", "type": ["null", "int"], "default": None, "doc": "As the value was framed with it."},
            {"name": "event", "type": ["null", json.loads(CATALOG.latest.text)], "default": None},
            {"name": "raw", "type": ["null", "bytes"], "default": None, "doc": "A value that cannot be decoded."},
        ],
    }
)


def _readable(event: dict[str, Any] | None) -> dict[str, Any] | None:
    """Other writers of the topic may have put any number there; one beyond year 9999 would end most readers."""
    return event if event is None else {**event, "timestamp": readable_micros(event["timestamp"])}


class AvroRows:
    """One container file, deflated."""

    def __init__(self, path: Path, open_files: int) -> None:  # noqa: ARG002 - blocks are small however many there are
        self._file = path.open("wb")
        try:
            self._writer = Writer(self._file, _SCHEMA, codec="deflate")
        except BaseException:
            self._file.close()
            raise

    @property
    def size(self) -> int:
        """Bytes on the disk so far."""
        return self._file.tell()

    def write(self, batch: RecordBatch) -> None:
        """Take these records, in order."""
        for index, release in enumerate(releases_of(batch)):
            value = batch.values[index]
            event = _readable(read_or_none(value, release))
            self._writer.write(
                {
                    "topic": batch.topic,
                    "partition": batch.partition,
                    "offset": batch.offsets[index],
                    "acceptedAt": micros_of(batch.timestamps_ms[index]),
                    "schemaId": schema_id_of(value),
                    "event": event,
                    "raw": value if event is None else None,
                }
            )

    def close(self) -> None:
        """Write what is left, and close."""
        try:
            self._writer.flush()
        finally:
            self._file.close()
