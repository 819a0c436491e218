"""Events to requests in every format: bodies, headers, what may share a batch, and what cannot be sent."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.delivery.webhook.formats import UnsendableError, request_of
from runtime.config.endpoint_settings import WebhookForm
from schemas import Event
from schemas.envelope import read_envelope, read_event
from schemas.headers import webhook_id
from schemas.timestamps import ZERO_TIME
from tests.kit.events import V1, V2, events, texts
from tests.kit.paths import FAULTS
from tests.kit.real_notifications import notifications
from tests.kit.sendables import DELETE, FORMS, TEMPLATE, TRACEPARENT, headers_of, sendable

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
    own: WebhookForm = "registry-v1" if content_type == V1 else "registry-v2"
    other: WebhookForm = "registry-v2" if content_type == V1 else "registry-v1"
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
def test_the_shape_is_the_formats(format_: WebhookForm, came_as: str, content_type: str, body: bytes) -> None:
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
def test_a_fixed_shape_always_has_a_time(format_: WebhookForm, timestamp: dict[str, Any], written: str) -> None:
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
    """A kept text goes out as it is where nothing is made anew; the fixed shapes leave it."""
    event = read_event(FULL.decode(), content_type=V2)

    bodies = {form: request_of([sendable(event)], form).body for form in FORMS}

    kept = {"registry", "cloudevents", "cloudevents-binary", "source", "acr"}
    assert {form for form, body in bodies.items() if FULL in body} == kept
    assert not [name for name in ("registry-v1", "registry-v2") if b"extra" in bodies[name] or b"more" in bodies[name]]


@pytest.mark.parametrize("format_", FORMS)
def test_every_request_says_which_event_it_carries(format_: WebhookForm) -> None:
    """Id, place, label and trace stand in the headers of every format, under the same names."""
    request = request_of([sendable(DELETE, traceparent=TRACEPARENT, tracestate="rojo=1")], format_)

    said = headers_of(request)
    assert {
        "webhook-id": DELETE.id,
        "registry-event": "registry.events/3/7",
        "registry-name": "eu",
        "traceparent": TRACEPARENT,
        "tracestate": "rojo=1",
    } == {name: said[name] for name in ("webhook-id", "registry-event", "registry-name", "traceparent", "tracestate")}
    assert request.webhook_id == DELETE.id


@pytest.mark.parametrize("format_", FORMS)
def test_what_is_not_known_is_no_header(format_: WebhookForm) -> None:
    """Without a label and without a valid trace there is no header for them; an id that is none gives way to a hash."""
    event = replace(DELETE, registry="", id="a.b")

    said = headers_of(request_of([sendable(event, traceparent="\r\nX: y", tracestate="rojo=1")], format_))

    assert {"registry-name", "traceparent", "tracestate"} & set(said) == set()
    assert said["webhook-id"] == webhook_id(event)
    assert said["webhook-id"].startswith("sha256-")


@given(event=events(original=st.sampled_from(["", '{"id": "\\ud800", "n": 1E400}'])), format_=st.sampled_from(FORMS))
def test_every_event_can_be_sent_in_every_format(event: Event, format_: WebhookForm) -> None:
    """Whatever an event holds, its body is JSON or the source's own; its headers are ASCII without a line break."""
    request = request_of([sendable(replace(event, source_headers={}))], format_)

    if format_ == "source" and event.source_body:
        assert event.source_body.encode() == request.body
    else:
        assert json.loads(request.body)
    for name, value in request.headers:
        assert (name + value).isascii(), (name, value)
        assert value.isprintable(), (name, value)


HARBOR = b'{"type":"PUSH_ARTIFACT", "occur_at":1790000000,\n"event_data":{"note":"\xc3\xa4 \\u00e4"}}'
FOREIGN = replace(
    DELETE,
    source_format="harbor",
    source_content_type="application/json; charset=utf-8",
    source_headers={"ce-id": "7", "x-github-event": "package"},
    source_body=HARBOR.decode(),
)


