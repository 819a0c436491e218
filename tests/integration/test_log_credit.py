"""The log's thread on a real Kafka reads as much as it was asked for, in bytes, and stops there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from broker import LocalKafka
from consumer.log.credit import READ_AHEAD, total_cost
from consumer.log.listener import NOT_YET
from consumer.log.reader_thread import Log
from consumer.offsets.commits import Assigned, Commit
from consumer.offsets.ledger import Snapshot
from consumer.record import Record
from runtime.kafka.settings import consumer_settings
from tests.kit.topics import Found, delete_records, make_topic, write

pytestmark = pytest.mark.kafka

MIB = 1024 * 1024
LIMIT_S = 20.0


class Listener:
    """Keeps what the log tells."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.epochs: dict[int, int] = {}
        self.commits = 0
        self.ends: dict[int, int] = {}
        self.read_to: dict[int, int] = {}
        self.lost: list[tuple[int, range]] = []
        self.obstacle = NOT_YET

    def assigned(self, partitions: list[Assigned]) -> None:
        """Keep."""
        self.epochs |= {at.partition: at.epoch for at in partitions}

    def received(self, records: list[Record]) -> None:
        """Keep."""
        self.records += records

    def read_up_to(self, offsets: dict[int, int]) -> None:
        """Keep."""
        self.read_to |= offsets

    def expired(self, partition: int, lost: range) -> None:
        """Keep."""
        self.lost.append((partition, lost))

    async def drain(self, partitions: set[int]) -> list[Commit]:
        """Nothing is in flight."""
        return []

    def revoked(self, partitions: set[int]) -> None:
        """Nothing is held."""

    def committed(self, commits: list[Commit], error: str) -> None:
        """Count."""
        assert not error
        self.commits += 1

    def range_ended(self, partition: int, epoch: int) -> None:
        """There are no ranges."""
        raise AssertionError(partition, epoch)

    def log_ends(self, ends: dict[int, int]) -> None:
        """Keep."""
        self.ends |= ends

    def trouble(self, error: str) -> None:
        """There is none."""
        raise AssertionError(error)

    def membership(self, obstacle: str) -> None:
        """Keep."""
        self.obstacle = obstacle


@asynccontextmanager
async def reading(kafka: LocalKafka, topic: str) -> AsyncIterator[tuple[Log, Listener]]:
    """A log that has its partition."""
    settings = consumer_settings(
        {"bootstrap.servers": kafka.bootstrap}, client_id="test", group=topic, max_record_bytes=24 * MIB
    )
    listener = Listener()
    log = Log(lambda: settings, topic=topic, name="test", drain_s=1.0)
    log.start(listener)
    try:
        await until(lambda: bool(listener.epochs))
        yield log, listener
    finally:
        await asyncio.to_thread(log.close)


async def until(done: Callable[[], bool]) -> None:
    """Wait for a condition, with a deadline."""
    async with asyncio.timeout(LIMIT_S):
        while not done():  # noqa: ASYNC110 - what the thread told is plain data
            await asyncio.sleep(0.01)


def fill(kafka: LocalKafka, topic: str, count: int, size: int) -> None:
    """A topic of one partition with records of this size."""
    make_topic(kafka, topic, 1, max_message_bytes=str(24 * MIB))
    write(kafka, topic, [Found(0, -1, 0, None, bytes(size), ())] * count)


def test_large_records_come_as_asked(kafka: LocalKafka, topic: str) -> None:
    """Of records of 900 KiB five come for 4 MiB: the last costs more than was left; and one more for the next byte."""
    fill(kafka, topic, 40, 900 * 1024)
    asyncio.run(_large(kafka, topic))


async def _large(kafka: LocalKafka, topic: str) -> None:
    async with reading(kafka, topic) as (log, listener):
        log.ask(READ_AHEAD)
        await until(lambda: len(listener.records) >= 5)
        await _looked_again(listener)
        assert [0, 1, 2, 3, 4] == [record.offset for record in listener.records]
        over = total_cost(listener.records) - READ_AHEAD
        log.ask(over)
        await _looked_again(listener)
        assert 5 == len(listener.records), "the overdraft is to be paid back first"
        log.ask(1)
        await until(lambda: len(listener.records) >= 6)
        await _looked_again(listener)
        assert 6 == len(listener.records)


async def _looked_again(listener: Listener) -> None:
    """The thread has turned many times: it tells the log's ends every two seconds."""
    listener.ends.clear()
    await until(lambda: bool(listener.ends))


def test_commits_without_credit_bring_little(kafka: LocalKafka, topic: str) -> None:
    """Serving a commit may bring a record that nobody asked for; however many commits, they stay in bounds."""
    fill(kafka, topic, 400, 100_000)
    asyncio.run(_commits(kafka, topic))


async def _commits(kafka: LocalKafka, topic: str) -> None:
    async with reading(kafka, topic) as (log, listener):
        log.ask(1)
        await until(lambda: bool(listener.records))
        for count in range(1, 101):
            log.commit([Commit(0, listener.epochs[0], Snapshot(1), "")])
            await until(partial(_committed, listener, count))
        assert total_cost(listener.records) <= 1 + READ_AHEAD + 2 * 100_000 + 2 * 256


def _committed(listener: Listener, count: int) -> bool:
    return listener.commits >= count


def test_what_retention_takes_while_reading_stands_still_is_told(kafka: LocalKafka, topic: str) -> None:
    """Reading goes on at the oldest record that is left, and says which offsets were never read."""
    fill(kafka, topic, 40, 900 * 1024)
    asyncio.run(_overtaken(kafka, topic))


async def _overtaken(kafka: LocalKafka, topic: str) -> None:
    async with reading(kafka, topic) as (log, listener):
        log.ask(1)
        await until(lambda: bool(listener.records))
        await _looked_again(listener)  # it has paused, and so dropped what it had fetched ahead
        await asyncio.to_thread(delete_records, kafka, topic, {0: 38})
        read = len(listener.records)
        log.ask(2 * READ_AHEAD)
        await until(lambda: len(listener.records) == read + 2 and listener.read_to == {0: 40})
        assert [(0, range(read, 38))] == listener.lost
        assert [38, 39] == [record.offset for record in listener.records[read:]]
