"""When to look again: once, soon, whatever asked for it, and at the next moment that matters."""

import asyncio
import math
from collections.abc import Callable
from typing import Final

import structlog

from consumer.offsets.commit_policy import TICK_S
from runtime.clock import Clock

_log: Final = structlog.get_logger(__name__)

_LONGEST_S: Final = 60.0
"""Between two looks, though nothing is known to become due."""
_SHORTEST_S: Final = 0.001


class Turns:
    """Calls `look` on the event loop, however often it is asked to, once for all that has happened meanwhile."""

    def __init__(self, look: Callable[[float], float], clock: Clock, *, endpoint: str) -> None:
        """Nothing is due yet.

        Args:
            look: given the time, does what can be done; says when it wants to look again (both monotonic).
            clock: for that.
            endpoint: its name, for the log.
        """
        self._look = look
        self._clock = clock
        self._endpoint = endpoint
        self._is_due = False
        self._alarm: asyncio.TimerHandle | None = None
        self._stopped = False

    def turn(self) -> None:
        """Look once, soon."""
        if not self._is_due and not self._stopped:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def stop(self) -> None:
        """Never look again."""
        self._stopped = True
        if self._alarm is not None:
            self._alarm.cancel()

    def _turn(self) -> None:
        self._is_due = False
        if self._stopped:
            return
        now = self._clock.monotonic()
        wake = now + TICK_S
        try:
            wake = self._look(now)
        except Exception:  # noqa: BLE001 - a fault of ours must not stop the endpoint for good
            _log.exception("delivery.internal_error", endpoint=self._endpoint)
        if self._alarm is not None:
            self._alarm.cancel()
        wait = min(max(wake - now, _SHORTEST_S), _LONGEST_S) if wake < math.inf else _LONGEST_S
        self._alarm = asyncio.get_running_loop().call_later(wait, self.turn)
