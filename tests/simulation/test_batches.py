"""Several events in one request: what is tried again, what is taken apart, and what waits for what."""

import asyncio
import itertools
from collections import Counter

import pytest

from consumer.delivery.policy.outcome import Fault
from tests.kit.virtual_time import simulated
from tests.simulation.simulation import GOOD, Reply, Script, World, stored

TEN = {"max_events": 10}


def refuses_place(bad: tuple[int, int], reply: Reply) -> Script:
    """An endpoint that answers so to every request that holds this event."""
    return lambda post: reply if bad in post.places else GOOD


@pytest.mark.parametrize("bad", range(10))
@pytest.mark.parametrize("repositories", [["a"], ["a", "b"], [f"r{number}" for number in range(10)]])
def test_one_bad_event_in_a_batch_is_found_by_halves(repositories: list[str], bad: int) -> None:
    """Rejected: halves, the first before the second where they share a repository; only the bad one is given up."""

    @simulated
    async def scenario() -> None:
        world = World(batch=TEN, script=refuses_place((0, bad), Reply(422)))
        world.events(repositories, times=10 // len(repositories))
        world.worker()
        await world.finish(60.0)
        assert [((0, bad), "rejected")] == [(letter.place, letter.reason) for letter in world.letters]
        assert 9 == len(world.accepted)
        assert 0 == world.repeats
        alone = [post for post in world.posts if post.places == [(0, bad)]]
        assert 3 == len(alone)
        assert len(world.posts) <= 12

    scenario()


@pytest.mark.parametrize("reply", [Reply(429), Reply(503, retry_after="2"), Reply(404), Reply(fault=Fault.CONNECT)])
def test_a_batch_that_is_not_its_events_fault_is_sent_again_whole(reply: Reply) -> None:
    """Throttled, or unavailable while nobody else is delivered: the retries have the same members."""

    @simulated
    async def scenario() -> None:
        world = World(batch=TEN, script=lambda post: reply if post.at < 1060.0 else GOOD)
        world.events(["a", "b"], times=5)
        world.worker()
        await world.finish(200.0)
        assert {tuple(world.posts[0].places)} == {tuple(post.places) for post in world.posts}
        assert [] == world.letters
        assert 10 == len(world.accepted)

    scenario()


@simulated
async def test_an_unavailable_batch_is_taken_apart_while_others_are_delivered() -> None:
    """404 for the batches that hold one event: it is found, and alone burns its tries."""
    world = World(partitions=2, batch=TEN, script=refuses_place((0, 3), Reply(404)))
    world.events(["a"], times=10, partition=0)
    world.worker()
    while not world.done:
        world.write(stored("b"), partition=1)
        await asyncio.sleep(1.0)
    assert [((0, 3), "exhausted")] == [(letter.place, letter.reason) for letter in world.letters]
    await world.finish()
    assert 0 == world.repeats


@simulated
async def test_a_throttled_batch_is_taken_apart_once_its_window_is_full() -> None:
    """Throttled counts as unavailable then: one event that is always answered 429 cannot hold the window for ever."""
    world = World(partitions=2, batch=TEN, script=refuses_place((0, 3), Reply(429)))
    world.events(["a"], times=10, partition=0)
    world.events([f"r{number}" for number in range(100)], times=250, partition=0)
    world.worker()
    while not world.done:
        world.write(stored("b"), partition=1)
        await asyncio.sleep(1.0)
    assert [(0, 3)] == world.dead
    assert world.letters[0].at < 1040.0
    await world.finish()


@simulated
async def test_an_endpoint_that_takes_no_batches_gets_its_events_one_by_one() -> None:
    """413 for more than one event: halves down to single events, no dead letter, in order."""
    world = World(
        partitions=2, batch={"max_events": 16}, script=lambda post: Reply(413) if len(post.places) > 1 else GOOD
    )
    world.events(["a", "b", "c"], times=30)
    world.worker()
    await world.finish(200.0)
    assert [] == world.letters
    assert 90 == len(world.accepted)


@simulated
async def test_a_batch_waits_to_fill_no_longer_than_linger() -> None:
    """With `linger: 2s` three events wait 2 s together; ten do not wait."""
    world = World(batch={"max_events": 10, "linger": "2s"})
    world.worker()
    await asyncio.sleep(1.0)
    wrote = world.now
    world.events(["a", "b", "c"])
    await world.finish()
    assert [3] == [len(post.places) for post in world.posts]
    assert 2.0 <= world.posts[0].at - wrote < 2.02
    wrote = world.now
    world.events(["a", "b"], times=5)
    await world.until(lambda: len(world.accepted) == 13, 1.0, 0.001)
    assert [3, 10] == [len(post.places) for post in world.posts]
    assert world.posts[1].at - wrote < 0.02


@simulated
async def test_linger_is_kept_under_a_rate_limit() -> None:
    """A batch that may not start yet and one that still gathers: both go at their time."""
    world = World(rate_limit=0.5, batch={"max_events": 10, "linger": "5s"})
    world.worker()
    for _ in range(20):
        world.events(["a", "b", "c"])
        await asyncio.sleep(3.0)
    await world.finish(60.0)
    assert max(len(post.places) for post in world.posts) <= 10
    gaps = [later.at - sooner.at for sooner, later in itertools.pairwise(world.posts)]
    assert min(gaps) >= 1.99


@simulated
async def test_a_batch_has_one_content_type() -> None:
    """Events of another Content-Type go in a request of their own, in order."""
    world = World(batch=TEN)
    v1 = "application/vnd.docker.distribution.events.v1+json"
    world.write(*(stored("a", content_type=v1 if number % 3 == 0 else "") for number in range(30)))
    world.worker()
    await world.finish(60.0)
    for post in world.posts:
        kinds = Counter(place[1] % 3 == 0 for place in post.places)
        assert 1 == len(kinds)
    assert 30 == len(world.accepted)
    assert 0 == world.repeats
