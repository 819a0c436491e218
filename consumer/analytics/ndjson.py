"""A JSON object a line: each record with where it lay, the event as the registry's own JSON.

An event stands in one line: white space between its tokens is all that is taken out. Where the topic has the event's
own text (`original`), that stands there too, as text, so that not even the white space is lost. What a source of
another format sent stands there as text too (`source_...`).
"""

from base64 import b64encode
from pathlib import Path
from typing import Any, Final

import msgspec

from consumer.analytics.decoding import releases_of, schema_id_of
from consumer.log.record_batch import RecordBatch, micros_of
from runtime.rfc3339 import rfc3339_ms
from schemas.avro import UndecodableError, decode
from schemas.catalog import Release
from schemas.event import Event
from schemas.wire import event_json

_LINE_BREAKS: Final = bytes.maketrans(b"\r\n", b"  ")
_TEXTS: Final = ("original", "source_format", "source_content_type", "source_headers", "source_body")
"""Members that are only in lines of events that have them."""
_encode: Final = msgspec.json.Encoder().encode


class NdjsonRows:
    """One file of lines."""

    def __init__(self, path: Path, open_files: int) -> None:  # noqa: ARG002 - lines are written as they come
        self._file = path.open("wb")

    @property
    def size(self) -> int:
        """Bytes on the disk so far."""
        return self._file.tell()

    def write(self, batch: RecordBatch) -> None:
        """Take these records, in order."""
        releases = releases_of(batch)
        self._file.writelines(line_of(batch, index, release) for index, release in enumerate(releases))

    def close(self) -> None:
        """Write what is left, and close."""
        self._file.close()


def line_of(batch: RecordBatch, index: int, release: Release | None) -> bytes:
    """The line of one record."""
    value = batch.values[index]
    event = _event(value, release)
    raw = b64encode(value).decode() if event is None and value is not None else None
    line: dict[str, Any] = {
        "kafka_topic": batch.topic,
        "kafka_partition": batch.partition,
        "kafka_offset": batch.offsets[index],
        "accepted_at": rfc3339_ms(micros_of(batch.timestamps_ms[index]) // 1000),
        "registry": event.registry or None if event else None,
        "content_type": event.content_type or None if event else None,
        "schema_id": schema_id_of(value),
        "event": msgspec.Raw(one_line(event)) if event else None,
        "raw": raw,
    }
    if event is not None:
        line |= {name: text for name in _TEXTS if (text := getattr(event, name))}
    return _encode(line) + b"\n"


def one_line(event: Event) -> bytes:
    """The event's JSON without line breaks; inside a JSON string there are none, so nothing but white space goes."""
    text = event_json(event)
    return text.translate(_LINE_BREAKS) if event.original else msgspec.json.format(text, indent=-1)


def _event(value: bytes | None, release: Release | None) -> Event | None:
    if release is None:
        return None
    try:
        return decode(value, release.fingerprint)
    except UndecodableError:
        return None
