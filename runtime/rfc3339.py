"""Times as RFC 3339 text (section 5.6), in UTC with milliseconds. Pure."""

from datetime import UTC, datetime
from typing import Final

LAST_MS: Final = 253_402_300_799_999
"""The end of year 9999, in milliseconds since the epoch: RFC 3339 writes no later one."""
NO_TIME: Final = "no valid time"
"""How people are shown that a record of Kafka has no time, or one before 1970 or beyond year 9999."""


def rfc3339_ms(milliseconds: int) -> str | None:
    """The text of a time in milliseconds since the epoch, e.g. `2026-01-31T12:00:00.250Z`.

    None for one that no record of Kafka can have: it is negative (-1 says that there is none) or beyond year 9999.
    Whoever can write to a topic can write any number.
    """
    if not 0 <= milliseconds <= LAST_MS:
        return None
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()}.{rest:03d}Z"


def shown_ms(milliseconds: int) -> str:
    """The same for a person to read, `NO_TIME` for none."""
    return rfc3339_ms(milliseconds) or NO_TIME
