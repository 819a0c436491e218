"""Events that an endpoint never takes, among others that it does: how long they are tried, and whom they hold up."""

import asyncio
import itertools

import pytest

from consumer.delivery.policy.outcome import Fault
from consumer.offsets.ledger import WINDOW
from tests.kit.virtual_time import simulated
from tests.simulation.simulation import GOOD, Post, Reply, Script, Worker, World, newer, stored

GOOD_ONES = [f"good/{number}" for number in range(200)]


def refuses(repository: str, reply: Reply) -> Script:
    """An endpoint that answers so for one repository, and 200 for all others."""
    return lambda post: reply if repository in post.repositories else GOOD


def refuses_first(repository: str, reply: Reply) -> Script:
    """An endpoint that answers so for the first event of one repository, and 200 for all others."""

    def script(post: Post) -> Reply:
        bad = [place for place, name in zip(post.places, post.repositories, strict=True) if name == repository]
        firsts.extend(bad[: 1 - len(firsts)])
        return reply if set(firsts) & set(bad) else GOOD

    firsts: list[tuple[int, int]] = []
    return script


@simulated
async def test_a_poison_event_is_tried_ten_times_with_doubling_waits_and_delays_nobody() -> None:
    """Waits of 1, 2, 4 ... s while the breaker is closed; then a dead letter, and its repository goes on."""
    world = World(partitions=4, script=refuses_first("bad", Reply(500)))
    world.events(["bad", *GOOD_ONES], times=3)
    world.worker()
    await world.until(lambda: len(world.accepted) >= 600, 5.0)
    await world.finish()
    times = world.times("bad")
    gaps = [round(later - sooner - 0.005) for sooner, later in itertools.pairwise(times)]
    assert [1, 2, 4, 8, 16, 32, 64, 128, 256] == gaps[:9]
    assert [("exhausted", "500")] == [(letter.reason, letter.status) for letter in world.letters]
    assert 602 == len(world.accepted)
    assert max(gaps[9:]) <= 1
    assert 0 == world.repeats


@simulated
async def test_an_endpoint_that_fails_every_second_request_gets_everything() -> None:
    """Alternating 500 and 200 never opens the breaker, and makes no dead letter."""
    count = iter(range(10**9))
    world = World(partitions=4, script=lambda _: Reply(500 if next(count) % 2 == 0 else 200), seed=1)
    world.events(GOOD_ONES)
    worker = world.worker()
    await world.finish(1000.0)
    assert [] == world.letters
    assert 200 == len(world.accepted)
    assert 400 == len(world.posts)
    assert 0 == worker.endpoint.monitor.metrics._metrics.breaker.labels("ci")._value.get()


@pytest.mark.parametrize(
    ("status", "reason", "tries"),
    [(422, "rejected", 3), (500, "exhausted", 10), (405, "rejected", 3), (599, "exhausted", 10)],
)
def test_a_lone_poison_event_ends_as_a_dead_letter(status: int, reason: str, tries: int) -> None:
    """The only event there ever was: rejected after 3 tries, failed after 10."""

    @simulated
    async def scenario() -> None:
        world = World(script=refuses("bad", Reply(status)))
        world.events(["bad"])
        world.worker()
        await world.finish(2000.0)
        assert [reason] == [letter.reason for letter in world.letters]
        assert tries == len(world.posts)

    scenario()


@pytest.mark.parametrize("behind", [0, 2_000])
@pytest.mark.parametrize("reply", [Reply(404), Reply(fault=Fault.RESET), Reply(503, after_s=5.0), Reply(429)])
def test_a_poison_event_alone_at_night_cannot_hold_the_endpoint_shut(behind: int, reply: Reply) -> None:
    """The head tried longest ago is the probe: a good event that comes later is next, and closes the breaker."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=4, script=refuses("bad", reply))
        world.events(["bad"], times=1 + behind)
        worker = world.worker()
        await asyncio.sleep(3600)
        assert worker.is_open()
        assert [] == world.letters
        assert len(world.posts) < 34
        world.events(["good/1"])
        await world.until(lambda: len(world.accepted) == 1, 306.0, 1.0)
        assert not worker.is_open()
        world.events(["good/2"])
        await world.until(lambda: len(world.accepted) == 2, 1.0)

    scenario()


@pytest.mark.parametrize("concurrency", [1, 4, 64])
def test_no_number_of_dead_repositories_holds_the_endpoint_shut(concurrency: int) -> None:
    """More dead repositories than requests in flight: a good one is found all the same."""

    @simulated
    async def scenario() -> None:
        world = World(
            partitions=4,
            concurrency=concurrency,
            max_backoff="30s",
            script=lambda post: Reply(404) if "bad" in post.repositories[0] else GOOD,
        )
        world.events([f"bad/{number}" for number in range(2 * concurrency)], times=3)
        worker = world.worker()
        await asyncio.sleep(3600)
        assert worker.is_open()
        world.events(["good/1"])
        await world.until(lambda: len(world.accepted) == 1, (2 * concurrency + 2) * 31.0, 1.0)

    scenario()


STEADY = stored("good/steady")


def fill(world: World) -> None:
    """Writes more to partition 0 than its window spans, which is measured in offsets, not in events."""
    world.gap(WINDOW - 300, partition=0)
    world.events(GOOD_ONES, times=3, partition=0)


def is_full(worker: Worker) -> bool:
    """Whether the window of partition 0 is full."""
    return 0 in worker.endpoint.partitions and worker.endpoint.partitions[0].is_full


@pytest.mark.parametrize(("reply", "tries"), [(Reply(500), 1), (Reply(404), 2), (Reply(429), 2)])
def test_a_full_window_is_freed_soon(reply: Reply, tries: int) -> None:
    """The pinned head is tried every `backoff` without doubling; after it the next ones of its lane have one try each.

    Throttled counts as unavailable then, and unavailable only if another event was delivered meanwhile: where none was,
    there is a second try after `backoff`. The dead repository's neighbours stand still for seconds, not for hours.
    """

    @simulated
    async def scenario() -> None:
        world = World(partitions=2, script=refuses("bad", reply))
        world.events(["bad"], times=20, partition=0)
        fill(world)
        world.worker()
        while not world.done:
            world.write(STEADY, partition=1)
            await asyncio.sleep(0.02)
        times = world.times("bad")
        gaps = [round(later - sooner) for sooner, later in itertools.pairwise(times[:10])]
        assert [1] * 7 == gaps[2:]  # the first two, before the window was full, doubled
        assert [(0, offset) for offset in range(20)] == world.dead
        assert {"exhausted"} == {letter.reason for letter in world.letters}
        assert world.letters[-1].at - world.letters[0].at < 2.0 + 19 * (tries - 1) * 1.1
        assert len(times) <= 12 + 19 * tries + 1
        await world.finish()

    scenario()


@simulated
async def test_after_an_exhausted_head_one_delivered_event_ends_the_single_tries() -> None:
    """Each next one gets one try until one is delivered: then the lane's events have all their tries again."""
    bad = {(0, 0), (0, 2)}
    world = World(partitions=2, script=lambda post: Reply(500) if bad & set(post.places) else GOOD)
    world.events(["bad"], times=3, partition=0)
    fill(world)
    world.worker()
    await world.finish()
    assert [(0, 0), (0, 2)] == world.dead
    assert 10 == sum((0, 2) in post.places for post in world.posts)


