"""Ids of events and requests: UUID version 7, time-ordered as in registry 3.1. Knows nothing of events.

RFC 9562 section 5.7; the twelve bits beside the milliseconds carry the fraction of the millisecond (section 6.2,
method 3), moved on by one where the clock did not, so that the ids of one process always rise.
"""

import os
import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

__all__ = ["TimeOrderedIds", "new_id"]

_MILLISECOND: Final = 1_000_000
_TICKS_BITS: Final = 12
"""A millisecond has 4096 ticks, of 256 ns each but for the last few, which stay unused."""
_TICKS_MASK: Final = (1 << _TICKS_BITS) - 1
_VERSION: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62
_RANDOM_BITS: Final = 62


class TimeOrderedIds:
    """Makes ids that rise as text, from any thread, even if the clock stands or goes back."""

    def __init__(
        self,
        *,
        clock: Callable[[], int] = time.time_ns,
        randomness: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._clock = clock
        self._randomness = randomness
        self._lock = threading.Lock()
        self._last = -1

    def __call__(self) -> str:
        """36 characters of lower-case hex, unlike any before."""
        milliseconds, ticks = divmod(self._next_tick(), 1 << _TICKS_BITS)
        random = int.from_bytes(self._randomness(8)) & ((1 << _RANDOM_BITS) - 1)
        return str(uuid.UUID(int=milliseconds << 80 | _VERSION | ticks << 64 | _VARIANT | random))

    def _next_tick(self) -> int:
        milliseconds, rest = divmod(self._clock(), _MILLISECOND)
        tick = milliseconds << _TICKS_BITS | (rest >> 8) & _TICKS_MASK
        with self._lock:
            self._last = max(tick, self._last + 1)
            return self._last


new_id: Final = TimeOrderedIds()
"""The ids of this process."""
