"""The cursor of a consumer group in one partition, seen from outside: its commit compared with the log. Pure.

It says what a worker that got the partition now would do: the same rules as `log.watermarks` (where to begin) and
`ledger` (which holes still count).
"""

from bisect import bisect_left
from dataclasses import dataclass

from consumer.offsets import commit_metadata as holes
from consumer.offsets.ledger import Snapshot
from runtime.kafka.cluster_state import Committed


@dataclass(frozen=True, slots=True)
class Cursor:
    """One group in one partition."""

    start: int
    """From where a worker would read."""
    holes: tuple[int, ...]
    """Unfinished offsets from `start` up to `top`."""
    top: int
    """The highest finished offset above `start`, or -1."""
    end: int
    """Of the log."""
    lost: int = 0
    """Offsets that the log no longer has and that were not finished."""

    @property
    def lag(self) -> int:
        """Unfinished records."""
        return len(self.holes) + max(0, self.end - self.unread)

    @property
    def oldest(self) -> int | None:
        """The first unfinished offset, None if all is finished."""
        if self.holes:
            return self.holes[0]
        return self.unread if self.unread < self.end else None

    def has_finished(self, offset: int) -> bool:
        """Whether nothing is owed for this offset any more."""
        if offset <= self.top:
            return not self._is_hole(offset)
        return offset < self.start

    def before(self, offset: int) -> int:
        """How many unfinished records lie before this offset."""
        return bisect_left(self.holes, offset) + max(0, min(offset, self.end) - self.unread)

    @property
    def unread(self) -> int:
        """The offset from which on the commit says nothing."""
        return max(self.start, self.top + 1)

    def _is_hole(self, offset: int) -> bool:
        at = bisect_left(self.holes, offset)
        return at < len(self.holes) and self.holes[at] == offset


def snapshot_of(committed: Committed, *, group: str, topic: str, partition: int) -> Snapshot:
    """The snapshot in a commit; if its metadata cannot be trusted only the offset counts, as for a worker."""
    try:
        return holes.decode(committed.metadata, committed.offset, group=group, topic=topic, partition=partition)
    except holes.ForeignMetadataError:
        return Snapshot(committed.offset)


def cursor_of(committed: Snapshot | None, *, first: int, end: int, written: int | None = None) -> Cursor:
    """The cursor in a partition that has the offsets from `first` to `end`; without a commit, at its beginning.

    Args:
        committed: what the group's commit says.
        first: the first offset that is left.
        end: the offset behind what consumers get.
        written: the offset behind everything, open transactions as well, if that is more: a commit up to there, as
            other tools make them, is one of this log.
    """
    if committed is None:
        return Cursor(first, (), -1, end)
    start = committed.offset if first <= committed.offset <= (written or end) else first
    if committed.offset > start:  # beyond the end: the log has lost it, and begins anew
        return Cursor(start, (), -1, end)
    if committed.top >= end:  # its map speaks of records that the log has lost
        committed = Snapshot(committed.offset)
    kept = tuple(hole for hole in committed.holes if hole >= start)
    lost = len(committed.holes) - len(kept) + max(0, start - max(committed.top + 1, committed.offset))
    return Cursor(start, kept, committed.top, end, lost)
