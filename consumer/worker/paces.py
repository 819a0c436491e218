"""Samples the pace of each endpoint that a worker serves, now and then for ever."""

import asyncio
from typing import Final

from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.pace import PaceSample
from consumer.worker.served import Served
from runtime.clock import Clock

_EVERY_S: Final = 2.0


async def sample_paces(served: Served, clock: Clock) -> None:
    """Take a sample every two seconds."""
    while True:
        for endpoint in served:
            endpoint.monitor.pace.sample(sample_of(endpoint, clock.monotonic()))
        await asyncio.sleep(_EVERY_S)


def sample_of(endpoint: Endpoint, now: float) -> PaceSample:
    """An endpoint's partitions now (monotonic)."""
    finished = {number: at.ledger.next - at.ledger.unfinished for number, at in endpoint.partitions.items()}
    return PaceSample(now, finished, {number: endpoint.assignment.ends.get(number, 0) for number in finished})
