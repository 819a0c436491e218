"""How far the log is read ahead: bounded in bytes whatever the sizes of records, and never at a standstill."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from consumer.lanes.lanes import Lanes
from consumer.lanes.read_ahead import HELD_BACK, LITTLE, ReadAhead
from consumer.log.credit import LEAST_COST, READ_AHEAD, cost_of, total_cost
from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record

MIB = 1024 * 1024
LARGEST = 24 * MIB


class Value(bytes):
    """Bytes of a length, without having them."""

    length = 0

    def __len__(self) -> int:
        return self.length


def record(partition: int, offset: int, size: int) -> Record:
    """A record that holding costs so many bytes."""
    value = Value()
    value.length = max(0, size - 256)
    return Record("registry.events", partition, offset, 0, None, value)


class Thread:
    """Reads as the log's thread does: while there is credit, so that the last record may cost more than is left."""

    def __init__(self) -> None:
        self.credit = 0
        self.paused: set[int] = set()
        self.asks: list[int] = []

    def ask(self, cost: int) -> None:
        """Take the credit."""
        self.asks.append(cost)
        self.credit += cost

    def pause(self, partition: int) -> None:
        """Read nothing of it."""
        self.paused.add(partition)

    def resume(self, partition: int) -> None:
        """Read it again."""
        self.paused.discard(partition)


class World:
    """Read-ahead and reader, and partitions that are crowded as the test says."""

    def __init__(self, partitions: int) -> None:
        self.thread = Thread()
        self.ahead = ReadAhead(self.thread, Lanes(), backoff_s=1.0)
        self.partitions = [Partition(number, 1, Ledger(0, None, end=0)) for number in range(partitions)]
        self._offset = 0

    def look(self, *, wanted: bool = True) -> None:
        """What the endpoint does at each turn."""
        self.ahead.read_on(self.partitions, 0.0, wanted=wanted, breaker_open=True)

    def read(self, number: int, size: int) -> bool:
        """One record of a partition comes, if it may."""
        if self.thread.credit <= 0 or number in self.thread.paused:
            return False
        one = record(number, self._offset, size)
        self._offset += 1
        self.thread.credit -= cost_of(one.size)
        self.ahead.came([one])
        self.partitions[number].backlog.append(one)
        return True

    def held(self, *, paused: bool) -> int:
        """Bytes that the partitions have which are left alone, or the others."""
        chosen = [one for one in self.partitions if one.paused is paused]
        return sum(each.size for one in chosen for each in one.backlog)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 3), st.sampled_from([256, 2_000, 60_000, 5 * MIB, LARGEST])),
        st.tuples(st.just("burst"), st.integers(0, 3), st.sampled_from([2_000, 300_000, 5 * MIB])),
        st.tuples(st.just("crowd"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("admit"), st.integers(0, 3), st.integers(1, 600)),
        st.tuples(st.just("look"), st.booleans(), st.none()),
    ),
    max_size=60,
)


@given(STEPS)
def test_what_is_read_ahead_is_bounded(steps: list[tuple[str, int, Any]]) -> None:
    """Of the partitions that are read never more than twice the read-ahead waits, and one record."""
    world = World(4)
    world.look()
    crowded_before = 0
    for step, which, what in steps:
        if step == "read":
            world.read(which, what)
        elif step == "burst":
            while world.read(which, what):
                pass
        elif step == "crowd":
            world.partitions[which].is_crowded = what
            crowded_before = max(crowded_before, world.held(paused=True))
        elif step == "admit":
            _admit(world.partitions[which], what)
        world.look(wanted=step != "look" or bool(which))
        crowded_before = max(crowded_before, world.held(paused=True))
        assert world.thread.credit <= READ_AHEAD
        assert world.held(paused=False) <= crowded_before + 2 * READ_AHEAD + LARGEST


def _admit(partition: Partition, count: int) -> None:
    for _ in range(min(count, len(partition.backlog))):
        if not partition.is_blocked:
            partition.backlog.popleft()


