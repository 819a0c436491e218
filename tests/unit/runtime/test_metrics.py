"""Gauges that are asked: what is not known, or is not asked for any more, has no sample."""

from functools import partial

from prometheus_client import CollectorRegistry

from runtime.metrics import AskedGauge


def test_an_asked_gauge_has_the_samples_that_are_known() -> None:
    """At each look anew; one that is removed has none, and removing it twice is quiet."""
    registry = CollectorRegistry()
    gauge = AskedGauge("waiting", "Events that wait", registry, ["endpoint"])
    values: dict[str, float | None] = {"a": 1.0, "b": None}
    for name in tuple(values):
        gauge.ask(name, value=partial(values.get, name))
    assert (1.0, None) == tuple(registry.get_sample_value("waiting", {"endpoint": name}) for name in values)
    values["b"] = 2.0
    gauge.remove("a")
    gauge.remove("a")
    assert (None, 2.0) == tuple(registry.get_sample_value("waiting", {"endpoint": name}) for name in values)
