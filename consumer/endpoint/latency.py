"""How long answers have taken of late: an exponentially weighted mean. Pure."""

from typing import Final

_WEIGHT: Final = 0.2
"""Of the newest: ten answers ago counts for a tenth of it."""


class Latency:
    """The mean of recent answers, in seconds."""

    def __init__(self) -> None:
        self.mean_s: float | None = None
        """None before the first."""

    def observe(self, seconds: float) -> None:
        """An answer, or the end of waiting for one, took so long."""
        before = self.mean_s
        self.mean_s = seconds if before is None else before + _WEIGHT * (seconds - before)
