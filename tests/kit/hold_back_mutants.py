"""Kinds of holding back with a fault each, as they would be easy to write."""

from typing import Final

from consumer.lanes.hold_back import HoldBack
from consumer.offsets.partition import Partition


class CountsFromItsTurn(HoldBack):
    """An event waits for the delay once it is the first of its partition, however old it is."""

    def holds(self, partition: Partition, now: float, wall: float) -> bool:
        """Whether the first record must wait."""
        if partition.backlog[0].offset > partition.seen_up_to:
            partition.seen_up_to, partition.held_until = partition.backlog[0].offset, now + self._delay_s
        return bool(self._delay_s) and partition.is_held(now)


class BelievesEveryClock(HoldBack):
    """An event from the future waits until then."""

    def holds(self, partition: Partition, now: float, wall: float) -> bool:
        """Whether the first record must wait."""
        accepted_ms = partition.backlog[0].accepted_ms or 0
        partition.held_until = now + accepted_ms / 1000 + self._delay_s - wall
        return bool(self._delay_s) and partition.is_held(now)


class SendsTheFutureAtOnce(HoldBack):
    """An event from the future is no event of now: it does not wait."""

    def holds(self, partition: Partition, now: float, wall: float) -> bool:
        """Whether the first record must wait."""
        if (partition.backlog[0].accepted_ms or 0) / 1000 > wall:
            return False
        return super().holds(partition, now, wall)


class WaitsForEachOfTheFuture(HoldBack):
    """Each event from the future waits for its own delay, one after another."""

    def holds(self, partition: Partition, now: float, wall: float) -> bool:
        """Whether the first record must wait."""
        if partition.backlog[0].offset > partition.seen_up_to:
            partition.seen_up_to, partition.seen_at = partition.backlog[0].offset, wall
        return super().holds(partition, now, wall)


class OverlooksTimesThatAreNone(HoldBack):
    """A record without a time of acceptance does not wait."""

    def holds(self, partition: Partition, now: float, wall: float) -> bool:
        """Whether the first record must wait."""
        return partition.backlog[0].accepted_ms is not None and super().holds(partition, now, wall)


MUTANTS: Final = (
    CountsFromItsTurn,
    BelievesEveryClock,
    SendsTheFutureAtOnce,
    WaitsForEachOfTheFuture,
    OverlooksTimesThatAreNone,
)
