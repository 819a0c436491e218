"""What an operator is told of an endpoint that fails: the cause at once, and when it is really tried again."""

import asyncio

from consumer.endpoint.inspection import live_status_of
from tests.kit.virtual_time import VirtualClock, simulated
from tests.simulation.simulation import Reply, World, always


@simulated
async def test_the_failure_is_told_before_the_breaker_opens() -> None:
    """One event in a quiet log: ten failures in a row take a quarter of an hour."""
    world = World(script=always(401))
    world.events(["library/app"])
    worker = world.worker()
    await asyncio.sleep(5.0)
    assert not worker.endpoint.gate.breaker.is_open
    [reason] = live_status_of(worker.endpoint, VirtualClock()).waits_because
    assert reason.startswith("1 repository waits for the next try, the first in ")
    assert reason.endswith("; the last failure: status 401")


@simulated
async def test_no_probe_is_told_for_a_time_at_which_retry_after_still_holds() -> None:
    """The breaker's own backoff ends long before."""
    world = World(script=lambda _: Reply(503, retry_after="1800"), threshold=1)
    world.events(["library/app"])
    worker = world.worker()
    await asyncio.sleep(60.0)
    breaker, hold = live_status_of(worker.endpoint, VirtualClock()).waits_because
    assert 1 == len(world.posts)
    assert breaker.startswith("breaker open: status 503, next try in ")
    assert hold.removeprefix("paused by Retry-After for ") == breaker.removeprefix(
        "breaker open: status 503, next try in "
    )
