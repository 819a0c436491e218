"""Writes that wait for their reports, and the bell of their loop."""

import asyncio
from dataclasses import dataclass

import pytest
from confluent_kafka import KafkaError

from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.pending_writes import Bell, PendingWrite
from tests.kit.virtual_time import simulated


@dataclass(frozen=True)
class At:
    """A record at an offset."""

    at: int | None

    def offset(self) -> int | None:
        """As the client says it."""
        return self.at


def test_a_write_has_ended_with_its_last_record() -> None:
    """Once; the first error counts, whatever comes of the others."""
    ends: list[Exception | None] = []
    write = PendingWrite(4, ends.append, ConnectionFaults())
    for error in (None, KafkaError(KafkaError._MSG_TIMED_OUT), KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)):
        write.report(error, None)
        assert [] == ends
    write.report(None, At(7))
    (end,) = ends
    assert isinstance(end, KafkaUnavailableError)


@pytest.mark.parametrize("offset", [None, -1001, -1])
def test_a_report_without_an_offset_acknowledges_nothing(offset: int | None) -> None:
    """The client makes it from the answer to another request."""
    ends: list[Exception | None] = []
    write = PendingWrite(2, ends.append, ConnectionFaults())
    write.report(None, At(offset))
    write.report(None, At(0))
    (end,) = ends
    assert isinstance(end, KafkaUnavailableError)


def test_a_write_is_acknowledged_if_each_record_has_an_offset() -> None:
    """The first one of a partition has 0."""
    ends: list[Exception | None] = []
    write = PendingWrite(2, ends.append, ConnectionFaults())
    write.report(None, At(0))
    write.report(None, At(1))
    assert [None] == ends


def test_one_ring_wakes_all_that_wait() -> None:
    """With success or their error; who waits no longer is left alone, and a bell without news does not ring."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        bell = Bell(loop, 60.0)
        bell.ring()
        good, bad, gone = (loop.create_future() for _ in range(3))
        gone.cancel()
        for future, error in ((good, None), (gone, None), (bad, KafkaUnavailableError("no answer"))):
            bell.add(future, error)
            bell.ring()
        assert await good is None
        with pytest.raises(KafkaUnavailableError, match="no answer"):
            await bad
        assert gone.cancelled()

    asyncio.run(scenario())


@simulated
async def test_a_write_that_lasts_too_long_is_given_up() -> None:
    """Each at its own limit, whatever came before it; one that has ended before is left alone."""
    loop = asyncio.get_running_loop()
    bell = Bell(loop, 2.0)
    first, ended = bell.begin(), bell.begin()
    bell.add(ended, None)
    bell.ring()
    await asyncio.sleep(1.0)
    second = bell.begin()
    await asyncio.sleep(0.99)
    assert [False, True, False] == [one.done() for one in (first, ended, second)]
    await asyncio.sleep(0.02)
    assert [True, True, False] == [one.done() for one in (first, ended, second)]
    assert isinstance(first.exception(), TimeoutError)
    assert ended.exception() is None
    await asyncio.sleep(0.98)
    assert not second.done()
    await asyncio.sleep(0.02)
    assert isinstance(second.exception(), TimeoutError)
    third = bell.begin()
    await asyncio.sleep(2.01)
    assert isinstance(third.exception(), TimeoutError), "the alarm is set again"
