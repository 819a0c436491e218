"""Deliveries, the lane of each repository, and the batches that are sent. Pure."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from msgspec import Struct, field

from consumer.offsets.partition import Partition
from consumer.record import Record
from schemas.event import Event

LaneKey = tuple[int, bytes | int]
"""Partition, and repository; a record without a key is a lane of its own, named by its offset."""

NEVER: Final = float("-inf")


class Tries(Struct):
    """The tries of one event, since this worker holds it."""

    made: int = 0
    counted: int = 0
    """Those that count against the event."""
    rejected: int = 0
    deliveries_seen: int | None = None
    """The endpoint's count of deliveries at the last try."""


class Told(Struct, eq=False):
    """What the endpoint was told last of events that are the same."""

    within_s: float
    """For how long none of them is told again, in seconds: between acceptances, and since it was told."""
    at: float = NEVER
    """When it was told (monotonic)."""
    accepted_ms: int | None = None
    """When the bridge accepted that event, in milliseconds since the epoch."""
    place: str = ""
    """PARTITION:OFFSET of that event."""

    def covers(self, record: Record, now: float) -> bool:
        """Whether the event in a record need not be told again; `now` monotonic."""
        accepted = record.accepted_ms
        if self.accepted_ms is None or accepted is None:
            return False
        return now - self.at <= self.within_s and abs(accepted - self.accepted_ms) <= self.within_s * 1000

    def delivered(self, record: Record, now: float) -> None:
        """Note that the endpoint has this one of them; `now` monotonic."""
        self.at, self.accepted_ms = now, record.accepted_ms
        self.place = f"{record.partition}:{record.offset}"


class Delivery(Struct, eq=False):
    """One event on its way to the endpoint."""

    record: Record
    event: Event | None
    """Decoded, or None where so many are held that only the bytes are kept."""
    lane: "Lane"
    arrived: float
    """When it was read, on the monotonic clock."""
    partition: Partition | None
    """The assignment that it was read in; None for what comes from no partition of a worker, as in a redrive."""
    tries: Tries = field(default_factory=Tries)
    same: tuple[Told, ...] = ()
    """What it shares with events that are the same, with `dedupe`."""
    first_try: float | None = None
    """Seconds since the epoch."""
    last_try: float | None = None

    @property
    def is_ours(self) -> bool:
        """Whether attempts for it may start: its partition is this worker's, by the same assignment."""
        return self.partition is None or self.partition.is_ours


class Lane(Struct, eq=False):
    """The records of one repository of one partition, in order: first those in `batches`, then the `queue`."""

    key: LaneKey
    queue: deque[Delivery] = field(default_factory=deque)
    """Not in a batch yet."""
    batches: deque["Batch"] = field(default_factory=deque)
    """The unfinished batches that hold deliveries of it. Only the first may be under way or wait for a moment."""
    last_try: float = NEVER
    refused: bool = False
    """Its last try was rejected, and nothing was delivered to the endpoint since."""
    final_try: bool = False
    """An event of this lane was given up with the window full: the next ones have one try each, until one arrives."""


class Batch(Struct, eq=False):
    """The deliveries of one request. All else is derived from those that it still holds."""

    deliveries: list[Delivery]
    """Those of one lane stand together, in order."""
    tries: int = 0
    """How often these members were sent together, halves counting the tries of the whole."""
    due: float = NEVER
    """When it is to be tried again."""
    finished: bool = False
    """Nothing is owed for it any more; halves or nobody go on in its place."""

    def __repr__(self) -> str:
        """Which records it holds: what is in them is in no log."""
        places = [delivery.record.place for delivery in self.deliveries]
        return f"Batch({', '.join(places)})"

    @property
    def is_ours(self) -> bool:
        """Whether attempts for all of it may start."""
        return all(delivery.is_ours for delivery in self.deliveries)

    @property
    def lanes(self) -> list[Lane]:
        """The lanes that this batch keeps busy."""
        only = len(self.deliveries) == 1
        return [self.deliveries[0].lane] if only else lanes_of(self.deliveries)

    @property
    def last_try(self) -> float:
        """The last try of that of its lanes which has waited longest (monotonic)."""
        return min(lane.last_try for lane in self.lanes)

    @property
    def is_first(self) -> bool:
        """Whether no other batch of its lanes is before it."""
        return all(lane.batches[0] is self for lane in self.lanes)

    def holds(self, partition: int, offset: int) -> bool:
        """Whether this record is in it."""
        return any(one.record.offset == offset and one.record.partition == partition for one in self.deliveries)


def lanes_of(deliveries: Iterable[Delivery]) -> list[Lane]:
    """The lanes of these deliveries, each once."""
    return list(dict.fromkeys(delivery.lane for delivery in deliveries))


def allow_one_try(given_up: Delivery) -> None:
    """Give the next event of the lane one try: it takes the place of the one that was given up, its count included."""
    lane = given_up.lane
    lane.final_try = True
    if lane.queue:
        lane.queue[0].tries.deliveries_seen = given_up.tries.deliveries_seen
