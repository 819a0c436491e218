"""Dead letters and their closings, as values. Pure."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

LetterPlace: TypeAlias = tuple[int, int]
"""Partition and offset in the dead-letter topic."""
EventPlace: TypeAlias = tuple[str, int, int]
"""Topic, partition and offset of an event."""
LetterAddress: TypeAlias = tuple[str, str, int, int]
"""Endpoint, and topic, partition and offset of the event."""
Identity: TypeAlias = tuple[str, str, int, int, str]
"""The address, and the event's mark: a topic that was made anew has other events at the same places."""


class ClosingState(Enum):
    """How a letter was closed."""

    REDRIVEN = "redriven"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter without its event."""

    place: LetterPlace
    endpoint: str
    topic: str
    """Where the event lies, or lay."""
    partition: int
    offset: int
    reason: str
    status: str
    """Of the last answer; empty if there was none."""
    error: str
    attempts: str
    first_attempt: str
    last_attempt: str
    event_id: str
    """The event's own id; empty where it has none."""
    webhook_id: str
    """Under which the endpoint knows the event; empty where the event has none."""
    mark: str
    """By which the event is told from others at its place; empty where the letter could not keep it."""
    repository: str
    key: bytes | None
    written_ms: int
    """When the letter was written, in milliseconds since the epoch."""
    size: int
    """Bytes that holding its record costs, roughly."""
    copies: tuple[LetterPlace, ...] = ()
    """Letters of the same event for the same endpoint, which a crash left in other partitions; closed with it."""

    @property
    def address(self) -> LetterAddress:
        """The address that letter and closing share."""
        return self.endpoint, *self.event_at

    @property
    def identity(self) -> Identity:
        """What letters of the same event for the same endpoint share, and no others."""
        return *self.address, self.mark

    @property
    def event_at(self) -> EventPlace:
        """The place of the event."""
        return self.topic, self.partition, self.offset

    @property
    def event_place(self) -> str:
        """PARTITION:OFFSET of the event."""
        return f"{self.partition}:{self.offset}"

    @property
    def name(self) -> str:
        """By which an operator speaks of it: the event's id, or its place where it has none."""
        return self.event_id or self.event_place

    def is_named(self, text: str) -> bool:
        """Whether an operator who says this means it: either id, or the event's place."""
        return text in {self.event_id or None, self.webhook_id or None, self.event_place}


@dataclass(frozen=True, slots=True)
class Closing:
    """The record that closes the letters before it in its partition."""

    place: LetterPlace
    address: LetterAddress
    mark: str | None
    """Of the event whose letters it closes; None: it closes those of every event at the address."""
    state: str
    written_ms: int
