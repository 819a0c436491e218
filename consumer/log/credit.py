"""Credit: how much more of the log may be read, counted by what records cost. Pure.

What is asked for is counted in bytes, as nobody knows how large the next record is; a small one costs more than it is,
so that the number of records is bounded too.
"""

from collections.abc import Iterable
from typing import Final

from consumer.record import Record

READ_AHEAD: Final = 4 * 1024 * 1024
"""Cost of what is read and not admitted yet; at most as much again is asked for."""
LEAST_COST: Final = 8 * 1024
"""Of a record: `READ_AHEAD` is 512 of them at most."""
PAUSE_AFTER_S: Final = 1.0
"""Pausing throws away what was fetched ahead, so it is for lasting pressure alone."""


def cost_of(size: int) -> int:
    """What a record of so many bytes counts for."""
    return max(size, LEAST_COST)


def total_cost(records: Iterable[Record]) -> int:
    """What these records count for."""
    return sum(cost_of(record.size) for record in records)


class Credit:
    """What may still be read: asked for, and not received yet."""

    def __init__(self) -> None:
        """Nothing was asked for."""
        self._left = 0  # below 0 when more came

    @property
    def is_left(self) -> bool:
        """Whether another record may be read; it may cost more than is left."""
        return self._left > 0

    def add(self, cost: int) -> None:
        """So much more was asked for."""
        self._left += cost

    def spend(self, records: Iterable[Record]) -> None:
        """These were received."""
        self._left -= total_cost(records)

    def records_of(self, size: int) -> int:
        """How many records of so many bytes may be read, in whole ones."""
        return max(0, self._left // cost_of(size))

    def calls_for_pause(self, quiet_s: float) -> bool:
        """Whether fetching is to stop: nothing may be read, and nothing came for `quiet_s`, or far too much came."""
        return not self.is_left and (quiet_s > PAUSE_AFTER_S or self._left < -READ_AHEAD)
