"""What a sink in Python has: `write` and `close`, blocking or `async`. Pure."""

from typing import Protocol

from consumer.record import Record
from schemas.event import Event


class EventSink(Protocol):
    """Takes events."""

    def write(self, event: Event) -> object:
        """Return when the event is kept for good; what is returned is not looked at.

        Raises:
            EventRejectedError: the event will never be taken.
            SinkUnavailableError: no event can be taken now.
            Exception: either may be at fault.
        """
        ...

    def close(self) -> object:
        """Nothing is written any more."""
        ...


class RecordSink(Protocol):
    """A sink whose `write` has a parameter `record`: it is also told where in the log the event lies."""

    def write(self, event: Event, record: Record) -> object:
        """As of `EventSink`; `record.place` is the same whenever the same record is delivered."""
        ...

    def close(self) -> object:
        """As of `EventSink`."""
        ...
