"""PromQL as far as tests need it: which metrics a query selects, with which labels and values of theirs. Pure.

The syntax itself is promtool's to judge.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

OF_PROMETHEUS = frozenset({"namespace", "job", "instance"})
"""Labels that a scrape adds."""
_SELECTOR = re.compile(r"(?<![\w\"$~|])((?:registry|process)_[a-z_]+)?\s*(\{[^}]*\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|on|without|group_left|ignoring)\s*\(([^)]*)\)")
_LEGEND = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Selector:
    """One metric that a query reads."""

    metric: str
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By label, the values that it matches or excludes, variables of a dashboard left out."""


def selectors(query: str) -> Iterator[Selector]:
    """All metrics that a query reads; `{__name__=~"a|b"}` is two."""
    for name, braces in _SELECTOR.findall(query):
        matched = {label: frozenset(value.split("|")) for label, _, value in _MATCHER.findall(braces)}
        names = {name} if name else matched.pop("__name__", frozenset())
        values = {label: wanted for label, wanted in matched.items() if not any("$" in one for one in wanted)}
        variables = {label: frozenset[str]() for label in matched.keys() - values.keys()}
        for one in names:
            yield Selector(one, {**values, **variables})


def grouped_by(query: str) -> set[str]:
    """The labels that a query groups or joins by."""
    return {label.strip() for labels in _GROUPING.findall(query) for label in labels.split(",") if label.strip()}


def named_in(text: str) -> set[str]:
    """The labels that a legend or an annotation names."""
    return set(_LEGEND.findall(text))


class Scrape:
    """What processes really expose: metrics, their labels, and the labels' values."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Of these expositions."""
        self._known: dict[str, dict[str, set[str]]] = {}
        for text in texts:
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    labels = self._known.setdefault(sample.name, {})
                    for label, value in sample.labels.items():
                        labels.setdefault(label, set()).add(value)

    def unknown_in(self, query: str, *texts: str) -> list[str]:
        """What a query, and the legends and annotations beside it, name and no process exposes; a line each."""
        read = list(selectors(query))
        labels = OF_PROMETHEUS.union(*(self._known.get(one.metric, {}) for one in read))
        named = grouped_by(query).union(*map(named_in, texts))
        faults = [f"no metric {one.metric}" for one in read if one.metric not in self._known]
        faults += [f"no label {label}" for label in sorted(named - labels)]
        for one in read:
            known = self._known.get(one.metric, {})
            for label, values in one.values.items():
                if label not in OF_PROMETHEUS and label not in known:
                    faults.append(f"{one.metric} has no label {label}")
                faults += [f"{one.metric} has no {label}={value}" for value in values - known.get(label, set())]
        return faults if read else ["reads no metric"]
