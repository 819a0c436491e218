"""An operator holds an endpoint: nothing starts, nothing is lost or repeated by it, and it goes on where it was."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from consumer.endpoint.inspection import facts_of, live_status_of
from consumer.endpoint.reasons import reasons_of
from consumer.worker.health import endpoint_snapshot
from consumer.worker.readiness import Readiness
from consumer.worker.retention import guard_retention
from runtime.pauses import Pause
from tests.kit.virtual_time import VirtualClock, running_loop, simulated
from tests.simulation.simulation import GOOD, Reply, World, always, damaged, stored

REPOSITORIES = [f"library/{number}" for number in range(40)]
PAUSE = Pause(1_700_000_000_000, "their release")
HOUR_S = 3600.0


@simulated
async def test_what_is_in_flight_ends_and_nothing_else_starts() -> None:
    """The requests under way are finished and committed; an hour later all others are as they were."""
    world = World(partitions=4, script=always(200, after_s=0.5), concurrency=8)
    world.events(REPOSITORIES, times=5)
    world.worker()
    await world.until(lambda: len(world.posts) >= 20)
    world.hold(PAUSE)
    sent = len(world.posts)
    await asyncio.sleep(2.0)
    assert sent == sum(world.accepted.values()), "what was in flight has ended"
    committed = dict(world.group.committed)
    await asyncio.sleep(HOUR_S)
    assert sent == len(world.posts)
    assert committed == world.group.committed
    world.hold(None)
    await world.finish()
    assert 0 == world.repeats
    assert 200 == len(world.accepted) == len(world.posts)


@simulated
async def test_a_pause_outlives_restarts_and_rebalances() -> None:
    """Workers that stop, are killed or join meanwhile send nothing, and repeat no more than a kill allows."""
    world = World(partitions=4, concurrency=4)
    world.events(REPOSITORIES, times=20)
    first = world.worker()
    await world.until(lambda: len(world.posts) >= 100)
    world.hold(PAUSE)
    await asyncio.sleep(3.0)
    sent = len(world.posts)
    await first.stop()
    second = world.worker([0, 1])
    third = world.worker([2, 3])
    await asyncio.sleep(60.0)
    await second.log.revoke({1})
    third.log.assign([1])
    await second.kill()
    world.worker([0])
    await asyncio.sleep(60.0)
    assert sent == len(world.posts)
    world.hold(None)
    await world.finish()
    assert 0 == world.repeats, "nothing was in flight at the kill, and all that was finished had been committed"
    assert 800 == len(world.accepted)


@pytest.mark.parametrize("reply", [Reply(503), Reply(405), Reply(500), Reply(429, retry_after="900")])
def test_a_pause_holds_probes_and_retries_too(reply: Reply) -> None:
    """An open breaker does not probe, what failed is not tried again; afterwards nothing has become a dead letter."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=2, script=lambda _: reply, threshold=5)
        world.events(REPOSITORIES[:4], times=3)
        worker = world.worker()
        await asyncio.sleep(2.0)
        world.hold(PAUSE)
        await asyncio.sleep(1.0)
        sent, letters = len(world.posts), list(world.letters)
        await asyncio.sleep(HOUR_S)
        assert sent == len(world.posts)
        assert letters == world.letters
        world.script = always(200)
        world.hold(None)
        worker.endpoint.acts.try_now()
        assert await world.finish() < 20.0
        assert 12 == len(world.accepted)

    scenario()


@simulated
async def test_an_operators_word_probes_at_once() -> None:
    """An endpoint that is back is not left alone for the rest of five minutes; one that is not waits again."""
    world = World(partitions=2, script=always(503))
    world.events(REPOSITORIES)
    worker = world.worker()
    await asyncio.sleep(HOUR_S)
    assert worker.is_open()
    sent = len(world.posts)
    assert worker.endpoint.acts.try_now()
    await asyncio.sleep(0.5)
    assert sent + 1 == len(world.posts)
    assert worker.is_open()
    world.script = always(200)
    worker.endpoint.acts.try_now()
    assert await world.finish() < 5.0
    assert 40 == len(world.accepted)


