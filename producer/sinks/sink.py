"""What a bridge writes to, and how it says no. Knows nothing of Kafka."""

from typing import Protocol

from runtime.errors import BridgeError
from schemas import Event

__all__ = ["Sink", "SinkClosed", "SinkError"]


class SinkError(BridgeError):
    """The event is not known to be committed; it may be in the log all the same, so writing it again may double it."""


class SinkClosed(SinkError):  # noqa: N818 - the name registries know it by (go-events: ErrSinkClosed)
    """The sink was closed before the write."""


class Sink(Protocol):
    """Takes events for good; safe to use from any number of threads."""

    def write(self, event: Event) -> None:
        """Return when the event is committed, and not before.

        Raises:
            SinkClosed: the sink is closed.
            SinkError: the event is not known to be committed.
        """

    def close(self) -> None:
        """Give back what the sink holds, after what is under way has ended; a second call does nothing."""
