"""The letters of a redrive, in line: one at a time of each repository, in the order of the log. Pure."""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from consumer.dead_letters.letter import Identity, Letter
from consumer.record import Record
from schemas.event import Event

Line = bytes | Identity
"""A repository; a letter without one, or of an endpoint without order, is a line of its own."""

_BLOCK: Final = 100
"""Letters of one partition before the next has its turn."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter that can be sent."""

    letter: Letter
    record: Record
    """The event's, as it lay in the log."""
    event: Event


class Queue:
    """Letters not read yet, and those behind one that is under way."""

    def __init__(self, letters: Iterable[Letter], *, ordered: bool) -> None:
        """`ordered`: one at a time in each repository."""
        self._ordered = ordered
        self._unread = deque(in_turns(letters))
        self._behind: dict[Line, deque[Ready]] = {}
        """Lines with a letter under way, and what waits behind it."""
        self._blocked: dict[Line, Letter] = {}
        """Lines whose letter failed again."""
        self.waiting = 0
        """Letters that wait behind others."""
        self.bytes = 0
        """Bytes of these, roughly."""

    @property
    def unread(self) -> int:
        """Letters whose records are still to be read."""
        return len(self._unread)

    @property
    def under_way(self) -> int:
        """Letters that may be sent, or are being sent or closed."""
        return len(self._behind)

    def next_unread(self, *, most: int, most_bytes: int) -> list[Letter]:
        """The next letters to read: at least one, within both limits otherwise."""
        taken: list[Letter] = []
        size = 0
        while self._unread and len(taken) < most and (not taken or size + self._unread[0].size <= most_bytes):
            taken.append(self._unread.popleft())
            size += taken[-1].size
        return taken

    def blocker_of(self, letter: Letter) -> Letter | None:
        """The letter of the same repository that failed again, if there is one."""
        return self._blocked.get(self._line(letter))

    def put(self, ready: Ready) -> Ready | None:
        """Get in line; what may go at once: this one, or None."""
        line = self._line(ready.letter)
        behind = self._behind.get(line)
        if behind is None:
            self._behind[line] = deque()
            return ready
        behind.append(ready)
        self._count(1, ready)
        return None

    def done(self, letter: Letter) -> Ready | None:
        """The letter is closed; the next of its line, which may go now."""
        line = self._line(letter)
        behind = self._behind[line]
        if not behind:
            del self._behind[line]
            return None
        following = behind.popleft()
        self._count(-1, following)
        return following

    def block(self, letter: Letter) -> None:
        """Let nothing of its repository follow that was not put in line yet."""
        self._blocked[self._line(letter)] = letter

    def failed(self, letter: Letter) -> list[Letter]:
        """The letter, under way until now, stays open: those in line behind it, which are not sent either."""
        behind = self._behind.pop(self._line(letter))
        for ready in behind:
            self._count(-1, ready)
        return [ready.letter for ready in behind]

    def _count(self, change: int, ready: Ready) -> None:
        self.waiting += change
        self.bytes += change * ready.record.size

    def _line(self, letter: Letter) -> Line:
        return letter.key if self._ordered and letter.key else letter.identity


def in_turns(letters: Iterable[Letter]) -> Iterator[Letter]:
    """Each partition's letters in the order of the log; partitions by turns, so that more repositories are at hand."""
    in_order = sorted(letters, key=lambda letter: (letter.topic, letter.partition, letter.offset, letter.place))
    groups = itertools.groupby(in_order, key=lambda letter: (letter.topic, letter.partition))
    partitions = [iter(list(group)) for _, group in groups]
    while partitions:
        going = []
        for partition in partitions:
            block = list(itertools.islice(partition, _BLOCK))
            yield from block
            if block:
                going.append(partition)
        partitions = going
