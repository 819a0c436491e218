"""Standstills: partitions of one group in which events wait and nothing is finished, look after look. Pure.

They are another worker's, so only their commits can be seen. It may have a reason: an endpoint that is away from there,
an event that is tried again and again. Or there is no such worker: a broker can keep a member that is gone, and never
end its session (docs/kafka.md).
"""

from collections.abc import Mapping
from typing import Final

from consumer.offsets.cursor import Cursor

PATIENCE_S: Final = 300.0
"""How long nothing may be finished before it is told."""


class Standstills:
    """The standstills of one group."""

    def __init__(self) -> None:
        """None is known."""
        self._places: dict[int, tuple[int, tuple[int, ...], int]] = {}
        self._since: dict[int, float] = {}
        self._told: set[int] = set()

    def look(self, cursors: Mapping[int, Cursor], now: float) -> None:
        """How far the group is in these partitions now (monotonic); of others nothing is known any more."""
        places = {number: (at.start, at.holes, at.top) for number, at in cursors.items() if at.lag}
        stand = {number for number, place in places.items() if self._places.get(number) == place}
        self._since = {number: self._since[number] if number in stand else now for number in places}
        self._places = places

    def untold(self, now: float, delay_s: float = 0.0) -> dict[int, float]:
        """All that last too long, in seconds, if there is one among them that was not told since it began.

        Args:
            now: on the monotonic clock.
            delay_s: for which the endpoint has its events held back.
        """
        waited = {number: now - since for number, since in self._since.items()}
        patience_s = PATIENCE_S + delay_s
        overdue = {number: seconds for number, seconds in sorted(waited.items()) if seconds >= patience_s}
        is_news = bool(overdue.keys() - self._told)
        self._told = set(overdue)
        return overdue if is_news else {}
