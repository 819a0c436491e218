"""The senders of a worker, with and without spans."""

import asyncio

import pytest

from consumer.delivery.sink.sink_sender import SinkSender
from consumer.delivery.sink.tracing import TracedSinkSender
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.delivery.webhook.sender import Sender
from consumer.delivery.webhook.tracing import TracedSender
from consumer.lanes.delivery import Delivery, Lane
from consumer.worker.senders import SenderMaker
from runtime.config import EndpointSettings
from runtime.tracing.spans import Tracing
from tests.kit.sendables import DELETE, TRACEPARENT, sendable
from tests.kit.spans import KeptSpans, facts, parent
from tests.kit.still_clock import StillClock

WEBHOOK = EndpointSettings(name="ci", url="https://ci.example.com/")
SINK = EndpointSettings(name="audit", sink="tests.kit.python_sinks:make", concurrency=1)


def kind_of_sender(endpoint: EndpointSettings, tracing: Tracing | None) -> type[object]:
    """Which is made."""
    maker = SenderMaker(StillClock(), LargeEvents(), "registry-worker", tracing)
    made = maker.sender(endpoint)
    asyncio.run(made.close())
    return type(made)


def test_without_tracing_nothing_is_in_the_way() -> None:
    """Only where there are spans, an attempt goes through what records it."""
    assert kind_of_sender(WEBHOOK, None) is Sender
    assert kind_of_sender(WEBHOOK, KeptSpans().tracing) is TracedSender


def test_a_sink_has_a_sender_of_its_own() -> None:
    """With spans and without."""
    assert kind_of_sender(SINK, None) is SinkSender
    assert kind_of_sender(SINK, KeptSpans().tracing) is TracedSinkSender


@pytest.mark.parametrize(
    ("sink", "timeout_s", "status", "error"),
    [
        ("tests.kit.python_sinks:make", 60.0, "UNSET", None),
        ("tests.kit.python_sinks:make_refusing", 60.0, "ERROR", "rejected"),
        ("tests.kit.python_sinks:make_hanging", 0.2, "ERROR", "timeout"),
    ],
)
def test_the_span_of_a_sinks_attempt(sink: str, timeout_s: float, status: str, error: str | None) -> None:
    """The processing of its record, which goes on from the record's own trace; there is no request in it."""
    kept = KeptSpans()
    maker = SenderMaker(StillClock(), LargeEvents(), "registry-worker", kept.tracing)
    record, event = sendable(DELETE, traceparent=TRACEPARENT)
    delivery = Delivery(record, event, Lane((3, b"library/test")), 0.0, None)

    sender = maker.sender(EndpointSettings(name="audit", sink=sink, timeout_s=timeout_s, concurrency=1))
    asyncio.run(sender.send([delivery]))
    [span] = kept.ended
    assert (facts(span)["status"], facts(span).get("error.type")) == (status, error)
    assert facts(span)["registry_bridge.endpoint"] == "audit"
    assert parent(span) == TRACEPARENT.split("-")[2]
