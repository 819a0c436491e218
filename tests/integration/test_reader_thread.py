"""The log's thread on a real Kafka reads as much as it was asked for, and no farther than it is to."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from broker import LocalKafka
from consumer.log.assigned_range import AssignedRange
from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.credit import PAUSE_AFTER_S, READ_AHEAD, total_cost
from consumer.log.reader_thread import ReaderThreads
from consumer.log.shared_records import SharedRecords
from consumer.log.source import Source
from consumer.log.subscription import Subscription
from consumer.log.succession import Succession
from consumer.offsets.commits import Commit
from consumer.offsets.ledger import Snapshot
from runtime.clock import SystemClock
from runtime.deadline import Deadline
from runtime.kafka.cluster_state import Committed
from runtime.kafka.groups import Groups
from tests.kit.eventually import LIMIT_S
from tests.kit.log_listener import Listener
from tests.kit.topics import Found, delete_records, make_topic, write

pytestmark = pytest.mark.kafka

MIB = 1024 * 1024


@asynccontextmanager
async def reading(
    kafka: LocalKafka,
    topic: str,
    source: Source | None = None,
    listener: Listener | None = None,
    *,
    drain_s: float = 60.0,
) -> AsyncIterator[tuple[Succession, Listener]]:
    """A log that has its partition; `drain_s` is shorter only where Kafka is not to answer."""
    settings = ConsumerSettings(
        {"bootstrap.servers": kafka.bootstrap}, client_id="test", group=topic, max_record_bytes=24 * MIB
    )
    listener = listener or Listener()
    readers = ReaderThreads(source or Subscription(), settings, SharedRecords(topic), "test", SystemClock())
    log = Succession(readers, name="test", drain_s=drain_s, clock=SystemClock())
    log.start(listener)
    try:
        await until(lambda: bool(listener.epochs))
        yield log, listener
        assert [] == listener.given_up or listener.may_be_given_up
    finally:
        await log.close(Deadline.after(60.0, SystemClock()))


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
        assert [] == listener.refused
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
        paused = time.monotonic() + 2 * PAUSE_AFTER_S  # and so it has dropped what it had fetched ahead
        await until(lambda: time.monotonic() > paused)
        await _looked_again(listener)
        await _looked_again(listener)  # the first look may have begun before it paused
        await asyncio.to_thread(delete_records, kafka, topic, {0: 38})
        read = len(listener.records)
        log.ask(2 * READ_AHEAD)
        await until(lambda: len(listener.records) == read + 2 and listener.read_to == {0: 40})
        assert [(0, range(read, 38))] == listener.lost
        assert [38, 39] == [record.offset for record in listener.records[read:]]


def test_an_assigned_range_is_read_to_its_end_and_no_farther(kafka: LocalKafka, topic: str) -> None:
    """Its end is told once, after its last record; asking for more brings nothing; the last commit is made."""
    fill(kafka, topic, 10, 100)
    asyncio.run(_range(kafka, topic))
    committed = Groups({"bootstrap.servers": kafka.bootstrap}, client_id="test").committed(topic, topic, [0])
    assert {0: Committed(6)} == committed


async def _range(kafka: LocalKafka, topic: str) -> None:
    async with reading(kafka, topic, AssignedRange({0: range(6)})) as (log, listener):
        assert "" == listener.obstacle
        log.ask(READ_AHEAD)
        await until(lambda: bool(listener.ended))
        assert [0, 1, 2, 3, 4, 5] == [record.offset for record in listener.records]
        assert {0: 6} == listener.read_to
        listener.read_to.clear()
        log.resume(0)
        log.ask(READ_AHEAD)
        await _looked_again(listener)
        assert (6, [(0, listener.epochs[0])]) == (len(listener.records), listener.ended)
        assert {} == listener.read_to, "what lies behind the range is not even read"
        listener.last = [Commit(0, listener.epochs[0], Snapshot(6), "")]


def test_a_commit_for_an_earlier_assignment_is_refused(kafka: LocalKafka, topic: str) -> None:
    """Its partition may be another's by now."""
    fill(kafka, topic, 1, 100)
    asyncio.run(_stale(kafka, topic))


