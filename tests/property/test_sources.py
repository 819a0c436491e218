"""Whatever JSON the sender of a foreign format sends, it is taken or refused, and what is taken is what a worker takes.

Bodies are the samples with some of their values in the place of any others, since of JSON that is drawn freely nearly
all would be refused at its first member.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.delivery.webhook.cloudevents import BATCHED, STRUCTURED, batched, binary_headers, structured
from consumer.record import Record
from producer.sources.contents import NotTakenError, PostFacts, contents_of
from producer.sources.formats import FORMATS
from producer.sources.post import ForeignPost
from runtime.config.source_settings import SourceFormat, SourceSettings
from schemas.actions import ACTIONS
from schemas.avro import decode, encode, frame
from schemas.catalog import CATALOG
from schemas.event import MEDIA_TYPE_V2, Event
from schemas.headers import record_headers, webhook_id
from schemas.wire import event_json, typed_json
from tests.kit.events import events
from tests.kit.foreign_samples import Sample, samples

VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**63, 10**30, 1790000000),
    *("", "v3", "sha256:0a", "\ud800", "\0", "a/b", "https://[", "2026-05-01T10:00:00+02:00", "\N{SNOWMAN}" * 300),
    *(
        [],
        {},
        [None],
        [[]],
        [{}],
        {"": ""},
        {"\ud800": "\ud800"},
        {"name": 7},
        {"events": [{}]},
        {"target": {"tag": []}},
    ),
)
"""What a sender could put anywhere: of each type of JSON, and what is hard to carry, to split or to count."""
HARDEST: tuple[Any, ...] = (None, "", 10**30, "\ud800", [{}], {"": 7})
HEADER_VALUES = ("", "%", "%C0%A0", "%20", '"a\\"', "a.b.c", "image.updated", "https://h", "\xe4", "2.0")
Place = tuple[str | int, ...]


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """Where the values of a JSON value are, the whole one first."""
    yield above
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from places(one, (*above, name))


def put(value: Any, place: Place, new: Any) -> Any:
    """`value` with another value at a place, if the place is still there."""
    if not place:
        return new
    made = copy.deepcopy(value)
    inner = made
    try:
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = new
    except (TypeError, KeyError, IndexError):
        return value
    return made


@st.composite
def posts(draw: st.DrawFn, of: tuple[Sample, ...]) -> ForeignPost:
    """A sample's POST with up to three values and one header changed."""
    one = draw(st.sampled_from(of))
    value = one.value
    for place in draw(st.lists(st.sampled_from(list(places(one.value))), max_size=3)):
        value = put(value, place, draw(st.sampled_from(VALUES)))
    headers: dict[str, str] = dict(one.post.headers)
    changed: bool = draw(st.booleans())
    if headers and changed:
        headers[draw(st.sampled_from(sorted(headers)))] = draw(st.sampled_from(HEADER_VALUES))
    return ForeignPost(json.dumps(value, allow_nan=False).encode(), one.post.content_type, headers)


def taken(source_format: SourceFormat, post: ForeignPost) -> list[Event]:
    """The events that the intake takes out of the body, of every kind; none where it refuses it."""
    source = SourceSettings(name="here", format=source_format, registry="eu", keep="all")
    facts = PostFacts(post.content_type, "eu", source=source, headers=post.headers, max_record_bytes=24 * 2**20)
    try:
        found = contents_of(post.body, facts)
    except NotTakenError:
        return []
    return [found.take() for _ in range(len(found))]


def check(source_format: SourceFormat, post: ForeignPost) -> None:
    """The body is taken or refused; what is taken has a known action, and is a record that a worker takes."""
    for event in taken(source_format, post):
        assert source_format == "cloudevents" or event.action in {*ACTIONS, *FORMATS[source_format].kinds}
        assert event.id
        assert decode(frame(CATALOG.latest.id, encode(event)), None) == event
        assert json.loads(event_json(event))
        assert record_headers(event)


@pytest.mark.parametrize("source_format", FORMATS)
def test_any_value_at_any_place(source_format: SourceFormat) -> None:
    """Whatever one value of a body is, no reader fails, and every event is a record that a worker takes."""
    where = {place: one for one in samples(source_format) for place in places(one.value)}
    for place, one in where.items():
        for value in HARDEST:
            check(source_format, one.with_value(put(one.value, place, value)))


@pytest.mark.parametrize("source_format", FORMATS)
@given(data=st.data())
def test_any_values_and_headers(source_format: SourceFormat, data: st.DataObject) -> None:
    """The same holds for several values and a header together."""
    check(source_format, data.draw(posts(tuple(samples(source_format)))))


@pytest.mark.parametrize("source_format", FORMATS)
def test_every_sample_is_of_its_format(source_format: SourceFormat) -> None:
    """The samples are read, each with an event or a kind."""
    assert samples(source_format)
    for one in samples(source_format):
        reading = FORMATS[source_format].read(one.post)
        assert reading.events or reading.others, one.name


@given(event=events())
def test_what_a_worker_sends_as_cloudevents_comes_back(event: Event) -> None:
    """Every event of an image that a worker sends in a CloudEvents format is the same event for format `cloudevents`.

    One without an id or a time of its own has those of the CloudEvent; without a URL it would get one.
    """
    target = replace(event.target, url=event.target.url or "https://registry.test/v2/")
    event = replace(event, action="push", target=target, content_type=MEDIA_TYPE_V2, registry="", original="")
    record = Record("t", 0, 0, 0, b"", b"", tuple(record_headers(event)))
    sent = (
        ForeignPost(structured(record, event), STRUCTURED, {}),
        ForeignPost(batched([(record, event)]), BATCHED, {}),
        ForeignPost(event_json(event), "application/json", dict(binary_headers(record, event))),
    )
    for post in sent:
        [found] = FORMATS["cloudevents"].read(post).events
        assert typed_json(replace(found, id=event.id, timestamp=event.timestamp)) == typed_json(event)
        assert found.id == (event.id or webhook_id(event))
