"""Attempts as an operator sees them: a line each. Pure."""

from datetime import UTC, datetime
from typing import Final

from consumer.attempts.event_attempt import EventAttempt
from runtime.cli.terminal import printable
from runtime.units import format_duration

_ABSENT: Final = "-"
_SHORTEST_S: Final = 0.001
_SHORTEST: Final = "1ms"


def line_of(attempt: EventAttempt) -> str:
    """One line: when, endpoint, event, place, repository, action, number of the try, what came of it, the answer."""
    cells = (
        shown_time(attempt.time),
        attempt.endpoint,
        attempt.event_id or _ABSENT,
        f"{attempt.partition}:{attempt.offset}",
        attempt.repository or _ABSENT,
        attempt.action or _ABSENT,
        f"try {attempt.number}",
        attempt.outcome,
        f"{result_of(attempt)} in {shown_seconds(attempt.seconds)}",
        *([] if attempt.next_try_s is None else [f"next try after {shown_seconds(attempt.next_try_s)}"]),
        *([attempt.answer] if attempt.answer else []),
    )
    return printable("  ".join(cells))


def result_of(attempt: EventAttempt) -> str:
    """The status, or why there is none; a sink returns without one."""
    return f"status {attempt.status}" if attempt.status is not None else attempt.error or "written"


def shown_time(moment: datetime) -> str:
    """RFC 3339, in UTC with milliseconds."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def shown_seconds(seconds: float) -> str:
    """With no more digits than anybody reads."""
    return format_duration(round(seconds, 3 if seconds < 1 else 1)) if seconds >= _SHORTEST_S else f"under {_SHORTEST}"
