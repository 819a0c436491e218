"""Writes that wait for their delivery reports, and the bell that wakes an event loop when some have come."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from confluent_kafka import KafkaError, Message

from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import translated


class PendingWrite:
    """One call's records, counted down as their reports come in: from the pump thread and, refused, the caller's."""

    __slots__ = ("_done", "_error", "_faults", "_lock", "_remaining")

    def __init__(self, records: int, done: Callable[[Exception | None], None], faults: ConnectionFaults) -> None:
        self._remaining = records
        self._error: Exception | None = None
        self._done = done
        self._faults = faults
        self._lock = threading.Lock()

    def report(self, error: KafkaError | None, _message: Message | None) -> None:
        """One of its records has ended; this is its `on_delivery`."""
        with self._lock:
            if error is not None and self._error is None:
                self._error = translated(error, "writing to Kafka", fault=self._faults.cause)
            self._remaining -= 1
            finished = self._remaining == 0
        if finished:
            self._done(self._error)


class Bell:
    """Wakes one event loop for finished writes: one call for as many as have piled up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._finished: deque[tuple[asyncio.Future[None], Exception | None]] = deque()
        self._rung = False

    def add(self, future: asyncio.Future[None], error: Exception | None) -> None:
        """A write has ended, and this future waits for it."""
        self._finished.append((future, error))

    def ring(self) -> None:
        """Wake the loop, if a write has ended and it was not woken yet."""
        if self._finished and not self._rung and not self._loop.is_closed():
            self._rung = True
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._rung = False
        while self._finished:
            future, error = self._finished.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


def resolve(done: Future[None], error: Exception | None) -> None:
    """A write has ended, and this future waits for it."""
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
