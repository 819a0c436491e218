"""Times as senders write them, as RFC 3339 text in UTC. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.timestamps import micros

__all__ = ["time_of_seconds", "utc_time"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_S: Final = 253_402_300_799
"""The end of year 9999 in seconds since the epoch."""


def time_of_seconds(seconds: float) -> str:
    """A time in seconds since the epoch; empty for 0, which senders write for none, and for what is no time."""
    if not 0 < seconds <= _LAST_S:
        return ""
    return _text(round(seconds * 1_000_000))


def utc_time(text: str) -> str:
    """RFC 3339 text with any offset; empty for what is none. One in UTC stays as it is, nanoseconds and all."""
    found = micros(text)
    if found is None:
        return ""
    return text if text.endswith("Z") else _text(found)


def _text(microseconds: int) -> str:
    moment = _EPOCH + timedelta(microseconds=microseconds)
    return moment.isoformat().replace("+00:00", "Z")
