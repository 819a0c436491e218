"""A log in memory: a topic, a group's commits, and a consumer that speaks to its listener as the real one does.

It keeps the real one's order: while a revocation is answered nothing else is told, records that were fetched before a
pause still come, and a commit in flight when the consumer dies is never answered.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from consumer.log.credit import LEAST_COST, total_cost
from consumer.log.listener import LogListener
from consumer.offsets.commits import Assigned, Commit
from consumer.record import Record
from runtime.deadline import Deadline
from tests.kit.virtual_time import VirtualClock

TOPIC: Final = "registry.events"
FETCH_S: Final = 0.002
COMMIT_S: Final = 0.005
_CHUNK: Final = 500
_JOIN_S: Final = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What lies at one or many offsets."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    owed: bool = True
    """Whether the endpoint is to get it, or a dead letter of it is to be written."""
    readable: bool = True
    """What cannot be read holds up nothing that comes behind it."""
    repeat_of: int | None = None
    """Offset of the event of its partition that it repeats: with `dedupe` it is owed no more once that is delivered."""
    ahead_s: float = 0.0
    """By how much the clock of the intake that accepted it was ahead."""


@dataclass
class Topic:
    """Partitions, each a list of what was written and where reading finds no more."""

    partitions: dict[int, list[Stored]]
    low: dict[int, int] = field(default_factory=dict)
    """The oldest offset that retention has left."""
    gaps: dict[int, set[int]] = field(default_factory=dict)
    """Offsets that never appear (compaction, transaction markers)."""
    readers: list["SimulatedLog"] = field(default_factory=list)
    stamps: dict[int, list[int]] = field(default_factory=dict)
    """When each record was accepted, in milliseconds since the epoch."""

    def write(self, partition: int, stored: Iterable[Stored]) -> None:
        """Append, accepted now, and wake whoever reads."""
        self.partitions[partition].extend(stored := list(stored))
        stamps, now = self.stamps.setdefault(partition, []), VirtualClock().wall()
        stamps.extend(int((now + one.ahead_s) * 1000) for one in stored)
        for reader in self.readers:
            reader.wake()

    def make_anew(self, partition: int, *, noticed: bool) -> None:
        """Delete what it holds; it begins again at offset 0, and so do those who read it if they notice."""
        self.partitions[partition].clear()
        self.stamps.pop(partition, None)
        self.low.pop(partition, None)
        self.gaps.pop(partition, None)
        for reader in self.readers:
            reader.positions[partition] = 0 if noticed else reader.positions[partition]

    def read(self, partition: int, position: int, most: int) -> tuple[list[Record], int]:
        """Up to `most` records from a position on, and the next position."""
        found: list[Record] = []
        content, gaps = self.partitions[partition], self.gaps.get(partition, ())
        while position < len(content) and len(found) < most:
            if position not in gaps:
                at = content[position]
                stamp = self.stamps[partition][position]
                found.append(Record(TOPIC, partition, position, stamp, at.key, at.value, at.headers))
            position += 1
        return found, position


@dataclass
class Group:
    """What a consumer group has committed, and how commits fare."""

    committed: dict[int, tuple[int, str]] = field(default_factory=dict)
    check: Callable[[Commit], None] = lambda _: None
    """Called with each commit that succeeds."""
    fault: Callable[[float], str] = lambda _: ""
    """At this moment commits fail with this error; empty: they succeed."""
    commit_s: float = COMMIT_S
    leave_s: float = 0.0
    """How long the group takes to let a member go."""
    count: int = 0
    failed: int = 0

    async def commit(self, commits: list[Commit], is_member: Callable[[Commit], bool]) -> str:
        """Commit after a while, as long as whoever asked has these partitions; the error."""
        await asyncio.sleep(self.commit_s)
        error = self.fault(asyncio.get_running_loop().time())
        if not all(map(is_member, commits)):
            error = "fenced"
        if error:
            self.failed += 1
            return error
        self.count += 1
        for commit in commits:
            self.check(commit)
            self.committed[commit.partition] = (commit.offset, commit.metadata)
        return ""


class SimulatedLog:
    """One member of the group."""

    def __init__(
        self,
        content: Topic,
        group: Group,
        assignment: Iterable[int],
        *,
        drain_s: float,
    ) -> None:
        """`drain_s` is as in the real one; `assignment` is what it gets at its start."""
        self._content = content
        self._group = group
        self._first = list(assignment)
        self._listener: LogListener
        self.drain_s = drain_s
        self.positions: dict[int, int] = {}
        self.epochs: dict[int, int] = {}
        self.paused: set[int] = set()
        self.credits = 0
        """What may still be read, by its cost."""
        self.faults: list[Exception] = []
        """What asking for more ends with, each once."""
        self.given = 0
        """Records given to the listener."""
        self._epoch = 0
        self._turn_of: deque[int] = deque()
        self._fetching = False
        self._busy = False
        self._later: list[Callable[[], None]] = []
        self._committing: list[Commit] | None = None
        self._asking: asyncio.Task[str] | None = None
        self._failing: asyncio.Task[None] | None = None
        self.dead = False
        self._is_started = False
        self.member_id = ""
        self.unanswered_since: float | None = None
        """Since when Kafka does not answer its consumer, if so."""
        self.rejoined: list[float] = []
        """When its consumer was given up."""
        self.rejoins_with: set[int] | None = None
        """What the group gives the next consumer; None: what the one before had."""
        self.abandoned = 0
        """Consumers that were given up and do not close."""
        self.silent_since: float | None = None
        """Since when its thread does not answer, if so."""
        content.readers.append(self)

    # What the endpoint asks.

    def start(self, listener: LogListener) -> None:
        """Join the group."""
        self._is_started = True
        self._listener = listener
        asyncio.get_running_loop().call_later(_JOIN_S, self._join)

    def ask(self, cost: int) -> None:
        """Read so much more."""
        if self.faults:
            raise self.faults.pop()
        self._run_command(lambda: self._add(cost))

    def pause(self, partition: int) -> None:
        """Read no more of this one."""
        self._run_command(lambda: self.paused.add(partition))

    def resume(self, partition: int) -> None:
        """Read it again."""
        self._run_command(lambda: self._resume(partition))

    def begin_anew(self, partitions: set[int]) -> None:
        """Commit the beginning of these, and read on from there."""
        self._run_command(lambda: self._begin_anew(partitions & self.epochs.keys()))

    def commit(self, commits: list[Commit]) -> None:
        """Commit, and tell how it ended."""
        self._run_command(lambda: self._commit(commits))

    def give_up(self, reason: str) -> None:
        """Fail as a consumer does that is not answered."""
        self._failing = asyncio.get_running_loop().create_task(self.fail(reason))

    async def close(self, deadline: Deadline) -> bool:
        """Leave the group; the commit under way is answered before that."""
        if not self._is_started:
            return True
        try:
            async with asyncio.timeout(deadline.left_s):
                if self._asking is not None:
                    await asyncio.wait([self._asking])
                await self._settle()
                await asyncio.sleep(self._group.leave_s)
                await self.revoke(set(self.epochs))
        except TimeoutError:
            return False
        finally:
            self.die()
        return True

    async def _settle(self) -> None:
        """All is committed while the consumer is still a member; its partitions are revoked later."""
        self._busy = True
        commits = await self._listener.drain(set(self.epochs))
        if commits:
            await self._group.commit(commits, self._has)
            self._listener.committed(commits, "")

    # What the test does.

    def assign(self, partitions: Iterable[int]) -> None:
        """The group gives these to this member."""
        self._epoch += 1
        found = [self._place(partition) for partition in partitions]
        for at in found:
            self.positions[at.partition], self.epochs[at.partition] = at.start, at.epoch
            self.paused.discard(at.partition)
        self._turn_of = deque(self.epochs)
        self._listener.assigned(found)
        self.wake()

    async def revoke(self, partitions: set[int]) -> None:
        """The group takes these back, in peace."""
        self._busy = True
        commits = await asyncio.wait_for(self._listener.drain(partitions), self.drain_s + 5.0)
        if commits:
            await self._group.commit(commits, self._has)
        self._forget(partitions)
        self._busy = False
        later, self._later = self._later, []
        for command in later:
            command()
        self.wake()

    def lose(self, partitions: set[int]) -> None:
        """The group has given these to others already."""
        self._forget(partitions)

    async def fail(self, reason: str, again_s: float = 2.0) -> None:
        """The consumer dies of an error, and another is made: what was asked of the first is never answered."""
        gone, self.credits = set(self.epochs), 0
        self.rejoined.append(asyncio.get_running_loop().time())
        self._committing = None
        self._drop(gone)
        self._listener.disowned(gone)
        self.unanswered_since = None
        self._listener.gave_up(reason)
        await asyncio.sleep(again_s)
        self._listener.membership("")
        self.assign(gone if self.rejoins_with is None else self.rejoins_with)

    @property
    def turned_at(self) -> float:
        """The real one's thread is at work, unless the test says that it is not."""
        return asyncio.get_running_loop().time() if self.silent_since is None else self.silent_since

    @property
    def answered_at(self) -> float:
        """Now, unless the test says otherwise."""
        return asyncio.get_running_loop().time() if self.unanswered_since is None else self.unanswered_since

    def die(self) -> None:
        """Tell nothing more, do nothing more."""
        self.dead = True
        self.epochs.clear()
        if self in self._content.readers:
            self._content.readers.remove(self)

    def wake(self) -> None:
        """Fetch if there is something that was asked for."""
        if not self._fetching and not self.dead and not self._busy and self.credits > 0 and self._next() is not None:
            self._fetching = True
            asyncio.get_running_loop().call_later(FETCH_S, self._fetched)

    # How it works.

    def _join(self) -> None:
        if not self.dead:
            self._listener.membership("")
            self.assign(self._first)

    def _run_command(self, command: Callable[[], None]) -> None:
        if self.dead:
            return
        if self._busy:
            self._later.append(command)
        else:
            command()

    def _add(self, cost: int) -> None:
        self.credits += cost
        self.wake()

    def _begin_anew(self, partitions: set[int]) -> None:
        for partition in partitions:
            self.positions[partition] = self._content.low.get(partition, 0)
            self._group.committed[partition] = (self.positions[partition], "")
        self.wake()

    def _resume(self, partition: int) -> None:
        self.paused.discard(partition)
        self.wake()

    def _next(self) -> int | None:
        """The next partition that has something to read, round after round."""
        for _ in range(len(self._turn_of)):
            number = self._turn_of[0]
            self._turn_of.rotate(-1)
            unread = number in self.epochs and self.positions[number] < len(self._content.partitions[number])
            if unread and number not in self.paused:
                return number
        return None

    def _fetched(self) -> None:
        self._fetching = False
        number = None if self.dead or self._busy else self._next()
        if number is None or self.credits <= 0:
            return
        most = max(1, min(self.credits // LEAST_COST, _CHUNK))
        records, self.positions[number] = self._content.read(number, self.positions[number], most)
        self.credits -= total_cost(records)
        self.given += len(records)
        if records:
            self._listener.received(records)
        if self.positions[number] >= len(self._content.partitions[number]):
            self._listener.read_up_to({number: self.positions[number]})
        self.wake()

    def _commit(self, commits: list[Commit]) -> None:
        current = [commit for commit in commits if self.epochs.get(commit.partition) == commit.epoch]
        if not current:
            asyncio.get_running_loop().call_soon(self._listener.committed, commits, "the partitions are gone")
            return
        assert self._committing is None, "two commits at a time"
        self._committing = current
        self._asking = asyncio.get_running_loop().create_task(self._group.commit(current, self._has))
        self._asking.add_done_callback(lambda done: self._committed(done, current))

    def _committed(self, done: "asyncio.Task[str]", commits: list[Commit]) -> None:
        if done.cancelled() or self._committing is not commits or self.dead:
            return
        self._committing = None
        self._listener.committed(commits, done.result())

    def _has(self, commit: Commit) -> bool:
        return not self.dead and self.epochs.get(commit.partition) == commit.epoch

    def _place(self, partition: int) -> Assigned:
        low, end = self._content.low.get(partition, 0), len(self._content.partitions[partition])
        committed, metadata = self._group.committed.get(partition, (None, ""))
        known = committed is not None and low <= committed <= end
        start = committed if known and committed is not None else low
        return Assigned(partition, self._epoch, start, committed, metadata, end)

    def _forget(self, partitions: set[int]) -> None:
        self._drop(partitions)
        self._listener.revoked(partitions)

    def _drop(self, partitions: set[int]) -> None:
        for number in partitions:
            self.epochs.pop(number, None)
            self.paused.discard(number)
