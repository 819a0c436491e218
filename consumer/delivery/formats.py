"""Events to requests: the body and headers as the endpoint's `format` says (design section 8). Pure."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from consumer.delivery.request import WebhookRequest
from consumer.record import Record
from schemas import names
from schemas.event import Event
from schemas.headers import text_header, webhook_id
from schemas.wire import envelope_json

Sendable = tuple[Record, Event]
"""A record and the event in it."""

_BATCH_ID_DIGITS: Final = 32


class UnsendableError(Exception):
    """No request can be made of this event."""


def kind_of(event: Event) -> tuple[str, str]:
    """Events go into one batch only if this is equal: one Content-Type, one label."""
    return event.content_type, event.registry


def request_of(sendables: Sequence[Sendable]) -> WebhookRequest:
    """The POST of one event, or of a batch of one kind, as a registry would have sent it.

    Raises:
        UnsendableError: the event's Content-Type cannot stand in a header.
    """
    events = [event for _, event in sendables]
    first = events[0]
    headers = [
        ("content-type", _header_text(first.content_type, "Content-Type")),
        ("webhook-id", batch_id(events)),
        ("registry-event", ",".join(record.place for record, _ in sendables)),
    ]
    if first.registry:
        headers.append(("registry-name", _header_text(first.registry, "label")))
    if len(sendables) == 1:
        traceparent = text_header(sendables[0][0].headers, names.TRACEPARENT)
        if traceparent:
            headers.append(("traceparent", traceparent))
    return WebhookRequest(envelope_json(events), tuple(headers), headers[1][1])


def batch_id(events: Sequence[Event]) -> str:
    """The webhook-id: the event's, or of a batch a hash of its events' (so that a retry has the same)."""
    ids = [webhook_id(event) for event in events]
    if len(ids) == 1:
        return ids[0]
    return "batch_" + sha256("\n".join(ids).encode()).hexdigest()[:_BATCH_ID_DIGITS]


def _header_text(text: str, what: str) -> str:
    """Text that can stand in a header (RFC 9110 section 5.5)."""
    if not text.isascii() or not text.isprintable():
        raise UnsendableError(f"its {what} cannot stand in a header: {text[:80]!r}")
    return text