@simulated
async def test_without_anything_to_wait_for_nothing_is_probed() -> None:
    """A closed breaker stays as it is: the word changes nothing, and says so."""
    world = World()
    world.events(REPOSITORIES)
    worker = world.worker()
    await world.finish()
    assert not worker.endpoint.acts.try_now()
    await asyncio.sleep(1.0)
    assert 40 == len(world.posts)


@simulated
async def test_a_paused_endpoint_says_so_and_is_no_fault() -> None:
    """It is the first reason, also while nothing waits; a probe of the process finds it ready; its age is known."""
    world = World(partitions=2)
    worker, readiness = world.worker(), Readiness("ci")
    world.hold(PAUSE)
    await asyncio.sleep(1.0)
    status = live_status_of(worker.endpoint, VirtualClock())
    assert [str(PAUSE)] == status.waits_because
    assert PAUSE.as_json() == status.paused
    world.events(REPOSITORIES, times=100)
    for _ in range(600):
        await asyncio.sleep(1.0)
        assert [] == readiness.look(endpoint_snapshot(worker.endpoint, world.now), world.now)
    assert str(PAUSE) == reasons_of(facts_of(worker.endpoint, world.now))[0]
    age = live_status_of(worker.endpoint, VirtualClock()).oldest_age_s
    assert age is not None, "retention is warned of by it"


@simulated
async def test_retention_is_warned_of_all_the_same() -> None:
    """A pause is meant, and what retention removes meanwhile is lost: half of its time before that, a warning."""
    world = World()
    world.hold(PAUSE)
    world.events(["a"])
    worker = world.worker()
    with capture_logs() as lines:
        guard = asyncio.create_task(guard_retention([worker.endpoint], 2 * HOUR_S, VirtualClock()))
        await asyncio.sleep(HOUR_S / 2)
        assert [] == [line for line in lines if line["event"] == "endpoint.retention_near"]
        await asyncio.sleep(HOUR_S)
        guard.cancel()
    assert ["warning"] == [line["log_level"] for line in lines if line["event"] == "endpoint.retention_near"]


@simulated
async def test_retention_is_warned_of_where_one_age_is_not_known() -> None:
    """The oldest of all may be older than that of the other partition, and is no younger."""
    world = World(partitions=2)
    world.hold(PAUSE)
    world.write(replace(stored("a"), ahead_s=-1e11), partition=0)
    world.events(["b"], partition=1)
    worker = world.worker()
    with capture_logs() as lines:
        await asyncio.sleep(HOUR_S)
        guard = asyncio.create_task(guard_retention([worker.endpoint], HOUR_S, VirtualClock()))
        await asyncio.sleep(1.0)
        guard.cancel()
    assert live_status_of(worker.endpoint, VirtualClock()).oldest_age_s is None
    assert ["1h"] == [line["oldest_age"] for line in lines if line["event"] == "endpoint.retention_near"]


@simulated
async def test_a_pause_is_bounded_and_costs_nothing() -> None:
    """Fifty thousand records wait in Kafka and not in memory, and nobody looks a thousand times a second."""
    world = World(partitions=4)
    world.hold(PAUSE)
    world.events([f"library/{number}" for number in range(1000)], times=50)
    worker, loop = world.worker(), running_loop()
    await asyncio.sleep(60.0)
    before = loop.turns
    await asyncio.sleep(1000.0)
    assert loop.turns - before < 4000
    backlog = sum(len(partition.backlog) for partition in worker.endpoint.partitions.values())
    assert worker.endpoint.lanes.held + backlog < 2500
    assert [] == world.posts


@simulated
async def test_what_cannot_be_read_needs_no_endpoint() -> None:
    """A record that no release can read becomes a dead letter in a pause too: nothing is sent for it."""
    world = World(partitions=1)
    world.hold(PAUSE)
    world.write(damaged("a"))
    world.events(["b"])
    world.worker()
    await asyncio.sleep(5.0)
    assert [(0, 0)] == world.dead
    assert [] == world.posts
    world.script = lambda _: GOOD
    world.hold(None)
    await world.finish()
    assert [(0, 1)] == list(world.accepted)
