"""A deadline: one moment for a whole sequence of steps, each of which gets what is left of the time."""

from dataclasses import dataclass
from typing import Final, Self

from runtime.clock import Clock

CLOSE_GRACE_S: Final = 2.0
"""What a close may take beyond the drain of what is in flight: last commits, leaving groups, closing clients."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on a clock, in monotonic seconds."""

    at: float
    clock: Clock

    @classmethod
    def after(cls, seconds: float, clock: Clock) -> Self:
        """So many seconds from now."""
        return cls(clock.monotonic() + seconds, clock)

    @property
    def left_s(self) -> float:
        """Seconds until then; 0 when it has passed."""
        return max(0.0, self.at - self.clock.monotonic())
