"""A worker that is told to stop has one deadline for all of it: its drain and two seconds, whatever does not answer."""

import asyncio
from typing import Any

import pytest

from runtime.deadline import CLOSE_GRACE_S
from tests.kit.virtual_time import LogLines, run, simulated
from tests.simulation.simulation import Reply, Worker, World, always, damaged

NEVER_S = 1e9
DRAIN_S = 10.0


async def stopped_after(world: World, worker: Worker) -> float:
    """How long its stop took, in virtual seconds."""
    began = world.now
    await worker.stop()
    return world.now - began


def lines_of(lines: LogLines, event: str) -> list[dict[str, Any]]:
    """Those of one kind."""
    return [dict(line) for line in lines if line["event"] == event]


def test_dead_letters_that_wait_are_broken_off_at_once() -> None:
    """Each is tried once more; then it is left to the next worker, and that is said once."""
    took: list[float] = []

    async def scenario() -> None:
        world = World(script=always(422), threshold=1000)
        world.letters_fault = lambda _: True
        world.events([f"r{number}" for number in range(7)])
        world.write(*(damaged(f"torn/{number}") for number in range(3)))
        worker = world.worker()
        await world.until(lambda: worker.endpoint.courier.burying == 10)
        await asyncio.sleep(60.0)
        took.append(await stopped_after(world, worker))
        assert [] == world.letters
        assert 0 == world.group.committed[0][0]

    lines = run(scenario())
    assert took[0] < 0.1
    (said,) = lines_of(lines, "endpoint.broken_off")
    assert (0, 10) == (said["requests"], said["dead_letters"])
    assert [] == lines_of(lines, "endpoint.not_closed")


def test_letters_that_can_be_written_by_then_are() -> None:
    """Kafka is back, and their next try would have been in half a minute: it is made at once."""

    async def scenario() -> None:
        world = World(script=always(422), threshold=1000)
        world.letters_fault = lambda now: now < 1100.0
        world.events([f"r{number}" for number in range(7)])
        worker = world.worker()
        await world.until(lambda: world.now > 1100.0)
        assert [] == world.letters
        assert await stopped_after(world, worker) < 0.1
        assert 7 == len(world.letters)
        assert world.committed

    assert [] == lines_of(run(scenario()), "endpoint.broken_off")


@pytest.mark.parametrize("silent", ["letters", "requests"])
def test_what_gets_no_answer_has_the_drain(silent: str) -> None:
    """Then it is broken off; the rest of the close is quick."""
    took: list[float] = []

    async def scenario() -> None:
        world = World(script=always(422 if silent == "letters" else 200), threshold=1000, timeout="1h")
        worker = world.worker()
        worker.log.drain_s = DRAIN_S
        if silent == "letters":
            world.letters_s = NEVER_S
        else:
            world.script = always(200, after_s=3000.0)
        world.events(["a", "b", "c"])
        await asyncio.sleep(30.0)
        took.append(await stopped_after(world, worker))

    lines = run(scenario())
    assert DRAIN_S <= took[0] < DRAIN_S + 0.1
    (said,) = lines_of(lines, "endpoint.broken_off")
    assert ((0, 3) if silent == "letters" else (3, 0)) == (said["requests"], said["dead_letters"])


@pytest.mark.parametrize("requests_s", [0.0, 3000.0], ids=["idle", "busy"])
def test_a_last_commit_that_is_never_answered_has_the_rest(requests_s: float) -> None:
    """The whole takes the drain and two seconds, and says what comes twice."""
    took: list[float] = []

    async def scenario() -> None:
        world = World(concurrency=4, timeout="1h")
        worker = world.worker()
        worker.log.drain_s = DRAIN_S
        await world.until(lambda: bool(worker.endpoint.partitions))
        world.group.commit_s = NEVER_S
        world.events(["a", "b", "c"])
        await world.until(lambda: len(world.accepted) == 3)
        world.script = lambda _: Reply(after_s=requests_s)
        world.events(["d"])
        await asyncio.sleep(5.0)
        took.append(await stopped_after(world, worker))

    lines = run(scenario())
    assert took[0] == pytest.approx(DRAIN_S + CLOSE_GRACE_S, abs=0.01)
    (said,) = lines_of(lines, "endpoint.not_closed")
    assert (3 if requests_s else 4) == said["events_delivered_again"]


def test_a_group_that_lets_nobody_go_has_the_rest() -> None:
    """All was committed before that: nothing comes twice."""

    async def scenario() -> None:
        world = World()
        worker = world.worker()
        worker.log.drain_s = DRAIN_S
        world.events(["a", "b", "c"])
        await world.until(lambda: len(world.accepted) == 3)
        world.group.leave_s = NEVER_S
        assert await stopped_after(world, worker) == pytest.approx(DRAIN_S + CLOSE_GRACE_S, abs=0.1)
        assert 3 == world.group.committed[0][0]

    (said,) = lines_of(run(scenario()), "endpoint.not_closed")
    assert 0 == said["events_delivered_again"]


@simulated
async def test_a_stop_in_peace_takes_no_time() -> None:
    """Nothing waits for a deadline."""
    world = World()
    world.events(["a", "b"], times=20)
    worker = world.worker()
    await world.finish()
    assert await stopped_after(world, worker) < 0.1
