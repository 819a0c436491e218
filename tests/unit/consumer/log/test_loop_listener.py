"""A listener on the loop, notified from a consumer's thread: in order, with a limit, and not at all once disowned."""

import asyncio

import pytest

from consumer.log.loop_listener import LoopListener
from consumer.offsets.commits import Assigned, Commit
from tests.unit.consumer.log.test_succession import Listener

LIMIT_S = 60.0


class SlowListener(Listener):
    """One whose requests in flight never end."""

    async def drain(self, partitions: set[int]) -> list[Commit]:
        """Wait for them."""
        await asyncio.sleep(1e9)
        return []


def assigned(number: int) -> list[Assigned]:
    """This partition."""
    return [Assigned(number, 1, 0, 0, "", 0)]


async def told(listener: Listener) -> list[tuple[str, object]]:
    """All that it was told by now."""
    await asyncio.sleep(0)
    return [(what, fact) for _, what, fact in listener.told]


def test_a_drain_has_a_limit() -> None:
    """The thread goes on with an error, and its consumer with it."""

    async def scenario() -> None:
        crossing = LoopListener(SlowListener(), asyncio.get_running_loop(), drain_limit_s=0.05)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(crossing.drain, {0}), LIMIT_S)

    asyncio.run(scenario())


def test_what_a_disowned_consumer_has_is_revoked_once() -> None:
    """What it had given back is not, and whatever it says from then on is not heard."""

    async def scenario() -> None:
        listener = Listener()
        crossing = LoopListener(listener, asyncio.get_running_loop(), drain_limit_s=1.0)
        for number in (0, 1, 2):
            crossing.assigned(assigned(number))
        crossing.revoked({1})
        had = [("assigned", {0}), ("assigned", {1}), ("assigned", {2}), ("revoked", {1})]
        assert had == await told(listener)
        crossing.committed([], "said before, heard after")
        crossing.disown()
        crossing.assigned(assigned(3))
        crossing.revoked({0})
        crossing.membership("late")
        assert [*had, ("revoked", {0, 2})] == await told(listener)

    asyncio.run(scenario())


def test_one_that_had_nothing_takes_nothing() -> None:
    """Its end is no news."""

    async def scenario() -> None:
        listener = Listener()
        LoopListener(listener, asyncio.get_running_loop(), drain_limit_s=1.0).disown()
        assert [] == await told(listener)

    asyncio.run(scenario())
