"""Restarts, rebalances and commits that fail, in the middle of anything: nothing lost, order kept, repeats bounded."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.virtual_time import simulated
from tests.simulation.simulation import GOOD, Post, Reply, World

REPOSITORIES = [f"library/{number}" for number in range(60)]


def alternating() -> Callable[[Post], Reply]:
    """500 and 200 in turn."""
    count = iter(range(10**9))
    return lambda _: Reply(500 if next(count) % 2 == 0 else 200)


def serial() -> Callable[[Post], Reply]:
    """One request at a time, 50 ms each."""
    free = [0.0]

    def script(post: Post) -> Reply:
        free[0] = max(free[0], post.at) + 0.05
        return Reply(after_s=free[0] - post.at)

    return script


SITUATIONS: dict[str, tuple[dict[str, Any], Callable[[], Callable[[Post], Reply]]]] = {
    "good": ({}, lambda: lambda _: GOOD),
    "slow": ({}, lambda: lambda _: Reply(after_s=0.4)),
    "poison": ({}, lambda: lambda post: Reply(500) if post.places[0] == (3, 9) else GOOD),
    "rejecting": ({}, lambda: lambda post: Reply(422) if post.at < 1020.0 and post.places[0][1] % 70 < 9 else GOOD),
    "alternating": ({}, alternating),
    "outage": ({}, lambda: lambda post: Reply(401) if post.at < 1030.0 else GOOD),
    "wrong url": ({}, lambda: lambda post: Reply(405) if post.at < 1030.0 else GOOD),
    "limiter": ({}, lambda: lambda post: Reply(429, retry_after="1") if int(post.at * 10) % 10 > 2 else GOOD),
    "serial": ({}, serial),
    "batches": ({"batch": {"max_events": 10}}, lambda: lambda post: Reply(422) if (0, 7) in post.places else GOOD),
    "narrow": ({"concurrency": 2}, lambda: lambda _: Reply(after_s=0.02)),
    "rate": ({"rate_limit": 40}, lambda: lambda _: GOOD),
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("after_s", [0.03, 0.7])
def test_kills_repeat_no_more_than_promised(situation: str, after_s: float) -> None:
    """SIGKILL at most 3 x `concurrency` x `max_events` repeats; nothing is lost, no order broken."""

    @simulated
    async def scenario() -> None:
        keys, script = SITUATIONS[situation]
        world = World(partitions=4, script=script(), seed=7, **keys)
        world.events(REPOSITORIES, times=10)
        bound = 3 * world.settings.concurrency * world.settings.batch.max_events
        for _ in range(4):
            worker = world.worker()
            await asyncio.sleep(after_s)
            before = world.repeats
            await worker.kill()
            await asyncio.sleep(0.01)
            assert world.repeats - before <= bound
        world.worker()
        await world.finish()
        if situation != "serial":  # there the endpoint takes requests that have timed out
            assert world.repeats <= 4 * bound
        assert 600 == len({*world.accepted, *world.dead})

    scenario()


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("after_s", [0.03, 0.7])
def test_graceful_restarts_repeat_nothing(situation: str, after_s: float) -> None:
    """SIGTERM in the middle of anything: what is in flight ends, and is committed."""

    @simulated
    async def scenario() -> None:
        keys, script = SITUATIONS[situation]
        world = World(partitions=4, script=script(), seed=7, **keys)
        world.events(REPOSITORIES, times=10)
        for _ in range(4):
            worker = world.worker()
            await asyncio.sleep(after_s)
            await worker.stop()
            sent = len(world.posts)
            await asyncio.sleep(5.0)
            assert sent == len(world.posts), "sent after its stop"
        world.worker()
        await world.finish()
        assert {1} == set(world.accepted.values()) or situation == "serial"
        assert len(world.dead) == len(set(world.dead))
        assert 600 == len({*world.accepted, *world.dead})

    scenario()


@simulated
async def test_a_failing_request_is_not_tried_again_while_its_partition_is_drained() -> None:
    """A drain waits for a slow answer; what failed meanwhile is the next worker's."""
    slow = {"slow": Reply(after_s=5.0), "bad": Reply(404, after_s=0.3), "split": Reply(500, after_s=0.4)}
    world = World(
        partitions=1,
        timeout="8s",
        backoff="100ms",
        script=lambda post: slow.get(post.repositories[0], GOOD),
        batch={"max_events": 2},
    )
    worker = world.worker()
    world.events(["slow"], times=2)
    await asyncio.sleep(1.0)
    world.events(["split"], times=2)
    world.events(["bad"], times=2)
    await asyncio.sleep(0.02)
    assert 3 == worker.endpoint.dispatcher.in_flight.requests
    await worker.log.revoke({0})
    assert 3 == len(world.posts)
    assert 1005.0 < world.now < 1006.5


