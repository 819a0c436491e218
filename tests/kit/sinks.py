"""Sinks for tests: one that keeps events in memory, and one that cannot commit."""

import threading

from producer import SinkClosed, SinkError
from schemas import Event


class MemorySink:
    """Commits to a list; proven by the contract suite that every sink passes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._closed = False

    @property
    def events(self) -> list[Event]:
        """What is committed, in order."""
        with self._lock:
            return list(self._events)

    def write(self, event: Event) -> None:
        """Commit an event."""
        with self._lock:
            if self._closed:
                raise SinkClosed("the sink is closed")
            self._events.append(event)

    def close(self) -> None:
        """Take no more events."""
        with self._lock:
            self._closed = True


class BrokenSink:
    """Cannot commit anything, as a sink whose broker is away."""

    def write(self, event: Event) -> None:
        """Fail."""
        raise SinkError(f"no acknowledgement of event {event.id}")

    def close(self) -> None:
        """Nothing is held."""
