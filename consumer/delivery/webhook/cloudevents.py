"""Events as CloudEvents 1.0: attributes, and the structured, batched and binary modes of the HTTP binding. Pure.

The attributes are those that the record has as `ce_` headers; `data` is the event's own JSON, without an envelope.
Knows nothing of endpoints.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

import msgspec

from consumer.record import Headers, Record
from schemas import names
from schemas.event import Event
from schemas.headers import record_headers
from schemas.wire import sent_json

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
DATA: Final = "application/json"
"""The `datacontenttype` of every event."""

_PREFIX: Final = "ce_"
_NAME: Final = re.compile(r"ce_[a-z0-9]+", re.ASCII)
_NO_ATTRIBUTES: Final = frozenset({"ce_data", "ce_datacontenttype"})
"""The one is the event, the other what the value in Kafka is."""
_REQUIRED: Final = frozenset({"specversion", "id", "type", "source"})
_LITERAL: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
"""What stands in an HTTP header as it is (HTTP binding, section 3.1.3.2): printable ASCII but space, `"` and `%`."""

_encode: Final = msgspec.json.Encoder().encode


def attributes_of(record: Record, event: Event) -> Mapping[str, str]:
    """The record's attributes, in order; made of the event where a header is missing without which it is no CloudEvent.

    A record that something else wrote, or copied without its headers, thus goes out as one of ours would.
    """
    found = _attributes(record.headers)
    complete = all(found.get(name) for name in _REQUIRED) and found["specversion"] == names.CLOUDEVENTS_VERSION
    return found if complete else _attributes(record_headers(event))


def structured(record: Record, event: Event) -> bytes:
    """One event with its attributes in one JSON object; the event's text stands in it as it is."""
    members = {**attributes_of(record, event), "datacontenttype": DATA}
    head = b",".join(_encode(name) + b":" + _encode(value) for name, value in members.items())
    return b"{" + head + b',"data":' + sent_json(event) + b"}"


def batched(pairs: Iterable[tuple[Record, Event]]) -> bytes:
    """Several events in one JSON array."""
    return b"[" + b",".join(structured(record, event) for record, event in pairs) + b"]"


def binary_headers(record: Record, event: Event) -> tuple[tuple[str, str], ...]:
    """The attributes as HTTP headers, percent-encoded; the body is then the event alone."""
    return tuple((f"ce-{name}", quote(value, safe=_LITERAL)) for name, value in attributes_of(record, event).items())


def _attributes(headers: Headers | Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """What is an attribute's name and has text, the last of a name; what is not UTF-8 is left out."""
    found: dict[str, str] = {}
    for name, value in headers:
        if value and _NAME.fullmatch(name) and name not in _NO_ATTRIBUTES:
            try:
                found[name.removeprefix(_PREFIX)] = value.decode()
            except UnicodeDecodeError:
                continue
    return found
