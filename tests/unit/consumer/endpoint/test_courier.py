"""The courier: by which sender a request goes, and when a sender of before is closed."""

import asyncio

from consumer.delivery.owner import Room
from consumer.delivery.policy.attempts import Cause
from consumer.delivery.policy.outcome import Answer, Result
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.endpoint.courier import Courier
from consumer.lanes.delivery import Delivery
from tests.kit.virtual_time import simulated


class Sending:
    """Takes so long for a request."""

    def __init__(self, seconds: float) -> None:
        self.large_events = LargeEvents()
        self._seconds = seconds
        self.requests = 0
        self.is_closed = False

    def kind(self, delivery: Delivery) -> object:
        """All are alike."""
        return None

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """Delivered."""
        self.requests += 1
        await asyncio.sleep(self._seconds)
        assert not self.is_closed, "it was closed under a request"
        return Answer(200)

    async def close(self) -> None:
        """Note it."""
        self.is_closed = True


class Nobody:
    """Is given nothing to bury."""

    unwritten_because = ""

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Not here."""
        raise NotImplementedError

    def hurry(self) -> None:
        """Nothing is under way."""

    def buried(self, delivery: Delivery, cause: Cause) -> None:
        """Nor was anything."""


@simulated
async def test_a_sender_of_before_is_closed_when_its_requests_have_ended() -> None:
    """However long they take: one may wait for a thread of ours before its time begins. Others go by the next one."""
    old, new = Sending(1000.0), Sending(0.1)
    courier = Courier(old, Nobody(), Nobody())
    late = [asyncio.create_task(courier.send([])) for _ in range(2)]
    await asyncio.sleep(1.0)
    courier.use(new)
    await courier.send([])
    await asyncio.sleep(900.0)
    assert (2, 1, False) == (old.requests, new.requests, old.is_closed)
    await asyncio.gather(*late)
    await courier.close()
    assert (True, True) == (old.is_closed, new.is_closed)


@simulated
async def test_a_sender_that_nothing_goes_by_is_closed_at_once() -> None:
    """A reload between two requests leaves no connection behind."""
    old = Sending(1.0)
    courier = Courier(old, Nobody(), Nobody())
    await courier.send([])
    assert not old.is_closed
    courier.use(Sending(1.0))
    await asyncio.sleep(0.0)
    assert old.is_closed
