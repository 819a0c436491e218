"""Times as RFC 3339 text (section 5.6), in UTC with milliseconds. Pure."""

from datetime import UTC, datetime


def rfc3339_ms(milliseconds: int) -> str:
    """The text of a time in milliseconds since the epoch, e.g. `2026-01-31T12:00:00.250Z`.

    Raises:
        ValueError, OverflowError: a year that RFC 3339 cannot write, beyond 9999.
    """
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()}.{rest:03d}Z"
