"""The header Retry-After: the wait that an endpoint asks for. Pure and total."""

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

MAX_RETRY_AFTER_S: Final = 3600.0
_SECONDS: Final = re.compile(r"\d+", re.ASCII)


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
