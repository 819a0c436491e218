"""RFC 3339 times, as Go's `time.RFC3339Nano` writes them: up to nine fractional digits and any offset. Pure."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d:\d\d:\d\d|2[0-3]:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND

_USUAL_LENGTH: Final = 40
"""Characters; the longest that a registry writes has 35."""

ZERO_TIME: Final = "0001-01-01T00:00:00Z"
"""The zero value of Go's `time.Time`: what a registry writes where it has no time."""


def micros(text: str) -> int | None:
    """Microseconds since the epoch, finer digits cut off.

    None if `text` is no RFC 3339 time, or one that lies outside the years 1 to 9999 in UTC: readers of Avro's
    `timestamp-micros` in Python, Java's SQL types and ClickHouse end there, many with an error.
    """
    return _recent_micros(text) if len(text) <= _USUAL_LENGTH else readable_micros(_micros(text))


def readable_micros(value: int | None) -> int | None:
    """`value`, microseconds since the epoch, if it lies within the years 1 to 9999; else None."""
    return value if value is not None and _FIRST <= value <= _LAST else None


def registry_time(text: str) -> str:
    """The time as a registry writes it: `text` if it is a time, else `ZERO_TIME`.

    Go's reader takes `T` and `Z` in upper case only, and refuses the whole envelope for a text that is no time.
    """
    return text.upper() if _micros(text) is not None else ZERO_TIME


def _micros(text: str) -> int | None:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    date, time, fraction, offset = match.groups()
    try:
        whole = datetime.fromisoformat(f"{date}T{time}{'+00:00' if offset in 'Zz' else offset}")
    except ValueError:
        return None
    since = whole - _EPOCH  # taken apart, which takes half the time of a division
    return (since.days * 86_400 + since.seconds) * 1_000_000 + int((fraction or "")[:6].ljust(6, "0"))


@lru_cache(maxsize=16)
def _recent_micros(text: str) -> int | None:
    """An event's time is wanted more than once while the event is handled."""
    return readable_micros(_micros(text))
