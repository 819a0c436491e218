"""The Kafka headers of a record: CloudEvents in binary mode, and by which schema to read the value. Pure.

Follows the CloudEvents 1.0 Kafka protocol binding, section 3.2.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from schemas import names
from schemas.catalog import CATALOG
from schemas.event import Event
from schemas.limits import LONGEST_NAME
from schemas.trace_context import NO_TRACE, TraceContext, trace_context
from schemas.wire import event_json

RecordHeaders = Sequence[tuple[str, bytes]]

_WEBHOOK_ID: Final = re.compile(r"[!-\-/-~]{1,128}", re.ASCII)  # visible ASCII without the full stop
_FINGERPRINT: Final = re.compile(r"[0-9a-fA-F]{16}", re.ASCII)
_USUAL_ORIGIN: Final = 300
"""Characters of a host with its port, of which DNS takes 253."""
_URI_CHARACTERS: Final = ":/?#[]@!$&'()*+,;=-._~"

_SPECVERSION: Final = (names.CE_SPECVERSION, names.CLOUDEVENTS_VERSION.encode())
_OF_THE_VALUE: Final = (
    (names.CONTENT_TYPE, names.AVRO_MEDIA_TYPE.encode()),
    (names.SCHEMA_FINGERPRINT, CATALOG.latest.fingerprint.encode()),
)


def webhook_id(event: Event) -> str:
    """The id under which receivers know the event: its own where it can stand in a header, else a hash of its JSON.

    Standard Webhooks 1.0: unique, the same at every attempt, and without a full stop.
    """
    if _WEBHOOK_ID.fullmatch(event.id):
        return event.id
    return names.made_id(sha256(event_json(event)).hexdigest())


def cloudevents_type(event: Event) -> str:
    """`registry.notifications.ACTION`, or `...unknown` for an event without one, or with one beyond `LONGEST_NAME`."""
    return names.TYPE_PREFIX + (event.action if _is_name(event.action) else "unknown")


def cloudevents_source(event: Event) -> str:
    """`//` and the registry's label or address, as a URI reference; a fixed URN where neither is known, or too long."""
    origin = event.registry or event.source.addr
    if not _is_name(origin):
        return "urn:registry:unknown"
    return "//" + (_quoted_origin(origin) if len(origin) <= _USUAL_ORIGIN else quote(origin, safe=_URI_CHARACTERS))


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME


@lru_cache(maxsize=256)
def _quoted_origin(origin: str) -> str:
    return quote(origin, safe=_URI_CHARACTERS)


def record_headers(event: Event, trace: TraceContext = NO_TRACE) -> list[tuple[str, bytes]]:
    """The headers of the event's record; `trace` is the place in a trace that the POST belongs to."""
    headers = [
        _SPECVERSION,
        (names.CE_ID, webhook_id(event).encode()),
        (names.CE_TYPE, cloudevents_type(event).encode()),
        (names.CE_SOURCE, cloudevents_source(event).encode()),
    ]
    if _is_name(event.timestamp) and event.timestamp_micros is not None:
        headers.append((names.CE_TIME, event.timestamp.encode()))
    if _is_name(event.target.repository):
        headers.append((names.CE_SUBJECT, event.target.repository.encode()))
    headers += _OF_THE_VALUE
    if trace is not NO_TRACE:
        headers += trace_headers(trace)
    return headers


def trace_headers(trace: TraceContext) -> Iterator[tuple[str, bytes]]:
    """The headers of a record that name its place in a trace."""
    if trace.traceparent:
        yield names.TRACEPARENT, trace.traceparent.encode()
    if trace.tracestate:
        yield names.TRACESTATE, trace.tracestate.encode()


def trace_of(headers: Sequence[tuple[str, bytes | None]] | None) -> TraceContext:
    """The place in a trace that a record's headers name, whoever wrote them."""
    traceparent = text_header(headers, names.TRACEPARENT)
    if not traceparent:
        return NO_TRACE
    return trace_context(traceparent, [text_header(headers, names.TRACESTATE) or ""])


def schema_fingerprint(headers: Sequence[tuple[str, bytes | None]] | None) -> str | None:
    """The fingerprint of the schema that a record names in its header; None if there is none, or it is not one.

    What is not 16 hex digits says nothing of a newer release: the schema's id alone tells then.
    """
    for name, value in reversed(headers or ()):  # the last one counts, and of ours it is among the last
        if name == names.SCHEMA_FINGERPRINT and value is not None:
            return _fingerprint_in(value)
    return None


@lru_cache(maxsize=64)
def _fingerprint_in(value: bytes) -> str | None:
    text = value.decode("utf-8", "replace")
    return text.lower() if _FINGERPRINT.fullmatch(text) else None


def text_header(headers: Iterable[tuple[str, bytes | None]] | None, name: str) -> str | None:
    """The last value of a header as text, what is not UTF-8 replaced; None if there is none."""
    found = None
    for key, value in headers or ():
        if key == name and value is not None:
            found = value
    return found.decode("utf-8", "replace") if found is not None else None
