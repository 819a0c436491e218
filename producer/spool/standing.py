"""What is known of a spool, for all that use it on the event loop: its course, its size, and the news of its disk."""

import asyncio
from typing import Final

import structlog

from producer.spool.amount import SpoolAmount
from producer.spool.course import SpoolCourse
from producer.spool.errors import SpoolDamagedError, SpoolError

_log: Final = structlog.get_logger(__name__)


class SpoolStanding:
    """The one place where the course is moved by what the disk does."""

    def __init__(self) -> None:
        self.course = SpoolCourse()
        self.amount: SpoolAmount | None = None
        """None while it is not known."""
        self.changed = asyncio.Event()
        """Set whenever there may be something to forward."""
        self.damage: SpoolDamagedError | None = None
        self.damaged = asyncio.Event()

    def checking(self, records: int, of: int) -> None:
        """So many of the records are verified."""
        self.course.checking(f"the spool is being checked after the start: {records} of {of} events are verified")

    def opened(self, amount: SpoolAmount) -> None:
        """The database is open and whole."""
        if self.amount is None and amount.records:
            consequence = "they go to Kafka first; until then all events go through the spool"
            _log.warning("spool.holds", events=amount.records, consequence=consequence)
        self.course.opened(amount.records)
        self._now(amount)

    def failed(self, error: SpoolError) -> None:
        """The disk failed, or the files are damaged."""
        self.course.failed(str(error))
        if isinstance(error, SpoolDamagedError):
            self.damage = error
            self.damaged.set()

    def appended(self, records: int, amount: SpoolAmount) -> None:
        """Records are on disk."""
        self.course.on_disk(records)
        self._now(amount)

    def removed(self, records: int, amount: SpoolAmount) -> None:
        """Records that Kafka has are removed."""
        self.course.removed(records)
        self._now(amount)
        if amount.records == 0:
            _log.info("spool.empty")

    def full(self, why: str) -> None:
        """Records had no room."""
        if self.course.obstacle is None:
            _log.error("spool.full", reason=why, consequence="POSTs are answered 503 until events have gone to Kafka")
        self.course.found_full(why)

    def has_room(self) -> None:
        """There is room again."""
        self.course.found_room()
        _log.info("spool.has_room")

    def lost(self, why: str) -> None:
        """The files are not in their place."""
        _log.error(
            "spool.lost",
            reason=why,
            consequence="POSTs that Kafka does not take are answered 503; what the spool holds goes to Kafka only "
            "while this process runs: put the files back, or restart it when the spool is empty",
        )
        self.course.found_lost(why)

    def found(self) -> None:
        """They are there again."""
        self.course.found_again()
        _log.info("spool.found")

    def slow(self, why: str) -> None:
        """The disk has not answered in time."""
        if self.course.obstacle is None:
            _log.error("spool.slow", reason=why, consequence="POSTs are answered 503 until the disk answers")
        self.course.found_slow(why)

    def begin(self, why: str) -> None:
        """Kafka could not take a record, so it goes to the spool."""
        if not self.course.holds and self.course.obstacle is None:
            _log.warning("spool.in_use", reason=why, consequence="events are kept on disk until Kafka takes them")

    def _now(self, amount: SpoolAmount) -> None:
        self.amount = amount
        self.changed.set()
