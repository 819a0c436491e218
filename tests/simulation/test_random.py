"""Anything may happen in any order: the promise holds, and once the endpoint is well everything ends."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from consumer.delivery.policy.outcome import Fault
from runtime.pauses import Pause
from tests.kit.examples import examples
from tests.kit.virtual_time import run
from tests.simulation.simulated_log import Stored
from tests.simulation.simulation import GOOD, Reply, Worker, World, damaged, stored

PARTITIONS = 3
REPLIES = st.sampled_from(
    [
        *(GOOD, GOOD, GOOD, GOOD, Reply(after_s=0.3), Reply(204, after_s=0.9)),
        *(Reply(500), Reply(500, after_s=0.2), Reply(422), Reply(404), Reply(401, after_s=0.5), Reply(302)),
        *(Reply(429), Reply(429, retry_after="1"), Reply(503, retry_after="3"), Reply(503, after_s=50.0)),
        *(Reply(fault=Fault.DNS), Reply(fault=Fault.RESET, after_s=0.7)),
    ]
)
RECORDS = st.lists(
    st.one_of(
        st.sampled_from(["a", "a", "a", "b", "b", "c", ""]).map(stored),
        st.sampled_from(["a", "b"]).map(damaged),
        st.sampled_from(["a", "c"]).map(lambda repository: stored(repository, action="pull")),
    ),
    min_size=12,
    max_size=60,
)
WAITS = st.sampled_from([0.0, 0.001, 0.006, 0.013, 0.11, 0.7, 1.0, 2.3, 9.0])
PEACEFUL = ("write", "stop", "move", "move", "wait", "pause", "resume")
VIOLENT = ("kill", "lose", "give up", "commits fail", "commits work", "letters fail", "letters work")


def histories(*kinds: str) -> st.SearchStrategy[list[tuple[str, int, float]]]:
    """Steps of these kinds, each with the partition that it strikes and the wait after it."""
    step = st.tuples(st.sampled_from(kinds), st.integers(0, PARTITIONS - 1), WAITS)
    return st.lists(step, min_size=3, max_size=14)


STEPS = st.one_of(histories(*PEACEFUL), histories(*PEACEFUL, *VIOLENT))
KEYS = st.fixed_dictionaries(
    {
        "concurrency": st.integers(1, 4),
        "batch": st.sampled_from([{"max_events": 1}, {"max_events": 3}, {"max_events": 5, "linger": "100ms"}]),
        "attempts": st.integers(1, 4),
        "threshold": st.integers(1, 5),
        "ordering": st.sampled_from(["repository", "repository", "none"]),
        "max_backoff": st.just("8s"),
        "rate_limit": st.sampled_from([30, 1000]),
        "ignore": st.just({"actions": ["pull"]}),
        "delay": st.sampled_from(["0s", "0s", "2s"]),
    }
)


@dataclass
class History:
    """A run of random steps, and how many times repeats were allowed."""

    world: World
    records: list[Stored]
    owners: dict[int, Worker] = field(default_factory=dict)
    disturbances: int = 0

    async def live(self, steps: list[tuple[str, int, float]]) -> None:
        """All steps, then a well endpoint until all is done."""
        worker = self.world.worker()
        self.owners = dict.fromkeys(range(PARTITIONS), worker)
        await asyncio.sleep(0.02)
        for step, number, wait_s in steps:
            await self.step(step, number)
            await asyncio.sleep(wait_s)
        self.world.hold(None)
        self.world.script = lambda _: GOOD
        self.world.group.fault = lambda _: ""
        self.world.letters_fault = lambda _: False
        await self.world.finish(400.0)

    async def step(self, step: str, number: int) -> None:
        """One of them."""
        world, owner = self.world, self.owners[number]
        mine = {at for at, worker in self.owners.items() if worker is owner}
        failing = bool(world.group.fault(0.0))
        match step:
            case "write":
                world.write(*self.records[: 5 + number], partition=number)
            case "kill":
                self.disturbances += 1
                await owner.kill()
                await self.start(mine)
            case "stop":
                self.disturbances += failing
                await owner.stop()
                await self.start(mine)
            case "move":
                self.disturbances += failing
                await owner.log.revoke({number})
                self.give(number, mine)
            case "lose":
                self.disturbances += 1
                owner.log.lose({number})
                self.give(number, mine)
            case "give up":
                self.disturbances += 1
                await owner.log.fail("simulated", again_s=0.5)
            case "pause" | "resume":
                world.hold(Pause(0) if step == "pause" else None)
            case "commits fail" | "commits work":
                world.group.fault = (lambda _: "simulated") if step == "commits fail" else (lambda _: "")
            case "letters fail" | "letters work":
                world.letters_fault = (lambda _: True) if step == "letters fail" else (lambda _: False)

    async def start(self, partitions: set[int]) -> None:
        """A new worker in the place of one that ended."""
        worker = self.world.worker(partitions)
        self.owners.update(dict.fromkeys(partitions, worker))
        await asyncio.sleep(0.02)

    def give(self, number: int, mine: set[int]) -> None:
        """Another worker gets the partition, or the same one again."""
        others = [self.owners[at] for at in self.owners if at not in mine]
        self.owners[number] = others[0] if others else self.owners[number]
        self.owners[number].log.assign([number])


@settings(max_examples=examples(500, suite=60))
@given(
    keys=KEYS, records=RECORDS, replies=st.lists(REPLIES, min_size=4, max_size=40), steps=STEPS, seed=st.integers(0, 9)
)
def test_whatever_happens_everything_arrives_in_order(
    keys: dict[str, Any], records: list[Stored], replies: list[Reply], steps: list[tuple[str, int, float]], seed: int
) -> None:
    """At least once, in order within a repository, never two at a time, few repeats; and it ends."""
    world = World(partitions=PARTITIONS, seed=seed, **keys)
    answers = iter(replies)
    world.script = lambda post: next(answers, replies[len(post.places) % len(replies)])

    async def scenario() -> None:
        for number in range(PARTITIONS):
            world.write(*records[number::PARTITIONS], partition=number)
        history = History(world, records)
        await history.live(steps)
        width = world.settings.concurrency * world.settings.batch.max_events
        note(world.summary())
        assert world.repeats <= history.disturbances * 3 * width
        owed = {(n, at) for n, content in world.topic.partitions.items() for at, r in enumerate(content) if r.owed}
        assert owed == {*world.accepted, *world.dead}
        torn = {place for place in owed if world.topic.partitions[place[0]][place[1]].value == b"\x00damaged"}
        assert torn <= set(world.dead)
        assert not torn & set(world.accepted)
        for worker in set(history.owners.values()):
            assert 0 == worker.endpoint.dispatcher.in_flight.events
            assert 0 == worker.endpoint.lanes.held
            assert 0 == worker.endpoint.lanes.bytes
            assert not any(partition.bytes for partition in worker.endpoint.partitions.values())
            assert 0 == worker.endpoint.lanes.startable
            assert 0 == len(worker.endpoint.lanes)

    run(scenario())
