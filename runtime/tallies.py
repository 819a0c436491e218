"""Counters and histograms of what happens with every event: plain numbers of one thread, told when somebody looks.

The client library's own take a lock for each step, which is a twentieth of what an event costs a worker. What is
exposed is the same.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class Tally:
    """One series of a counter."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        """Nothing was counted."""
        self.count = 0


class TalliedCounter(Collector):
    """A counter, of which each series is a `Tally`."""

    def __init__(self, name: str, text: str, labels: Iterable[str], registry: CollectorRegistry) -> None:
        """Has no series yet."""
        self._name: Final = name
        self._text: Final = text
        self._labels: Final = tuple(labels)
        self._tallies: Final[dict[tuple[str, ...], Tally]] = {}
        registry.register(self)

    def of(self, *labels: str) -> Tally:
        """The series with these values of the labels, which begins with the first call."""
        return self._tallies.setdefault(labels, Tally())

    def remove(self, *labels: str) -> None:
        """End the series with these values; what its `Tally` counts later is not shown."""
        self._tallies.pop(labels, None)

    def describe(self) -> Iterable[CounterMetricFamily]:
        """Its name and kind."""
        return [self._family()]

    def collect(self) -> Iterable[CounterMetricFamily]:
        """What was counted so far."""
        family = self._family()
        for labels, tally in self._tallies.items():
            family.add_metric(labels, tally.count)
        return [family]

    def _family(self) -> CounterMetricFamily:
        return CounterMetricFamily(self._name, self._text, labels=self._labels)


class Buckets:
    """One series of a histogram."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        """Nothing was observed; `bounds` are the highest amounts of all buckets but the last, in order."""
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """By bucket."""
        self.total = 0.0
        """The sum of all amounts."""

    def observe(self, amount: float) -> None:
        """Count an amount in its bucket."""
        self.counts[bisect_left(self._bounds, amount)] += 1
        self.total += amount


class TalliedHistogram(Collector):
    """A histogram, of which each series is `Buckets`."""

    def __init__(
        self, name: str, text: str, labels: Iterable[str], registry: CollectorRegistry, *, bounds: Sequence[float]
    ) -> None:
        """Has no series yet; `bounds` are those of `Buckets`."""
        self._name: Final = name
        self._text: Final = text
        self._labels: Final = tuple(labels)
        self._bounds: Final = tuple(bounds)
        self._series: Final[dict[tuple[str, ...], Buckets]] = {}
        registry.register(self)

    def of(self, *labels: str) -> Buckets:
        """The series with these values of the labels, which begins with the first call."""
        return self._series.setdefault(labels, Buckets(self._bounds))

    def remove(self, *labels: str) -> None:
        """End the series with these values; what its `Buckets` observe later is not shown."""
        self._series.pop(labels, None)

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """Its name and kind."""
        return [self._family()]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """What was observed so far."""
        family = self._family()
        names = [*map(str, self._bounds), "+Inf"]
        for labels, series in self._series.items():
            up_to = zip(names, accumulate(series.counts), strict=True)
            family.add_metric(labels, list(up_to), series.total)
        return [family]

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._name, self._text, labels=self._labels)
