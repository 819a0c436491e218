"""How long answers take: the bounds between which they are counted, and their mean of late. Pure."""

from typing import Final

DELIVERY_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Of the histogram: the longest time of each bucket but the last."""
_WEIGHT: Final = 0.2
"""Of the newest: ten answers ago counts for a tenth of it."""


class Latency:
    """The exponentially weighted mean of recent answers, in seconds."""

    def __init__(self) -> None:
        self.mean_s: float | None = None
        """None before the first."""

    def observe(self, seconds: float) -> None:
        """An answer, or the end of waiting for one, took so long."""
        before = self.mean_s
        self.mean_s = seconds if before is None else before + _WEIGHT * (seconds - before)
