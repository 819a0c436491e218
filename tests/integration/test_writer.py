"""The acknowledged writer: the same contract on a real Kafka and on a producer that can be made to fail."""

import asyncio
import gc
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from broker import LocalKafka
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import WRITE_LIMIT_S, AcknowledgedWriter, WriterClosedError
from tests.kit import eventually
from tests.kit.fake_kafka import FakeCluster
from tests.kit.topics import make_topic, read

pytestmark = pytest.mark.kafka
Key = bytes | None
Row = tuple[Key, bytes | None]
PATIENCE_S = 60.0
"""For writes of a busy machine."""


@dataclass(frozen=True)
class UnderTest:
    """A writer, and a way to read what is in the log that does not go through it."""

    writer: AcknowledgedWriter
    topic: str
    rows: Callable[[], list[Row]]

    def record(self, value: bytes, key: Key = b"k") -> OutgoingRecord:
        """A record for the topic."""
        return OutgoingRecord(self.topic, key, value)


@pytest.fixture
def real(kafka: LocalKafka, topic: str) -> Iterator[UnderTest]:
    """On the shared Kafka, a topic that takes records of 1 MB."""
    make_topic(kafka, topic, 3, max_message_bytes="1000000")
    writer = AcknowledgedWriter(
        {"bootstrap.servers": kafka.bootstrap}, client_id="test", max_record_bytes=8 * 1024 * 1024, limit_s=PATIENCE_S
    )
    yield UnderTest(writer, topic, lambda: [(record.key, record.value) for record in read(kafka, topic)])
    writer.close()


@pytest.fixture
def fake(topic: str) -> Iterator[UnderTest]:
    """On no Kafka at all."""
    cluster = FakeCluster()
    writer = AcknowledgedWriter(
        {}, client_id="test", max_record_bytes=1024, limit_s=PATIENCE_S, open_producer=cluster.open
    )
    yield UnderTest(writer, topic, lambda: [(record.key, record.value) for record in cluster.log])
    writer.close()


@pytest.fixture(params=["real", "fake"])
def under_test(request: pytest.FixtureRequest) -> UnderTest:
    """Each in turn."""
    found: UnderTest = request.getfixturevalue(request.param)
    return found


# The contract.
def test_write_returns_when_all_is_in_the_log(under_test: UnderTest) -> None:
    """A write is in the log, whole and in order for each key, by the time it returns; an empty one is nothing."""
    under_test.writer.write([])
    under_test.writer.write([under_test.record(b"%d" % number) for number in range(100)])
    assert [(b"k", b"%d" % number) for number in range(100)] == under_test.rows()


def test_write_soon_returns_when_all_is_in_the_log(under_test: UnderTest) -> None:
    """The awaitable form keeps the same promise, many at a time on one loop."""

    async def write_all() -> None:
        writes = [[under_test.record(b"%d-%d" % (key, n), b"%d" % key) for n in range(10)] for key in range(50)]
        await asyncio.gather(*(under_test.writer.write_soon(write) for write in writes))
        await under_test.writer.write_soon([])

    asyncio.run(write_all())
    rows = under_test.rows()
    assert 500 == len(rows)
    for key in range(50):
        assert [b"%d-%d" % (key, n) for n in range(10)] == [value for k, value in rows if k == b"%d" % key]


def test_many_threads_and_loops(under_test: UnderTest) -> None:
    """Threads that block and threads with loops of their own write at once: each one's records are in, in order."""

    def blocking(name: bytes) -> None:
        for number in range(20):
            under_test.writer.write([under_test.record(b"%d" % number, name)])

    def looping(name: bytes) -> None:
        async def write() -> None:
            for number in range(20):
                await under_test.writer.write_soon([under_test.record(b"%d" % number, name)])

        asyncio.run(write())

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(kind, b"%d" % n) for n, kind in enumerate([blocking, looping] * 4)]
        for one in done:
            one.result()
    rows = under_test.rows()
    for name in range(8):
        assert [b"%d" % number for number in range(20)] == [value for key, value in rows if key == b"%d" % name]
    assert 160 == len(rows)


def test_close_waits_and_is_quiet_twice(under_test: UnderTest) -> None:
    """Closing lets a write under way end; closing again does nothing; a write afterwards says that it is closed."""
    failed: list[BaseException] = []

    def write() -> None:
        try:
            under_test.writer.write([under_test.record(b"%d" % number) for number in range(2000)])
        except BaseException as error:  # noqa: BLE001 - looked at below
            failed.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    time.sleep(0)
    under_test.writer.close()
    under_test.writer.close()
    thread.join()
    assert (2000 if not failed else 0) == len(under_test.rows())
    assert all(isinstance(error, WriterClosedError) for error in failed)
    assert not under_test.writer.available
    with pytest.raises(WriterClosedError):
        under_test.writer.write([under_test.record(b"late")])
    with pytest.raises(WriterClosedError):
        asyncio.run(under_test.writer.write_soon([under_test.record(b"late")]))


