"""The events topic as the intake sees it: what Kafka cannot take now is put on disk, and that is as good.

A record goes straight to Kafka while the spool is empty. If Kafka does not acknowledge it in time it goes to the spool;
it may then stand in the log twice, with the same id.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from producer.preparation import Hindrance, NotPreparedError
from producer.spool.course import FAILED, FULL, Course, Obstacle
from producer.spool.errors import SpoolFullError, SpoolRefusedError, TooMuchAtOnceError
from producer.spool.spooled_record import RowDraft, drafts_of, framed_by
from producer.spool.standing import SpoolStanding
from producer.spool.work import Append
from runtime.clock import Clock
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import WRITE_LIMIT_S
from schemas.catalog import CATALOG

_NO_ROOM: Final = (SpoolFullError, TooMuchAtOnceError)


class StraightLog(Protocol):
    """The events topic without a spool."""

    @property
    def obstacle(self) -> Hindrance | None:
        """Why events cannot be written, as far as is known without asking."""

    def schema_id(self) -> int:
        """The id that values are framed with.

        Raises:
            NotPreparedError: nothing can be written yet.
        """

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when the records are acknowledged.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: they are not.
        """

    async def hindrance(self) -> Hindrance | None:
        """Why events cannot be written now, asking Kafka."""


class AppendedRows(Protocol):
    """The rows of the spool, for who adds to them."""

    def append(self, drafts: Sequence[RowDraft]) -> Append:
        """Begin to put rows on disk, all or none, behind those that were asked for before."""


class SpoolCounter(Protocol):
    """Counts what goes to the spool."""

    def stored(self, records: int) -> None:
        """They are on disk."""

    def maybe_repeated(self, records: int) -> None:
        """They may stand in the log, and went to the spool all the same."""

    def failed(self, reason: str) -> None:
        """The spool did not take a POST."""


class SpooledTopic:
    """Writes to Kafka or to the spool."""

    def __init__(
        self,
        straight: StraightLog,
        store: AppendedRows,
        standing: SpoolStanding,
        *,
        counter: SpoolCounter,
        clock: Clock,
    ) -> None:
        """An empty way; the store is started by whoever made it."""
        self._straight = straight
        self._store = store
        self._standing = standing
        self._course = standing.course
        self._counter = counter
        self._clock = clock

    def schema_id(self) -> int:
        """The id that values are framed with; the pinned one while no other is known: the spool keeps none.

        Raises:
            NotPreparedError: Kafka refuses what must be prepared, until somebody changes something.
        """
        try:
            return self._straight.schema_id()
        except NotPreparedError as error:
            if error.hindrance.is_refusal:
                raise
            return CATALOG.latest.id

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when the records are acknowledged by Kafka or on disk.

        Raises:
            KafkaRefusedError: Kafka will not take them.
            SpoolRefusedError: neither takes them now.
        """
        if not records:
            return
        until = self._clock.monotonic() + WRITE_LIMIT_S
        if self._course.course() is Course.STRAIGHT and await self._is_written_straight(records):
            return
        await self._put_on_disk(records, until)

    async def _is_written_straight(self, records: Sequence[OutgoingRecord]) -> bool:
        """Whether Kafka has them; if it has not, they may still be there."""
        if (hindrance := self._straight.obstacle) is not None:
            self._standing.begin(hindrance.text)
            return False
        self._course.sent_straight()
        try:
            await self._straight.write(framed_by(self._straight.schema_id(), records))
        except KafkaUnavailableError as error:
            self._counter.maybe_repeated(len(records))
            self._standing.begin(str(error))
            return False
        finally:
            self._course.settled_straight()
            self._standing.changed.set()
        return True

    async def _put_on_disk(self, records: Sequence[OutgoingRecord], until: float) -> None:
        if self._course.detour() is Course.REFUSED:
            raise self._refusal()
        accepted_ms = int(self._clock.wall() * 1000)
        append = self._store.append(drafts_of(records, release=CATALOG.latest.version, accepted_ms=accepted_ms))
        self._course.sent_to_disk(len(records))
        append.done.add_done_callback(lambda _: self._settle(append))
        await asyncio.wait([append.done], timeout=max(0.0, until - self._clock.monotonic()))
        if not append.done.done():
            append.is_abandoned = True
            self._standing.slow(f"the disk of the spool has not answered for {WRITE_LIMIT_S:g} s")
            raise self._refusal()
        if (error := append.done.exception()) is not None:
            raise self._refusal(error)

    def _settle(self, append: Append) -> None:
        """The disk has answered, whether or not a POST still waits."""
        records, error = len(append.drafts), append.done.exception()
        if error is None:
            self._counter.stored(records)
            self._standing.appended(records, append.done.result())
            return
        self._course.not_on_disk(records)
        if isinstance(error, SpoolFullError):
            self._standing.full(str(error))

    def _refusal(self, error: BaseException | None = None) -> SpoolRefusedError:
        """What the sender is told."""
        obstacle = self._course.obstacle
        if error is not None or obstacle is None:
            obstacle = Obstacle(FULL if isinstance(error, _NO_ROOM) else FAILED, str(error))
        self._counter.failed(obstacle.reason)
        return SpoolRefusedError(obstacle.reason, f"Kafka cannot take events now, and {obstacle.text}")
