"""Room for bodies: never more is held than there is, in the order of asking, and a cancelled one leaves nothing."""

import asyncio

from consumer.delivery.webhook.body_room import BodyRoom


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _hold(room: BodyRoom, size: int, name: str, log: list[str], end: asyncio.Event) -> None:
    async with room.taken(size):
        log.append(f"+{name}")
        await end.wait()
    log.append(f"-{name}")


def test_large_ones_wait_for_each_other_in_order() -> None:
    """The second waits for room, and so does a small one behind it; both go when the first ends."""

    async def scene() -> list[str]:
        room, log, ends = BodyRoom(100 * 40), list[str](), [asyncio.Event() for _ in range(3)]
        sizes = (60, 60, 10)
        tasks = [asyncio.create_task(_hold(room, size, str(at), log, ends[at])) for at, size in enumerate(sizes)]
        await _settle()
        assert log == ["+0"]
        ends[0].set()
        await _settle()
        assert log == ["+0", "-0", "+1", "+2"]
        for end in ends:
            end.set()
        await asyncio.gather(*tasks)
        return log

    assert len(asyncio.run(scene())) == 6


def test_one_that_needs_more_than_there_is_goes_alone() -> None:
    """It waits until all is free, and nothing waits for ever."""

    async def scene() -> list[str]:
        room, log, ends = BodyRoom(40), list[str](), [asyncio.Event() for _ in range(2)]
        tasks = [asyncio.create_task(_hold(room, 1000, str(at), log, ends[at])) for at in range(2)]
        await _settle()
        assert log == ["+0"]
        for end in ends:
            end.set()
        await asyncio.gather(*tasks)
        return log

    assert asyncio.run(scene()) == ["+0", "-0", "+1", "-1"]


def test_one_that_is_broken_off_gives_its_room_back() -> None:
    """While it waits, while it holds, and in the moment in which it was given room."""

    async def scene() -> list[str]:
        room, log, never, end = BodyRoom(40), list[str](), asyncio.Event(), asyncio.Event()
        holding = asyncio.create_task(_hold(room, 1, "holding", log, never))
        waiting = asyncio.create_task(_hold(room, 1, "waiting", log, never))
        given = asyncio.create_task(_hold(room, 1, "given", log, never))
        await _settle()
        waiting.cancel()
        holding.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        given.cancel()
        await asyncio.gather(holding, waiting, given, return_exceptions=True)
        end.set()
        async with asyncio.timeout(60):
            await _hold(room, 1, "last", log, end)
        return log

    assert asyncio.run(scene())[-2:] == ["+last", "-last"]


def test_several_that_are_broken_off_at_once_all_end_so() -> None:
    """Holding and waiting: each ends with its own cancellation, and leaves nothing."""

    async def scene() -> list[str]:
        room, log, never, end = BodyRoom(100), list[str](), asyncio.Event(), asyncio.Event()
        tasks = [asyncio.create_task(_hold(room, 2, str(at), log, never)) for at in range(4)]
        await _settle()
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [asyncio.CancelledError] * 4 == [type(one) for one in ended]
        end.set()
        async with asyncio.timeout(60):
            await _hold(room, 3, "last", log, end)
        return log

    assert asyncio.run(scene()) == ["+0", "+last", "-last"]
