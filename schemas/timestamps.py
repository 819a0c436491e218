"""RFC 3339 times, as Go's `time.RFC3339Nano` writes them: up to nine fractional digits and any offset. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d:\d\d:\d\d|2[0-3]:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(text: str) -> int | None:
    """Microseconds since the epoch, finer digits cut off; None if `text` is no RFC 3339 time."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    date, time, fraction, offset = match.groups()
    try:
        whole = datetime.fromisoformat(f"{date}T{time}{'+00:00' if offset in 'Zz' else offset}")
    except ValueError:
        return None
    return (whole - _EPOCH) // _MICROSECOND + int((fraction or "")[:6].ljust(6, "0"))
