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


def cost_of(size: int) -> int:
    """What a record of so many bytes counts for."""
    return max(size, LEAST_COST)


def total_cost(records: Iterable[Record]) -> int:
    """What these records count for."""
    return sum(cost_of(record.size) for record in records)