async def _stale(kafka: LocalKafka, topic: str) -> None:
    async with reading(kafka, topic) as (log, listener):
        log.commit([Commit(0, listener.epochs[0] - 1, Snapshot(1), "")])
        await until(lambda: bool(listener.refused))
        assert ["the partitions are gone"] == listener.refused


def test_a_consumer_that_is_given_up_is_followed_by_another(kafka: LocalKafka, topic: str) -> None:
    """It ends in peace: drained and committed, with the reason told; the next one goes on where its commit says."""
    fill(kafka, topic, 3, 100)
    asyncio.run(_given_up(kafka, topic))


async def _given_up(kafka: LocalKafka, topic: str) -> None:
    async with reading(kafka, topic) as (log, listener):
        listener.may_be_given_up = True
        log.ask(READ_AHEAD)
        await until(lambda: len(listener.records) == 3)
        [epoch] = listener.epochs.values()
        listener.last = [Commit(0, epoch, Snapshot(2), "")]
        log.give_up("nobody answers")
        await until(lambda: ["nobody answers"] == listener.given_up)
        assert {} == listener.epochs
        await until(lambda: bool(listener.epochs))
        assert epoch < listener.epochs[0]
        log.ask(READ_AHEAD)
        await until(lambda: len(listener.records) == 4)
        assert [2] == [record.offset for record in listener.records[3:]]
        listener.last = []
        assert ["nobody answers"] == listener.given_up


def test_a_consumer_that_does_not_close_is_followed_by_another(broker: LocalKafka, topic: str) -> None:
    """Its last commit gets no answer: it is disowned, and what it does when Kafka is back changes nothing."""
    fill(broker, topic, 3, 100)
    asyncio.run(_disowned(broker, topic))


async def _disowned(broker: LocalKafka, topic: str) -> None:
    async with reading(broker, topic, drain_s=1.0) as (log, listener):
        listener.may_be_given_up = True
        log.ask(READ_AHEAD)
        await until(lambda: len(listener.records) == 3)
        [epoch] = listener.epochs.values()
        listener.last = [Commit(0, epoch, Snapshot(2), "")]
        broker.pause()
        log.give_up("nobody answers")
        await until(lambda: ["nobody answers"] == listener.given_up)
        assert ({}, 1) == (listener.epochs, log.abandoned)
        listener.last = []
        broker.resume()
        await until(lambda: bool(listener.epochs))
        assert epoch < listener.epochs[0]
        await until(lambda: log.abandoned == 0)
        await _looked_again(listener)
        assert [0] == list(listener.epochs), "the end of the first one took nothing from the second"
        assert ["nobody answers"] == listener.given_up


class LookingListener(Listener):
    """Looks at the group's commits each time it is to drain, before it says what is to be committed."""

    def __init__(self, groups: Groups, topic: str) -> None:
        super().__init__()
        self._groups = groups
        self._topic = topic
        self.seen: list[dict[int, Committed]] = []

    async def drain(self, partitions: set[int]) -> list[Commit]:
        """Event 3 is the next one, until that is committed."""
        self.seen.append(await asyncio.to_thread(self._groups.committed, self._topic, self._topic, [0]))
        return [] if self.commits else [Commit(0, self.epochs[0], Snapshot(3), "")]


def test_all_is_committed_before_the_consumer_begins_to_leave(kafka: LocalKafka, topic: str) -> None:
    """Its revocation comes later, and amid a rebalance after it has left: nothing is drained or committed then."""
    fill(kafka, topic, 5, 10)
    asyncio.run(_leaves(kafka, topic))


async def _leaves(kafka: LocalKafka, topic: str) -> None:
    groups = Groups({"bootstrap.servers": kafka.bootstrap}, client_id="test")
    listener = LookingListener(groups, topic)
    async with reading(kafka, topic, listener=listener):
        pass
    assert [{}] == listener.seen
    assert {0: Committed(3)} == await asyncio.to_thread(groups.committed, topic, topic, [0])
    assert [] == listener.refused
