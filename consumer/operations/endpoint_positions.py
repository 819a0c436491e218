"""Positions of endpoints in the events topic: their commits, or where their `start` would begin.

What a worker has finished and not committed yet can be added.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from consumer.endpoint.live_status import EndpointAnswer
from consumer.offsets.cursor import Cursor, cursor_of, snapshot_of
from consumer.offsets.group_position import GroupPosition
from consumer.places import Bounds, LogOffsets, Place, offsets_at
from runtime.config import End, EndpointSettings, New
from runtime.kafka.cluster_state import Committed


@dataclass(frozen=True, slots=True)
class PartitionPosition:
    """One endpoint in one partition."""

    partition: int
    cursor: Cursor
    has_cursor: bool
    """False: the group has no offset yet, and `cursor` is where its `start` would begin."""


@dataclass(frozen=True, slots=True)
class EndpointPosition:
    """One endpoint in every partition of a topic, at one moment."""

    endpoint: EndpointSettings
    group: str
    topic: str
    bounds: Bounds
    """Of the log."""
    cursors: Mapping[int, Cursor]
    has_cursor: bool
    """False: the group has no commit yet, and the cursors are where its `start` would begin."""

    def at(self, partition: int) -> PartitionPosition:
        """The position in one partition."""
        return PartitionPosition(partition, self.cursors[partition], self.has_cursor)

    def updated(self, answer: EndpointAnswer | None) -> "EndpointPosition":
        """With what a worker has finished and not committed yet, where it is a member of the group.

        The worker must have been asked after the position was read: then its answer for a partition is never older.
        """
        if answer is None or answer.group != self.group or not self.has_cursor:
            return self
        newer = {n: self._newer(n, commit) for n, commit in answer.cursors.items() if n in self.cursors}
        return replace(self, cursors={**self.cursors, **newer})

    def _newer(self, partition: int, commit: Committed) -> Cursor:
        snapshot = snapshot_of(commit, group=self.group, topic=self.topic, partition=partition)
        known, first = self.cursors[partition], self.bounds.first[partition]
        if snapshot.offset < known.start:
            return known
        return cursor_of(snapshot, first=first, end=max(known.end, snapshot.offset, snapshot.top + 1))


def position_or_start(
    log: LogOffsets, endpoint: EndpointSettings, found: GroupPosition, *, now: float
) -> EndpointPosition:
    """The position of an endpoint whose group was asked; without a commit, where its `start` would begin.

    Args:
        log: who is asked for the offsets of a start.
        endpoint: its settings.
        found: of its group.
        now: seconds since the epoch, for a start that is a time ago.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    cursors = found.cursors or _cursors_at_start(log, found.topic, endpoint, found.bounds, now=now)
    return EndpointPosition(endpoint, found.group, found.topic, found.bounds, cursors, bool(found.cursors))


def _cursors_at_start(
    log: LogOffsets, topic: str, endpoint: EndpointSettings, bounds: Bounds, *, now: float
) -> dict[int, Cursor]:
    """Where the first `deliver` would begin, for an endpoint whose group has no commit; `now` since the epoch."""
    place: Place = End() if isinstance(endpoint.start, New) else endpoint.start
    offsets = offsets_at(log, topic, place, bounds, now=now)
    return {number: Cursor(offset, (), -1, bounds.end[number]) for number, offset in sorted(offsets.items())}
