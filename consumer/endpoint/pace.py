"""The pace of an endpoint: how many records are finished, and how many arrive, a second, over the last minute. Pure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WINDOW_S: Final = 60.0
_LEAST_S: Final = 5.0
"""Of less nothing can be said."""


@dataclass(frozen=True, slots=True)
class PaceSample:
    """An endpoint's partitions at one moment."""

    at: float
    """Monotonic seconds."""
    finished: Mapping[int, int]
    """By partition, how many of its records are finished, counted from any beginning."""
    ends: Mapping[int, int]
    """By partition, where the log ends."""


class Pace:
    """The samples of the last minute."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._samples: Final[deque[PaceSample]] = deque()

    def sample(self, sample: PaceSample) -> None:
        """Note one; the oldest are forgotten. What was counted of a partition that came or went since is too."""
        if self._samples and self._samples[-1].finished.keys() != sample.finished.keys():
            self._samples.clear()
        self._samples.append(sample)
        while self._samples[0].at < sample.at - WINDOW_S:
            self._samples.popleft()

    @property
    def finished_per_s(self) -> float | None:
        """Records finished a second: delivered, filtered or given up; None if that is not known yet."""
        return self._rate([sum(one.finished.values()) for one in self._first_and_last])

    @property
    def arrived_per_s(self) -> float | None:
        """Records that came into the log a second; None if that is not known yet."""
        return self._rate([sum(one.ends.values()) for one in self._first_and_last])

    @property
    def _first_and_last(self) -> list[PaceSample]:
        return [self._samples[0], self._samples[-1]] if self._samples else []

    def _rate(self, counts: list[int]) -> float | None:
        """None also where a count fell: the topic was made anew."""
        if not counts or (seconds := self._samples[-1].at - self._samples[0].at) < _LEAST_S or counts[1] < counts[0]:
            return None
        return (counts[1] - counts[0]) / seconds
