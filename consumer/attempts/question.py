"""What is asked of attempts: the query of `GET /attempts`, read and written. Pure."""

import math
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from consumer.attempts.event_attempt import EventAttempt

MOST: Final = 10_000
"""Attempts in one answer: 15 MiB if all that endpoints say is long."""
_BOOLEANS: Final = {"true": True, "false": False}


class AttemptQuestion(Struct, frozen=True):
    """Which attempts; the default is the last 100 of all endpoints."""

    endpoint: str | None = None
    id: str | None = None
    """Of the event, or PARTITION:OFFSET of its record."""
    failed: bool = False
    """Only those by which the event was not delivered."""
    after: float | None = None
    """Only those that ended later; seconds since the epoch."""
    limit: int = 100
    """So many at most, the newest."""

    def matches(self, attempt: EventAttempt) -> bool:
        """Whether it is one of them, but for the limit."""
        return (
            (self.endpoint is None or attempt.endpoint == self.endpoint)
            and (attempt.failed or not self.failed)
            and (self.id is None or self.id in {attempt.event_id, f"{attempt.partition}:{attempt.offset}"})
            and (self.after is None or attempt.ended > self.after)
        )

    @property
    def query(self) -> str:
        """It as the query of a URL."""
        shown = {"endpoint": self.endpoint, "id": self.id, "after": self.after, "limit": self.limit}
        given = {name: value for name, value in shown.items() if value is not None}
        return urlencode({**given, "failed": "true"} if self.failed else given)


def question_of(query: Mapping[str, str]) -> AttemptQuestion:
    """Read a query.

    Raises:
        ValueError: naming the parameter, its value and what is allowed.
    """
    for name in query.keys() - set(AttemptQuestion.__struct_fields__):
        raise ValueError(f"there is no parameter {name!r}; allowed are {', '.join(AttemptQuestion.__struct_fields__)}")
    return AttemptQuestion(
        endpoint=query.get("endpoint"),
        id=query.get("id"),
        failed=_failed(query.get("failed", "false")),
        after=_after(query["after"]) if "after" in query else None,
        limit=_limit(query["limit"]) if "limit" in query else AttemptQuestion().limit,
    )


def _failed(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError(f"failed={text!r} is neither true nor false")
    return _BOOLEANS[text]


def _limit(text: str) -> int:
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) else 0
    if not 1 <= limit <= MOST:
        raise ValueError(f"limit={text!r} is not a number from 1 to {MOST}")
    return limit


def _after(text: str) -> float:
    try:
        moment = float(text)
    except ValueError:
        moment = math.nan
    if not math.isfinite(moment):
        raise ValueError(f"after={text!r} is not a time in seconds since the epoch")
    return moment
