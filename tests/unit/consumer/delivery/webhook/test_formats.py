"""Events to requests in every format: bodies, headers, what may share a batch, and what cannot be sent."""

import asyncio
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.delivery.policy.outcome import Answer, Result
from consumer.delivery.webhook.formats import Sendable, UnsendableError, kind_of, request_of
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.sender import Sender
from consumer.delivery.webhook.signing import Signer
from consumer.lanes.delivery import Delivery, Lane
from consumer.record import Record
from runtime.clock import SystemClock
from runtime.config.endpoint_settings import WebhookFormat
from schemas import ActorRecord, Event, RequestRecord, SourceRecord, Target
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.envelope import read_envelope, read_event
from schemas.headers import record_headers, webhook_id
from schemas.timestamps import ZERO_TIME
from tests.kit.events import V1, V2, events
from tests.kit.paths import FAULTS
from tests.kit.real_notifications import notifications

FORMATS: tuple[WebhookFormat, ...] = get_args(WebhookFormat)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

DELETE = Event(
    id="320678d8-ca14-430f-8bb6-4ca139cd83f7",
    timestamp="2006-01-02T15:04:05.123456789+05:30",
    action="delete",
    target=Target(repository="library/test", tag="latest"),
    request=RequestRecord(id="r", addr="client.local", host="registry.local", method="DELETE", useragent="test/0.1"),
    actor=ActorRecord(name="a<b"),
    source=SourceRecord(addr="node.local:5000", instance_id="i"),
    registry="eu",
    content_type=V2,
)
AS_V1 = b"""{
   "events": [
      {
         "id": "320678d8-ca14-430f-8bb6-4ca139cd83f7",
         "timestamp": "2006-01-02T15:04:05.123456789+05:30",
         "action": "delete",
         "target": {
            "repository": "library/test",
            "tag": "latest"
         },
         "request": {
            "id": "r",
            "addr": "client.local",
            "host": "registry.local",
            "method": "DELETE",
            "useragent": "test/0.1"
         },
         "actor": {
            "name": "a\\u003cb"
         },
         "source": {
            "addr": "node.local:5000",
            "instanceID": "i"
         }
      }
   ]
}"""
AS_V2 = AS_V1.replace(
    b'"target": {\n',
    b'"target": {\n            "mediaType": "",\n            "digest": "",\n            "size": 0,\n',
)
FULL = b'{"id":"x","action":"push","extra":{"deep":[1.0]},"target":{"repository":"a","size":7,"more":null}}'


def sendable(event: Event, *, offset: int = 7, traceparent: str = "") -> Sendable:
    """Make the event and its record as they lie in the log."""
    headers = tuple(record_headers(event, traceparent=traceparent))
    value = frame(CATALOG.latest.id, encode(event))
    return Record("registry.events", 3, offset, 1_700_000_000_000, b"library/test", value, headers), event


def headers_of(request: WebhookRequest) -> dict[str, str]:
    """Make a mapping of headers of which none stands twice."""
    assert len(dict(request.headers)) == len(request.headers)
    return dict(request.headers)


POSTS = [pytest.param(one.content_type, one.body, id=one.name) for one in notifications()]


@pytest.mark.parametrize(("content_type", "body"), POSTS)
def test_what_a_registry_sent_goes_out_byte_for_byte(content_type: str, body: bytes) -> None:
    """Format `registry` repeats the POST that brought the event, Content-Type and all."""
    (event,) = read_envelope(body, content_type=content_type)

    request = request_of([sendable(event)])

    assert (body, content_type) == (request.body, headers_of(request)["content-type"])


@pytest.mark.parametrize(("content_type", "body"), POSTS)
def test_a_fixed_shape_repeats_its_own_version_and_keeps_the_members_of_the_other(
    content_type: str, body: bytes
) -> None:
    """What 2.8 sent is unchanged as registry-v1, what 3.x sent as registry-v2, and each reads the same in both."""
    own: WebhookFormat = "registry-v1" if content_type == V1 else "registry-v2"
    other: WebhookFormat = "registry-v2" if content_type == V1 else "registry-v1"
    other_type = V2 if content_type == V1 else V1
    (event,) = read_envelope(body, content_type=content_type)

    request = request_of([sendable(event)], other)

    assert body == request_of([sendable(event)], own).body
    assert other_type == headers_of(request)["content-type"]
    assert body != request.body
    (back,) = read_envelope(request.body, content_type=other_type)
    assert event == replace(back, content_type=content_type)


