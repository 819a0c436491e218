"""Dead letters that cannot be written, values that nobody can read, and events of a newer release."""

import asyncio

import pytest

from schemas.avro import frame
from tests.kit.virtual_time import simulated
from tests.simulation.simulation import GOOD, Reply, World, always, damaged, newer, stored

REPOSITORIES = [f"library/{number}" for number in range(20)]


@simulated
async def test_a_dead_letter_that_cannot_be_written_stops_its_lane_alone() -> None:
    """For ten minutes: the lane stands still, the offset stays, others go on; then it is written once."""
    world = World(partitions=2, script=lambda post: Reply(422) if post.places[0] == (0, 0) else GOOD)
    world.letters_fault = lambda now: now < 1600.0
    world.events(["bad"], times=5, partition=0)
    world.events(REPOSITORIES, times=50, partition=0)
    worker = world.worker()
    await world.until(lambda: len(world.accepted) >= 1000, 10.0)
    await asyncio.sleep(500.0)
    assert 0 == world.group.committed[0][0]
    assert 3 == len(world.times("bad"))
    assert not worker.is_open()
    await world.finish(200.0)
    assert [(0, 0)] == world.dead
    assert 1004 == len(world.accepted)
    assert 0 == world.repeats


@simulated
async def test_the_first_dead_letter_that_is_written_again_wakes_all_others() -> None:
    """None waits out a pause that was made for a topic that takes nothing."""
    world = World(script=always(422))
    world.letters_fault = lambda now: now < 1065.0
    world.worker()
    for number in range(5):
        world.events([f"bad/{number}"])
        await asyncio.sleep(5.0)
    await world.until(lambda: len(world.letters) == 5, 100.0, 0.01)
    times = [letter.at for letter in world.letters]
    assert max(times) - min(times) < 0.1


@simulated
async def test_a_graceful_stop_while_a_dead_letter_cannot_be_written_keeps_the_event() -> None:
    """It is not finished, so the next worker has it."""
    world = World(script=lambda post: Reply(422) if "bad" in post.repositories else GOOD)
    world.letters_fault = lambda now: now < 1600.0
    world.events(["bad", "good"], times=2)
    world.write(damaged("bad"))
    worker = world.worker()
    await asyncio.sleep(60.0)
    await worker.stop()
    assert [] == world.letters
    assert 0 == world.group.committed[0][0]
    world.worker()
    await asyncio.sleep(600.0)
    await world.finish(120.0)
    assert [(0, 0), (0, 2), (0, 4)] == sorted(world.dead)
    assert 0 == world.repeats


@simulated
async def test_dead_letters_being_written_at_a_graceful_stop_are_written_once() -> None:
    """A stop waits for them as for requests."""
    world = World(script=lambda post: Reply(422) if "bad" in post.repositories else GOOD)
    world.letters_s = 5.0
    world.events(["bad", "good"])
    world.write(*(damaged(f"torn/{number}") for number in range(5)))
    worker = world.worker()
    await world.until(lambda: len(world.times("bad")) == 3, 10.0, 0.01)
    await worker.stop()
    assert {6} == {len(world.letters)}
    world.worker()
    await world.finish(60.0)
    assert 6 == len(world.letters)


@pytest.mark.parametrize("value", [None, b"", b"\x00", b"{}", frame(1, b"ab"), b"\x00RE\x00\x01\xff\xff"])
def test_what_nobody_can_read_is_a_dead_letter_at_once(value: bytes | None) -> None:
    """Tombstones and damaged values among good ones: given up within one poll, while the endpoint is away even."""

    @simulated
    async def scenario() -> None:
        world = World(script=lambda post: Reply(503) if post.at < 1100.0 else GOOD)
        for number in range(5):
            world.events(REPOSITORIES[:5])
            world.write(damaged(REPOSITORIES[number], value))
        world.worker()
        await world.until(lambda: len(world.letters) == 5, 0.2, 0.01)
        assert {"undecodable"} == {letter.reason for letter in world.letters}
        await world.finish(400.0)
        assert 25 == len(world.accepted)

    scenario()


@simulated
async def test_thousands_of_undecodable_records_are_bounded_and_stop_nobody() -> None:
    """A topic full of somebody else's bytes: so many dead letters at a time, the good ones go on in between."""
    world = World(partitions=2)
    world.write(*[damaged("torn")] * 300, stored("good/1"), partition=0, times=10)
    world.events(REPOSITORIES, times=10, partition=1)
    world.letters_s = 0.5
    worker = world.worker()
    most = 0
    while not (world.done and world.committed):
        most = max(most, len(worker.endpoint._undecodable))
        await asyncio.sleep(0.05)
        assert world.now < 1060.0
    assert most <= 256
    assert 3000 == len(world.letters)
    assert 210 == len(world.accepted)


@simulated
async def test_undecodable_records_do_not_open_the_breaker_or_burn_tries() -> None:
    """They say nothing about the endpoint."""
    world = World(script=lambda post: Reply(500) if "bad" in post.repositories else GOOD)
    world.write(stored("bad"), *[damaged("torn")] * 50)
    worker = world.worker()
    await asyncio.sleep(20.0)
    assert 5 == len(world.posts)
    assert 5 == worker.endpoint.gate.breaker.streak


@simulated
async def test_a_newer_schema_stops_its_partition_alone_until_the_upgrade() -> None:
    """The offset does not pass it, what came before is finished, other partitions go on, readiness says why."""
    world = World(partitions=2)
    world.write(*[stored("a")] * 10, newer("a"), *[stored("b")] * 10, partition=0)
    world.events(REPOSITORIES, times=20, partition=1)
    worker = world.worker()
    await asyncio.sleep(30.0)
    assert 410 == len(world.accepted)
    assert (10, "") == world.group.committed[0]
    assert (400, "") == world.group.committed[1]
    assert worker.endpoint.partitions[0].upgrade_needed
    world.events(REPOSITORIES, times=100, partition=1)
    await asyncio.sleep(30.0)
    assert 2410 == len(world.accepted)
    assert (10, "") == world.group.committed[0]
    await worker.stop()
    world.topic.partitions[0][10] = stored("a")  # as the upgraded worker reads it
    world.worker()
    await world.finish(10.0)
    assert 2421 == len(world.accepted)
    assert 0 == world.repeats


@simulated
async def test_filtered_events_are_finished_without_a_request() -> None:
    """`ignore.actions`: nothing is owed, the cursor moves on, whatever their number."""
    world = World(partitions=2, ignore={"actions": ["pull"]}, script=lambda post: Reply(503))
    world.write(*[stored("a", action="pull")] * 5000, partition=0)
    world.worker()
    await world.finish(20.0)
    assert [] == world.posts
