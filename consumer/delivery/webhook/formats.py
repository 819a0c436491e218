"""Events to requests: the body and headers as the endpoint's `format` says (docs/delivery.md). Pure."""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Final

from msgspec import Struct

from consumer.delivery.webhook import cloudevents
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.template_body import template_body
from consumer.record import Record
from runtime import standard_webhooks
from runtime.config.endpoint_settings import ONE_BY_ONE, SIGNATURE_HEADERS, NamedFormat, WebhookForm
from runtime.config.http_values import IGNORED, OURS
from runtime.config.template import Template
from schemas.event import MEDIA_TYPE_V2, Event
from schemas.headers import trace_of, webhook_id
from schemas.utf8 import utf8
from schemas.wire import Shape, envelope_json, enveloped, registry_json, sent_json, shape_of

Sendable = tuple[Record, Event]
"""A record and the event in it."""

_JSON: Final = "application/json"
_BATCH_ID_DIGITS: Final = 32
_HEADER_NAME: Final = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_NOT_KEPT: Final = (
    OURS
    | IGNORED
    | frozenset(SIGNATURE_HEADERS.values())
    | {"accept-encoding", "authorization", "content-encoding", "content-type", "cookie", "traceparent", "tracestate"}
    | {"user-agent"}
)
"""Headers of a request that are ours, or prove who has sent it."""


class UnsendableError(Exception):
    """No request can be made of this event."""


class _Content(Struct, frozen=True, gc=False):
    """What a format makes of events."""

    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


_Render = Callable[[Sequence[Sendable]], _Content]


def kind_of(sendable: Sendable, form: WebhookForm = "registry") -> Hashable:
    """Events go into one batch only if this is equal: one Content-Type as it goes out, one label.

    Where a request carries one event, each event is of a kind of its own.
    """
    record, event = sendable
    if isinstance(form, Template) or form in ONE_BY_ONE:
        return record.place
    return (_content_type(event), event.registry) if form == "registry" else event.registry


def request_of(sendables: Sequence[Sendable], form: WebhookForm = "registry") -> WebhookRequest:
    """The POST of one event, or of a batch of one kind.

    Raises:
        UnsendableError: the event's Content-Type, label or kept headers cannot stand in a header; or several events
            where a request carries one.
    """
    events = [event for _, event in sendables]
    content = _of_template(form, sendables) if isinstance(form, Template) else _RENDERS[form](sendables)
    id_ = batch_id(events)
    headers = [
        ("content-type", _header_text(content.content_type, "Content-Type")),
        (standard_webhooks.ID, id_),
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
    record, event = _only(sendables, "in CloudEvents' binary mode")
    return _Content(cloudevents.DATA, sent_json(event), cloudevents.binary_headers(record, event))


def _as_the_source_sent_it(sendables: Sequence[Sendable]) -> _Content:
    """The source's own body; where its text is the event's own, as it is of a registry, in an envelope."""
    _, event = _only(sendables, "in format source")
    if not event.source_body:
        return _as_it_came(sendables)
    return _Content(event.source_content_type or _JSON, utf8(event.source_body), tuple(_kept_headers(event)))


def _bare(sendables: Sequence[Sendable]) -> _Content:
    """The event without an envelope, and always with a time that Go reads, as Azure's registry sends it."""
    _, event = _only(sendables, "in format acr")
    kept = utf8(event.original) if event.original else registry_json(event, shape_of(event.content_type))
    return _Content(_JSON, kept)


def _of_template(template: Template, sendables: Sequence[Sendable]) -> _Content:
    return _Content(_JSON, template_body(template, *_only(sendables, "in format template")))


_RENDERS: Final[Mapping[NamedFormat, _Render]] = {
    "registry": _as_it_came,
    "registry-v1": partial(_in_shape, Shape.V1),
    "registry-v2": partial(_in_shape, Shape.V2),
    "cloudevents": _structured,
    "cloudevents-binary": _binary,
    "source": _as_the_source_sent_it,
    "acr": _bare,
}


def _only(sendables: Sequence[Sendable], where: str) -> Sendable:
    if len(sendables) > 1:
        raise UnsendableError(f"{len(sendables)} events do not fit into one request {where}")
    return sendables[0]


def _kept_headers(event: Event) -> Iterator[tuple[str, str]]:
    """The source's own headers, but for those that say something else of our request."""
    for name, value in event.source_headers.items():
        if _HEADER_NAME.fullmatch(name) and name not in _NOT_KEPT:
            yield name, _header_text(value, f"header {name}")


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
