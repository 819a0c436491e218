"""Holding back: until when the first record of a partition may not be admitted, by an endpoint's `delay`. Pure.

What is held back stays in the backlog of its partition: it is in no ledger and in no lane, so it fills no window, and
what comes behind it waits with it, in order. A record's time of acceptance is another machine's word. Where it says
that the event comes from the future, the event counts as accepted when this worker first found it in a backlog.
"""

from collections.abc import Collection
from typing import Final

from consumer.offsets.partition import Partition
from consumer.record import Record


class HoldBack:
    """The delay of one endpoint."""

    def __init__(self, delay_s: float) -> None:
        """Nothing was looked at yet; `delay_s` is what an event must be old, in seconds, before it is admitted."""
        self._delay_s: Final = delay_s

    def holds(self, partition: Partition, now: float, wall: float) -> bool:
        """Whether the first record of a backlog must wait; `now` monotonic, `wall` in seconds since the epoch."""
        if not self._delay_s:
            return False
        record = partition.backlog[0]
        if record.offset > partition.seen_up_to:
            partition.seen_up_to, partition.seen_at = partition.backlog[-1].offset, wall
        partition.held_until = now + self._accepted(record, partition.seen_at) + self._delay_s - wall
        return partition.is_held(now)

    def next_due(self, partitions: Collection[Partition], now: float) -> float | None:
        """When the next record that is held back may be admitted (monotonic); None if none is."""
        if not self._delay_s:
            return None
        return min((at.held_until for at in partitions if at.backlog and at.is_held(now)), default=None)

    @staticmethod
    def _accepted(record: Record, seen_at: float) -> float:
        """When the event was accepted, in seconds since the epoch; it was before it was seen here."""
        return seen_at if record.accepted_ms is None else min(record.accepted_ms / 1000, seen_at)
