"""Writes that wait for their delivery reports, and the bell that wakes an event loop when some have come."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Protocol

from confluent_kafka import KafkaError

from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaUnavailableError, translated

_UNCONFIRMED: Final = "writing to Kafka: it has acknowledged a later record and not this one, which may be lost"


class ReportedRecord(Protocol):
    """A record as the client reports it."""

    def offset(self) -> int | None:
        """Where Kafka has put it; negative or None if Kafka has not said so."""
        ...


class PendingWrite:
    """One call's records, counted down as their reports come in: from the pump thread and, refused, the caller's."""

    __slots__ = ("_done", "_error", "_faults", "_lock", "_remaining")

    def __init__(self, records: int, done: Callable[[Exception | None], None], faults: ConnectionFaults) -> None:
        self._remaining = records
        self._error: Exception | None = None
        self._done = done
        self._faults = faults
        self._lock = threading.Lock()

    def report(self, error: KafkaError | None, record: ReportedRecord | None) -> None:
        """One of its records has ended; this is its `on_delivery`.

        A report without an error and without an offset is no acknowledgement. The client makes it itself: a later
        request was answered, and Kafka would have refused that one if this record were not in the log. But if the
        producer is new to the partition, Kafka knows no sequence yet and takes any, and the record may be nowhere.
        """
        with self._lock:
            if error is not None and self._error is None:
                self._error = translated(error, "writing to Kafka", fault=self._faults.cause)
            elif error is None and self._error is None and not _has_offset(record):
                self._error = KafkaUnavailableError(_UNCONFIRMED)
            self._remaining -= 1
            finished = self._remaining == 0
        if finished:
            self._done(self._error)


class Bell:
    """Wakes one event loop for finished writes: one call for as many as have piled up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit_s: float) -> None:
        self._loop = loop
        self._limit_s = limit_s
        self._begun: deque[tuple[float, asyncio.Future[None]]] = deque()
        """Until when each write may last, by the loop's clock; of those that have ended, the first are gone."""
        self._alarm: asyncio.TimerHandle | None = None
        self._finished: deque[tuple[asyncio.Future[None], Exception | None]] = deque()
        self._rung = False

    def begin(self) -> "asyncio.Future[None]":
        """A write begins: what is to wait for it. TimeoutError if it has not ended within the limit.

        Called on the loop. All writes have the same limit, so that one timer serves all of them.
        """
        future = self._loop.create_future()
        self._begun.append((self._loop.time() + self._limit_s, future))
        if self._alarm is None:
            self._alarm = self._loop.call_later(self._limit_s, self._expire)
        return future

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
        while self._begun and self._begun[0][1].done():
            self._begun.popleft()

    def _expire(self) -> None:
        self._alarm = None
        now = self._loop.time()
        while self._begun and (self._begun[0][1].done() or self._begun[0][0] <= now):
            _, future = self._begun.popleft()
            if not future.done():
                future.set_exception(TimeoutError())
        if self._begun:
            self._alarm = self._loop.call_at(self._begun[0][0], self._expire)


def resolve(done: Future[None], error: Exception | None) -> None:
    """A write has ended, and this future waits for it."""
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


def _has_offset(record: ReportedRecord | None) -> bool:
    """Whether Kafka has said where the record is."""
    offset = None if record is None else record.offset()
    return offset is not None and offset >= 0
