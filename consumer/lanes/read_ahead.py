"""Read-ahead: how far the log is read before its records can be admitted, and which partitions are paused meanwhile.

It knows nothing of threads: whoever reads is asked through a protocol. `consumer.log.credit` says what records cost.
"""

from collections.abc import Collection, Iterable
from typing import Final, Protocol

from consumer.lanes.lanes import Lanes
from consumer.log.credit import LEAST_COST, READ_AHEAD, total_cost
from consumer.offsets.partition import Partition
from consumer.record import Record

HELD_BACK: Final = 32 * 1024 * 1024
"""Bytes that partitions which are left alone may have read: beyond, little is asked for, as it may only add to it."""
LITTLE: Final = READ_AHEAD // 8
_ENOUGH_HELD: Final = READ_AHEAD // 4
"""Cost of what a partition may have read that is held back; it is read on when half of that is left."""


class Reader(Protocol):
    """Reads the log."""

    def ask(self, cost: int) -> None:
        """Read on until the records that came since cost so much more; the last one may cost more than is left."""

    def pause(self, partition: int) -> None:
        """Read nothing of this partition until `resume`."""

    def resume(self, partition: int) -> None:
        """Read this partition again."""


class ReadAhead:
    """Asks one reader for records, as many as can soon be admitted."""

    def __init__(self, reader: Reader, lanes: Lanes, *, backoff_s: float) -> None:
        """Nothing was asked for yet; `backoff_s` caps the wait of a delivery that blocks a full window, in seconds."""
        self._reader = reader
        self._lanes = lanes
        self._backoff_s = backoff_s
        self._asked = 0

    def came(self, records: Iterable[Record]) -> None:
        """These were read."""
        self._asked -= total_cost(records)

    def forget(self) -> None:
        """The reader starts over: what was asked for will not come."""
        self._asked = 0

    def read_on(self, partitions: Collection[Partition], now: float, *, wanted: bool, breaker_open: bool) -> None:
        """Ask for more where that helps; pause partitions whose records could not be admitted. `now` monotonic."""
        for partition in partitions:
            blocked = partition.is_blocked
            pauses = blocked or _holds_enough(partition, now)
            if pauses != partition.paused:
                partition.paused = pauses
                (self._reader.pause if pauses else self._reader.resume)(partition.number)
            if blocked or partition.capped is not None:
                self._cap_wait(partition, now, breaker_open=breaker_open)
        if wanted and self._asked < READ_AHEAD // 2:
            self._ask(partitions, now)

    def _ask(self, partitions: Collection[Partition], now: float) -> None:
        going = [partition for partition in partitions if not (partition.paused or partition.is_held(now))]
        read = [partition.backlog for partition in going]
        if sum(map(len, read)) * LEAST_COST >= READ_AHEAD:  # nearly always, and found without a look at each record
            return
        all_read = sum(record.size for partition in partitions for record in partition.backlog)
        held_back = all_read - sum(record.size for backlog in read for record in backlog)
        limit = READ_AHEAD if held_back < HELD_BACK else LITTLE
        if sum(map(total_cost, read)) < limit and self._asked <= limit // 2:
            self._reader.ask(limit - self._asked)
            self._asked = limit

    def _cap_wait(self, partition: Partition, now: float, *, breaker_open: bool) -> None:
        """Cap the wait of each delivery that comes to block a full window at one `backoff`, breaker closed."""
        if not partition.is_full or breaker_open:
            partition.capped = None
        elif partition.capped != partition.ledger.base:
            partition.capped = partition.ledger.base
            self._lanes.cap_wait(partition.ledger.base, partition.number, now + self._backoff_s)


def _holds_enough(partition: Partition, now: float) -> bool:
    """Whether so much of a partition is held back that it need not be read on now; a pause costs what was fetched."""
    if not partition.is_held(now):
        return False
    enough = _ENOUGH_HELD // 2 if partition.paused else _ENOUGH_HELD
    return len(partition.backlog) * LEAST_COST >= enough or total_cost(partition.backlog) >= enough
