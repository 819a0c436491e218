"""The events topic is deleted and made anew under a running worker: what comes then is delivered."""

import asyncio

import pytest
import structlog

from consumer.offsets.ledger import WINDOW
from tests.kit.virtual_time import simulated
from tests.simulation.simulation import GOOD, Reply, World, stored

REPOSITORIES = [f"library/{number}" for number in range(17)]


def slow_for_old(post_at: float, moment: float) -> Reply:
    """Until that moment every answer is a failure or late."""
    return GOOD if post_at > moment else Reply(500, after_s=0.4)


@pytest.mark.parametrize("before", [1, 10, 200])
@pytest.mark.parametrize("after", [1, 5, 300])
@pytest.mark.parametrize("idle", [True, False])
def test_a_topic_made_anew_is_delivered_from_its_beginning(before: int, after: int, *, idle: bool) -> None:
    """All of the new log, whatever of the old one was finished, waiting or under way; told in one line a partition."""

    @simulated
    async def scenario() -> None:
        moment = 0.0 if idle else 1002.0
        world = World(partitions=2, script=lambda post: slow_for_old(post.at, moment), attempts=100)
        world.events(REPOSITORIES, times=before)
        worker = world.worker()
        await (world.finish() if idle else asyncio.sleep(1.3))
        read = [partition.read_next for _, partition in sorted(worker.endpoint.partitions.items())]
        assert min(read) > 0
        with structlog.testing.capture_logs() as lines:
            for number in range(2):
                world.make_anew(number)
            world.events(REPOSITORIES, times=after)
            await world.finish(60.0)
        told = [
            (line["partition"], line["read_before"]) for line in lines if line["event"] == "endpoint.log_begins_anew"
        ]
        assert sorted(enumerate(read)) == sorted(told)
        assert {"info", "warning"} >= {line["log_level"] for line in lines}
        assert 17 * after == len(world.accepted)
        await asyncio.sleep(5.0)
        assert 0 == worker.endpoint.lanes.held
        assert 0 == worker.endpoint.dispatcher.in_flight.events
        assert not any(partition.bytes for partition in worker.endpoint.partitions.values())

    scenario()


@simulated
async def test_what_was_under_way_of_the_old_log_finishes_nothing_of_the_new_one() -> None:
    """Its offset is that of another event now, which is delivered all the same."""
    world = World(script=lambda post: Reply(200, after_s=0.9) if "old" in post.repositories else Reply(500))
    world.events(["old"])
    worker = world.worker()
    await asyncio.sleep(0.5)
    world.make_anew(0)
    world.write(stored("new"))
    await asyncio.sleep(3.0)
    assert 1 == worker.endpoint.partitions[0].ledger.unfinished
    assert 0 == worker.endpoint.partitions[0].ledger.base
    world.script = lambda _: GOOD
    await world.finish(60.0)


@simulated
async def test_a_partition_that_was_left_alone_is_read_again() -> None:
    """The pause that a full window brought ends with the old log."""
    world = World(script=lambda post: Reply(429) if "bad" in post.repositories else GOOD)
    world.events(["bad"])
    world.gap(WINDOW, partition=0)
    world.events(REPOSITORIES)
    worker = world.worker()
    await world.until(lambda: 0 in worker.endpoint.partitions and worker.endpoint.partitions[0].paused)
    world.make_anew(0)
    world.events(REPOSITORIES)
    (first,), worker.log.positions[0] = world.topic.read(0, 0, 1)
    assert {0} == worker.log.paused
    worker.endpoint.received([first])  # it was fetched before the pause took hold
    await world.until(lambda: len(world.accepted) == 17, 60.0)
    world.events(REPOSITORIES)
    await world.finish(60.0)


@pytest.mark.parametrize("moves", [True, False])
def test_a_topic_made_anew_behind_the_reader_is_delivered_too(*, moves: bool) -> None:
    """The new log is longer than the old one was: reading would go on in its middle if the topic's id did not tell."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=2)
        world.events(REPOSITORIES, times=10)
        worker = world.worker()
        await world.finish()
        for number in range(2):
            world.make_anew(number, noticed=False)
        world.events(REPOSITORIES, times=30)
        if moves:
            await worker.log.revoke({0})
        worker.endpoint.begin_anew()
        if moves:
            worker.log.assign([0])
        await world.finish(60.0)
        assert 17 * 30 == len(world.accepted)
        assert 0 == worker.endpoint.lanes.held
        await asyncio.sleep(100.0)
        delivered = len(world.posts)
        worker.log.lose({1})
        worker.log.assign([1])
        await asyncio.sleep(5.0)
        assert delivered == len(world.posts), "long after that a commit is believed again"

    scenario()
