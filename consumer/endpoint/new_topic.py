"""Whether the events topic was made anew a short time ago: then falling offsets surprise nobody. Pure."""

from typing import Final

_SETTLES_S: Final = 60.0
"""Partitions that are assigned so soon may have commits of the old topic."""


class NewTopic:
    """What is known of one endpoint's topic."""

    def __init__(self) -> None:
        """It is the one that it always was."""
        self._settled_at = float("-inf")

    def made_anew(self, now: float) -> None:
        """It is another one, as its id says, though its offsets may go on; `now` monotonic."""
        self._settled_at = now + _SETTLES_S

    def is_settling(self, now: float) -> bool:
        """Whether it was made anew a short time ago; `now` monotonic."""
        return now < self._settled_at
