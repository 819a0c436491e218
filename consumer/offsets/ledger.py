"""The ledger: which offsets of one partition are finished, and so what may be committed. Pure.

One ledger for one (group, partition, epoch). Rules:

- Rule 1: the committed offset is never above the lowest offset that was admitted and is not finished.
- Rule 2: offsets that hold no record (transaction markers, aborted and compacted records) count as finished: those
  between two records that were read, and those behind the last one once reading has passed them.
- Rule 3: a snapshot is one value, made at once: the offset and the holes above it belong together.
- Rule 4: at most `WINDOW` offsets lie between the committed one and the highest admitted, so that the holes always
  fit the commit metadata.

A hole is an unfinished offset below a finished one. Holes come back from the metadata after a restart, so that what
was delivered above them is not delivered again.
"""

import math
from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import Final

WINDOW: Final = 24_000
"""Offsets: a bitset of so many always fits the 4,095 characters that a broker keeps as metadata."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The content of a commit: start at `offset`; up to `top` everything is finished but the `holes`."""

    offset: int
    holes: tuple[int, ...] = ()
    """Unfinished offsets from `offset` up to `top`, ascending; empty if nothing above `offset` is finished."""
    top: int = -1
    """The highest finished offset if there are holes, else -1."""


class Novelty(Enum):
    """Whether a record that was read is owed."""

    NEW = "new"
    """Deliver it, then `finish` it."""
    FINISHED = "finished"
    """It was finished before, by the map in the metadata: leave it."""


class Ledger:
    """Offsets admitted and finished, from the offset at which reading begins."""

    def __init__(self, start: int, committed: Snapshot | None = None, *, end: int, window: int = WINDOW) -> None:
        """Begin at an assignment.

        Args:
            start: the offset from which the log will be read.
            committed: what the group's commit says, with the holes of its metadata; None if there is none.
            end: the end of the log. A map that reaches beyond it speaks of records that the log has lost (an unclean
                election): others may come to stand at their offsets, so it is not used.
            window: how far admitted offsets may reach above the committed one.
        """
        self._unfinished: OrderedDict[int, int] = OrderedDict()
        """Offset to when the bridge accepted the event (ms since the epoch; 0 for a hole that was not read yet)."""
        self._unmet: deque[int] = deque()
        """Holes of the metadata that reading has not come to yet."""
        self._top = self._mapped_top = -1
        self._next = start
        self._window = window
        self.expired = 0
        """Offsets that the log lost, to retention or compaction, before they were delivered."""
        if committed is not None and committed.offset <= start:
            self._begin(start, committed if committed.top < end else Snapshot(committed.offset))

    @property
    def base(self) -> int:
        """The offset of a commit made now."""
        return next(iter(self._unfinished)) if self._unfinished else self.unknown_from

    @property
    def next(self) -> int:
        """The lowest offset not read yet."""
        return self._next

    @property
    def unknown_from(self) -> int:
        """The offset from which on nothing was read, and nothing is finished by the map of an earlier commit."""
        return max(self._next, self._top + 1)

    @property
    def unfinished(self) -> int:
        """Admitted offsets, and holes of the metadata, that are not finished."""
        return len(self._unfinished)

    @property
    def oldest_ms(self) -> int | None:
        """When the event at `base` was accepted, in ms since the epoch, 0 if that is not known; None if it is not read.

        So it is None too where nothing waits.
        """
        base, accepted_ms = next(iter(self._unfinished.items()), (self._next, 0))
        return accepted_ms if base < self._next else None

    @property
    def is_full(self) -> bool:
        """Whether the next offset lies outside the window."""
        return not self.admits(self._next)

    @property
    def window_end(self) -> float:
        """The offset from which on nothing is admitted before something is finished; infinity if nothing waits."""
        first = next(iter(self._unfinished), self._next)
        return first + self._window if first < self._next else math.inf

    def admits(self, offset: int) -> bool:
        """Whether the offset, not read yet, lies within the window.

        Only what was read and is not finished holds the window back: gaps, and holes that reading is about to pass,
        however far apart, never do. Nothing would ever finish them.
        """
        return offset < self.window_end

    def admit(self, offset: int, accepted_ms: int = 0) -> Novelty:
        """Take note of a record that was read. Offsets come in ascending order."""
        if offset < self._next:
            raise ValueError(f"offset {offset} was read after {self._next - 1}")
        self._next = offset + 1
        self._lose_unmet_below(offset)
        if self._unmet and self._unmet[0] == offset:
            self._unfinished[self._unmet.popleft()] = accepted_ms
            return Novelty.NEW
        if offset <= self._mapped_top:
            return Novelty.FINISHED
        self._unfinished[offset] = accepted_ms
        return Novelty.NEW

    def admit_finished(self, offset: int) -> None:
        """Take note of a record that was read and is owed to nobody: `admit` and `finish` in one step."""
        if self._unmet or offset < self._next:
            self.admit(offset)
            self.finish(offset)
            return
        self._next = offset + 1
        self._top = max(self._top, offset)

    def pass_over(self, offset: int) -> None:
        """Everything below this offset was read: what was not admitted of it is no record, and owed to nobody."""
        if offset > self._next:
            self._next = offset
            self._lose_unmet_below(offset)

    def finish(self, offset: int) -> None:
        """Delivered, filtered, a written dead letter, or skipped on an operator's word: nothing is owed any more."""
        if offset in self._unfinished:
            del self._unfinished[offset]
            self._top = max(self._top, offset)

    def snapshot(self) -> Snapshot:
        """The snapshot that may be committed now."""
        base, top = self.base, self._top
        holes = tuple(takewhile(lambda offset: offset < top, self._unfinished))
        return Snapshot(base, holes, top) if holes else Snapshot(base)

    def _begin(self, start: int, committed: Snapshot) -> None:
        self._unfinished.update((hole, 0) for hole in committed.holes)
        self._unmet.extend(committed.holes)
        self._top = self._mapped_top = committed.top
        self.expired = max(0, start - max(committed.top + 1, committed.offset))
        self._lose_unmet_below(start)

    def _lose_unmet_below(self, offset: int) -> None:
        """Reading begins above these holes, or passed them without meeting them."""
        while self._unmet and self._unmet[0] < offset:
            del self._unfinished[self._unmet.popleft()]
            self.expired += 1
