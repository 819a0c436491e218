"""A spool, put together: opened with the intake, closed after it."""

import asyncio
from pathlib import Path
from typing import Final, Self

import structlog
from prometheus_client import CollectorRegistry

from producer.preparation import PreparedLog
from producer.spool.directory import doubt_of_file_system, make_folder
from producer.spool.errors import SpoolDiskError
from producer.spool.files import SpoolFiles
from producer.spool.forward_log import PreparedForwardLog
from producer.spool.forwarder import Forwarder
from producer.spool.lock import FolderLock
from producer.spool.metrics import SpoolMetrics
from producer.spool.readiness import SpoolReadiness
from producer.spool.room import SpoolRoom
from producer.spool.spooled_topic import SpooledTopic
from producer.spool.standing import SpoolStanding
from producer.spool.store import SpoolStore
from runtime.clock import Clock
from runtime.config.settings import Settings, SpoolSettings
from runtime.deadline import CLOSE_GRACE_S, StopDeadline
from runtime.kafka.topics import max_event_bytes

_log: Final = structlog.get_logger(__name__)

_BATCH_LIMIT_S: Final = CLOSE_GRACE_S / 2
"""What the batch under way gets at most when the intake stops, in seconds; the disk and the clients get the rest."""


class Spool:
    """The spool of one intake; enter it on the event loop."""

    def __init__(
        self,
        settings: Settings,
        spool: SpoolSettings,
        straight: PreparedLog,
        *,
        client_id: str,
        metrics: CollectorRegistry,
        clock: Clock,
        stopping: StopDeadline,
    ) -> None:
        """Takes the folder's lock at once.

        Raises:
            SpoolDiskError: the folder cannot be used.
            SpoolLockedError: another process has it.
        """
        self._folder = spool.folder
        self._stopping = stopping
        self._lock = _locked(spool.folder)
        files = SpoolFiles(spool.folder, SpoolRoom(spool.max_bytes, settings.intake.max_body_bytes))
        counter = SpoolMetrics(metrics)
        self._standing = SpoolStanding()
        self._store = SpoolStore(files, self._standing)
        self._kafka = PreparedForwardLog(
            straight,
            settings.kafka.revealed(),
            client_id=client_id,
            max_record_bytes=max_event_bytes(settings),
            clock=clock,
        )
        topic = settings.topics.events
        self._forwarder = Forwarder(self._store, self._standing, self._kafka, topic=topic, counter=counter, clock=clock)
        self.topic: Final = SpooledTopic(straight, self._store, self._standing, counter=counter, clock=clock)
        self.readiness: Final = SpoolReadiness(
            straight, self._standing, self._forwarder, max_bytes=spool.max_bytes, clock=clock
        )
        counter.ask(self.readiness)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to open the database and to forward what it holds."""
        if doubt := doubt_of_file_system(self._folder):
            _log.warning("spool.file_system", folder=str(self._folder), reason=doubt)
        self._store.start()
        self._running = asyncio.create_task(self._forwarder.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish the batch under way, close the database, and say what is left."""
        assert self._running is not None
        deadline = self._stopping.begun()
        self._forwarder.stop()
        await asyncio.wait([self._running], timeout=min(_BATCH_LIMIT_S, deadline.left_s / 2))
        self._running.cancel()
        await asyncio.wait([self._running])
        closing = asyncio.create_task(self._kafka.close(deadline.left_s))
        if await self._store.close(deadline.left_s):
            self._lock.release()
        await closing
        left = self.readiness.status()
        if left.events:
            _log.warning("spool.left", folder=str(self._folder), events=left.events, oldest_age_s=left.oldest_age_s)

    async def run(self) -> None:
        """Return never: what ends a spool is a fault.

        Raises:
            SpoolDamagedError: what is on disk is not what was written.
        """
        assert self._running is not None
        damaged = asyncio.create_task(self._standing.damaged.wait())
        try:
            await asyncio.wait((damaged, self._running), return_when=asyncio.FIRST_COMPLETED)
        finally:
            damaged.cancel()
        if self._standing.damage is not None:
            raise self._standing.damage
        await self._running


def _locked(folder: Path) -> FolderLock:
    make_folder(folder)
    try:
        return FolderLock(folder)
    except OSError as error:
        raise SpoolDiskError(f"the folder of the spool cannot be locked: {folder}: {error.strerror}") from error
