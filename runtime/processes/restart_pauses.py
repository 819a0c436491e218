"""How long a process that ended is not started again: longer each time, until one has lived for a while. Pure."""

from typing import Final

from runtime.backoff import Backoff, Jitter

FIRST_S: Final = 1.0
MOST_S: Final = 60.0
HEALTHY_S: Final = 60.0
"""A process that lived so long begins the pauses again."""


class RestartPauses:
    """The pauses of one slot."""

    def __init__(self, jitter: Jitter) -> None:
        self._backoff = Backoff(FIRST_S, MOST_S, jitter)
        self._deaths = 0

    def after(self, lived_s: float) -> float:
        """The pause, in seconds, after a process that lived so many seconds."""
        self._deaths = 1 if lived_s >= HEALTHY_S else self._deaths + 1
        return self._backoff.after(self._deaths)
