"""Protocols that an owner of delivery fulfils: claims on partitions, a carrier, a monitor and a wake-up."""

from typing import Protocol

from msgspec import Struct

from consumer.delivery.policy.attempts import Cause
from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.outcome import Outcome, Result
from consumer.lanes.delivery import Delivery, Told


class Claims(Protocol):
    """The claims of a worker on partitions, and their ledgers."""

    def finished(self, delivery: Delivery) -> None:
        """The delivery was delivered, or its dead letter is written."""

    def window_full(self, delivery: Delivery) -> bool:
        """Whether the window of the delivery's partition is full."""
        ...

    def blocks_window(self, delivery: Delivery) -> bool:
        """Whether the window of its partition cannot move on because of this delivery."""
        ...

    def may_attempt(self, in_flight: int) -> bool:
        """Whether another attempt stays within the bound of repeats after a crash; `in_flight` counts events."""
        ...


class Room(Protocol):
    """What a batch holds of the room for bodies."""

    def keep(self, size: int) -> None:
        """The body is written and has so many bytes: these are held, and no others."""


class Carrier(Protocol):
    """Carries requests and dead letters for the dispatcher."""

    async def send(self, deliveries: list[Delivery], room: Room | None) -> Result:
        """POST these in one request, once; `room` was taken for its body.

        Raises:
            UnsendableError: no request can be built of them.
        """
        ...

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Return once the dead letter of the event is written, however long that takes."""


class Attempt(Struct, frozen=True, gc=False):
    """One attempt and what follows, for the log and the metrics."""

    deliveries: list[Delivery]
    result: Result
    outcome: Outcome
    seconds: float
    number: int
    """Of the try, from 1: how often these events were sent together, tries of a larger batch included."""
    next_try_s: float | None = None
    """Seconds until the next try at the soonest, as the gate is now; None if there is none, or a probe decides."""


class DeliveryMonitor(Protocol):
    """Counts and logs attempts and the breaker."""

    def attempted(self, attempt: Attempt) -> None:
        """An attempt ended."""

    def interrupted(self, attempt: Attempt) -> None:
        """An attempt was broken off; another one follows, by this worker or by the next."""

    def repeated(self, delivery: Delivery, told: Told) -> None:
        """An event is not sent, as the endpoint was told the same of late."""

    def breaker_moved(self, state: BreakerState, *, reason: str) -> None:
        """The breaker is in another state."""


class Wakes(Protocol):
    """Makes the passes of an endpoint."""

    def wake(self) -> None:
        """Make a pass soon: something ended."""