def test_format_source_sends_the_body_of_the_source_byte_for_byte() -> None:
    """With its Content-Type and the headers of its format, and with ours as in every request."""
    request = request_of([sendable(FOREIGN)], "source")

    said = headers_of(request)
    assert HARBOR == request.body
    assert "application/json; charset=utf-8" == said["content-type"]
    assert ("7", "package", DELETE.id, "eu") == (
        said["ce-id"],
        said["x-github-event"],
        said["webhook-id"],
        said["registry-name"],
    )


def test_format_source_without_a_foreign_body_is_format_registry() -> None:
    """What a registry sent is its own envelope, which the event's text gives back."""
    event = read_event(FULL.decode(), content_type=V1)

    assert request_of([sendable(event)], "registry") == request_of([sendable(event)], "source")


@given(event=events(), headers=st.dictionaries(st.sampled_from(["ce-id", "x-a", "host", "a\r\nb"]), texts()))
def test_headers_of_a_source_are_sent_whole_or_the_event_is_unsendable(event: Event, headers: dict[str, str]) -> None:
    """One that cannot stand in a header makes a dead letter; one that frames our request, or is none, is left out."""
    fits = {
        name: value
        for name, value in headers.items()
        if value.isascii() and value.replace("\t", " ").isprintable() and name in {"ce-id", "x-a"}
    }
    pair = sendable(replace(event, source_headers=headers, source_body="{}"))
    if fits.keys() != headers.keys() & {"ce-id", "x-a"}:
        with pytest.raises(UnsendableError, match="does not fit into a header"):
            request_of([pair], "source")
        return

    said = dict(request_of([pair], "source").headers)

    assert fits.items() <= said.items()
    assert {"host", "a\r\nb"}.isdisjoint(said)


@pytest.mark.parametrize("name", ["Host", "content-length", "webhook-id", "x-signature", "authorization", "a b", "ä"])
def test_a_source_cannot_say_anything_else_of_our_request(name: str) -> None:
    """A header that frames the request, names the event, proves a sender or is none is not kept, whoever wrote it."""
    said = request_of([sendable(replace(FOREIGN, source_headers={name: "x"}))], "source").headers

    assert [] == [value for _, value in said if value == "x"]
    assert len(dict(said)) == len(said)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "source"])
def test_other_formats_know_nothing_of_the_source(form: WebhookForm) -> None:
    """What the source sent is in no body and no header but those of format source."""
    own = replace(FOREIGN, source_format="", source_content_type="", source_headers={}, source_body="")
    record, _ = sendable(FOREIGN)

    assert request_of([(record, own)], form) == request_of([(record, FOREIGN)], form)


@pytest.mark.parametrize(
    ("timestamp", "written"),
    [("2026-11-24T11:52:14.5Z", "2026-11-24T11:52:14.5Z"), ("", ZERO_TIME), ("yesterday", ZERO_TIME)],
)
def test_format_acr_is_the_event_alone(timestamp: str, written: str) -> None:
    """The members stand at the top, as in a POST of Azure's registry, and there is always a time that Go reads."""
    request = request_of([sendable(replace(DELETE, timestamp=timestamp))], "acr")

    body = json.loads(request.body)
    assert "application/json" == headers_of(request)["content-type"]
    assert (DELETE.id, "delete", written) == (body["id"], body["action"], body["timestamp"])
    assert ("library/test", "latest") == (body["target"]["repository"], body["target"]["tag"])
    assert "registry.local" == body["request"]["host"]


def test_a_template_is_sent_as_json() -> None:
    """Filled for the event of the request."""
    request = request_of([sendable(DELETE)], TEMPLATE)

    assert f'{{"id":"{DELETE.id}","text":"delete it"}}'.encode() == request.body
    assert "application/json" == headers_of(request)["content-type"]
