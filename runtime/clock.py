"""Time, injected: everything that waits or stamps takes a `Clock`, so that tests can stand still or leap."""

import time
from typing import Protocol


class Clock(Protocol):
    """The time that a part of the program sees."""

    def monotonic(self) -> float:
        """Seconds since some fixed point; never goes back. For durations and deadlines."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch. For stamps that others read."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block this thread. Never on an event loop."""
        ...


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds since some fixed point."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)