def test_what_is_held_back_stops_no_other_partition() -> None:
    """However many partitions have young events, more is asked for; one that has enough of them is paused."""
    world = World(20)
    world.look()
    for at in world.partitions[1:]:
        at.held_until = 1.0
        at.backlog.extend(record(at.number, offset, 2_000) for offset in range(100))
    world.thread.credit = 0
    world.ahead.came([record(0, 0, READ_AHEAD)])
    world.look()
    assert READ_AHEAD == world.thread.credit
    assert set() == world.thread.paused
    world.partitions[1].backlog.extend(record(1, offset, 2_000) for offset in range(100, 130))
    world.look()
    assert {1} == world.thread.paused
    for _ in range(60):
        world.partitions[1].backlog.popleft()
    world.look()
    assert {1} == world.thread.paused, "each pause costs what was fetched"
    world.partitions[1].backlog.clear()
    world.look()
    assert set() == world.thread.paused


@given(STEPS)
def test_it_never_stands_still(steps: list[tuple[str, int, Any]]) -> None:
    """Whatever came before: if more is wanted and nothing waits to be admitted, at least one record is asked for."""
    world = World(4)
    for step, which, what in steps:
        if step == "burst":
            while world.read(which, what):
                pass
        elif step == "crowd":
            world.partitions[which].is_crowded = what
        elif step == "read":
            world.read(which, what)
        world.look(wanted=step != "look")
    for partition in world.partitions:
        if not partition.is_blocked:
            partition.backlog.clear()
    world.look()
    assert world.thread.credit > 0


def test_small_records_are_counted() -> None:
    """Records of usual size: 512 are asked for, and half of them must have come before more is."""
    world = World(1)
    world.look()
    assert [READ_AHEAD] == world.thread.asks
    for _ in range(256):
        world.read(0, 2_000)
        world.look()
    assert [READ_AHEAD] == world.thread.asks
    world.read(0, 2_000)
    world.look()
    assert [READ_AHEAD, 257 * LEAST_COST] == world.thread.asks


class _Unseen(deque[Record]):
    """A backlog that nobody walks through."""

    def __iter__(self) -> Iterator[Record]:
        raise AssertionError("a record was looked at")


def test_a_full_read_ahead_is_seen_by_its_number() -> None:
    """A busy endpoint asks at each pass: 512 records, the least that fill it, are not looked at one by one."""
    world = World(2)
    for partition in world.partitions:
        partition.backlog = _Unseen(record(partition.number, offset, 2_000) for offset in range(256))
    world.look()
    assert [] == world.thread.asks


def test_a_large_record_is_read_alone() -> None:
    """One that is larger than all that may be asked for comes, and nothing behind it until it is admitted."""
    world = World(1)
    world.look()
    assert world.read(0, LARGEST)
    world.look()
    assert not world.read(0, 2_000)
    assert [READ_AHEAD] == world.thread.asks
    world.partitions[0].backlog.clear()
    world.look()
    assert READ_AHEAD == world.thread.credit


def test_little_is_read_beside_much_that_is_held_back() -> None:
    """What lies in partitions that are left alone makes the rest be read in small steps, so that it grows no more."""
    world = World(12)
    for number in range(12):
        world.look()
        while world.read(number, 5 * MIB):
            world.look()
        world.partitions[number].is_crowded = True
    world.look()
    assert HELD_BACK < world.held(paused=True) <= HELD_BACK + 12 * (LITTLE + 5 * MIB)
    assert 0 < world.thread.credit <= LITTLE


def test_what_is_asked_of_a_dead_reader_is_forgotten() -> None:
    """A reader that starts over is asked for all again."""
    world = World(1)
    world.look()
    world.ahead.forget()
    world.look()
    assert [READ_AHEAD, READ_AHEAD] == world.thread.asks


@given(st.lists(st.integers(0, 2 * LEAST_COST), max_size=20))
def test_cost(sizes: list[int]) -> None:
    """A record costs its bytes, and at least the 512th of a read-ahead."""
    records = [record(0, at, size) for at, size in enumerate(sizes)]
    assert sum(max(256, size, LEAST_COST) for size in sizes) == total_cost(records)
    assert 512 == READ_AHEAD // LEAST_COST
