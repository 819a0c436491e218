"""The AsyncAPI document of the topics, held against the records that are written and the topics that are made."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.record import record_of as attempt_record
from consumer.dead_letters.letter import ClosingState, Letter
from consumer.dead_letters.record import closings_of, letter_of, parse_record
from consumer.delivery.policy.attempts import Cause, Reason
from consumer.record import Record
from producer.event_record import record_of
from runtime.asyncapi import asyncapi
from runtime.config import KafkaSettings, Settings, TopicSettings, WorkerSettings
from runtime.config.settings import AttemptSettings
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.topics import plan_attempts, plan_control, plan_tags, plan_topics
from runtime.pauses import Pause, written
from schemas import ActorRecord, Event, Target
from schemas.catalog import ATTEMPTS, CATALOG, TAGS
from schemas.trace_context import TraceContext
from tests.kit.paths import ROOT

SETTINGS: Final = Settings(
    kafka=KafkaSettings(bootstrap_servers="secret-host:9092"),
    topics=TopicSettings(events="e", dead_letters="d", control="c", tags="t", partitions=7),
    worker=WorkerSettings(group_prefix="p", attempts=AttemptSettings(topic="a")),
)
DOCUMENT: Final = asyncapi(SETTINGS)
SCHEMA: Final = ROOT / "tests" / "fixtures" / "asyncapi" / "3.0.0.json.gz"
"""The JSON Schema of AsyncAPI 3.0.0, as its makers publish it (package @asyncapi/specs 6.11.1, Apache-2.0)."""
TRACE: Final = TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "rojo=1")
EVENT: Final = Event(
    id="e1",
    timestamp="2026-01-02T03:04:05Z",
    action="push",
    target=Target(repository="library/app"),
    actor=ActorRecord(name="a"),
    registry="eu",
)


def message(name: str) -> dict[str, Any]:
    """One of the document's messages."""
    found: dict[str, Any] = DOCUMENT["components"]["messages"][name]
    return found


def headers_of(record: OutgoingRecord) -> dict[str, str]:
    """The headers of a record, each once."""
    found = {name: value.decode() for name, value in record.headers}
    assert len(found) == len(record.headers)
    return found


ATTEMPT: Final = EventAttempt(
    endpoint="ci",
    time=datetime(2026, 1, 2, tzinfo=UTC),
    event_id="e1",
    topic="e",
    partition=0,
    offset=1,
    repository="library/app",
    action="push",
    number=1,
    outcome="failed",
    status=500,
    error="",
    seconds=0.1,
    next_try_s=1.0,
    answer="x",
)


def record(event: Event = EVENT, trace: TraceContext = TRACE) -> OutgoingRecord:
    """The record of an event."""
    return record_of(event, topic="e", accepted_ms=1, trace=trace)


def letter(*, everything: bool) -> OutgoingRecord:
    """A dead letter, with all that may be known of it, or little."""
    event = record() if everything else record(Event(), TraceContext())
    of = Record("e", 0, 5, 1, event.key, event.value or b"", tuple(event.headers))
    cause = (
        Cause(Reason.EXHAUSTED, 500, "status 500", "x") if everything else Cause(Reason.UNDECODABLE, None, "damaged")
    )
    times = (1.5, 2.5) if everything else (None, None)
    return letter_of(of, cause, topic="d", endpoint="ci", attempts=3, first_attempt=times[0], last_attempt=times[1])


def test_it_is_asyncapi() -> None:
    """By the schema of its makers; and the schemas in it are schemas."""
    Draft7Validator(json.loads(gzip.decompress(SCHEMA.read_bytes()))).validate(DOCUMENT)
    for one in DOCUMENT["components"]["messages"].values():
        for schema in (one.get("headers"), one["bindings"]["kafka"]["key"]):
            Draft202012Validator.check_schema(schema or {})
    assert "secret-host" not in json.dumps(DOCUMENT), "where the brokers are is nobody's business"