@simulated
async def test_every_head_that_comes_to_pin_a_full_window_is_hurried() -> None:
    """Three dead repositories side by side, all far into their doubling waits: none costs more than its ten tries."""
    world = World(partitions=2, script=lambda post: Reply(500) if "bad" in post.repositories[0] else GOOD)
    world.events(["bad/1", "bad/2", "bad/3"], partition=0)
    world.worker()
    for _ in range(100):
        world.write(STEADY, partition=1)
        await asyncio.sleep(1.0)
    assert [7, 7, 7] == [len(world.times(f"bad/{number}")) for number in (1, 2, 3)]
    fill(world)
    await world.finish(25.0)
    assert [(0, 0), (0, 1), (0, 2)] == world.dead


@simulated
async def test_a_head_that_pins_a_full_window_is_hurried_when_the_breaker_closes() -> None:
    """Its wait doubled while the breaker was open; from the first delivery on it is tried every `backoff`."""
    down = [False]
    world = World(partitions=2, script=lambda post: Reply(404) if down[0] or "bad" in post.repositories[0] else GOOD)
    world.events(["bad"], partition=0)
    fill(world)
    worker = world.worker()
    await world.until(lambda: is_full(worker))
    down[0] = True
    await asyncio.sleep(3600)
    down[0] = False
    world.write(STEADY, partition=1)
    await world.until(lambda: not worker.is_open(), 800.0)
    closed = world.now
    while not world.dead:
        world.write(STEADY, partition=1)
        await asyncio.sleep(0.5)
    assert [(0, 0)] == world.dead
    assert world.now - closed < 12.0
    await world.finish()


@simulated
async def test_nobody_is_given_up_sooner_while_the_breaker_is_open() -> None:
    """The full window's short way holds with the breaker closed: an outage behind it makes no single tries."""
    down = [False]
    world = World(partitions=2, script=lambda post: Reply(500) if down[0] or "bad" in post.repositories else GOOD)
    world.events(["bad"], times=500, partition=0)
    world.gap(WINDOW - 500, partition=0)
    world.events(["bad"], times=500, partition=0)
    world.write(STEADY, partition=1, times=5)
    worker = world.worker()
    await world.until(lambda: is_full(worker))
    down[0] = True
    world.write(STEADY, partition=1, times=5)
    await asyncio.sleep(4 * 3600)
    assert worker.is_open()
    assert 3 <= len([place for place in world.dead if place[0] == 0]) <= len(world.times("bad")) // 10


@pytest.mark.parametrize("status", [500, 404, 429])
def test_a_dead_repository_of_large_events_delays_no_other_partition(status: int) -> None:
    """Its share of memory is full long before its window: that stalls its own partition alone, and not for ever."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=2, script=lambda post: Reply(status) if "bad" in post.repositories else GOOD)
        world.write(stored("bad", pad=200_000), partition=0, times=250)
        worker = world.worker()
        for _ in range(40):
            world.write(stored("good/1"), partition=0)
            world.write(STEADY, partition=1)
            await asyncio.sleep(0.5)
            assert not [place for place in world.unfinished[1] if place < len(world.topic.partitions[1]) - 1]
            assert worker.endpoint.lanes.bytes < 40 * 1024 * 1024
        while any(offset >= 250 for offset in world.unfinished[0]):
            world.write(STEADY, partition=1)
            await asyncio.sleep(0.5)
            assert world.now < 1400.0
        assert {"exhausted"} == {letter.reason for letter in world.letters}

    scenario()


@simulated
async def test_a_newer_schema_is_no_full_window() -> None:
    """A partition that waits for an upgrade is not full: throttled events of it burn nothing."""
    world = World(partitions=2, script=refuses("bad", Reply(429)))
    world.write(stored("bad"), newer("new"), partition=0)
    worker = world.worker()
    for _ in range(600):
        world.write(STEADY, partition=1)
        await asyncio.sleep(1.0)
    assert worker.endpoint.partitions[0].upgrade_needed
    assert [] == world.letters
    assert len(world.times("bad")) < 15
