"""The breaker of one endpoint: closed, or open and probing. Pure; time and jitter are given.

    closed --`threshold` outcomes in a row that are not delivered--> open --a delivered one--> closed

While it is open one probe at a time goes out, a backoff apart that doubles.
"""

from collections.abc import Callable
from typing import Final

from consumer.delivery.retry import backoff_s


class Breaker:
    """Counts outcomes in a row."""

    def __init__(self, *, threshold: int, backoff_s: float, max_backoff_s: float, jitter: Callable[[], float]) -> None:
        self._threshold: Final = threshold
        self._backoff_s: Final = backoff_s
        self._max_backoff_s: Final = max_backoff_s
        self._jitter = jitter
        self.streak = 0
        """Outcomes in a row that were not delivered."""
        self._probes = 0
        self._next_probe = 0.0
        self.is_open = False

    @property
    def next_probe(self) -> float:
        """When the next probe may go out, on the clock of `now`; meaningless while closed."""
        return self._next_probe

    def delivered(self) -> bool:
        """An attempt was delivered; whether this closed the breaker."""
        was_open, self.is_open = self.is_open, False
        self.streak = self._probes = 0
        return was_open

    def not_delivered(self, now: float, *, is_probe: bool) -> bool:
        """An attempt was not delivered and leaves its event where it is; whether this opened the breaker.

        Requests that were in flight when it opened count, but only a probe makes the wait longer.
        """
        self.streak += 1
        if self.is_open:
            if is_probe:
                self._wait(now)
            return False
        if self.streak < self._threshold:
            return False
        self.is_open = True
        self._wait(now)
        return True

    def probe_ended(self, now: float) -> None:
        """A probe became a dead letter: it says nothing about the endpoint, and the next one has its own wait."""
        if self.is_open:
            self._wait(now)

    def _wait(self, now: float) -> None:
        self._probes += 1
        wait = backoff_s(self._probes, first_s=self._backoff_s, most_s=self._max_backoff_s, jitter=self._jitter())
        self._next_probe = now + wait
