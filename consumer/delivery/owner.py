"""What delivery needs of its owner: who holds the partitions, who carries requests and dead letters, who is told."""

from dataclasses import dataclass
from typing import Protocol

from consumer.delivery.policy.attempts import Cause
from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.outcome import Outcome, Result
from consumer.lanes.delivery import Delivery


class Claims(Protocol):
    """Who holds the partitions, and keeps their ledgers."""

    def finished(self, delivery: Delivery) -> None:
        """The delivery was delivered, or its dead letter is written."""

    def window_full(self, delivery: Delivery) -> bool:
        """Whether the window of the delivery's partition is full."""
        ...

    def blocks_window(self, delivery: Delivery) -> bool:
        """Whether the delivery is what keeps its partition's window from moving on."""
        ...

    def may_attempt(self, in_flight: int) -> bool:
        """Whether another attempt keeps the promise about repeats; `in_flight` counts events."""
        ...


class Carrier(Protocol):
    """Who carries what the dispatcher gives out."""

    async def send(self, deliveries: list[Delivery]) -> Result:
        """POST these in one request, once.

        Raises:
            UnsendableError: no request can be built of them.
        """
        ...

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Return when it is kept for good that the event is given up, however long that takes."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt and what follows, for the log and the metrics."""

    deliveries: list[Delivery]
    result: Result
    outcome: Outcome
    seconds: float
    next_try_s: float | None
    """Seconds until the next try; None if there is none."""


class DeliveryMonitor(Protocol):
    """Who is told how delivery goes."""

    def attempted(self, attempt: Attempt) -> None:
        """An attempt ended."""

    def breaker_moved(self, state: BreakerState, *, reason: str) -> None:
        """The breaker is in another state."""


class Wakes(Protocol):
    """Who makes the passes of an endpoint."""

    def wake(self) -> None:
        """Make a pass soon: something ended."""
