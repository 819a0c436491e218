"""What an intake counts of its spool; its names are listed in docs/metrics.md."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter

from producer.spool.readiness import SpoolReadiness
from runtime.metrics import AskedGauge

_FAILURES: Final = ("spool-full", "spool-failed", "refused")


class SpoolMetrics:
    """Counters of one spool, and gauges of what it holds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry: Final = registry
        self._stored = Counter(
            "registry_bridge_spool_stored_total",
            "Events that were answered 200 when they were in the spool",
            registry=registry,
        )
        self._forwarded = Counter(
            "registry_bridge_spool_forwarded_total", "Events that went from the spool to Kafka", registry=registry
        )
        self._repeats = Counter(
            "registry_bridge_spool_possible_repeats_total",
            "Events that may stand in the log twice: not acknowledged in time, and written again",
            registry=registry,
        )
        self._failures = Counter(
            "registry_bridge_spool_failures_total",
            "POSTs that the spool did not take, and events of the spool that cannot be written to Kafka",
            ["reason"],
            registry=registry,
        )
        for reason in _FAILURES:  # a series that began with its first failure would not be seen to rise
            self._failures.labels(reason)
        self._events = AskedGauge("registry_bridge_spool_events", "Events in the spool", registry)
        self._used = AskedGauge("registry_bridge_spool_bytes", "Bytes that the events take in the spool", registry)
        self._disk = AskedGauge("registry_bridge_spool_disk_bytes", "Bytes of the spool's files", registry)
        self._max = AskedGauge(
            "registry_bridge_spool_max_bytes", "Bytes that the events may take in the spool", registry
        )
        self._age = AskedGauge(
            "registry_bridge_spool_oldest_age_seconds",
            "Age of the oldest event in the spool; 0 if it is empty",
            registry,
        )

    def ask(self, spool: SpoolReadiness) -> None:
        """Take the gauges from this spool."""
        self._events.ask(value=lambda: spool.status().events)
        self._used.ask(value=lambda: spool.status().used_bytes)
        self._disk.ask(value=lambda: spool.status().disk_bytes)
        self._max.ask(value=lambda: spool.status().max_bytes)
        self._age.ask(value=lambda: 0.0 if spool.status().events == 0 else spool.status().oldest_age_s)

    def stored(self, records: int) -> None:
        """Events are on disk."""
        self._stored.inc(records)

    def forwarded(self, records: int) -> None:
        """Kafka has events of the spool."""
        self._forwarded.inc(records)

    def maybe_repeated(self, records: int) -> None:
        """Events may stand in the log, and are written again."""
        self._repeats.inc(records)

    def failed(self, reason: str) -> None:
        """The spool did not take a POST."""
        self._failures.labels(reason).inc()

    def refused(self) -> None:
        """An event of the spool cannot be written: Kafka refused it, or its release is unknown."""
        self._failures.labels("refused").inc()
