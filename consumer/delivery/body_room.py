"""Room for the bodies that one endpoint is being sent, and the batches that wait for it, so that memory is bounded.

The JSON of a record may be many times its size, and is known when it is written only. So each batch takes as much as it
might need, and keeps what its body takes. One that might need all of it goes when half is free and no other body is
still to be written: most bodies are hardly larger than their records. Small batches need no room.
"""

from collections import deque
from typing import Final

from consumer.delivery.owner import Wakes
from consumer.lanes.delivery import Batch

_ROOM: Final = 24 * 1024 * 1024
_MOST_BYTES_PER_BYTE: Final = 20
"""Of JSON for one of a record: a reference with an empty platform has 13 there, and 254 in a registry's indented JSON.

Of usual events it is 1 to 2, and escapes make 6 of one; a template may write any number.
"""
_WITHOUT_ROOM: Final = 4 * 1024
"""Bytes of records: of smaller batches there may be as many under way as requests."""
_CROWD: Final = 1_000
"""So many batches are drawn from their lanes at most to wait here: each pass over them costs time."""


class BodyRoom:
    """Gives out room in the order in which batches come for it; when all is free, the first gets whatever it needs."""

    def __init__(self, wakeup: Wakes, room: int = _ROOM) -> None:
        """All is free.

        Args:
            wakeup: woken when there is room for a batch that waits.
            room: in bytes of bodies.
        """
        self._wakeup: Final = wakeup
        self._room: Final = room
        self._free = room
        self._unwritten = 0
        """Bodies that are not written yet, so that what they take is not known."""
        self.waiting: Final[deque[Batch]] = deque()
        """The batches that wait for room, in order."""

    def admits(self, batch: Batch) -> bool:
        """Whether a batch that was drawn may start now; if not, it waits here from now on."""
        needed = self._needed(batch)
        if needed and (self.waiting or not self._has(needed)):
            self.waiting.append(batch)
            return False
        return True

    def next(self) -> Batch | None:
        """The batch that has waited longest, if there is room for it now; it waits no longer."""
        return self.waiting.popleft() if self._has_for_first else None

    def dismiss(self) -> list[Batch]:
        """Those that waited, in order; they wait no longer."""
        waiting = list(self.waiting)
        self.waiting.clear()
        return waiting

    def take(self, batch: Batch) -> "HeldRoom | None":
        """What a batch that starts may need, until it is given back; None for a small one."""
        needed = self._needed(batch)
        if not needed:
            return None
        self._free -= needed
        self._unwritten += 1
        return HeldRoom(self, needed)

    def free(self, size: int, *, is_first: bool) -> None:
        """So many bytes of what was taken are free again; `is_first` if the size of this body was not known before."""
        self._free += size
        self._unwritten -= is_first
        if self._has_for_first:
            self._wakeup.wake()

    @property
    def is_crowded(self) -> bool:
        """Whether so many wait that no more should be drawn."""
        return len(self.waiting) >= _CROWD

    @property
    def is_short(self) -> bool:
        """Whether batches wait because there is no room, and not because they may not start yet."""
        return bool(self.waiting) and not self._has_for_first

    @property
    def _has_for_first(self) -> bool:
        return bool(self.waiting) and self._has(self._needed(self.waiting[0]))

    def _has(self, needed: int) -> bool:
        return needed <= self._free or (not self._unwritten and 2 * self._free >= self._room)

    def _needed(self, batch: Batch) -> int:
        size = sum([delivery.record.size for delivery in batch.deliveries])
        return min(size * _MOST_BYTES_PER_BYTE, self._room) if size > _WITHOUT_ROOM else 0


class HeldRoom:
    """What one batch holds of the room."""

    __slots__ = ("_is_written", "_room", "_size")

    def __init__(self, room: BodyRoom, size: int) -> None:
        """Hold `size` bytes of it, which were taken already."""
        self._room = room
        self._size = size
        self._is_written = False

    def keep(self, size: int) -> None:
        """The body is written and has so many bytes: these are held, and no others."""
        self._room.free(self._size - size, is_first=not self._is_written)
        self._is_written = True
        self._size = size

    def give_back(self) -> None:
        """It is not needed any more."""
        self.keep(0)
