"""CloudEvents out: what the CloudEvents SDK reads of them is what the record says, in all three modes."""

import json
from datetime import datetime
from typing import Any

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_binary, from_structured
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from msgspec.structs import replace

from consumer.delivery.webhook.cloudevents import attributes_of
from consumer.delivery.webhook.formats import Sendable, request_of
from consumer.delivery.webhook.request import WebhookRequest
from consumer.record import Headers, Record
from schemas import Event, SourceRecord, Target
from schemas.envelope import read_event
from schemas.headers import record_headers
from schemas.wire import event_json, sent_json
from tests.kit.events import V2, events

EVENT = Event(
    id="320678d8-ca14-430f-8bb6-4ca139cd83f7",
    timestamp="2006-01-02T15:04:05.123456789+05:30",
    action="push",
    target=Target(repository="library/app", tag="v1", size=7, digest="sha256:0a"),
    source=SourceRecord(addr="node.local:5000"),
)
ATTRIBUTES = {
    "specversion": "1.0",
    "id": EVENT.id,
    "type": "registry.notifications.push",
    "source": "//node.local:5000",
    "time": EVENT.timestamp,
    "subject": "library/app",
}


def sendable(event: Event, headers: Headers | None = None, offset: int = 0) -> Sendable:
    """Make an event with a record that has these headers, by default those of our own writer."""
    own = tuple(record_headers(event)) if headers is None else headers
    return Record("registry.events", 0, offset, 0, b"library/app", b"", own), event


def structured_by_sdk(request: WebhookRequest) -> BaseCloudEvent:
    """Read a request in structured mode as the SDK does."""
    return from_structured(HTTPMessage(dict(request.headers), request.body), JSONFormat())


def binary_by_sdk(request: WebhookRequest) -> BaseCloudEvent:
    """Read a request in binary mode as the SDK does."""
    return from_binary(HTTPMessage(dict(request.headers), request.body), JSONFormat())


def as_read(attributes: dict[str, str]) -> dict[str, Any]:
    """Make what the SDK makes of attributes: the time is a time, and the data's type stands beside them."""
    times = {name: datetime.fromisoformat(value) for name, value in attributes.items() if name == "time"}
    return {**attributes, **times, "datacontenttype": "application/json"}


def test_structured_mode_is_what_the_sdk_reads() -> None:
    """One JSON object with the record's attributes, and the event without an envelope as data."""
    request = request_of([sendable(EVENT)], "cloudevents")

    read = structured_by_sdk(request)

    assert dict(request.headers)["content-type"] == "application/cloudevents+json"
    assert as_read(ATTRIBUTES) == read.get_attributes()
    assert json.loads(event_json(EVENT)) == read.get_data()


def test_binary_mode_is_what_the_sdk_reads() -> None:
    """The attributes are headers, the body is the event's text itself."""
    request = request_of([sendable(EVENT)], "cloudevents-binary")

    read = binary_by_sdk(request)

    assert dict(request.headers)["content-type"] == "application/json"
    assert event_json(EVENT) == request.body
    assert as_read(ATTRIBUTES) == read.get_attributes()
    assert json.loads(event_json(EVENT)) == read.get_data()


def test_a_batch_is_an_array_of_structured_events() -> None:
    """Each member of the array is what the event alone would be (JSON event format, section 4)."""
    pairs = [sendable(replace(EVENT, id=f"e{number}"), offset=number) for number in range(3)]

    request = request_of(pairs, "cloudevents")

    assert dict(request.headers)["content-type"] == "application/cloudevents-batch+json"
    alone = [request_of([pair], "cloudevents").body for pair in pairs]
    assert b"[" + b",".join(alone) + b"]" == request.body
    members = [JSONFormat().read(None, json.dumps(member)) for member in json.loads(request.body)]
    assert [member.get_id() for member in members] == ["e0", "e1", "e2"]


