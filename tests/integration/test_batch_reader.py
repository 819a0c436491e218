"""Reading in bulk on a real Kafka: which partitions are followed, and from where."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from broker import LocalKafka
from consumer.log.batch_reader import BatchReader
from consumer.log.range_reader import RangeReader
from runtime.clock import SystemClock
from runtime.kafka.errors import KafkaUnavailableError
from tests.kit import eventually
from tests.kit.eventually import LIMIT_S
from tests.kit.topics import Found, make_topic, write

pytestmark = pytest.mark.kafka


@pytest.fixture
def filled(kafka: LocalKafka, topic: str) -> str:
    """A topic of four partitions with five records each."""
    make_topic(kafka, topic, 4)
    write(kafka, topic, [Found(number, -1, 0, None, b"x", ()) for number in range(4) for _ in range(5)])
    return topic


def followed(
    kafka: LocalKafka, topic: str, starts: dict[int, int], known: int | None, until: int
) -> list[tuple[int, int]]:
    """The partition and offset of what is followed: until so many have come and then nothing for a moment."""
    found: list[tuple[int, int]] = []
    deadline = time.monotonic() + LIMIT_S
    with (
        closing(
            BatchReader({"bootstrap.servers": kafka.bootstrap}, client_id="test", max_record_bytes=1 << 20)
        ) as reader,
        closing(reader.follow(topic, starts, known)) as batches,
    ):
        for batch in batches:
            if batch is not None:
                found += [(batch.partition, offset) for offset in batch.offsets]
            elif len(found) >= until or time.monotonic() > deadline:
                break
    return sorted(found)


def test_added_partitions_are_followed_from_their_beginning(kafka: LocalKafka, filled: str) -> None:
    """Those beyond the known ones are read whole; of the known ones what was asked for, and no more."""
    expected = [(0, 3), (0, 4), *((number, offset) for number in (2, 3) for offset in range(5))]
    assert expected == followed(kafka, filled, {0: 3}, 2, 12)


def test_none_is_followed_that_was_not_named(kafka: LocalKafka, filled: str) -> None:
    """Where no later partition is wanted, others stay unread."""
    assert [(0, 3), (0, 4)] == followed(kafka, filled, {0: 3}, None, 2)


class LeapingClock(SystemClock):
    """The machine's clock, which can be told to leap."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        """Later than it is."""
        return super().monotonic() + self.ahead_s


def test_a_client_that_kafka_does_not_answer_is_replaced(broker: LocalKafka, topic: str) -> None:
    """Following goes on with another one where it was: nothing is left out, and nothing comes twice."""
    make_topic(broker, topic, 2)
    write(broker, topic, [Found(number, -1, 0, None, b"x", ()) for number in (0, 1) for _ in range(5)])
    clock, found = LeapingClock(), list[tuple[int, int]]()
    settings = {"bootstrap.servers": broker.bootstrap}
    with closing(BatchReader(settings, client_id="test", max_record_bytes=1 << 20, clock=clock)) as reader:
        batches = reader.follow(topic, {0: 0, 1: 0}, 2)
        first = reader._consumer

        def take(until: int) -> None:
            deadline = time.monotonic() + LIMIT_S
            while len(found) < until:
                assert time.monotonic() < deadline, found
                if (batch := next(batches)) is not None:
                    found.extend((batch.partition, offset) for offset in batch.offsets)

        take(10)
        broker.pause()
        clock.ahead_s += 100.0
        for batch in batches:
            assert batch is None
            if reader._consumer is not first:
                break
        broker.resume()
        write(broker, topic, [Found(number, -1, 0, None, b"x", ()) for number in (0, 1)])
        take(12)
        assert sorted(found) == [(number, offset) for number in (0, 1) for offset in range(6)]
        batches.close()


def test_a_range_is_read_by_another_client_after_one_that_brought_nothing(broker: LocalKafka, topic: str) -> None:
    """Whoever tries again and again must not do it with a client that has lost its brokers."""
    make_topic(broker, topic, 1)
    write(broker, topic, [Found(0, -1, 0, None, b"x", ())] * 3)
    clock = LeapingClock()
    settings = {"bootstrap.servers": broker.bootstrap}
    with RangeReader(settings, client_id="test", max_record_bytes=1 << 20, clock=clock) as reader:
        assert 3 == len(list(reader.read(topic, {0: range(3)})))
        first = reader._consumer
        broker.pause()
        reading = reader.read(topic, {0: range(3)})
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(list, reading)

            def has_ended() -> bool:
                clock.ahead_s += 10.0
                return waiting.done()

            eventually(has_ended)
        with pytest.raises(KafkaUnavailableError, match="not read to the end: 0"):
            waiting.result()
        assert first is reader._consumer
        broker.resume()
        assert 3 == len(list(reader.read(topic, {0: range(3)})))
        assert first is not reader._consumer
