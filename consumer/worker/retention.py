"""The retention guard: warns long before the log removes events that still wait."""

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog

from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.inspection import lag_of, least_age_s
from runtime.clock import Clock
from runtime.units import format_duration

_log: Final = structlog.get_logger(__name__)

WARN_AT: Final = 0.5
"""The share of the retention at which a waiting event is worth a warning."""
ALARM_AT: Final = 0.8
_LOOK_EVERY_S: Final = 60.0
_LOG_EVERY_S: Final = 3600.0


def urgency(age_s: float | None, retention_s: float) -> str:
    """`error`, `warning`, or empty, for an event of this age under this retention, both in seconds. Pure."""
    share = (age_s or 0.0) / retention_s
    return "error" if share >= ALARM_AT else "warning" if share >= WARN_AT else ""


async def guard_retention(endpoints: Iterable[Endpoint], retention_s: float, clock: Clock) -> None:
    """Look every minute, for ever; warn of an endpoint at most once an hour."""
    logged_at: dict[str, float] = {}
    while True:
        for endpoint in endpoints:
            name, age = endpoint.settings.name, least_age_s(endpoint, clock.wall())
            level, now = urgency(age, retention_s), clock.monotonic()
            if level and age is not None and now - logged_at.get(name, float("-inf")) >= _LOG_EVERY_S:
                logged_at[name] = now
                facts = {"oldest_age": format_duration(round(age)), "retention": format_duration(retention_s)}
                consequence = "the log will remove events that were never delivered"
                log = _log.error if level == "error" else _log.warning
                log("endpoint.retention_near", endpoint=name, lag=lag_of(endpoint), consequence=consequence, **facts)
        await asyncio.sleep(_LOOK_EVERY_S)
