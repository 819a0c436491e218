"""Formats: what may share a batch, and what cannot be sent in a header."""

import asyncio
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from consumer.delivery.policy.outcome import Answer, Result
from consumer.delivery.webhook.formats import UnsendableError, kind_of, request_of
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.sender import Sender
from consumer.delivery.webhook.signing import Signer
from consumer.lanes.delivery import Delivery, Lane
from runtime.clock import SystemClock
from runtime.config.endpoint_settings import WebhookForm
from tests.kit.events import V1, V2
from tests.kit.sendables import DELETE, FORMS, ONE_BY_ONE, TEMPLATE, TRACEPARENT, headers_of, sendable


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ONE_BY_ONE])
def test_a_batch_holds_its_events_in_order(form: WebhookForm) -> None:
    """The ids stand in the body in the order of the records, which are all named; a trace is no batch's."""
    pairs = [sendable(replace(DELETE, id=f"e{n}"), offset=n, traceparent=TRACEPARENT) for n in range(3)]

    request = request_of(pairs, form)

    found = json.loads(request.body)
    inner = found["events"] if isinstance(found, dict) else [event["data"] for event in found]
    assert [event["id"] for event in inner] == ["e0", "e1", "e2"]
    said = headers_of(request)
    assert said["registry-event"] == "registry.events/3/0,registry.events/3/1,registry.events/3/2"
    assert said["webhook-id"] == "batch_" + sha256(b"e0\ne1\ne2").hexdigest()[:32]
    assert "traceparent" not in said


@pytest.mark.parametrize(
    ("form", "apart"),
    [
        ("registry", {"type", "label"}),
        ("registry-v1", {"label"}),
        ("registry-v2", {"label"}),
        ("cloudevents", {"label"}),
        ("cloudevents-binary", {"place"}),
        ("source", {"place"}),
        ("acr", {"place"}),
        (TEMPLATE, {"place"}),
    ],
)
def test_what_may_share_a_batch(form: WebhookForm, apart: set[str]) -> None:
    """A batch has one Content-Type as it goes out and one label; some share no request at all."""
    one = kind_of(sendable(DELETE), form)
    others = {
        "type": kind_of(sendable(replace(DELETE, content_type=V1)), form),
        "label": kind_of(sendable(replace(DELETE, registry="us")), form),
        "place": kind_of(sendable(DELETE, offset=8), form),
        "id": kind_of(sendable(replace(DELETE, id="other")), form),
    }

    assert apart == {name for name, kind in others.items() if kind != one}


@pytest.mark.parametrize("form", ONE_BY_ONE)
def test_some_forms_refuse_a_batch(form: WebhookForm) -> None:
    """Where a request carries one event, to send one of a batch and drop the rest would lose them."""
    with pytest.raises(UnsendableError, match="2 events do not fit"):
        request_of([sendable(DELETE), sendable(DELETE, offset=8)], form)


@pytest.mark.parametrize("bad", ["text/x\r\nX-Evil: 1", "text/é", "text/\x00", "text/\x7f"])
def test_a_content_type_that_is_no_headers_is_unsendable(bad: str) -> None:
    """Where the event's Content-Type goes out it must be able to; where the format has its own it does not matter."""
    pair = sendable(replace(DELETE, content_type=bad))

    with pytest.raises(UnsendableError, match="its Content-Type does not fit into a header"):
        request_of([pair])
    assert all(request_of([pair], name) for name in FORMS if name not in {"registry", "source"})


@pytest.mark.parametrize("form", FORMS)
def test_a_label_that_is_no_headers_is_unsendable(form: WebhookForm) -> None:
    """A label that something else wrote into the log cannot split a header."""
    with pytest.raises(UnsendableError, match="its label does not fit into a header"):
        request_of([sendable(replace(DELETE, registry="eu\nX: y"))], form)


@pytest.mark.parametrize(
    "members",
    [{"source_content_type": "a/b\r\nX: y"}, {"source_headers": {"x-github-event": "a\nb"}}],
)
def test_what_a_source_said_cannot_split_a_header(members: dict[str, Any]) -> None:
    """Content-Type and headers of a source go out in format source alone, where they must be able to."""
    pair = sendable(replace(DELETE, source_format="github", source_body="{}", **members))

    with pytest.raises(UnsendableError, match="does not fit into a header"):
        request_of([pair], "source")
    assert all(request_of([pair], form) for form in FORMS if form != "source")


def test_a_content_type_may_hold_what_a_header_may() -> None:
    """Parameters, spaces and tabs go out as they came; none at all becomes the one that fits the shape."""
    types = ["application/json;\tcharset=utf-8", 'application/json; a="b c"', ""]

    sent = [headers_of(request_of([sendable(replace(DELETE, content_type=came))]))["content-type"] for came in types]

    assert [*types[:2], V2] == sent


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


@pytest.mark.parametrize("form", FORMS)
def test_a_delivery_of_which_only_bytes_were_kept_is_sent_the_same(form: WebhookForm) -> None:
    """Sender decodes the record where the event was not kept, and renders in the endpoint's format."""
    client = Kept()
    sending = Sender(client, Signer(), SystemClock(), form)
    record, event = sendable(DELETE)
    lane = Lane((3, b"library/test"))

    kept, bare = Delivery(record, event, lane, 0.0, None), Delivery(record, None, lane, 0.0, None)
    asyncio.run(sending.send([kept]))
    asyncio.run(sending.send([bare]))

    assert [request_of([(record, event)], form)] * 2 == client.requests
    assert sending.kind(kept) == sending.kind(bare) == kind_of((record, event), form)


def test_sending_says_what_cannot_be_built() -> None:
    """Text that UTF-8 cannot carry is the event's fault: a dead letter, not a failed worker."""
    record, event = sendable(DELETE)
    broken = Delivery(record, replace(event, original='{"id": "\ud800"}'), Lane((3, b"a")), 0.0, None)

    with pytest.raises(UnsendableError, match="no request can be built: UnicodeEncodeError"):
        asyncio.run(Sender(Kept(), Signer(), SystemClock()).send([broken]))
