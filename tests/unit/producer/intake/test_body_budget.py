"""Which body gives way when there is no room, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from producer.intake.body_budget import (
    SMALL_BYTES,
    BodyBudget,
    BodyTooLargeError,
    BodyTooSlowError,
    NoRoomError,
)
from tests.kit.virtual_time import simulated

LARGEST = 8 * 2**20
STEP = 2**20


async def pieces(size: int, *, then: float = 0.0, step: int = STEP) -> AsyncIterator[bytes]:
    """A body in pieces, and how long its last byte lets wait."""
    for at in range(0, size, step):
        await asyncio.sleep(0)
        yield b"a" * min(step, size - at)
    await asyncio.sleep(then)


async def take(budget: BodyBudget, size: int, *, then: float = 0.0, held: float = 0.0) -> int:
    """Read a body and hold it; its size."""
    with budget.hold() as body:
        content = await body.read(pieces(size, then=then))
        await asyncio.sleep(held)
        return len(content)


async def started(*takes: Any) -> list[asyncio.Task[int]]:
    """Tasks that have read as much as comes at once."""
    tasks = [asyncio.create_task(one) for one in takes]
    await asyncio.sleep(0.01)
    return tasks


@simulated
async def test_bodies_that_stall_give_way_to_others() -> None:
    """The oldest first, one for each that comes; whoever comes whole is taken."""
    budget = BodyBudget(LARGEST)
    stalled = await started(*(take(budget, LARGEST - 2, then=50) for _ in range(3)))
    assert not any(task.done() for task in stalled)
    assert LARGEST == await take(budget, LARGEST)
    assert [True, False, False] == [task.done() for task in stalled]
    assert LARGEST == await take(budget, LARGEST), "in the room of the first"
    with pytest.raises(NoRoomError, match=r"^all room for bodies of more than 64 KiB is taken \(24 MiB together\)$"):
        await stalled[0]
    assert [LARGEST - 2] * 2 == await asyncio.gather(*stalled[1:])


@simulated
async def test_what_is_whole_keeps_its_room() -> None:
    """It cannot come again sooner for it; the next large one has no room, a small one always has."""
    budget = BodyBudget(LARGEST)
    held = await started(*(take(budget, LARGEST, held=50) for _ in range(3)))
    with pytest.raises(NoRoomError):
        await take(budget, SMALL_BYTES + 1)
    assert SMALL_BYTES == await take(budget, SMALL_BYTES)
    assert [LARGEST] * 3 == await asyncio.gather(*held)
    assert LARGEST == await take(budget, LARGEST)


@simulated
async def test_small_bodies_that_stall_give_way_too() -> None:
    """However many there are."""
    budget = BodyBudget(LARGEST)
    stalled = await started(*(take(budget, SMALL_BYTES, then=50) for _ in range(500)))
    assert 500 - 128 == sum(task.done() for task in stalled)
    assert 100 == await take(budget, 100)
    done = await asyncio.gather(*stalled, return_exceptions=True)
    assert [NoRoomError] * 373 == [type(one) for one in done[:373]]
    assert [SMALL_BYTES] * 127 == done[373:]


@simulated
async def test_a_body_has_its_size_and_its_time() -> None:
    """A byte more, or a second, is too much; the room is free again."""
    budget = BodyBudget(1000)
    with pytest.raises(BodyTooLargeError):
        await take(budget, 1001)
    assert 1000 == await take(budget, 1000, then=59)
    with pytest.raises(BodyTooSlowError, match="the body did not arrive within 60 s"):
        await take(budget, 10, then=61)


async def reluctant(size: int) -> AsyncIterator[bytes]:
    """A body that stalls, and needs a second to end when it is broken off."""
    yield b"a" * size
    try:
        await asyncio.sleep(100)
    finally:
        await asyncio.sleep(1)


async def take_reluctantly(budget: BodyBudget, size: int) -> int:
    """Read such a body."""
    with budget.hold() as body:
        return len(await body.read(reluctant(size)))


@simulated
async def test_a_body_whose_time_is_just_up_gives_way_too() -> None:
    """It harms nobody that its reading is being broken off already."""
    budget = BodyBudget(LARGEST)
    stalled = await started(*(take_reluctantly(budget, LARGEST - 2) for _ in range(3)))
    await asyncio.sleep(60)
    assert not any(task.done() for task in stalled)
    assert LARGEST == await take(budget, LARGEST)
    done = await asyncio.gather(*stalled, return_exceptions=True)
    assert [NoRoomError, BodyTooSlowError, BodyTooSlowError] == [type(one) for one in done]