@simulated
async def test_a_drain_ends_in_time_and_the_last_commit_says_what_was_delivered() -> None:
    """Answers that never come are given up after `drain`; the rest is committed, holes and all."""
    world = World(timeout="60s", script=lambda post: Reply(500, after_s=1e6) if "stuck" in post.repositories else GOOD)
    world.events(["stuck", *REPOSITORIES], times=3)
    worker = world.worker()
    await asyncio.sleep(1.0)
    worker.log.drain_s = 2.0
    before = world.now
    await worker.log.revoke({0})
    assert world.now - before < 2.1
    offset, metadata = world.group.committed[0]
    assert 0 == offset
    assert metadata
    assert 0 == worker.endpoint.dispatcher.in_flight.requests
    assert 0 == worker.endpoint.lanes.held
    world.script = lambda _: GOOD
    worker.log.assign([0])
    await world.finish(10.0)
    assert 0 == world.repeats


@pytest.mark.parametrize("gap_s", [None, 0.0, 0.001, 0.2])
@pytest.mark.parametrize("max_events", [1, 10])
def test_lost_and_assigned_again_at_once_overlaps_in_no_lane(gap_s: float | None, max_events: int) -> None:
    """What belongs to the old assignment is not sent again, changes nothing, and leaves no lane standing."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=3, batch={"max_events": max_events}, script=lambda _: Reply(after_s=0.13))
        world.events(REPOSITORIES, times=30)
        worker = world.worker()
        await asyncio.sleep(0.5)
        repeats_possible = 0
        for _ in range(3):
            repeats_possible += worker.endpoint.repeats_possible
            worker.log.lose({0, 1, 2})
            if gap_s is not None:
                await asyncio.sleep(gap_s)
            worker.log.assign([0, 1, 2])
            await asyncio.sleep(0.31)
        await world.finish(60.0)
        assert 1800 == len(world.accepted)
        assert sum(world.tried.values()) <= 1800 + repeats_possible
        assert 0 == worker.endpoint.dispatcher.in_flight.requests
        assert 0 == worker.endpoint.dispatcher.in_flight.events
        assert 0 == len(worker.endpoint.lanes)

    scenario()


@simulated
async def test_a_lost_partition_costs_the_others_in_its_batches_nothing() -> None:
    """A batch of several partitions goes to its end for those that are still here."""
    world = World(partitions=3, batch={"max_events": 10, "linger": "50ms"}, script=lambda _: Reply(after_s=0.13))
    worker = world.worker()
    for _ in range(6):
        await asyncio.sleep(0.25)
        world.events(REPOSITORIES[:7])
        await asyncio.sleep(0.1)
        worker.log.lose({0})
        worker.log.assign([0])
    await world.finish(60.0)
    assert any(1 < len({partition for partition, _ in post.places}) for post in world.posts)
    assert {1} == {times for place, times in world.tried.items() if place[0] != 0}
    assert 0 == worker.endpoint.dispatcher.in_flight.events


@simulated
async def test_a_partition_lost_in_the_very_moment_of_a_start_leaves_nothing_behind() -> None:
    """An attempt that is broken off before its first step gives back its lane and its place."""
    world = World(partitions=2, concurrency=4, script=lambda _: Reply(after_s=0.13))
    world.events(REPOSITORIES, times=10)
    worker = world.worker()
    await asyncio.sleep(0.5)
    for _ in range(20):
        worker.endpoint.make_pass(world.now)
        for number in (0, 1):
            worker.log.lose({number})
        for number in (0, 1):
            worker.log.assign([number])
        await asyncio.sleep(0.0)
        worker.endpoint.dispatcher.start_due()
        worker.log.lose({0})
        worker.log.assign([0])
        await asyncio.sleep(0.05)
    await world.finish(60.0)
    assert 600 == len(world.accepted)
    assert 0 == worker.endpoint.dispatcher.in_flight.requests
    assert 0 == worker.endpoint.dispatcher.in_flight.events


@simulated
async def test_a_rolling_restart_of_two_workers_repeats_nothing() -> None:
    """Partitions go from worker to worker while events come in: each is delivered once, in order."""
    world = World(partitions=4, script=lambda _: Reply(after_s=0.07))
    world.events(REPOSITORIES, times=10)
    one, two = world.worker([0, 1]), world.worker([2, 3])
    for step in range(12):
        await asyncio.sleep(0.21)
        world.events(REPOSITORIES)
        giver, taker = (one, two) if step % 2 == 0 else (two, one)
        moving = set(list(giver.log.epochs)[:1]) if step % 3 else set(giver.log.epochs)
        await giver.log.revoke(moving)
        taker.log.assign(moving)
    await world.finish(60.0)
    assert {1} == set(world.accepted.values())
    assert 60 * 22 == len(world.accepted)


@simulated
async def test_attempts_stop_at_the_bound_while_commits_fail() -> None:
    """A failed commit is tried again at the next tick; twice the width uncommitted, and nothing more starts."""
    world = World(partitions=2, concurrency=8)
    world.group.fault = lambda now: "not coordinator" if now < 1060.0 else ""
    world.events(REPOSITORIES, times=10)
    worker = world.worker()
    await asyncio.sleep(50.0)
    assert 16 == len(world.accepted)
    assert 16 == worker.endpoint.repeats_possible
    assert 45 <= world.group.failed <= 55
    took = await world.finish(60.0)
    assert took < 25.0
    assert 0 == world.repeats


@simulated
async def test_commits_go_on_after_a_consumer_that_died_with_one_under_way() -> None:
    """What was asked of a consumer that is gone is never answered; the next one is asked anew."""
    world = World(partitions=2, concurrency=8)
    world.group.commit_s = 0.5
    world.events(REPOSITORIES, times=10)
    worker = world.worker()
    await world.until(lambda: worker.endpoint.assignment.commits.policy.under_way, step_s=0.001)
    await worker.log.fail("the broker is too old")
    await world.finish(120.0)
    assert 600 == len(world.accepted)


@simulated
async def test_what_retention_took_is_counted_and_the_rest_goes_on() -> None:
    """An offset out of range: on at the oldest record left, never at the end."""
    world = World()
    world.events(["a"], times=100)
    world.group.committed[0] = (10, "")
    world.topic.low[0] = 50
    for offset in range(50):
        world._finish((0, offset))
    worker = world.worker()
    await world.finish(10.0)
    assert 50 == len(world.accepted)
    assert 40 == worker.endpoint.monitor.metrics.expired._value.get()


@simulated
async def test_gaps_in_the_log_hold_nothing_up() -> None:
    """Offsets that never appear (compaction, transaction markers) count as finished."""
    world = World(script=lambda post: Reply(500) if post.at < 1005.0 and "b" in post.repositories else GOOD)
    world.events(["a", "b"], times=50)
    world.topic.gaps[0] = {0, 1, 5, 6, 7, 50, 98}
    for offset in world.topic.gaps[0]:
        world._finish((0, offset))
    world.worker()
    await asyncio.sleep(2.0)
    await world.workers[0].stop()
    world.worker()
    await world.finish(60.0)
    assert 93 == len(world.accepted)
    assert 0 == world.repeats
