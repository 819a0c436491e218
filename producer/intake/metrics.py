"""What the bridge counts; its names are listed in docs/metrics.md."""

from collections.abc import Mapping
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from runtime.processes.merged_metrics import Merging

_ACTIONS: Final = frozenset({"push", "pull", "mount", "delete"})
REFUSALS: Final = (
    *("kafka", "not-ready", "spool-full", "spool-failed", "busy"),  # answered 503: a registry tries again
    *("unauthorized", "content-type", "content-encoding", "too-large", "malformed", "path", "method"),
    *("slow", "tls", "plain", "protocol", "head"),
)
"""Why a POST is not answered 200."""
CLOSURES: Final = ("silent", "slow", "crowded", "unread", "handshake")
"""Why a connection is closed."""
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)

ACROSS_PROCESSES: Final[Mapping[str, Merging]] = {"registry_bridge_in_flight": "sum"}
"""What each gauge is for the processes of one intake together."""


class BridgeMetrics:
    """Counters of one bridge."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry: Final = registry
        self._accepted = Counter(
            "registry_bridge_events_accepted_total",
            "Events acknowledged by all in-sync replicas",
            ["action"],
            registry=registry,
        )
        self._refused = Counter(
            "registry_bridge_refused_total", "POSTs that were not answered 200", ["reason"], registry=registry
        )
        self._of_source = Counter(
            "registry_bridge_source_events_total",
            "What each source has sent, by its kind, whether or not it became an event",
            ["source", "kind"],
            registry=registry,
        )
        self._closed = Counter(
            "registry_bridge_connections_closed_total",
            "Connections closed because the client sent no request, or did not read its answer",
            ["reason"],
            registry=registry,
        )
        for counter, reasons in ((self._refused, REFUSALS), (self._closed, CLOSURES)):
            for reason in reasons:  # a series that began with its first event would not be seen to rise
                counter.labels(reason)
        self._accepted_of: dict[str, Counter] = {}
        self._ack_seconds = Histogram(
            "registry_bridge_ack_seconds",
            "Seconds from the end of reading a POST until its events are acknowledged",
            registry=registry,
            buckets=_SECONDS,
        )
        self._in_flight = 0
        gauge = Gauge("registry_bridge_in_flight", "POSTs waiting for their acknowledgement", registry=registry)
        gauge.set_function(lambda: self._in_flight)

    def accepted(self, action: str) -> None:
        """An event is in the log; actions that no registry sends share a label, as anybody can invent them."""
        label = action if action in _ACTIONS else "other" if action else "unknown"
        counter = self._accepted_of.get(label)
        if counter is None:
            counter = self._accepted_of[label] = self._accepted.labels(label)
        counter.inc()

    def of_source(self, source: str, kind: str, count: int) -> None:
        """A source has sent so much of a kind; 0 makes the series known."""
        self._of_source.labels(source, kind).inc(count)

    def acknowledging(self) -> "Acknowledging":
        """A context in which a POST waits for its acknowledgement."""
        return Acknowledging(self)

    def begun(self) -> None:
        """A POST waits for its acknowledgement."""
        self._in_flight += 1

    def ended(self, seconds: float) -> None:
        """It has waited so long, however that has ended."""
        self._in_flight -= 1
        self._ack_seconds.observe(seconds)

    def refused(self, reason: str) -> None:
        """A POST was refused."""
        self._refused.labels(reason).inc()

    def closed(self, reason: str) -> None:
        """A connection was closed without a request, or with an answer that nobody read."""
        self._closed.labels(reason).inc()


class Acknowledging:
    """One POST's wait; a class, since a generator's context costs as much as all that is counted in it."""

    __slots__ = ("_began", "_metrics")

    def __init__(self, metrics: BridgeMetrics) -> None:
        self._metrics = metrics
        self._began = perf_counter()

    def __enter__(self) -> None:
        self._metrics.begun()

    def __exit__(self, *_: object) -> None:
        self._metrics.ended(perf_counter() - self._began)
