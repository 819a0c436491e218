"""Ledgers, codecs and commits with a fault each, as they stood in other programs or would be easy to write."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from consumer.offsets import commit_metadata as holes
from consumer.offsets.commits import Assigned, Commit, Commits
from consumer.offsets.ledger import Ledger, Novelty, Snapshot
from consumer.offsets.partition import Partition
from tests.kit.model_log import GROUP, TOPIC, Parts


@dataclass(frozen=True)
class Mutant:
    """A fault, and how the AssertionError begins that finds it."""

    name: str
    breaks: str
    parts: Parts


class CommitsBehindTheHighest(Ledger):
    """Commits past holes: one more than the highest finished."""

    @property
    def base(self) -> int:
        """What a commit would say."""
        return self._top + 1 if self._top >= 0 else super().base


class CountsReadAsFinished(Ledger):
    """Takes the highest read for the highest finished."""

    def snapshot(self) -> Snapshot:
        """What a commit would say."""
        self._top = max(self._top, self._next - 1)
        return super().snapshot()


class ForgetsWhatItRead(Ledger):
    """Commits what is read, not what is finished."""

    def admit(self, offset: int, accepted_ms: int = 0) -> Novelty:
        """Take note of a record."""
        found = super().admit(offset, accepted_ms)
        self._unfinished.pop(offset, None)
        return found


class WaitsForMarkers(Ledger):
    """Counts only what it admitted: behind the last record the commit stands still."""

    def pass_over(self, offset: int) -> None:
        """Everything below was read."""


class HasNoWindow(Ledger):
    """Admits whatever comes."""

    def admits(self, offset: int) -> bool:
        """Whether the offset lies within the window."""
        return True


class WindowFromTheCommit(Ledger):
    """Measures the window from the committed offset though nothing is unfinished: a wide gap is never crossed."""

    def admits(self, offset: int) -> bool:
        """Whether the offset lies within the window."""
        return offset - self.base < self._window


class KeepsTheMapAfterTruncation(Ledger):
    """Does not ask where the log ends."""

    def __init__(self, start: int, committed: Snapshot | None = None, *, end: int, window: int) -> None:
        super().__init__(start, committed, end=max(end, committed.top + 1 if committed else 0), window=window)


class KeepsTheMapAfterAReset(Ledger):
    """Uses the map though reading begins below the committed offset."""

    def __init__(self, start: int, committed: Snapshot | None = None, *, end: int, window: int) -> None:
        super().__init__(start, committed, end=end, window=window)
        if committed is not None and committed.offset > start:
            self._mapped_top = max(committed.top, committed.offset - 1)


class NeverDropsAHole(Ledger):
    """Waits for ever for a hole that the log no longer has."""

    def _lose_unmet_below(self, offset: int) -> None:
        while self._unmet and self._unmet[0] < offset:
            self._unmet.popleft()


class NeverRemoves(Ledger):
    """Finishes nothing."""

    def finish(self, offset: int) -> None:
        """Nothing is owed any more."""
        self._top = max(self._top, offset)


class SeedsNoHoles(Ledger):
    """Takes what is not finished by the map for finished."""

    def _begin(self, start: int, committed: Snapshot) -> None:
        super()._begin(start, replace(committed, holes=()))


class CommitsNoMap(Commits):
    """Commits offsets alone."""

    def _of(self, partition: Partition) -> Commit | None:
        commit = super()._of(partition)
        return commit and replace(commit, metadata="")


class TiesTheMapToNothing(Commits):
    """The map is relative to whatever offset it is found with."""

    def _of(self, partition: Partition) -> Commit | None:
        commit = super()._of(partition)
        return commit and replace(commit, metadata=self._encode(partition.ledger.snapshot(), commit.offset))

    def _encode(self, snapshot: Snapshot, base: int) -> str:
        return holes.encode(_moved(snapshot, -base), group=GROUP, topic=TOPIC, partition=0)

    def read(self, at: Assigned) -> tuple[Snapshot | None, str]:
        """What the group's commit says."""
        try:
            found = holes.decode(at.metadata, 0, group=GROUP, topic=TOPIC, partition=0)
        except holes.ForeignMetadataError:
            return super().read(at)
        return (None if at.committed is None else _moved(found, at.committed)), ""