@pytest.mark.parametrize(
    ("format_", "came_as", "content_type", "body"),
    [
        ("registry", V1, V1, AS_V1),
        ("registry", V2, V2, AS_V2),
        ("registry", "application/json", "application/json", AS_V2),
        *(("registry-v1", came_as, V1, AS_V1) for came_as in (V1, V2, "application/json")),
        *(("registry-v2", came_as, V2, AS_V2) for came_as in (V1, V2, "application/json")),
    ],
)
def test_the_shape_is_the_formats(format_: WebhookFormat, came_as: str, content_type: str, body: bytes) -> None:
    """2.8 leaves out a delete's empty members, 3.x writes them; only `registry` asks how the event came."""
    request = request_of([sendable(replace(DELETE, content_type=came_as))], format_)

    assert (body, content_type) == (request.body, headers_of(request)["content-type"])


@pytest.mark.parametrize("format_", ["registry-v1", "registry-v2"])
@pytest.mark.parametrize(
    ("timestamp", "written"),
    [
        ({}, ZERO_TIME),
        ({"timestamp": None}, ZERO_TIME),
        ({"timestamp": ""}, ZERO_TIME),
        ({"timestamp": "yesterday"}, ZERO_TIME),
        ({"timestamp": 1795501334}, ZERO_TIME),
        ({"timestamp": "2026-11-24 11:52:14"}, ZERO_TIME),
        ({"timestamp": "2026-11-24t11:52:14.5z"}, "2026-11-24T11:52:14.5Z"),
        ({"timestamp": "0001-01-01T00:00:00+10:00"}, "0001-01-01T00:00:00+10:00"),
    ],
)
def test_a_fixed_shape_always_has_a_time(format_: WebhookFormat, timestamp: dict[str, Any], written: str) -> None:
    """Registries 2.8 and 3.x always write a time, and Go refuses a whole envelope for one it cannot read."""
    event = read_event(json.dumps({"action": "push", **timestamp}), content_type=V2)

    (sent,) = json.loads(request_of([sendable(event)], format_).body)["events"]

    assert written == sent["timestamp"]


def test_the_event_without_a_time_that_receivers_refused() -> None:
    """What GitLab's template sends without a time has the zero time in both shapes, and goes out as it came else."""
    body = (FAULTS / "no-timestamp.json").read_bytes()
    (event,) = read_envelope(body, content_type=V2)
    sent = {name: request_of([sendable(event)], name).body for name in ("registry", "registry-v1", "registry-v2")}
    assert "timestamp" not in json.loads(sent["registry"])["events"][0]
    assert all(json.loads(sent[name])["events"][0]["timestamp"] == ZERO_TIME for name in ("registry-v1", "registry-v2"))


def test_unknown_members_stay_only_where_the_event_goes_out_as_it_came() -> None:
    """A kept text goes out as it is with `registry` and both CloudEvents formats; the fixed shapes leave it."""
    event = read_event(FULL.decode(), content_type=V2)

    bodies = {format_: request_of([sendable(event)], format_).body for format_ in FORMATS}

    assert {name for name, body in bodies.items() if FULL in body} == {"registry", "cloudevents", "cloudevents-binary"}
    assert not [name for name in ("registry-v1", "registry-v2") if b"extra" in bodies[name] or b"more" in bodies[name]]


@pytest.mark.parametrize("format_", FORMATS)
def test_every_request_says_which_event_it_carries(format_: WebhookFormat) -> None:
    """Id, place, label and trace stand in the headers of every format, under the same names."""
    request = request_of([sendable(DELETE, traceparent=TRACEPARENT)], format_)

    said = headers_of(request)
    assert {
        "webhook-id": DELETE.id,
        "registry-event": "registry.events/3/7",
        "registry-name": "eu",
        "traceparent": TRACEPARENT,
    } == {name: said[name] for name in ("webhook-id", "registry-event", "registry-name", "traceparent")}
    assert request.webhook_id == DELETE.id


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_not_known_is_no_header(format_: WebhookFormat) -> None:
    """Without a label and without a valid trace there is no header for them; an id that is none gives way to a hash."""
    event = replace(DELETE, registry="", id="a.b")

    said = headers_of(request_of([sendable(event, traceparent="\r\nX: y")], format_))

    assert {"registry-name", "traceparent"} & set(said) == set()
    assert said["webhook-id"] == webhook_id(event)
    assert said["webhook-id"].startswith("sha256-")


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "cloudevents-binary"])
def test_a_batch_holds_its_events_in_order(format_: WebhookFormat) -> None:
    """The ids stand in the body in the order of the records, which are all named; a trace is no batch's."""
    pairs = [sendable(replace(DELETE, id=f"e{n}"), offset=n, traceparent=TRACEPARENT) for n in range(3)]

    request = request_of(pairs, format_)

    found = json.loads(request.body)
    inner = found["events"] if isinstance(found, dict) else [event["data"] for event in found]
    assert [event["id"] for event in inner] == ["e0", "e1", "e2"]
    said = headers_of(request)
    assert said["registry-event"] == "registry.events/3/0,registry.events/3/1,registry.events/3/2"
    assert said["webhook-id"] == "batch_" + sha256(b"e0\ne1\ne2").hexdigest()[:32]
    assert "traceparent" not in said


