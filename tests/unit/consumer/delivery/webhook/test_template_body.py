"""Bodies of templates: what fills each slot, and that the whole is JSON whatever an event holds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.analytics.arrow import SCHEMA, slow_table
from consumer.analytics.decoding import releases_of
from consumer.delivery.webhook.template_body import column_value, template_body
from consumer.log.record_batch import RecordBatch
from runtime.config.load import settings_from
from runtime.config.template import COLUMNS, Template
from schemas import Descriptor, Event, Platform, RequestRecord, Target
from tests.kit.events import events
from tests.kit.sendables import DELETE, sendable

TIMES = {"accepted_at", "event_time"}


def template_of(written: Any) -> Template:
    """Read a template as an endpoint has it."""
    endpoint = {"name": "ci", "url": "http://127.0.0.1:9/", "format": "template", "template": written}
    settings = settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:9092"}, "endpoints": [endpoint]})
    template = settings.endpoints[0].template
    assert template is not None
    return template


def sent(written: Any, event: Event = DELETE) -> Any:
    """What a receiver reads of an event."""
    return json.loads(template_body(template_of(written), *sendable(event)))


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ({"text": "{action} {repository}:{tag}"}, {"text": "delete library/test:latest"}),
        ({"text": "{repository}@{digest}"}, {"text": "library/test@"}),
        ({"text": "{repository} {digest|tag}"}, {"text": "library/test latest"}),
        ({"tag": "{tag}", "digest": "{digest}"}, {"tag": "latest", "digest": None}),
        ({"at": "{digest|url|tag}"}, {"at": "latest"}),
        ({"place": ["{kafka_partition}", "{kafka_offset}"]}, {"place": [3, 7]}),
        ({"place": "{kafka_topic}/{kafka_partition}/{kafka_offset}"}, {"place": "registry.events/3/7"}),
        ({"text": "{{tag}} {{{tag}}}"}, {"text": "{tag} {latest}"}),
        ("{action}", "delete"),
        (["a", 1, 1.50, True, None, {}], ["a", 1, 1.50, True, None, {}]),
        ({"a": {"b": [{"c": "{tag}"}]}}, {"a": {"b": [{"c": "latest"}]}}),
        ({'quote"d \n ü': 'a "quoted" \\ text \n ü'}, {'quote"d \n ü': 'a "quoted" \\ text \n ü'}),
        ({"refs": "{refs}", "n": "{reference_count}"}, {"refs": [], "n": 0}),
        ({"who": "{actor} {client_ip} {user_agent}"}, {"who": "a<b client.local test/0.1"}),
        (
            {"when": "{event_time}", "accepted": "{accepted_at}"},
            {"when": "2006-01-02T15:04:05.123456789+05:30", "accepted": "2023-11-14T22:13:20.000Z"},
        ),
    ],
)
def test_slots_are_filled_from_the_event(written: Any, body: Any) -> None:
    """A text that is one placeholder is the value itself, null without one; among other text absent is nothing."""
    assert body == sent(written)


def test_references_are_as_exported() -> None:
    """With the members that the column `refs` has."""
    child = Descriptor(media_type="a/b", digest="sha256:0a", size=5, platform=Platform(os="linux", architecture="arm"))
    event = Event(action="push", target=Target(references=[child]))

    assert [
        {
            "media_type": "a/b",
            "digest": "sha256:0a",
            "size_bytes": 5,
            "artifact_type": None,
            "os": "linux",
            "architecture": "arm",
            "variant": None,
        }
    ] == sent("{refs}", event)


def test_every_exported_column_can_fill_a_slot() -> None:
    """All but `raw`, which an event that can be sent does not have."""
    assert [name for name in SCHEMA.names if name != "raw"] == [name for name in COLUMNS if name in SCHEMA.names]
    assert {name: column_value(name, *sendable(DELETE)) for name in COLUMNS}


@given(event=events(), host=st.sampled_from(["", "[::1]:80", "203.0.113.9:41000"]))
def test_a_slot_has_what_the_exported_row_has(event: Event, host: str) -> None:
    """Column by column the same, but for times, which are text here."""
    record, event = sendable(replace(event, request=RequestRecord(addr=host)))
    assert record.value is not None
    batch = RecordBatch(
        record.topic, record.partition, [record.offset], [record.timestamp_ms], [record.value], lambda _: record.headers
    )
    (row,) = slow_table(batch, releases_of(batch)).to_pylist()

    for name in COLUMNS:
        if name not in SCHEMA.names:
            continue
        found = column_value(name, record, event)
        assert (found is None) == (row[name] is None), name
        assert name in TIMES or row[name] == found, name


@given(event=events(), extra=st.text(max_size=20))
def test_the_body_is_json_whatever_an_event_holds(event: Event, extra: str) -> None:
    """What fills a slot cannot end a text, and reads as the very text that the event holds."""
    plain = extra.replace("{", "{{").replace("}", "}}").replace("$", "$$")
    record, event = sendable(event)

    body = json.loads(
        template_body(template_of([f"<{plain}{{tag}}>", f"{plain}x{{actor}}{{repository}}"]), record, event)
    )

    tag, actor, repository = event.target.tag, event.actor.name, event.target.repository
    assert [f"<{extra}{tag}>", f"{extra}x{actor}{repository}"] == body
