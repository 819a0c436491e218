"""The exposition of metrics: help and a unit for each, in the text format and in OpenMetrics."""

import pytest
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from consumer.endpoint.metrics import EndpointMetrics, WorkerMetrics
from producer.intake.metrics import BridgeMetrics
from producer.spool.metrics import SpoolMetrics
from runtime.http.exposition import exposition, unit_of
from runtime.metrics import process_metrics

PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


def everything() -> CollectorRegistry:
    """All metrics of both commands."""
    registry = process_metrics("registry_worker")
    SpoolMetrics(BridgeMetrics(registry).registry)
    EndpointMetrics(WorkerMetrics(registry), "ci")
    return registry


def families(accept: str | None) -> list[Metric]:
    """As a client reads them that sends this header."""
    answer = exposition(everything().collect(), accept)
    parse = parse_openmetrics if answer.content_type.startswith("application/openmetrics-text") else parse_text
    return list(parse(answer.body.decode()))


@pytest.mark.parametrize("accept", [None, "", "*/*", "text/html", "text/plain;version=0.0.4"])
def test_text_is_the_default(accept: str | None) -> None:
    """The format that every scraper reads."""
    answer = exposition(everything().collect(), accept)
    assert "text/plain; version=0.0.4; charset=utf-8" == answer.content_type
    assert families(accept)


@pytest.mark.parametrize("accept", [PROMETHEUS_3, "application/openmetrics-text; version=1.0.0; charset=utf-8"])
def test_openmetrics_is_answered_to_whoever_asks(accept: str) -> None:
    """As Prometheus does; the same values, and units."""
    units = {family.name: family.unit for family in families(accept)}
    assert "seconds" == units["registry_worker_delivery_seconds"]
    assert "seconds" == units["registry_worker_oldest_age_seconds"]
    assert "bytes" == units["process_resident_memory_bytes"]
    assert "" == units["registry_worker_lag"]
    assert {family.name for family in everything().collect()} == units.keys()


def test_each_metric_says_its_unit() -> None:
    """Its name ends with the unit, as its help says; all others count something."""
    for family in everything().collect():
        if family.name.startswith("registry_"):
            assert family.documentation, family.name
            words = family.documentation.lower().split()
            named = {unit for unit in ("seconds", "bytes", "milliseconds") if unit in words or f"{unit}," in words}
            ages = {"seconds"} if words[0] == "age" else set()
            assert {unit_of(family.name)} - {""} == named | ages, family.name


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("registry_worker_delivery_seconds", "seconds"),
        ("process_cpu_seconds_total", "seconds"),
        ("registry_bridge_spool_max_bytes", "bytes"),
        ("registry_worker_lag", ""),
        ("seconds", "seconds"),
        ("milliseconds", ""),
    ],
)
def test_the_unit_is_the_last_word_of_the_name(name: str, unit: str) -> None:
    """But for `_total`."""
    assert unit == unit_of(name)
