"""The partitions of a replay whose log ends before their range does: it was truncated, or made anew. Pure."""

from collections.abc import Mapping
from typing import Final


class CutShort:
    """Knows them once they have been so for a while: the end that a new leader tells may lag for a moment."""

    def __init__(self, ranges: Mapping[int, range], *, patience_s: float) -> None:
        """None is known.

        Args:
            ranges: of the replay, by partition.
            patience_s: how long a partition must have ended early.
        """
        self._ranges: Final = ranges
        self._patience_s: Final = patience_s
        self._since: Mapping[int, float] = {}
        self.ends: Mapping[int, int] = {}
        """By partition: where its log ends."""

    def look(self, ends: Mapping[int, int], now: float) -> None:
        """Note where those partitions end that are read to their end; `now` monotonic."""
        early = {number: end for number, end in ends.items() if end < self._ranges[number].stop}
        self._since = {number: self._since.get(number, now) for number in early}
        self.ends = {number: end for number, end in early.items() if now - self._since[number] >= self._patience_s}

    @property
    def reasons(self) -> list[str]:
        """Why the rest of these ranges cannot be delivered."""
        return [
            f"partition {number} ends at {end}, before the range does ({self._ranges[number].stop})"
            for number, end in sorted(self.ends.items())
        ]
