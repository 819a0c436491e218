"""What became of one event in one attempt, as it is shown. Pure."""

from datetime import datetime

from msgspec import Struct

from consumer.delivery.policy.outcome import Outcome


class EventAttempt(Struct, frozen=True):
    """One event in one attempt."""

    endpoint: str
    time: datetime
    """When the attempt began."""
    event_id: str | None
    """None where the record says none."""
    topic: str
    partition: int
    offset: int
    repository: str | None
    action: str | None
    number: int
    """Of the try, from 1; it begins again when another worker takes the partition over."""
    outcome: str
    """`delivered`, `rejected`, `throttled`, `unavailable` or `failed`."""
    status: int | None
    """Of the answer; None if there was none, and where a sink was called."""
    error: str
    """Why there was no answer, or what a sink raised; empty if there was an answer, or the sink has the event."""
    seconds: float
    """How long it took."""
    next_try_s: float | None
    """Seconds until the next try; None if there is none."""
    answer: str | None
    """How the answer's body begins, masked and safe to print; None if it is no longer kept."""

    @property
    def failed(self) -> bool:
        """Whether the event was not delivered by it."""
        return self.outcome != Outcome.DELIVERED.value

    @property
    def event_at(self) -> tuple[str, int, int]:
        """Topic, partition and offset of the event's record."""
        return self.topic, self.partition, self.offset

    @property
    def key(self) -> tuple[str, str, int, int, datetime]:
        """By which it is known where it is found twice: no event is sent to an endpoint twice at the same time."""
        return self.endpoint, self.topic, self.partition, self.offset, self.time

    @property
    def ended(self) -> float:
        """When it was over, in seconds since the epoch."""
        return self.time.timestamp() + self.seconds
