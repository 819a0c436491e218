"""Writing attempts to their topic, beside delivery, which never waits for it: what cannot be written is counted."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

import structlog

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.record import record_of
from consumer.delivery.policy.outcome import Outcome
from runtime.config.settings import AttemptSettings
from runtime.errors import BridgeError
from runtime.kafka.records import OutgoingRecord
from runtime.news import News

_log: Final = structlog.get_logger(__name__)

WRITE_LIMIT_S: Final = 30.0
"""How long a write may take: nobody waits for it, and what is given up is lost."""
MOST_WAITING: Final = 5_000
"""Attempts that wait to be written: some 10 MiB with long answers."""
_AT_ONCE: Final = 200
_MATTER: Final = "writing"


class AttemptRecordWriter(Protocol):
    """Writes records to Kafka."""

    async def write_soon(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when all in-sync replicas have all of them.

        Raises:
            BridgeError: they do not; some of the records may be in the log all the same.
        """

    def close(self, timeout_s: float) -> None:
        """Refuse new writes, wait for those under way; blocks."""


class LossCounter(Protocol):
    """Counts attempts that were not written."""

    def attempt_not_written(self, endpoint: str) -> None:
        """One at this endpoint was not."""


class AttemptLog(Protocol):
    """Where attempts are written, if they are."""

    def wants(self, outcome: Outcome) -> bool:
        """Whether attempts with this outcome are to be added."""
        ...

    def add(self, attempt: EventAttempt) -> None:
        """Write it soon."""

    def start(self) -> None:
        """Begin to write."""

    async def close(self, limit_s: float) -> None:
        """Write what waits, within so many seconds."""


class NoAttemptLog:
    """Attempts are written nowhere."""

    def wants(self, _: Outcome) -> bool:
        """None."""
        return False

    def add(self, attempt: EventAttempt) -> None:
        """Is not asked."""

    def start(self) -> None:
        """There is nothing to begin."""

    async def close(self, _: float) -> None:
        """There is nothing to end."""


class AttemptTopic:
    """Writes the attempts of all endpoints of a process."""

    def __init__(self, settings: AttemptSettings, writer: AttemptRecordWriter, losses: LossCounter) -> None:
        """Nothing is written before `start`.

        Args:
            settings: which topic, and which attempts.
            writer: of this alone: what is wrong with this topic must not hold up dead letters.
            losses: counts what was not written.
        """
        self._topic: Final = settings.topic
        self._keeps_all: Final = settings.keep == "all"
        self._writer: Final = writer
        self._losses: Final = losses
        self._waiting: Final[deque[EventAttempt]] = deque()
        self._writing: list[EventAttempt] = []
        self._is_due: Final = asyncio.Event()
        self._is_idle: Final = asyncio.Event()
        self._is_idle.set()
        self._news: Final = News()
        self._running: asyncio.Task[None] | None = None

    def wants(self, outcome: Outcome) -> bool:
        """Failures, or all."""
        return self._keeps_all or outcome is not Outcome.DELIVERED

    def add(self, attempt: EventAttempt) -> None:
        """Let it wait to be written, if there is room."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(attempt)
            self._is_due.set()
            self._is_idle.clear()
        else:
            self._lost([attempt], "more attempts wait to be written than there is room for")

    def start(self) -> None:
        """Begin to write."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self, limit_s: float) -> None:
        """Write what waits, within so many seconds; what is left then is lost."""
        if self._running is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_idle.wait(), limit_s)
            self._running.cancel()
            await asyncio.wait([self._running])
        if left := [*self._writing, *self._waiting]:
            self._lost(left, "the worker stopped before they were written")
        self._writer.close(0.0)

    async def _run(self) -> None:
        while True:
            await self._is_due.wait()
            while self._waiting:
                self._writing = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
                await self._write(self._writing)
                self._writing = []
            self._is_due.clear()
            self._is_idle.set()

    async def _write(self, attempts: list[EventAttempt]) -> None:
        try:
            await self._writer.write_soon([record_of(attempt, self._topic) for attempt in attempts])
        except BridgeError as error:
            self._lost(attempts, str(error))
        except Exception:  # noqa: BLE001 - a fault of ours must not end the writing for good
            _log.exception("attempts.internal_error", topic=self._topic)
            self._lost(attempts, "an internal error, see the log")
        else:
            self._news.settled(_MATTER)

    def _lost(self, attempts: list[EventAttempt], why: str) -> None:
        for attempt in attempts:
            self._losses.attempt_not_written(attempt.endpoint)
        if self._news.is_news(_MATTER, why):
            consequence = "these attempts are only in the worker's memory, and counted; delivery goes on"
            _log.warning("attempts.not_written", topic=self._topic, reason=why, consequence=consequence)
