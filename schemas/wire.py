"""The registry's JSON, written: one event in the shape of 2.8 or of 3.x, and envelopes of them. Pure.

The bytes are those of Go's `json.MarshalIndent(envelope, "", "   ")`:
three-space indent, HTML escaping, sorted map keys, `omitempty`. Reading is in `envelope.py`.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from schemas.event import (
    MEDIA_TYPE_V1,
    MEDIA_TYPE_V2,
    ActorRecord,
    Descriptor,
    Event,
    Platform,
    RequestRecord,
    SourceRecord,
    Target,
)
from schemas.timestamps import registry_time
from schemas.utf8 import utf8

ENVELOPE_MEDIA_TYPES: Final = (MEDIA_TYPE_V1, MEDIA_TYPE_V2, "application/json")
"""What an envelope comes with: either of the registry's own types, or JSON."""
ENVELOPE_HEAD: Final = b'{\n   "events": [\n      '
ENVELOPE_BETWEEN: Final = b",\n      "
ENVELOPE_TAIL: Final = b"\n   ]\n}"

_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_NEWLINE_IN_ENVELOPE: Final = b"\n      "


class Shape(Enum):
    """How an event is written: as registry 2.8 does or as 3.x does. The value is the media type of its envelopes."""

    V1 = MEDIA_TYPE_V1
    V2 = MEDIA_TYPE_V2


class _DescriptorV1(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Registry 2.8's order and omissions; `data` and `artifactType` did not exist."""

    media_type: str = field(default="", name="mediaType")
    size: int = 0
    digest: str = ""
    urls: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    platform: Platform | None = None


class _TargetV1(_DescriptorV1, frozen=True, kw_only=True, omit_defaults=True):
    length: int = 0
    repository: str = ""
    from_repository: str = field(default="", name="fromRepository")
    url: str = ""
    tag: str = ""
    references: list[_DescriptorV1] = field(default_factory=list)


class _Body(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The members of an event that enter a body; `target` is in either shape."""

    id: str = ""
    timestamp: str = field(default_factory=str)
    action: str = ""
    target: Any
    request: RequestRecord
    actor: ActorRecord
    source: SourceRecord


def media_type(content_type: str) -> str:
    """The media type of a Content-Type value: parameters and case do not count (RFC 9110 section 8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


def is_envelope_type(content_type: str) -> bool:
    """Whether an envelope can come with this Content-Type value."""
    return media_type(content_type) in ENVELOPE_MEDIA_TYPES


def shape_of(content_type: str) -> Shape:
    """The shape that goes with a Content-Type value: 2.8's with its own media type, 3.x's with any other."""
    if content_type == MEDIA_TYPE_V2:  # nearly always
        return Shape.V2
    return Shape.V1 if media_type(content_type) == MEDIA_TYPE_V1 else Shape.V2


def typed_json(event: Event) -> bytes:
    """The event's typed members as they stand inside an envelope, in the shape of its Content-Type."""
    return _written(event, event.timestamp, shape_of(event.content_type))


def registry_json(event: Event, shape: Shape) -> bytes:
    """The event as a registry of this shape writes it: from the typed members, and always with a time that Go reads."""
    return _written(event, registry_time(event.timestamp), shape)


def event_json(event: Event) -> bytes:
    """The event's own JSON text: what came in where that was kept, else the typed members."""
    return utf8(event.original) if event.original else typed_json(event)


def sent_json(event: Event) -> bytes:
    """The event's JSON text as it goes out: its own, and of a source of another format always with a time.

    Such a source may tell none, and Go's readers refuse a whole envelope for an empty one.
    """
    if event.source_body and not event.original:
        return registry_json(event, shape_of(event.content_type))
    return event_json(event)


def envelope_json(events: Iterable[Event]) -> bytes:
    """An envelope as a registry sends it."""
    return enveloped(map(sent_json, events))


def enveloped(texts: Iterable[bytes]) -> bytes:
    """An envelope of events that are JSON text already."""
    return ENVELOPE_HEAD + ENVELOPE_BETWEEN.join(texts) + ENVELOPE_TAIL


def _written(event: Event, timestamp: str, shape: Shape) -> bytes:
    v1 = shape is Shape.V1
    body = _Body(
        id=event.id,
        timestamp=timestamp,
        action=event.action,
        target=_target_v1(event.target) if v1 else event.target,
        request=event.request,
        actor=event.actor,
        source=event.source,
    )
    text = msgspec.json.format(_encode(body), indent=3).replace(b"\n", _NEWLINE_IN_ENVELOPE)
    return _as_go_escapes(text, old_go=v1)


def _target_v1(target: Target) -> _TargetV1:
    return _TargetV1(
        media_type=target.media_type,
        size=target.size,
        digest=target.digest,
        urls=target.urls,
        annotations=target.annotations,
        platform=target.platform,
        length=target.length,
        repository=target.repository,
        from_repository=target.from_repository,
        url=target.url,
        tag=target.tag,
        references=[_descriptor_v1(reference) for reference in target.references],
    )


def _descriptor_v1(descriptor: Descriptor) -> _DescriptorV1:
    return _DescriptorV1(
        media_type=descriptor.media_type,
        size=descriptor.size,
        digest=descriptor.digest,
        urls=descriptor.urls,
        annotations=descriptor.annotations,
        platform=descriptor.platform,
    )


def _as_go_escapes(text: bytes, *, old_go: bool) -> bytes:
    """Escape as Go's encoding/json does; none of these bytes stands in JSON outside a string."""
    text = text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    if not text.isascii():  # to seek what has several bytes costs as much as to write the whole
        text = text.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
    return _long_control_escapes(text) if old_go else text


def _long_control_escapes(text: bytes) -> bytes:
    r"""Write \b and \f as Go did before 1.22, which built registry 2.8."""
    if b"\\b" not in text and b"\\f" not in text:
        return text
    pieces = text.split(b"\\\\")  # an escaped backslash: what follows it is no escape
    return b"\\\\".join(piece.replace(b"\\b", b"\\u0008").replace(b"\\f", b"\\u000c") for piece in pieces)
