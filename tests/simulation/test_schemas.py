"""Records that only a schema registry can explain, while it is away, slow, or comes back: nothing lost, order kept."""

import asyncio
import json
from typing import Any

import pytest

from consumer.endpoint.inspection import live_status_of
from consumer.log.credit import READ_AHEAD, total_cost
from runtime.pauses import Pause
from schemas.catalog import CATALOG
from tests.kit.virtual_time import VirtualClock, run, simulated
from tests.simulation.simulated_log import Stored
from tests.simulation.simulation import (
    GOOD,
    Post,
    Reply,
    SchemaRegistry,
    Worker,
    World,
    damaged,
    foreign,
    newer,
    stored,
)

EVENT = CATALOG.latest.text
NEWER: dict[str, Any] = json.loads(EVENT)
NEWER["fields"].append({"name": "more", "type": ["null", "string"], "default": None})
KNOWN, LATE, NOBODYS, OTHERS, COMING = 1, 2, 404, 5, 6


def registry(**how: Any) -> SchemaRegistry:
    """Two ids of an event's schema, one of something else, one of a newer release."""
    schemas = {KNOWN: EVENT, LATE: EVENT, OTHERS: '"string"', COMING: json.dumps(NEWER)}
    return SchemaRegistry(schemas, **how)


def unreadable(repository: str, schema_id: int) -> Stored:
    """A record with the id of no event."""
    one = foreign(repository, schema_id)
    return Stored(one.key, one.value, readable=False)


def waiting(worker: Worker) -> dict[int, int]:
    """The partitions that wait for the schema registry, and for which id."""
    partitions = worker.endpoint.partitions.items()
    return {number: partition.awaits for number, partition in partitions if partition.awaits is not None}


def held(worker: Worker) -> int:
    """What the worker has read and not admitted, by its cost."""
    return sum(total_cost(partition.backlog) for partition in worker.endpoint.partitions.values())


def test_an_hour_without_the_registry_in_a_mixed_stream() -> None:
    """Where a new id is met its partition stands still, all others are up to date; then all goes on by itself."""

    async def scenario() -> None:
        world = World(partitions=6, schemas=registry())
        worker = world.worker()
        peak = 0

        async def stream(times: int, late_in: set[int]) -> None:
            nonlocal peak
            for at in range(times):
                for number in range(6):
                    names = [f"{number}/a", f"{number}/b"]
                    made = [stored(names[0]), foreign(names[1], KNOWN), foreign(names[0], KNOWN), stored(names[1])]
                    if number in late_in and at % 3 == 2:
                        made.append(foreign(names[at % 2], LATE))
                    world.write(*made, partition=number)
                await asyncio.sleep(10.0)
                peak = max(peak, held(worker))

        await stream(20, set())
        assert world.done, "what it was asked once is known"
        assert world.schemas is not None
        world.schemas.is_away = True
        await stream(360, {0, 1})
        assert {0: LATE, 1: LATE} == waiting(worker)
        assert [0, 1] == [number for number, owed in world.unfinished.items() if owed], world.summary()
        wanted = [f"partition {number} waits for the schema registry, asked for id 2" for number in (0, 1)]
        wanted.insert(0, "schema id 2: the schema registry is away")
        assert wanted == live_status_of(worker.endpoint, VirtualClock()).waits_because
        assert 3_000 < sum(map(len, world.unfinished.values()))
        assert peak < 2 * READ_AHEAD
        world.schemas.is_away = False
        assert await world.finish() < 120.0
        assert ({}, []) == (waiting(worker), live_status_of(worker.endpoint, VirtualClock()).waits_because)
        assert (0, []) == (world.repeats, world.letters)
        assert 6 * 4 * 380 + 2 * 120 == len(world.accepted)
        assert 1 == sum(schema_id == KNOWN for _, schema_id in world.schemas.asked)
        assert sum(schema_id == LATE for _, schema_id in world.schemas.asked) < 140

    told = [line for line in run(scenario()) if line["event"] == "schema_registry.waiting"]
    assert [(LATE, "the schema registry is away")] == [(line["schema_id"], line["error"]) for line in told]


