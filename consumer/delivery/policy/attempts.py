"""Which tries count against an event, and when it is given up. Pure; the rules are told in docs/delivery.md.

An outage makes no dead letters: a try counts only if the event may be at fault.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from consumer.delivery.policy.outcome import Outcome

_REJECTIONS: Final = 3
"""Rejected tries that are enough."""


class Reason(Enum):
    """Why an event is a dead letter."""

    REJECTED = "rejected"
    EXHAUSTED = "exhausted"
    UNDECODABLE = "undecodable"
    UNSENDABLE = "unsendable"


@dataclass(slots=True)
class Tries:
    """What has been tried for one event, since this worker holds it."""

    made: int = 0
    burnt: int = 0
    rejected: int = 0
    deliveries_seen: int | None = None
    """The endpoint's count of deliveries at the last try."""

    def count(
        self, outcome: Outcome, *, attempts: int, deliveries: int, window_full: bool, single: bool = False
    ) -> Reason | None:
        """Count a try that was not delivered; the reason to give the event up, or None.

        Args:
            outcome: of the try.
            attempts: how many burnt tries an event has.
            deliveries: the endpoint's count of deliveries so far.
            window_full: the event's partition cannot take in more: patience now costs others.
            single: one burnt try is enough (the event follows an exhausted one of its lane, window full).
        """
        before, self.deliveries_seen = self.deliveries_seen, deliveries
        self.made += 1
        if outcome is Outcome.REJECTED:
            self.rejected += 1
        if self._burns(outcome, others_delivered=before is not None and deliveries > before, window_full=window_full):
            self.burnt += 1
        allowed = 1 if single else attempts
        if self.rejected >= min(allowed, _REJECTIONS):
            return Reason.REJECTED
        return Reason.EXHAUSTED if self.burnt >= allowed else None

    @staticmethod
    def _burns(outcome: Outcome, *, others_delivered: bool, window_full: bool) -> bool:
        match outcome:
            case Outcome.REJECTED | Outcome.FAILED:
                return True
            case Outcome.UNAVAILABLE:
                return others_delivered
            case Outcome.THROTTLED:
                return window_full and others_delivered
            case Outcome.DELIVERED:
                return False
