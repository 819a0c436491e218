"""`/debug/vars`: the endpoints as the registry's expvar has them. No header value, user info or query is in it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from prometheus_client import Metric

from consumer.endpoint.live_status import LiveStatus
from runtime.config import EndpointSettings

_NANOSECONDS: Final = 1_000_000_000
_COUNTERS: Final = ("Events", "Successes", "Failures", "Errors")
_EVENTS: Final = "registry_notifications_events"
_STATUS: Final = "registry_notifications_status"


def expvar_of(settings: EndpointSettings, status: LiveStatus, families: Iterable[Metric]) -> dict[str, Any]:
    """One endpoint as the registry's `registry.notifications.endpoints` has it; durations in nanoseconds.

    `families` are the metrics of the worker, from which the counts are.
    """
    name = settings.name
    return {
        "name": name,
        "url": settings.safe_url,
        "Headers": {header: ["***"] for header, _ in settings.headers} or None,
        "Timeout": int(settings.timeout_s * _NANOSECONDS),
        "Threshold": settings.threshold,
        "Backoff": int(settings.backoff_s * _NANOSECONDS),
        "IgnoredMediaTypes": sorted(settings.ignored_media_types) or None,
        "Ignore": {
            "MediaTypes": sorted(settings.ignored_media_types) or None,
            "Actions": sorted(settings.ignored_actions) or None,
        },
        "Metrics": {"Pending": status.lag, **_counted(name, families), "Statuses": _statuses(name, families)},
    }


def _counted(name: str, families: Iterable[Metric]) -> dict[str, int]:
    values = _samples(families, _EVENTS, name)
    return {kind: values.get(kind, 0) for kind in _COUNTERS}


def _statuses(name: str, families: Iterable[Metric]) -> dict[str, int]:
    return {code: count for code, count in _samples(families, _STATUS, name).items() if count}


def _samples(families: Iterable[Metric], of: str, name: str) -> dict[str, int]:
    """The other label's values to counts, for one endpoint."""
    found = {}
    for sample in (one for family in families if family.name == of for one in family.samples):
        labels: Mapping[str, str] = sample.labels
        if sample.name.endswith("_total") and labels.get("endpoint") == name:
            found[next(value for key, value in labels.items() if key != "endpoint")] = int(sample.value)
    return found
