"""One reader after the other, in virtual time: of one that fails, falls silent or never ends nothing is waited for."""

import asyncio
import queue
from collections.abc import Callable
from typing import Any

import pytest

from consumer.log.loop_listener import LoopListener
from consumer.log.reader_thread import Commands
from consumer.log.succession import ABANDONED_MOST, AGAIN_S, LAST_COMMIT_S, SILENCE_LIMIT_S, Succession
from consumer.offsets.commits import Assigned, Commit
from consumer.record import Record
from runtime.deadline import Deadline
from tests.kit.virtual_time import VirtualClock, simulated

DRAIN_S = 10.0
NEVER_S = 1e9


class Listener:
    """Keeps what it is told, with the time."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str, Any]] = []
        self.answer: Callable[[], None] = lambda: None
        """What it does when a reader is given up."""

    def _tell(self, what: str, fact: Any) -> None:
        self.told.append((asyncio.get_running_loop().time(), what, fact))

    def of(self, what: str) -> list[Any]:
        """What it was told of this kind."""
        return [fact for _, kind, fact in self.told if kind == what]

    def assigned(self, partitions: list[Assigned]) -> None:
        """Keep."""
        self._tell("assigned", {at.partition for at in partitions})

    def received(self, records: list[Record]) -> None:
        """Keep."""
        self._tell("received", records)

    def read_up_to(self, offsets: dict[int, int]) -> None:
        """Keep."""
        self._tell("read", offsets)

    def expired(self, partition: int, lost: range) -> None:
        """Keep."""
        self._tell("expired", (partition, lost))

    async def drain(self, partitions: set[int]) -> list[Commit]:
        """Nothing is in flight."""
        self._tell("drain", partitions)
        return []

    def revoked(self, partitions: set[int]) -> None:
        """Keep."""
        self._tell("revoked", partitions)

    def disowned(self, partitions: set[int]) -> None:
        """The same."""
        self.revoked(partitions)

    def committed(self, commits: list[Commit], error: str) -> None:
        """Keep."""
        self._tell("committed", error)

    def log_ends(self, ends: dict[int, int]) -> None:
        """Keep."""
        self._tell("ends", ends)

    def range_ended(self, partition: int, epoch: int) -> None:
        """Keep."""
        self._tell("range", (partition, epoch))

    def gave_up(self, error: str) -> None:
        """Keep, and do what the test wants."""
        self._tell("gave up", error)
        self.answer()

    def membership(self, obstacle: str) -> None:
        """Keep."""
        self._tell("membership", obstacle)


class FakeReader:
    """A reader in virtual time that holds partitions 0 and 1, and ends some time after it is stopped."""

    def __init__(self, listener: LoopListener, commands: Commands, *, ends_after_s: float, is_silent: bool) -> None:
        self.listener = listener
        self.commands = commands
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()
        self.began = VirtualClock().monotonic()
        self._ends_after_s = ends_after_s
        self._is_silent = is_silent
        self.stops = 0
        self.cannot_start = False
        self.member_id = ""
        self.answered_at = self.began

    @property
    def turned_at(self) -> float:
        """Now, unless it is silent."""
        return self.began if self._is_silent else VirtualClock().monotonic()

    def start(self) -> None:
        """It has its partitions at once."""
        if self.cannot_start:
            raise RuntimeError("can't start new thread")
        self.listener.assigned([Assigned(number, 1, 0, 0, "", 0) for number in (0, 1)])

    def stop(self) -> None:
        """End after a while, in peace: its partitions are revoked."""
        self.stops += 1
        asyncio.get_running_loop().call_later(self._ends_after_s, self._end)

    def _end(self) -> None:
        self.listener.revoked({0, 1})
        self.ended.set()


class World:
    """A succession, its readers and its listener."""

    def __init__(self, *, ends_after_s: float = 1.0, is_silent: bool = False) -> None:
        self.ends_after_s = ends_after_s
        self.is_silent = is_silent
        self.readers: list[FakeReader] = []
        self.cannot_start = False
        self.listener = Listener()
        self.began = VirtualClock().monotonic()
        self.log = Succession(self, name="ci", drain_s=DRAIN_S, clock=VirtualClock())
        self.log.start(self.listener)

    def make(self, listener: LoopListener, commands: Commands) -> FakeReader:
        """The next one."""
        made = FakeReader(listener, commands, ends_after_s=self.ends_after_s, is_silent=self.is_silent)
        made.cannot_start = self.cannot_start
        self.readers.append(made)
        return made

    @property
    def ages(self) -> list[float]:
        """When each reader began, in seconds after the first."""
        return [reader.began - self.readers[0].began for reader in self.readers]


def commands_in(commands: Commands) -> int:
    """How many wait."""
    count = 0
    while True:
        try:
            commands.get_nowait()
        except queue.Empty:
            return count
        count += 1


@pytest.mark.parametrize("how", ["fails", "given up"])
def test_one_that_ends_in_peace_is_followed_by_another(how: str) -> None:
    """Its partitions are revoked by itself, then the reason is told once, and the next begins 2 s later."""

    @simulated
    async def scenario() -> None:
        world = World(ends_after_s=3.0)
        await asyncio.sleep(5.0)
        if how == "fails":
            world.readers[0].failed.set_result("broken")
        else:
            world.log.give_up("broken")
            world.log.give_up("again")
        await asyncio.sleep(10.0)
        assert [0.0, 5.0 + 3.0 + AGAIN_S] == world.ages
        told = [(what, fact) for _, what, fact in world.listener.told]
        had = ("assigned", {0, 1})
        assert [had, ("revoked", {0, 1}), ("gave up", "broken"), had] == told
        assert 0 == world.log.abandoned

    scenario()


@simulated
async def test_one_that_never_ends_is_disowned() -> None:
    """After its drain and 5 s; whatever it still says is not heard, and it is counted as long as it lives."""
    world = World(ends_after_s=NEVER_S)
    await asyncio.sleep(1.0)
    world.log.give_up("broken")
    await asyncio.sleep(20.0)
    assert [0.0, 1.0 + DRAIN_S + LAST_COMMIT_S + AGAIN_S] == world.ages
    assert ["broken"] == world.listener.of("gave up")
    assert [{0, 1}] == world.listener.of("revoked")
    assert 1 == world.log.abandoned
    before = len(world.listener.told)
    old = world.readers[0]
    old.listener.committed([], "late")
    old.listener.revoked({0, 1})
    old.listener.assigned([])
    old.ended.set()
    await asyncio.sleep(1.0)
    assert before == len(world.listener.told)
    assert old.listener.is_disowned()
    assert 0 == world.log.abandoned


@simulated
async def test_one_that_cannot_start_is_followed_by_another() -> None:
    """As where the process may have no more threads: each time the reason is told, and in the end it reads."""
    world = World()
    world.cannot_start = True
    await asyncio.sleep(AGAIN_S + 1.0)
    assert ["RuntimeError: can't start new thread"] * 2 == world.listener.of("gave up")
    assert all(reader.listener.is_disowned() for reader in world.readers)
    world.cannot_start = False
    await asyncio.sleep(AGAIN_S)
    assert [{0, 1}] == world.listener.of("assigned")
    assert 0 == world.log.abandoned


@simulated
async def test_one_that_falls_silent_is_given_up() -> None:
    """After its drain and a minute: a call that Kafka never answers may keep its thread for ever."""
    world = World(ends_after_s=NEVER_S, is_silent=True)
    limit_s = DRAIN_S + SILENCE_LIMIT_S
    await asyncio.sleep(limit_s - 1.0)
    assert 1 == len(world.readers)
    assert 0 == world.readers[0].stops
    await asyncio.sleep(2.0 + DRAIN_S + LAST_COMMIT_S + AGAIN_S)
    assert [f"its consumer has not answered for {limit_s:g} s"] == world.listener.of("gave up")
    assert 2 == len(world.readers)


@simulated
async def test_no_more_than_five_are_abandoned() -> None:
    """Then nothing is made until one of them has ended, and the reason says what helps."""
    world = World(ends_after_s=NEVER_S, is_silent=True)
    await asyncio.sleep(3600.0)
    assert ABANDONED_MOST == len(world.readers) == world.log.abandoned
    reasons = world.listener.of("gave up")
    assert "5 consumers that were given up do not close: restart this worker" == reasons[-1]
    assert ABANDONED_MOST == len(world.listener.of("revoked"))
    world.readers[2].ended.set()
    await asyncio.sleep(AGAIN_S + 0.1)
    assert ABANDONED_MOST + 1 == len(world.readers)


@simulated
async def test_a_command_is_for_the_reader_that_listens_when_it_is_given() -> None:
    """Until the listener is told that one was given up commands are for that one; from then on for the next."""
    world = World(ends_after_s=1.0)
    await asyncio.sleep(1.0)
    world.log.ask(1)
    world.log.give_up("broken")
    await asyncio.sleep(0.5)
    world.log.pause(0)
    world.listener.answer = lambda: world.log.ask(2)
    await asyncio.sleep(1.0)
    assert ["broken"] == world.listener.of("gave up")
    world.log.resume(0)
    await asyncio.sleep(5.0)
    first, second = world.readers
    assert (2, 2) == (commands_in(first.commands), commands_in(second.commands))


@simulated
async def test_between_two_readers_nothing_is_given_up() -> None:
    """There is nothing: the next one is not ended for what the one before did."""
    world = World()
    await asyncio.sleep(1.0)
    world.log.give_up("broken")
    await asyncio.sleep(2.0)
    world.log.give_up("late")
    await asyncio.sleep(60.0)
    assert 2 == len(world.readers)
    assert 0 == world.readers[1].stops


@pytest.mark.parametrize(("ends_after_s", "closed"), [(1.0, True), (NEVER_S, False)])
def test_closing_ends_by_its_deadline(ends_after_s: float, *, closed: bool) -> None:
    """It says whether all was given back in peace; no other reader is made."""

    @simulated
    async def scenario() -> None:
        world = World(ends_after_s=ends_after_s)
        await asyncio.sleep(1.0)
        began = VirtualClock().monotonic()
        assert closed == await world.log.close(Deadline.after(4.0, VirtualClock()))
        assert (1.0 if closed else 4.0) == VirtualClock().monotonic() - began
        await asyncio.sleep(100.0)
        assert (1, 1, []) == (len(world.readers), world.readers[0].stops, world.listener.of("gave up"))

    scenario()


@simulated
async def test_closing_between_two_readers() -> None:
    """There is nothing to wait for."""
    world = World(ends_after_s=0.0)
    await asyncio.sleep(1.0)
    world.log.give_up("broken")
    await asyncio.sleep(0.5)
    began = VirtualClock().monotonic()
    assert await world.log.close(Deadline.after(4.0, VirtualClock()))
    assert began == VirtualClock().monotonic()
    await asyncio.sleep(100.0)
    assert 1 == len(world.readers)
