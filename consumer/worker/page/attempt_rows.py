"""The last attempts of an endpoint as rows of a table, which are asked for when somebody opens it. Pure."""

from collections.abc import Sequence
from typing import Final

from consumer.attempts.event_attempt import EventAttempt
from consumer.worker.page.text import UNKNOWN, duration, escaped, first_line, moment, since

SHOWN: Final = 20
"""Of each endpoint, the newest."""
_COLUMNS: Final = 6


def attempt_rows(attempts: Sequence[EventAttempt], unknown_because: Sequence[str] = ()) -> str:
    """A row each, newest first; `unknown_because` is why there may be more."""
    rows = "".join(map(_row, attempts))
    if not attempts and not unknown_because:
        rows = _note("None since this worker started.")
    return rows + "".join(_note(f"{UNKNOWN}: {escaped(why)}") for why in unknown_because)


def _note(text: str) -> str:
    return f'<tr><td colspan="{_COLUMNS}" class="none">{text}</td></tr>'


def _row(attempt: EventAttempt) -> str:
    event = f"{attempt.action or ''} {attempt.repository or ''}".strip()
    said = f'<span class="said">{escaped(first_line(attempt.answer))}</span>' if attempt.answer else ""
    return (
        f"<tr><td>{ended(attempt)} ago</td>"
        f'<td><span class="{"bad" if attempt.failed else "good"}">{escaped(result(attempt))}</span>{said}</td>'
        f"<td>{duration(attempt.seconds)}</td><td>{attempt.number}</td>"
        f"<td>{escaped(event) if event else UNKNOWN}</td>"
        f"<td><code>{escaped(attempt.event_id or f'{attempt.partition}:{attempt.offset}')}</code></td></tr>"
    )


def result(attempt: EventAttempt) -> str:
    """The status, or why there was none; a sink returns without one."""
    return (attempt.error or "written") if attempt.status is None else f"status {attempt.status}"


def ended(attempt: EventAttempt) -> str:
    """How long ago it ended."""
    at_ms = round(attempt.ended * 1000)
    return since(at_ms, moment(at_ms))
