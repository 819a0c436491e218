"""The breaker of one endpoint: closed, or open and probing. Pure; time and jitter are given.

    closed ---`threshold` outcomes in a row that are not delivered---> refused | open
    refused --one that is not rejected--> open
    refused, open --a delivered one--> closed

While it is open one probe at a time goes out, a backoff apart that doubles. It is refused, which is open too, while the
streak holds nothing but rejected: the endpoint is up, and only the lanes that it refused wait for their probes.
"""

from enum import Enum
from typing import Final

from runtime.backoff import Backoff


class BreakerState(Enum):
    """The state of a breaker."""

    CLOSED = "closed"
    """Everything, in its time."""
    REFUSED = "refused"
    """What the endpoint did not refuse in this streak, in its time; of the rest one probe at a time."""
    OPEN = "open"
    """One probe at a time."""


class Breaker:
    """Counts outcomes in a row."""

    def __init__(self, threshold: int, backoff: Backoff) -> None:
        """Closed.

        Args:
            threshold: outcomes in a row that open it.
            backoff: the waits between probes.
        """
        self._threshold: Final = threshold
        self._backoff: Final = backoff
        self.streak = 0
        """Outcomes in a row that were not delivered."""
        self._only_rejected = True
        """Whether all of them were rejected."""
        self._probes = 0
        self._next_probe = 0.0

    @property
    def state(self) -> BreakerState:
        """The state."""
        if not self.is_open:
            return BreakerState.CLOSED
        return BreakerState.REFUSED if self._only_rejected else BreakerState.OPEN

    @property
    def is_open(self) -> bool:
        """Whether the streak has reached the threshold."""
        return self.streak >= self._threshold

    @property
    def next_probe(self) -> float:
        """When the next probe may go out, on the clock of `now`; meaningless while closed."""
        return self._next_probe

    def delivered(self) -> bool:
        """An attempt was delivered; whether this closed the breaker."""
        was_open = self.is_open
        self.streak = self._probes = 0
        self._only_rejected = True
        return was_open

    def not_delivered(self, now: float, *, is_probe: bool, rejected: bool) -> bool:
        """An attempt was not delivered and leaves its event where it is; whether this changed the state.

        Requests that were in flight when it opened count, but only a probe makes the wait longer. When an endpoint
        that refused is away, the waits begin anew.
        """
        before = self.state
        self.streak += 1
        self._only_rejected = self._only_rejected and rejected
        changed = self.state is not before
        if changed:
            self._probes = 0
        if changed or (is_probe and self.is_open):
            self._wait_longer(now)
        return changed

    def probe_ended(self, now: float) -> None:
        """A probe became a dead letter, which says nothing about the endpoint: the next one waits longer."""
        if self.is_open:
            self._wait_longer(now)

    def probe_now(self, now: float) -> None:
        """The next probe may go out at once; the waits between those that follow begin anew."""
        self._probes = 0
        self._next_probe = now

    def probe_missed(self, now: float) -> None:
        """A probe was due and no lane waited for one: the next refused lane waits as long as the last one did."""
        self._wait(now)

    def _wait_longer(self, now: float) -> None:
        self._probes += 1
        self._wait(now)

    def _wait(self, now: float) -> None:
        self._next_probe = now + self._backoff.after(self._probes)
