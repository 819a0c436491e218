"""The harness's own pulse: how long its loop was held up, because the machine had other things to do."""

import asyncio
import time
from typing import Final

EVERY_S: Final = 0.1
NOTED_S: Final = 0.5
"""Being late by less is no trouble."""


class Heartbeat:
    """Measures on the loop on which it runs."""

    def __init__(self) -> None:
        self.late_s = 0.0
        """In all, of the times when it was late by more than half a second."""

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            begun = time.monotonic()
            await asyncio.sleep(EVERY_S)
            late = time.monotonic() - begun - EVERY_S
            if late > NOTED_S:
                self.late_s += late
