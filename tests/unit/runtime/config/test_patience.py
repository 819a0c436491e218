"""Timeouts that cannot work together are refused at start, not found out at the first rebalance."""

from typing import Any

import pytest

from runtime.config import ConfigurationError
from runtime.config.crosschecks import poll_interval_ms
from runtime.config.load import settings_from


def config(**over: Any) -> dict[str, Any]:
    """A file with one endpoint; `over` is its timeout, the worker's drain, or a Kafka setting."""
    kafka = {"bootstrap.servers": "127.0.0.1:9092", **over.get("kafka", {})}
    endpoint = {"name": "ci", "url": "http://ci.example.com/", "timeout": over.get("timeout", "1s")}
    return {"kafka": kafka, "worker": {"drain": over.get("drain", "10s")}, "endpoints": [endpoint]}


@pytest.mark.parametrize(
    "over",
    [
        {"timeout": "294s", "kafka": {"max.poll.interval.ms": 300_000}},
        {"drain": "5m", "kafka": {"max.poll.interval.ms": 300_000}},
        {"timeout": "30s", "kafka": {"max.poll.interval.ms": 36_000}},
    ],
)
def test_a_drain_that_outlasts_the_poll_interval_is_refused(over: dict[str, Any]) -> None:
    """A poll interval that the file sets: the fault names the endpoint, what a drain takes and what the setting is."""
    with pytest.raises(ConfigurationError) as refused:
        settings_from(config(**over))
    (fault,) = refused.value.faults
    assert fault.startswith("endpoint ci: its drain (worker.drain or timeout + 1s)")
    assert "kafka.max.poll.interval.ms is" in fault


@pytest.mark.parametrize(
    "over", [{}, {"timeout": "293s"}, {"timeout": "30s", "kafka": {"max.poll.interval.ms": 36_001}}]
)
def test_a_drain_within_the_poll_interval_is_fine(over: dict[str, Any]) -> None:
    """Just below the bound nothing is wrong."""
    assert settings_from(config(**over)).endpoints[0].name == "ci"


def test_a_delay_that_outlasts_the_log_is_refused() -> None:
    """The event would be gone before it may be sent; a delay that is shorter is fine."""
    file: dict[str, Any] = {**config(), "topics": {"retention": "30s"}}
    file["endpoints"][0]["delay"] = "30s"
    with pytest.raises(ConfigurationError) as refused:
        settings_from(file)
    assert ["endpoint ci: its delay is 30s and must be shorter than topics.retention, which is 30s"] == list(
        refused.value.faults
    )
    file["endpoints"][0]["delay"] = "29s"
    assert settings_from(file).endpoints[0].delay_s == 29.0


@pytest.mark.parametrize(
    ("over", "interval_ms"),
    [({}, 300_000), ({"timeout": "293s"}, 300_000), ({"timeout": "2h"}, 7_206_001), ({"drain": "5m"}, 305_001)],
)
def test_without_one_the_poll_interval_is_longer_than_a_drain(over: dict[str, Any], interval_ms: int) -> None:
    """A timeout as long as a registry takes needs no second setting; librdkafka's default is the least."""
    settings = settings_from(config(**over))
    assert poll_interval_ms(settings.worker, settings.endpoints[0]) == interval_ms
