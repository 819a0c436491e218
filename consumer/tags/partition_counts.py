"""A tag is kept in the partition of its events: both topics have the same partitions, always. Pure."""

from collections.abc import Iterable

from consumer.tags.rows import KeptRow, Position
from runtime.counts import counted
from runtime.errors import BridgeError


class PartitionCountError(BridgeError):
    """The topic of tags is not kept by the partitions of the events topic."""


def require_same(tags: str, partitions: int, events: str, events_partitions: int) -> None:
    """The two topics have the same number of partitions.

    Raises:
        PartitionCountError: they do not.
    """
    if partitions != events_partitions:
        raise PartitionCountError(
            f"topic {tags} has {counted(partitions, 'partition')}, {events} has {events_partitions}: {_way_out(tags)}"
        )


def require_made_with(tags: str, rows: Iterable[KeptRow], partitions: int) -> None:
    """A partition's rows were made when the events topic had as many partitions as now.

    Raises:
        PartitionCountError: it had another number: its repositories are in other partitions now.
    """
    for row in rows:
        if isinstance(row, Position) and row.partitions not in (None, partitions):
            had = counted(row.partitions or 0, "partition")
            raise PartitionCountError(f"topic {tags} was made with {had}, and has {partitions} now: {_way_out(tags)}")


def _way_out(tags: str) -> str:
    return (
        "a tag is kept in the partition of its events; name a new topic in topics.tags, for example "
        f"{tags}-2, and start `registry-worker materialize` again, which reads the whole log (docs/tags.md)"
    )
