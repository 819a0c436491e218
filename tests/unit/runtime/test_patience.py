"""The patience between tries ends when it is hurried, after one more try."""

import asyncio

import pytest

from runtime.backoff import Backoff
from runtime.patience import Patience
from runtime.retrying import retried
from tests.kit.virtual_time import VirtualClock, simulated

SLOW = Backoff(100.0, 100.0, lambda: 0.0)


class Door:
    """Opens at some time; whoever tries before fails."""

    def __init__(self, opens_at: float, *, takes_s: float = 0.0) -> None:
        self.clock = VirtualClock()
        self.began = self.clock.monotonic()
        self.tries: list[float] = []
        self._opens_at = opens_at
        self._takes_s = takes_s

    async def __call__(self) -> str:
        """One try."""
        self.tries.append(self.clock.monotonic() - self.began)
        await asyncio.sleep(self._takes_s)
        if self.clock.monotonic() - self.began < self._opens_at:
            raise OSError("shut")
        return "open"

    async def through(self, patience: Patience) -> str:
        """Try until it is open."""
        return await retried(self, SLOW, on=OSError, log_failure=lambda *_: None, patience=patience)


@simulated
async def test_whoever_waits_tries_once_more_at_once() -> None:
    """And succeeds, if what was in the way is gone."""
    door, patience = Door(opens_at=10.0), Patience()
    task = asyncio.create_task(door.through(patience))
    await asyncio.sleep(20.0)
    patience.hurry()
    assert "open" == await task
    assert [0.0, 20.0] == door.tries


@simulated
async def test_after_a_try_that_fails_then_it_is_broken_off() -> None:
    """As if it were cancelled, and at once."""
    door, patience = Door(opens_at=1e9), Patience()
    task = asyncio.create_task(door.through(patience))
    await asyncio.sleep(20.0)
    patience.hurry()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert [0.0, 20.0] == door.tries


@simulated
async def test_a_try_under_way_has_its_time_and_no_other_follows() -> None:
    """Its answer is worth waiting for."""
    door, patience = Door(opens_at=1e9, takes_s=2.0), Patience()
    task = asyncio.create_task(door.through(patience))
    await asyncio.sleep(1.0)
    patience.hurry()
    await asyncio.wait([task])
    assert task.cancelled()
    assert ([0.0], 2.0) == (door.tries, door.clock.monotonic() - door.began)


@simulated
async def test_whoever_is_encouraged_tries_once_more_and_waits_on() -> None:
    """What another succeeded in may still fail here: then the next wait is as long as ever."""
    door, patience = Door(opens_at=110.0), Patience()
    task = asyncio.create_task(door.through(patience))
    await asyncio.sleep(20.0)
    patience.encourage()
    assert "open" == await task
    assert [0.0, 20.0, 120.0] == door.tries


@simulated
async def test_without_a_hurry_it_has_no_end() -> None:
    """It waits as long as the backoff says, again and again."""
    door = Door(opens_at=950.0)
    assert "open" == await door.through(Patience())
    assert [100.0 * number for number in range(11)] == door.tries
