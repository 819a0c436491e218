"""The succession of one endpoint's readers: one that fails, or does not answer any more, is followed by another.

Whatever a reader waits for, nobody waits for it longer than it may take. It ends in peace if it can: drained,
committed, out of its group. Else it is disowned, and left to itself.
"""

import asyncio
import contextlib
import queue
from typing import Final, Protocol

import structlog

from consumer.log.listener import LogListener
from consumer.log.loop_listener import LoopListener
from consumer.log.messages import explained
from consumer.log.reader_thread import Command, Commands
from consumer.offsets.commits import Commit
from runtime.clock import Clock
from runtime.deadline import Deadline

_log: Final = structlog.get_logger(__name__)

AGAIN_S: Final = 2.0
"""Between two readers."""
LAST_COMMIT_S: Final = 5.0
"""Beyond a drain: for the last commit, and for leaving the group."""
SILENCE_LIMIT_S: Final = 60.0
"""Beyond a drain: how long a reader may be busy with one call, longer than the restart of a broker."""
ABANDONED_MOST: Final = 5
"""Readers that do not end, each with its threads and buffers: beyond, no other one is made."""
_LOOK_EVERY_S: Final = 1.0


class Successor(Protocol):
    """Reads with one consumer, on a thread of its own."""

    @property
    def turned_at(self) -> float:
        """When it last worked (monotonic)."""
        ...

    @property
    def answered_at(self) -> float:
        """When Kafka answered its consumer last, or it began (monotonic)."""
        ...

    @property
    def member_id(self) -> str:
        """By which the group knows its consumer; empty before it does."""
        ...

    @property
    def failed(self) -> "asyncio.Future[str]":
        """Why it reads no more, once it has failed; it is closing its consumer then."""
        ...

    @property
    def ended(self) -> asyncio.Event:
        """Set when its consumer is closed."""
        ...

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """Give back all partitions, which drains and commits them, and leave the group; does not wait for it."""


class Readers(Protocol):
    """Makes readers."""

    def make(self, listener: LoopListener, commands: Commands) -> Successor:
        """A reader that is not started yet."""
        ...


