"""Sinks in Python for tests: each keeps what it is given, and does what its test wants."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from consumer.delivery.sink.errors import EventRejectedError, SinkUnavailableError
from consumer.record import Record
from schemas import Event
from tests.kit.eventually import LIMIT_S

SECRET = "hunter2hunter2"
"""That no log shows."""


class KeptSink:
    """A blocking sink: keeps ids of events, and the threads in which it was called."""

    def __init__(self, behave: Callable[[Event], None] | None = None, **options: Any) -> None:
        self.written: list[str] = []
        self.threads = [threading.current_thread()]
        self.closed = 0
        self.options = options
        self._behave = behave

    def write(self, event: Event) -> None:
        """Behave, and keep it."""
        self.threads.append(threading.current_thread())
        if self._behave is not None:
            self._behave(event)
        self.written.append(event.id)

    def close(self) -> None:
        """Count it."""
        self.threads.append(threading.current_thread())
        self.closed += 1


class PlacedSink:
    """A sink that wants to know where events lie."""

    def __init__(self) -> None:
        self.places: list[str] = []

    def write(self, event: Event, record: Record) -> None:
        """Keep id and place."""
        self.places.append(f"{event.id} {record.place}")

    def close(self) -> None:
        """Nothing is open."""


class Misfit:
    """Its `write` cannot be called with an event alone."""

    def write(self, event: Event, rec: Record) -> None:
        """Never called."""

    def close(self) -> None:
        """Nothing is open."""


class AsyncSink:
    """A sink on the event loop."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.began = 0
        self.broken_off = 0
        self.is_closed = False
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def write(self, event: Event) -> None:
        """Wait until it may go on, and keep it."""
        self.began += 1
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.broken_off += 1
            raise
        self.written.append(event.id)

    async def close(self) -> None:
        """Note it."""
        self.is_closed = True


class Gated:
    """Lets blocking writes through one by one."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, _event: Event) -> None:
        """Wait for it."""
        self.began.set()
        assert self.go_on.wait(LIMIT_S)


def make(**options: Any) -> KeptSink:
    """A factory that takes anything."""
    return KeptSink(**options)


def make_audit(path: str, *, table: str = "events") -> KeptSink:
    """A factory with arguments of its own."""
    return KeptSink(path=path, table=table)


def refuse(_event: Event) -> None:
    """Say that the event is at fault."""
    raise EventRejectedError("no such repository")


def be_away(_event: Event) -> None:
    """Say that the sink is."""
    raise SinkUnavailableError("the database is away")


def ask_for_patience(_event: Event) -> None:
    """Say when it is worth another try."""
    raise SinkUnavailableError("too much to do", retry_after=6.5)


def stumble(_event: Event) -> None:
    """Raise something else, which holds a secret."""
    raise KeyError(f"password={SECRET}")


def make_refusing() -> KeptSink:
    """A factory of a sink that refuses all."""
    return KeptSink(refuse)


def make_hanging() -> AsyncSink:
    """A factory of a sink that never returns."""
    sink = AsyncSink()
    sink.go_on.clear()
    return sink


NO_FACTORY = 5
