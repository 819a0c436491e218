"""The time of a run: seconds since it began, which every fact carries."""

import asyncio
import time


class Stopwatch:
    """Runs from the moment it is made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._began_wall = time.time()

    def now(self) -> float:
        """Seconds since then."""
        return self.of(time.monotonic())

    def of(self, monotonic: float) -> float:
        """A moment of `time.monotonic` as seconds since then."""
        return monotonic - self._began

    def of_wall(self, wall: float) -> float:
        """A moment of `time.time` as seconds since then."""
        return wall - self._began_wall

    async def until(self, at: float) -> None:
        """Wait until so many seconds have passed since then."""
        await asyncio.sleep(max(0.0, at - self.now()))
