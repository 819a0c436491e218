"""What an intake does beside answering: tasks that go on until it stops. One that fails stops it."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Duties:
    """The tasks of one intake."""

    def __init__(self, stop: asyncio.Event) -> None:
        """None yet; `stop` is set when one fails."""
        self._stop = stop
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, duty: Coroutine[Any, Any, None]) -> None:
        """Go on with this until it ends, or the intake does."""
        task = asyncio.create_task(duty)
        task.add_done_callback(lambda ended: self._stop.set() if _failed(ended) else None)
        self._tasks.append(task)

    async def end(self) -> None:
        """Cancel those that go on; returns when all have ended."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def raise_fault(self) -> None:
        """Raise what the first that failed raised; quiet if none did."""
        for task in self._tasks:
            if _failed(task):
                task.result()


def _failed(task: "asyncio.Task[None]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None
