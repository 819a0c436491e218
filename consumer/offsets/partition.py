"""One partition that this worker has, for one endpoint: its ledger, its backlog and its last commit. Pure."""

import math
from collections import deque
from typing import Final

from consumer.offsets.ledger import Ledger, Snapshot
from consumer.record import Record


class Partition:
    """One assignment of one log, from its begin to its close; a later one of the same partition is another object."""

    def __init__(self, number: int, epoch: int, ledger: Ledger) -> None:
        """Open; nothing was read yet.

        Args:
            number: of the partition.
            epoch: counts assignments, for the log's thread: a commit of an earlier one must not be made.
            ledger: its offsets.
        """
        self.number: Final = number
        self.epoch: Final = epoch
        self.ledger: Final = ledger
        self.is_closed = False
        """Whether it was revoked, or its log was made anew: what still comes of its deliveries changes nothing."""
        self.backlog: deque[Record] = deque()
        """Read, not admitted yet."""
        self._forgotten_ms: int | None = None
        """When the first record that was forgotten was accepted, 0 if that is unknown; None if none was forgotten."""
        self._read_up_to = 0
        """The offset up to which all was read, be it a record or not."""
        self.bytes = 0
        """Of its records that were admitted and are not finished."""
        self.is_crowded = False
        """Whether these are as many as all of its endpoint's partitions may still take: memory is shared so."""
        self.held_until = -math.inf
        """Until when its first record is held back by the endpoint's `delay` (monotonic)."""
        self.seen_up_to, self.seen_at = -1, 0.0
        """The last record that was in the backlog when it was looked at for that, and when (since the epoch)."""
        self.paused = False
        self.upgrade_needed = ""
        """Why nothing more of it can be read by this version, if so."""
        self.awaits: int | None = None
        """The schema id that the schema registry is being asked for: what was read cannot be admitted before."""
        self.committed: Snapshot | None = None
        """What the group has, as far as this worker knows."""
        self.capped: int | None = None
        """The offset that blocks the full window and whose wait was capped, if there is one."""
        self.draining = False
        self.range_ended = False
        """Whether the range that is read of it, if it is one, was read to its end."""

    @property
    def is_ours(self) -> bool:
        """Whether attempts for its deliveries may start."""
        return not self.is_closed and not self.draining

    @property
    def read_next(self) -> int:
        """The lowest offset that has not come yet. What comes below it is of another log."""
        return self.backlog[-1].offset + 1 if self.backlog else self.ledger.next

    @property
    def oldest_ms(self) -> int:
        """When the oldest event that waits was accepted, in ms since the epoch; 0 if that is unknown or none waits."""
        if (admitted_ms := self.ledger.oldest_ms) is not None:
            return admitted_ms
        return self._first_ms if self._forgotten_ms is None else self._forgotten_ms

    def read_up_to(self, offset: int) -> None:
        """Note that every record below this offset is in the ledger or the backlog."""
        if not self.draining and not self.upgrade_needed:
            self._read_up_to = offset
            self.pass_over()

    def pass_over(self) -> None:
        """Finish the offsets behind the last record, which hold none, once every record that was read is admitted."""
        if not self.backlog:
            self.ledger.pass_over(self._read_up_to)

    def admitted(self, record: Record) -> None:
        """This record of it is held until it is finished."""
        self.bytes += record.cost

    def finished(self, record: Record) -> None:
        """This record was delivered, or its dead letter is written. A closed partition ignores it."""
        if not self.is_closed:
            self.ledger.finish(record.offset)
            self.bytes -= record.cost

    def close(self) -> None:
        """It is another worker's, or another log's."""
        self.is_closed = True

    def in_new_log(self, start: int) -> "Partition":
        """The same assignment where the log begins anew: this one is closed, and nothing of it is owed any more."""
        self.close()
        anew = Partition(self.number, self.epoch, Ledger(start, end=start))
        anew.paused, anew.draining, anew.range_ended = self.paused, self.draining, self.range_ended
        return anew

    def forget_backlog(self) -> None:
        """Drop the records that were read and not admitted: the next assignment reads them again.

        The age of the first stays known: it waits, and may wait until the log's retention takes it.
        """
        if self.backlog and self._forgotten_ms is None:
            self._forgotten_ms = self._first_ms
        self.backlog.clear()
        self._read_up_to = 0

    @property
    def _first_ms(self) -> int:
        """When the first record of the backlog was accepted; 0 if that is unknown or there is none."""
        return (self.backlog[0].accepted_ms or 0) if self.backlog else 0

    def is_held(self, now: float) -> bool:
        """Whether its first record is held back by the endpoint's `delay`; `now` monotonic."""
        return self.held_until > now

    @property
    def is_full(self) -> bool:
        """Whether what was read cannot be admitted because the window, or its share of memory, is full."""
        return bool(self.backlog) and (self.is_crowded or not self.ledger.admits(self.backlog[0].offset))

    @property
    def is_blocked(self) -> bool:
        """Whether what was read cannot be admitted: the window is full, or the schema is unknown."""
        return bool(self.upgrade_needed) or self.awaits is not None or self.is_full
