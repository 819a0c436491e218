"""Attempts in flight: counts their requests and events, waits for them, and breaks them off.

An attempt that is broken off, even before its first step, ends when its task has ended: so a batch is never sent twice
at once.
"""

import asyncio
import functools
from collections.abc import Coroutine
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from consumer.delivery.body_room import HeldRoom
from consumer.lanes.delivery import Batch


class Attempts(Protocol):
    """Makes the attempts."""

    def ended(self, batch: Batch, *, broken_off: bool) -> None:
        """The attempt for this batch is over, or was broken off."""


class InFlight:
    """Attempts of one endpoint, from their start until their outcome is dealt with."""

    def __init__(self, attempts: Attempts) -> None:
        """Nothing is under way; `attempts` is notified of each end."""
        self._attempts = attempts
        self._tasks: dict[Batch, asyncio.Task[None]] = {}
        self._sending: dict[Batch, tuple[int, HeldRoom | None]] = {}
        """Those that have no answer yet: the events of each, and what its body holds of the room."""
        self.events = 0
        """Events in requests that have no answer yet."""

    @property
    def requests(self) -> int:
        """Requests that have no answer yet."""
        return len(self._sending)

    def start(self, batch: Batch, attempt: Coroutine[Any, Any, None], room: HeldRoom | None = None) -> None:
        """Run an attempt; `room` is given back when its request is over."""
        events = len(batch.deliveries)
        self._sending[batch] = events, room
        self.events += events
        task = self._tasks[batch] = asyncio.get_running_loop().create_task(attempt)
        task.add_done_callback(functools.partial(self._end, batch))

    def answered(self, batch: Batch) -> None:
        """Its request is over; what follows from it (a dead letter to be written) is not yet."""
        if (sending := self._sending.pop(batch, None)) is not None:
            events, room = sending
            self.events -= events
            if room is not None:
                room.give_back()

    async def drain(self, partitions: AbstractSet[int], limit_s: float) -> int:
        """Wait until nothing of these partitions is under way; what is not done within `limit_s` is broken off.

        Returns:
            How many requests were broken off.
        """
        tasks = [task for batch, task in self._tasks.items() if _partitions_of(batch) & partitions]
        if not tasks:
            return 0
        _, late = await asyncio.wait(tasks, timeout=limit_s)
        requests = sum(self._tasks[batch] in late for batch in self._sending)
        await _break_off(late)
        return requests

    def abandon(self, partitions: AbstractSet[int]) -> None:
        """Break off what is for these partitions alone: they are another worker's now."""
        for batch, task in self._tasks.items():
            if _partitions_of(batch) <= partitions:
                task.cancel()

    async def break_off(self) -> None:
        """Break off everything; returns when all of it has ended."""
        await _break_off(set(self._tasks.values()))

    def _end(self, batch: Batch, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(batch) is not task:
            return  # its batch was due again at once: what is counted is of the attempt after it
        self.answered(batch)
        del self._tasks[batch]
        self._attempts.ended(batch, broken_off=task.cancelled())


async def _break_off(tasks: AbstractSet["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _partitions_of(batch: Batch) -> set[int]:
    return {delivery.record.partition for delivery in batch.deliveries}
