"""CloudEvents of any sender: which data is known, and what becomes of it."""

import json
from base64 import b64decode
from typing import Any

import pytest

from producer.sources import acr, harbor, zot
from producer.sources.cloudevents import KINDS, read
from producer.sources.formats import FORMATS
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError
from runtime.config.source_settings import SourceFormat
from schemas.envelope import read_event
from schemas.event import MEDIA_TYPE_V2, Event
from tests.kit.foreign_samples import sample, samples


def facts(event: Event) -> tuple[str, str, str, str, str]:
    """What tells an event from another."""
    return event.id, event.timestamp, event.action, event.target.repository, event.target.tag


@pytest.mark.parametrize("name", ["structured", "base64", "acr-event-grid"])
def test_registry_event(name: str) -> None:
    """Data that is a registry's event gives all its members, its own id and its own time."""
    value = sample("cloudevents", name).value
    data = value.get("data") or json.loads(read_base64(value))
    [event] = read(sample("cloudevents", name).post).events
    wanted = read_event(json.dumps(data), content_type=MEDIA_TYPE_V2)
    assert (wanted.target, wanted.request, wanted.actor, wanted.source) == (
        event.target,
        event.request,
        event.actor,
        event.source,
    )
    assert facts(wanted) == facts(event)


def read_base64(value: Any) -> bytes:
    """The data of a sample that has it as binary."""
    return b64decode(value["data_base64"])


def test_keeps_what_is_not_known() -> None:
    """A registry's event with members that are not known keeps its text as it came."""
    one = sample("cloudevents", "structured")
    [event] = read(one.post).events
    assert one.value["data"] == json.loads(event.original)
    assert event.original.encode() in one.body


def test_binary() -> None:
    """In binary mode the body is the event."""
    [event] = read(sample("cloudevents", "binary").post).events
    assert ("reg-2", "2026-05-01T10:00:02.5Z", "pull", "shop/web", "v2") == facts(event)


def test_batch() -> None:
    """A batch has image events and others; an event without id and time has those of its CloudEvent, in UTC."""
    reading = read(sample("cloudevents", "batched").post)
    assert [
        ("reg-3", "2026-05-01T10:00:03.5Z", "push", "shop/web", "v3"),
        ("9f0c1d77-0000-4000-8000-000000000004", "2026-05-01T10:00:04Z", "push", "shop/web", "v4"),
    ] == [facts(event) for event in reading.events]
    assert [("9f0c1d77-0000-4000-8000-000000000005", "2026-05-01T10:00:05Z", "other", "", "")] == [
        facts(other) for other in reading.others
    ]


@pytest.mark.parametrize(
    ("action", "kind"), [("scan", "scan"), ("retention", "retention"), ("chart_push", "chart"), ("sign", "other")]
)
def test_other_action(action: str, kind: str) -> None:
    """An event of another kind, as a worker sends on what a source told, stays of its kind."""
    one = sample("cloudevents", "structured")
    reading = read(one.with_value({**one.value, "data": {**one.value["data"], "action": action}}))
    assert ([], [kind]) == (reading.events, [other.action for other in reading.others])


def test_envelope() -> None:
    """Data that is an envelope has its events."""
    found = read(sample("cloudevents", "envelope").post).events
    assert ["reg-6", "reg-7"] == [event.id for event in found]


@pytest.mark.parametrize(("name", "reader"), [("harbor", harbor.read), ("zot", zot.read)])
def test_of_a_known_source(name: str, reader: Any) -> None:
    """CloudEvents of Harbor and of zot are read as these formats read them."""
    post = sample("cloudevents", name).post
    assert reader(post) == read(post)


@pytest.mark.parametrize(
    ("source_format", "name"),
    [
        ("harbor", "push"),
        ("harbor", "scan"),
        ("harbor", "replication"),
        ("acr", "push"),
        ("ecr", "push"),
        ("ecr", "scan"),
        ("docker-hub", "push"),
        ("quay", "push-two"),
        ("quay", "build"),
        ("github", "published"),
        ("github", "registry-package-published"),
        ("github", "published-npm"),
        ("gitea", "created"),
        ("gitea", "deleted"),
    ],
)
def test_body_of_a_known_source_as_data(source_format: SourceFormat, name: str) -> None:
    """So is the body of a source that sends no CloudEvents, as the data of somebody's CloudEvent.

    A bare event of a registry alone gets no URL there: it can be that of a registry that means to have none.
    """
    frame = sample("cloudevents", "unknown")
    reading = read(frame.with_value({**frame.value, "data": sample(source_format, name).value}))
    read_alone = acr.bare_event if source_format == "acr" else FORMATS[source_format].read
    alone = read_alone(sample(source_format, name).post)
    assert [(one.action, one.target, one.actor) for one in alone.events + alone.others] == [
        (one.action, one.target, one.actor) for one in reading.events + reading.others
    ]
    assert all(one.id and one.timestamp for one in reading.events + reading.others)


@pytest.mark.parametrize("data", [{"up": True}, [], None, "text", 7, {"action": "push"}, {"target": {}}])
def test_unknown_data(data: Any) -> None:
    """Any other data is of kind `other`, with the id and the time of the CloudEvent."""
    frame = sample("cloudevents", "unknown")
    reading = read(frame.with_value({**frame.value, "data": data}))
    assert [] == reading.events
    assert [(frame.value["id"], "2026-05-01T10:00:09Z", "other", "", "")] == [facts(other) for other in reading.others]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"events": 7}, r"^data\.events: must be a list"),
        ({"events": [7]}, r"^data\.events\[0\]: must be an object"),
        ({"action": 7, "target": {}}, r"^data: "),
    ],
)
def test_wrong_data(data: Any, said: str) -> None:
    """Data that looks like a known shape and is none is refused, by its place."""
    frame = sample("cloudevents", "unknown")
    with pytest.raises(NotThisFormatError, match=said):
        read(frame.with_value({**frame.value, "data": data}))


def test_no_cloudevent() -> None:
    """A registry's envelope by itself is refused: its source is of another format."""
    with pytest.raises(NotThisFormatError, match="`ce-specversion`"):
        read(ForeignPost(b'{"events": []}', "application/json", {}))


def test_samples() -> None:
    """Every sample is read, and its kind is known."""
    assert all(other.action in KINDS for one in samples("cloudevents") for other in read(one.post).others)
