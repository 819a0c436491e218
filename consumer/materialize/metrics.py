"""What `materialize` measures."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from runtime.metrics import AskedGauge, CurrentValue


class TagMetrics:
    """The series of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Nothing was read."""
        self.registry: Final = registry
        self.records: Final = Counter(
            "registry_worker_tags_records_total",
            "Records of the events topic that were read for tags",
            registry=registry,
        )
        self.undecodable: Final = Counter(
            "registry_worker_tags_undecodable_total", "Those of them that cannot be decoded", registry=registry
        )
        self.lost: Final = Counter(
            "registry_worker_tags_lost_total",
            "Records that retention removed before they were read for tags",
            registry=registry,
        )
        self.rows: Final = Counter(
            "registry_worker_tags_rows_total", "Rows written to the topic of tags", registry=registry
        )
        self.partitions: Final = Gauge(
            "registry_worker_tags_partitions", "Partitions that this process keeps the tags of", registry=registry
        )
        self.blocked: Final = Gauge(
            "registry_worker_tags_blocked_partitions",
            "Partitions of these that wait for an upgrade, as they have events of a newer release",
            registry=registry,
        )
        self.tags: Final = Gauge(
            "registry_worker_tags_current", "Tags that are there in these partitions", registry=registry
        )
        self._lag: Final = AskedGauge(
            "registry_worker_tags_lag", "Records of these partitions that were not read yet", registry
        )

    def ask_for_lag(self, value: CurrentValue) -> None:
        """The lag is this from now on; None while it is not known."""
        self._lag.ask(value=value)
