"""Parent and keepers in virtual time, over children that do as they are told."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from runtime.config.load import settings_from
from runtime.config.settings import Settings
from runtime.deadline import CLOSE_GRACE_S
from runtime.processes.family_reload import NotReloadedError, reload_all
from runtime.processes.keeper import REFUSED, Keeper
from runtime.processes.parent import MARGIN_S, Parent
from runtime.processes.restart_pauses import RestartPauses
from runtime.processes.slot import ChildSlot
from tests.kit.virtual_time import VirtualClock, simulated

START_S = 1.0
DRAIN_S = 10.0
NEW = settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:9"}})
KILLED = -9


class FakeChild:
    """A child that is up after a second, and stops within half of one."""

    def __init__(self, number: int, *, ends_at_start: int | None, hangs: bool) -> None:
        self.pid = number
        self._ends_at_start = ends_at_start
        self._hangs = hangs
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.settings: list[Settings] = []
        """What it was given by reloads."""

    async def up(self) -> bool:
        """After a second."""
        await asyncio.sleep(START_S)
        if self._ends_at_start is not None:
            self.end(self._ends_at_start)
        return self._ends_at_start is None

    async def reload(self, settings: Settings) -> str:
        """It takes them at once, or never answers."""
        if self._hangs:
            await asyncio.Event().wait()
        self.settings.append(settings)
        return ""

    async def ended(self) -> int:
        """When it was ended."""
        return await self._status

    def stop(self) -> None:
        """It takes a moment, or for ever."""
        if not self._hangs:
            asyncio.get_running_loop().call_later(0.5, self.end, 0)

    def kill(self) -> None:
        """At once."""
        self.end(KILLED)

    def end(self, status: int) -> None:
        """End it."""
        if not self._status.done():
            self._status.set_result(status)


@dataclass
class FakeStarter:
    """Starts such children, and keeps them by number; the script says what is wrong with which."""

    ends_at_start: dict[int, int] = field(default_factory=dict)
    hang: frozenset[int] = frozenset()
    impossible: int = 0
    """How many of the next cannot be started."""
    children: dict[int, list[FakeChild]] = field(default_factory=dict)
    at: list[tuple[int, float]] = field(default_factory=list)

    async def start(self, slot: ChildSlot) -> FakeChild:
        """As the script says."""
        self.at.append((slot.number, asyncio.get_running_loop().time()))
        if self.impossible:
            self.impossible -= 1
            raise BlockingIOError(11, "Resource temporarily unavailable")
        number = slot.number
        child = FakeChild(number, ends_at_start=self.ends_at_start.get(number), hangs=number in self.hang)
        self.children.setdefault(number, []).append(child)
        return child


class Family:
    """A parent of two, over fakes."""

    def __init__(self, starter: FakeStarter) -> None:
        self.starter = starter
        self.keepers = [
            Keeper(ChildSlot(number, Path("/nowhere")), starter, RestartPauses(lambda: 0.0), VirtualClock())
            for number in (1, 2)
        ]
        self.stop = asyncio.Event()
        self.running = asyncio.create_task(Parent(self.keepers, drain_s=DRAIN_S).keep(self.stop))

    async def end(self) -> tuple[int, float]:
        """Ask it to stop; the exit status, and how long that took."""
        began = asyncio.get_running_loop().time()
        self.stop.set()
        return await self.running, asyncio.get_running_loop().time() - began


@simulated
async def test_the_first_shows_the_way() -> None:
    """The second is started when the first is up; both are asked to stop, and the exit status is 0."""
    family = Family(FakeStarter())
    await asyncio.sleep(START_S - 0.1)
    assert ["it is starting", "it is not started yet"] == [keeper.trouble for keeper in family.keepers]
    await asyncio.sleep(START_S + 0.2)
    assert ["", ""] == [keeper.trouble for keeper in family.keepers]
    assert (0, 0.5) == await family.end()


@simulated
async def test_a_configuration_that_is_refused_ends_all() -> None:
    """With its exit status, and nothing else is started."""
    family = Family(FakeStarter(ends_at_start={1: REFUSED}))
    assert REFUSED == await family.running
    assert {1} == family.starter.children.keys()


@simulated
async def test_a_refusal_later_ends_nobody() -> None:
    """Others work: the one is tried again."""
    family = Family(FakeStarter())
    await asyncio.sleep(5.0)
    family.starter.ends_at_start[1] = REFUSED
    family.starter.children[1][0].end(KILLED)
    await asyncio.sleep(10.0)
    assert not family.running.done()
    assert family.keepers[0].restarts > 1
    assert (0, "") == (family.keepers[1].restarts, family.keepers[1].trouble)
    family.stop.set()
    await family.running


@simulated
async def test_a_child_that_ends_is_started_again() -> None:
    """After a pause that grows, and is counted; meanwhile its state says why."""
    family = Family(FakeStarter(ends_at_start={2: 1}))
    await asyncio.sleep(START_S + 0.1)
    await asyncio.sleep(17.0)
    begun = [at for number, at in family.starter.at if number == 2]
    waits = [round(later - earlier - START_S, 3) for earlier, later in pairwise(begun)]
    assert [1.0, 2.0, 4.0] == waits[:3]
    assert len(begun) - 1 == family.keepers[1].restarts
    assert "it ended (exit 1), and is started again after a pause of 8.0 s" == family.keepers[1].trouble
    assert (0, 0.5) == await family.end(), "the pause does not delay the end"


@simulated
async def test_no_process_to_be_had() -> None:
    """Is another reason to try again."""
    family = Family(FakeStarter(impossible=2))
    await asyncio.sleep(0.5)
    assert "Resource temporarily unavailable" in family.keepers[0].trouble
    await asyncio.sleep(6.0)
    assert ["", ""] == [keeper.trouble for keeper in family.keepers]
    assert (0, 0.5) == await family.end()


@simulated
async def test_one_that_does_not_stop_is_killed() -> None:
    """After its own deadline and a margin; the exit status says that not all was well."""
    family = Family(FakeStarter(hang=frozenset({2})))
    await asyncio.sleep(5.0)
    assert (1, DRAIN_S + CLOSE_GRACE_S + MARGIN_S) == await family.end()


@simulated
async def test_a_stop_while_the_first_starts() -> None:
    """It is asked at once, and no other is started."""
    family = Family(FakeStarter())
    await asyncio.sleep(0.1)
    status, _ = await family.end()
    assert (0, {1}) == (status, set(family.starter.children))


@simulated
async def test_a_child_that_ends_while_it_stops_is_not_started_again() -> None:
    """Whatever ended it: its exit status counts."""
    family = Family(FakeStarter(hang=frozenset({1})))
    await asyncio.sleep(5.0)
    family.stop.set()
    await asyncio.sleep(0.1)
    family.starter.children[1][0].end(1)
    assert 1 == await family.running
    assert [0, 0] == [keeper.restarts for keeper in family.keepers]


@simulated
async def test_a_reload_reaches_all_that_run() -> None:
    """One that is starting has begun with the settings of before, and gets the new ones when it listens."""
    family = Family(FakeStarter())
    await asyncio.sleep(START_S + 0.5)
    await reload_all(family.keepers, NEW, limit_s=1.0)
    first, second = (family.starter.children[number][0] for number in (1, 2))
    assert ([NEW], []) == (first.settings, second.settings)
    await asyncio.sleep(START_S)
    assert ([NEW], [NEW]) == (first.settings, second.settings)
    second.end(KILLED)
    await asyncio.sleep(5.0)
    assert [] == family.starter.children[2][1].settings, "its starter has them"
    await family.end()


@simulated
async def test_a_reload_that_a_child_does_not_take_is_told() -> None:
    """With its number; the others have taken it."""
    family = Family(FakeStarter(hang=frozenset({2})))
    await asyncio.sleep(5.0)
    with pytest.raises(NotReloadedError, match="process 2 has not taken it: it did not answer within 3 s"):
        await reload_all(family.keepers, NEW, limit_s=3.0)
    assert [NEW] == family.starter.children[1][0].settings
    await family.end()
