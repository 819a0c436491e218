"""One call of a sink, shown to a person."""

import asyncio
import json
from dataclasses import replace

import pytest

from consumer.delivery.event_sender import exchange_with
from consumer.delivery.policy.outcome import Outcome
from consumer.delivery.webhook.exchange import WebhookExchange
from consumer.operations.exchange_text import lines_of
from runtime.config import EndpointSettings
from runtime.sink_factory import SinkSettingsError
from tests.kit.python_sinks import KeptSink, PlacedSink, stumble
from tests.kit.sendables import DELETE, sendable
from tests.kit.still_clock import StillClock

ENDPOINT = EndpointSettings(name="audit", sink="mypackage.audit:make", concurrency=1)


def called(sink: object, test: str) -> WebhookExchange:
    """What comes of a call."""
    endpoint = replace(ENDPOINT, factory=lambda: sink)
    return asyncio.run(exchange_with(endpoint, sendable(DELETE, offset=9), StillClock(), test=test))


def test_a_call_is_made_once_and_the_sink_is_closed() -> None:
    """The event is shown as it would be sent; there is no status."""
    sink = KeptSink()
    found = called(sink, "event")
    assert (sink.written, sink.closed) == ([DELETE.id], 1)
    assert (found.url, found.sink) == ("python:mypackage.audit:make", "mypackage.audit:make")
    assert (found.outcome, found.status, found.said) == (Outcome.DELIVERED, None, "the sink has it")
    assert json.loads(found.body)["id"] == DELETE.id
    lines = list(lines_of(found))
    assert lines[:3] == ["* endpoint audit: python:mypackage.audit:make", "> write(event)", ">"]
    assert lines[-2:] == ["<", "* outcome: delivered (the sink has it; all after 0.0 ms)"]


def test_an_exception_is_shown() -> None:
    """In a line, with what a worker would make of it."""
    last = list(lines_of(called(KeptSink(stumble), "sample")))[-1]
    assert last.startswith("* outcome: failed (KeyError: 'password=")


def test_a_sample_lies_nowhere() -> None:
    """So a sink that keeps events by their places does not replace one; an event of the log has its own place."""
    sink = PlacedSink()
    called(sink, "sample")
    called(sink, "event")
    assert sink.places == [f"{DELETE.id} registry.events/-1/-1", f"{DELETE.id} registry.events/3/9"]


def test_there_is_no_factory() -> None:
    """Nothing is called."""
    with pytest.raises(SinkSettingsError, match="endpoint audit: sink mypackage"):
        asyncio.run(exchange_with(ENDPOINT, sendable(DELETE), StillClock(), test="sample"))
