"""Credit: how much more of the log may be read, as a cost in bytes. Pure.

Bytes, since the size of the next record is not known; a small record costs more than its size, which bounds the number
of records too.
"""

from collections.abc import Iterable
from typing import Final

from consumer.record import Record

READ_AHEAD: Final = 4 * 1024 * 1024
"""Cost of what is read and not admitted yet; at most as much again is asked for."""
LEAST_COST: Final = 8 * 1024
"""Of a record: `READ_AHEAD` is 512 of them at most."""
PAUSE_AFTER_S: Final = 3.0
"""A pause discards what the client has fetched ahead, and it is fetched and unpacked again. So a lack of credit that
may be the slowness of a crowded process is no reason for one. A rebalance is answered that much later at the most."""


def cost_of(size: int) -> int:
    """The cost of a record of this size in bytes."""
    return max(size, LEAST_COST)


def total_cost(records: Iterable[Record]) -> int:
    """The cost of these records."""
    return sum([max(record.size, LEAST_COST) for record in records])


class Credit:
    """Credit of one consumer: the cost of records that were asked for and have not come."""

    def __init__(self) -> None:
        """Nothing was asked for."""
        self._left = 0  # below 0 when more came

    @property
    def is_left(self) -> bool:
        """Whether another record may be read; it may cost more than is left."""
        return self._left > 0

    def add(self, cost: int) -> None:
        """Records of this cost were asked for."""
        self._left += cost

    def spend(self, records: Iterable[Record]) -> None:
        """These records came."""
        self._left -= total_cost(records)

    def records_of(self, size: int) -> int:
        """How many records of this size in bytes the credit covers."""
        return max(0, self._left // cost_of(size))

    def calls_for_pause(self, quiet_s: float) -> bool:
        """Whether to pause fetching: no record came for `quiet_s` seconds without credit, or far too much came."""
        return not self.is_left and (quiet_s > PAUSE_AFTER_S or self._left < -READ_AHEAD)
