"""Room for the bodies that one endpoint is being sent: large ones wait for each other, so that memory is bounded.

The JSON of a record may be many times its size, and is known when it is written only. So each takes as much as it might
need, the first one whatever it needs. Small records need none: a thousand of them are nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_ROOM: Final = 24 * 1024 * 1024
_MOST_BYTES_PER_BYTE: Final = 40
"""Of JSON for one of a record: an empty reference has 13 there, and some 500 in the registry's indented JSON."""


class BodyRoom:
    """Gives out room in the order in which it is asked for."""

    def __init__(self, room: int = _ROOM) -> None:
        """All is free; `room` in bytes of JSON."""
        self._room: Final = room
        self._free = room
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def taken(self, record_bytes: int) -> AsyncIterator[None]:
        """Wait until there is room for the JSON of records of this size, and hold it meanwhile."""
        needed = min(record_bytes * _MOST_BYTES_PER_BYTE, self._room)
        await self._wait_for(needed)
        try:
            yield
        finally:
            self._free += needed
            self._give_out()

    async def _wait_for(self, needed: int) -> None:
        mine = needed, asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        self._give_out()
        try:
            await mine[1]
        except asyncio.CancelledError:
            if not mine[1].cancelled():  # it was given out at the same moment
                self._free += needed
            self._give_out()
            raise

    def _give_out(self) -> None:
        """Several may be cancelled at once: the first to hear of it finds the others still waiting here."""
        while self._waiting and (self._waiting[0][1].cancelled() or self._waiting[0][0] <= self._free):
            needed, waiting = self._waiting.popleft()
            if not waiting.cancelled():
                self._free -= needed
                waiting.set_result(None)
