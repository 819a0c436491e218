"""Takes rows from the spool to Kafka, in order, a batch at a time: written, acknowledged, removed.

A batch that was broken off is written again as a whole, so a crash repeats one batch at most. A record that Kafka
refuses is never dropped: it and everything behind it wait, and readiness and a log line say so. Only its time is
changed if Kafka refuses that, because this machine's clock was ahead when it was accepted.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import structlog
from msgspec.structs import replace

from producer.spool.amount import SpoolAmount
from producer.spool.errors import SpoolDiskError
from producer.spool.spooled_record import SpoolRow, UnknownReleaseError, outgoing, repository_of
from producer.spool.standing import SpoolStanding
from runtime.clock import Clock
from runtime.kafka.errors import KafkaRefusedError, KafkaTimeRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.news import News
from runtime.units import rounded_size

_log: Final = structlog.get_logger(__name__)

BATCH_EVENTS: Final = 500
BATCH_BYTES: Final = 2**20
"""Larger events go alone."""
_LOOK_AGAIN_S: Final = 0.1
_AGAIN_S: Final = 0.5
_REFUSED_AGAIN_S: Final = 5.0
_MATTER: Final = "refused"
_TIME: Final = "time"
_AHEAD: Final = (
    "this machine's clock was ahead when events were accepted, and Kafka refuses their time: they get that of now"
)


class ForwardLog(Protocol):
    """The events topic, for what comes from the spool."""

    @property
    def ids(self) -> Mapping[int, int]:
        """The schema id of each release; empty until they are known."""

    @property
    def obstacle(self) -> str:
        """Why nothing can be written now; empty if it can be tried.

        Topic and schema must be prepared, and no record that went straight may come after those of the spool.
        """

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when they are acknowledged.

        Raises:
            KafkaUnavailableError: not all are; some may be in the log.
            KafkaRefusedError: Kafka will not take one of them; KafkaTimeRefusedError if that is for its time.
        """


class StoredRows(Protocol):
    """The rows of the spool, for who takes them away."""

    async def read(self, after: int, *, most: int, most_bytes: int) -> list[SpoolRow]:
        """The first rows after a place.

        Raises:
            SpoolDiskError, SpoolDamagedError: they cannot be read.
        """

    async def remove_to(self, seq: int) -> tuple[int, SpoolAmount]:
        """Remove the rows up to this one; how many those were, and how much is left.

        Raises:
            SpoolDiskError, SpoolDamagedError: it is not known whether they are removed.
        """


class ForwardCounter(Protocol):
    """Counts what was forwarded."""

    def forwarded(self, records: int) -> None:
        """Kafka has them."""

    def maybe_repeated(self, records: int) -> None:
        """They may stand in the log, and are written again."""

    def refused(self) -> None:
        """A record cannot be written: Kafka refused it, or its release is unknown."""


