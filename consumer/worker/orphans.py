"""Orphans: partitions of one group that nobody has, look after look; and when a worker's consumer joins anew. Pure.

A group gives each partition to a member within seconds, and takes one of a killed member away when its session ends.
Nobody has a partition meanwhile for as long as the member before needs to give it up. What is not given to anybody for
longer than that was forgotten, by the broker or by a client (docs/kafka.md); the group divides its partitions
anew when a member leaves and joins.
"""

from collections.abc import Collection
from typing import Final

from runtime.backoff import Backoff, Jitter

PATIENCE_S: Final = 60.0
"""Beyond a drain: how long nobody may have a partition. Longer than sessions mostly are."""
VALID_S: Final = 90.0
"""How long a look counts when the next ones tell nothing."""
LATER_S: Final = 30.0
"""How much longer a member waits that has partitions: one that has none loses nothing by joining anew."""
SPREAD_S: Final = 10.0
"""So that not all workers join anew at the same moment."""
_FIRST_S: Final = 60.0
_MOST_S: Final = 600.0


class Orphans:
    """The orphans of one group."""

    def __init__(self, *, drain_s: float, jitter: Jitter) -> None:
        """None is known.

        Args:
            drain_s: how long a member may take to give a partition up, in seconds.
            jitter: spreads over time who joins anew.
        """
        self._patience_s: Final = PATIENCE_S + drain_s
        self._jitter: Final = jitter
        self._backoff: Final = Backoff(_FIRST_S, _MOST_S, jitter)
        self._since: dict[int, float] = {}
        self._looked_at = float("-inf")
        self._spread_s = 0.0
        self._rejoined = 0
        self._not_before = float("-inf")

    @property
    def are_suspected(self) -> bool:
        """Whether some were found, for however short a time."""
        return bool(self._since)

    def look(self, unowned: Collection[int] | None, now: float) -> None:
        """What nobody has now, None where that is not known; `now` monotonic, as everywhere here."""
        if unowned is None:
            if now - self._looked_at > VALID_S:
                self._since = {}
            return
        self._looked_at = now
        if not self._since:
            self._spread_s = SPREAD_S * self._jitter()
        self._since = {number: self._since.get(number, now) for number in sorted(unowned)}
        if not self._since:
            self._rejoined, self._not_before = 0, float("-inf")

    def overdue(self, now: float) -> dict[int, float]:
        """For how long nobody has had them, in seconds, of those for which that is too long."""
        waited = {number: now - since for number, since in self._since.items()}
        return {number: seconds for number, seconds in waited.items() if seconds >= self._patience_s}

    def is_to_rejoin(self, now: float, *, has_partitions: bool) -> bool:
        """Whether a member is to leave and join again, now."""
        longest_s = max(self.overdue(now).values(), default=float("-inf"))
        patience_s = self._patience_s + self._spread_s + (LATER_S if has_partitions else 0.0)
        return longest_s >= patience_s and now >= self._not_before

    def rejoined(self, now: float) -> None:
        """The member did: it has time to be given partitions; more each time that did not help."""
        self._rejoined += 1
        self._not_before = now + self._backoff.after(self._rejoined)
