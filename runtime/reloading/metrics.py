"""What a process measures of its reloads, by the names that Prometheus has for its own."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from runtime.clock import Clock
from runtime.processes.merged_metrics import Merging

_GAUGES: Final[Mapping[str, Merging]] = {
    "config_last_reload_successful": "min",
    "config_last_reload_success_timestamp_seconds": "min",
    "config_needs_restart": "max",
}
"""What each gauge is for the processes of one command together, by its name without the program's prefix."""


def reload_gauges(prefix: str) -> dict[str, Merging]:
    """The same by the whole names; `prefix` is the program's."""
    return {f"{prefix}_{name}": merging for name, merging in _GAUGES.items()}


class ReloadMetrics:
    """The series of one process."""

    def __init__(self, prefix: str, registry: CollectorRegistry, clock: Clock) -> None:
        """The configuration was loaded now, at the start; `prefix` begins the names."""
        self._clock: Final = clock
        self._results: Final = Counter(
            f"{prefix}_config_reloads_total", "Reloads of the configuration, by result", ["result"], registry=registry
        )
        for result in ("success", "failure"):
            self._results.labels(result)
        self._successful: Final = Gauge(
            f"{prefix}_config_last_reload_successful",
            "1 if the last reload of the configuration succeeded, or there was none; 0 if it failed",
            registry=registry,
        )
        self._succeeded_at: Final = Gauge(
            f"{prefix}_config_last_reload_success_timestamp_seconds",
            "When the configuration in force was loaded, in seconds since the epoch",
            registry=registry,
        )
        self._needs_restart: Final = Gauge(
            f"{prefix}_config_needs_restart",
            "1 while the configuration file has changes that wait for a restart",
            registry=registry,
        )
        self._successful.set(1)
        self._succeeded_at.set(clock.wall())

    def succeeded(self, *, needs_restart: bool) -> None:
        """A reload did."""
        self._results.labels("success").inc()
        self._successful.set(1)
        self._succeeded_at.set(self._clock.wall())
        self._needs_restart.set(needs_restart)

    def failed(self) -> None:
        """A reload did: the settings of before are in force."""
        self._results.labels("failure").inc()
        self._successful.set(0)
