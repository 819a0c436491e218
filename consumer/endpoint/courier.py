"""The courier: carries an endpoint's requests to its address, and its dead letters to where they are kept."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from consumer.delivery.event_sender import EventSender
from consumer.delivery.owner import Room
from consumer.delivery.policy.attempts import Cause
from consumer.delivery.policy.outcome import Result
from consumer.lanes.delivery import Delivery


class Buries(Protocol):
    """What takes the events that are given up."""

    @property
    def unwritten_because(self) -> str:
        """Why they cannot be kept now; empty if they can."""
        ...

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Return when it is kept for good that this event was given up, and why."""
        ...

    def hurry(self) -> None:
        """Wait no longer for a keeper that is away: `bury` raises CancelledError there from now on."""


class BurialMonitor(Protocol):
    """Who is told of events that are given up."""

    def buried(self, delivery: Delivery, cause: Cause) -> None:
        """It is kept for good that the event was given up."""


class Courier:
    """Carries what the dispatcher of one endpoint gives out."""

    def __init__(self, sender: EventSender, burial: Buries, monitor: BurialMonitor) -> None:
        """Carries nothing yet.

        Args:
            sender: POSTs.
            burial: keeps what is given up.
            monitor: told of each event that was given up.
        """
        self.sender = sender
        self.burial: Final = burial
        self._monitor = monitor
        self._sending: Counter[EventSender] = Counter()
        """Requests under way by each sender."""
        self._retiring: set[asyncio.Task[None]] = set()
        """The closing of senders of before."""
        self.burying = 0
        """Events whose giving up is being written."""
        self.unburied = 0
        """Those whose writing was broken off, so far."""

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """POST these in one request, once; `room` was taken for its body.

        Raises:
            UnsendableError: no request can be built of them.
        """
        sender = self.sender
        self._sending[sender] += 1
        try:
            return await sender.send(deliveries, room)
        finally:
            self._sending[sender] -= 1
            self._retire(sender)

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Return when it is kept for good that the event is given up, however long that takes."""
        with self._burying():
            await self.burial.bury(delivery, cause)
        self._monitor.buried(delivery, cause)

    def use(self, sender: EventSender) -> None:
        """Let further requests go by another sender; the one before is closed when its requests have ended.

        Args:
            sender: sends the same, in the same format.
        """
        before, self.sender = self.sender, sender
        self._retire(before)

    def hurry(self) -> None:
        """Wait no longer for a keeper that is away: such writing is broken off from now on."""
        self.burial.hurry()

    async def close(self) -> None:
        """Close the connections to the endpoint; no request is under way any more."""
        if self._retiring:
            await asyncio.wait(self._retiring)
        await self.sender.close()

    def _retire(self, sender: EventSender) -> None:
        """Close a sender that nothing goes by any more."""
        if sender is self.sender or self._sending[sender]:
            return
        del self._sending[sender]
        task = asyncio.create_task(sender.close())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    @contextmanager
    def _burying(self) -> Iterator[None]:
        self.burying += 1
        try:
            yield
        except asyncio.CancelledError:
            self.unburied += 1
            raise
        finally:
            self.burying -= 1
