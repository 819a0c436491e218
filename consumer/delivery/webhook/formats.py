"""Events to requests: the body and headers as the endpoint's `format` says (docs/delivery.md). Pure."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Final

from msgspec import Struct

from consumer.delivery.webhook import cloudevents
from consumer.delivery.webhook.request import WebhookRequest
from consumer.record import Record
from runtime.config.endpoint_settings import WebhookFormat
from schemas.event import MEDIA_TYPE_V2, Event
from schemas.headers import trace_of, webhook_id
from schemas.wire import Shape, envelope_json, enveloped, event_json, registry_json

Sendable = tuple[Record, Event]
"""A record and the event in it."""

_BATCH_ID_DIGITS: Final = 32


class UnsendableError(Exception):
    """No request can be made of this event."""


class _Content(Struct, frozen=True, gc=False):
    """What a format makes of events."""

    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


_Render = Callable[[Sequence[Sendable]], _Content]


def kind_of(sendable: Sendable, format_: WebhookFormat = "registry") -> Hashable:
    """Events go into one batch only if this is equal: one Content-Type as it goes out, one label.

    In binary mode each event is of a kind of its own: CloudEvents has no batch there.
    """
    record, event = sendable
    match format_:
        case "registry":
            return _content_type(event), event.registry
        case "cloudevents-binary":
            return record.place
        case _:
            return event.registry


def request_of(sendables: Sequence[Sendable], format_: WebhookFormat = "registry") -> WebhookRequest:
    """The POST of one event, or of a batch of one kind.

    Raises:
        UnsendableError: the event's Content-Type or label cannot stand in a header; or several events in binary mode.
    """
    events = [event for _, event in sendables]
    content = _RENDERS[format_](sendables)
    id_ = batch_id(events)
    headers = [
        ("content-type", _header_text(content.content_type, "Content-Type")),
        ("webhook-id", id_),
        ("registry-event", ",".join([record.place for record, _ in sendables])),
        *content.headers,
    ]
    if events[0].registry:
        headers.append(("registry-name", _header_text(events[0].registry, "label")))
    if len(sendables) == 1:
        headers += _trace_lines(sendables[0][0])
    return WebhookRequest(content.body, tuple(headers), id_)


def batch_id(events: Sequence[Event]) -> str:
    """The webhook-id: the event's, or of a batch a hash of its events' (so that a retry has the same)."""
    ids = [webhook_id(event) for event in events]
    if len(ids) == 1:
        return ids[0]
    return "batch_" + sha256("\n".join(ids).encode()).hexdigest()[:_BATCH_ID_DIGITS]


def _as_it_came(sendables: Sequence[Sendable]) -> _Content:
    events = [event for _, event in sendables]
    return _Content(_content_type(events[0]), envelope_json(events))


def _in_shape(shape: Shape, sendables: Sequence[Sendable]) -> _Content:
    return _Content(shape.value, enveloped(registry_json(event, shape) for _, event in sendables))


def _structured(sendables: Sequence[Sendable]) -> _Content:
    if len(sendables) > 1:
        return _Content(cloudevents.BATCHED, cloudevents.batched(sendables))
    return _Content(cloudevents.STRUCTURED, cloudevents.structured(*sendables[0]))


def _binary(sendables: Sequence[Sendable]) -> _Content:
    if len(sendables) > 1:
        raise UnsendableError(f"{len(sendables)} events do not fit into one request in CloudEvents' binary mode")
    return _Content(cloudevents.DATA, event_json(sendables[0][1]), cloudevents.binary_headers(*sendables[0]))


_RENDERS: Final[Mapping[WebhookFormat, _Render]] = {
    "registry": _as_it_came,
    "registry-v1": partial(_in_shape, Shape.V1),
    "registry-v2": partial(_in_shape, Shape.V2),
    "cloudevents": _structured,
    "cloudevents-binary": _binary,
}


def _content_type(event: Event) -> str:
    """As the event came with; one of which it is not known is written as 3.x does, and says so."""
    return event.content_type or MEDIA_TYPE_V2


def _trace_lines(record: Record) -> list[tuple[str, str]]:
    trace = trace_of(record.headers)
    found = (("traceparent", trace.traceparent), ("tracestate", trace.tracestate))
    return [line for line in found if line[1]]


def _header_text(text: str, what: str) -> str:
    """Text that can stand in a header (RFC 9110 section 5.5): visible ASCII, spaces and tabs."""
    if not text.isascii() or not text.replace("\t", " ").isprintable():
        raise UnsendableError(f"its {what} does not fit into a header: {text[:80]!r}")
    return text
