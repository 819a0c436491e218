"""What a parent measures of its children, and of itself."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from runtime.metrics import AskedGauge, process_metrics
from runtime.processes.keeper import Keeper
from runtime.processes.merged_metrics import LABEL, PARENT, Merging, MetricsMerge, ProcessScrape
from runtime.processes.pages import ChildPages
from runtime.reloading.metrics import reload_gauges


class _Restarts(Collector):
    """Counts the processes that were started because another had ended."""

    def __init__(self, name: str, keepers: Sequence[Keeper]) -> None:
        self._name = name
        self._keepers = keepers

    def collect(self) -> list[CounterMetricFamily]:
        """By process."""
        family = CounterMetricFamily(self._name, "Processes started because another had ended", labels=[LABEL])
        for keeper in self._keepers:
            family.add_metric([str(keeper.slot.number)], keeper.restarts)
        return [family]


class FamilyMetrics:
    """The metrics of a parent and all its children, merged."""

    def __init__(
        self, prefix: str, keepers: Sequence[Keeper], pages: ChildPages, gauges: Mapping[str, Merging]
    ) -> None:
        """`prefix` begins the names of our own metrics; `gauges` says how the children's are merged."""
        self._pages: Final = pages
        self._own: Final = parent_metrics(prefix, keepers)
        self._merge: Final = MetricsMerge({**gauges, f"{prefix}_kafka_up": "min", **reload_gauges(prefix)})

    @property
    def registry(self) -> CollectorRegistry:
        """Of the parent's own metrics."""
        return self._own

    def forget(self, label: str, value: str) -> None:
        """Expose nothing any more in which this label has this value, unless a child does."""
        self._merge.forget(label, value)

    async def families(self) -> list[Metric]:
        """All of them now."""
        answers = await self._pages.ask("/metrics")
        own = ProcessScrape(PARENT, 0, generate_latest(self._own).decode())
        return self._merge.merged(
            [own]
            + [
                ProcessScrape(str(one.number), one.start, one.answer.body.decode())
                for one in answers
                if one.answer is not None
            ],
            is_whole=not any(one.is_silent for one in answers),
        )


def parent_metrics(prefix: str, keepers: Sequence[Keeper]) -> CollectorRegistry:
    """A parent's own: the process itself, and how its children do."""
    registry = process_metrics(prefix)
    registry.register(_Restarts(f"{prefix}_process_restarts", keepers))
    up = AskedGauge(f"{prefix}_process_up", "1 while this process listens, 0 while it does not", registry, [LABEL])
    for keeper in keepers:
        up.ask(str(keeper.slot.number), value=partial(_up, keeper))
    return registry


def _up(keeper: Keeper) -> float:
    return 0.0 if keeper.trouble else 1.0