def test_a_waiting_partition_does_not_fill_the_memory() -> None:
    """A long log behind it is left in Kafka; the other partition's records are read and delivered."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=2, schemas=registry(is_away=True))
        world.write(foreign("a", LATE), partition=0)
        world.write(stored("a", pad=7_500), partition=0, times=2_000)
        world.write(stored("b", pad=7_500), partition=1, times=2_000)
        worker = world.worker()
        peak = 0
        while world.unfinished[1]:
            await asyncio.sleep(0.05)
            peak = max(peak, held(worker))
        assert peak < 3 * READ_AHEAD
        given = worker.log.given
        await asyncio.sleep(1000.0)
        assert given == worker.log.given, "nothing more is read for a partition that waits"
        assert world.schemas is not None
        world.schemas.is_away = False
        await world.finish()
        assert 4_001 == len(world.accepted)

    scenario()


@pytest.mark.parametrize("graceful", [True, False])
@pytest.mark.parametrize("answer_s", [0.0, 4.0])
def test_a_restart_while_the_registry_is_away(graceful: bool, answer_s: float) -> None:  # noqa: FBT001
    """The next worker waits at the same record, and goes on from there; after a stop in peace nothing repeats."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=3, schemas=registry(is_away=True, answer_s=answer_s))
        for number in range(3):
            world.write(*[stored(f"{number}/a"), stored(f"{number}/b")] * 30, partition=number)
        world.write(foreign("0/a", LATE), stored("0/b"), foreign("0/a", KNOWN), stored("0/a"), partition=0, times=50)
        bound = 3 * world.settings.concurrency
        for _ in range(3):
            worker = world.worker()
            await asyncio.sleep(20.0)
            assert {0: LATE} == waiting(worker)
            assert [0] == [number for number, owed in world.unfinished.items() if owed]
            before = world.now
            await (worker.stop() if graceful else worker.kill())
            assert world.now - before < 2.0, "a question that is open holds up no stop"
            await asyncio.sleep(1.0)
        assert (60, "") == world.group.committed[0]
        assert world.schemas is not None
        world.schemas.is_away = False
        world.worker()
        await world.finish()
        assert world.repeats <= (0 if graceful else 3 * bound)
        assert ([], 380) == (world.letters, len(world.accepted))

    scenario()


@pytest.mark.parametrize("answer_s", [0.0, 4.0])
@pytest.mark.parametrize("in_peace", [True, False])
def test_a_rebalance_while_the_registry_is_away(answer_s: float, in_peace: bool) -> None:  # noqa: FBT001
    """Whoever has the partition waits and says so, whoever had it no longer does; nothing repeats or is overtaken."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=4, schemas=registry(is_away=True, answer_s=answer_s))
        for number in range(4):
            world.write(stored(f"{number}/a"), stored(f"{number}/b"), partition=number, times=20)
        world.write(foreign("0/a", LATE), stored("0/a"), partition=0, times=20)
        world.write(foreign("1/a", LATE), foreign("1/a", KNOWN), partition=1, times=20)
        first, second = world.worker(), world.worker([])
        await asyncio.sleep(10.0)
        assert {0: LATE, 1: LATE} == waiting(first)
        for has, gets in ((first, second), (second, first), (first, second)):
            moving = {0, 1}
            if in_peace:
                await has.log.revoke(moving)
            else:
                has.log.lose(moving)
            assert ({}, []) == (waiting(has), live_status_of(has.endpoint, VirtualClock()).waits_because)
            gets.log.assign(moving)
            await asyncio.sleep(10.0)
            assert {0: LATE, 1: LATE} == waiting(gets)
            assert ["schema id 2: the schema registry is away"] == gets.endpoint.schema_troubles
            assert [] == has.endpoint.schema_troubles
        assert world.schemas is not None
        asked = len(world.schemas.asked)
        await asyncio.sleep(3600.0)
        assert len(world.schemas.asked) - asked < 130, "one worker asks, every half minute"
        world.schemas.is_away = False
        await world.finish()
        assert (0, [], 240) == (world.repeats, world.letters, len(world.accepted))

    scenario()


def test_a_partition_that_moves_within_an_answer() -> None:
    """An answer that comes when the partition is gone, or is here again, starts nothing twice."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=1, schemas=registry(answer_s=3.0))
        world.write(stored("a"), foreign("a", LATE), stored("a"), foreign("b", KNOWN), times=50)
        worker = world.worker()
        for pause in (1.0, 2.9, 0.2, 3.5, 0.01):
            await asyncio.sleep(pause)
            await worker.log.revoke({0})
            await asyncio.sleep(0.5)
            worker.log.assign({0})
        await world.finish()
        assert (0, [], 200) == (world.repeats, world.letters, len(world.accepted))

    scenario()


