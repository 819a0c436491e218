"""The body that a template makes of an event: its slots filled from the exported columns. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from consumer.record import Record
from runtime.config.template import Slot, Template
from runtime.rfc3339 import rfc3339_ms
from schemas.avro import UndecodableError, unframe
from schemas.columns import client_ip, event_time, kind_of
from schemas.event import Descriptor, Event, Platform, Target

_encode: Final = msgspec.json.Encoder().encode


def template_body(template: Template, record: Record, event: Event) -> bytes:
    """The template's JSON for one event."""
    pieces = [piece.encode() if isinstance(piece, str) else _filled(piece, record, event) for piece in template.pieces]
    return b"".join(pieces)


def column_value(name: str, record: Record, event: Event) -> Any:
    """What the event has in an exported column, as JSON has it (a time as RFC 3339 text); None for nothing."""
    return _COLUMNS[name](record, event)


def _filled(slot: Slot, record: Record, event: Event) -> bytes:
    found = (column_value(name, record, event) for name in slot.columns)
    value = next((value for value in found if value is not None), None)
    if not slot.within_text:
        return _encode(value)
    return b"" if value is None else _encode(str(value))[1:-1]


def _kind(event: Event) -> str:
    target = event.target
    return kind_of(
        target.media_type,
        target.url,
        event.action,
        target.tag,
        target.digest,
        source_format=event.source_format,
    )


def _event_time(event: Event) -> str | None:
    return event.timestamp if event_time(event.timestamp_micros) is not None else None


def _schema_id(record: Record) -> int | None:
    try:
        return unframe(record.value or b"")[0]
    except UndecodableError:
        return None


def _references(target: Target) -> list[dict[str, Any]]:
    return [_reference(reference) for reference in target.references]


def _reference(reference: Descriptor) -> dict[str, Any]:
    platform = reference.platform or Platform()
    return {
        "media_type": reference.media_type or None,
        "digest": reference.digest or None,
        "size_bytes": reference.size or None,
        "artifact_type": reference.artifact_type or None,
        "os": platform.os or None,
        "architecture": platform.architecture or None,
        "variant": platform.variant or None,
    }


_COLUMNS: Final[Mapping[str, Callable[[Record, Event], Any]]] = {
    "kafka_topic": lambda record, _: record.topic,
    "kafka_partition": lambda record, _: record.partition,
    "kafka_offset": lambda record, _: record.offset,
    "accepted_at": lambda record, _: rfc3339_ms(record.timestamp_ms),
    "registry": lambda _, event: event.registry or None,
    "event_id": lambda _, event: event.id or None,
    "event_time": lambda _, event: _event_time(event),
    "action": lambda _, event: event.action or None,
    "kind": lambda _, event: _kind(event),
    "repository": lambda _, event: event.target.repository or None,
    "tag": lambda _, event: event.target.tag or None,
    "digest": lambda _, event: event.target.digest or None,
    "media_type": lambda _, event: event.target.media_type or None,
    "size_bytes": lambda _, event: event.target.size or None,
    "from_repository": lambda _, event: event.target.from_repository or None,
    "url": lambda _, event: event.target.url or None,
    "reference_count": lambda _, event: len(event.target.references),
    "refs": lambda _, event: _references(event.target),
    "actor": lambda _, event: event.actor.name or None,
    "client_addr": lambda _, event: event.request.addr or None,
    "client_ip": lambda _, event: client_ip(event.request.addr),
    "user_agent": lambda _, event: event.request.useragent or None,
    "request_id": lambda _, event: event.request.id or None,
    "request_method": lambda _, event: event.request.method or None,
    "request_host": lambda _, event: event.request.host or None,
    "source_addr": lambda _, event: event.source.addr or None,
    "source_instance": lambda _, event: event.source.instance_id or None,
    "content_type": lambda _, event: event.content_type or None,
    "schema_id": lambda record, _: _schema_id(record),
    "original": lambda _, event: event.original or None,
    "source_format": lambda _, event: event.source_format or None,
    "source_body": lambda _, event: event.source_body or None,
}
