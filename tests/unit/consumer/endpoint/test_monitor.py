"""What the monitor of an endpoint logs of attempts."""

import io
import json
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from consumer.attempts.recent import AttemptRoom
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Outcome
from consumer.endpoint.metrics import EndpointMetrics, WorkerMetrics
from consumer.endpoint.monitor import Monitor
from runtime.logs import configure_logs
from tests.kit.still_clock import StillClock
from tests.unit.consumer.attempts.test_kept_attempt import delivery


@pytest.fixture(autouse=True)
def _logs() -> Any:
    """Logs as they were before, afterwards."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def logged(level: str, attempt: Attempt) -> list[dict[str, Any]]:
    """The lines about an attempt."""
    stream = io.StringIO()
    configure_logs("json", level, stream)
    metrics = EndpointMetrics(WorkerMetrics(CollectorRegistry()), "ci")
    monitor = Monitor("ci", metrics, AttemptRoom().of("ci", 0.0), StillClock())
    monitor.attempted(attempt)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_attempt_is_a_line_for_whoever_debugs() -> None:
    """One for each event of a batch, in order, with all that is kept; nothing at the usual level."""
    attempt = Attempt([delivery(7), delivery(8)], Answer(202, text="thanks"), Outcome.DELIVERED, 0.125, 2)
    lines = logged("debug", attempt)
    assert [7, 8] == [line["offset"] for line in lines]
    expected = {"event": "delivery.attempted", "level": "debug", "endpoint": "ci", "number": 2, "answer": "thanks"}
    assert expected.items() <= lines[0].items()
    assert logged("info", attempt) == []


def test_a_failed_attempt_is_a_warning() -> None:
    """With the number of the try, and when the next one follows."""
    attempt = Attempt([delivery(7)], Answer(500), Outcome.FAILED, 0.125, 2, 4.0)
    (line,) = logged("info", attempt)
    assert {"event": "delivery.failed", "status": 500, "attempt": 2, "next_try_s": 4.0}.items() <= line.items()


def test_an_attempt_that_was_broken_off_is_kept_and_no_failure() -> None:
    """No warning, no failure in the metrics: the endpoint is not at fault."""
    metrics = EndpointMetrics(WorkerMetrics(CollectorRegistry()), "ci")
    kept = AttemptRoom().of("ci", 0.0)
    monitor = Monitor("ci", metrics, kept, StillClock())
    result = NoAnswer(Fault.BROKEN_OFF, "the worker stopped")
    with capture_logs() as lines:
        monitor.interrupted(Attempt([delivery(7)], result, Outcome.UNAVAILABLE, 0.125, 1))
    (found,) = kept.last(1)
    assert (found.error, found.status, found.number) == ("broken off: the worker stopped", None, 1)
    assert {"delivery.attempted"} >= {line["event"] for line in lines}
