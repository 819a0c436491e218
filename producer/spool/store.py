"""The spool's database for an event loop: what is asked goes to its thread, what comes back settles a future."""

import asyncio
import queue
from collections.abc import Callable, Sequence
from typing import TypeVar

from producer.spool.amount import SpoolAmount
from producer.spool.database import SpoolDatabase
from producer.spool.spooled_record import RowDraft, SpoolRow
from producer.spool.store_thread import DatabaseFiles, StoreListener, StoreThread
from producer.spool.work import Append, Inquiry, StopWork, Work
from runtime.side_threads import beside

T = TypeVar("T")


class SpoolStore:
    """The rows of the spool; every method is for the event loop that started it."""

    def __init__(self, files: DatabaseFiles, listener: StoreListener) -> None:
        """Not started yet; `listener` learns on the event loop how the disk is."""
        self._queue: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._thread = StoreThread(files, listener, self._queue)

    def start(self) -> None:
        """Begin to open and verify the database; the listener learns how that goes."""
        self._thread.start(asyncio.get_running_loop())

    def append(self, drafts: Sequence[RowDraft]) -> Append:
        """Begin to put rows on disk, all or none, behind those that were asked for before."""
        work = Append(drafts, asyncio.get_running_loop().create_future())
        self._queue.put(work)
        return work

    async def read(self, after: int, *, most: int, most_bytes: int) -> list[SpoolRow]:
        """The first rows after a place, see `SpoolDatabase.read`.

        Raises:
            SpoolDiskError, SpoolDamagedError: they cannot be read.
        """
        return await self._ask(lambda database: database.read(after, most=most, most_bytes=most_bytes))

    async def remove_to(self, seq: int) -> tuple[int, SpoolAmount]:
        """Remove the rows up to this one; how many those were, and how much is left.

        Raises:
            SpoolDiskError, SpoolDamagedError: it is not known whether they are removed.
        """

        def remove(database: SpoolDatabase) -> tuple[int, SpoolAmount]:
            return database.remove_to(seq), database.amount()

        return await self._ask(remove)

    async def close(self, timeout_s: float) -> bool:
        """Finish what was asked and close the database; whether that was done within the time."""
        self._queue.put(StopWork())
        return await beside(self._thread.join, timeout_s)

    async def _ask(self, ask: Callable[[SpoolDatabase], T]) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(Inquiry(ask, done))
        return await done
