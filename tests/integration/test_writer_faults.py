"""The acknowledged writer when the client or the cluster fails: fatal errors, a full queue, absences and trials."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from confluent_kafka import KafkaError

from runtime.clock import Clock
from runtime.kafka.availability import PROBE_EVERY_S, STUCK_AFTER_S
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import AcknowledgedWriter
from tests.kit import eventually
from tests.kit.eventually import LIMIT_S
from tests.kit.fake_kafka import FakeCluster
from tests.kit.still_clock import StillClock


# On the fake alone.
@dataclass(frozen=True)
class Faulty:
    """A writer whose producers do as they are told."""

    cluster: FakeCluster
    writer: AcknowledgedWriter

    def write(self, *values: bytes) -> None:
        """Writes these as one write."""
        self.writer.write([OutgoingRecord("t", b"k", value) for value in values])

    def values(self) -> list[bytes | None]:
        """What is in the log."""
        return [record.value for record in self.cluster.log]


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    """A cluster that can be told to fail."""
    cluster = FakeCluster()
    made = Faulty(cluster, opened(cluster))
    yield made
    cluster.away = False
    made.writer.close()


def opened(cluster: FakeCluster, limit_s: float = 60.0, clock: Clock | None = None) -> AcknowledgedWriter:
    """A writer on it."""
    return AcknowledgedWriter(
        {}, client_id="test", max_record_bytes=1024, limit_s=limit_s, clock=clock, open_producer=cluster.open
    )


def test_a_fatal_error_brings_a_new_producer(faulty: Faulty) -> None:
    """After a fatal error what was under way fails, a new producer is opened, and writes go in again."""
    faulty.write(b"before")
    faulty.cluster.producers[0].fail_fatally()
    eventually(lambda: len(faulty.cluster.producers) == 2)
    faulty.write(b"after")
    assert [b"before", b"after"] == faulty.values()


def test_a_write_under_way_fails_with_its_producer(faulty: Faulty) -> None:
    """A write that a fatal error catches raises, well before its time limit; nobody waits for a dead producer."""
    faulty.cluster.away, faulty.cluster.timeout = True, 60.0
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(faulty.write, b"caught")
        eventually(lambda: len(faulty.cluster.producers[0]) == 1)
        faulty.cluster.away = False
        faulty.cluster.producers[0].fail_fatally()
        with pytest.raises(KafkaUnavailableError):
            writing.result(LIMIT_S)
    eventually(lambda: faulty.writer.available)
    faulty.write(b"after")
    assert [b"after"] == faulty.values()


def test_produce_that_raises_fatally(faulty: Faulty) -> None:
    """A fatal error that produce itself raises is as good: the write fails, the next producer takes over."""
    faulty.cluster.producers[0].fatal = True
    with pytest.raises(KafkaUnavailableError):
        faulty.write(b"lost")
    eventually(lambda: len(faulty.cluster.producers) == 2 and faulty.writer.available)
    faulty.write(b"after")
    assert [b"after"] == faulty.values()


def test_a_full_queue_is_unavailability(faulty: Faulty) -> None:
    """A client whose queue is full fails the whole write and recovers by itself."""
    faulty.cluster.producers[0].queue_is_full = True
    with pytest.raises(KafkaUnavailableError):
        faulty.write(b"one", b"two")
    faulty.cluster.producers[0].queue_is_full = False
    eventually(lambda: faulty.writer.available)
    faulty.write(b"after")
    assert [b"after"] == faulty.values()


def test_the_time_limit_holds_without_a_report() -> None:
    """A write whose reports never come fails after its limit, blocking and awaitable; the next ones at once."""
    cluster = FakeCluster(away=True, timeout=20.0)
    for write in (blocking_write, awaited_write):
        cluster.away = True
        writer = opened(cluster, limit_s=0.3)
        begun = time.monotonic()
        with pytest.raises(KafkaUnavailableError, match=r"within 0\.3 s"):
            write(writer)
        assert 0.3 <= time.monotonic() - begun < 20.0
        assert not writer.available
        with pytest.raises(KafkaUnavailableError, match="nothing was written"):
            write(writer)
        cluster.away = False
        writer.close()


def blocking_write(writer: AcknowledgedWriter) -> None:
    """Writes one record."""
    writer.write([OutgoingRecord("t", b"k", b"v")])


def awaited_write(writer: AcknowledgedWriter) -> None:
    """Writes one record on a loop."""
    asyncio.run(writer.write_soon([OutgoingRecord("t", b"k", b"v")]))


def test_one_trial_after_an_absence(faulty: Faulty) -> None:
    """When Kafka answers again, one write tries it; until it is acknowledged all others are refused."""
    faulty.cluster.away = True
    with pytest.raises(KafkaUnavailableError):
        faulty.write(b"lost")
    faulty.cluster.away = False
    eventually(lambda: faulty.writer.available)
    assert faulty.cluster.probes >= 1
    faulty.write(b"trial")
    faulty.write(b"next")
    assert [b"trial", b"next"] == faulty.values()


def test_an_absence_refuses_many_at_once_without_producing(faulty: Faulty) -> None:
    """While Kafka is known to be away nothing is produced, so nothing piles up."""
    faulty.cluster.away = True
    with pytest.raises(KafkaUnavailableError):
        faulty.write(b"lost")
    for _ in range(1000):
        with pytest.raises(KafkaUnavailableError, match="nothing was written"):
            faulty.write(b"refused")
    assert 0 == len(faulty.cluster.producers[0])


def test_a_refusal_on_trial_is_an_answer(faulty: Faulty) -> None:
    """A trial write that Kafka refuses shows that Kafka is there."""
    faulty.cluster.away = True
    with pytest.raises(KafkaUnavailableError):
        faulty.write(b"lost")
    faulty.cluster.away, faulty.cluster.refuses = False, KafkaError(KafkaError.INVALID_RECORD)
    eventually(lambda: faulty.writer.available)
    with pytest.raises(KafkaRefusedError):
        faulty.write(b"refused")
    faulty.cluster.refuses = None
    faulty.write(b"after")
    assert [b"after"] == faulty.values()


def test_a_cancelled_write_leaves_the_writer_well(faulty: Faulty) -> None:
    """A caller that goes away in the middle takes nothing with it: the next write is acknowledged."""

    async def cancelled() -> None:
        faulty.cluster.away, faulty.cluster.timeout = True, 60.0
        write = asyncio.create_task(faulty.writer.write_soon([OutgoingRecord("t", b"k", b"gone")]))
        await asyncio.sleep(0.02)
        write.cancel()
        with pytest.raises(asyncio.CancelledError):
            await write
        faulty.cluster.away = False
        await faulty.writer.write_soon([OutgoingRecord("t", b"k", b"after")])

    asyncio.run(cancelled())
    assert b"after" in faulty.values()


def test_a_producer_that_reports_nothing_is_replaced() -> None:
    """Kafka answers whenever it is asked, and no trial succeeds for half a minute: the next producer takes over."""
    cluster, clock = FakeCluster(), StillClock()
    writer = opened(cluster, limit_s=1.0, clock=clock)
    cluster.producers[0].is_mute = True
    failed = 0
    while not cluster.log:
        try:
            eventually(lambda: writer.available)
            blocking_write(writer)
        except KafkaUnavailableError:
            failed += 1
            clock.now += 5.0
        assert failed < 30
    assert 6 <= failed <= 10
    assert 2 == len(cluster.producers)
    assert [b"v"] == [record.value for record in cluster.log]
    eventually(lambda: len(cluster.producers[0]) == 0)
    writer.close()


def test_a_producer_that_has_forgotten_all_brokers_is_replaced() -> None:
    """Neither writes nor probes are answered, although Kafka is there: after half a minute another one is tried."""
    cluster, clock = FakeCluster(), StillClock()
    writer = opened(cluster, limit_s=1.0, clock=clock)
    cluster.producers[0].has_no_broker = True
    with pytest.raises(KafkaUnavailableError):
        blocking_write(writer)
    for _ in range(5):
        probes = cluster.probes
        clock.now += 5.0
        eventually(lambda probes=probes: cluster.probes > probes)  # type: ignore[misc]
    assert 1 == len(cluster.producers)
    clock.now += 10.0
    eventually(lambda: len(cluster.producers) == 2)
    eventually(lambda: is_written_a_second_later(writer, clock))
    assert {b"v"} == {record.value for record in cluster.log}
    writer.close()


def test_a_producer_is_kept_until_another_one_can_be_opened() -> None:
    """The thread of the writer goes on: it tries again at each probe, and says what is in the way."""
    cluster, clock = FakeCluster(), StillClock()
    writer = opened(cluster, limit_s=1.0, clock=clock)
    cluster.producers[0].has_no_broker = cluster.opens_none = True
    with pytest.raises(KafkaUnavailableError):
        blocking_write(writer)
    eventually(lambda: cluster.probes > 0)
    clock.now += STUCK_AFTER_S

    def is_refused_again() -> bool:
        clock.now += PROBE_EVERY_S
        return cluster.refused_openings >= 3

    eventually(is_refused_again)
    assert "ssl.ca.location failed" == writer.fault
    cluster.opens_none = False
    eventually(lambda: is_written_a_second_later(writer, clock))
    assert 2 == len(cluster.producers)
    writer.close()


def test_a_fatal_error_waits_until_a_producer_can_be_opened(faulty: Faulty) -> None:
    """No write is tried with the one that is done for, although Kafka would answer it."""
    faulty.cluster.opens_none = True
    faulty.cluster.producers[0].fail_fatally()
    eventually(lambda: faulty.cluster.refused_openings >= 1)
    with pytest.raises(KafkaUnavailableError):
        faulty.write(b"lost")
    refused = faulty.cluster.refused_openings
    eventually(lambda: faulty.cluster.refused_openings >= refused + 2)
    assert (False, 0) == (faulty.writer.available, faulty.cluster.probes)
    faulty.cluster.opens_none = False
    eventually(lambda: faulty.writer.available)
    faulty.write(b"after")
    assert [b"after"] == faulty.values()


def is_written_a_second_later(writer: AcknowledgedWriter, clock: StillClock) -> bool:
    """Whether a record is acknowledged within the writer's limit, which is a short one for a busy machine."""
    clock.now += 1.0
    try:
        blocking_write(writer)
    except KafkaUnavailableError:
        return False
    return True