class Succession:
    """An `EventLog` on readers, of which one reads at a time."""

    def __init__(self, readers: Readers, *, name: str, drain_s: float, clock: Clock) -> None:
        """Not started yet.

        Args:
            readers: makes them.
            name: of the endpoint, for log lines.
            drain_s: how long a listener's `drain` may take, in seconds.
            clock: whose monotonic time the readers tell.
        """
        self._readers: Final = readers
        self._name: Final = name
        self.drain_s: Final = drain_s
        self._clock: Final = clock
        self._commands: Commands = queue.SimpleQueue()
        self._reader: Successor | None = None
        self._abandoned: list[Successor] = []
        self._given_up = ""
        self._is_closing = False
        self._changed: Final = asyncio.Event()
        """Set when the reader failed, was given up, or all is to be closed."""
        self._task: asyncio.Task[None] | None = None

    @property
    def turned_at(self) -> float:
        """When the reader last worked (monotonic); between two readers that is now."""
        return self._clock.monotonic() if self._reader is None else self._reader.turned_at

    @property
    def answered_at(self) -> float:
        """When Kafka answered the consumer last, or it began (monotonic); between two that is now."""
        return self._clock.monotonic() if self._reader is None else self._reader.answered_at

    @property
    def member_id(self) -> str:
        """By which the group knows the consumer; empty before it does."""
        return "" if self._reader is None else self._reader.member_id

    @property
    def abandoned(self) -> int:
        """Readers that were given up and have not ended: they may still have partitions."""
        return sum(not reader.ended.is_set() for reader in self._abandoned)

    def start(self, listener: LogListener) -> None:
        """Begin, and notify `listener` on the running loop."""
        self._task = asyncio.create_task(self._run(listener))

    def ask(self, cost: int) -> None:
        """Read on until the records that came since cost so much more; the last one may cost more than is left."""
        self._command(lambda session: session.credit.add(cost))

    def pause(self, partition: int) -> None:
        """Read nothing of this partition until `resume`; what is under way may still come."""
        self._command(lambda session: session.held.pause(partition))

    def resume(self, partition: int) -> None:
        """Read this partition again."""
        self._command(lambda session: session.held.resume(partition))

    def commit(self, commits: list[Commit]) -> None:
        """Commit; `committed` of the listener has the result. One commit at a time."""
        self._command(lambda session: session.committing.start(session.consumer, session.held, commits))

    def begin_anew(self, partitions: set[int]) -> None:
        """The topic was deleted and made anew: read all of these, whatever was committed."""
        self._command(lambda session: session.held.begin_anew(partitions))

    def give_up(self, reason: str) -> None:
        """Give the reader up, and make another one; the listener's `gave_up` has the reason."""
        if self._reader is not None:
            self._given_up = self._given_up or reason
            self._changed.set()

    async def close(self, deadline: Deadline) -> bool:
        """Give back all partitions, which drains and commits them; whether that was done by the deadline.

        Without a coordinator the client waits 45 s for a commit that cannot succeed any more.
        """
        self._is_closing = True
        self._changed.set()
        if self._task is None:
            return True
        await asyncio.wait([self._task], timeout=deadline.left_s)
        self._task.cancel()
        return self._reader is None or self._reader.ended.is_set()

    def _command(self, command: Command) -> None:
        self._commands.put(command)

    async def _run(self, listener: LogListener) -> None:
        while not self._is_closing:
            try:
                reason = await self._serve(listener)
            except Exception as error:  # noqa: BLE001 - whatever it was, the endpoint must not stop for good
                reason = explained(error)
            await self._follow(reason, listener)

    async def _follow(self, reason: str, listener: LogListener) -> None:
        """Tell why a reader was given up, and wait until the next one is made."""
        if self._is_closing:
            return
        self._reader, self._commands = None, queue.SimpleQueue()  # what is asked from now on is for the next one
        _log.debug("log.failed", endpoint=self._name, error=reason, again_in_s=AGAIN_S)
        self._changed.clear()
        listener.gave_up(reason)
        await _is_set(self._changed, AGAIN_S)

    async def _serve(self, listener: LogListener) -> str:
        """Have one reader until it fails, is given up, or is told to close; why it ended."""
        self._abandoned = [reader for reader in self._abandoned if not reader.ended.is_set()]
        if len(self._abandoned) >= ABANDONED_MOST:
            return f"{len(self._abandoned)} consumers that were given up do not close: restart this worker"
        crossing = LoopListener(listener, asyncio.get_running_loop(), drain_limit_s=self.drain_s + LAST_COMMIT_S)
        reader = self._readers.make(crossing, self._commands)
        self._given_up = ""
        reader.failed.add_done_callback(lambda _: self._changed.set())
        try:
            reader.start()
            self._reader = reader
            reason = await self._reason_to_end(reader)
            reader.stop()
            if not await _is_set(reader.ended, self.drain_s + LAST_COMMIT_S):
                self._abandoned.append(reader)
            return reason
        finally:
            crossing.disown()

    async def _reason_to_end(self, reader: Successor) -> str:
        """Return when it fails, falls silent, is given up or is told to close."""
        limit_s = self.drain_s + SILENCE_LIMIT_S
        while not (self._is_closing or self._given_up or reader.failed.done()):
            if self._clock.monotonic() - reader.turned_at >= limit_s:
                return f"its consumer has not answered for {limit_s:g} s"
            self._changed.clear()
            await _is_set(self._changed, _LOOK_EVERY_S)
        return self._given_up or (reader.failed.result() if reader.failed.done() else "")


async def _is_set(event: asyncio.Event, within_s: float) -> bool:
    """Whether the event is set within this time."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), within_s)
    return event.is_set()
