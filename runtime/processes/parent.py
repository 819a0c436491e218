"""The parent: it starts the first child, then all others, and drains them all within one deadline."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import structlog

from runtime.clock import SystemClock
from runtime.deadline import CLOSE_GRACE_S
from runtime.processes.child_process import how_ended
from runtime.processes.keeper import Keeper, StartsChildren
from runtime.processes.pages import ChildPages
from runtime.processes.restart_pauses import RestartPauses
from runtime.processes.slot import ChildSlot

_log: Final = structlog.get_logger(__name__)

MARGIN_S: Final = 2.0
"""What a child gets beyond its own deadline, to hear of the stop and to end: then it is killed."""


class PagesServer(Protocol):
    """Serves the pages of all."""

    async def serve(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        ...


def parent_of(folder: Path, starter: StartsChildren, count: int, *, drain_s: float) -> "Parent":
    """A parent of so many children, whose sockets are in `folder`."""
    slots = [ChildSlot(number, folder) for number in range(1, count + 1)]
    return Parent(
        [Keeper(slot, starter, RestartPauses(random.random), SystemClock()) for slot in slots], drain_s=drain_s
    )


class Parent:
    """All children of one command."""

    def __init__(self, keepers: Sequence[Keeper], *, drain_s: float) -> None:
        """Starts nothing yet; `drain_s` is what the children let requests in flight have, in seconds."""
        self.keepers: Final = keepers
        self.pages: Final = ChildPages(keepers)
        self.allow(drain_s=drain_s)

    def allow(self, *, drain_s: float) -> None:
        """Let requests in flight have so many seconds at the end."""
        self._limit_s = drain_s + CLOSE_GRACE_S + MARGIN_S

    async def run(self, stop: asyncio.Event, server: PagesServer) -> int:
        """Keep all children, and serve the pages of all, until `stop` is set; the exit status: see `keep`."""
        serving = asyncio.create_task(server.serve(stop))
        serving.add_done_callback(lambda _: stop.set())
        try:
            return await self.keep(stop)
        finally:
            stop.set()
            await serving

    async def keep(self, stop: asyncio.Event) -> int:
        """Keep all children until `stop` is set; the exit status: 0 if all ended with 0.

        The first child shows whether the configuration can be used: if it refuses it with exit 2, that is the end.
        """
        first, *others = self.keepers
        stopping = asyncio.create_task(stop.wait())
        running = [asyncio.create_task(first.run())]
        up = asyncio.create_task(first.was_up.wait())
        await asyncio.wait((stopping, up, *running), return_when=asyncio.FIRST_COMPLETED)
        if up.done():
            running += [asyncio.create_task(keeper.run()) for keeper in others]
        await asyncio.wait((stopping, *running), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        up.cancel()
        if running[0].done() and not stop.is_set():
            return running[0].result()
        return await self._drain(running)

    async def _drain(self, running: "Sequence[asyncio.Task[int]]") -> int:
        for keeper in self.keepers:
            keeper.stop()
        _, late = await asyncio.wait(running, timeout=self._limit_s)
        for keeper, task in zip(self.keepers, running, strict=False):
            if task in late:
                _log.error(
                    "process.killed", process=keeper.slot.number, reason=f"it did not stop within {self._limit_s:g} s"
                )
                keeper.kill()
        statuses = await asyncio.gather(*running)
        for keeper, status in zip(self.keepers, statuses, strict=False):
            if status:
                _log.error("process.failed", process=keeper.slot.number, how=how_ended(status))
        return next((max(status, 1) for status in statuses if status), 0)
