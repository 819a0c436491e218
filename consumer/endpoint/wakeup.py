"""Coalesces the wake-ups of an endpoint's pass, and schedules the next one."""

import asyncio
import math
from typing import Final, Protocol

import structlog

from consumer.offsets.commit_policy import TICK_S
from runtime.clock import Clock

_log: Final = structlog.get_logger(__name__)

_LONGEST_S: Final = 60.0
"""Between two passes, though nothing is known to become due."""
_SHORTEST_S: Final = 0.001


class Passes(Protocol):
    """Who makes the passes."""

    def make_pass(self, now: float) -> float:
        """Do what can be done now; when the next pass is due (both monotonic)."""
        ...


class Wakeup:
    """Makes passes on the event loop: one soon after it was woken, however often, and one whenever it is due."""

    def __init__(self, passes: Passes, clock: Clock, *, endpoint: str) -> None:
        """No pass is due.

        Args:
            passes: who makes them.
            clock: for when they are due.
            endpoint: its name, for the log.
        """
        self._passes = passes
        self._clock = clock
        self._endpoint = endpoint
        self._is_due = False
        self._alarm: asyncio.TimerHandle | None = None
        self._stopped = False

    def wake(self) -> None:
        """Make a pass soon."""
        if not self._is_due and not self._stopped:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._pass)

    def stop(self) -> None:
        """Make no pass any more."""
        self._stopped = True
        if self._alarm is not None:
            self._alarm.cancel()

    def _pass(self) -> None:
        self._is_due = False
        if self._stopped:
            return
        now = self._clock.monotonic()
        due = now + TICK_S
        try:
            due = self._passes.make_pass(now)
        except Exception:  # noqa: BLE001 - a fault of ours must not stop the endpoint for good
            _log.exception("delivery.internal_error", endpoint=self._endpoint)
        if self._alarm is not None:
            self._alarm.cancel()
        wait = min(max(due - now, _SHORTEST_S), _LONGEST_S) if due < math.inf else _LONGEST_S
        self._alarm = asyncio.get_running_loop().call_later(wait, self.wake)
