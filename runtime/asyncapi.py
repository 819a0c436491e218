"""The topics in Kafka, as AsyncAPI 3.0 says them: what stands in each, and by which schema to read it.

The same document for both programs: `send` is what they write, `receive` what they read, and any other program may read
too. The addresses of brokers are not in it. Held to what is written by `tests/unit/runtime/test_asyncapi.py`.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from runtime.config.settings import Settings
from runtime.http.client import VERSION
from runtime.http.openapi import Json
from runtime.kafka.topics import TopicPlan, plan_attempts, plan_control, plan_tags, plan_topics
from schemas import names
from schemas.catalog import ATTEMPTS, CATALOG, TAGS, Catalog

_BINDING: Final = "0.5.0"
_AVRO: Final = "application/vnd.apache.avro;version=1.9.0"
_BROKERS: Final = 3
"""Of a production cluster: what `auto` makes of them."""
_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "string", "pattern": "^[0-9]+$"}
_TIME: Final = {"type": "string", "format": "date-time"}

_OF_EVENTS: Final[Mapping[str, Json]] = {
    names.CE_SPECVERSION: {"const": names.CLOUDEVENTS_VERSION},
    names.CE_ID: {**_TEXT, "description": "The id by which endpoints know the event: `webhook-id`"},
    names.CE_TYPE: {"type": "string", "pattern": f"^{names.TYPE_PREFIX}", "description": "Ends with the action"},
    names.CE_SOURCE: {**_TEXT, "description": "The registry"},
    names.CE_TIME: {**_TIME, "description": "When it happened, if the registry says it"},
    names.CE_SUBJECT: {**_TEXT, "description": "The repository, if there is one of at most 1,024 characters"},
    names.CONTENT_TYPE: {"const": names.AVRO_MEDIA_TYPE},
    names.SCHEMA_FINGERPRINT: {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "CRC-64-AVRO"},
    names.TRACEPARENT: {**_TEXT, "description": "W3C Trace Context"},
    names.TRACESTATE: {"type": "string", "maxLength": 512, "description": "W3C Trace Context"},
}
_SOMETIMES: Final = frozenset({names.CE_TIME, names.CE_SUBJECT, names.TRACEPARENT, names.TRACESTATE})
_OF_VALUES: Final = (names.CONTENT_TYPE, names.SCHEMA_FINGERPRINT)
_OF_LETTERS: Final[Mapping[str, Json]] = {
    "dl-endpoint": _TEXT,
    "dl-topic": {**_TEXT, "description": "Where the event lies"},
    "dl-partition": _NUMBER,
    "dl-offset": _NUMBER,
}
_OF_OPEN_LETTERS: Final[Mapping[str, Json]] = {
    "dl-reason": {"enum": ["rejected", "exhausted", "undecodable", "unsendable"]},
    "dl-status": {"type": "string", "pattern": "^[0-9]{3}$", "description": "Of the last answer"},
    "dl-error": {"type": "string", "maxLength": 1024},
    "dl-answer": {"type": "string", "maxLength": 1024, "description": "How the last answer begins"},
    "dl-attempts": _NUMBER,
    "dl-first-attempt": _TIME,
    "dl-last-attempt": _TIME,
}
_OF_CLOSINGS: Final[Mapping[str, Json]] = {
    "dl-event": {**_TEXT, "description": "The letter's `ce_id`; without it all letters with these headers are closed"},
    "dl-state": {"enum": ["redriven", "discarded"]},
}
_KEY_OF_TAG: Final[Json] = {"type": "string", "description": "registry/repository:tag; of other rows another text"}
_CONTROL: Final[Json] = {
    "type": "object",
    "properties": {
        "paused": {"type": "boolean"},
        "since": {**_TIME, "description": "When the pause began"},
        "since_ms": {"type": "integer", "description": "The same, in milliseconds since the epoch"},
        "reason": {**_TEXT, "description": "What the operator wrote"},
    },
    "required": ["paused"],
}


def asyncapi(settings: Settings) -> Json:
    """The document, with the names of these settings."""
    events, letters = plan_topics(settings, _BROKERS)
    attempts = plan_attempts(settings, _BROKERS)
    channels = {
        "events": _channel(events, "Every event, in order within a repository", "event"),
        "deadLetters": _channel(letters, "Events that an endpoint did not get", "deadLetter", "closing"),
        "control": _channel(plan_control(settings, _BROKERS), "What holds for all workers", "pause"),
    }
    operations = {
        "storeEvents": _operation("send", "events", "The intake stores what registries POST"),
        "deliverEvents": _operation("receive", "events", "A consumer group for each endpoint", settings),
        "storeDeadLetters": _operation("send", "deadLetters", "The worker gives an event up, or closes a letter"),
        "redriveDeadLetters": _operation("receive", "deadLetters", "`dead-letters redrive` sends them again"),
        "storePauses": _operation("send", "control", "An operator pauses or resumes an endpoint"),
        "followPauses": _operation("receive", "control", "Every worker does what stands there"),
    }
    if attempts is not None:
        channels["attempts"] = _channel(attempts, "What endpoints were sent and what they answered", "attempt")
        operations["storeAttempts"] = _operation("send", "attempts", "The worker writes what became of an attempt")
        operations["listAttempts"] = _operation("receive", "attempts", "`attempts`, `explain` and `report` read them")
    if (tags := plan_tags(settings, _BROKERS)) is not None:
        channels["tags"] = _channel(tags, "The tags that are there now", "tag", "tagEnd")
        operations["storeTags"] = _operation("send", "tags", "`materialize` writes what an event changed")
        operations["readTags"] = _operation("receive", "tags", "`materialize` goes on from there, `tags` lists them")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "registry-event-bridge: the topics",
            "version": VERSION,
            "description": "Events of container registries, durable in Kafka. Topics that exist are never altered; "
            "the settings here are those of topics that the bridge creates in a cluster of three brokers.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": names.AVRO_MEDIA_TYPE,
        "channels": channels,
        "operations": operations,
        "components": {"messages": _messages()},
    }


def _channel(plan: TopicPlan, description: str, *messages: str) -> Json:
    kafka = {
        "topic": plan.name,
        "partitions": plan.partitions,
        "replicas": plan.replication_factor,
        "topicConfiguration": {name: _configured(name, value) for name, value in plan.settings.items()},
        "bindingVersion": _BINDING,
    }
    return {
        "address": plan.name,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"kafka": kafka},
    }


def _configured(name: str, value: str) -> Any:
    if name == "cleanup.policy":
        return value.split(",")
    return int(value) if value.lstrip("-").isdecimal() else value


def _operation(action: str, channel: str, summary: str, settings: Settings | None = None) -> Json:
    found: Json = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
    if settings is not None:
        group = {"type": "string", "pattern": f"^{settings.worker.group_prefix}\\..+"}
        found["bindings"] = {"kafka": {"groupId": group, "bindingVersion": _BINDING}}
    return found


def _messages() -> Json:
    avro = _avro(CATALOG)
    repository = {"type": ["string", "null"], "description": "The repository, in UTF-8; null without one"}
    of_event = _headers(_OF_EVENTS, _OF_EVENTS.keys() - _SOMETIMES)
    open_letter = {**_OF_EVENTS, **_OF_LETTERS, **_OF_OPEN_LETTERS}
    always = {*_OF_LETTERS, "dl-reason", "dl-attempts"}
    return {
        "event": {
            "title": "An event of a registry",
            "contentType": names.AVRO_MEDIA_TYPE,
            "headers": of_event,
            "payload": avro,
            "bindings": _keyed(repository, framed=True),
        },
        "deadLetter": {
            "title": "A dead letter",
            "description": "Key, value and headers of the event's record, whatever they are, and why it is here.",
            "contentType": names.AVRO_MEDIA_TYPE,
            "headers": _headers(open_letter, always),
            "payload": avro,
            "bindings": _keyed(repository, framed=True),
        },
        "closing": {
            "title": "The closing of a dead letter",
            "description": "It has the key of the letter, in its partition, and no value.",
            "headers": _headers({**_OF_LETTERS, **_OF_CLOSINGS}, {*_OF_LETTERS, "dl-state"}),
            "payload": {"type": "null"},
            "bindings": _keyed(repository, framed=False),
        },
        "attempt": {
            "title": "An event in an attempt",
            "contentType": names.AVRO_MEDIA_TYPE,
            "headers": _headers({name: _OF_EVENTS[name] for name in _OF_VALUES}, _OF_VALUES),
            "payload": _avro(ATTEMPTS),
            "bindings": _keyed({"type": "string", "description": "The event's id"}, framed=True),
        },
        **_messages_of_tags(),
        "pause": {
            "title": "Whether an endpoint is paused",
            "contentType": "application/json",
            "payload": _CONTROL,
            "bindings": _keyed({"type": "string", "description": "The endpoint's consumer group"}, framed=False),
        },
    }


def _messages_of_tags() -> Json:
    return {
        "tag": {
            "title": "A tag, or a row that the program keeps for itself",
            "contentType": names.AVRO_MEDIA_TYPE,
            "headers": _headers({name: _OF_EVENTS[name] for name in _OF_VALUES}, _OF_VALUES),
            "payload": _avro(TAGS),
            "bindings": _keyed(_KEY_OF_TAG, framed=True),
        },
        "tagEnd": {
            "title": "The end of a tag, or of another row",
            "payload": {"type": "null"},
            "bindings": _keyed(_KEY_OF_TAG, framed=False),
        },
    }


def _avro(catalog: Catalog) -> Json:
    return {"schemaFormat": _AVRO, "schema": json.loads(catalog.latest.text)}


def _headers(properties: Mapping[str, Json], required: Any) -> Json:
    return {"type": "object", "properties": dict(properties), "required": sorted(required)}


def _keyed(key: Json, *, framed: bool) -> Json:
    id_ = {"schemaIdLocation": "payload", "schemaIdPayloadEncoding": "confluent"} if framed else {}
    return {"kafka": {"key": key, **id_, "bindingVersion": _BINDING}}