def test_the_events_text_stands_in_it_as_it_came() -> None:
    """Numbers that no float holds, doubled keys and unknown members are not touched."""
    text = '{"id":"x","n":1.0e400,"n":12345678901234567890.10,"action":"pull"}'
    event = read_event(text, content_type=V2)

    assert text.encode() == request_of([sendable(event)], "cloudevents-binary").body
    assert request_of([sendable(event)], "cloudevents").body.endswith(b',"data":' + text.encode() + b"}")


def test_the_records_headers_are_the_attributes() -> None:
    """What the record says is passed on: an id by an older rule, an extension that somebody added."""
    headers = (*record_headers(EVENT), ("ce_id", b"older"), ("ce_tenant", b"eu"), ("traceparent", b"x"), ("dl-x", b"y"))

    expected = ATTRIBUTES | {"id": "older", "tenant": "eu"}
    assert expected == attributes_of(*sendable(EVENT, headers))
    assert (
        as_read(expected) == structured_by_sdk(request_of([sendable(EVENT, headers)], "cloudevents")).get_attributes()
    )
    assert (
        as_read(expected)
        == binary_by_sdk(request_of([sendable(EVENT, headers)], "cloudevents-binary")).get_attributes()
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"ce_specversion": b"0.3"},
        {"ce_specversion": None},
        {"ce_id": b""},
        {"ce_id": b"\xff"},
        {"ce_type": None},
        {"ce_source": None},
    ],
)
def test_a_record_that_is_no_cloudevent_gets_the_attributes_it_should_have(changed: dict[str, bytes | None]) -> None:
    """Copied without its headers, or written by something else, a record goes out as one of ours."""
    headers = tuple((name, changed.get(name, value)) for name, value in record_headers(EVENT))

    assert attributes_of(*sendable(EVENT, headers)) == ATTRIBUTES
    assert attributes_of(*sendable(EVENT, ())) == ATTRIBUTES


@pytest.mark.parametrize(
    "header",
    [
        ("ce_data", b"x"),
        ("ce_datacontenttype", b"application/avro"),
        ("ce_", b"x"),
        ("ce_Upper", b"x"),
        ("ce_a-b", b"x"),
        ("ce_a\n", b"x"),
        ("ce_empty", b""),
        ("ce_none", None),
        ("ce_bytes", b"\xff"),
        ("content-type", b"application/avro"),
    ],
)
def test_what_is_no_attribute_is_left_out(header: tuple[str, bytes | None]) -> None:
    """A name outside the grammar, a reserved one or a value that is no text would make the event unreadable."""
    assert attributes_of(*sendable(EVENT, (*record_headers(EVENT), header))) == ATTRIBUTES


@pytest.mark.parametrize(
    ("subject", "header"),
    [
        ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
        ('a"b%c', "a%22b%25c"),
        ("!#$&'()*+,-./0:;<=>?@A[\\]^_`a{|}~", "!#$&'()*+,-./0:;<=>?@A[\\]^_`a{|}~"),
        ("a\r\nb\x7f\x00", "a%0D%0Ab%7F%00"),
    ],
)
def test_headers_are_percent_encoded_as_the_binding_says(subject: str, header: str) -> None:
    """Space, quote, percent and all beyond printable ASCII are encoded in UTF-8, nothing else is (3.1.3.2)."""
    event = replace(EVENT, target=Target(repository=subject))

    request = request_of([sendable(event)], "cloudevents-binary")

    assert header == dict(request.headers)["ce-subject"]
    assert subject == binary_by_sdk(request).get_attributes()["subject"]


@given(event=events())
def test_the_sdk_reads_every_event_alike_in_both_modes(event: Event) -> None:
    """Whatever an event holds, structured and binary mode say the same, and it is what the record says."""
    pair = sendable(event)
    headers = [(name, value) for name, value in pair[0].headers if name.startswith("ce_") and value is not None]
    expected = as_read({name.removeprefix("ce_"): value.decode() for name, value in headers})

    for read in (
        structured_by_sdk(request_of([pair], "cloudevents")),
        binary_by_sdk(request_of([pair], "cloudevents-binary")),
    ):
        found = read.get_attributes()
        assert expected == {name: found[name] for name in found if name in expected or name != "time"}  # it adds a time
        assert json.loads(sent_json(event)) == read.get_data()
