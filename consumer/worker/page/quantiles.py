"""Quantiles of a histogram, as Prometheus' `histogram_quantile` has them; and of its last minutes. Pure."""

from array import array
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

WINDOWS_MINUTES: Final = (5, 60)
"""The first of these in which there was an answer counts."""


def quantile(share: float, bounds: Sequence[float], counts: Sequence[int]) -> float | None:
    """At most so much had `share` of all; infinity beyond the last bound; None of nothing.

    Args:
        share: from 0 to 1.
        bounds: the highest amount of each bucket but the last, in order.
        counts: of each bucket.
    """
    total = sum(counts)
    if not total:
        return None
    wanted, seen = share * total, 0
    for (low, high), count in zip(pairwise((0.0, *bounds)), counts, strict=False):
        if count and seen + count >= wanted:
            return low + (high - low) * (wanted - seen) / count
        seen += count
    return float("inf")


class RecentCounts:
    """The counts of a histogram's buckets, kept every minute for an hour."""

    def __init__(self, buckets: int) -> None:
        """Nothing was counted before."""
        self._kept: Final = deque([(-1, array("Q", [0] * buckets))], max(WINDOWS_MINUTES) + 1)

    def keep(self, minute: int, counts: Sequence[int]) -> None:
        """The counts at the beginning of this minute; a minute that was kept already is left as it is."""
        if minute != self._kept[-1][0]:
            self._kept.append((minute, array("Q", counts)))

    def since(self, minute: int, counts: Sequence[int]) -> list[int]:
        """The counts since the beginning of that minute, or since the first that is kept; `counts` are those of now."""
        before = next((kept for at, kept in reversed(self._kept) if at <= minute), self._kept[0][1])
        return [now - then for now, then in zip(counts, before, strict=True)]
