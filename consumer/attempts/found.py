"""The answer to a question about attempts, and one answer out of several. Pure."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.question import AttemptQuestion
from consumer.attempts.repeat import Repeat


class FoundAttempts(Struct, frozen=True):
    """What is known of the attempts that were asked for, and of events that were not attempted as they are repeats."""

    attempts: list[EventAttempt] = []
    """The newest first."""
    kept_since: dict[str, datetime] = {}
    """By endpoint: whoever was asked keeps all attempts that ended later."""
    unknown_because: list[str] = []
    """Why there may be others: a process that does not answer, for example; empty if all were asked."""
    repeats: list[Repeat] = []
    """The newest first; only where an event was named."""


def merged(question: AttemptQuestion, parts: Sequence[FoundAttempts]) -> FoundAttempts:
    """One answer out of those of several endpoints or processes; an attempt that several know is in it once."""
    by_key = {one.key: one for part in parts for one in part.attempts}
    attempts = sorted(by_key.values(), key=lambda one: one.ended, reverse=True)
    since: dict[str, datetime] = {}
    for name, moment in (item for part in parts for item in part.kept_since.items()):
        since[name] = max(moment, since.get(name, moment))
    repeats = {(one.endpoint, one.event_at, one.time): one for part in parts for one in part.repeats}
    return FoundAttempts(
        attempts[: question.limit],
        since,
        [why for part in parts for why in part.unknown_because],
        sorted(repeats.values(), key=lambda one: one.time, reverse=True),
    )