def test_a_slow_registry_is_asked_once_for_each_id() -> None:
    """Every record has to wait at most once for each id, however the ids are mixed."""

    @simulated
    async def scenario() -> None:
        slow = registry(answer_s=4.9)
        slow.schemas = dict.fromkeys(range(1, 21), EVENT)
        world = World(partitions=4, schemas=slow)
        for number in range(4):
            world.write(*[foreign(f"{number}/a", at % 20 + 1) for at in range(400)], partition=number)
        world.worker()
        took = await world.finish()
        assert list(range(1, 21)) == sorted(schema_id for _, schema_id in slow.asked)
        assert took < 20 * 4.9 + 30.0
        assert [] == world.letters

    scenario()


def test_what_is_no_event_there_is_given_up_and_what_is_newer_waits() -> None:
    """A dead letter with its reason holds up nobody; a newer release's record stops its partition alone."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=3, schemas=registry())
        lost = [unreadable("a", NOBODYS), unreadable("b", OTHERS), unreadable("a", 2**31), damaged("b", b"\x00")]
        world.write(stored("a"), *lost, foreign("a", KNOWN), stored("b"), partition=0)
        world.write(stored("c"), foreign("c", COMING), stored("c"), partition=1)
        world.write(stored("d"), newer("d"), stored("d"), partition=2)
        worker = world.worker()
        await world.until(lambda: not world.unfinished[0] and len(world.unfinished[1]) == 2)
        await asyncio.sleep(100.0)
        assert [(0, 1), (0, 2), (0, 3), (0, 4)] == sorted(world.dead)
        assert {"undecodable"} == {letter.reason for letter in world.letters}
        said = {letter.place[1]: letter.error for letter in world.letters}
        for offset, schema_id in ((1, NOBODYS), (2, OTHERS)):
            assert f"the schema registry has no schema of an event with the id {schema_id}" == said[offset]
        assert "0x80000000 is no schema id: the largest is 0x7fffffff" == said[3]
        assert [False, True, True] == [bool(at.upgrade_needed) for at in worker.endpoint.partitions.values()]
        assert {(0, 0), (0, 5), (0, 6), (1, 0), (2, 0)} == set(world.accepted)
        assert {NOBODYS, OTHERS, KNOWN, COMING} == {schema_id for _, schema_id in world.schemas.asked}  # type: ignore[union-attr]

    scenario()


@simulated
async def test_what_waits_for_an_upgrade_has_its_age() -> None:
    """It is the oldest of the endpoint, by itself and beside a younger event of another partition."""
    world = World(partitions=2)
    world.write(newer("a"), stored("a"), partition=0)
    worker = world.worker()
    await asyncio.sleep(3600.0)
    assert worker.endpoint.partitions[0].upgrade_needed
    world.hold(Pause(0, "so that it waits"))
    world.write(stored("b"), partition=1)
    await asyncio.sleep(2.0)
    assert 1 == worker.endpoint.partitions[1].ledger.unfinished
    assert live_status_of(worker.endpoint, VirtualClock()).oldest_age_s == pytest.approx(3602.0)


def test_what_was_learnt_goes_with_the_record() -> None:
    """Of 4,000 events held the rest are kept as bytes alone, and decoded again when their turn comes."""

    @simulated
    async def scenario() -> None:
        def script(post: Post) -> Reply:
            return Reply(after_s=20.0) if post.places[0] == (0, 0) else GOOD

        world = World(schemas=registry(), script=script, timeout="30s", concurrency=8, batch={"max_events": 100})
        world.write(foreign("a", LATE), times=6_000)
        world.write(foreign("b", KNOWN))
        worker = world.worker()
        await world.until(lambda: world.accepted[0, 6_000] == 1)
        assert 5_000 < worker.endpoint.lanes.held
        await world.finish()
        assert (0, [], 6_001) == (world.repeats, world.letters, len(world.accepted))

    scenario()


def test_without_a_registry_nobody_waits() -> None:
    """Each record of a foreign id is a dead letter that says what to configure."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=1)
        world.write(stored("a"), unreadable("a", KNOWN), stored("a"), times=3)
        world.worker()
        await world.finish()
        assert {"schema id 1 is not one of the bridge's own, and schema_registry.url is not set"} == {
            letter.error for letter in world.letters
        }
        assert (3, 6) == (len(world.letters), len(world.accepted))

    scenario()
