"""A partition, its group and one worker in memory: what ledger, holes and commits must get right, whatever happens.

`History` drives the real ledger, codec and commits through reads, deliveries, commits and every kind of trouble, and
keeps its own books of who was delivered. Each operation checks the invariants I1 to I8 at once; an AssertionError
begins with the name of the one that is broken.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from consumer.offsets import commit_metadata as holes
from consumer.offsets.commits import Assigned, Commit, Commits
from consumer.offsets.ledger import Ledger, Novelty, Snapshot
from consumer.offsets.partition import Partition

GROUP: Final = "registry-worker.ci"
TOPIC: Final = "registry.events"
WINDOW: Final = 12


@dataclass(frozen=True)
class Parts:
    """What a history is made with; mutants put others in their place."""

    ledger: Callable[..., Ledger] = Ledger
    commits: Callable[..., Commits] = Commits
    checks_epoch: bool = True
    """Whether what belongs to an earlier assignment is kept from the ledger, as the endpoint does."""


@dataclass(frozen=True)
class Flight:
    """A record on its way to the endpoint."""

    epoch: int
    offset: int
    serial: int


@dataclass
class ModelLog:
    """A partition: offsets have gaps, the beginning moves, and an offset may come to hold another record."""

    records: dict[int, int] = field(default_factory=dict)
    """Offset to serial number; a serial number never comes again."""
    low: int = 0
    end: int = 0
    written: int = 0

    def append(self, gap: int) -> None:
        """A record, behind as many offsets that hold none: transaction markers, or records compacted away."""
        self.written += 1
        self.records[self.end + gap] = self.written
        self.end += gap + 1

    def mark(self, count: int) -> None:
        """So many offsets at the end that hold no record: a transaction's marker, behind those it aborted."""
        self.end += count

    def drop(self, doomed: list[int]) -> set[int]:
        """Remove these offsets; the serials that stood there."""
        return {self.records.pop(offset) for offset in doomed}


