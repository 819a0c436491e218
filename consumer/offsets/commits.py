"""The commits of one endpoint: snapshots of its ledgers that its group does not have yet. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from consumer.offsets import commit_metadata as holes
from consumer.offsets.commit_policy import CommitPolicy
from consumer.offsets.ledger import Ledger, Snapshot
from consumer.offsets.partition import Partition
from runtime.config import EndpointSettings


@dataclass(frozen=True, slots=True)
class Commit:
    """A snapshot to commit for one assignment: its offset, and its holes as metadata."""

    partition: int
    epoch: int
    snapshot: Snapshot
    metadata: str

    @property
    def offset(self) -> int:
        """Where the group begins again."""
        return self.snapshot.offset


@dataclass(frozen=True, slots=True)
class Assigned:
    """A partition that this worker has from now on."""

    partition: int
    epoch: int
    start: int
    """Where reading begins."""
    committed: int | None
    """The group's offset, None if it has none."""
    metadata: str
    end: int
    """The log's end at this moment."""


class Commits:
    """The commits of one group in one topic."""

    def __init__(self, group: str, topic: str, *, width: int) -> None:
        """`width`: events in flight at most."""
        self.group: Final = group
        self._topic = topic
        self.policy: Final = CommitPolicy(width)

    def read(self, at: Assigned) -> tuple[Snapshot | None, str]:
        """The group's snapshot, and why its metadata was ignored if it was: then only the offset counts."""
        if at.committed is None:
            return None, ""
        place = {"group": self.group, "topic": self._topic}
        try:
            return holes.decode(at.metadata, at.committed, partition=at.partition, **place), ""
        except holes.ForeignMetadataError as error:
            return Snapshot(at.committed), str(error)

    def begin(self, at: Assigned) -> tuple[Partition, str]:
        """The partition where the group stands, and why the commit's metadata was ignored if it was."""
        committed, foreign = self.read(at)
        partition = Partition(at.partition, at.epoch, Ledger(at.start, committed, end=at.end))
        partition.committed = committed
        return partition, foreign

    def finished(self) -> None:
        """An attempted event is finished."""
        self.policy.finished()

    def due(self, partitions: Iterable[Partition], now: float) -> list[Commit]:
        """The commits that are due now; empty if nothing has changed or it is not time (`now` monotonic)."""
        if not self.policy.is_due(now):
            return []
        commits = self.of(partitions)
        if commits:
            self.policy.started(now)
        else:
            self.policy.nothing_to_commit(now)
        return commits

    def of(self, partitions: Iterable[Partition]) -> list[Commit]:
        """A commit for each partition whose snapshot is not the committed one."""
        return [commit for partition in partitions if (commit := self._of(partition)) is not None]

    def ended(self, partitions: Mapping[int, Partition], commits: list[Commit], error: str, now: float) -> None:
        """A commit ended; a failed one is tried again at the next tick."""
        self.policy.ended(succeeded=not error, now=now)
        for commit in commits:
            partition = partitions.get(commit.partition)
            if not error and partition is not None and partition.epoch == commit.epoch:
                partition.committed = commit.snapshot

    def unanswered(self, now: float) -> None:
        """The consumer that was asked to commit is gone: a commit under way is never answered, and counts as failed."""
        if self.policy.under_way:
            self.policy.ended(succeeded=False, now=now)

    def now(self, partition: Partition) -> Commit:
        """The commit of a partition as it would be now."""
        snapshot = partition.ledger.snapshot()
        metadata = holes.encode(snapshot, group=self.group, topic=self._topic, partition=partition.number)
        return Commit(partition.number, partition.epoch, snapshot, metadata)

    def _of(self, partition: Partition) -> Commit | None:
        return None if partition.ledger.snapshot() == partition.committed else self.now(partition)


def commits_of(group: str, topic: str, endpoint: EndpointSettings) -> Commits:
    """The commits of an endpoint's group, as often as its width asks for."""
    return Commits(group, topic, width=endpoint.concurrency * endpoint.batch.max_events)
