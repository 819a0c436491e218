"""What the dispatcher needs of whoever keeps the ledgers, and what it gives to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from consumer.dead_letters.record import Cause
from consumer.delivery.policy.attempts import Reason
from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.outcome import Answer, NoAnswer, Outcome, Result
from consumer.lanes.delivery import Delivery

Send = Callable[[list[Delivery]], Awaitable[Result]]
"""POST these deliveries in one request.

Raises UnsendableError where no request can be built.
"""
Bury = Callable[[Delivery, Cause], Awaitable[None]]
"""Write the delivery's dead letter; returns when it is acknowledged, however long that takes."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt and what follows, for the log and the metrics."""

    deliveries: list[Delivery]
    result: Result
    outcome: Outcome
    seconds: float
    next_try_s: float | None
    """Seconds until the next try; None if there is none."""


class Owner(Protocol):
    """Who keeps the ledgers."""

    def holds(self, delivery: Delivery) -> bool:
        """Whether the delivery's partition is still ours, by the same assignment."""

    def finished(self, delivery: Delivery) -> None:
        """Delivered, or its dead letter is written."""

    def window_full(self, delivery: Delivery) -> bool:
        """Whether the window of the delivery's partition is full."""

    def pins(self, delivery: Delivery) -> bool:
        """Whether the delivery is what keeps its partition's window from moving on."""

    def may_attempt(self, in_flight: int) -> bool:
        """Whether another attempt keeps the promise about repeats; `in_flight` counts events."""

    def attempted(self, attempt: Attempt) -> None:
        """An attempt ended."""

    def breaker_moved(self, state: BreakerState, *, reason: str) -> None:
        """The breaker is in another state."""

    def turn(self) -> None:
        """Something ended: look again what can be done."""


def said(result: Result) -> str:
    """What came back, in a few words."""
    if isinstance(result, NoAnswer):
        return f"{result.fault.word}: {result.error}"
    return f"status {result.status}"


def cause_of(reason: Reason, result: Result) -> Cause:
    """Why an event is given up after this result."""
    return Cause(reason, result.status if isinstance(result, Answer) else None, said(result))
