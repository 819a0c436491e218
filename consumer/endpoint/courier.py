"""The courier: carries an endpoint's requests to its address, and its dead letters to where they are kept."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from consumer.delivery.event_sender import EventSender
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
        self._retiring: set[asyncio.Task[None]] = set()
        """The closing of senders of before."""
        self.burying = 0
        """Events whose giving up is being written."""
        self.unburied = 0
        """Those whose writing was broken off, so far."""

    def send(self, deliveries: list[Delivery]) -> Coroutine[Any, Any, Result]:
        """POST these in one request, once.

        Raises:
            UnsendableError: no request can be built of them.
        """
        return self.sender.send(deliveries)

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Return when it is kept for good that the event is given up, however long that takes."""
        with self._burying():
            await self.burial.bury(delivery, cause)
        self._monitor.buried(delivery, cause)

    def use(self, sender: EventSender, *, within_s: float) -> None:
        """Let further requests go by another sender; the one before is closed when its requests have ended.

        Args:
            sender: sends the same, in the same format.
            within_s: what a request of the one before may take from now on, in seconds.
        """
        before, self.sender = self.sender, sender
        task = asyncio.create_task(self._retire(before, within_s))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def hurry(self) -> None:
        """Wait no longer for a keeper that is away: such writing is broken off from now on."""
        self.burial.hurry()

    async def close(self) -> None:
        """Close the connections to the endpoint."""
        retiring = set(self._retiring)
        for task in retiring:
            task.cancel()
        if retiring:
            await asyncio.wait(retiring)
        await self.sender.close()

    async def _retire(self, sender: EventSender, after_s: float) -> None:
        try:
            await asyncio.sleep(after_s)
        finally:
            await sender.close()

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
