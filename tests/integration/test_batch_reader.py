"""Reading in bulk on a real Kafka: which partitions are followed, and from where."""

import time
from contextlib import closing

import pytest

from broker import LocalKafka
from consumer.log.batch_reader import BatchReader
from tests.kit.topics import Found, make_topic, write

pytestmark = pytest.mark.kafka

LIMIT_S = 20.0


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
