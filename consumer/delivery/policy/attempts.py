"""Attempts: which tries count against an event, and when it is given up (docs/delivery.md). Pure.

An outage makes no dead letters: a try counts only if the event may be at fault.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from consumer.delivery.policy.outcome import Outcome
from consumer.lanes.delivery import Tries

_REJECTIONS: Final = 3
"""Rejected tries that are enough."""


class Reason(Enum):
    """The reason of a dead letter."""

    REJECTED = "rejected"
    EXHAUSTED = "exhausted"
    UNDECODABLE = "undecodable"
    UNSENDABLE = "unsendable"


@dataclass(frozen=True, slots=True)
class Cause:
    """The reason to give an event up, with what came of its last try."""

    reason: Reason
    status: int | None = None
    """Of the last answer, if there was one."""
    error: str = ""
    answer: str = ""
    """How the last answer's body begins, without secrets and safe to print."""


class AttemptPolicy:
    """Live delivery: an event is given up after `attempts` counted tries, or three rejected ones if that is fewer."""

    def __init__(self, attempts: int) -> None:
        """`attempts`: how many counted tries an event has."""
        self._attempts: Final = attempts

    def count(
        self, tries: Tries, outcome: Outcome, *, deliveries: int, window_full: bool, final_try: bool
    ) -> Reason | None:
        """Count a try that was not delivered; the reason to give the event up, or None.

        Args:
            tries: of the event, so far.
            outcome: of the try.
            deliveries: the endpoint's count of deliveries so far.
            window_full: the event's partition cannot take in more: patience now costs others.
            final_try: one counted try is enough (the event follows an exhausted one of its lane, window full).
        """
        before, tries.deliveries_seen = tries.deliveries_seen, deliveries
        tries.made += 1
        if outcome is Outcome.REJECTED:
            tries.rejected += 1
        if _counts(outcome, others_delivered=before is not None and deliveries > before, window_full=window_full):
            tries.counted += 1
        allowed = 1 if final_try else self._attempts
        if tries.rejected >= min(allowed, _REJECTIONS):
            return Reason.REJECTED
        return Reason.EXHAUSTED if tries.counted >= allowed else None


def _counts(outcome: Outcome, *, others_delivered: bool, window_full: bool) -> bool:
    match outcome:
        case Outcome.REJECTED | Outcome.FAILED:
            return True
        case Outcome.UNAVAILABLE:
            return others_delivered
        case Outcome.THROTTLED:
            return window_full and others_delivered
        case Outcome.DELIVERED:
            return False
