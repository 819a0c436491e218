"""Attempts in flight: what is counted is of the attempt that is under way."""

import asyncio

from consumer.delivery.in_flight import InFlight
from consumer.lanes.delivery import Batch
from consumer.lanes.lanes import Lanes
from consumer.record import Record
from schemas.event import Event
from tests.kit.virtual_time import running_loop, simulated


class EndedAttempts:
    """Keeps which attempts have ended."""

    def __init__(self) -> None:
        self.ended_ones: list[tuple[Batch, bool]] = []

    def ended(self, batch: Batch, *, broken_off: bool) -> None:
        """The attempt for this batch is over."""
        self.ended_ones.append((batch, broken_off))


def a_batch() -> Batch:
    """One event, secret as events can be."""
    lanes = Lanes(max_events=1)
    lanes.add(Record("events", 0, 7, 0, b"a", b"hunter2"), Event(id="hunter2"), 0.0)
    batch = lanes.next_batch(0.0)
    assert batch is not None
    return batch


@simulated
async def test_a_batch_that_is_due_again_at_once() -> None:
    """Its next attempt can begin before the loop has told that the first one ended: it is counted, and waited for."""
    attempts, batch = EndedAttempts(), a_batch()
    in_flight = InFlight(attempts)

    async def second() -> None:
        await asyncio.sleep(5.0)
        in_flight.answered(batch)

    async def first() -> None:
        in_flight.answered(batch)
        running_loop().call_soon(lambda: in_flight.start(batch, second()))

    in_flight.start(batch, first())
    await asyncio.sleep(1.0)
    assert (1, 1) == (in_flight.requests, in_flight.events)
    assert [] == attempts.ended_ones
    before = running_loop().time()
    await in_flight.drain({0}, 60.0)
    assert 4.0 == running_loop().time() - before
    assert (0, 0) == (in_flight.requests, in_flight.events)
    assert [(batch, False)] == attempts.ended_ones


def test_a_fault_of_ours_shows_no_event() -> None:
    """What Python prints of a batch says which records it holds, and nothing of them."""
    assert "Batch(events/0/7)" == repr(a_batch())
