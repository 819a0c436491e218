"""Metrics as Prometheus reads them: its text format, or OpenMetrics, which also names units, if the scrape asks for it.

Without I/O. The last word of a metric's name is its unit (Prometheus' rule for names); what has none is a count.
"""

from collections.abc import Iterable
from typing import Final

from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from runtime.http.asgi import Response

_UNITS: Final = frozenset({"seconds", "bytes"})


def exposition(families: Iterable[Metric], accept: str | None) -> Response:
    """The families in the format that the header `Accept` of the request prefers."""
    encode, content_type = choose_encoder(accept or "")
    return Response(200, encode(_Collected(families)), content_type=content_type)


def unit_of(name: str) -> str:
    """The unit of a metric of this name; empty for a count."""
    unit = name.removesuffix("_total").rpartition("_")[2]
    return unit if unit in _UNITS else ""


class _Collected(Collector):
    """Families that were collected already, each with its unit."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        for family in self._families:
            family.unit = family.unit or unit_of(family.name)
            yield family
