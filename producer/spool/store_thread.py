"""The thread that alone has the database: all POSTs that wait share one transaction and its fsync.

After a fault of the disk it closes the database and opens it again until a write succeeds; what is asked meanwhile is
refused. Whatever happens, everything that is asked is answered.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

import structlog

from producer.spool.amount import SpoolAmount
from producer.spool.database import SpoolDatabase
from producer.spool.errors import (
    SpoolDamagedError,
    SpoolDiskError,
    SpoolError,
    SpoolFullError,
    TooMuchAtOnceError,
)
from producer.spool.file_place import FilePlace
from producer.spool.room import CHECKPOINT_BYTES, SpoolRoom, most_taken_by
from producer.spool.work import Append, Inquiry, StopWork, Work
from runtime.news import News
from runtime.units import format_size, rounded_size

_log: Final = structlog.get_logger(__name__)

_AGAIN_S: Final = 1.0
"""Between a fault and the next try to open the database."""
_LOOK_S: Final = 5.0
"""Between two looks whether the files are in their place, when nothing is asked."""
_TRIAL_BYTES: Final = CHECKPOINT_BYTES // 2
_MATTER: Final = "disk"
_LOST_EVENTS: Final = "events that were answered and not forwarded are lost with them; start again"

_Outcomes = Iterable[tuple["asyncio.Future[Any]", object]]


class DatabaseFiles(Protocol):
    """Where the database comes from."""

    @property
    def room(self) -> SpoolRoom:
        """How much fits."""

    def open(self) -> SpoolDatabase:
        """The database, open.

        Raises:
            SpoolDiskError, SpoolDamagedError: it is not.
        """


class StoreListener(Protocol):
    """Learns on the event loop how the disk is."""

    def checking(self, records: int, of: int) -> None:
        """So many of the records that there are were verified."""

    def opened(self, amount: SpoolAmount) -> None:
        """The database is open and whole."""

    def full(self, why: str) -> None:
        """There is no room."""

    def has_room(self) -> None:
        """There is room again."""

    def lost(self, why: str) -> None:
        """The files are not in their place: what they hold can be read, and nothing more is taken."""

    def found(self) -> None:
        """They are in their place again."""

    def failed(self, error: SpoolError) -> None:
        """The disk failed, or the files are damaged."""


class StoreThread:
    """Serves what comes by a queue until it is told to stop."""

    def __init__(self, files: DatabaseFiles, listener: StoreListener, asked: "queue.SimpleQueue[Work]") -> None:
        """Not started yet."""
        self._files = files
        self._listener = listener
        self._asked = asked
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answered_next: int | None = None
        """The place after the last record that was answered; None before the rows were verified."""
        self._failed_bytes = 0
        """What the disk would not take."""
        self._full_bytes = 0
        """What there was no room for; 0 if there is."""
        self._next_look = 0.0
        self._place: FilePlace | None = None
        """Of the files that were verified."""
        self._is_lost = False
        self._news = News()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open the database on the thread; answers and news go to this event loop."""
        self._loop = loop
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for its end; whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._is_stopping:
            try:
                self._open_and_serve()
            except SpoolDamagedError as error:
                self._tell(self._listener.failed, error)
                self._refuse(error, seconds=None)
            except SpoolError as error:
                self._failed(error)
            except Exception as error:  # noqa: BLE001 - whoever waits for this thread must not wait for ever
                _log.error("spool.internal_error", exc_info=error)
                self._failed(_internal(error))

    def _failed(self, error: SpoolError) -> None:
        if self._news.is_news(_MATTER, str(error)):
            _log.error("spool.failed", reason=str(error), consequence="the spool takes no events until the disk does")
        self._tell(self._listener.failed, error)
        self._refuse(error, seconds=_AGAIN_S)

    def _open_and_serve(self) -> None:
        database = self._files.open()
        try:
            self._begin(database)
            while not self._is_stopping:
                self._serve(database, self._next_work())
                self._look_for_files(database)
                self._look_for_room(database)
        finally:
            database.close()

    def _begin(self, database: SpoolDatabase) -> None:
        """At first all rows are verified; later those go that are on disk though their senders were refused.

        Then the disk must take a write, as large at least as the one at which it failed.
        """
        if self._place is not None and self._place.identity != database.place.identity:
            raise SpoolDamagedError(f"{self._place.lost}: {_LOST_EVENTS}")
        if self._answered_next is None:
            database.verify(lambda read: self._tell(self._listener.checking, read, database.span.records))
        elif database.span.next > self._answered_next:
            database.remove_from(self._answered_next)
        trial_bytes = max(self._failed_bytes, _TRIAL_BYTES)
        self._full_bytes, why = 0, ""
        try:
            database.try_to_write(trial_bytes)
        except SpoolFullError as error:  # what it holds can go to Kafka all the same
            self._full_bytes, why = trial_bytes, str(error)
        self._answered_next, self._failed_bytes, self._place = database.span.next, 0, database.place
        if self._news.settled(_MATTER):
            _log.info("spool.recovered")
        self._tell(self._listener.opened, database.amount())
        if why:
            self._tell(self._listener.full, why)

    def _look_for_files(self, database: SpoolDatabase) -> str:
        """Why nothing may be written; empty if it may: what is put into a removed file is gone with the process."""
        why = database.place.lost
        if why and not self._is_lost:
            self._tell(self._listener.lost, why)
        elif self._is_lost and not why:
            self._tell(self._listener.found)
        self._is_lost = bool(why)
        return why

    def _look_for_room(self, database: SpoolDatabase) -> None:
        """Try to write what there was no room for, once in a while."""
        if not self._full_bytes or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _AGAIN_S
        with suppress(SpoolFullError):
            database.try_to_write(self._full_bytes)
            self._full_bytes = 0
            self._tell(self._listener.has_room)

    def _next_work(self) -> list[Work]:
        """What waits, up to half of a transaction's content; blocks a while until there is something."""
        work: list[Work] = []
        size = 0
        with suppress(queue.Empty):
            work.append(self._asked.get(timeout=_AGAIN_S if self._full_bytes else _LOOK_S))
            while True:
                size += work[-1].size if isinstance(work[-1], Append) else 0
                if size > self._files.room.transaction_bytes // 2:
                    break
                work.append(self._asked.get_nowait())
        return work

    def _serve(self, database: SpoolDatabase, work: Sequence[Work]) -> None:
        """Answer all of it.

        Raises:
            SpoolDiskError, SpoolDamagedError: after each that was not answered before got this error.
        """
        self._is_stopping = any(isinstance(one, StopWork) for one in work)
        try:
            self._append(database, [one for one in work if isinstance(one, Append)])
            for one in work:
                if isinstance(one, Inquiry):
                    self._ask(database, one)
        except Exception as error:
            self._failed_bytes = sum(one.size for one in work if isinstance(one, Append))
            refused = error if isinstance(error, SpoolError) else _internal(error)
            self._answer((one.done, refused) for one in work if not isinstance(one, StopWork))
            raise

    def _ask(self, database: SpoolDatabase, inquiry: Inquiry) -> None:
        try:
            self._answer([(inquiry.done, inquiry.ask(database))])
        except SpoolFullError as error:
            self._answer([(inquiry.done, error)])

    def _append(self, database: SpoolDatabase, appends: Sequence[Append]) -> None:
        """In one transaction; one by one where they do not all have room."""
        late = [one for one in appends if one.is_abandoned]
        wanted = [one for one in appends if not one.is_abandoned]
        self._answer((one.done, SpoolDiskError("the disk of the spool did not answer in time")) for one in late)
        if not wanted:
            return
        if lost := self._look_for_files(database):
            self._answer((one.done, SpoolDiskError(lost)) for one in wanted)
            return
        if sum(one.size for one in wanted) <= self._files.room.transaction_bytes:
            with suppress(SpoolFullError):
                self._append_together(database, wanted)
                return
        for one in wanted:
            self._append_alone(database, one)

    def _append_alone(self, database: SpoolDatabase, one: Append) -> None:
        most = self._files.room.transaction_bytes
        if one.size > most:
            text = f"{rounded_size(one.size)} of events are more than the spool takes at once ({format_size(most)})"
            self._answer([(one.done, TooMuchAtOnceError(text))])
            return
        try:
            self._append_together(database, [one])
        except SpoolFullError as error:
            self._full_bytes, self._next_look = most_taken_by(one.size), time.monotonic() + _AGAIN_S
            self._answer([(one.done, error)])

    def _append_together(self, database: SpoolDatabase, appends: Sequence[Append]) -> None:
        database.append([one.drafts for one in appends])
        self._answered_next = database.span.next
        amount = database.amount()
        self._answer((one.done, amount) for one in appends)

    def _refuse(self, error: SpoolError, *, seconds: float | None) -> None:
        """Refuse what is asked in the next so many seconds, or until it stops."""
        until = None if seconds is None else time.monotonic() + seconds
        with suppress(queue.Empty):
            while not self._is_stopping:
                work = self._asked.get(timeout=None if until is None else max(0.001, until - time.monotonic()))
                if isinstance(work, StopWork):
                    self._is_stopping = True
                else:
                    self._answer([(work.done, error)])

    def _answer(self, outcomes: _Outcomes) -> None:
        if found := list(outcomes):
            self._tell(_settle, found)

    def _tell(self, step: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            assert self._loop is not None
            self._loop.call_soon_threadsafe(step, *arguments)


def _internal(error: Exception) -> SpoolDiskError:
    return SpoolDiskError(f"internal error of the spool: {type(error).__name__}: {error}")


def _settle(outcomes: Iterable[tuple["asyncio.Future[Any]", object]]) -> None:
    """On the event loop; the first answer counts."""
    for future, outcome in outcomes:
        if future.done():
            continue
        if isinstance(outcome, SpoolError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
