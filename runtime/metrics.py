"""Metrics that every process has, and gauges of what is not always known."""

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Info, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from runtime.http.client import VERSION

CurrentValue = Callable[[], float | None]
"""The value now; None if it cannot be known."""


def process_metrics(program: str) -> CollectorRegistry:
    """A registry with the version as `PROGRAM_build_info`, and the process itself: CPU, memory, descriptors, Python."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    Info(f"{program}_build", "The running release", registry=registry).info({"version": VERSION})
    return registry


class AskedGauge(Collector):
    """A gauge that is asked when somebody looks: what is unknown has no sample, and never a zero."""

    def __init__(self, name: str, text: str, registry: CollectorRegistry, labels: Iterable[str] = ()) -> None:
        """Has no samples yet."""
        self._name: Final = name
        self._text: Final = text
        self._labels: Final = tuple(labels)
        self._asked: dict[tuple[str, ...], CurrentValue] = {}
        registry.register(self)

    def ask(self, *labels: str, value: CurrentValue) -> None:
        """Ask for this one from now on; `labels` are its labels' values."""
        self._asked[labels] = value

    def remove(self, *labels: str) -> None:
        """Ask for this one no more."""
        self._asked.pop(labels, None)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Its name and kind, without asking."""
        return [GaugeMetricFamily(self._name, self._text, labels=self._labels)]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """What is known now."""
        family = GaugeMetricFamily(self._name, self._text, labels=self._labels)
        for labels, asked in self._asked.items():
            value = asked()
            if value is not None:
                family.add_metric(labels, value)
        return [family]


class ClusterStatus(Protocol):
    """What is known of the cluster; the pulse has it."""

    @property
    def is_up(self) -> bool | None:
        """Whether Kafka answers; None before anything is known."""


def kafka_up(name: str, registry: CollectorRegistry, kafka: ClusterStatus) -> None:
    """The gauge of whether Kafka answers this process; without a sample until something is known."""

    def value() -> float | None:
        return None if kafka.is_up is None else float(kafka.is_up)

    AskedGauge(name, "1 while Kafka answers this process, 0 while it does not", registry).ask(value=value)
