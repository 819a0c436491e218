"""The patience of those who try again until they succeed. It has no end, until they are hurried."""

import asyncio
import contextlib


class Patience:
    """Waits between tries; belongs to one event loop."""

    def __init__(self) -> None:
        """Nobody is in a hurry."""
        self._woken = asyncio.Event()
        self._is_hurried = False

    def encourage(self) -> None:
        """Whoever waits tries once more at once: somebody else has just succeeded."""
        self._woken.set()
        self._woken = asyncio.Event()

    def hurry(self) -> None:
        """Whoever waits tries once more at once; after a try that fails from now on nobody waits any more."""
        self._is_hurried = True
        self._woken.set()

    async def wait(self, seconds: float) -> None:
        """Wait for the next try.

        Raises:
            CancelledError: there is no next try: the task is cancelled, like any other that is broken off.
        """
        if self._is_hurried:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
