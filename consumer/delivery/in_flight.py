"""The batches that are being attempted: how many requests and events, and how they are waited for or broken off.

What is broken off, even before its first step, is told when its task has ended: so a batch is never under way twice.
"""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from collections.abc import Set as AbstractSet
from typing import Any

from consumer.lanes.delivery import Batch


class UnderWay:
    """Attempts of one endpoint, from their start until their outcome is dealt with."""

    def __init__(self, ended: Callable[[Batch, bool], None]) -> None:
        """`ended` is told of each batch, and whether it was broken off."""
        self._ended = ended
        self._tasks: dict[Batch, asyncio.Task[None]] = {}
        self._sending: dict[Batch, int] = {}
        self.events = 0
        """Events in requests that have no answer yet."""

    @property
    def requests(self) -> int:
        """Requests that have no answer yet."""
        return len(self._sending)

    def start(self, batch: Batch, attempt: Coroutine[Any, Any, None]) -> None:
        """Run an attempt."""
        self._sending[batch] = len(batch.deliveries)
        self.events += len(batch.deliveries)
        task = self._tasks[batch] = asyncio.create_task(attempt)
        task.add_done_callback(functools.partial(self._end, batch))

    def answered(self, batch: Batch) -> None:
        """Its request is over; what follows from it (a dead letter to be written) is not yet."""
        self.events -= self._sending.pop(batch, 0)

    async def drain(self, partitions: AbstractSet[int], limit_s: float) -> None:
        """Wait until nothing of these partitions is under way; what is not done within `limit_s` is broken off."""
        tasks = [task for batch, task in self._tasks.items() if _of(batch) & partitions]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=limit_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def abandon(self, partitions: AbstractSet[int]) -> None:
        """Break off what is for these partitions alone: they are another worker's now."""
        for batch, task in self._tasks.items():
            if _of(batch) <= partitions:
                task.cancel()

    def _end(self, batch: Batch, task: "asyncio.Task[None]") -> None:
        self.answered(batch)
        del self._tasks[batch]
        self._ended(batch, task.cancelled())


def _of(batch: Batch) -> set[int]:
    return {delivery.record.partition for delivery in batch.deliveries}
