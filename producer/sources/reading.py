"""What a reader of a format gives. Pure."""

from dataclasses import dataclass, field
from typing import Final

from schemas.event import Event

__all__ = ["MAX_EVENTS_OF_BODY", "NotThisFormatError", "PostReading", "TooManyEventsError", "check_count"]

MAX_EVENTS_OF_BODY: Final = 1000
"""Of a body that is no envelope: each of its events has the whole body."""


@dataclass(frozen=True, slots=True)
class PostReading:
    """What is in one body.

    A reader fills the members of the event that its source knows. It leaves `registry`, `original` (but for one whose
    event is the registry's own text) and all that begin with `source_`: these are the same for every format, but that
    an event of a batch has the part of the body that it is of. An id is the source's own, or empty.
    """

    events: list[Event] = field(default_factory=list)
    """What happened to images, in order; `action` is push, pull, delete or mount."""
    others: list[Event] = field(default_factory=list)
    """What happened otherwise: `action` is its kind (`scan`, `ping`, ...), one of the format's."""


class NotThisFormatError(Exception):
    """The body is not of this format."""

    def __init__(self, expected: str, path: str = "") -> None:
        """Say what was expected.

        Args:
            expected: a clause with a verb, such as "must be an object": it stands behind the path, or alone.
            path: where, such as `event_data.resources`; empty for the body as a whole.
        """
        super().__init__(f"{path}: {expected}" if path else expected)
        self.expected = expected
        self.path = path


class TooManyEventsError(Exception):
    """The body has more events than one may have."""


def check_count(events: int) -> None:
    """Hold a body against the limit of its events: a reader does it before it makes events of a list.

    Raises:
        TooManyEventsError: there are more.
    """
    if events > MAX_EVENTS_OF_BODY:
        raise TooManyEventsError(f"{events:,} events; a body may have {MAX_EVENTS_OF_BODY:,}")
