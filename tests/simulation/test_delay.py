"""An endpoint with `delay`: nothing comes too early, nothing much too late, in order, and nobody else waits for it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from consumer.endpoint.inspection import facts_of
from consumer.endpoint.reasons import reasons_of
from consumer.worker.health import endpoint_snapshot
from tests.kit.virtual_time import simulated
from tests.simulation.simulation import Reply, World, stored

DELAY_S = 5.0
SOON_S = 0.3
"""Within which an event is sent whose time has come."""
MANY = 1_000
"""More events than are read ahead."""


def delayed(**keys: Any) -> World:
    """A world whose endpoint has a delay; it notes each request that comes too early."""
    return World(**{"delay": f"{DELAY_S:g}s", "partitions": 2, **keys})


def ages(world: World) -> list[float]:
    """How long after its acceptance each event came."""
    return [post.at - world.accepted_at(place) for post in world.posts for place in post.places]


@pytest.mark.parametrize("keys", [{}, {"ordering": "none"}, {"batch": {"max_events": 20}}])
def test_an_event_is_sent_when_it_is_old_enough(keys: dict[str, Any]) -> None:
    """Neither earlier nor, where nothing else holds it up, much later; here events come all the time."""

    @simulated
    async def scenario() -> None:
        world = delayed(**keys)
        world.worker()
        for second in range(60):
            world.events([f"library/{second % 7}", "library/busy"], times=3)
            await asyncio.sleep(0.37)
        await world.finish()
        assert DELAY_S <= min(ages(world))
        assert max(ages(world)) <= DELAY_S + SOON_S

    scenario()


def test_what_is_old_already_does_not_wait() -> None:
    """A worker that was away sends at once what has waited long enough."""

    @simulated
    async def scenario() -> None:
        world = delayed()
        world.events(["a", "b"], times=50)
        await asyncio.sleep(60)
        world.worker()
        assert await world.until(lambda: world.done) < 1.0

    scenario()


def test_young_events_of_one_partition_hold_up_no_other() -> None:
    """However many there are: they are in no window and no lane, and what is read of them is bounded."""

    @simulated
    async def scenario() -> None:
        world = delayed(delay="1h")
        world.events(["old"], times=5 * MANY, partition=0)
        await asyncio.sleep(3600)
        world.events(["young"], times=5 * MANY, partition=1)
        worker = world.worker()
        seconds = await world.until(lambda: not world.unfinished[0])
        assert seconds < 60
        at = worker.endpoint.partitions[1]
        assert (0, True) == (at.ledger.unfinished, at.paused)
        assert 0 < len(at.backlog) < MANY
        assert [] == world.times("young")
        await world.until(lambda: world.group.committed[0] == (5 * MANY, ""))
        await world.finish()

    scenario()


def test_a_clock_that_is_ahead_does_not_hold_up_the_log() -> None:
    """An event from the future is held back for the delay since it was read, or twice that behind others like it."""

    @simulated
    async def scenario() -> None:
        world = delayed()
        world.worker()
        for _ in range(20):
            world.write(replace(stored("a"), ahead_s=1e9), stored("b"))
            await asyncio.sleep(1.0)
        await world.finish()
        assert DELAY_S <= min(ages(world))
        assert max(ages(world)) <= 2 * DELAY_S + SOON_S

    scenario()


def test_a_worker_that_stops_repeats_nothing() -> None:
    """What was held back was owed by nobody yet: the next worker reads it again, and waits for what is left."""

    @simulated
    async def scenario() -> None:
        world = delayed()
        first = world.worker()
        world.events([f"library/{number}" for number in range(9)], times=4)
        await asyncio.sleep(3.0)
        await first.stop()
        world.worker()
        await world.finish()
        assert 0 == world.repeats
        assert max(ages(world)) <= DELAY_S + SOON_S

    scenario()


def test_retries_do_not_wait_for_it() -> None:
    """An event that failed is tried again by its backoff alone."""

    @simulated
    async def scenario() -> None:
        world = delayed(script=lambda post: Reply(500 if post.tries == 1 else 200))
        world.worker()
        world.events(["a"])
        await world.finish()
        first, second = world.times("a")
        assert second - first < 2.0

    scenario()


def test_filtered_events_are_not_held_back() -> None:
    """Nobody waits for them: the cursor passes them as they come."""

    @simulated
    async def scenario() -> None:
        world = delayed(ignore={"actions": ["pull"]}, partitions=1)
        world.worker()
        world.write(*[stored("a", action="pull")] * 20)
        assert await world.until(lambda: world.committed) < 2.0

    scenario()


def test_it_is_said_and_is_no_fault() -> None:
    """While events are held back the reason is that, and the worker counts as doing its work."""

    @simulated
    async def scenario() -> None:
        world = delayed(delay="10m", partitions=1)
        worker = world.worker()
        world.events(["a"], times=2)
        await asyncio.sleep(60)
        reasons = reasons_of(facts_of(worker.endpoint, world.now))
        assert ["held back by delay (10m), the next event for 540 s"] == reasons
        snapshot = endpoint_snapshot(worker.endpoint, world.now)
        assert (2, True) == (snapshot.lag, snapshot.waits_on_purpose)

    scenario()
