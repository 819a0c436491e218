"""Positions of consumer groups in a topic, read in the one order that never shows too much lag.

For each group: the beginnings of the log, then the group's commits, then at once the ends of the log. A commit is
never beyond an end that was read after it, so a group that has finished everything is never said to be behind: its lag
is at most what was written between these two reads, one round trip to Kafka. A quiet log is exact. Had the ends been
read first, a commit of what came since would look like one of a log that was made anew. In the same way a beginning
that was read before the commit never counts as lost what the group had finished.

Ends are those of a consumer that reads committed records only: what an open transaction has written is owed to nobody
yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from consumer.offsets.cursor import cursor_of, snapshot_of
from consumer.offsets.group_position import GroupPosition
from consumer.places import Bounds, LogOffsets, beginnings_of
from runtime.kafka.cluster_state import Committed
from runtime.side_threads import SideThreads

_AT_ONCE: Final = 8
"""Groups asked side by side; each takes a connection of its own."""


class LogEnds(LogOffsets, Protocol):
    """Offsets of a cluster's topics, those of open transactions as well."""

    def written(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset behind everything in each partition."""
        ...


class GroupOffsets(Protocol):
    """Commits of consumer groups."""

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """The group's commits in these partitions, of those that have one."""
        ...


def positions_of(log: LogEnds, offsets: GroupOffsets, topic: str, groups: Sequence[str]) -> dict[str, GroupPosition]:
    """The position of each group, several asked at once; blocks, some tenths of a second for a dozen groups.

    Raises:
        TopicMissingError: there is no such topic.
        KafkaUnavailableError, KafkaRefusedError: no answer, or none that is ours to have.
    """
    first = beginnings_of(log, topic)
    asked = SideThreads(_AT_ONCE, "positions").map(lambda group: _position(log, offsets, topic, group, first), groups)
    return {position.group: position for position in asked}


def _position(log: LogEnds, offsets: GroupOffsets, topic: str, group: str, first: Mapping[int, int]) -> GroupPosition:
    commits = offsets.committed(group, topic, sorted(first))
    end = log.end(topic, first)
    beyond = [number for number, at in commits.items() if at.offset > end[number]]
    written = log.written(topic, beyond) if beyond else {}
    snapshots = {number: snapshot_of(at, group=group, topic=topic, partition=number) for number, at in commits.items()}
    cursors = {
        number: cursor_of(snapshots.get(number), first=first[number], end=end[number], written=written.get(number))
        for number in sorted(first)
    }
    return GroupPosition(group, topic, Bounds(first, end), cursors if commits else {})
