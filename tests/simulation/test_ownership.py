"""Partitions that no worker has: a member that was forgotten joins anew, says so, and nobody does without need."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from consumer.worker.orphans import LATER_S, PATIENCE_S
from consumer.worker.ownership import AGAIN_S, EVERY_S, Ownership
from runtime.kafka.cluster_state import GroupMembers, Member
from runtime.kafka.errors import KafkaUnavailableError
from tests.kit.virtual_time import VirtualClock, run, simulated
from tests.simulation.simulation import GROUP, Worker, World

DRAIN_S = 10.0
LATEST_S = PATIENCE_S + DRAIN_S + EVERY_S + AGAIN_S
"""When a partition without an owner has been seen for too long at the latest."""


@dataclass
class Watched:
    """Workers, each with its watch; the group says of them what they have, or what the test says."""

    world: World
    workers: list[Worker] = field(default_factory=list)
    watches: list[Ownership] = field(default_factory=list)
    asked: int = 0
    says: Callable[[GroupMembers], GroupMembers] = lambda known: known
    is_away: bool = False
    _watching: list[asyncio.Task[None]] = field(default_factory=list)

    def worker(self, partitions: Collection[int]) -> Worker:
        """One more, with these partitions."""
        made = self.world.worker(partitions)
        made.log.member_id = f"member-{len(self.workers)}"
        watch = Ownership([made.endpoint], self, clock=VirtualClock(), jitter=lambda: 0.0)
        self._watching.append(asyncio.create_task(watch.watch()))
        self.workers.append(made)
        self.watches.append(watch)
        return made

    def partitions(self) -> Collection[int]:
        """The partitions of the topic."""
        if self.is_away:
            raise KafkaUnavailableError("no answer")
        return self.world.topic.partitions

    def members(self, groups: Collection[str]) -> Mapping[str, GroupMembers]:
        """What the group says."""
        assert [GROUP] == list(groups)
        self.asked += 1
        members = tuple(Member("h", tuple(one.log.epochs), one.log.member_id) for one in self.workers)
        return {GROUP: self.says(GroupMembers(members, "consumer"))}

    @property
    def troubles(self) -> list[str]:
        """Of each worker."""
        return [watch.trouble(one.endpoint) for one, watch in zip(self.workers, self.watches, strict=True)]

    @property
    def rejoins(self) -> list[int]:
        """How often each joined anew."""
        return [len(one.log.rejoined) for one in self.workers]


def test_a_member_that_was_forgotten_joins_anew() -> None:
    """It is unready with the reason, says in one line what it does, and has its partitions then: all is delivered."""

    async def scenario() -> None:
        watched = Watched(World(partitions=4))
        first, forgotten = watched.worker({0, 1}), watched.worker(set())
        forgotten.log.rejoins_with = {2, 3}
        watched.world.events([f"r{number}" for number in range(40)])
        await asyncio.sleep(PATIENCE_S)
        assert ["", ""] == watched.troubles
        took = PATIENCE_S + await watched.world.until(lambda: any(watched.troubles), 60.0)
        assert took <= LATEST_S
        assert all("no worker has had partitions 2, 3 for 7" in trouble for trouble in watched.troubles)
        await watched.world.finish(60.0)
        await asyncio.sleep(60.0)
        assert ([0, 1], ["", ""]) == (watched.rejoins, watched.troubles)
        assert 0 == watched.world.repeats
        assert {0, 1} == set(first.log.epochs)

    (line,) = [line for line in run(scenario()) if line["event"] == "endpoint.rejoins"]
    assert "partitions 2, 3" in line["reason"]


@simulated
async def test_where_the_group_thinks_that_it_has_them() -> None:
    """A member knows better what it has than its group does."""
    watched = Watched(World(partitions=4))
    watched.worker({0, 1})
    forgotten = watched.worker(set())
    forgotten.log.rejoins_with = {2, 3}
    watched.says = lambda known: GroupMembers((known.members[0], Member("h", (2, 3), "member-1")), "consumer")
    await asyncio.sleep(LATEST_S + AGAIN_S)
    assert [0, 1] == watched.rejoins
    assert {2, 3} == set(forgotten.endpoint.partitions)


@simulated
async def test_members_that_all_have_partitions() -> None:
    """Half a minute later one of them joins anew; nothing that it had is delivered twice."""
    watched = Watched(World(partitions=4))
    one, _ = watched.worker({0, 1}), watched.worker({3})
    one.log.rejoins_with = {0, 1, 2}
    watched.world.events([f"r{number}" for number in range(40)], times=5)
    await watched.world.finish(LATEST_S + LATER_S + 2 * AGAIN_S)
    assert 0 == watched.world.repeats


@simulated
async def test_joining_anew_that_does_not_help_is_no_storm() -> None:
    """Two workers for an hour: some times each, ever more seldom, and never ready meanwhile."""
    watched = Watched(World(partitions=4))
    watched.worker({0, 1})
    watched.worker(set())
    await asyncio.sleep(LATEST_S)
    for _ in range(360):
        await asyncio.sleep(10.0)
        assert all("partitions 2, 3" in trouble for trouble in watched.troubles)
    assert all(4 <= count <= 9 for count in watched.rejoins), watched.rejoins


@simulated
async def test_more_workers_than_partitions_are_no_fault() -> None:
    """A member without partitions is one in reserve, however long."""
    watched = Watched(World(partitions=2))
    for partitions in ({0}, {1}, set[int](), set[int]()):
        watched.worker(partitions)
    for _ in range(360):
        await asyncio.sleep(10.0)
        assert ["", "", "", ""] == watched.troubles
    assert [0, 0, 0, 0] == watched.rejoins


@simulated
async def test_a_slow_rebalance_is_no_fault() -> None:
    """Partitions that are handed over once a minute, each for as long as a drain takes: nobody has them meanwhile."""
    watched = Watched(World(partitions=4))
    here, there = watched.worker({0, 1, 2}), watched.worker({3})
    for _ in range(60):
        await here.log.revoke({2})
        await asyncio.sleep(DRAIN_S + 5.0)
        assert ["", ""] == watched.troubles
        there.log.assign({2})
        await asyncio.sleep(45.0)
        here, there = there, here
    assert [0, 0] == watched.rejoins


@simulated
async def test_what_is_not_known_is_no_fault() -> None:
    """The group does not answer, or all its members join anew, as `classic` has it: for an hour."""
    watched = Watched(World(partitions=4))
    watched.worker({0, 1})
    for says in (GroupMembers(obstacle="no answer"), GroupMembers(is_rebalancing=True)):
        watched.says = lambda _, says=says: says  # type: ignore[misc]
        for _ in range(360):
            await asyncio.sleep(10.0)
            assert [""] == watched.troubles
    watched.is_away = True
    await asyncio.sleep(3600.0)
    assert ([""], [0]) == (watched.troubles, watched.rejoins)


@simulated
async def test_one_worker_alone_asks_nobody() -> None:
    """It has all partitions: there is nothing to ask for."""
    watched = Watched(World(partitions=4))
    watched.worker({0, 1, 2, 3})
    await asyncio.sleep(3600.0)
    assert 0 == watched.asked
