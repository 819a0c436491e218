"""What a trace shows of a POST, and what its records carry on."""

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from producer.intake.acceptance import Acceptance
from producer.intake.intake import Intake
from producer.intake.metrics import BridgeMetrics
from producer.intake.tracing import IntakeTracing, TracedTopic, traced
from runtime.config.settings import IntakeSettings, TracingSettings
from runtime.http.asgi import Request, Response
from schemas.event import MEDIA_TYPE_V2
from schemas.headers import trace_of
from tests.kit.spans import KeptSpans, facts, parent, traceparent
from tests.kit.still_clock import StillClock
from tests.unit.producer.intake.test_acceptance import Log

FROM = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def post(kept: KeptSpans, log: Log, *repositories: str, path: str = "/events", **head: str) -> Response:
    """POST an envelope of a push into each of these repositories."""
    events = [{"id": f"e{n}", "action": "push", "target": {"repository": name}} for n, name in enumerate(repositories)]
    body = json.dumps({"events": events}).encode()
    headers = {"content-type": MEDIA_TYPE_V2, "content-length": str(len(body)), **head}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "method": "POST",
        "path": path,
        "query_string": b"token=hunter2",  # which is in no step
        "scheme": "http",
        "client": ("192.0.2.1", 999),
        "headers": raw,
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def answered() -> Response:
        topic = TracedTopic(log, "registry.events", kept.tracing, client_id="registry-bridge")
        metrics = BridgeMetrics(CollectorRegistry())
        intake = Intake(
            IntakeSettings(), Acceptance("registry.events", topic, metrics, StillClock()), metrics, StillClock()
        )
        respond: Awaitable[Response] = traced(intake.route(), kept.tracing).respond(Request(scope, receive))
        return await respond

    return asyncio.run(answered())


def test_one_event() -> None:
    """A server's step that goes on from the registry's, and within it the producer's, which the record carries."""
    kept, log = KeptSpans(), Log()
    assert 200 == post(kept, log, "library/app", path="/events/eu", traceparent=FROM, tracestate="rojo=1").status
    server, send = kept.named("POST /events/{registry}"), kept.named("send registry.events")
    assert facts(server) == {
        "kind": "SERVER",
        "status": "UNSET",
        "http.request.method": "POST",
        "http.route": "/events/{registry}",
        "http.response.status_code": 200,
        "url.path": "/events/eu",
        "url.scheme": "http",
        "client.address": "192.0.2.1",
    }
    assert facts(send) == {
        "kind": "PRODUCER",
        "status": "UNSET",
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "registry.events",
        "messaging.client.id": "registry-bridge",
        "messaging.message.id": "e0",
        "messaging.kafka.message.key": "library/app",
    }
    assert (parent(server), parent(send)) == (FROM.split("-")[2], traceparent(server).split("-")[2])
    [[record]] = log.writes
    carried = trace_of(record.headers)
    assert (carried.traceparent, carried.tracestate) == (traceparent(send), "rojo=1")
    assert len(dict(record.headers)) == len(record.headers), "no header stands twice"


def test_several_events() -> None:
    """One step for each write; a registry without a trace begins one."""
    kept, log = KeptSpans(), Log()
    post(kept, log, "a/b", "", "c/d")
    send = kept.named("send registry.events")
    assert facts(send)["messaging.batch.message_count"] == 3
    assert parent(kept.named("POST /events")) == ""
    [records] = log.writes
    assert {trace_of(record.headers).traceparent for record in records} == {traceparent(send)}


def test_without_tracing_nothing_is_in_the_way() -> None:
    """The objects that do the work are the very ones."""
    off, log = IntakeTracing(TracingSettings(), "registry.events", client_id="registry-bridge"), Log()
    metrics = BridgeMetrics(CollectorRegistry())
    route = Intake(
        IntakeSettings(), Acceptance("registry.events", log, metrics, StillClock()), metrics, StillClock()
    ).route()
    assert off.topic(log) is log
    assert off.route(route) is route
    asyncio.run(off.close(1.0))


@pytest.mark.parametrize(
    ("log", "head", "status", "failed"),
    [
        (Log(takes=0), {}, 503, {"POST /events": "503", "send registry.events": "KafkaUnavailableError"}),
        (Log(), {"content-type": "text/plain"}, 415, {}),
    ],
)
def test_what_fails(log: Log, head: dict[str, str], status: int, failed: dict[str, str]) -> None:
    """A refusal is the client's fault and no error of a server; a 503 is one, and says what of it failed."""
    kept = KeptSpans()
    assert status == post(kept, log, "a/b", **head).status
    assert facts(kept.named("POST /events"))["http.response.status_code"] == status
    assert failed == {one.name: facts(one)["error.type"] for one in kept.ended if not one.status.is_unset}
