"""What is in a body, by the source that has sent it."""

import json
import tracemalloc
from typing import Any

import pytest
from msgspec.structs import replace

from producer.event_record import record_of
from producer.sources import contents
from producer.sources.cloud_event import BATCHED, STRUCTURED
from producer.sources.contents import BodyContents, NotTakenError, PostFacts, TooMuchError, contents_of
from runtime.config.source_settings import Kept, SourceFormat, SourceSettings
from schemas.event import MEDIA_TYPE_V1, MEDIA_TYPE_V2, Event
from schemas.limits import MAX_VALUES
from schemas.original import fault_of
from tests.kit.foreign_samples import sample

LIMIT = 24 * 2**20
PUSH: dict[str, Any] = {
    "id": "1",
    "action": "push",
    "target": {"repository": "shop/web", "tag": "v3"},
    "actor": {"name": "ann", "user": "SECRET"},
}
ENVELOPE = json.dumps({"events": [PUSH, PUSH | {"action": "odd"}]}).encode()


def facts(
    source_format: SourceFormat, *, drop: tuple[str, ...] = (), keep: Kept = "images", content_type: str = "a/b"
) -> PostFacts:
    """Of a POST of a source."""
    source = SourceSettings(name="here", format=source_format, registry="eu", drop=drop, keep=keep)
    return PostFacts(content_type, "eu", source=source, headers={"x-kind": "k"}, max_record_bytes=LIMIT)


def taken(found: BodyContents) -> list[Event]:
    """All events, in order."""
    return [found.take() for _ in range(len(found))]


def test_a_distribution_source_has_envelopes_as_ever() -> None:
    """Nothing of a foreign body is in its events."""
    source = facts("distribution", content_type=MEDIA_TYPE_V1)
    found = contents_of(ENVELOPE, source)
    assert found.kinds == {"image": 2}
    assert taken(found) == taken(contents_of(ENVELOPE, replace(source, source=None)))


def test_gitlab_is_named_and_its_token_is_gone() -> None:
    """From members and text alike; the text of an event is what goes out."""
    found = taken(contents_of(ENVELOPE, facts("gitlab", drop=("actor.user",), content_type=MEDIA_TYPE_V1)))
    assert [(event.action, event.source_format, event.source_body) for event in found] == [
        ("push", "gitlab", ""),
        ("odd", "gitlab", ""),
    ]
    assert [json.loads(event.original)["actor"] for event in found] == [{"name": "ann"}] * 2
    assert "SECRET" not in str(found)


def test_an_event_of_another_format_has_all_that_came() -> None:
    """The body to the byte, its Content-Type, the format's headers, and the label."""
    body = b"\xef\xbb\xbf " + json.dumps(PUSH).encode() + b"\n"
    (event,) = taken(contents_of(body, facts("acr", content_type="Application/JSON; charset=utf-8")))
    assert event.source_body.encode() == body.removeprefix(b"\xef\xbb\xbf")
    assert (event.source_format, event.source_content_type) == ("acr", "Application/JSON; charset=utf-8")
    assert (event.source_headers, event.registry, event.content_type) == ({"x-kind": "k"}, "eu", MEDIA_TYPE_V2)


def test_what_is_dropped_is_nowhere() -> None:
    """Neither in the body nor in the event's own text."""
    (event,) = taken(contents_of(json.dumps(PUSH).encode(), facts("acr", drop=("actor.user", "target.x"))))
    assert "SECRET" not in str(event)
    assert json.loads(event.source_body)["actor"] == {"name": "ann"}


@pytest.mark.parametrize("added", [{"id": None}, {"timestamp": 5}, {}])
def test_a_text_that_goes_out_is_that_of_its_event(added: dict[str, Any]) -> None:
    """With the same id, which a source may have left out: else a worker would take the record for a forged one."""
    (event,) = taken(contents_of(json.dumps(PUSH | {"region": "eu"} | added).encode(), facts("acr")))
    assert event.id
    assert bool(event.original) == ("id" not in added)
    assert not event.original or fault_of(event) == ""


@pytest.mark.parametrize(("keep", "actions"), [("images", []), ("all", ["ping"])])
def test_another_kind_is_counted_and_kept_if_that_is_said(keep: Kept, actions: list[str]) -> None:
    """With the body, as every event of the source has it; without an id of its own it gets one."""
    found = contents_of(b'{"action":"ping"}', facts("acr", keep=keep))
    assert found.kinds == {"image": 0, "ping": 1}
    events = taken(found)
    assert [event.action for event in events] == actions
    assert all(event.source_body == '{"action":"ping"}' and event.id.startswith("sha256-") for event in events)


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        (
            b"[]",
            "",
            "source here takes format acr: must be one event, an object with `action` and `target`, as Azure sends it",
        ),
        (b"{", "line 1 column 2", "source here takes format acr: not JSON: Expecting property name enclosed in"),
        (b'{"a":"\xff"}', "", "source here takes format acr: the body is not UTF-8 (byte 6)"),
        (ENVELOPE, "", "source here takes format acr: must be one event"),
    ],
)
@pytest.mark.parametrize("drop", [(), ("a.b",)])
def test_a_body_of_another_format_is_refused(body: bytes, path: str, says: str, drop: tuple[str, ...]) -> None:
    """With what was expected, and where."""
    with pytest.raises(NotTakenError) as refused:
        contents_of(body, facts("acr", drop=drop))
    assert str(refused.value).startswith(says)
    assert refused.value.path == path