@pytest.mark.parametrize(
    ("format_", "apart"),
    [
        ("registry", {"type", "label"}),
        ("registry-v1", {"label"}),
        ("registry-v2", {"label"}),
        ("cloudevents", {"label"}),
        ("cloudevents-binary", {"place"}),
    ],
)
def test_what_may_share_a_batch(format_: WebhookFormat, apart: set[str]) -> None:
    """A batch has one Content-Type as it goes out and one label; in binary mode nothing shares a request."""
    one = kind_of(sendable(DELETE), format_)
    others = {
        "type": kind_of(sendable(replace(DELETE, content_type=V1)), format_),
        "label": kind_of(sendable(replace(DELETE, registry="us")), format_),
        "place": kind_of(sendable(DELETE, offset=8), format_),
        "id": kind_of(sendable(replace(DELETE, id="other")), format_),
    }

    assert apart == {name for name, kind in others.items() if kind != one}


def test_binary_mode_refuses_a_batch() -> None:
    """CloudEvents has no binary batch; to send one event of it and drop the rest would lose them."""
    with pytest.raises(UnsendableError, match="2 events do not fit"):
        request_of([sendable(DELETE), sendable(DELETE, offset=8)], "cloudevents-binary")


@pytest.mark.parametrize("bad", ["text/x\r\nX-Evil: 1", "text/é", "text/\x00", "text/\x7f"])
def test_a_content_type_that_is_no_headers_is_unsendable(bad: str) -> None:
    """Where the event's Content-Type goes out it must be able to; where the format has its own it does not matter."""
    pair = sendable(replace(DELETE, content_type=bad))

    with pytest.raises(UnsendableError, match="its Content-Type does not fit into a header"):
        request_of([pair])
    assert all(request_of([pair], name) for name in FORMATS if name != "registry")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_label_that_is_no_headers_is_unsendable(format_: WebhookFormat) -> None:
    """A label that something else wrote into the log cannot split a header."""
    with pytest.raises(UnsendableError, match="its label does not fit into a header"):
        request_of([sendable(replace(DELETE, registry="eu\nX: y"))], format_)


def test_a_content_type_may_hold_what_a_header_may() -> None:
    """Parameters, spaces and tabs go out as they came; none at all becomes the one that fits the shape."""
    types = ["application/json;\tcharset=utf-8", 'application/json; a="b c"', ""]

    sent = [headers_of(request_of([sendable(replace(DELETE, content_type=came))]))["content-type"] for came in types]

    assert [*types[:2], V2] == sent


@given(event=events(original=st.sampled_from(["", '{"id": "\\ud800", "n": 1E400}'])), format_=st.sampled_from(FORMATS))
def test_every_event_can_be_sent_in_every_format(event: Event, format_: WebhookFormat) -> None:
    """Whatever an event holds, its body is JSON and its headers are ASCII without a line break."""
    request = request_of([sendable(event)], format_)

    assert json.loads(request.body)
    for name, value in request.headers:
        assert (name + value).isascii(), (name, value)
        assert value.isprintable(), (name, value)


class Kept:
    """A client that keeps what it is given."""

    def __init__(self) -> None:
        self.requests: list[WebhookRequest] = []

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """Keep it."""
        self.requests.append(request)
        return Answer(200)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("format_", FORMATS)
def test_a_delivery_of_which_only_bytes_were_kept_is_sent_the_same(format_: WebhookFormat) -> None:
    """Sender decodes the record where the event was not kept, and renders in the endpoint's format."""
    client = Kept()
    sending = Sender(client, Signer(), SystemClock(), format_)
    record, event = sendable(DELETE)
    lane = Lane((3, b"library/test"))

    kept, bare = Delivery(record, event, lane, 0.0, None), Delivery(record, None, lane, 0.0, None)
    asyncio.run(sending.send([kept]))
    asyncio.run(sending.send([bare]))

    assert [request_of([(record, event)], format_)] * 2 == client.requests
    assert sending.kind(kept) == sending.kind(bare) == kind_of((record, event), format_)


def test_sending_says_what_cannot_be_built() -> None:
    """Text that UTF-8 cannot carry is the event's fault: a dead letter, not a failed worker."""
    record, event = sendable(DELETE)
    broken = Delivery(record, replace(event, original='{"id": "\ud800"}'), Lane((3, b"a")), 0.0, None)

    with pytest.raises(UnsendableError, match="no request can be built: UnicodeEncodeError"):
        asyncio.run(Sender(Kept(), Signer(), SystemClock()).send([broken]))
