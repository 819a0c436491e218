"""What the workers count: the registry's own names, so that dashboards stay, and ours; see docs/metrics.md."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final, Protocol, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric

from consumer.delivery.owner import Attempt
from consumer.delivery.policy.attempts import Reason
from consumer.delivery.policy.outcome import Answer, NoAnswer, Outcome
from consumer.endpoint.go_status_text import status_text
from consumer.endpoint.latency import DELIVERY_SECONDS
from runtime.metrics import AskedGauge
from runtime.processes.merged_metrics import Merging
from runtime.tallies import TalliedCounter, TalliedHistogram, Tally

_BY_ENDPOINT: Final = ("endpoint",)
_END_TO_END_SECONDS: Final = (*DELIVERY_SECONDS[3:], 300.0, 1800.0, 7200.0, 21600.0, 86400.0)


ACROSS_PROCESSES: Final[Mapping[str, Merging]] = {
    "registry_notifications_pending_total": "max",
    "registry_worker_in_flight": "sum",
    "registry_worker_concurrency_limit": "sum",
    "registry_worker_lag": "max",
    "registry_worker_oldest_age_seconds": "max",
    "registry_worker_assigned_partitions": "sum",
    "registry_worker_breaker_open": "max",
    "registry_worker_paused": "max",
    "registry_worker_duplicates_possible": "sum",
    "registry_worker_topic_partitions": "max",
    "registry_worker_retention_seconds": "max",
}
"""What each gauge is for the processes of one worker together; each of them knows the lag of all partitions."""


class BacklogSource(Protocol):
    """Who knows what waits for each endpoint."""

    @property
    def endpoints(self) -> Iterable[str]:
        """Those that can be asked for."""

    def lag(self, endpoint: str) -> float | None:
        """Records that are not finished; None if that is not known."""

    def oldest_age_s(self, endpoint: str) -> float | None:
        """Age of the oldest event that waits, in seconds; None if that is not known."""

    @property
    def partitions(self) -> int | None:
        """Of the events topic; None if that is not known."""


class _Labelled(Protocol):
    """A metric with series."""

    def collect(self) -> Iterable[Metric]:
        """All series."""

    def remove(self, *labels: str) -> None:
        """End the series with these values of the labels, if there is one."""


_Made = TypeVar("_Made", bound=_Labelled)


class _Series:
    """Makes the metrics of one registry that have series for each endpoint, and ends those of an endpoint."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._made: list[tuple[_Labelled, tuple[str, ...]]] = []

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A counter with these labels."""
        return self._kept(Counter(name, text, labels, registry=self._registry), labels)

    def tallied(self, name: str, text: str, *labels: str) -> TalliedCounter:
        """A counter with these labels, of what happens with every event."""
        return self._kept(TalliedCounter(name, text, labels, self._registry), labels)

    def gauge(self, name: str, text: str) -> Gauge:
        """A gauge for each endpoint."""
        return self._kept(Gauge(name, text, _BY_ENDPOINT, registry=self._registry), _BY_ENDPOINT)

    def asked(self, name: str, text: str) -> AskedGauge:
        """A gauge for each endpoint, asked when somebody looks."""
        return self._kept(AskedGauge(name, text, self._registry, _BY_ENDPOINT), _BY_ENDPOINT)

    def single(self, name: str, text: str) -> AskedGauge:
        """A gauge of one value, asked when somebody looks."""
        return AskedGauge(name, text, self._registry)

    def seconds(self, name: str, text: str, bounds: tuple[float, ...]) -> TalliedHistogram:
        """A histogram for each endpoint, in seconds."""
        return self._kept(TalliedHistogram(name, text, _BY_ENDPOINT, self._registry, bounds=bounds), _BY_ENDPOINT)

    def end(self, endpoint: str) -> None:
        """End all series of this endpoint."""
        for metric, labels in self._made:
            if labels == _BY_ENDPOINT:
                metric.remove(endpoint)
                continue
            found = [sample.labels for family in metric.collect() for sample in family.samples]
            for values in {tuple(one[label] for label in labels) for one in found if one["endpoint"] == endpoint}:
                metric.remove(*values)

    def _kept(self, made: _Made, labels: tuple[str, ...]) -> _Made:
        self._made.append((made, labels))
        return made


class WorkerMetrics:
    """Series of one worker process; each endpoint has its own labels."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry: Final = registry

        made = self._series = _Series(registry)
        self.events: Final = made.tallied(
            "registry_notifications_events_total", "The number of total events", "type", "endpoint"
        )
        self.pending: Final = made.asked("registry_notifications_pending_total", "The gauge of pending events in queue")
        self.status: Final = made.tallied(
            "registry_notifications_status_total", "The number of status code", "code", "endpoint"
        )
        self.delivery_seconds: Final = made.seconds(
            "registry_worker_delivery_seconds", "Seconds from the request to the end of its answer", DELIVERY_SECONDS
        )
        self.end_to_end_seconds: Final = made.seconds(
            "registry_worker_end_to_end_seconds",
            "Seconds from the bridge's acceptance of an event to its delivery",
            _END_TO_END_SECONDS,
        )
        self.in_flight: Final = made.gauge("registry_worker_in_flight", "Requests in flight")
        self.limit: Final = made.gauge("registry_worker_concurrency_limit", "Requests that may be in flight now")
        self.lag: Final = made.asked("registry_worker_lag", "Records not finished, in all partitions of the group")
        self.oldest: Final = made.asked(
            "registry_worker_oldest_age_seconds", "Age of the oldest event that waits, in all partitions of the group"
        )
        self.partitions: Final = made.gauge("registry_worker_assigned_partitions", "Partitions that this worker has")
        self.breaker: Final = made.gauge("registry_worker_breaker_open", "1 while the breaker is open")
        self.paused: Final = made.gauge("registry_worker_paused", "1 while an operator holds the endpoint")
        self.uncommitted: Final = made.gauge(
            "registry_worker_duplicates_possible", "Events that would be delivered twice if the worker died now"
        )
        self.letters: Final = made.counter("registry_worker_dead_letters_total", "Dead letters", "reason", "endpoint")
        self.filtered: Final = made.counter(
            "registry_worker_filtered_total", "Events that an endpoint did not ask for, by rule", "rule", "endpoint"
        )
        self.unwritten: Final = made.tallied(
            "registry_worker_attempts_not_written_total", "Attempts that their topic does not have", "endpoint"
        )
        self.commits: Final = made.counter("registry_worker_commits_total", "Commits, by result", "result", "endpoint")
        self.expired: Final = made.counter(
            "registry_worker_expired_total", "Events that the log lost before they were delivered", "endpoint"
        )
        self.foreign_metadata: Final = made.counter(
            "registry_worker_metadata_rejected_total", "Commits whose metadata was ignored", "endpoint"
        )
        self.topic_partitions: Final = made.single("registry_worker_topic_partitions", "Partitions of the events topic")
        self.retention: Final = made.single(
            "registry_worker_retention_seconds", "Seconds for which the log keeps an event (topics.retention)"
        )

    def forget(self, endpoint: str) -> None:
        """End all series of an endpoint that is closed and served no more; they are not exposed any longer."""
        self._series.end(endpoint)

    def attempt_not_written(self, endpoint: str) -> None:
        """Count an attempt that was not written to its topic."""
        self.unwritten.of(endpoint).count += 1

    def ask_for_backlogs(self, backlogs: BacklogSource, served: Iterable[str]) -> None:
        """Show the lag of every endpoint, as far as it is known; of those served here also by the registry's name."""
        self.topic_partitions.ask(value=lambda: backlogs.partitions)
        for name in backlogs.endpoints:
            self.lag.ask(name, value=partial(backlogs.lag, name))
            self.oldest.ask(name, value=partial(backlogs.oldest_age_s, name))
        for name in served:
            self.pending.ask(name, value=partial(backlogs.lag, name))


