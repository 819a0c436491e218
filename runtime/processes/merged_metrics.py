"""One exposition of metrics out of those of many processes.

Counters and histograms are added up, those of processes that have ended too: a sum that fell when a process is started
again would look like a reset, and count all that the others have counted once more. Of a process that does not answer
now, what it counted until the last time is part of the sum. Gauges are merged by their meaning, which each half says,
and have no sample while a process that runs does not answer, unless they are the parent's own: it alone knows them.
What a half says nothing of, and whatever is about a process itself, gets a label `process`.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

Merging = Literal["sum", "max", "min"]
"""How the values that a gauge has in each process make one."""

LABEL: Final = "process"
PARENT: Final = "parent"
"""The parent's name for the label."""
_ADD_UP: Final = frozenset({"counter", "histogram", "summary"})
_OF_PROCESS: Final = ("process_", "python_")
_CREATED: Final = "_created"
"""When a counter began: the client library has it as a gauge."""
_MERGE: Final[Mapping[Merging, Callable[[float, float], float]]] = {"sum": operator.add, "max": max, "min": min}

_SampleKey = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class ProcessScrape:
    """What one process exposes now."""

    process: str
    """A name for the label."""
    start: int
    """Another number for each process of this name: its counters begin at 0."""
    text: str


class _Family:
    """One family of the answer."""

    def __init__(self, like: Metric) -> None:
        self._like = like
        self._values: dict[_SampleKey, float] = {}

    def put(self, family: Metric, merging: Merging, **labels: str) -> None:
        """Merge the samples of a family of this name into it, with labels for those that do not have them."""
        merge = _MERGE[merging]
        for sample in family.samples:
            key = sample.name, tuple((labels | sample.labels).items())
            self._values[key] = merge(self._values[key], sample.value) if key in self._values else sample.value

    def remove(self, label: str, value: str) -> None:
        """Drop the samples that have this value of this label."""
        self._values = {key: amount for key, amount in self._values.items() if (label, value) not in key[1]}

    def metric(self) -> Metric:
        """As it is exposed."""
        made = Metric(self._like.name, self._like.documentation, self._like.type)
        for (name, labels), value in self._values.items():
            made.add_sample(name, dict(labels), value)
        return made


class _Families:
    """Families by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, _Family] = {}

    def put(self, family: Metric, merging: Merging, **labels: str) -> None:
        """Merge one into that of its name."""
        self._by_name.setdefault(family.name, _Family(family)).put(family, merging, **labels)

    def remove(self, label: str, value: str) -> None:
        """Drop the samples of all of them that have this value of this label."""
        for family in self._by_name.values():
            family.remove(label, value)

    def metrics(self) -> list[Metric]:
        """All of them."""
        return [family.metric() for family in self._by_name.values()]


class MetricsMerge:
    """Merges scrapes, one after the other; it remembers what was counted."""

    def __init__(self, gauges: Mapping[str, Merging]) -> None:
        """`gauges` says how those are merged that are not labelled, by the name of their family."""
        self._gauges: Final = gauges
        self._ended: Final = _Families()
        """Counted by processes that are gone."""
        self._last: Final[dict[str, tuple[int, list[Metric]]]] = {}

    def merged(self, scrapes: Iterable[ProcessScrape], *, is_whole: bool = True) -> list[Metric]:
        """The families of all that answer now; `is_whole` says whether all children do that run."""
        made = _Families()
        for scrape in scrapes:
            counted = []
            for family in text_string_to_metric_families(scrape.text):
                if family.name.startswith(_OF_PROCESS):
                    made.put(family, "max", **{LABEL: scrape.process})
                elif family.type in _ADD_UP:
                    counted.append(family)
                elif is_whole or scrape.process == PARENT or family.name not in self._gauges:
                    self._put_gauge(made, family, scrape.process)
            self._remember(scrape, counted)
        for family in (*self._ended.metrics(), *(one for _, counted in self._last.values() for one in counted)):
            made.put(family, "sum")
        return made.metrics()

    def forget(self, label: str, value: str) -> None:
        """Of what ended processes have counted, drop what has this value of this label: it is counted no more."""
        self._ended.remove(label, value)

    def _put_gauge(self, made: _Families, family: Metric, process: str) -> None:
        merging = self._gauges.get(family.name, "min" if family.name.endswith(_CREATED) else None)
        if merging is None:
            made.put(family, "max", **{LABEL: process})
        else:
            made.put(family, merging)

    def _remember(self, scrape: ProcessScrape, counted: list[Metric]) -> None:
        start, before = self._last.get(scrape.process, (scrape.start, []))
        if start != scrape.start:
            for family in before:
                self._ended.put(family, "sum")
        self._last[scrape.process] = scrape.start, counted