class Forwarder:
    """The way from the spool to Kafka; run it as a task."""

    def __init__(
        self,
        store: StoredRows,
        standing: SpoolStanding,
        log: ForwardLog,
        *,
        topic: str,
        counter: ForwardCounter,
        clock: Clock,
    ) -> None:
        """Does nothing yet."""
        self._store = store
        self._standing = standing
        self._kafka = log
        self._topic = topic
        self._counter = counter
        self._clock = clock
        self._news = News()
        self._acknowledged = 0
        """The last place that Kafka has: after a fault of the disk its rows are removed and not written again."""
        self._alone_to = 0
        """Up to this place each row is written alone: one of a batch that ended there cannot be."""
        self._stopping = asyncio.Event()
        self.waits_because = ""
        """Why the first events wait; empty if they do not."""
        self.refused_because = ""
        """Why the first event cannot go to Kafka until somebody changes something; empty if it can."""

    async def run(self) -> None:
        """Forward until `stop`; returns after the batch under way."""
        while not self._stopping.is_set():
            self._standing.changed.clear()
            if self._standing.course.may_forward:
                await self._forward()
            else:
                self.waits_because = ""
                await self._standing.changed.wait()

    def stop(self) -> None:
        """Begin no further batch."""
        self._stopping.set()
        self._standing.changed.set()

    async def _forward(self) -> None:
        if why := self._kafka.obstacle:
            await self._pause(why, _LOOK_AGAIN_S)
            return
        try:
            most = 1 if self._acknowledged < self._alone_to else BATCH_EVENTS
            rows = await self._store.read(self._acknowledged, most=most, most_bytes=BATCH_BYTES)
            if rows:
                await self._write(rows)
            await self._remove()
        except SpoolDiskError as error:
            await self._pause(str(error), _AGAIN_S)

    async def _write(self, rows: Sequence[SpoolRow], time_ms: int | None = None) -> None:
        """`time_ms` stands for the times of the rows."""
        try:
            await self._kafka.write([self._record(row, time_ms) for row in rows])
        except KafkaUnavailableError as error:
            self._counter.maybe_repeated(len(rows))
            await self._pause(str(error), _AGAIN_S)
        except KafkaTimeRefusedError as error:
            await self._time_refused(rows, time_ms, str(error))
        except KafkaRefusedError as error:
            await self._refused(rows, str(error))
        except UnknownReleaseError as error:
            await self._unknown(rows, str(error))
        else:
            self._forwarded(rows)

    def _record(self, row: SpoolRow, time_ms: int | None) -> OutgoingRecord:
        record = outgoing(row, topic=self._topic, ids=self._kafka.ids)
        return record if time_ms is None else replace(record, timestamp_ms=time_ms)

    def _forwarded(self, rows: Sequence[SpoolRow]) -> None:
        self._acknowledged = rows[-1].seq
        self._counter.forwarded(len(rows))
        self.waits_because = self.refused_because = ""
        if self._news.settled(_MATTER):
            _log.info("spool.refusal_over", event_number=rows[0].seq)

    async def _time_refused(self, rows: Sequence[SpoolRow], time_ms: int | None, why: str) -> None:
        """A time that is ahead of this machine's clock too cannot be right any more: that of now is."""
        now_ms = int(self._clock.wall() * 1000)
        if time_ms is not None or len(rows) > 1 or rows[0].accepted_ms <= now_ms:
            await self._refused(rows, why)
            return
        if self._news.is_news(_TIME, _AHEAD):
            _log.warning("spool.time_corrected", reason=_AHEAD, event_number=rows[0].seq)
        await self._write(rows, now_ms)

    async def _remove(self) -> None:
        removed, amount = await self._store.remove_to(self._acknowledged)
        if removed:
            self._standing.removed(removed, amount)

    async def _refused(self, rows: Sequence[SpoolRow], why: str) -> None:
        """Find the record that is refused: one by one."""
        if len(rows) > 1:
            self._alone_to = rows[-1].seq
            self._counter.maybe_repeated(len(rows))
            return
        row = rows[0]
        named = f"event {row.seq} of the spool ({rounded_size(len(row.content))}, repository {repository_of(row)})"
        await self._stand_still(f"Kafka refuses {named}: {why}; it and all events behind it wait")

    async def _unknown(self, rows: Sequence[SpoolRow], why: str) -> None:
        """Find the record that a newer version has left in the spool; nothing was written of these."""
        if len(rows) > 1:
            self._alone_to = rows[-1].seq
        else:
            await self._stand_still(f"{why}; that event and all behind it wait")

    async def _stand_still(self, why: str) -> None:
        self.refused_because = why
        self._counter.refused()
        if self._news.is_news(_MATTER, why):
            _log.error("spool.refused", reason=why, consequence="it is tried again, and nothing is dropped")
        await self._pause(why, _REFUSED_AGAIN_S)

    async def _pause(self, why: str, seconds: float) -> None:
        self.waits_because = why
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