class ReadsOffsetAndMapApart(TiesTheMapToNothing):
    """The offset is of now, the map of a moment ago."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._earlier: dict[int, str] = {}

    def _of(self, partition: Partition) -> Commit | None:
        before = self._earlier.get(partition.epoch)
        snapshot = partition.ledger.snapshot()
        self._earlier[partition.epoch] = self._encode(snapshot, snapshot.offset)
        commit = super()._of(partition)
        return commit if commit is None or before is None else replace(commit, metadata=before)


class CommitsBackwards(Commits):
    """Sends its first commit again, for the third."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._sent: dict[int, list[Commit]] = {}

    def _of(self, partition: Partition) -> Commit | None:
        sent = self._sent.setdefault(partition.epoch, [])
        commit = super()._of(partition)
        if commit is not None and all(commit.offset > earlier.offset for earlier in sent):
            sent.append(commit)
            return sent[0] if len(sent) == 3 else commit
        return commit


class TakesTheLastMadeForTheLastSent(Commits):
    """Believes that what it made last is what the answer is about."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._made: dict[int, Commit] = {}

    def _of(self, partition: Partition) -> Commit | None:
        commit = super()._of(partition)
        if commit is not None:
            self._made[partition.epoch] = commit
        return commit

    def ended(self, partitions: Any, commits: list[Commit], error: str, now: float) -> None:
        """A commit ended."""
        super().ended(partitions, [self._made[commit.epoch] for commit in commits], error, now)


class TakesFailuresForSuccess(Commits):
    """Does not look at the answer."""

    def ended(self, partitions: Any, commits: list[Commit], error: str, now: float) -> None:
        """A commit ended."""
        super().ended(partitions, commits, "", now)


def _moved(snapshot: Snapshot, by: int) -> Snapshot:
    moved = tuple(hole + by for hole in snapshot.holes)
    return Snapshot(snapshot.offset + by, moved, snapshot.top + by if moved else -1)


def _ledger(name: str, breaks: str, ledger: Callable[..., Ledger]) -> Mutant:
    return Mutant(name, breaks, Parts(ledger=ledger))


def _commits(name: str, breaks: str, commits: Callable[..., Commits]) -> Mutant:
    return Mutant(name, breaks, Parts(commits=commits))


MUTANTS = [
    _ledger("commits the highest finished", "^I[18]", CommitsBehindTheHighest),
    _ledger("counts what was read as finished", "^I[13]", CountsReadAsFinished),
    _ledger("forgets what it read", "^I1", ForgetsWhatItRead),
    _commits("commits no map", "^I2", CommitsNoMap),
    _commits("ties the map to no offset", "^I3", TiesTheMapToNothing),
    _commits("reads offset and map apart", "^I[23]", ReadsOffsetAndMapApart),
    _ledger("keeps the map after a truncation", "^I3", KeepsTheMapAfterTruncation),
    _ledger("keeps the map after a reset", "^I3", KeepsTheMapAfterAReset),
    _ledger("seeds no holes", "^I3", SeedsNoHoles),
    Mutant("takes what is stale", "^I4", Parts(checks_epoch=False)),
    _commits("commits backwards", "^I[69]", CommitsBackwards),
    _ledger("waits for what is no record", "^I8", WaitsForMarkers),
    _ledger("has no window", "^I7", HasNoWindow),
    _ledger("measures the window over a gap", "^I8", WindowFromTheCommit),
    _ledger("never drops a hole", "^I[378]", NeverDropsAHole),
    _ledger("never removes", "^I[78]", NeverRemoves),
    _commits("takes the last made for the last sent", "^I9", TakesTheLastMadeForTheLastSent),
    _commits("takes failures for success", "^I8", TakesFailuresForSuccess),
]
"""Every fault, and the invariant that must find it."""
