"""What a worker says of its progress: nothing while waiting is what is meant, and something when it is not."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from consumer.delivery.policy.outcome import Fault
from consumer.worker.health import endpoint_snapshot
from consumer.worker.readiness import STALL_S, NotReadyKind, Readiness
from tests.kit.virtual_time import simulated
from tests.simulation.simulation import Reply, Script, World, always

REPOSITORIES = [f"library/{number}" for number in range(20)]
LONG_S = 900


async def judged(world: World, repositories: list[str], seconds: int) -> set[NotReadyKind]:
    """What a worker at rest is judged to be when four events of each of these come, looked at every second."""
    worker, readiness = world.worker(), Readiness("ci")
    found: set[NotReadyKind] = set()
    for second in range(seconds):
        await asyncio.sleep(1.0)
        if second == 1:
            world.events(repositories, times=4)
        found |= {reason.kind for reason in readiness.look(endpoint_snapshot(worker.endpoint, world.now), world.now)}
    return found


def fails(*repositories: str) -> Script:
    """500 to these, and 200 to all others."""
    return lambda post: Reply(500 if set(post.repositories) & set(repositories) else 200)


@pytest.mark.parametrize(
    ("keys", "script"),
    [
        ({"batch": {"max_events": 100, "linger": "1m"}}, always(200)),
        ({"rate_limit": 0.01}, always(200)),
        ({"delay": "10m"}, always(200)),
        ({"timeout": "5m"}, always(200, after_s=290.0)),
        ({}, always(429, retry_after="600")),
        ({}, always(200, fault=Fault.TIMEOUT)),
        ({}, always(422)),
        ({"threshold": 1000, "backoff": "5m"}, fails(*REPOSITORIES)),
        ({"threshold": 1000, "backoff": "5m", "batch": {"max_events": 5, "linger": "1m"}}, fails("library/7")),
    ],
    ids=["linger", "rate", "delay", "slow", "retry-after", "hangs", "refuses", "retries", "retries and linger"],
)
def test_waiting_on_purpose_is_no_fault(keys: dict[str, Any], script: Script) -> None:
    """However long it lasts: what waits has its time, or waits for the endpoint."""

    @simulated
    async def scenario() -> None:
        world = World(partitions=2, script=script, **keys)
        assert set() == await judged(world, REPOSITORIES, LONG_S)

    scenario()


def commits_fail(world: World) -> None:
    """From the start on."""
    world.group.fault = lambda _: "not coordinator"


def letters_fail(world: World) -> None:
    """From the start on."""
    world.letters_fault = lambda _: True


@pytest.mark.parametrize(
    ("broken", "script"),
    [(commits_fail, always(200)), (commits_fail, fails("bad")), (letters_fail, always(422))],
    ids=["commits", "commits before a retry", "dead letters"],
)
def test_a_fault_of_ours_is_said(broken: Callable[[World], None], script: Script) -> None:
    """Nothing may be tried before what was delivered is committed, or nothing goes on before a letter is written."""

    @simulated
    async def scenario() -> None:
        world = World(script=script, concurrency=2, threshold=1000, max_backoff="5s")
        broken(world)
        assert {NotReadyKind.STALL} == await judged(world, ["bad", "good"], int(STALL_S) + 60)

    scenario()
