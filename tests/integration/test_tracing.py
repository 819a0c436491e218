"""One trace from a registry's POST over the record to the endpoint, as the commands send it to a collector."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from broker import LocalKafka
from runtime.tracing.opening import OTEL
from tests.kit.beside import late
from tests.kit.bridge import BRIDGE, WORKER, Installation, endpoint
from tests.kit.eventually import eventually
from tests.kit.exchange import Captured
from tests.kit.missing import without
from tests.kit.notifications import Poster, arrivals, envelope, event_json, wait_for_ids
from tests.kit.process import Process
from tests.kit.receiver import Receiver

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e473"
"""The digits of a trace's id but the last: that is the number of the try."""
PARENT: Final = "00f067aa0ba902b7"
TRIES: Final = 5
"""Of a POST, each with an event and a trace of its own: Kafka can be late each time."""
ON: Final = {"tracing": {"enabled": True}}


def spans_in(requests: list[Captured], trace: str) -> dict[str, dict[str, Any]]:
    """The spans of a trace that a collector got, by service and name."""
    found = {}
    for request in requests:
        body = gzip.decompress(request.body) if request.header("content-encoding") == "gzip" else request.body
        for of in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = {one.key: one.value.string_value for one in of.resource.attributes}
            for span in (one for scope in of.scope_spans for one in scope.spans if one.trace_id.hex() == trace):
                key = f"{service['service.name']} {span.name}"
                found[key] = {
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "state": span.trace_state,
                    "environment": service.get("deployment.environment.name"),
                }
    return found


def taken(poster: Poster) -> int:
    """The number of the event that was the first to be answered 200."""
    for number in range(TRIES):
        state = {"traceparent": f"00-{TRACE}{number}-{PARENT}-01", "tracestate": "rojo=1"}
        reply = poster.post(envelope(event_json("library/app", number)), state)
        if not late(reply):
            assert 200 == reply.status, reply.body
            return number
    pytest.fail(f"Kafka was late {TRIES} times")


def test_one_trace_from_the_registry_to_the_endpoint(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """POST, send, process and request follow each other; the endpoint goes on from the last, with the same state."""
    with Receiver() as collector:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
        }
        ends = [endpoint("ci", receiver.url)]
        setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends, sections=ON)
        with (
            setup.bridge(environment=environment) as bridge,
            setup.worker(environment=environment) as worker,
            Poster(f"{bridge.wait_ready()}/events/eu") as poster,
        ):
            number = taken(poster)
            trace = f"{TRACE}{number}"
            wait_for_ids(receiver, {f"library-app-{number}"})
            eventually(lambda: len(spans_in(collector.requests, trace)) == 4)
            assert worker.terminate() == bridge.terminate() == 0
        found = spans_in(collector.requests, trace)
        [request] = [one.request for one in arrivals(receiver.requests) if one.number == number]
    assert {one.path for one in collector.requests} == {"/v1/traces"}
    ways = (
        "registry-bridge POST /events/{registry}",
        f"registry-bridge send {topic}",
        f"registry-worker process {topic}",
        "registry-worker POST",
    )
    steps = [found[name] for name in ways]
    assert [one["parent"] for one in steps] == [PARENT, *(one["id"] for one in steps[:-1])]
    assert {(one["trace"], one["state"], one["environment"]) for one in steps} == {(trace, "rojo=1", "test")}
    assert request.header("traceparent") == f"00-{trace}-{steps[-1]['id']}-01"
    assert request.header("tracestate") == "rojo=1"


@pytest.mark.parametrize(
    ("module", "command", "environment", "says"),
    [
        (BRIDGE, "serve", {}, "tracing.enabled needs OpenTelemetry, which is not installed; "),
        (WORKER, "deliver", {}, "tracing.enabled needs OpenTelemetry, which is not installed; "),
        (WORKER, "deliver", {"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER: no exporter 'zipkin'"),
    ],
)
def test_what_cannot_be_recorded_is_refused_at_the_start(
    module: str, command: str, environment: Mapping[str, str], says: str, tmp_path: Path
) -> None:
    """Exit 2 and one line, which says what to install."""
    setup = Installation("127.0.0.1:9", "t", tmp_path, endpoints=[endpoint("ci", "http://127.0.0.1:9/")], sections=ON)
    missing = environment or without(tmp_path / "stubs", "opentelemetry")
    with Process(module, command, folder=tmp_path / "p", config=setup.config(), environment=missing) as process:
        assert process.wait() == 2
    (line,) = process.stderr.splitlines()
    assert says in line
    assert environment or all(package in line for package in OTEL)
