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


class StopDeadline:
    """The one deadline of a stop, for those who are made long before anybody asks for the stop."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        """The stop may take so long, from when it is asked for."""
        self._seconds = seconds
        self._clock = clock
        self._begun: Deadline | None = None

    def begun(self) -> Deadline:
        """The deadline: it begins now, unless it has begun before."""
        self._begun = self._begun or Deadline.after(self._seconds, self._clock)
        return self._begun