def test_every_topic_is_a_channel() -> None:
    """All that the configuration names, by the names it gives them, as they are created; each is written and read."""
    named = {value for value in vars_of(SETTINGS.topics).values() if isinstance(value, str)} | {"a"}
    channels = DOCUMENT["channels"]
    assert named == {channel["address"] for channel in channels.values()}
    made = (*plan_topics(SETTINGS, 3), plan_control(SETTINGS, 3), plan_attempts(SETTINGS, 3), plan_tags(SETTINGS, 3))
    plans = {plan.name: plan for plan in made if plan is not None}
    for channel in channels.values():
        kafka, plan = channel["bindings"]["kafka"], plans[channel["address"]]
        assert (kafka["topic"], kafka["partitions"], kafka["replicas"]) == (plan.name, plan.partitions, 3)
        configured = kafka["topicConfiguration"]
        assert {**plan.settings, "cleanup.policy": plan.settings["cleanup.policy"].split(",")} == {
            name: value if isinstance(value, list) else str(value) for name, value in configured.items()
        }
    without = asyncapi(replace(SETTINGS, worker=WorkerSettings()))
    assert "attempts" not in without["channels"], "without a topic of attempts"
    uses = {(one["action"], one["channel"]["$ref"].rpartition("/")[2]) for one in DOCUMENT["operations"].values()}
    assert uses == {(action, channel) for action in ("send", "receive") for channel in channels}


def vars_of(settings: TopicSettings) -> dict[str, Any]:
    """The members of a dataclass with slots."""
    return {name: getattr(settings, name) for name in TopicSettings.__slots__}


@pytest.mark.parametrize(
    ("name", "most", "least"),
    [
        ("event", record(), record(Event(), TraceContext())),
        ("attempt", attempt_record(ATTEMPT, "a"), attempt_record(ATTEMPT, "a")),
        ("deadLetter", letter(everything=True), letter(everything=False)),
    ],
)
def test_headers_are_those_of_records(name: str, most: OutgoingRecord, least: OutgoingRecord) -> None:
    """All that a record may have is named, and what is required every record has."""
    schema = message(name)["headers"]
    assert headers_of(most).keys() == schema["properties"].keys()
    assert set(schema["required"]) <= headers_of(least).keys()
    for one in (most, least):
        Draft202012Validator(schema).validate(headers_of(one))
    assert headers_of(record(Event(), TraceContext())).keys() == set(message("event")["headers"]["required"])


def test_a_closing_is_as_it_is_written() -> None:
    """Its headers, and no value."""
    source = letter(everything=True)
    found = parse_record(Record("d", 0, 9, 1, source.key, source.value or b"", tuple(source.headers)))
    assert isinstance(found, Letter)
    for state in ClosingState:
        [closing] = closings_of(found, state, topic="d")
        schema = message("closing")["headers"]
        assert headers_of(closing).keys() == schema["properties"].keys() == {*schema["required"], "dl-event"}
        Draft202012Validator(schema).validate(headers_of(closing))
        assert closing.value is None


def test_reasons_and_states_are_all() -> None:
    """None is missing, and there is no other."""
    properties = message("deadLetter")["headers"]["properties"]
    assert {reason.value for reason in Reason} == set(properties["dl-reason"]["enum"])
    assert {state.value for state in ClosingState} == set(
        message("closing")["headers"]["properties"]["dl-state"]["enum"]
    )


def test_values_are_as_they_are_written() -> None:
    """Avro by the schema that is released last; a pause by its JSON."""
    for name, catalog in (("event", CATALOG), ("deadLetter", CATALOG), ("attempt", ATTEMPTS), ("tag", TAGS)):
        assert json.loads(catalog.latest.text) == message(name)["payload"]["schema"]
        assert message(name)["bindings"]["kafka"]["schemaIdLocation"] == "payload"
    schema = message("pause")["payload"]
    for pause in (None, Pause(1_767_323_045_000, "their release")):
        Draft202012Validator({**schema, "additionalProperties": False}).validate(json.loads(written(pause)))
