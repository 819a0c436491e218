"""An endpoint with `dedupe`: it is told the same once within the time, and nothing that is news is left out."""

import asyncio
from typing import Any

import pytest

from consumer.attempts.question import AttemptQuestion
from tests.kit.virtual_time import simulated
from tests.simulation.simulation import GOOD, Reply, World, damaged, push

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def deduping(**keys: Any) -> World:
    """A world whose endpoint is told nothing twice within ten minutes."""
    return World(**{"dedupe": "10m", **keys})


def told(world: World) -> list[int]:
    """Offsets in the order in which they were delivered."""
    return [offset for post in world.posts if post.reply.status == 200 for _, offset in post.places]


def left_out(world: World) -> dict[int, str]:
    """By offset of each event that was left out: the place of the one that it repeats."""
    recent = world.workers[-1].endpoint.monitor.attempts
    found = (one for at in range(9) for one in recent.repeats(AttemptQuestion(id=f"0:{at}")))
    return {one.offset: one.repeats for one in found}


@pytest.mark.parametrize("keys", [{}, {"batch": {"max_events": 50}}, {"batch": {"max_events": 50, "linger": "1s"}}])
def test_a_repeat_right_behind_is_left_out(keys: dict[str, Any]) -> None:
    """Also where all is read at once: the second waits to see whether the first arrives, in a batch too."""

    @simulated
    async def scenario() -> None:
        world = deduping(**keys)
        world.write(push("a", A, event_id="1"), push("a", A, event_id="1", repeat_of=0))
        world.write(push("a", A, event_id="2", repeat_of=0), push("b", A, event_id="3"), push("a", B, event_id="4"))
        world.worker()
        await world.finish()
        assert [0, 3, 4] == sorted(told(world))
        assert {1: "0:0", 2: "0:0"} == left_out(world)

    scenario()


def test_a_tag_that_is_moved_and_moved_back_is_told_three_times() -> None:
    """The last push is like the first, and news all the same."""

    @simulated
    async def scenario() -> None:
        world = deduping()
        world.worker()
        for digest in (A, B, A):
            world.write(push("a", digest))
            await asyncio.sleep(2.0)
        await world.finish()
        assert [0, 1, 2] == told(world)

    scenario()


def test_an_event_that_did_not_arrive_covers_no_other() -> None:
    """The first is a dead letter: the second is sent, and covers the third."""

    @simulated
    async def scenario() -> None:
        world = deduping(script=lambda post: Reply(422) if post.places == [(0, 0)] else GOOD)
        world.write(push("a", A), push("a", A), push("a", A, repeat_of=1))
        world.worker()
        await world.finish()
        assert [(0, 0)] == world.dead
        assert [1] == told(world)
        assert {2: "0:1"} == left_out(world)

    scenario()


def test_after_the_time_it_is_told_again() -> None:
    """By the clock of the worker, and by what the intake said of both: an outage makes no repeats of what was none."""

    @simulated
    async def scenario() -> None:
        world = deduping()
        worker = world.worker()
        world.write(push("a", A))
        await asyncio.sleep(601.0)
        world.write(push("a", A))
        await world.finish()
        assert [0, 1] == told(world)
        await worker.stop()
        world.write(push("a", B))
        await asyncio.sleep(601.0)
        world.write(push("a", B))
        world.worker()
        await world.finish()
        assert [0, 1, 2, 3] == told(world)

    scenario()


@pytest.mark.parametrize("way", ["stop", "kill", "move"])
def test_another_worker_knows_nothing_of_it(way: str) -> None:
    """A restart or a rebalance forgets: the event is sent again, and none is missing."""

    @simulated
    async def scenario() -> None:
        world = deduping()
        first = world.worker()
        world.write(push("a", A))
        await world.finish()
        if way == "move":
            await first.log.revoke({0})
            first.log.assign({0})
        else:
            await (first.stop() if way == "stop" else first.kill())
            world.worker()
        world.write(push("a", A))
        await world.finish()
        assert [0, 1] == told(world)

    scenario()


def test_what_nobody_can_read_may_have_been_anything() -> None:
    """A push behind a damaged record is news, though the last that was read was the same."""

    @simulated
    async def scenario() -> None:
        world = deduping()
        world.write(push("a", A), damaged("a"), push("a", A))
        world.worker()
        await world.finish()
        assert [0, 2] == told(world)

    scenario()


def test_a_probe_that_is_left_out_makes_room_for_the_next() -> None:
    """Behind an open breaker a repeat is no probe: the next event is tried in its place."""

    @simulated
    async def scenario() -> None:
        world = deduping(threshold=1, max_backoff="2s", partitions=1)
        world.script = lambda post: Reply(500) if post.at < 1012.0 and post.repositories == ["b"] else GOOD
        world.worker()
        world.write(push("a", A))
        await asyncio.sleep(2.0)
        world.write(push("b", A))
        await asyncio.sleep(2.0)
        world.write(push("a", A, repeat_of=0), push("c", A))
        await world.finish()
        assert {2: "0:0"} == left_out(world)
        assert [0, 1, 3] == sorted(told(world))

    scenario()
