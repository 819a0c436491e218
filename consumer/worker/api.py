"""What the worker answers, as OpenAPI says it; held to the routes by `tests/unit/consumer/worker/test_api.py`."""

from typing import Any, Final

from consumer.attempts.found import FoundAttempts
from consumer.attempts.question import MOST
from consumer.delivery.webhook.exchange import WebhookExchange
from consumer.endpoint.live_status import LiveStatus
from runtime.config.difference import ComparedConfiguration, ConfigurationDifference
from runtime.http.openapi import ERROR, answer, document, get, operation, parameter, probe_paths, schemas_of
from runtime.pauses import MOST_REASON

_TEXT: Final = {"type": "string"}
_AUTHORIZATION: Final = {
    "authorization": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "One of the exact values of `worker.authorization`, if the configuration has any.",
    }
}
_ABOUT: Final = """\
What the worker shows of itself, and what an operator asks of it. With several processes the answers are of all of them.

HEAD is answered as GET is, without the body. A path that is not here is answered 404, another method 405 with `Allow`.
What is no HTTP request, is larger than the limits or slower, is answered 400, 408 or 431 without being routed, or the
connection is closed.
"""
_PAUSE: Final = {
    "type": ["object", "null"],
    "properties": {"since": _TEXT, "since_ms": {"type": "integer"}, "reason": _TEXT},
    "required": ["since", "since_ms", "reason"],
}
_DONE: Final = {
    "type": "object",
    "properties": {
        "endpoint": _TEXT,
        "members": {"type": "array", "items": _TEXT, "description": "The consumers of this worker"},
        "paused": _PAUSE,
        "changed": {"type": "boolean"},
        "in_flight": {"type": "integer", "description": "Of a pause: requests that are still under way"},
        "tries": {"type": "boolean", "description": "Of a resume: whether an open breaker probes now"},
        "failed": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "With several processes: why some did not do it",
        },
    },
    "required": ["endpoint", "members", "paused", "changed"],
}


def worker_api() -> dict[str, Any]:
    """The document."""
    types = (list[LiveStatus], FoundAttempts, WebhookExchange, ComparedConfiguration, ConfigurationDifference)
    (statuses, attempts, exchange, other, difference), schemas = schemas_of(*types)
    variables = {"type": "object", "properties": {"registry": {"type": "object"}}, "required": ["registry"]}
    paths = {
        "/": get("page", "The status for a person", {200: answer("A page.", _TEXT, media_type="text/html")}),
        "/live/{version}": _stream(),
        "/attempt-rows/{endpoint}": _rows(),
        "/status": get("status", "Every endpoint, now", {200: answer("What is not known is null.", statuses)}),
        "/attempts": _attempts(attempts),
        "/debug/vars": get("vars", "As a registry's expvar", {200: answer("Header values are masked.", variables)}),
        "/endpoints/{endpoint}/pause": _act("pause", "Hold an endpoint; its place in the log stays"),
        "/endpoints/{endpoint}/test": _act("test", "Send a sample event from here, once", exchange),
        "/configuration/difference": _difference(other, difference),
        "/endpoints/{endpoint}/resume": _act("resume", "End a pause; have an open breaker probe now"),
        **probe_paths(forwarded=False),
    }
    return document("registry-worker", _ABOUT, paths, schemas=schemas, schemes=_AUTHORIZATION)


def _stream() -> dict[str, Any]:
    events = answer(
        "Server-sent events: what changed on the page since that version.",
        _TEXT,
        media_type="text/event-stream",
        headers={"x-accel-buffering": "So that no proxy keeps them"},
    )
    version = parameter("path", "version", "Of the page, as it names it itself", _TEXT)
    later = parameter("header", "Last-Event-ID", "A later version, of a browser that connects again", _TEXT)
    return get("live", "What changes on the page", {200: events}, parameters=[version, later])


def _rows() -> dict[str, Any]:
    found = answer("A table, the newest attempt first.", _TEXT, media_type="text/html")
    answers = {200: found, 404: answer("This worker does not serve such an endpoint.", ERROR)}
    endpoint = parameter("path", "endpoint", "Its name, percent-encoded", _TEXT)
    return get("attempt-rows", "An endpoint's last attempts, for the page", answers, parameters=[endpoint])


def _attempts(found: dict[str, Any]) -> dict[str, Any]:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": 100}
    return get(
        "attempts",
        "The last attempts, the newest first",
        {200: answer("Those that are kept.", found), 400: answer("A parameter is none.", ERROR)},
        parameters=[
            parameter("query", "endpoint", "Only to this endpoint", _TEXT),
            parameter("query", "id", "Only of this event: its id, or PARTITION:OFFSET", _TEXT),
            parameter("query", "failed", "Only those that did not deliver", {"type": "boolean", "default": False}),
            parameter("query", "after", "Only those that ended later, in seconds since 1970", {"type": "number"}),
            parameter("query", "limit", "So many at most", limit),
        ],
    )


def _difference(other: dict[str, Any], difference: dict[str, Any]) -> dict[str, Any]:
    return {
        "post": operation(
            "difference",
            "What a reload of another configuration would change",
            {
                200: answer("By the digests of its values; a value that is a secret is masked.", difference),
                400: answer("The body is not this.", ERROR),
                401: answer("The Authorization header is not the configured one.", ERROR),
                403: answer("Acts are not allowed here, or not from there.", ERROR),
                415: answer("The Content-Type is not application/json.", ERROR),
            },
            description="A digest is the HMAC-SHA-256, with the salt as key, of the key's path, NUL and its value.",
            body={"application/json": {"schema": other}},
            security=["authorization"],
        )
    }


def _act(name: str, summary: str, done: dict[str, Any] = _DONE) -> dict[str, Any]:
    reason = {"type": "string", "maxLength": MOST_REASON, "description": "Shown with a pause"}
    body = {"type": "object", "properties": {"reason": reason}}
    return {
        "post": operation(
            name,
            summary,
            {
                200: answer("It is done, of a pause and its end for all workers of the endpoint.", done),
                400: answer("The body is not this.", ERROR),
                401: answer("The Authorization header is not the configured one.", ERROR),
                403: answer("Acts are not allowed here, or not from there.", ERROR),
                404: answer("This worker does not serve such an endpoint.", ERROR),
                415: answer("The Content-Type is not application/json.", ERROR),
                503: answer("Kafka did not take it, or no process of the worker did.", ERROR),
            },
            parameters=[parameter("path", "endpoint", "Its name, percent-encoded", _TEXT)],
            body={"application/json": {"schema": body}},
            security=["authorization"],
        )
    }