def test_a_write_that_is_not_tried_leaves_nothing_behind(topic: str) -> None:
    """Nobody waits for its time to be up, and so nobody would take the error that comes then."""
    writer = AcknowledgedWriter(
        {}, client_id="test", max_record_bytes=1024, limit_s=0.2, open_producer=FakeCluster().open
    )
    writer.close()
    unheard: list[dict[str, Any]] = []

    async def write() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unheard.append(context))
        with pytest.raises(WriterClosedError):
            await writer.write_soon([OutgoingRecord(topic, b"k", b"late")])
        await asyncio.sleep(0.3)
        gc.collect()

    asyncio.run(write())
    assert [] == unheard


@pytest.mark.parametrize("soon", [False, True])
def test_a_record_too_large_is_refused(under_test: UnderTest, *, soon: bool) -> None:
    """A record that the topic does not take is a refusal, which says nothing about Kafka: the next write goes in."""
    large = under_test.record(b"x" + random_bytes(2_000_000))
    write = write_soon if soon else AcknowledgedWriter.write
    with pytest.raises(KafkaRefusedError):
        write(under_test.writer, [large])
    assert under_test.writer.available
    under_test.writer.write([under_test.record(b"small")])
    assert (b"k", b"small") in under_test.rows()


def write_soon(writer: AcknowledgedWriter, records: list[OutgoingRecord]) -> None:
    """Writes on a loop of its own."""
    asyncio.run(writer.write_soon(records))


def random_bytes(count: int) -> bytes:
    """Bytes that no compression makes smaller."""
    return random.Random(7).randbytes(count)


# On the real Kafka alone.
def test_unknown_topic_is_refused(kafka: LocalKafka, topic: str) -> None:
    """A topic that is not there is an error within the time limit, and names Kafka's code."""
    writer = AcknowledgedWriter({"bootstrap.servers": kafka.bootstrap}, client_id="test", max_record_bytes=1024)
    begun = time.monotonic()
    with pytest.raises((KafkaRefusedError, KafkaUnavailableError), match="writing to Kafka"):
        writer.write([OutgoingRecord(f"{topic}.missing", None, b"x")])
    assert time.monotonic() - begun < 25, "librdkafka itself would wait for 30 s"
    writer.close()


def test_a_clock_that_is_ahead_is_named(real: UnderTest, topic: str) -> None:
    """Kafka refuses records from the future; the error says whose clock that is."""
    in_two_hours = int((time.time() + 7200) * 1000)
    with pytest.raises(KafkaRefusedError, match="this machine's clock is ahead of the broker's"):
        real.writer.write([OutgoingRecord(topic, None, b"x", timestamp_ms=in_two_hours)])


def test_keys_choose_partitions_as_java_does(kafka: LocalKafka, real: UnderTest) -> None:
    """Equal keys lie in the partition that Java's default partitioner gives them; timestamp and headers stand."""
    keys = [f"library/app{number}".encode() for number in range(30)]
    real.writer.write([OutgoingRecord(real.topic, key, b"v", [("h", b"\x00")], 1_700_000_000_000) for key in keys])
    found = read(kafka, real.topic)
    assert {key: _murmur2(key) % 3 for key in keys} == {record.key: record.partition for record in found}
    assert {((("h", b"\x00"),), 1_700_000_000_000)} == {(record.headers, record.timestamp_ms) for record in found}


def _murmur2(data: bytes) -> int:
    """Kafka's hash of a key, without the sign bit."""
    mask, mix = 0xFFFFFFFF, 0x5BD1E995
    value = (0x9747B28C ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        part = int.from_bytes(data[at : at + 4], "little") * mix & mask
        part = (part ^ part >> 24) * mix & mask
        value = value * mix & mask ^ part
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * mix & mask
    value = (value ^ value >> 13) * mix & mask
    return (value ^ value >> 15) & 0x7FFFFFFF


def is_written(writer: AcknowledgedWriter, record: OutgoingRecord) -> bool:
    """Whether Kafka acknowledges the record within the writer's limit; it can be late."""
    try:
        writer.write([record])
    except KafkaUnavailableError:
        return False
    return True


def test_a_hanging_broker(broker: LocalKafka, topic: str) -> None:
    """A broker that hangs: the first write fails at its limit, the next untried, and all is well when it goes on."""
    make_topic(broker, topic, 1)
    writer = AcknowledgedWriter(
        {"bootstrap.servers": broker.bootstrap}, client_id="test", max_record_bytes=1024, limit_s=8.0
    )
    try:
        eventually(lambda: is_written(writer, OutgoingRecord(topic, b"k", b"before")))
        broker.pause()
        begun = time.monotonic()
        with pytest.raises(KafkaUnavailableError, match="writing to Kafka"):
            writer.write([OutgoingRecord(topic, b"k", b"tried")])
        assert WRITE_LIMIT_S < 2, "a registry must have its answer by then"
        assert time.monotonic() - begun < 120, "librdkafka itself would wait for minutes"
        assert not writer.available
        for _ in range(100):
            with pytest.raises(KafkaUnavailableError, match="nothing was written"):
                writer.write([OutgoingRecord(topic, b"k", b"while")])
        broker.resume()
        eventually(lambda: is_written(writer, OutgoingRecord(topic, b"k", b"after")))
        assert {b"before", b"after"} <= {record.value for record in read(broker, topic)}
        assert b"while" not in {record.value for record in read(broker, topic)}, "a refused write was produced"
    finally:
        writer.close()
