"""The time of an event as the registry writes it. Knows the zone of this process, and no clock.

Go's `time.Now()` in its `RFC3339Nano` layout.
"""

import time
from datetime import datetime, timedelta
from typing import Final

__all__ = ["local_utc_offset", "rfc3339_nano"]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock arithmetic; the offset is written apart
_SECOND: Final = 1_000_000_000


def rfc3339_nano(nanoseconds: int, utc_offset: int) -> str:
    """A time as text: trailing zeros of the fraction trimmed, `Z` where the offset is 0.

    Args:
        nanoseconds: since the epoch; a time within the years 1 to 9999.
        utc_offset: of the zone, in seconds east; odd seconds are cut from its text, as in Go.
    """
    seconds, fraction = divmod(nanoseconds, _SECOND)
    wall = (_EPOCH + timedelta(seconds=seconds + utc_offset)).isoformat()
    digits = f".{fraction:09}".rstrip("0") if fraction else ""
    return f"{wall}{digits}{_zone(utc_offset)}"


def local_utc_offset(nanoseconds: int) -> int:
    """Seconds east of UTC that the local zone has at that time."""
    return time.localtime(nanoseconds // _SECOND).tm_gmtoff


def _zone(utc_offset: int) -> str:
    if utc_offset == 0:
        return "Z"
    hours, minutes = divmod(abs(utc_offset) // 60, 60)
    return f"{'-' if utc_offset < 0 else '+'}{hours:02}:{minutes:02}"