class History:
    """One life of a partition's cursor."""

    def __init__(self, parts: Parts | None = None, *, window: int = WINDOW) -> None:
        self.parts = parts or Parts()
        self.window = window
        self.log = ModelLog()
        self.delivered: set[int] = set()
        self.excused: set[int] = set()
        """Serials that nobody owes any more: the log lost them, or an operator skipped them."""
        self.expired: dict[int, int] = {}
        """Serials that retention took before they were delivered, and where they stood."""
        self.committed: tuple[int, str] | None = None
        self.said: Snapshot | None = None
        """What the group's commit truly says, if its metadata is that of a commit of ours."""
        self.flights: list[Flight] = []
        self.pending: list[Commit] = []
        self.pending_says = Snapshot(0)
        self.broken = False
        """Whether an invariant was found broken: then nothing more can be said."""
        self.now = 0.0
        self.epoch = 0
        self.commits = self.parts.commits(GROUP, TOPIC, width=4)
        self.assign()

    # What happens to the worker.

    def assign(self) -> None:
        """The partition is assigned to the worker, anew or again."""
        if self.pending:
            self.commits.ended({}, self.pending, "the partitions are gone", self.now)
            self.pending = []
        self.epoch += 1
        low, high = self.log.low, self.log.end
        committed, metadata = self.committed or (None, "")
        known = committed is not None and low <= committed <= high
        self.position = committed if known and committed is not None else low
        snapshot, _ = self.commits.read(Assigned(0, self.epoch, self.position, committed, metadata, high))
        ledger = self.parts.ledger(self.position, snapshot, end=high, window=self.window)
        self.partition = Partition(0, self.epoch, ledger)
        self.partition.committed = snapshot
        self.finished_by_map = self._finished_by_map(high)
        self.unfinished: set[int] = set()
        self.last_commit = -1
        self._expiry_is_counted(committed)
        self._check()

    def read(self, count: int) -> int:
        """Admit up to so many of the next records; how many were."""
        ahead = [offset for offset in sorted(self.log.records) if offset >= self.position][:count]
        for number, offset in enumerate(ahead):
            admits = self.partition.ledger.admits(offset)
            if not self.unfinished:
                self._must(admits, f"I8: nothing is unfinished, yet {offset} must wait, and would for ever")
            if not admits:
                return number
            self.position = offset + 1
            self._admit(offset)
        return len(ahead)

    def meet_the_end(self) -> None:
        """Reading comes to the end of the log, if nothing lies before it that is to be read first."""
        if self.position <= max(self.log.records, default=-1):
            return
        self.position = max(self.position, self.log.end)
        self.partition.read_up_to(self.log.end)
        self._check()

    def _admit(self, offset: int) -> None:
        serial = self.log.records[offset]
        if self.partition.ledger.admit(offset) is Novelty.FINISHED:
            self._must(serial in self.delivered | self.excused, f"I3: {offset} is skipped and was never delivered")
        else:
            self._must(offset not in self.finished_by_map, f"I2: {offset} is repeated, though the commit says finished")
            self.unfinished.add(offset)
            self.flights.append(Flight(self.epoch, offset, serial))
        self._check()

    def finish(self, which: int) -> None:
        """One of what is on its way, of this assignment or an earlier one, reaches the endpoint."""
        if not self.flights:
            return
        flight = self.flights.pop(which % len(self.flights))
        self.delivered.add(flight.serial)
        ours = flight.epoch == self.epoch
        before = self._state()
        if ours or not self.parts.checks_epoch:
            self.partition.ledger.finish(flight.offset)
            self.commits.finished()
        if ours:
            self.unfinished.discard(flight.offset)
        else:
            self._must(before == self._state(), f"I4: {flight.offset} of an earlier assignment changed the ledger")
        self._check()

    def commit(self) -> None:
        """The clock comes to the next tick."""
        self.now += 1.0
        if self.pending:
            return
        self.pending_says = self.partition.ledger.snapshot()
        self.pending = self.commits.due([self.partition], self.now)
        if not self.pending:
            base, there = self.partition.ledger.base, self.committed
            self._must(there is not None and base == there[0], f"I8: {base} is not committed, the group has {there}")
            return
        self._must(self.pending[0].offset >= self.last_commit, "I6: a commit goes back")
        self.last_commit = self.pending[0].offset

    def answer(self, *, succeeds: bool, arrives: bool) -> None:
        """The broker's answer to the commit under way; one that fails may have arrived all the same."""
        if self.pending:
            if succeeds or arrives:
                self._apply(self.pending)
            self.commits.ended({0: self.partition}, self.pending, "" if succeeds else "timed out", self.now)
            self.pending = []

    def crash(self, *, arrives: bool) -> None:
        """The worker dies, or loses the partition; a commit under way may still arrive. It is assigned again."""
        if self.pending and arrives:
            self._apply(self.pending)
        self.assign()

    def revoke(self, *, succeeds: bool, stops: bool) -> None:
        """The partition is taken in good order: drain, commit, go; and given back.

        A worker that stops drains twice, before it leaves the group and when the group takes the partition back, and a
        commit may be under way all that time.
        """
        for flight in [flight for flight in self.flights if flight.epoch == self.epoch]:
            self.finish(self.flights.index(flight))
        if stops:
            self.commits.of([self.partition])
        self.answer(succeeds=True, arrives=True)
        self.pending_says = self.partition.ledger.snapshot()
        last = self.commits.of([self.partition])
        if succeeds:
            self._apply(last)
            base, there = self.partition.ledger.base, self.committed
            self._must(there is not None and base == there[0], f"I9: {base} is drained, the group has {there}")
        self.assign()

    # What happens to the log and to the group's offset.

    def retain(self, count: int) -> None:
        """Retention removes the oldest records."""
        doomed = sorted(self.log.records)[:count]
        if doomed:
            self.expired |= {
                self.log.records[at]: at for at in doomed if self.log.records[at] not in self.delivered | self.excused
            }
            self.excused |= self.log.drop(doomed)
            self.log.low = doomed[-1] + 1

    def compact(self, which: int) -> None:
        """A record goes out of the middle."""
        there = sorted(self.log.records)
        if there:
            self.excused |= self.log.drop([there[which % len(there)]])

    def truncate(self, count: int) -> None:
        """An unclean election: the log loses its last records, and others will stand there.

        The worker's first commit takes the map that spoke of them away. Did it die before that, and others had been
        written by then, nothing could tell them from the lost ones: that much is not promised.
        """
        doomed = sorted(self.log.records)[-count:] if count else []
        if doomed:
            self.excused |= self.log.drop(doomed)
            self.log.end = doomed[0]
        self.assign()
        self.commit()
        self.answer(succeeds=True, arrives=True)

    def rewind(self, back: int, *, keeps_metadata: bool) -> None:
        """An operator moves the cursor back: all from there is to come again. Some tools leave the metadata there."""
        before, kept = self._there()
        offset = max(before - back, 0)
        metadata = kept if keeps_metadata and offset < before else ""
        self.committed, self.said = (offset, metadata), None
        again = {serial for at, serial in self.log.records.items() if at >= offset}
        self.delivered -= again
        self.flights = [flight for flight in self.flights if flight.serial not in again]
        self.assign()

    def skip(self, ahead: int, *, keeps_metadata: bool) -> None:
        """An operator moves the cursor forward."""
        before, kept = self._there()
        offset = max(min(before + ahead, self.log.end), before)
        self.committed = (offset, kept if keeps_metadata and offset > before else "")
        self.said = None
        self.excused |= {serial for at, serial in self.log.records.items() if at < offset}
        self.assign()

    def spoil(self, metadata: str) -> None:
        """Somebody else writes the metadata."""
        if self.committed is not None:
            self.committed, self.said = (self.committed[0], metadata), None
            self.assign()

    def settle(self) -> None:
        """From now on the endpoint answers 2xx and commits succeed: the ledger empties (I8), nothing was lost (I3)."""
        self.answer(succeeds=True, arrives=True)
        self.log.append(0)
        self.log.mark(2)
        while self.position <= max(self.log.records):
            moved = self.read(len(self.log.records))
            self._must(bool(moved or self.flights), "I8: nothing moves any more")
            while self.flights:
                self.finish(0)
        self.meet_the_end()
        self.commit()
        self.answer(succeeds=True, arrives=True)
        self._must(not self.partition.ledger.unfinished, "I8: the ledger does not empty")
        self._must(self.committed is not None and self.log.end == self.committed[0], "I8: the end is not committed")
        lost = set(self.log.records.values()) - self.delivered - self.excused
        self._must(not lost, f"I3: {lost} never arrived")

    def _there(self) -> tuple[int, str]:
        """The group's offset and its metadata, if that is ours: brought back later, it would be true again."""
        offset, metadata = self.committed or (self.log.low, "")
        return offset, metadata if self.said is not None else ""

    def _apply(self, commits: list[Commit]) -> None:
        """The broker takes a commit: all that it says is finished must be."""
        for commit in commits:
            self.committed, self.said = (commit.offset, commit.metadata), self.pending_says
            finished = {at for at in self.log.records if at < commit.offset} | self._finished_by_map(self.log.end)
            missing = {self.log.records[at] for at in finished if at in self.log.records}
            self._must(missing <= self.delivered | self.excused, "I3: the commit counts as finished what never arrived")

    def _finished_by_map(self, end: int) -> set[int]:
        """The offsets above the committed one that the group's commit truly says are finished."""
        said = self.said
        if said is None or said.top >= end or said.offset > self.position:
            return set()
        return set(range(said.offset, said.top + 1)) - set(said.holes)

    def _expiry_is_counted(self, committed: int | None) -> None:
        if committed is not None and committed <= self.position:
            there = [serial for serial, at in self.expired.items() if committed <= at < self.position]
            lost = set(there) - self.delivered
            self._must(len(lost) <= self.partition.ledger.expired, "I3: what retention took is not counted")

    def _must(self, truth: bool, invariant: str) -> None:  # noqa: FBT001 - as `assert`
        if not truth:
            self.broken = True
            raise AssertionError(invariant)

    def _state(self) -> tuple[object, ...]:
        ledger = self.partition.ledger
        return ledger.snapshot(), ledger.next, ledger.unfinished

    def _check(self) -> None:
        ledger = self.partition.ledger
        snapshot = ledger.snapshot()
        self._must(snapshot.offset == ledger.base, "I1: the snapshot is not of this moment")
        if self.unfinished:
            lowest = min(self.unfinished)
            self._must(snapshot.offset <= lowest, f"I1: {snapshot.offset} is above {lowest}")
            self._must(max(self.unfinished) - lowest < self.window, "I7: admitted beyond the window")
        self._must(snapshot.top < snapshot.offset + self.window, "I7: the map is wider than the window")
        self._must(len(self.unfinished) <= ledger.unfinished, "I1: the ledger forgot an offset")
        if snapshot.holes:
            place = {"group": GROUP, "topic": TOPIC}
            metadata = holes.encode(snapshot, partition=0, **place)
            again = holes.decode(metadata, snapshot.offset, partition=0, **place)
            self._must(snapshot == again, "I2: the metadata does not say the same")
