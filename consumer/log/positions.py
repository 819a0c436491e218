"""Where consumer groups stand in a topic, read in the one order that is never unfair to a group.

For each group: the beginnings of the log, then the group's commits, then at once the ends of the log. A commit is
never beyond an end that was read after it, so a group that has finished everything is never said to be behind: its lag
is at most what was written between these two reads, one round trip to Kafka. A quiet log is exact. Had the ends been
read first, a commit of what came since would look like one of a log that was made anew. In the same way a beginning
that was read before the commit never counts as lost what the group had finished.

Ends are those of a consumer that reads committed records only: what an open transaction has written is owed to nobody
yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from consumer.offsets.cursor import Cursor, cursor_of, snapshot_of
from consumer.places import Bounds, LogOffsets, Place, beginnings_of, offsets_at
from runtime.config import End, EndpointSettings, New
from runtime.kafka.cluster_state import Committed

_AT_ONCE: Final = 8
"""Groups asked side by side; each takes a connection of its own."""


class LogEnds(LogOffsets, Protocol):
    """Who knows the cluster's offsets, those of open transactions as well."""

    def written(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset behind everything in each partition."""
        ...


class GroupOffsets(Protocol):
    """Who knows the commits of groups."""

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """The group's commits in these partitions, of those that have one."""
        ...


@dataclass(frozen=True, slots=True)
class Position:
    """One group in every partition of a topic."""

    group: str
    topic: str
    bounds: Bounds
    """Of the log: its beginnings before, its ends right after the commits were read."""
    cursors: Mapping[int, Cursor]
    """By partition; empty if the group has no commit at all."""

    @property
    def lag(self) -> int:
        """Unfinished records."""
        return sum(cursor.lag for cursor in self.cursors.values())


def positions_of(log: LogEnds, offsets: GroupOffsets, topic: str, groups: Sequence[str]) -> dict[str, Position]:
    """Where each group stands, several asked at once; blocks, some tenths of a second for a dozen groups.

    Raises:
        TopicMissingError: there is no such topic.
        KafkaUnavailableError, KafkaRefusedError: no answer, or none that is ours to have.
    """
    first = beginnings_of(log, topic)
    if not groups:
        return {}
    with ThreadPoolExecutor(min(_AT_ONCE, len(groups)), "positions") as pool:
        found = pool.map(lambda group: _position(log, offsets, topic, group, first), groups)
        return {position.group: position for position in found}


def position_of(log: LogEnds, offsets: GroupOffsets, topic: str, group: str) -> Position:
    """Where one group stands; raises as `positions_of` does."""
    return _position(log, offsets, topic, group, beginnings_of(log, topic))


def cursors_at_start(
    log: LogOffsets, topic: str, endpoint: EndpointSettings, bounds: Bounds, *, now: float
) -> dict[int, Cursor]:
    """Where the first `deliver` would begin, for an endpoint whose group has no commit; `now` since the epoch.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    place: Place = End() if isinstance(endpoint.start, New) else endpoint.start
    offsets = offsets_at(log, topic, place, bounds, now=now)
    return {number: Cursor(offset, (), -1, bounds.end[number]) for number, offset in sorted(offsets.items())}


def _position(log: LogEnds, offsets: GroupOffsets, topic: str, group: str, first: Mapping[int, int]) -> Position:
    commits = offsets.committed(group, topic, sorted(first))
    end = log.end(topic, first)
    beyond = [number for number, at in commits.items() if at.offset > end[number]]
    written = log.written(topic, beyond) if beyond else {}
    snapshots = {number: snapshot_of(at, group=group, topic=topic, partition=number) for number, at in commits.items()}
    cursors = {
        number: cursor_of(snapshots.get(number), first=first[number], end=end[number], written=written.get(number))
        for number in sorted(first)
    }
    return Position(group, topic, Bounds(first, end), cursors if commits else {})
