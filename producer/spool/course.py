"""Which way records go now: straight to Kafka, through the spool, or back to their sender. Pure.

    checking --opened--> open --failed--> failed --opened--> open
                         open: empty, or holding; with room, full, or slow

While the spool holds anything, everything goes through it: else a record would overtake one that was answered before.
It holds what is on disk and what is on its way there. It is empty only when the disk has confirmed that everything was
removed, so that no record of before a crash can come after one that went straight to Kafka.

    invariants (tests/property/test_spool_histories.py)
    S1  what was answered 200 is in the log or on disk
    S2  of two records of a repository of which the second came after the first was answered 200, the first stands
        first in the log
    S3  the log has no more repeats than the writes of which nobody knows whether they arrived: one for each record that
        went through the spool after Kafka had not answered, and one batch for each batch that was broken off
    S4  nothing waits for ever: with Kafka and the disk well, the spool becomes empty and records go straight again
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

FULL: Final = "spool-full"
FAILED: Final = "spool-failed"


class Course(Enum):
    """Where a record goes."""

    STRAIGHT = "straight"
    """To Kafka; if that cannot take it, by the `SpoolCourse.detour`."""
    SPOOL = "spool"
    REFUSED = "refused"
    """`SpoolCourse.obstacle` says why."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the spool takes nothing now."""

    reason: str
    """`FULL` or `FAILED`."""
    text: str


_CHECKING: Final = Obstacle(FAILED, "the spool is being checked after the start")


class SpoolCourse:
    """What is known of the spool, and what follows for the next record."""

    def __init__(self) -> None:
        self.stored = 0
        """Records on disk, as far as the disk has confirmed them."""
        self._arriving = 0
        self._straight = 0
        self._failure: Obstacle | None = _CHECKING
        self._full: Obstacle | None = None
        self._slow: Obstacle | None = None
        self._lost: Obstacle | None = None
        self._is_known = False

    @property
    def holds(self) -> bool:
        """Whether it holds anything, or cannot know that it does not."""
        return not self._is_known or self.stored > 0 or self._arriving > 0

    @property
    def may_forward(self) -> bool:
        """Whether its first record may go to Kafka: none that went straight before can still arrive after it."""
        return self._straight == 0 and self.stored > 0

    @property
    def obstacle(self) -> Obstacle | None:
        """Why it takes nothing now; None if it takes what comes."""
        return self._failure or self._lost or self._slow or self._full

    def course(self) -> Course:
        """Where a record goes that comes now."""
        return self.detour() if self.holds else Course.STRAIGHT

    def detour(self) -> Course:
        """Where a record goes that does not go straight, or came back from there."""
        return Course.SPOOL if self.obstacle is None else Course.REFUSED

    # Records that go straight.

    def sent_straight(self) -> None:
        """A write to Kafka has begun."""
        self._straight += 1

    def settled_straight(self) -> None:
        """It has ended: none of its records can come to the log any more."""
        self._straight -= 1

    # Records on their way to the disk.

    def sent_to_disk(self, records: int) -> None:
        """Records were handed to the disk."""
        self._arriving += records

    def on_disk(self, records: int) -> None:
        """They are there."""
        self._arriving -= records
        self.stored += records
        self._slow = None

    def not_on_disk(self, records: int) -> None:
        """They are not, and will not be."""
        self._arriving -= records
        self._slow = None

    def removed(self, records: int) -> None:
        """Records that Kafka has were removed, and that is on disk too."""
        self.stored -= records
        self._full = None

    # The disk itself.

    def opened(self, records: int) -> None:
        """The database is open and whole, with so many records."""
        self.stored, self._is_known = records, True
        self._failure = self._full = self._slow = None

    def failed(self, why: str) -> None:
        """The disk failed; nothing is taken until it is opened again. What was confirmed is still there."""
        self._failure = Obstacle(FAILED, why)

    def checking(self, text: str) -> None:
        """How far the check after the start has come."""
        if not self._is_known:
            self._failure = Obstacle(FAILED, text)

    def found_full(self, why: str) -> None:
        """Records had no room; none are taken until some are removed, or there is room."""
        self._full = Obstacle(FULL, why)

    def found_room(self) -> None:
        """What had no room has it now."""
        self._full = None

    def found_lost(self, why: str) -> None:
        """The files were taken away: none are taken until they are back. What they hold can be read all the same."""
        self._lost = Obstacle(FAILED, why)

    def found_again(self) -> None:
        """They are back."""
        self._lost = None

    def found_slow(self, why: str) -> None:
        """The disk has not answered in time; none are taken until it does."""
        self._slow = Obstacle(FAILED, why)
