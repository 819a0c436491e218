"""How long to wait: exponential backoff, and an endpoint's own Retry-After. Pure and total."""

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

MAX_RETRY_AFTER_S: Final = 3600.0
_JITTER: Final = 0.25
"""Waits are stretched by up to a quarter, never shortened, so that many lanes do not come back at once."""
_LAST_DOUBLING: Final = 64
_SECONDS: Final = re.compile(r"\d+", re.ASCII)


def backoff_s(tries: int, *, first_s: float, most_s: float, jitter: float) -> float:
    """The wait after the n-th try: `first_s` x 2^(n-1), at most `most_s`, stretched by `jitter` in [0, 1).

    With the registry's `backoff: 1s` and `max_backoff: 5m`: 1, 2, 4, ... 256, 300, 300 s; after 10 tries 13.5 min
    have passed.
    """
    doublings = min(max(tries, 1) - 1, _LAST_DOUBLING)  # beyond, a float would overflow and the cap rules anyway
    return min(first_s * 2.0**doublings, most_s) * (1.0 + _JITTER * jitter)


def retry_after_s(text: str, *, now: float) -> float | None:
    """The seconds that a Retry-After header asks for, at most an hour; None if it says nothing readable.

    Args:
        text: seconds or an HTTP date (RFC 9110 section 10.2.3).
        now: seconds since the epoch.
    """
    stripped = text.strip()
    if _SECONDS.fullmatch(stripped):
        return min(float(stripped), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(stripped)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S) if math.isfinite(seconds) else None
