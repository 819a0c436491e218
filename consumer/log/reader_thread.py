"""A reader thread: it alone owns one Kafka consumer, from its making to its end, and passes what it reads to the loop.

No other thread ever calls the consumer. Records cross to the loop in batches, as much as was asked for; commands come
back by a queue. Any call of the client may wait for an answer of Kafka that never comes, so nobody waits for the
thread for ever: what it does once it is disowned changes nothing.
"""

import asyncio
import contextlib
import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import structlog

from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.log_reader import LogReader
from consumer.log.loop_listener import LoopListener
from consumer.log.messages import explained
from consumer.log.session import Session, open_session
from consumer.log.shared_records import SharedRecords
from consumer.log.source import Source
from runtime.clock import Clock
from runtime.kafka.connection_faults import ConnectionFaults

_logger: Final = structlog.get_logger(__name__)

Command = Callable[[Session], None]
Commands = queue.SimpleQueue[Command]


@dataclass(frozen=True, slots=True)
class ReaderThreads:
    """Makes the reader threads of one endpoint, one after the other."""

    source: Source
    """Where partitions come from; each reader has one anew."""
    settings: ConsumerSettings
    """Of the consumers; resolved on the thread, where it may block."""
    records: SharedRecords
    """Of the events topic, for all readers of the process."""
    name: str
    """Of the endpoint, for the threads and the log lines."""
    clock: Clock
    epochs: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Numbers of assignments, which none had before."""

    def make(self, listener: LoopListener, commands: Commands) -> "ReaderThread":
        """A reader that is not started yet, on the running loop."""
        return ReaderThread(self, listener, commands)


class ReaderThread:
    """One thread with one consumer."""

    def __init__(self, kind: ReaderThreads, listener: LoopListener, commands: Commands) -> None:
        """Not started yet.

        Args:
            kind: what it has in common with those before and after it.
            listener: notified of everything.
            commands: what it is to do, in order.
        """
        self._kind: Final = kind
        self._listener: Final = listener
        self._commands: Final = commands
        self._source: Final = kind.source.anew()
        self._loop: Final = asyncio.get_running_loop()
        self._stopping: Final = threading.Event()
        self._log: Final = _logger.bind(endpoint=kind.name)
        self.turned_at = kind.clock.monotonic()
        """When it last worked (monotonic)."""
        self.answered_at = self.turned_at
        """When Kafka answered its consumer last, or it began (monotonic)."""
        self.member_id = ""
        """By which the group knows its consumer; empty before it does."""
        self.failed: Final[asyncio.Future[str]] = self._loop.create_future()
        """Why it reads no more, once it has failed; it is closing its consumer then."""
        self.ended: Final = asyncio.Event()
        """Set when its consumer is closed."""

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name=f"log-{self._kind.name}", daemon=True).start()

    def stop(self) -> None:
        """Give back all partitions, which drains and commits them, and leave the group; does not wait for it."""
        self._stopping.set()
        self._commands.put(lambda _: None)  # wakes it

    def _run(self) -> None:
        session: Session | None = None
        try:
            session = self._open()
            self._serve(session)
        except Exception as error:  # noqa: BLE001 - whatever it was, the endpoint must not stop for good
            self._tell_loop(self.failed.set_result, explained(error))
        if session is not None:
            self._try(session.rebalancing.settle)
            self._try(session.consumer.close)  # it leaves its group first, and so revokes all its partitions
        self._tell_loop(self.ended.set)

    def _try(self, step: Callable[[], None]) -> None:
        """One step to the end of a session; when it fails, nobody can do anything about it."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - see above
            self._log.debug("log.close_failed", error=explained(error))

    def _open(self) -> Session:
        kind = self._kind
        return open_session(
            kind.settings,
            kind.records.topic,
            self._listener,
            epochs=kind.epochs,
            faults=ConnectionFaults(kind.clock),
            log=self._log,
            clock=kind.clock,
        )

    def _serve(self, session: Session) -> None:
        reader = LogReader(session, self._source, self._kind.records, self._kind.clock)
        self._source.begin(session)
        while not self._stopping.is_set():
            self.turned_at = self._kind.clock.monotonic()
            self._run_commands(session, reader.command_wait_s)
            reader.turn()
            self.member_id, self.answered_at = session.membership.member_id, reader.answered_at
        self._source.end(session)

    def _run_commands(self, session: Session, wait_s: float) -> None:
        """Run all commands that wait; if there is none, wait this long for one."""
        with contextlib.suppress(queue.Empty):
            self._commands.get(timeout=wait_s)(session)
            while True:
                self._commands.get_nowait()(session)

    def _tell_loop(self, step: Callable[..., None], *args: str) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(step, *args)
