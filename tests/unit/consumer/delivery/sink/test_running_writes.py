"""Writes that were given up and may not have ended."""

import asyncio
from collections.abc import Coroutine

from msgspec.structs import replace

from consumer.delivery.policy.outcome import SinkResult
from consumer.delivery.sink.results import WRITTEN
from consumer.delivery.sink.running_writes import RunningWrites, mark_of
from tests.kit.sendables import DELETE, sendable

RECORD = sendable(DELETE)[0]
KEY = "audit", b"library/test"


def task(result: SinkResult | None) -> "asyncio.Task[SinkResult | None]":
    """A write that ends soon, with this."""

    async def ending() -> SinkResult | None:
        await asyncio.sleep(0)
        return result

    return asyncio.create_task(ending())


def test_the_same_records_write_is_not_made_again() -> None:
    """What came of it is what comes of the try that waited for it, once."""

    async def tried() -> None:
        writes = RunningWrites()
        writes.gave_up(KEY, RECORD, task(WRITTEN))
        assert await writes.before(KEY, RECORD) is WRITTEN
        assert await writes.before(KEY, RECORD) is None

    asyncio.run(tried())


def test_another_records_write_is_only_waited_for() -> None:
    """Be it another place, or the same one of a topic that was made anew."""

    async def tried(other: Coroutine[object, object, SinkResult | None]) -> SinkResult | None:
        return await other

    async def all_of_them() -> None:
        for other in (replace(RECORD, offset=8), replace(RECORD, timestamp_ms=1)):
            writes, running = RunningWrites(), task(WRITTEN)
            writes.gave_up(KEY, RECORD, running)
            assert await tried(writes.before(KEY, other)) is None
            assert running.done()

    asyncio.run(all_of_them())


def test_one_that_was_broken_off_is_made_again() -> None:
    """It came to nothing."""

    async def tried() -> None:
        writes = RunningWrites()
        writes.gave_up(KEY, RECORD, task(None))
        assert await writes.before(KEY, RECORD) is None
        running = task(WRITTEN)
        running.cancel()
        writes.gave_up(KEY, RECORD, running)
        assert await writes.before(KEY, RECORD) is None

    asyncio.run(tried())


def test_other_repositories_and_endpoints_do_not_wait() -> None:
    """A write that never ends holds up its own repository alone."""

    async def tried() -> None:
        writes, never = RunningWrites(), asyncio.create_task(asyncio.sleep(3600, WRITTEN))
        writes.gave_up(KEY, RECORD, never)
        assert await writes.before(("audit", b"library/other"), RECORD) is None
        assert await writes.before(("other", b"library/test"), RECORD) is None
        never.cancel()

    asyncio.run(tried())


def test_what_has_ended_is_not_kept_for_ever() -> None:
    """A thousand results are kept, the newest; what still runs always is."""

    async def tried() -> None:
        writes, running = RunningWrites(), asyncio.create_task(asyncio.sleep(3600, WRITTEN))
        writes.gave_up(KEY, RECORD, running)
        ended = task(WRITTEN)
        await ended
        for number in range(1002):
            writes.gave_up(("audit", number), RECORD, ended)
        assert await writes.before(("audit", 0), RECORD) is None
        assert await writes.before(("audit", 1001), RECORD) is WRITTEN
        waiting = asyncio.create_task(writes.before(KEY, RECORD))
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
        running.cancel()

    asyncio.run(tried())


def test_the_mark_of_a_record() -> None:
    """Its place, and when it was accepted."""
    assert mark_of(RECORD) == ("registry.events/3/7", RECORD.timestamp_ms)
