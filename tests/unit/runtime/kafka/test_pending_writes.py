"""Writes that wait for their reports, and the bell of their loop."""

import asyncio

import pytest
from confluent_kafka import KafkaError

from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.pending_writes import Bell, PendingWrite


def test_a_write_has_ended_with_its_last_record() -> None:
    """Once; the first error counts, whatever comes of the others."""
    ends: list[Exception | None] = []
    write = PendingWrite(4, ends.append, ConnectionFaults())
    for error in (None, KafkaError(KafkaError._MSG_TIMED_OUT), KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)):
        write.report(error, None)
        assert [] == ends
    write.report(None, None)
    (end,) = ends
    assert isinstance(end, KafkaUnavailableError)


def test_one_ring_wakes_all_that_wait() -> None:
    """With success or their error; who waits no longer is left alone, and a bell without news does not ring."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        bell = Bell(loop)
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
