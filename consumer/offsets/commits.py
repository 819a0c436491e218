"""What one endpoint commits, and when: snapshots of its ledgers that the group does not have yet. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from consumer.log import Assigned, Commit
from consumer.offsets import commit_metadata as holes
from consumer.offsets.commit_policy import CommitCadence
from consumer.offsets.ledger import Ledger, Snapshot
from consumer.offsets.partition import Partition


class Commits:
    """The commits of one group in one topic."""

    def __init__(self, group: str, topic: str, *, width: int) -> None:
        """`width`: events in flight at most."""
        self._group = group
        self._topic = topic
        self.cadence: Final = CommitCadence(width)

    def read(self, at: Assigned) -> tuple[Snapshot | None, str]:
        """The group's snapshot, and why its metadata was ignored if it was: then only the offset counts."""
        if at.committed is None:
            return None, ""
        place = {"group": self._group, "topic": self._topic}
        try:
            return holes.decode(at.metadata, at.committed, partition=at.partition, **place), ""
        except holes.ForeignMetadataError as error:
            return Snapshot(at.committed), str(error)

    def begin(self, at: Assigned, *, life: int) -> tuple[Partition, str]:
        """The partition where the group stands, and why the commit's metadata was ignored if it was."""
        committed, foreign = self.read(at)
        partition = Partition(at.partition, at.epoch, Ledger(at.start, committed, end=at.end), life=life)
        partition.committed = committed
        return partition, foreign

    def finished(self) -> None:
        """An attempted event is finished."""
        self.cadence.finished()

    def due(self, partitions: Iterable[Partition], now: float) -> list[Commit]:
        """What to commit now; empty if nothing has changed or it is not time (`now` monotonic)."""
        if not self.cadence.is_due(now):
            return []
        commits = self.of(partitions)
        if commits:
            self.cadence.started(now)
        else:
            self.cadence.nothing_to_commit(now)
        return commits

    def of(self, partitions: Iterable[Partition]) -> list[Commit]:
        """A commit for each partition whose snapshot is not the committed one."""
        return [commit for partition in partitions if (commit := self._of(partition)) is not None]

    def ended(self, partitions: Mapping[int, Partition], commits: list[Commit], error: str, now: float) -> None:
        """A commit ended; a failed one is tried again at the next tick."""
        self.cadence.ended(succeeded=not error, now=now)
        for commit in commits:
            partition = partitions.get(commit.partition)
            if not error and partition is not None and partition.epoch == commit.epoch:
                partition.committed = commit.snapshot

    def unanswered(self, now: float) -> None:
        """Whoever was asked to commit is gone: a commit under way will never be told to have ended."""
        if self.cadence.under_way:
            self.cadence.ended(succeeded=False, now=now)

    def now(self, partition: Partition) -> Commit:
        """What a commit of the partition would say now."""
        snapshot = partition.ledger.snapshot()
        metadata = holes.encode(snapshot, group=self._group, topic=self._topic, partition=partition.number)
        return Commit(partition.number, partition.epoch, snapshot, metadata)

    def _of(self, partition: Partition) -> Commit | None:
        return None if partition.ledger.snapshot() == partition.committed else self.now(partition)
