"""Small exports of attempts: written by the code under test, of attempts made by hand."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from consumer.analytics.attempt_files import AttemptRows
from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.record import record_of
from consumer.log.record_batch import RecordBatch
from consumer.record import Headers
from tests.kit.parquet_rows import T0


def attempted(offset: int, *, at: float = 0.0, endpoint: str = "ci", **changes: Any) -> EventAttempt:
    """A delivery of the event at this offset of partition 0, `at` seconds after T0, unless said otherwise."""
    plain: dict[str, Any] = {
        "endpoint": endpoint,
        "time": T0 + timedelta(seconds=at),
        "event_id": f"id-{offset}",
        "topic": "registry.events",
        "partition": 0,
        "offset": offset,
        "repository": "team/app",
        "action": "push",
        "number": 1,
        "outcome": "delivered",
        "status": 200,
        "error": "",
        "seconds": 0.1,
        "next_try_s": None,
        "answer": "",
    }
    return EventAttempt(**{**plain, **changes})


def batch_of(attempts: Iterable[EventAttempt], *others: bytes | None) -> RecordBatch:
    """Their records, and others behind them."""
    made = [record_of(attempt, "registry.attempts") for attempt in attempts]
    headers: list[Headers] = [*(tuple(record.headers) for record in made), *(() for _ in others)]
    times = [*(record.timestamp_ms or 0 for record in made), *(0 for _ in others)]
    values = [*(record.value for record in made), *others]
    return RecordBatch("registry.attempts", 2, range(len(values)), times, values, headers.__getitem__)


def write_attempts(directory: Path, attempts: Iterable[EventAttempt], *others: bytes | None) -> Path:
    """An export of them."""
    directory.mkdir(parents=True, exist_ok=True)
    rows = AttemptRows(directory / "registry.attempts.parquet", 1)
    rows.write(batch_of(attempts, *others))
    rows.close()
    return directory