def test_what_is_no_envelope_names_the_source() -> None:
    """So that its operator finds it; without a source nothing is added."""
    with pytest.raises(NotTakenError, match=r"^source here takes format gitlab: an envelope must be a JSON object$"):
        contents_of(b"[]", facts("gitlab"))
    with pytest.raises(NotTakenError, match=r"^an envelope must be a JSON object$"):
        contents_of(b"[]", PostFacts(MEDIA_TYPE_V2, "eu"))


def test_too_many_values_are_refused() -> None:
    """As of an envelope."""
    with pytest.raises(TooMuchError, match="a body may have 350,000 values"):
        contents_of(b'{"action":"push","x":[' + b"1," * MAX_VALUES + b"1]}", facts("acr"))


def test_a_record_that_kafka_would_not_take_is_refused() -> None:
    """Before it is written: its sender would try for ever."""
    long = json.dumps({"action": "push", "target": {"repository": "r" * 5000}}).encode()
    (event,) = taken(contents_of(long, facts("acr")))
    size = record_of(event, topic="", accepted_ms=0).size
    assert len(contents_of(long, replace(facts("acr"), max_record_bytes=size))) == 1
    with pytest.raises(TooMuchError, match="the record of an event may have"):
        contents_of(long, replace(facts("acr"), max_record_bytes=size - 1))


LONG: list[dict[str, Any]] = [
    {"target": {"repository": "r" * 2**20}},
    {"action": "a" * 2**20},
    {"source": {"addr": "ä" * 2**20}},
    {"source": {"addr": '"' * 2**19}},
    {"timestamp": "2026-01-02T03:04:05." + "0" * 2**20 + "Z"},
    {"target": {"url": "u" * 2**20}},
    {"target": {"references": [{}] * 40_000}},
]
"""Events that are nothing but one member."""


@pytest.mark.parametrize("event", LONG)
def test_a_record_has_an_events_text_and_its_members_once_each(event: dict[str, Any]) -> None:
    """So Kafka takes whatever a body of half a MiB or more can hold, to the byte."""
    body = json.dumps({"events": [event]}, ensure_ascii=False).encode()
    post = PostFacts(MEDIA_TYPE_V2, "l" * 63, max_record_bytes=3 * max(len(body), 2**19))
    (found,) = taken(contents_of(body, post))
    assert record_of(found, topic="", accepted_ms=0).size <= post.max_record_bytes
    assert found.original == json.dumps(event, ensure_ascii=False)


def test_an_event_of_references_with_nothing_in_them_is_refused() -> None:
    """Where the largest body is small: each takes more bytes of a record than of a body."""
    body = json.dumps({"events": [PUSH, {"target": {"references": [{}] * 20_000}}]}, separators=(",", ":")).encode()
    assert len(body) <= 64 * 1024
    with pytest.raises(TooMuchError, match=r"of an event may have 192 KiB .* this one has") as refused:
        contents_of(body, PostFacts(MEDIA_TYPE_V2, "", max_record_bytes=3 * 64 * 1024))
    assert refused.value.path == "events[1]"


@pytest.mark.parametrize(("events", "size"), [(1000, 65_536_000), (1, 64 * 2**20)])
def test_copies_of_a_body_within_the_limits(events: int, size: int) -> None:
    """Each event keeps the whole body, or its part of a batch."""
    contents.check_copies(events, size)


def test_too_many_copies_of_a_body_are_refused() -> None:
    """A small POST must not fill the topic."""
    with pytest.raises(TooMuchError) as refused:
        contents.check_copies(65, 65 * 2**20)
    said = "65 events, of which each keeps its body, 65 MiB together; they may keep 64 MiB"
    assert str(refused.value) == said


@pytest.mark.parametrize("keep", ["images", "all"])
def test_too_many_events_are_refused(keep: Kept) -> None:
    """Whether or not they are kept: 1,000 of a body are taken, one more is not."""
    one = sample("cloudevents", "unknown").value
    whole = facts("cloudevents", keep=keep, content_type=BATCHED)
    assert contents_of(json.dumps([one] * 1000).encode(), whole).kinds == {"image": 0, "other": 1000}
    with pytest.raises(TooMuchError, match="1,001 events; a body may have 1,000"):
        contents_of(json.dumps([one] * 1001).encode(), whole)


def test_an_event_of_a_batch_keeps_its_part() -> None:
    """Whoever gets one event of a batch of CloudEvents gets that CloudEvent, and as one alone."""
    one = sample("cloudevents", "batched")
    found = contents_of(one.body, facts("cloudevents", keep="all", content_type=one.headers["content-type"]))
    events = taken(found)
    assert [json.loads(event.source_body) for event in events] == one.value
    assert {event.source_content_type for event in events} == {STRUCTURED}
    assert all(event.source_body.encode() in one.body for event in events)


def test_many_small_events_of_a_batch_are_taken() -> None:
    """The limit is of what they keep: 1,000 CloudEvents of 1 KiB are 1 MiB, and not 1 GiB."""
    one = sample("cloudevents", "batched")
    body = json.dumps(one.value[:1] * 1000).encode()
    assert len(contents_of(body, facts("cloudevents", content_type=one.headers["content-type"]))) == 1000


def test_long_names_are_not_multiplied() -> None:
    """A small body of a thousand events takes little memory before it is refused, whatever it names."""
    push = sample("harbor", "cloudevent-push").value
    resource = {"tag": "v3", "digest": "sha256:0a", "resource_url": "harbor.example/x"}
    long = {"id": "i" * 2**18, "data": {"repository": {"repo_full_name": "r" * 2**18}, "resources": [resource] * 1000}}
    body = json.dumps(push | long).encode()
    tracemalloc.start()
    with pytest.raises(TooMuchError, match="they may keep 64 MiB"):
        contents_of(body, facts("harbor", content_type=STRUCTURED))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 * len(body)
