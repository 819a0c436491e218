"""How far the log is read ahead of what can be admitted, and which partitions are left alone meanwhile.

It knows nothing of threads: whoever reads is asked through a protocol.
"""

from collections.abc import Iterable
from typing import Final, Protocol

from consumer.lanes import Lanes
from consumer.partition import Partition

READ_AHEAD: Final = 500
"""Records read and not admitted yet, at most as many again are asked for."""


class Reader(Protocol):
    """Who reads the log."""

    def ask(self, records: int) -> None:
        """Read up to so many records more."""

    def pause(self, partition: int) -> None:
        """Read nothing of this partition until `resume`."""

    def resume(self, partition: int) -> None:
        """Read this partition again."""


class ReadAhead:
    """Keeps one reader busy, and no busier than helps."""

    def __init__(self, reader: Reader, lanes: Lanes, *, backoff_s: float) -> None:
        """Nothing was asked for yet; `backoff_s` is the longest wait of what pins a full window, in seconds."""
        self._reader = reader
        self._lanes = lanes
        self._backoff_s = backoff_s
        self._asked = 0

    def came(self, records: int) -> None:
        """So many of those asked for were read."""
        self._asked -= records

    def forget(self) -> None:
        """The reader starts over: what was asked for will not come."""
        self._asked = 0

    def read_on(self, partitions: Iterable[Partition], now: float, *, wanted: bool, breaker_open: bool) -> None:
        """Ask for more where that helps; leave alone what could not be admitted anyway. `now` monotonic."""
        ahead = 0
        for partition in partitions:
            blocked = partition.is_blocked
            if blocked != partition.paused:
                partition.paused = blocked
                (self._reader.pause if blocked else self._reader.resume)(partition.number)
            self._hurry(partition, now, breaker_open=breaker_open)
            ahead += 0 if blocked else len(partition.backlog)
        if wanted and self._asked < READ_AHEAD // 2 and ahead < READ_AHEAD:
            more = READ_AHEAD - self._asked
            self._asked += more
            self._reader.ask(more)

    def _hurry(self, partition: Partition, now: float, *, breaker_open: bool) -> None:
        """Let each head that comes to pin a full window wait one `backoff` at most, while the breaker is closed."""
        if not partition.is_full or breaker_open:
            partition.hurried = None
        elif partition.hurried != partition.ledger.base:
            partition.hurried = partition.ledger.base
            self._lanes.hurry(partition.ledger.base, partition.number, now + self._backoff_s)
