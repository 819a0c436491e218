"""The worker's series: each label has few values, and nothing is left of an endpoint that is forgotten."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry

from consumer.delivery.owner import Attempt
from consumer.delivery.policy.outcome import Answer, Outcome
from consumer.endpoint.metrics import ACROSS_PROCESSES, EndpointMetrics, WorkerMetrics

BOUNDED = {
    "endpoint": "the endpoints of the configuration",
    "type": "Events, Successes, Failures, Errors",
    "code": "HTTP statuses",
    "reason": "causes of dead letters",
    "rule": "filters",
    "result": "succeeded, failed",
    "le": "buckets",
}


class Backlogs:
    """What waits, of which the age is not known."""

    endpoints: Iterable[str] = ("ci", "other")
    partitions = 12

    def lag(self, endpoint: str) -> float:
        """As long as its name."""
        return len(endpoint)

    def oldest_age_s(self, endpoint: str) -> None:
        """Never known."""


def used(endpoint: str, metrics: WorkerMetrics) -> EndpointMetrics:
    """The series of an endpoint of which everything was counted."""
    made = EndpointMetrics(metrics, endpoint)
    for status, outcome in ((200, Outcome.DELIVERED), (503, Outcome.UNAVAILABLE)):
        made.attempted(Attempt([], Answer(status), outcome, 0.1, 1), now=0.0)
    made.filtered("actions", 3)
    made.buried("rejected")
    made.committed(succeeded=True)
    made.committed(succeeded=False)
    made.expired.inc()
    made.foreign_metadata.inc()
    return made


def labels_of(registry: CollectorRegistry) -> set[tuple[str, str]]:
    """Each label with its value, of all samples."""
    return {pair for family in registry.collect() for sample in family.samples for pair in sample.labels.items()}


def test_a_forgotten_endpoint_has_no_series() -> None:
    """Of whatever metric; those of another endpoint stay as they are, and it can come back from zero."""
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.ask_for_backlogs(Backlogs(), ["ci", "other"])
    for endpoint in ("ci", "other"):
        used(endpoint, metrics)
    kept = {pair for pair in labels_of(metrics.registry) if pair != ("endpoint", "ci")}
    assert ("endpoint", "ci") in labels_of(metrics.registry)
    metrics.forget("ci")
    assert kept == labels_of(metrics.registry)
    metrics.forget("never there")
    EndpointMetrics(metrics, "ci")
    successes = {"type": "Successes", "endpoint": "ci"}
    assert 0 == metrics.registry.get_sample_value("registry_notifications_events_total", successes)


def test_each_label_is_bounded() -> None:
    """No label takes what a stranger sends: a repository, an event's id, an address."""
    metrics = WorkerMetrics(CollectorRegistry())
    used("ci", metrics)
    assert {name for name, _ in labels_of(metrics.registry)} == BOUNDED.keys()


def test_what_is_not_known_has_no_sample() -> None:
    """The lag is known, the age is not."""
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.ask_for_backlogs(Backlogs(), ["ci"])
    assert 2 == metrics.registry.get_sample_value("registry_worker_lag", {"endpoint": "ci"})
    assert 12 == metrics.registry.get_sample_value("registry_worker_topic_partitions")
    assert metrics.registry.get_sample_value("registry_worker_oldest_age_seconds", {"endpoint": "ci"}) is None
    assert {"registry_worker_topic_partitions", "registry_worker_retention_seconds"} <= ACROSS_PROCESSES.keys()