class EndpointMetrics:
    """The series of one endpoint, bound once."""

    def __init__(self, metrics: WorkerMetrics, endpoint: str) -> None:
        self._metrics = metrics
        self._endpoint = endpoint
        self.events: Final = metrics.events.of("Events", endpoint)
        self._successes = metrics.events.of("Successes", endpoint)
        self._failures = metrics.events.of("Failures", endpoint)
        self._errors = metrics.events.of("Errors", endpoint)
        self.delivery_seconds: Final = metrics.delivery_seconds.of(endpoint)
        self._end_to_end_seconds = metrics.end_to_end_seconds.of(endpoint)
        self.in_flight: Final = metrics.in_flight.labels(endpoint)
        self.limit: Final = metrics.limit.labels(endpoint)
        self.partitions: Final = metrics.partitions.labels(endpoint)
        self.breaker: Final = metrics.breaker.labels(endpoint)
        self.paused: Final = metrics.paused.labels(endpoint)
        self.uncommitted: Final = metrics.uncommitted.labels(endpoint)
        self.expired: Final = metrics.expired.labels(endpoint)
        self.foreign_metadata: Final = metrics.foreign_metadata.labels(endpoint)
        metrics.unwritten.of(endpoint)  # so that it begins with 0
        self._statuses = {status: self._status(status) for status in (200, 201, 202, 204)}
        for reason in Reason:  # a series that began with its first dead letter would not be seen to rise
            metrics.letters.labels(reason.value, endpoint)
        for result in ("succeeded", "failed"):
            metrics.commits.labels(result, endpoint)

    @property
    def delivered(self) -> int:
        """Events that were delivered so far."""
        return self._successes.count

    def attempted(self, attempt: Attempt, now: float) -> None:
        """Count an attempt: Successes per event, Failures and Errors per attempt, as the registry does."""
        self.delivery_seconds.observe(attempt.seconds)
        if isinstance(attempt.result, Answer):
            status = attempt.result.status
            (self._statuses.get(status) or self._status(status)).count += 1
        if attempt.outcome is not Outcome.DELIVERED:
            (self._errors if isinstance(attempt.result, NoAnswer) else self._failures).count += 1
            return
        self._successes.count += len(attempt.deliveries)
        for delivery in attempt.deliveries:
            if (accepted_ms := delivery.record.accepted_ms) is not None:
                self._end_to_end_seconds.observe(max(0.0, now - accepted_ms / 1000))

    def filtered(self, rule: str, events: int) -> None:
        """Count events that were not asked for."""
        self._metrics.filtered.labels(rule, self._endpoint).inc(events)

    def buried(self, reason: str) -> None:
        """Count a dead letter."""
        self._metrics.letters.labels(reason, self._endpoint).inc()

    def committed(self, *, succeeded: bool) -> None:
        """Count a commit."""
        self._metrics.commits.labels("succeeded" if succeeded else "failed", self._endpoint).inc()

    def _status(self, status: int) -> Tally:
        return self._metrics.status.of(status_text(status), self._endpoint)
