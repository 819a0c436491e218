"""The answer to a question about attempts, and one answer out of several. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.question import AttemptQuestion


class FoundAttempts(Struct, frozen=True):
    """What is known of the attempts that were asked for."""

    attempts: list[EventAttempt] = []
    """The newest first."""
    unknown_because: list[str] = []
    """Why there may be more: a process that does not answer, for example; empty if these are all that are kept."""


def merged(question: AttemptQuestion, parts: Sequence[FoundAttempts]) -> FoundAttempts:
    """One answer out of those of several endpoints or processes."""
    attempts = sorted((one for part in parts for one in part.attempts), key=lambda one: one.ended, reverse=True)
    return FoundAttempts(attempts[: question.limit], [why for part in parts for why in part.unknown_because])
