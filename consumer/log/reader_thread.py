"""The reader thread: it alone owns a Kafka consumer, and passes what it reads to the event loop.

No other thread ever calls the consumer. Records cross to the loop in batches, as much as was asked for; commands come
back by a queue. A consumer that fails is given up, and another one is made: what belonged to the first is gone with it.
"""

import asyncio
import contextlib
import itertools
import queue
import threading
from collections.abc import Callable
from typing import Final

import structlog

from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.listener import LogListener
from consumer.log.log_reader import LogReader
from consumer.log.loop_listener import LoopListener
from consumer.log.messages import explained
from consumer.log.session import Session, close_failed_session, close_session, open_session
from consumer.log.source import Source
from consumer.offsets.commits import Commit
from runtime.clock import Clock
from runtime.deadline import Deadline
from runtime.errors import BridgeError
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.side_threads import beside

_logger: Final = structlog.get_logger(__name__)

_AGAIN_S: Final = 2.0
_GRACE_S: Final = 5.0

_ABANDONED_MOST: Final = 5
"""Consumers that were given up and do not close, each with its threads and buffers: beyond, no other one is made."""

Command = Callable[[Session], None]


class GivenUpError(BridgeError):
    """Why the consumer is given up, on the listener's word."""


class ReaderThread:
    """An `EventLog` on Kafka. A consumer that fails is replaced after a short wait."""

    def __init__(
        self,
        source: Source,
        settings: ConsumerSettings,
        *,
        topic: str,
        name: str,
        drain_s: float,
        clock: Clock,
    ) -> None:
        """Not started yet.

        Args:
            source: where partitions come from.
            settings: of the consumers; resolved on the thread, where it may block.
            topic: the events topic.
            name: of the endpoint, for the thread and the log lines.
            drain_s: how long a listener's `drain` may take, in seconds.
            clock: whose monotonic time `turned_at` is.
        """
        self._source: Final = source
        self._settings: Final = settings
        self._topic: Final = topic
        self._name: Final = name
        self.drain_s: Final = drain_s
        self._clock: Final = clock
        self.turned_at = clock.monotonic()
        """When the thread last worked (monotonic)."""
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._abandoned: list[threading.Thread] = []
        """Those that close consumers that were given up."""
        self._epochs: Final = itertools.count(1)
        self._faults: Final = ConnectionFaults(clock)
        self._log = _logger.bind(endpoint=name)

    def start(self, listener: LogListener) -> None:
        """Begin, and notify `listener` on the running loop."""
        crossing = LoopListener(listener, asyncio.get_running_loop(), drain_limit_s=self.drain_s + _GRACE_S)
        self._thread = threading.Thread(target=self._run, args=(crossing,), name=f"log-{self._name}", daemon=True)
        self._thread.start()

    def ask(self, cost: int) -> None:
        """Read on until the records that came since cost so much more; the last one may cost more than is left."""
        self._commands.put(lambda session: session.credit.add(cost))

    def pause(self, partition: int) -> None:
        """Read nothing of this partition until `resume`; what is under way may still come."""
        self._commands.put(lambda session: session.held.pause(partition))

    def resume(self, partition: int) -> None:
        """Read this partition again."""
        self._commands.put(lambda session: session.held.resume(partition))

    def commit(self, commits: list[Commit]) -> None:
        """Commit; `committed` of the listener has the result. One commit at a time."""
        self._commands.put(lambda session: session.committing.start(session.consumer, session.held, commits))

    def begin_anew(self, partitions: set[int]) -> None:
        """The topic was deleted and made anew: read all of these, whatever was committed."""
        self._commands.put(lambda session: session.held.begin_anew(partitions))

    def give_up(self, reason: str) -> None:
        """Give the consumer up, and make another one; the listener's `gave_up` has the reason."""

        def fail(_: Session) -> None:
            raise GivenUpError(reason)

        self._commands.put(fail)

    async def close(self, deadline: Deadline) -> bool:
        """Give back all partitions, which drains and commits them; whether the thread has ended by the deadline.

        Without a coordinator the client waits 45 s for a commit that cannot succeed any more.
        """
        self._closing.set()
        self._commands.put(lambda _: None)  # wakes it
        if self._thread is None:
            return True
        await beside(self._thread.join, deadline.left_s)
        return not self._thread.is_alive()

    def _run(self, listener: LoopListener) -> None:
        while not self._closing.is_set():
            try:
                self._run_consumer(listener)
            except Exception as error:  # noqa: BLE001 - whatever it was, the endpoint must not stop for good
                self.turned_at = self._clock.monotonic()
                reason = explained(error)
                self._log.debug("log.failed", error=reason, again_in_s=_AGAIN_S)
                listener.gave_up(reason)
                self._closing.wait(_AGAIN_S)

    def _run_consumer(self, listener: LoopListener) -> None:
        self._abandoned = [closing for closing in self._abandoned if closing.is_alive()]
        if len(self._abandoned) >= _ABANDONED_MOST:
            raise GivenUpError(f"{len(self._abandoned)} consumers that were given up do not close: restart this worker")
        session = open_session(
            self._settings,
            self._topic,
            listener,
            epochs=self._epochs,
            faults=self._faults,
            log=self._log,
            clock=self._clock,
        )
        try:
            self._serve(session)
            close_session(session)
        except BaseException:
            limit_s = self.drain_s + _GRACE_S
            self._abandoned.append(close_failed_session(session, f"closing-{self._name}", limit_s))
            raise

    def _serve(self, session: Session) -> None:
        reader = LogReader(session, self._source, self._clock)
        self._source.begin(session)
        while not self._closing.is_set():
            self.turned_at = self._clock.monotonic()
            self._run_commands(session, reader.command_wait_s)
            reader.turn()
        self._source.end(session)

    def _run_commands(self, session: Session, wait_s: float) -> None:
        """Run all commands that wait; if there is none, wait this long for one."""
        with contextlib.suppress(queue.Empty):
            self._commands.get(timeout=wait_s)(session)
            while True:
                self._commands.get_nowait()(session)
